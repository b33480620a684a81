package epochs

import (
	"bytes"
	"context"
	"strconv"
	"time"

	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/node/business/sharing"
	"xietong/node/ground/failure"
	"xietong/node/ground/host"
	"xietong/node/ground/text"
)

// known is what is known of the entries that a log had, and are lost.
type known struct {
	log   identity.Log
	acts  []ledger.Indexed // among them
	whole bool             // those are all
	same  ledger.Agreement // of the ledger that had them with the one here
}

// lost returns what is known of the entries that are lost of a log, whose heads are looked for from
// an entry on. Where that is not all, the error is nil if a person checked what they ended; where
// the neighbour does not answer, that counts after a while, and at once where none said what it
// saw.
func (d *Desk) lost(ctx context.Context, seen host.Seen, lost host.Lost, from uint64, since time.Duration) (k known, err error) {
	k.log = seen.Checkpoint.Log
	if d.unseen(seen, lost.From) {
		if !lost.Checked {
			err = text.Fail(text.LostUnseen, text.Args{"jurisdiction": d.Own.Name().String()}, nil)
		}
		return k, err
	}
	acts, same, err := d.Witness.Heads(ctx, seen, from)
	kept := err == nil || failure.Is(err, text.HeadsMissing)
	args := text.Args{"jurisdiction": d.Own.Name().String(), "name": seen.By.String()}
	switch {
	case !kept && since < host.AskAgain && failure.Is(err, text.BeingVerified): // the parent was put back, too
		return k, err
	case !kept && since < host.AskAgain:
		return k, d.unasked(seen, err)
	case err != nil && !lost.Checked:
		args["known"] = strconv.FormatUint(max(knownUpTo(err), from), 10) // what is not lost is not in doubt
		args["size"] = strconv.FormatUint(seen.Checkpoint.Size, 10)
		return k, text.Fail(text.LostUnknown, args, err)
	case seen.Headed && !lost.Checked:
		args["size"] = strconv.FormatUint(seen.Checkpoint.Size, 10)
		return k, text.Fail(text.LostHeaded, args, nil)
	}
	acts, failed := d.missing(ctx, acts, same.UpTo)
	if failed != nil {
		return k, failed
	}
	for _, a := range acts {
		if kind := a.Leaf.Head.Kind; !lost.NewKeys && (kind == ledger.KindKeySet || kind == ledger.KindEpoch) {
			return k, d.keysLost(nil)
		}
	}
	return known{k.log, acts, err == nil && !seen.Headed, same}, nil
}

// unasked says that whoever keeps the heads did not tell them or, where it told some, that nothing
// proves them.
func (d *Desk) unasked(seen host.Seen, err error) error {
	code := text.LostUnasked
	if failure.Is(err, text.AnswerRefused) {
		code = text.LostUnproven
	}
	return text.Fail(code, text.Args{"jurisdiction": d.Own.Name().String(), "name": seen.By.String()}, err)
}

// knownUpTo returns up to where the heads are known, as the error says of Heads; 0: it does not.
func knownUpTo(missing error) uint64 {
	if !failure.Is(missing, text.HeadsMissing) {
		return 0
	}
	known, _ := strconv.ParseUint(failure.Of(missing).Args["known"], 10, 64)
	return known
}

// unseen reports whether nobody said how many entries are lost.
func (d *Desk) unseen(seen host.Seen, from uint64) bool {
	return seen.By == d.Own.Name() && seen.Checkpoint.Size <= from
}

// missing returns the acts that are not here: where the loss begins is known roughly. The
// revocation of a grant that is lost is that of the one in whose place it came.
func (d *Desk) missing(ctx context.Context, acts []ledger.Indexed, from uint64) (lost []ledger.Indexed, err error) {
	here := map[uint64]bool{}
	err = d.Own.View(ctx, func(r *state.Reader) error {
		for _, a := range acts {
			have := r.Leaf(a.Index)
			if have == nil {
				continue
			}
			leaf, err := a.Leaf.Encode()
			if err != nil {
				return err
			}
			here[a.Index] = bytes.Equal(have, leaf)
		}
		return nil
	})
	follows := map[ledger.Ref]ledger.Ref{}
	for _, a := range acts {
		follows[ledger.RefTo(a.Index)] = sharing.Followed(a.Leaf.Head)
		if here[a.Index] {
			continue
		}
		if a.Leaf.Head.Kind == ledger.KindGrantRevoked {
			a.Leaf.Head.About = standing(a.Leaf.Head.About, follows, func(index uint64) bool { return index < from || here[index] })
		}
		lost = append(lost, a)
	}
	return lost, err
}

// standing returns the grant that is here of a grant and those in whose place it came, one after
// another; None: none is, so nobody has by it what was revoked. All grants that are lost are among
// the acts, for these come without a gap from where the loss begins.
func standing(grant ledger.Ref, follows map[ledger.Ref]ledger.Ref, here func(index uint64) bool) ledger.Ref {
	for range len(follows) + 1 {
		if index, ok := grant.Index(); !ok || here(index) {
			return grant
		}
		grant = follows[grant]
	}
	return ledger.None
}
