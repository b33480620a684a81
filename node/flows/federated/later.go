package federated

import (
	"context"
	"slices"

	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/exchange/budget"
	"xietong/exchange/envelope"
	"xietong/exchange/gather"
	"xietong/node/ground/book"
	"xietong/node/ground/failure"
	"xietong/node/ground/text"
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
		kept, err := d.openPoint(ctx, p.because(u.unjudged()), u.answer)
		if err != nil {
			return again, err
		}
		if kept {
			again = append(again, u.at)
		}
	}
	return again, nil
}

// unjudged is why nothing can be proven here of what a hop showed: the key of whoever signed it is
// not known or not believed here, and the hop is not to blame. The zero reason: it showed nothing.
func (u unseen) unjudged() (why gather.Why) {
	if withoutKey(u.why) == nil {
		return why
	}
	if code, args := failure.Told(u.why); text.ByNumber(code) != text.Internal {
		why.Code, why.Args = code, args
	}
	return why
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
// that do not show theirs are asked again for a day from now on. t are the tries so far.
func (d *Desk) try(ctx context.Context, p point, t *tries) {
	within, cancel := context.WithTimeout(budget.With(ctx, budget.Payer{Neighbour: budget.Local, Origin: p.Agency.String()}), auditWithin)
	defer cancel()
	if !p.By.IsZero() {
		d.hear(ctx, within, p, t)
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
	f, ends := d.foundOf(p, found, err), err == nil
	if err != nil {
		f.Outcome, ends = t.over(p, f.Outcome, d.Now())
	}
	if ctx.Err() != nil || !ends {
		return // later
	}
	next := p
	next.Since = uint64(d.Now().UnixMilli())
	if _, err := d.askAgain(ctx, next, below); err != nil {
		return // before it is settled, so that nothing below is forgotten
	}
	_ = d.settle(ctx, f) // or it stays open, and is tried again
}

// unasked is an error of this jurisdiction, for which the hop was not asked, or what it showed was
// not looked at.
type unasked struct{ error }

func (u *unasked) Unwrap() error { return u.error }

// reopen returns the audit that a point belongs to, and the share that was not shown. The share was
// proven when it came. The error is an *unasked.
func (d *Desk) reopen(ctx context.Context, p point) (a auditing, h hop, err error) {
	a, h.at = p.auditing(), p.Hop
	err = d.own.View(ctx, func(r *state.Reader) error { h.answer = r.Get(bucketPointShares, p.key()); return nil })
	if err == nil {
		h.share, err = reread(h.answer, a.request)
	}
	if err == nil {
		a.roster, err = d.tree.RosterOf(ctx, p.Roster, [32]byte(p.Hash))
	}
	if err != nil {
		err = &unasked{err}
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
