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
	"xietong/node/ground/scalar"
	"xietong/node/ground/text"
)

// Verify answers a claim. The answer holds no field of the record. An agency may verify one key
// sharing.ProbesPerDay times on a day; this limit is checked at the position of the access record,
// and a further claim is refused as text.QuotaSpent.
func (d *Desk) Verify(ctx context.Context, id identity.Message, by catalog.Actor, c Claim) (Verdict, error) {
	if err := c.Check(); err != nil {
		return Verdict{}, text.Fail(text.BadRequest, text.Args{"where": "claim", "reason": err.Error()}, err)
	}
	fingerprint, err := c.fingerprint()
	if err != nil {
		return Verdict{}, err
	}
	var v *verification
	use, err := d.use(ctx, id, func() looking {
		v = &verification{desk: d, by: by, claim: c, fingerprint: fingerprint}
		return v
	})
	if err != nil {
		return Verdict{Use: use}, err
	}
	return Verdict{Outcome: v.outcome, Use: use}, nil
}

// verification is one check of the record that a claim is about.
type verification struct {
	desk  *Desk
	by    catalog.Actor
	claim Claim

	fingerprint []byte // of the claim

	set     dataset
	key     MAC
	value   []byte
	outcome Outcome
	used    sharing.Access
}

func (v *verification) access() sharing.Access { return v.used }

// decide decides whether the actor may make the claim, and checks the claim with the schema. apply
// is true where an application must be filed first.
func (v *verification) decide(r *state.Reader) (permit sharing.Permit, apply bool, err error) {
	v.claim.Field = scalar.Compose(v.claim.Field)
	c := v.claim
	consumer, err := v.by.Resolve(r)
	if err != nil {
		return permit, false, err
	}
	if v.set, err = v.desk.at(r, c.Dataset); err != nil {
		return permit, false, err
	}
	permit, apply, err = sharing.Decide(r, v.set.request(r, sharing.Request{
		Consumer: consumer, Purpose: c.Purpose, Fields: []string{v.set.Key, c.Field}, Evidence: c.Evidence, Application: c.Application,
		Asked: v.fingerprint,
	}))
	if err != nil {
		return permit, false, err
	}
	v.set = v.set.asking(consumer, v.desk.ledger.Name(), []string{v.set.Key, c.Field})
	key, err := v.set.askedKey(c.Key)
	if err != nil {
		return permit, false, err
	}
	if v.value, err = v.set.schema.Asked(c.Field, c.Value); err != nil {
		return permit, false, asUnfit(v.set.Code, err)
	}
	v.key = v.desk.keyMAC(c.Dataset, key)
	parameters := v.desk.ledger.MAC("verification", []byte(c.Dataset.String()), key, []byte(c.Field), v.value)
	v.used = sharing.Access{
		Operation: "verify", Parameters: hex.EncodeToString(parameters[:]), Read: [][]byte{v.key[:]}, Probe: v.key[:],
	}
	return permit, apply, nil
}

// read reads the record and compares its field. An absent field equals null.
func (v *verification) read(_ context.Context, r *state.Reader, _ sharing.Permit) error {
	v.used.AsOf, v.used.Answered = r.Size()-1, [][]byte{v.key[:]}
	outcome, err := v.compare(r)
	v.outcome, v.used.Outcome = outcome, string(outcome)
	return err
}

// more is false: one record is read at once.
func (v *verification) more() bool { return false }

func (v *verification) compare(r *state.Reader) (Outcome, error) {
	now, ok := newView(r).current(v.set.Code, v.key)
	if !ok {
		return NoSuchRecord, nil
	}
	record, err := v.desk.payload(r, now.Index, v.set)
	if errors.Is(err, book.ErrErased) {
		return NoSuchRecord, nil
	}
	if err != nil {
		return "", err
	}
	have, err := rows.Member(record, v.claim.Field)
	if err != nil {
		return "", err
	}
	if !v.set.schema.Fits(v.claim.Field, have) {
		return "", text.Fail(text.ValueMistyped, text.Args{"dataset": v.set.Code.String(), "field": v.claim.Field}, nil)
	}
	if string(have) == string(v.value) {
		return Yes, nil
	}
	return No, nil
}
