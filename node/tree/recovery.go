package tree

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"time"

	"xietong/certs/trust"
	"xietong/consensus/state"
	"xietong/node/ground/book"
	"xietong/node/ground/text"
)

// termOfPaper is how long a recovery key that a child's log keys name counts nowhere, and the one
// before does: see package breaks.
const termOfPaper = 72 * time.Hour

// papers returns the recovery keys by which a new chain of the child's may be signed at a time, the
// likeliest first: where the new chain is another, those that the endorsed one named within
// termOfPaper and the one that counted before, since whoever has a stolen log key names one of its
// own; and that of the last chain before that no recovery statement has replaced. None: nothing is
// known of keys before.
func (c Child) papers(r book.Reads, first []byte, now time.Time) (keys []ed25519.PublicKey) {
	if len(c.Endorsed) > 0 && !c.same(first) {
		keys = c.named(r, now)
	}
	if len(c.Before) > 0 {
		keys = append(keys, c.Before)
	}
	return keys
}

// mostNamed is how many key sets come within termOfPaper, a day begun and one ended included.
const mostNamed = 5 * MostADay

// named returns the recovery keys of the endorsed chain that may count at a time, the newest first.
func (c Child) named(r book.Reads, now time.Time) (keys []ed25519.PublicKey) {
	for number, n := c.Number, 0; number > 0 && n < mostNamed; number, n = number-1, n+1 {
		kept, err := c.set(r, number)
		set, opened := trust.Reopen(kept.Signed)
		if err != nil || opened != nil {
			continue // what is damaged names no key
		}
		if len(keys) == 0 || !bytes.Equal(keys[len(keys)-1], set.RecoveryKey) {
			keys = append(keys, set.RecoveryKey)
		}
		if at, known := c.since(number); known && now.Sub(at) >= termOfPaper {
			break
		}
	}
	return keys
}

// recovers judges the recovery statement that a redemption brings, and returns the recovery key
// that is to be kept in Before: the earliest of papers, for as long as no statement by it was
// brought. So the paper of keys that nobody stood behind replaces none. The error is
// text.RecoveryOther for a statement that is not for the first key set, or by another key. Where
// nothing is known of keys before, the statement is kept as it came: it is for others to judge.
func recovers(ctx context.Context, l book.Ledger, c Child, first trust.Pin, statement []byte, now time.Time) (before []byte, err error) {
	var keys []ed25519.PublicKey
	hash := first.Hash()
	err = l.View(ctx, func(r *state.Reader) error {
		keys = c.papers(r, hash[:], now)
		return nil
	})
	if err != nil || len(keys) == 0 {
		return nil, err
	}
	earliest := keys[len(keys)-1]
	if len(statement) == 0 {
		return earliest, nil
	}
	for _, key := range keys {
		if pin, err := trust.OpenRecovery(statement, key); err == nil && pin == first {
			return unless(key, earliest), nil
		}
	}
	return nil, text.Fail(text.RecoveryOther, text.Args{
		"name": c.Place.Name.String(), "jurisdiction": l.Log().Jurisdiction().String(), "fingerprint": trust.RecoveryFingerprint(earliest),
	}, nil)
}

// unless returns the earliest recovery key that is to be kept; nil where that is the one by which a
// statement was brought.
func unless(by, earliest ed25519.PublicKey) []byte {
	if bytes.Equal(by, earliest) {
		return nil
	}
	return earliest
}

// recovered puts into the child what a redemption said of the paper before; of the endorsed chain,
// a statement that came after it. It reports whether anything changed, and writes nothing yet.
func (c *Child) recovered(b endorseBody) bool {
	counts := len(c.Before) > 0 && len(b.Before) == 0 // it is by the earlier paper, which was not brought yet
	if b.After > 0 && (len(b.Recovery) == 0 || len(c.Recovery) > 0 && !counts) {
		return false
	}
	c.Recovery, c.Before = b.Recovery, b.Before
	return true
}
