package witnessing

import (
	"context"
	"maps"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
)

// A child says in its heads which key sets it endorses for its own children. Whoever stands above
// holds that against what it believes of them: so a child that shows one key set to its child, and
// another one upward, is found. Where it endorses two of one chain under one number, its own heads
// tell.

// endorsed is a key set that a ledger endorsed.
type endorsed struct {
	number uint64
	hash   tlog.Hash
	by     ledger.Ref // the invitation with which it was endorsed first
	entry  uint64
	at     time.Time
}

// endorses is what the newest log of a child endorsed, as far as it was read.
type endorses struct {
	log   identity.Log
	names state.Names
	to    uint64
	of    map[identity.Jurisdiction][]endorsed // in their order
	twice map[identity.Jurisdiction]Finding    // the first of each
	odd   map[identity.Jurisdiction]Finding    // as they were found last
	at    time.Time                            // when that was
	full  bool                                 // there are more children, from to on
	told  bool                                 // that was logged
}

// What is remembered of a child: a child has more children only where it makes them up.
const (
	mostEndorsed   = 64 // key sets of one
	mostOfEndorser = 4096
)

// longAgo is how long ago other keys may have been endorsed, for a child that joined anew, until
// those that are believed must be given up: keys that no others vouch for wait for three days.
const longAgo = 7 * 24 * time.Hour

// add adds a key set, and reports another one with the same number: in the same chain, or in one
// that was given up for another and comes back. A key set is of the chain with whose invitation it
// was endorsed first: it may be renewed while one for other keys waits.
func (e *endorses) add(child identity.Jurisdiction, now endorsed) (other endorsed, twice bool) {
	all := e.of[child]
	var last endorsed
	had := false
	for _, was := range all {
		switch {
		case was.number != now.number:
			continue
		case was.hash == now.hash:
			had = true
		case was.by == now.by:
			other, twice = was, true
		}
		last = was
	}
	if had && last.hash == now.hash {
		return other, false
	}
	if had {
		other, twice = last, true
	}
	e.of[child] = append(all[max(0, len(all)+1-mostEndorsed):], now)
	return other, twice
}

// newestBegun returns the newest log of a child of which it is known how its epoch began, or that
// began a ledger anew; else the first. Another one takes the place of none: its first heads alone
// would end what was found.
func newestBegun(r *state.Reader, by identity.Jurisdiction) (newest identity.Log) {
	for i, log := range epochsOf(r, by, by) {
		k, _ := risenOf.Load(r, keyOfRisen(by, log))
		if _, begun := k.lostAfter(log.Epoch() - 1); begun || k.Anew || i == 0 {
			newest = log
		}
	}
	return newest
}

// read goes on reading the heads of a child's newest log, as long as there is room.
func (e *endorses) read(r *state.Reader, by identity.Jurisdiction, now time.Time) error {
	newest := newestBegun(r, by)
	if newest != e.log || e.of == nil {
		*e = endorses{log: newest, of: map[identity.Jurisdiction][]endorsed{}, twice: map[identity.Jurisdiction]Finding{}, told: e.told}
	}
	k, _ := risenOf.Load(r, keyOfRisen(by, newest))
	e.names = k.names()
	acts := &actsOf{r: r, k: k}
	for n, data, ok := acts.fromIndex(e.to); ok; n, data, ok = acts.fromIndex(n + 1) {
		leaf, err := ledger.DecodeLeaf(data)
		if err != nil {
			return err
		}
		if leaf.Head.Kind == ledger.KindEndorsement && !e.take(by, leaf.Head, n, now) {
			e.to, e.full = n, true
			return nil
		}
	}
	e.to = k.To
	return nil
}

// take takes the head of an endorsement; false: there is no room. One that names no child is passed
// over: nobody is believed by it.
func (e *endorses) take(by identity.Jurisdiction, h ledger.Head, entry uint64, now time.Time) bool {
	child, err := by.Child(h.Code)
	if err != nil {
		return true
	}
	if _, known := e.of[child]; !known && len(e.of) >= mostOfEndorser {
		return false
	}
	was, twice := e.add(child, endorsed{number: h.To, hash: h.Root, by: h.About, entry: entry, at: earlier(time.UnixMilli(int64(h.At())), now)})
	if _, told := e.twice[child]; twice && !told {
		e.twice[child] = Finding{About: by, Endorsed: child, Size: h.To, Entry: e.names.Entry(entry), Other: e.names.Entry(was.entry), At: now}
	}
	return true
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// makeRoom forgets the children that are not believed, so that reading goes on with the next round.
// Where all are, one goes: whoever comes finds room.
func (e *endorses) makeRoom(believed map[identity.Jurisdiction]bool) {
	for child := range e.of {
		if !believed[child] {
			delete(e.of, child)
		}
	}
	for child := range e.of {
		if len(e.of) < mostOfEndorser {
			break
		}
		delete(e.of, child)
	}
	e.full = false
}

// differs returns the entry that endorses another key set than the one that is believed, under its
// number, where none endorses that one, or other keys took its place long ago.
func differs(all []endorsed, number uint64, hash tlog.Hash, now time.Time) (entry uint64, found bool) {
	same, long := false, false
	for _, e := range all {
		switch {
		case e.number != number:
		case e.hash == hash:
			same, found = true, false
		default:
			long = found && long || now.Sub(e.at) >= longAgo
			entry, found = e.entry, true
		}
	}
	return entry, found && (!same || long)
}

// checkEndorsed compares what the children endorse with what is believed here, and tells what
// differs. It belongs to Round.
func (d *Desk) checkEndorsed(ctx context.Context) {
	found := map[identity.Jurisdiction]Finding{}
	for _, by := range d.o.Children() {
		e := d.endorses[by]
		if e == nil {
			e = &endorses{}
			d.endorses[by] = e
		}
		if err := d.judgeEndorsed(ctx, by, e); err != nil {
			d.o.Logger.Warn("the endorsements of a child cannot be read", "peer", by.String(), "error", err)
		}
		maps.Copy(found, e.odd)
	}
	d.tellEndorsed(found)
}

// judgeEndorsed compares what one child endorses, where it endorsed something since, or that was
// done long ago.
func (d *Desk) judgeEndorsed(ctx context.Context, by identity.Jurisdiction, e *endorses) error {
	was, now := e.to, d.o.Now()
	err := d.o.Own.Look(func(r *state.Reader) error { return e.read(r, by, now) })
	if err != nil || e.to == was && now.Sub(e.at).Abs() < showAgain {
		return err
	}
	e.at, e.odd = now, maps.Clone(e.twice)
	believed := map[identity.Jurisdiction]bool{}
	for child, all := range e.of {
		pin, known := d.o.Believed(ctx, child)
		if !known {
			continue
		}
		believed[child] = true
		if entry, other := differs(all, pin.Number(), tlog.Hash(pin.Hash()), now); other {
			e.odd[child] = Finding{About: by, Endorsed: child, Size: pin.Number(), Entry: e.names.Entry(entry), At: now}
		}
	}
	if e.full {
		if !e.told {
			e.told = true
			d.o.Logger.Error("a child endorses more children than can be compared at once", "peer", by.String(), "children", len(e.of))
		}
		e.makeRoom(believed)
	}
	return nil
}

// tellEndorsed keeps what was found, and logs what is new.
func (d *Desk) tellEndorsed(found map[identity.Jurisdiction]Finding) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for child, f := range found {
		if was, told := d.odd[child]; told {
			f.At = was.At
			found[child] = f
			continue
		}
		d.o.Logger.Error("a child endorses other keys than it shows", "peer", f.About.String(), "of", child.String(), "key_set", f.Size, "entry", f.Entry.String())
	}
	d.odd = found
}
