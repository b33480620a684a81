package sharing

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"xietong/certs/canon"
	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/node/policy"
	"xietong/node/text"
)

// whoever stands for every consumer above, where standing grants are found.
const whoever = "*"

// standBody is the body of KindStand: the standing grants of an adopted standard entry, one for each purpose.
type standBody struct {
	_        struct{}        `cbor:",toarray"`
	Setter   identity.Agency // that set the standard
	Dataset  identity.Label
	Version  uint64 // of the catalogue entry that adopts it
	Entry    uint64 // index of that version's entry
	Purposes []identity.Label
	Grants   []evidence // of each
}

// Stand grants what an adopted standard entry names: that whoever stands above counts all records, for each of the purposes. What
// stands already is left as it is.
func Stand(ctx context.Context, l Ledger, setter identity.Agency, dataset identity.Label, version, entry uint64, purposes []identity.Label) error {
	b := standBody{Setter: setter, Dataset: dataset, Version: version, Entry: entry, Purposes: purposes, Grants: []evidence{}}
	for _, purpose := range purposes {
		payload, err := json.Marshal(map[string]string{
			"answer": "granted", "by": "rule", "standard": setter.String(), "operation": "count", "purpose": purpose.String(),
		})
		if err != nil {
			return fmt.Errorf("stand: %w", err)
		}
		note, sealed, err := l.Note(jsonType, payload)
		if err != nil {
			return fmt.Errorf("stand: %w", err)
		}
		b.Grants = append(b.Grants, encoded(note, sealed))
	}
	body, err := canon.Marshal(b)
	if err != nil {
		return fmt.Errorf("stand: %w", err)
	}
	_, err = l.Propose(ctx, KindStand, identity.Message{}, nil, body)
	return err
}

// applyStand appends the grants that do not stand yet.
func applyStand(tx *state.Tx, standing StandingOf, body []byte) ([]byte, error) {
	var b standBody
	if err := canon.Unmarshal(body, state.MaxCommandLen, &b); err != nil {
		return nil, err
	}
	if now, ok := standing(tx, b.Dataset); !ok || now.Version != b.Version || len(b.Grants) != len(b.Purposes) {
		return nil, refuse(text.DatasetMoved, b.Dataset.String())
	}
	for i, purpose := range b.Purposes {
		if have, ok := latestStanding(tx, b.Dataset, purpose); ok && have.Revoked == 0 {
			continue
		}
		index, err := b.Grants[i].append(tx, ledger.Head{Kind: ledger.KindGrant, Code: b.Dataset, About: b.Entry + 1})
		if err != nil {
			return nil, err
		}
		g := Grant{
			Index: index, Application: index, Consumer: b.Setter, Dataset: b.Dataset, Purpose: purpose, Until: time.UnixMilli(0), Standing: true,
		}
		found := append(joined(whoever, b.Dataset.String(), purpose.String()), be64(index)...)
		if err := errors.Join(g.put(tx), tx.Put(bucketGranted, found, nil)); err != nil {
			return nil, err
		}
	}
	return nil, nil
}

// latestStanding returns the newest standing grant of a dataset for a purpose.
func latestStanding(r Reads, dataset, purpose identity.Label) (g Grant, ok bool) {
	prefix := joined(whoever, dataset.String(), purpose.String())
	r.Scan(bucketGranted, prefix, prefix, func(k, _ []byte) bool {
		g, ok = grantAt(r, binary.BigEndian.Uint64(k[len(prefix):]))
		return true
	})
	return g, ok
}

// standing returns the standing grant that covers the request. One that was revoked covers nothing: then the request needs a
// grant of its own, like any other.
func (q Request) standing(r Reads, in identity.Jurisdiction, purpose identity.Label) (Grant, bool) {
	above := policy.RelationOf(in, q.Consumer.Jurisdiction()) == policy.Ancestor
	if q.GroupBy != "" && !slices.Contains(q.Offer.GroupBy, q.GroupBy) || !q.Counting || !above || !slices.Contains(q.Offer.Counts, q.Purpose) {
		return Grant{}, false
	}
	g, ok := latestStanding(r, q.Dataset, purpose)
	return g, ok && g.Revoked == 0
}

// of reports whether the grant is the consumer's.
func (g Grant) of(in identity.Jurisdiction, consumer identity.Agency) bool {
	if g.Standing {
		return policy.RelationOf(in, consumer.Jurisdiction()) == policy.Ancestor
	}
	return g.Consumer == consumer
}
