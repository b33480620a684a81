package tree

import (
	"bytes"
	"context"
	"crypto/sha256"
	"slices"

	"xietong/certs/identity"
	"xietong/certs/trust"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/node/ground/book"
)

// A child that goes on in its ledger with new keys may have lost the key sets that signed what its
// parent saw, or the whole chain of them. The parent has them, and hands them to it.

// endorsing is the newest endorsement of a chain of a child: also of one that another chain took
// the place of.
type endorsing struct {
	_     struct{} `cbor:",toarray"`
	Entry ledger.Ref
}

var endorsedBy = book.Bucket[endorsing]{Name: "child-endorsed", Max: 16} // by chain

// chainKey is the key of a child's chain, and that with which those of its key sets begin.
func chainKey(child identity.Label, first []byte) []byte {
	return slices.Concat([]byte(child.String()), []byte{'/'}, first)
}

// Signer is the key set of a child that signed something.
type Signer struct {
	_      struct{} `cbor:",toarray"`
	First  []byte   // hash of number 1 of its chain; empty: there is none
	Number uint64
}

// SignerOf returns the newest key set of a child for which signed says so: of the chain that is
// endorsed, or of one before that is known still. It is zero where there is none.
func SignerOf(r book.Reads, child identity.Label, signed func(trust.KeySet) bool) (s Signer) {
	for _, first := range chainsOf(r, child) {
		for _, kept := range keptSets.All(r, chainKey(child, first)) {
			if k, err := trust.Reopen(kept.Signed); err == nil && signed(k) {
				s.First, s.Number = first, k.Number
			}
		}
		if s.Number > 0 {
			break
		}
	}
	return s
}

// chainsOf returns the chains of a child that are known, each by the hash of its number 1, the
// newest first.
func chainsOf(r book.Reads, child identity.Label) (firsts [][]byte) {
	c, _ := ChildOf(r, child)
	e, _, _ := epochs.Read(r, []byte(child.String()))
	f, _, _ := formers.Read(r, []byte(child.String()))
	for _, first := range append([][]byte{c.Endorsed, e.First}, f.Firsts...) {
		same := func(known []byte) bool { return bytes.Equal(known, first) }
		if len(first) > 0 && !slices.ContainsFunc(firsts, same) {
			firsts = append(firsts, first)
		}
	}
	return firsts
}

// ChainFrom returns the key sets of a child's chain from a number on, as they were signed: as many
// as are handed over at once, and none where it has not so many. endorsement is the newest one of
// the chain; None: it is not known. The secret is that of the child's invitation; the error is as
// of Epoch.
func ChainFrom(ctx context.Context, l book.Ledger, name identity.Jurisdiction, secret, first []byte, from uint64) (signed [][]byte, endorsement ledger.Ref, err error) {
	if _, err = invited(ctx, l, name, SecretHash(secret)); err != nil || len(first) != sha256.Size {
		return nil, ledger.None, err
	}
	err = l.View(ctx, func(r *state.Reader) (err error) {
		signed, endorsement, err = chainFrom(r, name.Label(), first, from)
		return err
	})
	return signed, endorsement, err
}

// ChainIn is ChainFrom of the chain of a child that counted in an epoch, for the child itself, over
// its link.
func ChainIn(ctx context.Context, l book.Ledger, child identity.Label, epoch, from uint64) (signed [][]byte, endorsement ledger.Ref, err error) {
	err = l.View(ctx, func(r *state.Reader) (err error) {
		by := SignerOf(r, child, func(k trust.KeySet) bool { return k.Epoch == epoch })
		if by.Number > 0 {
			signed, endorsement, err = chainFrom(r, child, by.First, from)
		}
		return err
	})
	return signed, endorsement, err
}

func chainFrom(r *state.Reader, child identity.Label, first []byte, from uint64) (signed [][]byte, endorsement ledger.Ref, err error) {
	e, _, err := endorsedBy.Read(r, chainKey(child, first))
	for number := max(from, 1); err == nil && len(signed) < trust.MaxHanded; number++ {
		s, ok, bad := keptSets.Read(r, setKey(child, first, number))
		if bad != nil || !ok {
			return signed[:trust.Some(signed)], e.Entry, bad
		}
		signed = append(signed, s.Signed)
	}
	return signed[:trust.Some(signed)], e.Entry, err
}
