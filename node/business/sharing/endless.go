package sharing

import (
	"encoding/json"
	"fmt"
	"maps"
	"time"

	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/node/ground/book"
	"xietong/node/ground/policy"
	"xietong/node/ground/text"
)

// whoever takes the place of the consumer in the keys of endless grants: it stands for every
// consumer above.
const whoever = "*"

// Endless is the part of the body of an adoption that gives endless grants, one for each purpose.
// Each lets every agency of a jurisdiction above measure all records.
type Endless struct {
	_        struct{}        `cbor:",toarray"`
	Setter   identity.Agency // the agency that set the standard
	Dataset  identity.Label
	Purposes []identity.Label
	Measures policy.Measures
	Grants   []book.Statement // one for each purpose
}

// Stand makes the endless grants that an adopted standard entry names. It seals their payloads and
// proposes nothing.
func Stand(l book.Ledger, setter identity.Agency, dataset identity.Label, purposes []identity.Label, measures policy.Measures) (Endless, error) {
	s := Endless{
		Setter: setter, Dataset: dataset, Purposes: append([]identity.Label{}, purposes...), Measures: maps.Clone(measures),
		Grants: []book.Statement{},
	}
	for _, purpose := range purposes {
		payload, err := json.Marshal(map[string]any{
			"answer": "granted", "by": "rule", "standard": setter.String(), "operation": "measure", "purpose": purpose.String(),
			"measures": measures,
		})
		if err != nil {
			return s, fmt.Errorf("stand: %w", err)
		}
		note, err := l.Note(jsonType, payload)
		if err != nil {
			return s, fmt.Errorf("stand: %w", err)
		}
		s.Grants = append(s.Grants, note)
	}
	return s, nil
}

// Check refuses a part that does not have one grant for each purpose, or a grant that could not be
// kept. A handler calls it before it writes.
func (s Endless) Check() error {
	if len(s.Grants) != len(s.Purposes) {
		return book.Refuse(text.DatasetMoved, s.Dataset.String())
	}
	for _, purpose := range s.Purposes {
		if err := s.grant(purpose).fits(); err != nil {
			return err
		}
	}
	return nil
}

func (s Endless) grant(purpose identity.Label) Grant {
	return Grant{
		Consumer: s.Setter, Dataset: s.Dataset, Purpose: purpose, Until: time.UnixMilli(0), Measures: s.Measures, Endless: true,
	}
}

// Give appends the grants, except those that stand already with the same measures. entry is the
// entry that published the adopting version. It refuses nothing: the handler calls Check first.
func (s Endless) Give(tx *state.Tx, entry ledger.Ref) error {
	for i, purpose := range s.Purposes {
		if s.stands(tx, purpose) {
			continue
		}
		follows := ledger.None
		if before, ok := followed(tx, whoever, s.Dataset, purpose); ok {
			follows = ledger.RefTo(before.Index)
		}
		grant, err := s.Grants[i].Append(tx, ruleHead(s.Dataset, entry, follows))
		if err != nil {
			return err
		}
		if err := s.grant(purpose).give(tx, grant, whoever); err != nil {
			return err
		}
	}
	return nil
}

// stands reports whether the grant for a purpose stands already, with the same measures.
func (s Endless) stands(r book.Reads, purpose identity.Label) bool {
	have, ok := latestEndless(r, s.Dataset, purpose)
	return ok && have.Revoked == ledger.None && have.Closed == ledger.None && have.Measures.Equal(s.Measures)
}

// latestEndless returns the newest endless grant of a dataset for a purpose.
func latestEndless(r book.Reads, dataset, purpose identity.Label) (g Grant, ok bool) {
	return newestOf(r, whoever, dataset, purpose)
}

// relied returns the grant that the use relies on: the endless grant if it covers the use, or else
// the newest grant of the consumer. One that was closed is none, and neither is one that was
// revoked once the provider has taken back that it bars. Of conditional data, an endless grant
// that was revoked is why a use is refused that no grant by hand covers.
func (p Permit) relied(r *state.Reader, use policy.Use) *Grant {
	q := p.request
	byRule := q.Offer.Category == policy.Unconditional
	endless, covered := latestEndless(r, q.Dataset, p.purpose)
	covered = covered && q.Offer.Covers(use) && endless.Closed == ledger.None && endless.Measures.Has(use.Measure)
	g, ok := latest(r, q.Consumer, q.Dataset, p.purpose)
	switch {
	case covered && (endless.Revoked == ledger.None || !byRule && !(ok && g.ByHand)):
		return &endless
	case !ok || g.Closed != ledger.None || g.Revoked != ledger.None && !g.Bars(r) && byRule:
		return nil
	}
	return &g
}

// of reports whether the grant serves the consumer: its own grant or, for an endless grant, an
// agency of a jurisdiction above in.
func (g Grant) of(in identity.Jurisdiction, consumer identity.Agency) bool {
	if g.Endless {
		return policy.RelationOf(in, consumer.Jurisdiction()) == policy.Ancestor
	}
	return g.Consumer == consumer
}
