package records

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"

	"xietong/certs/identity"
	"xietong/consensus/state"
	"xietong/node/book"
	"xietong/node/rows"
	"xietong/node/sharing"
)

// Claim is a statement to be confirmed: that a field of a record has a value. It is the least disclosure there is.
type Claim struct {
	Dataset identity.Label
	Key     string
	Field   string
	Value   json.RawMessage
	Purpose string
	sharing.Application

	Evidence []byte // see sharing.Request
}

// Outcome is the answer to a claim.
type Outcome string

// The outcomes.
const (
	Yes          Outcome = "yes"
	No           Outcome = "no"
	NoSuchRecord Outcome = "no-such-record"
)

// Verify answers a claim. No field leaves; how often one agency may probe one key on a day is limited, and the limit
// holds at the position of the access record.
func (d *Desk) Verify(ctx context.Context, id identity.Message, consumer identity.Agency, c Claim) (Outcome, Use, error) {
	type both struct {
		Outcome
		Use
	}
	b, err := retried(func() (both, error) {
		o, u, err := d.verify(ctx, id, consumer, c)
		return both{o, u}, err
	})
	return b.Outcome, b.Use, err
}

func (d *Desk) verify(ctx context.Context, id identity.Message, consumer identity.Agency, c Claim) (Outcome, Use, error) {
	set, err := d.dataset(ctx, c.Dataset)
	if err != nil {
		return "", Use{}, err
	}
	permit, err := d.permit(ctx, set, sharing.Request{
		Consumer: consumer, Purpose: c.Purpose, Fields: []string{set.Key, c.Field}, Evidence: c.Evidence, Application: c.Application,
	})
	if err != nil {
		return "", Use{}, err
	}
	key, err := set.key(c.Key)
	if err != nil {
		return "", Use{}, err
	}
	value, err := set.schema.JSONValue(c.Field, c.Value)
	if err != nil {
		return "", Use{}, asRejected(set.Code, err)
	}
	mac := d.keyMAC(c.Dataset, key)
	parameters := d.ledger.MAC("verification", []byte(c.Dataset.String()), key, []byte(c.Field), value)
	outcome, a, err := d.compare(ctx, set, mac, c.Field, value)
	if err != nil {
		return "", Use{}, err
	}
	a.Operation, a.Parameters, a.Outcome = "verify", hex.EncodeToString(parameters[:]), string(outcome)
	a.Keys, a.Probe = []string{hex.EncodeToString(mac[:16])}, mac[:]
	access, err := sharing.RecordUse(ctx, d.ledger, id, permit, a)
	if err != nil {
		return "", Use{}, err
	}
	return outcome, Use{Access: access, Grant: permit.Grant.In(d.ledger.Log()), GrantedNow: permit.Now}, nil
}

// compare reads the record and compares its field. An absent field equals null.
func (d *Desk) compare(ctx context.Context, set dataset, key MAC, field string, value []byte) (outcome Outcome, a sharing.Access, err error) {
	outcome = NoSuchRecord
	err = d.ledger.View(ctx, func(r *state.Reader) error {
		a.AsOf, a.Removed = r.Size()-1, Removed(r, set.Code)
		now, ok := newView(r).current(set.Code, key)
		if !ok {
			return nil
		}
		record, err := d.ledger.Payload(r, now.Index)
		if errors.Is(err, book.ErrErased) {
			return nil
		}
		if err != nil {
			return err
		}
		have, err := rows.Member(record, field)
		if outcome = No; string(have) == string(value) {
			outcome = Yes
		}
		return err
	})
	return outcome, a, err
}
