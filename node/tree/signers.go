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
		prefix := slices.Concat([]byte(child.String()), []byte{'/'}, first)
		for _, kept := range keptSets.All(r, prefix) {
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
// the chain; None: it is not the one that is endorsed. The secret is that of the child's
// invitation; the error is as of Epoch.
func ChainFrom(ctx context.Context, l book.Ledger, name identity.Jurisdiction, secret, first []byte, from uint64) (signed [][]byte, endorsement ledger.Ref, err error) {
	c, err := invited(ctx, l, name, SecretHash(secret))
	if err != nil {
		return nil, ledger.None, err
	}
	if len(first) != sha256.Size {
		return nil, ledger.None, nil
	}
	if c.same(first) {
		endorsement = c.Endorsement
	}
	err = l.View(ctx, func(r *state.Reader) error {
		for number := max(from, 1); len(signed) < trust.MaxHanded; number++ {
			s, ok, err := keptSets.Read(r, setKey(name.Label(), first, number))
			if err != nil || !ok {
				return err
			}
			signed = append(signed, s.Signed)
		}
		return nil
	})
	return signed[:trust.Some(signed)], endorsement, err
}
