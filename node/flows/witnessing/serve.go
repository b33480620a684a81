package witnessing

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"xietong/certs/identity"
	"xietong/certs/trust"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/consensus/witness"
	"xietong/exchange/budget"
	"xietong/exchange/relay"
	"xietong/node/ground/book"
	"xietong/node/ground/operation"
	"xietong/node/ground/text"
	"xietong/node/tree/door"
)

// The operations of this room: see the package comment. Nothing of them is recorded but what is
// kept.
const (
	operationWitness operation.Operation[witness.Offer, found] = "witness"
	operationLargest operation.Operation[nothing, largest]     = "largest"
)

type nothing struct{}

// found is what a witness says of an offer.
type found struct {
	Verdict witness.Verdict `cbor:"1,keyasint"`
	Kept    []byte          `cbor:"2,keyasint,omitempty"`
	Line    []byte          `cbor:"3,keyasint,omitempty"`
	Fork    []byte          `cbor:"4,keyasint,omitempty"` // see witness.Fork
}

// Check implements the bound of operation.
func (f found) Check() error {
	if f.Verdict < witness.Larger || f.Verdict > witness.Noted || len(f.Kept) > witness.MaxNote || len(f.Line) > maxLine || len(f.Fork) > witness.MaxForkLen {
		return fmt.Errorf("verdict %d, a note of %d bytes, a line of %d, a fork of %d", f.Verdict, len(f.Kept), len(f.Line), len(f.Fork))
	}
	return nil
}

// largest are the largest checkpoints of the asker that are kept, one of each epoch.
type largest struct {
	Kept  []seen `cbor:"1,keyasint"`
	Epoch uint64 `cbor:"2,keyasint,omitempty"` // of the ledger of whoever tells it
	// Behind says that whoever tells it may lack what its other replicas have.
	Behind bool `cbor:"3,keyasint,omitempty"`
}

type seen struct {
	_    struct{} `cbor:",toarray"`
	Note []byte
	At   uint64
}

// mostEpochs is how many epochs are told of, the last ones.
const mostEpochs = 16

// Check implements the bound of operation.
func (l largest) Check() error {
	if len(l.Kept) > mostEpochs {
		return fmt.Errorf("%d checkpoints, more than %d", len(l.Kept), mostEpochs)
	}
	for _, k := range l.Kept {
		if len(k.Note) > witness.MaxNote || k.At > ledger.MaxTime {
			return fmt.Errorf("a note of %d bytes, at %d ms", len(k.Note), k.At)
		}
	}
	return nil
}

// Serve registers this room's operations.
func (d *Desk) Serve(in *relay.Registry) {
	operationWitness.Serve(in, d.witness)
	operationAct.Serve(in, d.witnessAct)
	operationLargest.Serve(in, d.tellLargest)
	operationRisen.Serve(in, d.tellRisen)
	operationRaise.Serve(in, d.takeHeads)
	operationHeads.Serve(in, d.tellHeads)
	operationLostKeys.Serve(in, d.tellLostKeys)
	operationLogs.Serve(in, d.tellLogs)
}

// pay takes a question from the budget of the neighbour over whose link it came.
func (d *Desk) pay(ctx context.Context) error { return d.payFrom(ctx, d.spent, 1) }

func (d *Desk) payFrom(ctx context.Context, rates *budget.Rates, cost float64) error {
	payer, _ := budget.PayerOf(ctx)
	err := rates.Spend(cost, payer, d.o.Now())
	if spent, ok := errors.AsType[*budget.SpentError](err); ok {
		return d.busy(spent.Seconds(), err)
	}
	return err
}

func (d *Desk) busy(seconds int64, err error) error {
	return text.Fail(text.Busy, text.Args{"jurisdiction": d.name.String(), "again": fmt.Sprint(seconds)}, err)
}

// witness judges the checkpoint that a neighbour shows.
func (d *Desk) witness(ctx context.Context, r relay.Received, o witness.Offer) (found, error) {
	return d.takeOffer(ctx, r.Header.Origin, o, false)
}

// takeOffer judges the checkpoint that a neighbour shows, which has acts or not. (1) A majority
// must have signed it, by key sets that count now, (2) it is compared with what is kept, and (3)
// kept itself where it is larger, before (4) it is cosigned, unless it is a child's on this node.
func (d *Desk) takeOffer(ctx context.Context, who identity.Jurisdiction, o witness.Offer, acts bool) (found, error) {
	if err := d.payFrom(ctx, d.showing, 1); err != nil {
		return found{}, err
	}
	sets, err := d.o.KeySets(who)
	if err != nil || d.notFrom(who) {
		return found{}, text.Fail(text.NoWitness, text.Args{"name": who.String(), "jurisdiction": d.name.String()}, err)
	}
	shown, err := witness.Open(o, who, counting(sets, d.o.Now()))
	if err != nil {
		return found{}, d.refused(who, err)
	}
	d.judging.Lock()
	defer d.judging.Unlock()
	by, err := d.look(ctx, shown.Checkpoint.Log, firstEpoch(sets))
	if err != nil {
		return found{}, err
	}
	if len(by.evidence) > 0 {
		return found{Verdict: witness.Forked, Kept: by.k.Note, Fork: by.evidence}, nil
	}
	verdict, against, err := by.judge(shown)
	if err == nil && by.over && verdict == witness.Larger {
		err = errOver
	}
	if err != nil {
		return found{}, d.refused(who, err)
	}
	d.hears(verdict, shown.Checkpoint, against)
	switch verdict {
	case witness.Forked:
		return found{Verdict: verdict, Kept: against.Note}, d.keepFork(ctx, who, against, shown)
	case witness.Elsewhere, witness.Behind:
		return found{Verdict: verdict, Kept: against.Note}, nil
	}
	if kept, err := d.keep(ctx, by, shown, acts && d.keepsNow(who)); err != nil || !kept {
		return found{Verdict: witness.Noted}, err
	}
	if d.o.Here(who) {
		return found{Verdict: verdict}, nil
	}
	line, err := ledger.Cosign(shown.Checkpoint, d.name, uint64(d.o.Now().Unix()), d.o.Own)
	return found{Verdict: verdict, Line: line}, err
}

// errOver is why a larger checkpoint is refused of a log that goes on in a later epoch.
var errOver = errors.New("a later epoch of this ledger was witnessed, so this one grows no more")

// refused tells whoever showed a checkpoint that nothing was proven by it.
func (d *Desk) refused(who identity.Jurisdiction, err error) error {
	return text.Fail(text.CheckpointRefused, text.Args{"name": who.String(), "jurisdiction": d.name.String()}, err)
}

func before(k kept, known bool) *ledger.Checkpoint {
	if !known {
		return nil
	}
	c := k.checkpoint()
	return &c
}

// counting returns the key sets that count now.
func counting(sets []trust.Believed, now time.Time) (all []trust.KeySet) {
	for _, b := range trust.At(sets, now) {
		all = append(all, b.KeySet)
	}
	return all
}

// keepsNow reports whether a checkpoint of a child is kept at once, though one was a moment ago.
func (d *Desk) keepsNow(child identity.Jurisdiction) bool {
	return d.isChild(child) && d.hasty.Spend(1, budget.Payer{Neighbour: child.String()}, d.o.Now()) == nil
}

// keep keeps a checkpoint that is larger than the stored one. One that comes soon after the one
// before is remembered, and kept soon, unless it is to be kept now: it costs a write.
func (d *Desk) keep(ctx context.Context, by standsBy, s witness.Shown, atOnce bool) (done bool, err error) {
	now, c, stored := d.o.Now(), s.Checkpoint, by.stored
	if c == stored.checkpoint() {
		return true, nil
	}
	k := kept{Log: c.Log, Size: c.Size, Root: c.Root, Note: s.Growth.Note, At: uint64(now.UnixMilli()), Begun: by.begun(s)}
	if gap := now.Sub(time.UnixMilli(int64(stored.At))); !atOnce && stored.Size > 0 && gap >= 0 && gap < leastGap {
		d.note(k)
		return false, nil
	}
	err = d.keepNow(ctx, stored, k)
	if err == nil {
		d.forget(k.Log, k.Size)
	}
	return err == nil, err
}

// keepNow keeps a larger checkpoint than the stored one, and logs a child's.
func (d *Desk) keepNow(ctx context.Context, stored, k kept) error {
	body := keepBody{Before: stored.Size, Logged: []book.Statement{}, Kept: k}
	if d.isChild(k.Log.Jurisdiction()) {
		statement, err := d.o.Own.Note("text/plain", k.Note)
		if err != nil {
			return err
		}
		body.Logged = append(body.Logged, statement)
	}
	done, err := commandKeep.Do(ctx, d.o.Own, book.Request{}, body)
	if err == nil && !done.Kept {
		err = d.busy(1, nil) // another replica kept one meanwhile
	}
	return err
}

// keepFork keeps the evidence that a neighbour's log has two histories.
func (d *Desk) keepFork(ctx context.Context, who identity.Jurisdiction, k kept, s witness.Shown) error {
	f := fork{
		Log: s.Checkpoint.Log, Holder: d.name, Size: k.Size, Evidence: witness.ForkOf(k.Note, s, k.checkpoint()).Encode(), At: uint64(d.o.Now().UnixMilli()),
	}
	d.o.Logger.Error("ledger of neighbour has two histories", "peer", who.String(), "log", s.Checkpoint.Log.String(), "before", k.Log.String(), "size", k.Size)
	return d.recordFork(ctx, f)
}

// recordFork keeps the evidence of a fork. One of the own ledger puts it in question, also where
// the evidence cannot be kept.
func (d *Desk) recordFork(ctx context.Context, f fork) error {
	var doubted error
	if f.Log.Jurisdiction() == d.name {
		doubted = d.doubt(ctx, f)
	}
	statement, err := d.o.Own.Note("application/cbor", f.Evidence)
	if err == nil {
		_, err = commandFork.Do(ctx, d.o.Own, book.Request{}, forkBody{Fork: f, Statement: statement})
	}
	return errors.Join(doubted, err)
}

// KeptOf returns what was seen of a neighbour's logs.
func (d *Desk) KeptOf(ctx context.Context, of identity.Jurisdiction) (k door.Kept, err error) {
	if err := d.o.Own.CaughtUp(ctx); err != nil {
		return k, err
	}
	err = d.o.Own.Look(func(r *state.Reader) error {
		var logs []kept
		for _, k := range keptOf.All(r, ofLog(of)) {
			logs = append(logs, k)
		}
		if len(logs) == 0 {
			return nil
		}
		slices.SortFunc(logs, func(a, b kept) int { return cmp.Compare(b.Log.Epoch(), a.Log.Epoch()) })
		newest := logs[0]
		for _, before := range logs[1:min(len(logs), mostEpochs)] {
			k.Before = append(k.Before, d.largestOf(before).Note)
		}
		all := []kept{d.largestOf(newest), newest}
		for _, k := range olderOf.All(r, keyOfLog(newest.Log)) {
			all = append(all, k)
		}
		slices.SortFunc(all, func(a, b kept) int { return cmp.Compare(b.Size, a.Size) })
		all = slices.CompactFunc(all, func(a, b kept) bool { return a.Size == b.Size })
		k.Largest = all[0].Note
		for _, o := range all[1:] {
			k.Older = append(k.Older, o.Note)
		}
		return nil
	})
	return k, err
}

// caughtWithin is how long whoever is asked what it saw waits for what its other replicas have.
const caughtWithin = 2 * time.Second

// behind reports whether this replica may lack what the others acknowledged. It waits for that, but
// not for long: who asks may be unable to go on without the answer.
func (d *Desk) behind(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, caughtWithin)
	defer cancel()
	return d.o.Own.CaughtUp(ctx) != nil
}

// tellLargest tells whoever asks what is kept of its own ledger. A replica that was set back, or
// away, has less of that than the others, and says so where it cannot catch up.
func (d *Desk) tellLargest(ctx context.Context, r relay.Received, _ nothing) (largest, error) {
	return d.largestFor(ctx, r.Header.Origin)
}

// TellSeen is tellLargest for a neighbour that asks over its link.
func (d *Desk) TellSeen(ctx context.Context, peer identity.Jurisdiction) (s door.Seen, err error) {
	told, err := d.largestFor(ctx, peer)
	s = door.Seen{Notes: []door.SeenNote{}, Epoch: told.Epoch, Behind: told.Behind}
	for _, k := range told.Kept {
		s.Notes = append(s.Notes, door.SeenNote{Note: k.Note, At: k.At})
	}
	return s, err
}

func (d *Desk) largestFor(ctx context.Context, who identity.Jurisdiction) (largest, error) {
	out := largest{Kept: []seen{}}
	if err := d.pay(ctx); err != nil {
		return out, err
	}
	out.Behind = d.behind(ctx)
	err := d.o.Own.Look(func(s *state.Reader) error {
		out.Epoch = s.Log().Epoch()
		var all []kept
		for _, k := range keptOf.All(s, ofLog(who)) {
			all = append(all, k)
		}
		slices.SortFunc(all, func(a, b kept) int { return cmp.Compare(a.Log.Epoch(), b.Log.Epoch()) })
		for _, k := range all[max(0, len(all)-mostEpochs):] {
			if later, ok := d.noted(k.Log); ok && later.Size > k.Size {
				k = later
			}
			out.Kept = append(out.Kept, seen{Note: k.Note, At: k.At})
		}
		return nil
	})
	return out, err
}
