package witnessing

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"xietong/certs/identity"
	"xietong/consensus/state"
	"xietong/node/ground/failure"
	"xietong/node/ground/text"
)

// passed remembers whose turn it is, and since when the parent lacks something. It belongs to
// whoever holds the lock of rising.
type passed struct {
	turn    uint64
	last    map[string]uint64 // the turn of a jurisdiction, and of a log
	waiting time.Time         // since when the parent lacks something; zero: it does not
	told    bool
}

// longWait is how long the parent may lack something until that is told.
const longWait = time.Hour

// waits tells, once, that the parent lacks heads for long.
func (d *Desk) waits(to identity.Jurisdiction, all bool) {
	now := d.o.Now()
	switch {
	case all:
		d.passed.waiting, d.passed.told = time.Time{}, false
	case d.passed.waiting.IsZero():
		d.passed.waiting = now
	case now.Sub(d.passed.waiting) >= longWait && !d.passed.told:
		d.passed.told = true
		d.o.Logger.Warn("heads wait to go up", "peer", to.String(), "since", d.passed.waiting)
	}
}

// queued is a log below of which the parent lacks something.
type queued struct {
	k     risen
	at    span     // that the parent has
	names []string // of whom it is, from the child down to the log: see fairest
}

// queue returns the logs of which the parent lacks something.
func (d *Desk) queue(have above, logs []risen) (all []queued) {
	for _, k := range logs {
		q := queued{k: k, at: have.at[k.Log], names: []string{k.Log.String()}}
		for name, ok := k.Log.Jurisdiction(), true; ok && name != d.name; name, ok = name.Parent() {
			q.names = append([]string{name.String()}, q.names...)
		}
		if q.at.To > k.To {
			d.tellApart(k.Log.Jurisdiction())
		}
		if q.at.To < k.To && !k.another() {
			all = append(all, q)
		}
	}
	return all
}

// fairest returns the log whose turn it is: of the child that waits longest, there of its child
// that waits longest, and so on down. So nobody makes its sibling wait by having much.
func (p *passed) fairest(all []queued) (at int) {
	for i := range all {
		if p.before(all[i], all[at]) {
			at = i
		}
	}
	p.turn++
	for _, name := range all[at].names {
		p.last[name] = p.turn
	}
	return at
}

// forget forgets the turns of all who have nothing to send.
func (p *passed) forget(but []queued) {
	last := map[string]uint64{}
	for _, q := range but {
		for _, name := range q.names {
			last[name] = p.last[name]
		}
	}
	p.last = last
}

func (p *passed) before(a, b queued) bool {
	for i := range min(len(a.names), len(b.names)) {
		if c := cmp.Compare(p.last[a.names[i]], p.last[b.names[i]]); c != 0 {
			return c < 0
		}
	}
	return false
}

// passOn sends the parent the pieces of the logs below that it does not have, as many as go in one
// round. Each stands by the own entry that logs the checkpoint by which it was proven here, so the
// parent needs the keys of nobody but this jurisdiction. What is wrong with one log holds up no
// other.
func (d *Desk) passOn(ctx context.Context, to identity.Jurisdiction, have above, logs []risen) (all bool, err error) {
	queue := d.queue(have, logs)
	d.passed.forget(queue)
	all = true
	for n := 0; n < mostPassed && len(queue) > 0; n++ {
		i := d.passed.fairest(queue)
		at, failed, gone := d.passPiece(ctx, to, queue[i], have.kept)
		if failed != nil {
			if failure.Is(failed, text.HeadsRefused) {
				d.tellApart(queue[i].k.Log.Jurisdiction())
			}
			err = errors.Join(err, fmt.Errorf("heads of %s: %w", queue[i].k.Log, failed))
		}
		if gone {
			return false, err
		}
		have.at[queue[i].k.Log] = at
		if done := at.To >= queue[i].k.To; done || at == queue[i].at {
			all = all && done
			queue = append(queue[:i], queue[i+1:]...)
			continue
		}
		queue[i].at = at
	}
	return all && len(queue) == 0, err
}

// passPiece sends the next piece of a log, if the parent can prove it yet. It returns what the
// parent has then, and whether the parent does not answer.
func (d *Desk) passPiece(ctx context.Context, to identity.Jurisdiction, q queued, kept uint64) (at span, err error, gone bool) {
	o, err := looked(d, func(r *state.Reader) (raised, error) { return nextBelow(r, q.k.Log, q.at, kept) })
	if err != nil || len(o.Excerpt) == 0 {
		return q.at, err, false
	}
	now, err := ask(ctx, d, operationRaise, to, o)
	if err != nil {
		return q.at, err, !failure.Is(err, text.HeadsRefused)
	}
	if now.To <= q.at.To {
		return q.at, fmt.Errorf("%s takes nothing after entry %d", to, q.at.To), false
	}
	return now, nil, false
}

// tellApart tells that the parent keeps other heads of a ledger below than are here, or more.
func (d *Desk) tellApart(of identity.Jurisdiction) {
	if d.o.Apart != nil {
		d.o.Apart(of)
	}
}
