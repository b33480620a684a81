package witnessing

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/node/ground/book"
	"xietong/node/ground/text"
)

// View is what a person is told of one neighbour as a witness, and as witnessed.
type View struct {
	Kept       uint64 // entries of its ledger up to which it was witnessed here; 0: it was not
	KeptAt     time.Time
	Heads      uint64    // entries of its ledger of which the acts are known here; 0: of none
	HeadsFrom  uint64    // the first epoch of it of which heads are kept, where that is not its first; else 0
	Lost       []Lost    // what its ledger says that it lost, by the epochs that it began for that
	Cosigned   uint64    // entries of the own ledger up to which it cosigned; 0: it did not
	CosignedAt time.Time // by its clock
}

// Lost are entries that a ledger below says it lost, by an epoch that it began for that.
type Lost struct {
	Epoch    uint64
	Before   uint64         // the epoch from which it went on; what those between had is lost, too
	Entry    identity.Entry // that says so
	From, To uint64         // entries of those epochs; the same: none said how many
	Seen     uint64         // of one of them, so many had been witnessed here
}

// lostBy returns what a child's ledger says that it lost, as far as its heads are known or, of a
// newer epoch, as it was witnessed.
func lostBy(r *state.Reader, child identity.Jurisdiction) (all []Lost) {
	var newest risen
	for _, k := range risenOf.All(r, append(book.Joined(child.String()), ofLog(child)...)) {
		if k.Log.Epoch() > newest.Log.Epoch() {
			newest = k
		}
	}
	for _, k := range keptOf.All(r, ofLog(child)) {
		if e := k.Log.Epoch(); e > newest.Log.Epoch() || e == newest.Log.Epoch() && len(newest.Begun) == 0 {
			newest = risen{Log: k.Log, Begun: k.Begun}
		}
	}
	names := newest.names()
	for _, b := range newest.Begun {
		l := Lost{Epoch: b.Epoch, Before: b.Before, Entry: names.Entry(b.Entry), From: b.From, To: b.To}
		for _, k := range keptOf.All(r, ofLog(child)) {
			if e := k.Log.Epoch(); e >= b.Before && e < b.Epoch {
				l.Seen = max(l.Seen, max(min(k.Size, b.To), b.From)-b.From)
			}
		}
		all = append(all, l)
	}
	return all
}

// keptBefore is what is kept of the newest epoch of a ledger from first on and before another one;
// Size 0: nothing is kept of any.
func keptBefore(r book.Reads, name identity.Jurisdiction, first, epoch uint64) (before kept) {
	for _, k := range keptOf.All(r, ofLog(name)) {
		if e := k.Log.Epoch(); e >= first && e < epoch && e > before.Log.Epoch() {
			before = k
		}
	}
	return before
}

// Of returns what is kept of a neighbour.
func (d *Desk) Of(r *state.Reader, name identity.Jurisdiction) (v View) {
	for _, k := range keptOf.All(r, ofLog(name)) {
		if at := time.UnixMilli(int64(k.At)); at.After(v.KeptAt) {
			v.Kept, v.KeptAt = k.Size, at
			had, _, _ := risenOf.Read(r, keyOfRisen(name, k.Log))
			v.Heads = had.To
		}
	}
	if epochs := epochsOf(r, name, name); len(epochs) > 0 && epochs[0].Epoch() > 1 {
		v.HeadsFrom = epochs[0].Epoch()
	}
	v.Lost = lostBy(r, name)
	if c, _, err := cosignedBy.Read(r, keyOfWitness(name)); err == nil && c.Log == r.Log() {
		v.Cosigned, v.CosignedAt = c.Size, time.Unix(int64(c.At), 0)
	}
	return v
}

// Finding is what a person must look at: a ledger that has two histories, or is shorter than what
// its majority has signed.
type Finding struct {
	About identity.Jurisdiction // the neighbour whose ledger it is or, of the own one, who keeps what is missing here
	Own   bool                  // it is of the own ledger
	Size  uint64                // entries that there are or, of two histories, in the one that was kept
	Kept  uint64                // entries that there must be; 0: the ledger has two histories
	At    time.Time
	Entry identity.Entry // that has the evidence of two histories
	Log   identity.Log   // of which that was kept, where it is of an epoch before; else zero
	Epoch uint64         // that goes on from Log, and does not show how
	// Hidden is an act that was shown, and that the heads of Log do not show, which About sent.
	Hidden identity.Entry
	// Endorsed is a child of About for which it endorses, by Entry, other keys as number Size than
	// are believed here or, where that is not zero, than by Other.
	Endorsed identity.Jurisdiction
	Other    identity.Entry
	// Apart says that heads of Log, which About sent, do not go on from the Size that are kept.
	Apart bool
	// Evidence is that of two histories: see witness.Fork.
	Evidence []byte
}

// Findings returns what nobody has acknowledged: first the ledgers with two histories.
func (d *Desk) Findings(r *state.Reader) (all []Finding) {
	for _, f := range forks.All(r, nil) {
		if f.Seen == ledger.None {
			all = append(all, Finding{
				About: f.about(d.name), Own: f.Log.Jurisdiction() == d.name, Size: f.Size, At: time.UnixMilli(int64(f.At)), Entry: f.Entry.In(r.Names()), Evidence: f.Evidence,
			})
		}
	}
	all = append(all, findHidden(r)...)
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, name := range inOrder(d.heard) {
		if h := d.heard[name]; h.doubts(d.o.Now()) {
			all = append(all, h.Finding)
		}
	}
	for _, name := range inOrder(d.apart) {
		all = append(all, d.apart[name])
	}
	for _, name := range inOrder(d.odd) {
		all = append(all, d.odd[name])
	}
	for _, name := range inOrder(d.shown) {
		if s := d.shown[name]; s.behind > 0 {
			all = append(all, Finding{About: name, Own: true, Size: s.size, Kept: s.behind, At: s.at})
		}
	}
	return all
}

func inOrder[V any](of map[identity.Jurisdiction]V) []identity.Jurisdiction {
	return slices.SortedFunc(maps.Keys(of), func(a, b identity.Jurisdiction) int { return strings.Compare(a.String(), b.String()) })
}

// Acknowledge records that a person knows of the ledgers with two histories that have to do with a
// neighbour, and of heads that it sent and that hide an act, and what came of it. It returns the
// entry of the last. The error is text.NoFork where there is none. The same request again gets the
// same answer.
func (d *Desk) Acknowledge(ctx context.Context, id identity.Message, about identity.Jurisdiction, reason string) (entry identity.Entry, err error) {
	q := book.ByNode(d.o.Own, id, []byte(about.String()+"\n"+reason))
	ref, came, err := commandAcknowledge.Came(ctx, d.o.Own, q)
	if came || err != nil {
		return ref.In(d.o.Own.Names()), err
	}
	var all []acknowledgeBody
	err = d.o.Own.View(ctx, func(r *state.Reader) error {
		all = d.open(r, about)
		return nil
	})
	if err == nil && len(all) == 0 {
		err = text.Fail(text.NoFork, text.Args{"name": about.String()}, nil)
	}
	for i, body := range all {
		if err != nil {
			break
		}
		if body.Statement, err = d.o.Own.Note("text/plain", []byte(reason)); err != nil {
			break
		}
		with := book.Request{}
		if i == len(all)-1 { // the same request again finds that all are done
			with = q
		}
		entry, err = book.Enter(ctx, d.o.Own, commandAcknowledge, with, body)
	}
	return entry, err
}

// open returns what has to do with a neighbour and nobody acknowledged: forks, and acts that heads
// hide.
func (d *Desk) open(r *state.Reader, name identity.Jurisdiction) (all []acknowledgeBody) {
	for _, f := range forks.All(r, nil) {
		if f.about(d.name) == name && f.Seen == ledger.None {
			all = append(all, acknowledgeBody{Log: f.Log, Holder: f.Holder})
		}
	}
	for _, h := range hiddenIn.All(r, nil) {
		if h.Child == name {
			all = append(all, acknowledgeBody{Log: h.Log, Holder: h.Child})
		}
	}
	return all
}
