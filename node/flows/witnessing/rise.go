package witnessing

import (
	"context"
	"errors"
	"time"

	"xietong/certs/identity"
	"xietong/consensus/state"
	"xietong/consensus/witness"
	"xietong/exchange/budget"
	"xietong/exchange/relay"
	"xietong/node/ground/failure"
	"xietong/node/ground/operation"
	"xietong/node/ground/text"
)

// A machine that is lost in the minute in which it decided something would take that with it. So
// the heads of acts go up as soon as they are recorded, and each level passes them on as soon as
// they came: the parent is shown a checkpoint that has them by an operation of its own, keeps it at
// once, and is sent the pieces. Nobody waits for that. Nor does a flood of acts have the parent
// write much more than before: it keeps some checkpoints of a child at once, and then one a minute;
// what comes meanwhile goes with the minute. Reads and uses, which are many, never go at once.

// operationAct is operationWitness for a checkpoint that has acts which the witness may not know.
const operationAct operation.Operation[witness.Offer, found] = "witness-act"

// What a parent keeps at once for a child, and the pauses before it is tried again that is away.
const (
	actsAtOnce    = 10
	actsPerSecond = 1. / 60
	riseFirst     = time.Second
	turnPause     = 20 * time.Millisecond // until what is under way to the parent is looked at again
)

// What goes up at once because of those below: for all of them less than the parent keeps at once,
// so that they do not use up what is for the own acts, and for each child less than that, so that
// none uses up what is for its siblings. The rest goes with the minute.
const (
	belowAtOnce    = 8
	belowPerSecond = actsPerSecond * 3 / 4
	childAtOnce    = 5
	childPerSecond = actsPerSecond / 2
)

var errNoLink = errors.New("there is no link")

// acted has the heads of acts go up soon, if this replica sends any.
func (d *Desk) acted() {
	select {
	case d.acts <- struct{}{}:
	default: // Rise wakes already
	}
}

// actedBelow is acted for heads that came from a child, as far as those may go up at once.
func (d *Desk) actedBelow(child identity.Jurisdiction) {
	now := d.o.Now()
	if d.haste.Spend(1, budget.Payer{Neighbour: child.String()}, now) == nil && d.hasteBelow.Spend(1, budget.Payer{Neighbour: d.name.String()}, now) == nil {
		d.acted()
	}
}

// Rise sends the parent the heads of acts as soon as there are any, its own and those from below,
// until ctx ends. Of several replicas each sends what it knows of. One message is under way at a
// time, and what happens meanwhile goes together; a parent that is away is tried again after longer
// and longer pauses, up to the minute after which it gets them anyhow.
func (d *Desk) Rise(ctx context.Context) {
	again := riseFirst
	for ctx.Err() == nil {
		select {
		case <-d.acts:
		case <-ctx.Done():
			return
		}
		pauses := pause
		if parent, joined := d.o.Parent(); joined {
			if err := d.riseNow(ctx, parent); err != nil && ctx.Err() == nil {
				d.o.Logger.Debug("heads of acts did not go up at once", "peer", parent.String(), "error", err)
				d.acted()
				pauses, again = again, min(2*again, every)
			} else {
				again = riseFirst
			}
		}
		wait(ctx, pauses)
	}
}

// riseNow shows the parent the own checkpoint and, if it keeps that now, sends it the heads up to
// there.
func (d *Desk) riseNow(ctx context.Context, parent identity.Jurisdiction) error {
	if !d.o.Up(parent) || d.o.Here(parent) && !d.inside(parent) {
		return errNoLink
	}
	for !d.begins(parent) {
		if wait(ctx, turnPause); ctx.Err() != nil {
			return ctx.Err()
		}
	}
	err := d.showActs(ctx, parent)
	d.ends(parent)
	if err != nil {
		return err
	}
	d.mu.Lock()
	s := d.shown[parent]
	d.mu.Unlock()
	if s.noted || s.log != d.o.Own.Log() {
		return nil // with the minute
	}
	d.rising.Lock()
	defer d.rising.Unlock()
	have, err := d.has(ctx, parent)
	if err != nil {
		return err
	}
	have.kept = s.size
	logs, err := looked(d, func(r *state.Reader) ([]risen, error) { return known(r, identity.Jurisdiction{}), nil })
	if err == nil {
		_, err = d.sendHeads(ctx, parent, have, logs)
	}
	if err != nil {
		d.parentHas = above{}
	}
	return err
}

// has returns what the parent has, as it said last. The caller holds the lock of rising.
func (d *Desk) has(ctx context.Context, parent identity.Jurisdiction) (above, error) {
	if h := d.parentHas; h.at != nil && h.of == parent && h.log == d.o.Own.Log() {
		return h, nil
	}
	return d.askRisen(ctx, parent)
}

// witnessAct is witness for a checkpoint that has acts: it is kept at once, as often as a child may
// have that.
func (d *Desk) witnessAct(ctx context.Context, r relay.Received, o witness.Offer) (found, error) {
	return d.takeOffer(ctx, r.Header.Origin, o, true)
}

// askWitness shows a neighbour an offer, with acts or not. An older program knows no acts.
func (d *Desk) askWitness(ctx context.Context, to identity.Jurisdiction, o witness.Offer, acts bool) (found, error) {
	if acts {
		f, err := ask(ctx, d, operationAct, to, o)
		if !failure.Is(err, text.UnknownOperation) {
			return f, err
		}
	}
	return ask(ctx, d, operationWitness, to, o)
}
