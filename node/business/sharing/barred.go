package sharing

import (
	"encoding/binary"
	"slices"

	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/node/ground/book"
	"xietong/node/ground/policy"
)

// barred has, by the jurisdiction and the code of a dataset, the last entry that revoked a grant of
// an agency of that jurisdiction. From then on the jurisdiction gets no grant by rule for the
// dataset, nor do those below it: otherwise a revoked grant would be a new agency away, another
// purpose, or a child that the jurisdiction makes up. Under whoever stands the revocation of an
// endless grant, for all jurisdictions above.
var barred = book.Bucket[ledger.Ref]{Name: "barred", Max: 16}

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

// barredBy returns the entry of the revocation that keeps the consumer from a grant by rule; None:
// there is none.
func barredBy(r book.Reads, in identity.Jurisdiction, consumer identity.Agency, dataset identity.Label) ledger.Ref {
	by, of := ledger.None, consumer.Jurisdiction()
	if policy.RelationOf(in, of) == policy.Ancestor {
		by, _ = barred.Load(r, book.Joined(whoever, dataset.String()))
	}
	for _, at := range answering(in, of) {
		if own, ok := barred.Load(r, book.Joined(at.String(), dataset.String())); ok {
			by = own
		}
	}
	return by
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
