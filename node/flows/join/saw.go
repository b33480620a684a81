package join

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strconv"

	"xietong/certs/trust"
	"xietong/consensus/ledger"
	"xietong/consensus/witness"
	"xietong/node/ground/host"
	"xietong/node/ground/text"
	"xietong/node/tree"
	"xietong/node/tree/door"
)

// What the parent saw says what is lost, so a parent could have its child say that all of its
// ledger is lost, or so much that nobody sees more. So nothing of it counts that the child's own
// keys did not sign: (1) by a key set that is in the folder, or that follows one there, step by
// step; or (2), as the newest chain may be lost, too, by one of a chain that the parent endorsed.
// Then an entry of the parent's ledger says so, by which it can be held to account (W19).

// mostWalked is how many key sets are fetched of a chain, at most.
const mostWalked = 1 << 12

// saw verifies what the parent saw; chains are those in the folder. The error is text.SawUnproven
// where no key set signed it that leads here. What it saw of a log before that one is left out
// then: of that nothing is known here, and it is told as long as the log is asked for.
func (a *attempt) saw(ctx context.Context, said door.Anew, chains [][]trust.KeySet) (saw host.Saw, err error) {
	if len(said.Saw) == 0 {
		return saw, nil
	}
	err = a.signedBy(ctx, said.By, chains, func(chain []trust.KeySet) (err error) {
		saw, err = a.signed(said, chain)
		return err
	})
	if err != nil && !wrong(err) {
		return host.Saw{}, err
	}
	if err != nil {
		seen, _ := ledger.Growth{Note: said.Saw}.Checkpoint()
		return host.Saw{}, text.Fail(text.SawUnproven, text.Args{
			"name": a.t.DisplayName, "jurisdiction": a.parent(), "size": strconv.FormatUint(seen.Size, 10), "dir": a.dir,
		}, err)
	}
	for _, b := range said.Before {
		var c ledger.Checkpoint
		err := a.signedBy(ctx, b.By, chains, func(chain []trust.KeySet) (err error) {
			c, err = witness.OpenNote(b.Note, a.t.Child, chain)
			return err
		})
		switch {
		case err == nil:
			saw.Before = append(saw.Before, c)
		case !wrong(err):
			return host.Saw{}, err
		}
	}
	return saw, nil
}

// signedBy verifies something with the chains in the folder, then with the one that the parent says
// signed it: as it goes on from one of these, or as the parent endorsed it.
func (a *attempt) signedBy(ctx context.Context, by tree.Signer, chains [][]trust.KeySet, verify func(chain []trust.KeySet) error) (err error) {
	var had []trust.KeySet
	for _, chain := range chains {
		if err = verify(chain); err == nil {
			return nil
		}
		if hash := chain[0].Hash(); bytes.Equal(hash[:], by.First) {
			had = chain
		}
	}
	unproven := err
	for _, walk := range []func() ([]trust.KeySet, error){
		func() ([]trust.KeySet, error) { return a.follow(ctx, by.First, had, by.Number) },
		func() ([]trust.KeySet, error) { return a.endorsed(ctx, by.First) },
	} {
		chain, err := walk()
		if err == nil {
			err = verify(chain)
		}
		if err == nil || !wrong(err) {
			return err
		}
		unproven = errors.Join(unproven, err)
	}
	return unproven
}

// wrong reports whether an error is about something that is proven otherwise than it is said.
func wrong(err error) bool {
	for _, is := range []error{trust.ErrInvalid, trust.ErrEndorsement, ledger.ErrMalformed, ledger.ErrNotProven} {
		if errors.Is(err, is) {
			return true
		}
	}
	return false
}

// signed verifies that the key sets of a chain signed what the parent saw: the largest checkpoint,
// and all that are smaller.
func (a *attempt) signed(said door.Anew, chain []trust.KeySet) (saw host.Saw, err error) {
	largest, err := witness.OpenNote(said.Saw, a.t.Child, chain)
	if err != nil {
		return saw, err
	}
	saw.Note = said.Saw
	for _, note := range said.Older {
		c, err := witness.OpenNote(note, a.t.Child, chain)
		if err == nil && (c.Log != largest.Log || c.Size >= largest.Size) {
			err = fmt.Errorf("%w: %d entries of %s beside %d of %s", ledger.ErrNotProven, c.Size, c.Log, largest.Size, largest.Log)
		}
		if err != nil {
			return host.Saw{}, err
		}
		saw.Older = append(saw.Older, host.Mark{Size: c.Size, Root: c.Root})
	}
	return saw, nil
}

// follow fetches the key sets of a chain up to a number, and verifies each by the one before. had
// are those that are here, and verified: none where the chain is not.
func (a *attempt) follow(ctx context.Context, first []byte, had []trust.KeySet, upTo uint64) ([]trust.KeySet, error) {
	if len(had) == 0 {
		return nil, fmt.Errorf("%w: no key set of the chain is here", trust.ErrInvalid)
	}
	for all := had; ; {
		if uint64(len(all)) >= upTo {
			return all, nil
		}
		more, err := a.handed(ctx, first, uint64(len(all))+1)
		if err != nil {
			return nil, err
		}
		next, err := trust.Extend(all[len(all)-1], more.KeySets)
		if err == nil && (len(next) == 0 || len(all) > mostWalked) {
			err = fmt.Errorf("%w: %d were shown of %d", trust.ErrInvalid, len(all), upTo)
		}
		if err != nil {
			return nil, err
		}
		all = append(all[:len(all):len(all)], next...)
	}
}

// endorsed fetches the key sets of a chain that is not here, up to the one that the parent endorsed
// last. They are believed by its endorsement, which its ledger has.
func (a *attempt) endorsed(ctx context.Context, first []byte) ([]trust.KeySet, error) {
	begins, err := a.handed(ctx, first, 1)
	if err != nil {
		return nil, err
	}
	payload, err := ledger.VerifyEndorsement(a.chain[len(a.chain)-1].Newest(), begins.Endorsement)
	if err != nil {
		return nil, err
	}
	e, err := trust.DecodeEndorsement(payload)
	if err != nil {
		return nil, err
	}
	chain, err := trust.WalkFirst(begins.KeySets)
	if err == nil {
		chain, err = a.follow(ctx, first, chain, e.Number)
	}
	if err != nil {
		return nil, err
	}
	return e.UpTo(chain)
}

// handed asks the parent for key sets of a chain of the child.
func (a *attempt) handed(ctx context.Context, first []byte, from uint64) (door.Handed, error) {
	h, err := door.AskChain(ctx, a.line, a.t.Child, a.t.Secret, append([]byte{}, first...), from)
	if err != nil {
		return h, a.named(refusedBy(a.t.Parent.Name(), err))
	}
	return h, nil
}
