package epochs

import (
	"context"
	"errors"
	"slices"
	"time"

	"xietong/certs/identity"
	"xietong/node/ground/failure"
	"xietong/node/ground/host"
	"xietong/node/ground/text"
)

// An epoch is settled by what is known of the lost entries or, where nobody answers who may keep
// their heads, by a person's word. That word holds for what nobody can tell: what the heads say
// ends all the same, as soon as they can be had, and before anybody is answered over a link to
// whoever keeps them. A ledger may have several such epochs: each is asked after.

// resume finishes the epochs that are not settled and, where asks says so, looks for what was not
// known of those that are. One that cannot be finished holds up no other.
func (d *Desk) resume(ctx context.Context, asks bool) error {
	if d.Own.Names().Log().Epoch() == 1 {
		return nil
	}
	if asks {
		seen, _ := d.Witness.Largest(ctx) // whoever does not answer is asked again
		for _, s := range seen {
			d.Own.Doubt(s)
		}
	}
	since := d.Own.Continuations()
	all, err := d.Own.Begun()
	for _, b := range all {
		switch {
		case !b.Lost.Settled:
			err = errors.Join(err, d.goOn(ctx, b))
		case asks && d.mayKnowMore(ctx, since, b):
			err = errors.Join(err, d.hearHeadsOf(ctx, since, b))
		}
	}
	return err
}

// goOn finishes an epoch that was begun, with what is known by now. The word of a person with which
// it was begun counts only after whoever may keep the heads was asked for a while since the start:
// a link takes its time.
func (d *Desk) goOn(ctx context.Context, b host.Begun) error {
	var since time.Duration
	if q, questioned := errors.AsType[*host.QuestionError](d.Own.Questioned()); questioned {
		since = time.Since(q.Since)
	}
	all, err := d.allLost(ctx, b, since)
	if err != nil {
		return err
	}
	return d.finish(ctx, b, all)
}

// mayKnowMore reports whether the heads of an epoch are to be fetched: they were not had since the
// ledger went on, or more are kept by now.
func (d *Desk) mayKnowMore(ctx context.Context, since uint64, b host.Begun) bool {
	some := d.hearing.of(since, headsOf(b)).some
	if len(some) == 0 {
		return true
	}
	return slices.ContainsFunc(some, func(p part) bool {
		more, err := d.Witness.MoreHeads(ctx, p.of, p.upTo)
		return more && err == nil
	})
}

// hearHeadsOf has what the heads say end, of an epoch that was settled without all of them, and
// notes whether they were had, all or some.
func (d *Desk) hearHeadsOf(ctx context.Context, since uint64, b host.Begun) error {
	began := time.Now()
	some, err := d.endKept(ctx, b)
	d.hearing.note(since, headsOf(b), heard{said: err == nil, some: some, first: began, why: err})
	if errors.Is(err, errNotKept) {
		d.Logger.Info("the heads of the lost entries cannot be had yet", "epoch", b.Epoch, "error", err)
		return nil
	}
	return err
}

// errNotKept says that whoever keeps the heads has not told them yet.
var errNotKept = errors.New("the heads of the lost entries are not told yet")

// part is a log of which the heads are known up to an entry alone.
type part struct {
	of   host.Seen // by whoever told most of them
	upTo uint64
}

// endKept ends what the heads say that are kept, of each log that an epoch lost, after it said
// where the ledger parts from those, and returns the logs of which not all are known, or nothing is
// proven. Of several replicas the one that leads says so, and settles the epoch, once it has the
// heads itself: the others may not propose that. The error wraps errNotKept where none can be had
// of one.
func (d *Desk) endKept(ctx context.Context, b host.Begun) (some []part, err error) {
	logs, whole, err := d.lostLogs(ctx, b)
	if err != nil {
		err = errors.Join(errNotKept, err)
	}
	var had []known
	for _, seen := range logs {
		if len(seen.Note) == 0 && seen.Checkpoint.Size <= b.Lost.From { // nobody says yet what is lost; see Hear
			continue
		}
		k, upTo, failed := d.kept(ctx, seen, fromIn(b, seen))
		if failure.Is(failed, text.AnswerRefused) { // they are told, and a person looked: nobody waits for more
			some = append(some, part{seen, 0})
			d.Logger.Warn("the heads of the lost entries are told, and nothing proves them", "log", seen.Checkpoint.Log.String(), "error", failed)
			continue
		}
		if failed != nil {
			err = errors.Join(err, failed)
			continue
		}
		had = append(had, k)
		if !k.whole {
			some = append(some, upTo)
		}
	}
	switch {
	case !d.Own.Alone() && !d.Own.Leads():
		return some, errors.Join(err, d.endAll(ctx, had, b.Lost.Entry))
	case err == nil && whole && len(some) == 0 && len(had) == len(logs):
		return nil, d.finish(ctx, b, had)
	}
	if failed := d.widen(ctx, b, had); failed != nil {
		return some, errors.Join(err, failed)
	}
	return some, errors.Join(err, d.endAll(ctx, had, b.Lost.Entry))
}

// kept returns what the heads say that are kept of a log, and up to where they are known.
func (d *Desk) kept(ctx context.Context, seen host.Seen, from uint64) (k known, upTo part, err error) {
	acts, same, err := d.Witness.Heads(ctx, seen, from)
	if err != nil && !failure.Is(err, text.HeadsMissing) {
		return k, upTo, errors.Join(errNotKept, err)
	}
	k = known{log: seen.Checkpoint.Log, whole: err == nil && !seen.Headed, same: same}
	upTo = partOf(seen, err)
	k.acts, err = d.missing(ctx, acts, same.UpTo)
	return k, upTo, err
}

// partOf returns up to where the heads of a log are known, as the error says of Heads, and who told
// most. Without an error that is all that was seen.
func partOf(seen host.Seen, missing error) part {
	if missing == nil {
		return part{seen, seen.Checkpoint.Size}
	}
	if by, err := identity.ParseJurisdiction(failure.Of(missing).Args["name"]); err == nil {
		seen.By = by
	}
	return part{seen, knownUpTo(missing)}
}

// hearHeads has what ended in the lost entries end, of the epochs that were settled without their
// heads, once there is a link to the parent, which may keep them. over says that there is nothing
// more to ask. The error is for a parent that does not answer, for host.AskAgain since it was asked
// first.
func (d *Desk) hearHeads(ctx context.Context, since uint64, again time.Duration) (over bool, err error) {
	if d.Own.Names().Log().Epoch() == 1 {
		return true, nil
	}
	all, err := d.Own.Begun()
	if err != nil {
		return false, err
	}
	parent, linked := d.parent()
	over = true
	for _, b := range all {
		if !b.Lost.Settled { // it is in question, and answers nobody
			return false, nil
		}
		m := headsOf(b)
		if linked && d.hearing.of(since, m).asks(true, again) {
			_ = d.hearHeadsOf(ctx, since, b) // it is noted
		}
		now := d.hearing.of(since, m)
		if linked && now.waits() {
			err = errors.Join(err, now.why)
		}
		over = over && (now.said || !parent)
	}
	return over, err
}

// SaysLost returns after how many entries the ledger has said all that it lost. It may have said
// too little while said is false: an epoch that lost several logs was settled by a person's word,
// and the parent was not asked yet for the heads that show where the ledger parts from each. One
// that does not tell them is waited for as long as by whoever asks. What is named as lost after
// that, of keys that were given up, holds up nothing: they may sign more at any time.
func (d *Desk) SaysLost() (after uint64, said bool) {
	after, said = d.Own.SaysLost()
	since := d.Own.Continuations()
	all, err := d.Own.Begun()
	for _, b := range all {
		said = said && (b.Before+1 >= b.Epoch || d.hearing.asked(since, b.Epoch))
	}
	return after, said && err == nil
}

// parent reports whether there is a parent on another node, and a link to it.
func (d *Desk) parent() (is, linked bool) {
	for _, n := range d.Witness.Near() {
		if n.Parent {
			return true, n.Up
		}
	}
	return false, false
}
