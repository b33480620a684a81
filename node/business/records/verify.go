package records

import (
	"context"
	"encoding/hex"
	"errors"

	"xietong/certs/identity"
	"xietong/consensus/state"
	"xietong/node/business/catalog"
	"xietong/node/business/sharing"
	"xietong/node/ground/book"
	"xietong/node/ground/rows"
	"xietong/node/ground/text"
)

// Verify answers a claim. The answer holds no field of the record. An agency may verify one key
// sharing.ProbesPerDay times on a day; this limit is checked at the position of the access record,
// and a further claim is refused as text.QuotaSpent.
func (d *Desk) Verify(ctx context.Context, id identity.Message, by catalog.Actor, c Claim) (Verdict, error) {
	if err := c.Check(); err != nil {
		return Verdict{}, text.Fail(text.BadRequest, text.Args{"where": "claim", "reason": err.Error()}, err)
	}
	return retried(func() (Verdict, error) { return d.verify(ctx, id, by, c) })
}

// verification is one check of the record that a claim is about.
type verification struct {
	desk    *Desk
	set     dataset
	key     MAC
	field   string
	value   []byte
	outcome Outcome
	access  sharing.Access
}

func (d *Desk) verify(ctx context.Context, id identity.Message, by catalog.Actor, c Claim) (Verdict, error) {
	v := &verification{desk: d, field: c.Field}
	decide := func(r *state.Reader) (sharing.Permit, bool, error) { return v.decide(r, by, c) }
	use, err := d.use(ctx, id, decide, v.read, func() sharing.Access { return v.access })
	if err != nil {
		return Verdict{}, err
	}
	return Verdict{Outcome: v.outcome, Use: use}, nil
}

// decide decides whether the actor may make the claim, and checks the claim with the schema. apply
// is true where an application must be filed first.
func (v *verification) decide(r *state.Reader, by catalog.Actor, c Claim) (permit sharing.Permit, apply bool, err error) {
	consumer, err := by.Resolve(r)
	if err != nil {
		return permit, false, err
	}
	if v.set, err = v.desk.at(r, c.Dataset); err != nil {
		return permit, false, err
	}
	permit, apply, err = sharing.Decide(r, v.set.request(r, sharing.Request{
		Consumer: consumer, Purpose: c.Purpose, Fields: []string{v.set.Key, c.Field}, Evidence: c.Evidence, Application: c.Application,
	}))
	if err != nil {
		return permit, false, err
	}
	key, err := v.set.key(c.Key)
	if err != nil {
		return permit, false, err
	}
	if v.value, err = v.set.schema.JSONValue(c.Field, c.Value); err != nil {
		return permit, false, asRejected(v.set.Code, err)
	}
	v.key = v.desk.keyMAC(c.Dataset, key)
	parameters := v.desk.ledger.MAC("verification", []byte(c.Dataset.String()), key, []byte(c.Field), v.value)
	v.access = sharing.Access{
		Operation: "verify", Parameters: hex.EncodeToString(parameters[:]), Keys: []string{hex.EncodeToString(v.key[:16])}, Probe: v.key[:],
	}
	return permit, apply, nil
}

// read reads the record and compares its field. An absent field equals null.
func (v *verification) read(r *state.Reader) error {
	v.access.AsOf, v.access.Removed = r.Size()-1, Removed(r, v.set.Code)
	outcome, err := v.compare(r)
	v.outcome, v.access.Outcome = outcome, string(outcome)
	return err
}

func (v *verification) compare(r *state.Reader) (Outcome, error) {
	now, ok := newView(r).current(v.set.Code, v.key)
	if !ok {
		return NoSuchRecord, nil
	}
	record, err := v.desk.ledger.Payload(r, now.Index)
	if errors.Is(err, book.ErrErased) {
		return NoSuchRecord, nil
	}
	if err != nil {
		return "", err
	}
	have, err := rows.Member(record, v.field)
	if err != nil {
		return "", err
	}
	if string(have) == string(v.value) {
		return Yes, nil
	}
	return No, nil
}
