package sharing

import (
	"encoding/binary"
	"iter"
	"slices"

	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/node/ground/book"
	"xietong/node/ground/policy"
)

// barred has, by the jurisdiction, the code of a dataset and a grant of an agency of that
// jurisdiction, the entry that revoked the grant, until that is allowed. While there is one, the
// jurisdiction gets no grant by rule for the dataset, nor do those below it: otherwise a revoked
// grant would be a new agency away, another purpose, or a child that the jurisdiction makes up. One
// is never taken back by what is allowed of another. Under whoever stands the revocation of an
// endless grant, for all jurisdictions above.
var barred = book.Bucket[ledger.Ref]{Name: "barred", Max: 16}

// barKey returns the key of the revocation of the grant in barred: the newest grants come first.
func (g Grant) barKey() []byte {
	return append(book.Joined(g.user(), g.Dataset.String()), book.Down64(g.Index)...)
}

// Bars reports whether the grant was revoked, and the revocation keeps its side from grants by rule
// still.
func (g Grant) Bars(r book.Reads) bool { return barred.Has(r, g.barKey()) }

// bar is the revocation of a grant that bars.
type bar struct{ grant, by ledger.Ref }

// barsUnder gives the revocations that stand under the users for a dataset, those of the newest
// grants of each user first.
func barsUnder(r book.Reads, users []string, dataset identity.Label) iter.Seq[bar] {
	return func(yield func(bar) bool) {
		for _, user := range users {
			prefix, more := book.Joined(user, dataset.String()), true
			r.Scan(barred.Name, prefix, prefix, func(key, data []byte) bool {
				grant := ^binary.BigEndian.Uint64(key[len(prefix):])
				more = yield(bar{ledger.RefTo(grant), barred.Decode(key, data)})
				return more
			})
			if !more {
				return
			}
		}
	}
}

// barredAs returns the users under whom the revocations stand that keep a jurisdiction from grants
// by rule.
func barredAs(in, of identity.Jurisdiction) (users []string) {
	for _, at := range answering(in, of) {
		users = append(users, at.String())
	}
	if policy.RelationOf(in, of) == policy.Ancestor {
		users = append(users, whoever)
	}
	return users
}

// user returns the name under which the revocation of the grant bars.
func (g Grant) user() string {
	if g.Endless {
		return whoever
	}
	return g.Consumer.Jurisdiction().String()
}

// bars reports whether the revocation of the grant keeps a consumer from grants by rule of the
// dataset.
func (g Grant) bars(in identity.Jurisdiction, consumer identity.Agency) bool {
	if g.Endless {
		return policy.RelationOf(in, consumer.Jurisdiction()) == policy.Ancestor
	}
	return slices.Contains(answering(in, consumer.Jurisdiction()), g.Consumer.Jurisdiction())
}

// BarredSince returns the grants of the dataset by rule, at an index or after it, that count and
// whose consumers the revocation of this one keeps from getting any: they had not been given, had
// it stood.
func (g Grant) BarredSince(r *state.Reader, from uint64) (all []Grant) {
	in := r.Log().Jurisdiction()
	r.Scan(grants.Name, nil, book.Be64(from), func(key, data []byte) bool {
		one := grants.Decode(key, data).grant(r, binary.BigEndian.Uint64(key))
		if one.Dataset == g.Dataset && one.ByRule() && one.counts() && g.bars(in, one.Consumer) {
			all = append(all, one)
		}
		return true
	})
	return all
}

// ByRule reports whether the node gave the grant as somebody applied for it.
func (g Grant) ByRule() bool { return !g.ByHand && !g.Endless }

// barredBy returns the entry of a revocation that keeps the consumer from a grant by rule; None:
// there is none.
func barredBy(r book.Reads, in identity.Jurisdiction, consumer identity.Agency, dataset identity.Label) ledger.Ref {
	for bar := range barsUnder(r, barredAs(in, consumer.Jurisdiction()), dataset) {
		return bar.by
	}
	return ledger.None
}

// answering returns the jurisdictions that answer here for what one of them does: itself, and those
// above it that do not stand above this one too. Whoever stands above another can make it up.
func answering(in, of identity.Jurisdiction) []identity.Jurisdiction {
	all := []identity.Jurisdiction{of}
	for above, ok := of.Parent(); ok && !in.Under(above); above, ok = above.Parent() {
		all = append(all, above)
	}
	return all
}
