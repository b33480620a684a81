package tree

import (
	"context"
	"crypto/ed25519"

	"xietong/certs/trust"
	"xietong/consensus/state"
	"xietong/node/ground/book"
	"xietong/node/ground/text"
)

// papers returns the recovery keys by which a new chain of the child's may be signed, the likeliest
// first: that of the endorsed key set, where the new chain is another, and that of the last chain
// before that no recovery statement has replaced. None: nothing is known of keys before.
func (c Child) papers(r book.Reads, first []byte) (keys []ed25519.PublicKey) {
	if len(c.Endorsed) > 0 && !c.same(first) {
		kept, err := c.set(r, c.Number)
		if set, opened := trust.Reopen(kept.Signed); err == nil && opened == nil { // what is damaged names no key
			keys = append(keys, set.RecoveryKey)
		}
	}
	if len(c.Before) > 0 {
		keys = append(keys, c.Before)
	}
	return keys
}

// recovers judges the recovery statement that a redemption brings, and returns the recovery key
// that is to be kept in Before: the one before, for as long as no statement by it was brought. So
// the paper of keys that nobody stood behind replaces none. The error is text.RecoveryOther for a
// statement that is not for the first key set, or by another key. Where nothing is known of keys
// before, the statement is kept as it came: it is for others to judge.
func recovers(ctx context.Context, l book.Ledger, c Child, first trust.Pin, statement []byte) (before []byte, err error) {
	var keys []ed25519.PublicKey
	hash := first.Hash()
	err = l.View(ctx, func(r *state.Reader) error {
		keys = c.papers(r, hash[:])
		return nil
	})
	if err != nil || len(keys) == 0 {
		return nil, err
	}
	if len(statement) == 0 {
		return keys[len(keys)-1], nil
	}
	for _, key := range keys {
		if pin, err := trust.OpenRecovery(statement, key); err == nil && pin == first {
			return nil, nil
		}
	}
	return nil, text.Fail(text.RecoveryOther, text.Args{
		"name": c.Place.Name.String(), "jurisdiction": l.Log().Jurisdiction().String(), "fingerprint": trust.RecoveryFingerprint(keys[0]),
	}, nil)
}

// recovered puts into the child what a redemption said of the paper before; of the endorsed chain,
// a statement that came after it. It reports whether anything changed, and writes nothing yet.
func (c *Child) recovered(b endorseBody) bool {
	if b.After > 0 && (len(b.Recovery) == 0 || len(c.Recovery) > 0) {
		return false
	}
	c.Recovery, c.Before = b.Recovery, b.Before
	return true
}
