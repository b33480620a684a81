package records

import (
	"context"

	"xietong/consensus/state"
	"xietong/exchange/answers"
	"xietong/node/business/sharing"
)

// anew answers the same request once more under its id, where the answer was lost: the replica that
// gave it may be gone, and with it the memory of what it said (see relay). Nothing is recorded a
// second time, so nothing is told that the access record does not say: anew (1) decides as for any
// use, (2) finds the record, which is not older than an answer is kept, (3) reads, and (4) tells
// what it read if the request would be recorded just so, by the same versions of the same records,
// and what the use rested on still stands. Otherwise the request is told that it was answered, and
// no more: seen. It costs whoever asks what any question costs.
func (u *using) anew(ctx context.Context, next looking, seen error) (Use, error) {
	var before sharing.Recorded
	var permit sharing.Permit
	same := false
	read := func(ctx context.Context, r *state.Reader) (err error) {
		if err = next.read(ctx, r, permit); err == nil && !next.more() {
			same = before.Same(u.desk.ledger, next.access()) && unchanged(r, permit, before, next.access())
		}
		return err
	}
	err := u.view(ctx, func(ctx context.Context, r *state.Reader) (err error) {
		apply, found := false, false
		if permit, apply, err = next.decide(r); err != nil || apply {
			return seen
		}
		before, found, err = permit.Recorded(r, u.desk.ledger, u.id)
		recent := int64(r.Clock()-before.At) < answers.Term.Milliseconds()
		if err != nil || !found || !before.Told() || !recent || !unchanged(r, permit, before, sharing.Access{}) {
			return seen
		}
		return read(ctx, r)
	})
	for err == nil && next.more() {
		err = u.look(ctx, read)
	}
	if err != nil || !same {
		return Use{}, seen
	}
	a := next.access()
	a.AsOf = before.AsOf
	use := u.told(permit, a, before.Record.In(u.desk.ledger.Names()))
	if use.Stands(ctx) != nil {
		return Use{}, seen
	}
	return use, nil
}

// unchanged reports whether the records that were read are those of the record before. Of what was
// measured, which has no keys, it is the dataset that must not have changed; and before anything is
// read, a measure alone is judged.
func unchanged(r *state.Reader, permit sharing.Permit, before sharing.Recorded, a sharing.Access) bool {
	_, dataset := permit.Asked()
	if len(before.Keys) == 0 {
		return !ChangesOf(r, dataset).Since(before.AsOf)
	}
	then, now := newViewAt(r, dataset, before.AsOf), newView(r)
	for _, key := range a.Read {
		was, had := then.current(dataset, MAC(key))
		is, has := now.current(dataset, MAC(key))
		if was.Index != is.Index || had != has {
			return false
		}
	}
	return true
}
