package records

import (
	"context"
	"fmt"
	"time"

	"xietong/certs/identity"
	"xietong/consensus/state"
	"xietong/node/business/sharing"
	"xietong/node/ground/failure"
	"xietong/node/ground/text"
)

// recordWithin is how long the record of a use may take. It does not depend on whoever asks: what
// was read is recorded, also if nobody waits for the answer any more.
const recordWithin = 30 * time.Second

// looking is one look at the records of a dataset for somebody.
type looking interface {
	// decide decides whether the records may be read; apply is true where an application must be
	// filed first. It reads no record.
	decide(r *state.Reader) (permit sharing.Permit, apply bool, err error)
	// read reads, at one position of the log. Whatever it returns, records may have been read. It
	// is called again, in another look at the state, while more returns true. permit is what
	// permits it.
	read(ctx context.Context, r *state.Reader, permit sharing.Permit) error
	more() bool
	// access returns the access record of what was read; before read, that of what will be read.
	access() sharing.Access
}

// use is the one way to read records for somebody. It takes the steps of every use: (1) decide, and
// look whether the id is free and the quota is left, (2) read, (3) record, and only then (4) tell.
//
// Once read was called, every outcome is recorded before it is told, a refusal too: whether a
// filter is too costly or a group too small depends on the records, so that whoever asks often
// enough would read them through the refusals. An outcome that is recorded uses up the id. If what
// was decided on has moved meanwhile, the steps are taken once more, with what begin returns then.
//
// The Use that is returned with an error says how a refusal was recorded; it is zero where nothing
// was read.
func (d *Desk) use(ctx context.Context, id identity.Message, begin func() looking) (Use, error) {
	u := &using{desk: d, id: id}
	use, err := u.attempt(ctx, begin())
	if failure.Is(err, text.DatasetMoved, text.PolicyMoved) {
		use, err = u.attempt(ctx, begin())
	}
	if failure.Is(err, text.IDSeen) {
		return u.anew(ctx, begin(), err)
	}
	if err == nil || u.begun == nil {
		return use, err
	}
	return u.refused(ctx, err)
}

// using is a use that is under way.
type using struct {
	desk   *Desk
	id     identity.Message
	begun  looking // the last one that began to read; nil: no record was read
	permit sharing.Permit
}

func (u *using) attempt(ctx context.Context, next looking) (Use, error) {
	var permit sharing.Permit
	apply := false
	read := func(ctx context.Context, r *state.Reader) error {
		u.begun, u.permit = next, permit
		return next.read(ctx, r, permit)
	}
	err := u.view(ctx, func(ctx context.Context, r *state.Reader) (err error) {
		if permit, apply, err = next.decide(r); err == nil {
			err = permit.Unused(r, u.desk.ledger, u.id, next.access().Probe)
		}
		if err != nil || apply {
			return err
		}
		return read(ctx, r)
	})
	if d := u.desk; d.Barred != nil && failure.Is(err, text.NoGrantByRule) {
		d.Barred(permit.Asked())
	}
	if err == nil && apply {
		if permit, err = permit.Apply(ctx, u.desk.ledger, u.desk.Giving); err == nil {
			err = u.view(ctx, read)
		}
	}
	for err == nil && next.more() {
		err = u.look(ctx, read)
	}
	if err != nil {
		return Use{}, err
	}
	return u.record(ctx, next.access())
}

// view runs f on the state, in a slot. It waits for the other replicas before it takes the slot,
// and for the slot before it looks at the state, so that f only computes, and no commit waits for
// those who wait.
func (u *using) view(ctx context.Context, f func(context.Context, *state.Reader) error) error {
	if err := u.desk.ledger.Linearize(ctx); err != nil {
		return err
	}
	return u.look(ctx, f)
}

// look is view without the other replicas: what is read further is older than what was seen.
func (u *using) look(ctx context.Context, f func(context.Context, *state.Reader) error) error {
	return u.desk.Slots.Run(ctx, func(ctx context.Context) error {
		return u.desk.ledger.Look(func(r *state.Reader) error { return f(ctx, r) })
	})
}

// record commits the access record, also if nobody waits any more.
func (u *using) record(ctx context.Context, a sharing.Access) (Use, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordWithin)
	defer cancel()
	entry, err := sharing.RecordUse(ctx, u.desk.ledger, u.id, u.permit, a)
	if err != nil {
		return Use{}, err
	}
	return u.told(u.permit, a, entry), nil
}

// told returns how a use was permitted and recorded.
func (u *using) told(permit sharing.Permit, a sharing.Access, entry identity.Entry) Use {
	l, basis := u.desk.ledger, permit.Basis(a)
	return Use{
		Access: entry, Grant: permit.Grant.In(l.Names()), GrantedNow: permit.Now, GrantUntil: permit.EndMS(),
		Stands: func(ctx context.Context) error {
			return l.View(ctx, func(r *state.Reader) error { return basis.Stands(r, DatasetState) })
		},
		Basis: basis.Encode(),
	}
}

// StandsOn is Use.Stands of a use whose basis was kept: once anything moved on which the use
// rested, the request is told that it was answered, and no more.
func StandsOn(r *state.Reader, kept []byte) error {
	basis, err := sharing.DecodeBasis(kept)
	if err != nil {
		return err
	}
	if err := basis.Stands(r, DatasetState); err != nil {
		return text.Fail(text.IDSeen, nil, err)
	}
	return nil
}

// refused records that the consumer is told a refusal in place of what was read, and returns the
// refusal. Where that cannot be recorded, or the id was used meanwhile, it returns an error that
// tells nothing of what was read.
func (u *using) refused(ctx context.Context, because error) (Use, error) {
	if failure.Is(because, text.IDSeen, text.IDReused) {
		return Use{}, because
	}
	a := u.begun.access()
	a.Rows, a.Outcome, a.Answered, a.Refused = 0, "", nil, failure.Of(because).Code
	if ctx.Err() != nil {
		a.Refused = text.Late
	}
	use, err := u.record(ctx, a)
	if err != nil {
		return Use{}, fmt.Errorf("record refusal: %w", err)
	}
	return use, because
}
