package witnessing

import (
	"context"
	"slices"
	"sync"
	"time"

	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/consensus/witness"
)

// What was told must not be lost with the machine that told it. So after each act, such as a
// revocation, and whenever a checkpoint was signed, as for a receipt, neighbours are shown it at
// once, and not with the next minute. Whoever is shown more within the minute remembers it, and
// keeps it with the next: so nobody has another write for every act of a neighbour. It cosigns
// nothing that it does not keep.

// What is shown at once.
const (
	pause    = time.Second // between two times; what comes meanwhile goes together
	mostSoon = 8           // neighbours that are shown it, the parent first
	mostRead = 4096        // entries that are looked through for acts; more are taken for some
)

// watch shows the own checkpoint to neighbours soon, until ctx ends. One that is slow is not shown
// another one meanwhile, but after it, and keeps nobody waiting.
func (d *Desk) watch(ctx context.Context) {
	var showing sync.WaitGroup
	defer showing.Wait()
	at, _ := looked(d, func(r *state.Reader) (reached, error) { return reachedBy(r), nil })
	for ctx.Err() == nil {
		advanced := d.o.Own.Advanced()
		due, acts := false, false
		if at, due, acts = d.since(at); acts {
			d.acted()
		}
		if !due {
			select {
			case <-advanced:
				continue
			case <-d.free:
			case <-ctx.Done():
				continue
			}
		}
		parent, _ := d.o.Parent()
		all := d.shownTo()
		for _, name := range all[:min(len(all), mostSoon)] {
			if acts && name == parent {
				continue // Rise does
			}
			if d.begins(name) {
				showing.Go(func() { d.showSoon(ctx, name) })
			}
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
		}
	}
}

// reached is how far the own ledger was looked through.
type reached struct {
	log    identity.Log
	size   uint64 // entries
	signed uint64 // of them under a checkpoint
}

func reachedBy(r *state.Reader) reached {
	signed, _ := r.Checkpoint()
	return reached{log: r.Log(), size: r.Size(), signed: signed}
}

// since reports how far the own ledger goes, and whether there is an act, or more is signed, than
// there was and than neighbours were shown. acts says that there may be acts, shown or not.
func (d *Desk) since(was reached) (now reached, due, acts bool) {
	now = was
	_ = d.o.Own.Look(func(r *state.Reader) error {
		now = reachedBy(r)
		acts = now.size > was.size+mostRead
		for i := was.size; i < now.size && !acts; i++ {
			acts = ledger.Tells(r.Leaf(i))
		}
		return nil
	})
	due = acts || now.signed > was.signed
	return now, due && d.lacks(now), acts
}

// lacks reports whether a neighbour was not shown all that there is.
func (d *Desk) lacks(now reached) bool {
	all := d.shownTo()
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.ContainsFunc(all, func(name identity.Jurisdiction) bool { return !d.shown[name].has(now) })
}

// has reports whether all that there is was shown.
func (s shown) has(now reached) bool { return s.log == now.log && s.size >= now.size && s.why == nil }

// begins reports whether nothing is under way to a neighbour, and takes the turn: of two
// checkpoints that are shown side by side the later one may arrive first, and the other one looks
// like a ledger that was put back. Where something is, ends tells that there is more.
func (d *Desk) begins(name identity.Jurisdiction) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if _, busy := d.busyWith[name]; busy {
		d.busyWith[name] = true
		return false
	}
	d.busyWith[name] = false
	return true
}

func (d *Desk) ends(name identity.Jurisdiction) {
	d.mu.Lock()
	defer d.mu.Unlock()
	more := d.busyWith[name]
	delete(d.busyWith, name)
	if more {
		select {
		case d.free <- struct{}{}:
		default: // watch wakes already
		}
	}
}

// showInTurn shows the own checkpoint to a neighbour, unless one is under way: then it tells what
// came of the last one.
func (d *Desk) showInTurn(ctx context.Context, name identity.Jurisdiction) error {
	if !d.begins(name) {
		d.mu.Lock()
		defer d.mu.Unlock()
		return d.shown[name].why
	}
	defer d.ends(name)
	return d.show(ctx, name)
}

// showSoon shows the own checkpoint to one neighbour that has not been shown it. What fails is
// shown, and told, with the next round.
func (d *Desk) showSoon(ctx context.Context, name identity.Jurisdiction) {
	defer d.ends(name)
	now, err := looked(d, func(r *state.Reader) (reached, error) { return reachedBy(r), nil })
	d.mu.Lock()
	has := d.shown[name].has(now)
	d.mu.Unlock()
	if err == nil && !has {
		err = d.show(ctx, name)
	}
	if err != nil && ctx.Err() == nil {
		d.o.Logger.Debug("checkpoint was not shown at once", "peer", name.String(), "error", err)
	}
}

// noted is a checkpoint that a neighbour's log showed, or that was seen of it, and that is kept
// with the next minute. It is of a log of which a smaller one is kept.
func (d *Desk) noted(log identity.Log) (k kept, ok bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	k, ok = d.later[log]
	return k, ok
}

// note remembers a checkpoint until it is kept.
func (d *Desk) note(k kept) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.later[k.Log] = k
}

// forget forgets what was remembered of a log, as so much of it is kept.
func (d *Desk) forget(log identity.Log, size uint64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.later[log].Size <= size {
		delete(d.later, log)
	}
}

// Keep keeps what was remembered, once a minute, until ctx ends. Each replica keeps what it was
// shown itself.
func (d *Desk) Keep(ctx context.Context) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			d.keepNoted(ctx)
		case <-ctx.Done():
			return
		}
	}
}

func (d *Desk) keepNoted(ctx context.Context) {
	d.mu.Lock()
	all := make([]kept, 0, len(d.later))
	for _, k := range d.later {
		all = append(all, k)
	}
	d.mu.Unlock()
	for _, k := range all {
		d.judging.Lock()
		err := d.keepOne(ctx, k)
		d.judging.Unlock()
		if err != nil && ctx.Err() == nil {
			d.o.Logger.Warn("checkpoint of neighbour not kept", "log", k.Log.String(), "size", k.Size, "error", err)
		}
	}
}

// keepOne keeps a checkpoint that was remembered, unless as much is kept by now.
func (d *Desk) keepOne(ctx context.Context, k kept) error {
	have, err := viewed(ctx, d, func(r *state.Reader) (kept, error) {
		have, _ := keptOf.Load(r, keyOfLog(k.Log))
		return have, nil
	})
	if err == nil && have.Size < k.Size {
		err = d.keepNow(ctx, have, k)
	}
	if err == nil {
		d.forget(k.Log, k.Size)
	}
	return err
}

// Saw is told of a checkpoint of a neighbour that came with something else, such as a receipt. It
// counts as shown where it is larger than all that was: the neighbour must prove the next one from
// it. One as large and of another tree is a fork.
func (d *Desk) Saw(ctx context.Context, of identity.Jurisdiction, note []byte) error {
	sets, err := d.o.KeySets(of)
	if err != nil || d.o.Here(of) {
		return nil // no neighbour on another node
	}
	c, err := witness.OpenNote(note, of, counting(sets, d.o.Now()))
	if err != nil {
		return err
	}
	d.judging.Lock()
	defer d.judging.Unlock()
	by, err := d.look(ctx, c.Log, firstEpoch(sets))
	switch {
	case err == nil && by.over && c.Size > by.k.Size:
		return errOver
	case err != nil || !by.known || len(by.evidence) > 0 || c.Size < by.k.Size || c == by.k.checkpoint():
		return err
	case c.Size == by.k.Size:
		return d.keepFork(ctx, of, by.k, witness.Shown{Checkpoint: c, Growth: ledger.Growth{Note: note}})
	}
	d.note(kept{Log: c.Log, Size: c.Size, Root: c.Root, Note: note, At: uint64(d.o.Now().UnixMilli()), Begun: by.k.Begun})
	return nil
}

// SawReceipt is Saw for the checkpoint of a receipt, which whoever gets it verifies.
func (d *Desk) SawReceipt(ctx context.Context, of identity.Jurisdiction, receipt []byte) {
	r, err := ledger.DecodeReceipt(receipt)
	if err == nil && of != d.name {
		err = d.Saw(ctx, of, r.Note)
	}
	if err != nil {
		d.o.Logger.Debug("checkpoint of a receipt does not count as seen", "peer", of.String(), "error", err)
	}
}
