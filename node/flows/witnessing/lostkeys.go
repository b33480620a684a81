package witnessing

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"xietong/certs/identity"
	"xietong/certs/trust"
	"xietong/consensus/ledger"
	"xietong/exchange/relay"
	"xietong/node/ground/failure"
	"xietong/node/ground/operation"
)

// A ledger that goes on with new keys may have lost those that signed what is lost, too: it was put
// back from before an epoch that went on further, or before the keys of one. The parent has them,
// and hands them to its child. They are believed (1) where they follow those that are here, step by
// step, or (2) by the parent's endorsement of the chain, which its ledger has.

const operationLostKeys operation.Operation[chainAsked, chainHanded] = "heads-keys"

// chainAsked asks for the key sets of the asker's chain that signed in an epoch, from a number on.
type chainAsked struct {
	Epoch uint64 `cbor:"1,keyasint"`
	From  uint64 `cbor:"2,keyasint"`
}

// Check implements the bound of operation.
func (c chainAsked) Check() error {
	if c.Epoch == 0 || c.From == 0 {
		return fmt.Errorf("number %d of epoch %d", c.From, c.Epoch)
	}
	return nil
}

// chainHanded are signed key sets, one after another; none: the chain has not so many, or is not
// known. Endorsement is the proof of the parent's newest endorsement of the chain, with number 1.
type chainHanded struct {
	KeySets     [][]byte `cbor:"1,keyasint"`
	Endorsement []byte   `cbor:"2,keyasint,omitempty"`
}

// Check implements the bound of operation.
func (c chainHanded) Check() error {
	if len(c.KeySets) > trust.MaxHanded {
		return fmt.Errorf("%d key sets, more than %d", len(c.KeySets), trust.MaxHanded)
	}
	return nil
}

// mostWalked is how many key sets are fetched of a chain, at most.
const mostWalked = 1 << 12

// tellLostKeys hands a child the key sets of its own chain.
func (d *Desk) tellLostKeys(ctx context.Context, r relay.Received, c chainAsked) (out chainHanded, err error) {
	out.KeySets = [][]byte{}
	if err := d.pay(ctx); err != nil || d.fromChild(r.Header.Origin) != nil {
		return out, err
	}
	signed, endorsement, err := d.o.Chains(ctx, r.Header.Origin, c.Epoch, c.From)
	out.KeySets, out.Endorsement = append(out.KeySets, signed...), endorsement
	return out, err
}

// signersIn returns the key sets that can have signed what the own ledger had in an epoch from so
// many entries on: those that are here and, of an epoch before the newest chain, those that the
// parent hands.
func (d *Desk) signersIn(ctx context.Context, log identity.Log, entries uint64) ([]trust.KeySet, error) {
	here, err := d.o.Own.KeySetsIn(log.Epoch(), entries)
	if err != nil {
		return nil, err
	}
	newest, err := d.o.Own.KeySetsIn(d.o.Own.Log().Epoch(), 0)
	if err != nil || log.Epoch() >= newest[0].Epoch {
		return here, err
	}
	lost, err := d.lostKeys(ctx, log.Epoch())
	switch {
	case err != nil:
		return nil, err
	case lost.apart: // what is here are keys of before, which may be anybody's
		return lost.sets, nil
	}
	return append(slices.Clip(here), lost.sets...), nil
}

// lostKeys are key sets that counted in an epoch, and are not here: those after the ones that are,
// or, apart, of a chain of which none is.
type lostKeys struct {
	sets  []trust.KeySet
	apart bool
}

// lostKeys returns the key sets that are not here of the chain that counted in an epoch. What the
// parent handed once is kept while the node runs; where it does not know the chain, it may have
// been put back itself, and is asked again.
func (d *Desk) lostKeys(ctx context.Context, epoch uint64) (lost lostKeys, err error) {
	d.mu.Lock()
	lost, known := d.handed[epoch]
	d.mu.Unlock()
	parent, joined := d.o.Parent()
	if known || !joined || d.o.Here(parent) {
		return lost, nil
	}
	here, err := d.o.Own.KeySetsIn(epoch, 0)
	if err != nil {
		return lost, err
	}
	all, endorsement, err := d.askChain(ctx, parent, epoch)
	switch {
	case err != nil:
	case follows(here, all):
		lost.sets = all[min(len(here), len(all)):]
	case len(all) > 0:
		lost.apart = true
		lost.sets, err = d.endorsedOf(parent, all, endorsement)
	}
	if errors.Is(err, trust.ErrInvalid) || errors.Is(err, trust.ErrEndorsement) {
		err = failure.Unreadable(parent, err)
	}
	if err != nil {
		return lostKeys{}, fmt.Errorf("ask %s for the key sets of epoch %d: %w", parent, epoch, err)
	}
	if len(all) > 0 {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.handed[epoch] = lost
	}
	return lost, nil
}

// askChain fetches the key sets of the own chain that counted in an epoch, from number 1 on, each
// verified by the one before; none: the parent does not know it.
func (d *Desk) askChain(ctx context.Context, parent identity.Jurisdiction, epoch uint64) (all []trust.KeySet, endorsement []byte, err error) {
	first, err := ask(ctx, d, operationLostKeys, parent, chainAsked{Epoch: epoch, From: 1})
	if err != nil || len(first.KeySets) == 0 {
		return nil, nil, err
	}
	all, err = trust.WalkFirst(first.KeySets)
	for more := first; err == nil && len(more.KeySets) > 0 && len(all) < mostWalked; {
		more, err = ask(ctx, d, operationLostKeys, parent, chainAsked{Epoch: epoch, From: uint64(len(all)) + 1})
		if err == nil && len(more.KeySets) > 0 {
			var next []trust.KeySet
			next, err = trust.Extend(all[len(all)-1], more.KeySets)
			all = append(all, next...)
		}
	}
	return all, first.Endorsement, err
}

// follows reports whether a chain is that of which key sets are here.
func follows(here, all []trust.KeySet) bool {
	n := min(len(here), len(all))
	return n > 0 && here[n-1].Hash() == all[n-1].Hash()
}

// endorsedOf returns the key sets of a chain of which none is here, up to the one that the parent
// endorsed, from the last one on that took back those before: what a key signed that was given up,
// it may have signed since.
func (d *Desk) endorsedOf(parent identity.Jurisdiction, all []trust.KeySet, endorsement []byte) ([]trust.KeySet, error) {
	above, err := d.o.KeySets(parent)
	if err != nil {
		return nil, err
	}
	if len(above) == 0 {
		return nil, fmt.Errorf("%w: no key set of %s is known", trust.ErrEndorsement, parent)
	}
	payload, err := ledger.VerifyEndorsement(above[len(above)-1].KeySet, endorsement)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", trust.ErrEndorsement, err)
	}
	e, err := trust.DecodeEndorsement(payload)
	if err == nil {
		all, err = e.UpTo(all)
	}
	if err != nil {
		return nil, err
	}
	from := 0
	for i, k := range all {
		if k.Revokes {
			from = i
		}
	}
	return all[from:], nil
}
