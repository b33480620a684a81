package federated

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"time"

	"xietong/certs/identity"
	"xietong/consensus/state"
	"xietong/exchange/gather"
	"xietong/exchange/relay"
	"xietong/node/ground/book"
	"xietong/node/ground/operation"
)

// commandShare keeps the answer of a child to a federated request. Its number is that of
// docs/protocol.md.
const commandShare book.Command[shareBody, book.Nothing] = 23

// ShareTerm is how long a child's answer is kept, to be shown to the asker.
const ShareTerm = 90 * 24 * time.Hour

const (
	bucketShares   = "shares"
	bucketSharesBy = "sharesby"
	maxDropped     = 64 // answers at most that one command drops because their term is over

	// maxKept bounds an answer that is kept, in bytes: every share fits. maxBeside is more than the
	// bytes beside it in any command that keeps one.
	maxKept    = gather.MaxLen + relay.MaxAround
	maxBeside  = 16 << 10
	keptAtOnce = 48
	keptWithin = 30 * time.Second
)

// What is answered can be kept: this does not compile where the longest share does not fit into a
// command.
const _ = uint(state.MaxCommandLen - maxKept - maxBeside)

// shareBody is the body of commandShare.
type shareBody struct {
	_       struct{} `cbor:",toarray"`
	Request []byte   // hash
	Asker   identity.Jurisdiction
	Child   identity.Label
	Answer  []byte
}

// applyShare keeps an answer, and drops some of the answers whose term is over. A second answer of
// a child to the same request takes the place of the first: this jurisdiction stopped before it
// answered itself, was asked again, and lists the second one in the share that the asker gets.
func applyShare(tx *state.Tx, b shareBody) (done book.Nothing, err error) {
	key := append(bytes.Clone(b.Request), b.Child.String()...)
	if before := tx.Get(bucketShares, key); len(before) >= 8 {
		if err := tx.Delete(bucketSharesBy, append(before[:8:8], key...)); err != nil {
			return done, err
		}
	}
	now := binary.BigEndian.AppendUint64(nil, tx.Time())
	value := slices.Concat(now, []byte(b.Asker.String()), []byte{0}, b.Answer)
	if err := errors.Join(tx.Put(bucketShares, key, value), tx.Put(bucketSharesBy, append(now, key...), []byte{})); err != nil {
		return done, err
	}
	return done, dropShares(tx)
}

func dropShares(tx *state.Tx) error {
	term := uint64(ShareTerm.Milliseconds())
	over, err := tx.DropFirst(bucketSharesBy, maxDropped, func(k []byte) bool {
		return len(k) >= 8 && binary.BigEndian.Uint64(k)+term < tx.Forgets()
	})
	for _, k := range over {
		err = errors.Join(err, tx.Delete(bucketShares, k[8:]))
	}
	return err
}

// keep keeps the answers of the children that gave one, also if nobody waits any more. The commands
// run side by side, not so many that their bytes are more than the ledger takes at once.
func (d *Desk) keep(ctx context.Context, r relay.Received, children []gather.Child) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), keptWithin)
	defer cancel()
	request := r.Hash()
	failed := make([]error, len(children))
	sideBySide(len(children), keptAtOnce, func(i int) {
		c := children[i]
		if c.Answer == nil {
			return
		}
		_, failed[i] = commandShare.Do(ctx, d.own, book.Request{}, shareBody{
			Request: request[:], Asker: r.Header.Origin, Child: c.Name.Label(), Answer: c.Answer,
		})
	})
	return errors.Join(failed...)
}

// Register adds this room's command and buckets.
func Register(r *state.Registry) {
	r.Keep(
		state.Bucket{Name: bucketShares, MaxKey: 96, MaxValue: state.MaxCommandLen, Large: true},
		state.Bucket{Name: bucketSharesBy, MaxKey: 8 + 96, MaxValue: 0, Large: true},
	)
	commandShare.Handle(r, applyShare)
	registerPoints(r)
	registerGiven(r)
}

// operationShares shows the asker of a federated request the answers of the children to it:
//
//	{1: hash of a request, 2: child to go on after}
//	→ {1: [[child, answer] …], 2: child to go on after, absent at the end}
const operationShares operation.Operation[sharesOf, shares] = "shares"

type sharesOf struct {
	Request []byte         `cbor:"1,keyasint"`
	After   identity.Label `cbor:"2,keyasint,omitzero"`
}

// Check demands that the hash has 32 bytes.
func (p sharesOf) Check() error {
	if len(p.Request) != 32 {
		return fmt.Errorf("a hash of %d bytes", len(p.Request))
	}
	return nil
}

type keptShare struct {
	_      struct{} `cbor:",toarray"`
	Child  identity.Label
	Answer []byte
}

type shares struct {
	Shares []keptShare    `cbor:"1,keyasint,omitempty"`
	After  identity.Label `cbor:"2,keyasint,omitzero"`
}

// kept returns the answers to a request of the asker, after the child p.After: as many as one
// result holds.
func (d *Desk) kept(ctx context.Context, p sharesOf, asker identity.Jurisdiction) (got shares, err error) {
	size := 0
	err = d.own.View(ctx, func(s *state.Reader) (bad error) {
		from := append(bytes.Clone(p.Request), p.After.String()...)
		s.Scan(bucketShares, p.Request, from, func(k, v []byte) bool {
			child, err := identity.ParseLabel(string(k[32:]))
			who, answer, whole := bytes.Cut(v[min(8, len(v)):], []byte{0})
			if err == nil && !whole {
				err = errors.New("no end of the asker's name")
			}
			switch {
			case err != nil:
				bad = fmt.Errorf("damaged state: share of %q: %w", k[32:], err)
				return false
			case child == p.After || string(who) != asker.String():
				return true
			case len(got.Shares) > 0 && size+len(answer) > operation.MaxListed:
				got.After = got.Shares[len(got.Shares)-1].Child
				return false
			}
			size += len(answer)
			got.Shares = append(got.Shares, keptShare{Child: child, Answer: bytes.Clone(answer)})
			return true
		})
		return bad
	})
	return got, err
}
