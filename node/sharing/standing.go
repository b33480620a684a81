package sharing

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/node/book"
	"xietong/node/policy"
	"xietong/node/text"
)

// whoever stands for every consumer above, where standing grants are found.
const whoever = "*"

// standBody is the body of commandStand: the standing grants of an adopted standard entry, one for each purpose.
type standBody struct {
	_        struct{}        `cbor:",toarray"`
	Setter   identity.Agency // that set the standard
	Dataset  identity.Label
	Version  uint64     // of the catalogue entry that adopts it
	Entry    ledger.Ref // that published this version
	Purposes []identity.Label
	Grants   []book.Statement // one for each purpose
}

// Stand grants what an adopted standard entry names: that whoever stands above counts all records, for
// each of the purposes. entry published the version that adopts it. What stands already is left as it
// is.
func Stand(ctx context.Context, l book.Ledger, setter identity.Agency, dataset identity.Label, version uint64, entry identity.Entry, purposes []identity.Label) error {
	b := standBody{
		Setter: setter, Dataset: dataset, Version: version, Entry: ledger.RefTo(entry.Index()), Purposes: purposes,
		Grants: []book.Statement{},
	}
	for _, purpose := range purposes {
		payload, err := json.Marshal(map[string]string{
			"answer": "granted", "by": "rule", "standard": setter.String(), "operation": "count", "purpose": purpose.String(),
		})
		if err != nil {
			return fmt.Errorf("stand: %w", err)
		}
		note, err := l.Note(jsonType, payload)
		if err != nil {
			return fmt.Errorf("stand: %w", err)
		}
		b.Grants = append(b.Grants, note)
	}
	_, err := commandStand.Do(ctx, l, identity.Message{}, nil, b)
	return err
}

// stand appends the grants that do not stand yet.
func (h handlers) stand(tx *state.Tx, b standBody) (done book.Nothing, err error) {
	if now, ok := h.standing(tx, b.Dataset); !ok || now.Version != b.Version || len(b.Grants) != len(b.Purposes) {
		return done, book.Refuse(text.DatasetMoved, b.Dataset.String())
	}
	for i, purpose := range b.Purposes {
		if have, ok := latestStanding(tx, b.Dataset, purpose); ok && have.Revoked == ledger.None {
			continue
		}
		grant, err := b.Grants[i].Append(tx, ledger.Head{Kind: ledger.KindGrant, Code: b.Dataset, About: b.Entry})
		if err != nil {
			return done, err
		}
		g := Grant{Consumer: b.Setter, Dataset: b.Dataset, Purpose: purpose, Until: time.UnixMilli(0), Standing: true}
		if err := g.give(tx, grant, whoever); err != nil {
			return done, err
		}
	}
	return done, nil
}

// latestStanding returns the newest standing grant of a dataset for a purpose.
func latestStanding(r book.Reads, dataset, purpose identity.Label) (g Grant, ok bool) {
	prefix := joined(whoever, dataset.String(), purpose.String())
	r.Scan(bucketGranted, prefix, prefix, func(k, _ []byte) bool {
		g, ok = grantAt(r, binary.BigEndian.Uint64(k[len(prefix):]))
		return true
	})
	return g, ok
}

// standing returns the standing grant that covers the request. One that was revoked covers nothing: then the request needs a
// grant of its own, like any other.
func (q Request) standing(r book.Reads, in identity.Jurisdiction, purpose identity.Label) (Grant, bool) {
	above := policy.RelationOf(in, q.Consumer.Jurisdiction()) == policy.Ancestor
	if q.GroupBy != "" && !slices.Contains(q.Offer.GroupBy, q.GroupBy) || !q.Counting || !above || !slices.Contains(q.Offer.Counts, q.Purpose) {
		return Grant{}, false
	}
	g, ok := latestStanding(r, q.Dataset, purpose)
	return g, ok && g.Revoked == ledger.None
}

// of reports whether the grant is the consumer's.
func (g Grant) of(in identity.Jurisdiction, consumer identity.Agency) bool {
	if g.Standing {
		return policy.RelationOf(in, consumer.Jurisdiction()) == policy.Ancestor
	}
	return g.Consumer == consumer
}
