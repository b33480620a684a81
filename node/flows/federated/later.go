package federated

import (
	"context"
	"slices"
	"time"

	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/exchange/budget"
	"xietong/exchange/envelope"
	"xietong/exchange/gather"
	"xietong/node/ground/book"
)

// AgainFor is how long a hop is asked again that did not show what it was given.
const AgainFor = 24 * time.Hour

// A hop is asked again a minute after the question, then after twice the time, and from an hour on
// each hour; so many hops at once.
const (
	againFirst  = time.Minute
	againMost   = time.Hour
	againAtOnce = 4
)

// openAll opens a point for all that is open in the account of a question once it is audited, and
// says in the audit who is asked again, and who is asked itself.
func (d *Desk) openAll(ctx context.Context, a auditing, dataset identity.Label, asked identity.Entry, share gather.Share, found *Audit) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), keptWithin)
	defer cancel()
	doubted := doubted(share)
	if len(found.left)+len(doubted) == 0 {
		return nil
	}
	p, err := d.pointOf(ctx, a, dataset, asked)
	if err != nil {
		return err
	}
	if found.Again, err = d.askAgain(ctx, p, found.left); err != nil {
		return err
	}
	found.Themselves, err = d.askThem(ctx, p, doubted)
	return err
}

// askAgain opens a point for each hop that did not show what it was given, and returns the hops for
// which there was room.
func (d *Desk) askAgain(ctx context.Context, p point, left []unseen) (again []identity.Jurisdiction, err error) {
	for _, u := range left {
		if u.answer == nil { // its own
			continue
		}
		p.Hop = u.at
		kept, err := d.openPoint(ctx, p, u.answer)
		if err != nil {
			return again, err
		}
		if kept {
			again = append(again, u.at)
		}
	}
	return again, nil
}

// pointOf returns what all points of a question have in common.
func (d *Desk) pointOf(ctx context.Context, a auditing, dataset identity.Label, asked identity.Entry) (p point, err error) {
	q := a.q
	p = point{
		Dataset: dataset, Asked: ledger.RefTo(asked.Index()), Since: uint64(d.Now().UnixMilli()), Below: q.Below, Deep: q.Deep, Level: q.Level,
		Measure: q.Measure, Groups: q.Groups, Roster: a.roster.Number, Hash: a.roster.Hash[:], Request: a.request[:],
		Issued: uint64(a.issued.UnixMilli()), All: a.all,
	}
	err = d.own.View(ctx, func(r *state.Reader) error {
		by, err := a.asking.By.Resolve(r)
		p.Agency = by.Code()
		return err
	})
	return p, err
}

func (d *Desk) openPoint(ctx context.Context, p point, answer []byte) (kept bool, err error) {
	got, err := commandPoint.Do(ctx, d.own, book.Request{}, pointBody{Point: p, Share: answer})
	if got.Kept {
		select {
		case d.opened <- struct{}{}:
		default:
		}
	}
	return got.Kept, err
}

// question returns the question of the point, as an audit needs it.
func (p point) question() gather.Question {
	return gather.Question{Selector: gather.Selector{Below: p.Below, Deep: p.Deep, Level: p.Level}, Measure: p.Measure, Groups: p.Groups}
}

// nextTry returns when a point that was opened at since is tried next, after it was tried last, or
// after this node started.
func nextTry(since, last time.Time) time.Time {
	for age := againFirst; age < AgainFor; age += min(age, againMost) {
		if at := since.Add(age); at.After(last) {
			return at
		}
	}
	if end := since.Add(AgainFor); end.After(last) {
		return end
	}
	return last.Add(againFirst)
}

// Run asks again what is open, until ctx ends. What is open stands in the ledger's state, so a
// restart loses nothing; the times of the tries follow from when a point was opened, so restarting
// makes nobody be asked more often.
func (d *Desk) Run(ctx context.Context) {
	tried, began := map[string]time.Time{}, d.Now()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-d.opened:
		case <-timer.C:
		}
		timer.Reset(d.tryDue(ctx, tried, began))
	}
}

// tryDue tries every point that is due, and returns how long there is nothing to do. tried holds
// when each was tried last.
func (d *Desk) tryDue(ctx context.Context, tried map[string]time.Time, began time.Time) time.Duration {
	open, err := d.openPoints(ctx)
	if err != nil {
		return againFirst // the ledger is not ready
	}
	now, next := d.Now(), d.Now().Add(againMost)
	var due []point
	for _, p := range open {
		last, ok := tried[string(p.key())]
		if !ok {
			last = began
		}
		if at := nextTry(time.UnixMilli(int64(p.Since)), last); at.After(now) {
			next = minTime(next, at)
			continue
		}
		due = append(due, p)
	}
	forgetTried(tried, open)
	sideBySide(len(due), againAtOnce, func(i int) { d.try(ctx, due[i]) })
	for _, p := range due {
		tried[string(p.key())] = now
		next = minTime(next, nextTry(time.UnixMilli(int64(p.Since)), now))
	}
	return max(0, next.Sub(d.Now()))
}

// forgetTried drops what is open no more.
func forgetTried(tried map[string]time.Time, open []point) {
	is := map[string]bool{}
	for _, p := range open {
		is[string(p.key())] = true
	}
	for key := range tried {
		if !is[key] {
			delete(tried, key)
		}
	}
}

func minTime(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

func (d *Desk) openPoints(ctx context.Context) (open []point, err error) {
	err = d.own.View(ctx, func(r *state.Reader) error {
		for _, p := range points.All(r, nil) {
			open = append(open, p)
		}
		return nil
	})
	return open, err
}

// try asks a hop again. If it shows what it was given, the share is audited, and those below it
// that do not show theirs are asked again for a day from now on.
func (d *Desk) try(ctx context.Context, p point) {
	within, cancel := context.WithTimeout(budget.With(ctx, budget.Payer{Neighbour: budget.Local, Origin: p.Agency.String()}), auditWithin)
	defer cancel()
	if !p.By.IsZero() {
		d.hear(ctx, within, p)
		return
	}
	a, h, err := d.reopen(within, p)
	var found Audit
	if err == nil {
		found = d.auditBelow(within, a, h)
	}
	below := found.left
	if i := slices.IndexFunc(below, func(u unseen) bool { return u.at == p.Hop }); i >= 0 {
		err, below = below[i].why, slices.Delete(slices.Clone(below), i, i+1)
	}
	if ctx.Err() != nil || err != nil && d.Now().Before(p.end()) {
		return // later
	}
	next := p
	next.Since = uint64(d.Now().UnixMilli())
	if _, err := d.askAgain(ctx, next, below); err != nil {
		return // before it is settled, so that nothing below is forgotten
	}
	_ = d.settle(ctx, d.foundOf(p, found, err)) // or it stays open, and is tried again
}

// reopen returns the audit that a point belongs to, and the share that was not shown. The share was
// proven when it came.
func (d *Desk) reopen(ctx context.Context, p point) (a auditing, h hop, err error) {
	a, h.at = p.auditing(), p.Hop
	err = d.own.View(ctx, func(r *state.Reader) error { h.answer = r.Get(bucketPointShares, p.key()); return nil })
	if err == nil {
		h.share, err = reread(h.answer, a.request)
	}
	if err == nil {
		a.roster, err = d.tree.RosterOf(ctx, p.Roster, [32]byte(p.Hash))
	}
	return a, h, err
}

// reread takes a share apart that was proven before.
func reread(answer []byte, request [32]byte) (gather.Share, error) {
	e, err := envelope.Decode(answer)
	if err != nil {
		return gather.Share{}, err
	}
	m, err := envelope.Reread(e)
	if err != nil {
		return gather.Share{}, err
	}
	reply, err := envelope.DecodeReply(m.Content, request)
	if err != nil {
		return gather.Share{}, err
	}
	return gather.Decode(reply.Result)
}
