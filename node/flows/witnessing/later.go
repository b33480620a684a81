package witnessing

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"time"

	"xietong/certs/identity"
	"xietong/certs/trust"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/consensus/witness"
	"xietong/node/ground/book"
	"xietong/node/ground/host"
)

// A ledger that lost entries goes on as the log of a later epoch. Whoever witnessed the epoch
// before holds the first checkpoint of the later one against it: see witness.Later. The loss may
// begin before the largest checkpoint that was kept, so smaller ones are kept, too.

// olderOf are checkpoints that were kept of a log: in each tier the last one of each of its units,
// as many as it has slots.
var olderOf = book.Bucket[kept]{Name: "witness-older", Max: maxKept} // by log, tier and slot

// tiers say how old a loss may begin, and how precisely it is known then.
var tiers = []struct {
	unit  time.Duration
	slots uint64
}{{time.Minute, 64}, {time.Hour, 64}, {24 * time.Hour, 512}}

func keyOfOlder(log identity.Log, tier int, slot uint64) []byte {
	return binary.BigEndian.AppendUint16(append(keyOfLog(log), byte(tier)), uint16(slot))
}

// saveOlder keeps a checkpoint beside those before it.
func saveOlder(tx *state.Tx, k kept) error {
	for tier, t := range tiers {
		if err := olderOf.Save(tx, keyOfOlder(k.Log, tier, k.At/uint64(t.unit.Milliseconds())%t.slots), k); err != nil {
			return err
		}
	}
	return nil
}

// standsBy is what is kept of a log and, where there is one, of the ledger's epoch before.
type standsBy struct {
	k        kept // the larger one of what is stored and of what is remembered
	stored   kept
	known    bool
	evidence []byte // that it has two histories
	before   kept   // the largest of the epoch before, stored or remembered; Size 0: there is none
	older    []kept // of that epoch
	over     bool   // a later epoch is kept: this one is over, and grows no more
}

// look reads what a checkpoint of a log is judged by. The ledger began with the epoch first: what
// was before is of keys that a superior gave up.
func (d *Desk) look(ctx context.Context, log identity.Log, first uint64) (standsBy, error) {
	return viewed(ctx, d, func(r *state.Reader) (s standsBy, err error) {
		f, _ := forks.Load(r, keyOfFork(log, d.name))
		s.evidence = f.Evidence
		for _, k := range keptOf.All(r, ofLog(log.Jurisdiction())) {
			s.over = s.over || k.Log.Epoch() > log.Epoch()
		}
		s.stored, s.known = keptOf.Load(r, keyOfLog(log))
		s.k = d.largestOf(s.stored)
		if s.before = d.largestOf(keptBefore(r, log.Jurisdiction(), first, log.Epoch())); s.before.Size > 0 {
			for _, k := range olderOf.All(r, keyOfLog(s.before.Log)) {
				s.older = append(s.older, k)
			}
		}
		return s, nil
	})
}

// largestOf returns what is remembered of a log where that is larger than what is stored. It
// counts as kept: it is kept with the next minute.
func (d *Desk) largestOf(stored kept) kept {
	if later, ok := d.noted(stored.Log); ok && later.Size > stored.Size {
		return later
	}
	return stored
}

// unnamed reports whether more was kept of the epoch before than the ledger named as lost when the
// first checkpoint of this one was taken: another replica saw it in the minute before.
func (s standsBy) unnamed() bool {
	if s.before.Size == 0 {
		return false
	}
	lost := namedAfter(s.stored.Begun, s.before.Log.Epoch())
	_, all := witness.Named(s.before.checkpoint(), lost)
	return !all && len(lost) > 0 && lost[0].Epoch == s.before.Log.Epoch()+1
}

// begun is what is kept with a checkpoint that was judged: by which entries the log goes on from
// the epoch before.
func (s standsBy) begun(shown witness.Shown) []begun {
	all := append([]begun{}, s.stored.Begun...)
	if !s.known || s.unnamed() {
		all = append(all, begunIn(shown)...)
	}
	return all
}

// judge judges what is shown, by what is kept. against is what it was compared with, or what it
// must be proven from.
func (s standsBy) judge(shown witness.Shown) (v witness.Verdict, against kept, err error) {
	if s.known && s.unnamed() && (!shown.Names(s.before.checkpoint()) || len(s.begun(shown)) > mostBegun) {
		return witness.Behind, s.before, nil
	}
	if s.known || s.before.Size == 0 {
		v, err = witness.Judge(before(s.k, s.known), shown)
		return v, s.k, err
	}
	all := append(slices.Clip(s.older), s.before)
	var smaller []ledger.Checkpoint
	for _, k := range all {
		smaller = append(smaller, k.checkpoint())
	}
	v, at, err := witness.Later(s.before.checkpoint(), smaller, shown)
	for _, k := range all {
		if at != nil && k.checkpoint() == *at {
			against = k
		}
	}
	return v, against, err
}

// firstEpoch returns the epoch in which the ledger of the key sets began, as far as they tell.
func firstEpoch(sets []trust.Believed) uint64 {
	if len(sets) > 0 && sets[0].Number == 1 {
		return sets[0].Epoch
	}
	return 0
}

// crossing is how a witness is shown that the own ledger goes on from an epoch before.
type crossing struct {
	old   uint64 // the size from which to prove
	since uint64 // the epoch before; 0: it is shown nothing of that
}

// cross returns how to prove that the own ledger goes on from what a witness keeps of an epoch
// before. Where more is lost of that than was named, the ledger is in question; where it is not
// what is here, the own keys have signed two histories.
func (d *Desk) cross(ctx context.Context, to identity.Jurisdiction, k ledger.Checkpoint, note []byte) (next crossing, err error) {
	next.since = k.Log.Epoch()
	lost, err := looked(d, func(r *state.Reader) ([]ledger.Head, error) {
		_, heads, err := begunSince(r, next.since, 0)
		return heads, err
	})
	if err != nil {
		return next, err
	}
	upTo, all := witness.Named(k, lost)
	switch {
	case !all:
		if o, err := d.offer(ctx, next); err == nil { // the witness is shown what is named, as long as this ledger signs
			_, _ = ask(ctx, d, operationWitness, to, o.o)
		}
		d.o.Own.Doubt(host.Seen{By: to, Checkpoint: k, Note: note, At: d.o.Now()})
		return next, fmt.Errorf("%s keeps %d entries of %s, more than are named as lost: %w", to, k.Size, k.Log, errBehind)
	case upTo < k.Size: // it has a smaller one, or none, and says which
		return next, nil
	}
	next.old = k.Size
	root, err := d.rootAt(ctx, k.Size)
	if err == nil && root != k.Root {
		err = d.ownFork(ctx, to, k, note, next)
	}
	return next, err
}

// begunSince returns the entries that began the epochs after one, with their places in the tree of
// a size; 0: in none.
func begunSince(r *state.Reader, epoch, size uint64) (all []witness.Begun, lost []ledger.Head, err error) {
	for _, e := range r.Epochs() {
		if e.Number <= epoch {
			continue
		}
		b, err := begunAt(r, e.Entry, size)
		leaf, bad := ledger.DecodeLeaf(b.Leaf)
		if err = errors.Join(err, bad); err != nil {
			return nil, nil, fmt.Errorf("entry %d, which began epoch %d: %w", e.Entry, e.Number, err)
		}
		all, lost = append(all, b), append(lost, leaf.Head)
	}
	if len(all) > witness.MaxBegun {
		return nil, nil, fmt.Errorf("%d epochs were begun since %d: %w", len(all), epoch, errTooMany)
	}
	return all, lost, nil
}

// errTooMany is wrapped where a witness missed more epochs than it can be shown.
var errTooMany = errors.New("more than a witness takes")

// unproven is how long a neighbour may show a later epoch without proving that it goes on from the
// one before, until that is an alarm: it learns with its first offer that it must.
const unproven = 2 * every

// hearing is what a neighbour showed that a witness cannot take.
type hearing struct {
	Finding
	behind bool // it is less than was kept
	again  bool // it was shown once more, when nothing of the first time was under way any more
	told   bool // it was logged
}

// doubts reports whether what a neighbour showed is something a person must know. A checkpoint that
// another one overtook on its way is less than was kept, too: what is less is shown again.
func (h hearing) doubts(now time.Time) bool {
	if h.behind {
		return h.again || h.Epoch > 0
	}
	return now.Sub(h.At) >= unproven
}

// since goes on from what a neighbour showed before, where that is of the same ledger. One that
// showed since what was missing the first time was overtaken anew.
func (h hearing) since(was hearing) hearing {
	if was.Epoch != h.Epoch || h.behind && was.behind && h.Size >= was.Kept {
		return h
	}
	h.again = h.behind && was.behind && (was.again || h.At.Sub(was.At).Abs() >= within)
	h.At, h.told = was.At, was.told && was.behind == h.behind
	return h
}

// hears remembers who shows less than it has signed, or a later epoch that does not go on from what
// was witnessed, and logs when that begins.
func (d *Desk) hears(v witness.Verdict, shown ledger.Checkpoint, against kept) {
	who, now := shown.Log.Jurisdiction(), d.o.Now()
	h := hearing{Finding: Finding{About: who, Size: shown.Size, Kept: against.Size, At: now}, behind: v == witness.Behind}
	later := against.Size > 0 && against.Log != shown.Log
	if later {
		h.Log, h.Epoch = against.Log, shown.Log.Epoch()
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if !h.behind && !(later && v == witness.Elsewhere) {
		if d.heard[who].Epoch <= shown.Log.Epoch() { // an epoch of before proves nothing of a later one
			delete(d.heard, who)
		}
		return
	}
	if was, already := d.heard[who]; already {
		h = h.since(was)
	}
	if h.doubts(now) && !h.told {
		h.told = true
		d.o.Logger.Error("ledger of neighbour is not all that it signed", "peer", who.String(), "shows", shown.Log.String(), "is", shown.Size,
			"kept", against.Log.String(), "was", against.Size)
	}
	d.heard[who] = h
}
