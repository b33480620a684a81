package sharing

import (
	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/node/ground/book"
	"xietong/node/ground/policy"
)

// barred has, by the jurisdiction and the code of a dataset, the last entry that revoked a grant of
// an agency of that jurisdiction. From then on the jurisdiction gets no grant by rule for the
// dataset: otherwise a revoked grant would be a new agency away, or another purpose. Under whoever
// stands the revocation of an endless grant, for all jurisdictions above.
var barred = book.Bucket[ledger.Ref]{Name: "barred", Max: 16}

// user returns the name under which the revocation of the grant bars.
func (g Grant) user() string {
	if g.Endless {
		return whoever
	}
	return g.Consumer.Jurisdiction().String()
}

// barredBy returns the entry of the revocation that keeps the consumer from a grant by rule; None:
// there is none.
func barredBy(r book.Reads, in identity.Jurisdiction, consumer identity.Agency, dataset identity.Label) ledger.Ref {
	by, of := ledger.None, consumer.Jurisdiction()
	if policy.RelationOf(in, of) == policy.Ancestor {
		by, _ = barred.Load(r, joined(whoever, dataset.String()))
	}
	if own, ok := barred.Load(r, joined(of.String(), dataset.String())); ok {
		by = own
	}
	return by
}
