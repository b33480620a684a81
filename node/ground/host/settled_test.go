package host

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"xietong/certs/identity"
)

// unnoted is a ledger, put back to before it signed more, whose new epoch is settled in the ledger
// and whose place could not be noted then. mend lets it be noted.
func unnoted(t *testing.T) (h *Host, again func() *Host, mend func()) {
	t.Helper()
	dir, signed := filepath.Join(t.TempDir(), "data", "j", "nanming"), filepath.Join(t.TempDir(), "signed")
	closed(t, open(t, dir))
	again = func() *Host { return tryOpen(t, dir, signed) }
	h = again()
	add(t, h)
	early := seen(t, h)
	closed(t, h)
	old := copyOf(t, dir)
	h = again()
	for range 12 { // more than there will be in the new epoch
		add(t, h)
	}
	later := seen(t, h)
	closed(t, h)
	putBack(t, old, dir)
	h = again()
	_ = h.askOnce(t.Context(), told{seen: []Seen{later}})
	if _, err := h.BeginEpoch(t.Context(), newID(t), "r", Lost{From: early.Checkpoint.Size}); err != nil {
		t.Fatal(err)
	}
	full := filepath.Join(h.dir, placeFile+".new")
	if err := os.MkdirAll(filepath.Join(full, "x"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := h.SettleEpoch(t.Context(), 2, true); err == nil || signs(t, h) {
		t.Fatalf("the place was noted: %v", err)
	}
	return h, again, func() {
		if err := os.RemoveAll(full); err != nil {
			t.Fatal(err)
		}
	}
}

// TestSettledAgain: what is settled in the ledger, and no further, is settled by the same again,
// without a restart.
func TestSettledAgain(t *testing.T) {
	h, _, mend := unnoted(t)
	defer func() { closed(t, h) }()
	mend()
	if b := begunOf(t, h, 2); b.Lost.Settled {
		t.Errorf("got %+v", b)
	}
	if err := h.SettleEpoch(t.Context(), 2, true); err != nil || !signs(t, h) {
		t.Errorf("not settled: %v", err)
	}
	if all, err := h.Begun(); err != nil || len(all) > 0 {
		t.Errorf("not settled: %+v, %v", all, err)
	}
}

// TestSettledIsNoLoss: the same after a restart: what was signed in the epoch before is missing in
// no other.
func TestSettledIsNoLoss(t *testing.T) {
	h, again, mend := unnoted(t)
	closed(t, h)
	mend()
	h = again()
	defer func() { closed(t, h) }()
	if q := h.question.Load(); q != nil && q.Found != nil {
		t.Errorf("it lacks what %s has up to entry %d", q.Found.Checkpoint.Log, q.Found.Checkpoint.Size)
	}
}

// begunOf returns what is told of an epoch that is not settled, or of which not all is known.
func begunOf(t *testing.T, h *Host, epoch uint64) Begun {
	t.Helper()
	all, err := h.Begun()
	at := slices.IndexFunc(all, func(b Begun) bool { return b.Epoch == epoch })
	if err != nil || at < 0 {
		t.Fatalf("epoch %d is not told of: %+v, %v", epoch, all, err)
	}
	return all[at]
}

// restless are witnesses of whom the first that is asked has the question settled, and another one
// come.
type restless struct {
	first func()
	asked int
}

func (w *restless) Largest(context.Context) ([]Seen, error) {
	if w.asked++; w.asked == 1 {
		w.first()
	}
	return nil, nil
}

func (w *restless) Elsewhere() (all []identity.Jurisdiction, parent bool) { return nil, true }

// TestAnotherQuestionComes: the question is settled while the neighbours are asked, and one of them
// has seen more meanwhile. Nobody is asked on and on, and nothing is signed before the second
// question is settled, too.
func TestAnotherQuestionComes(t *testing.T) {
	old, _, last := lostTwo(t)
	h := tryOpen(t, old, "")
	defer func() { closed(t, h) }()
	first := h.question.Load()
	w := &restless{first: func() {
		if err := h.settle(h.question.Load()); err != nil {
			t.Error(err)
		}
		h.Doubt(last)
	}}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	h.AskWitnesses(ctx, w)
	if w.asked != 1 || ctx.Err() != nil {
		t.Errorf("asked %d times, %v", w.asked, ctx.Err())
	}
	second := h.question.Load()
	if second == nil || second.over == first.over {
		t.Fatalf("there is no other question: %v", second)
	}
	short, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	ready := h.unquestionedAnd(func(context.Context) error { return nil })
	if err := ready(short); err == nil {
		t.Error("it signs while it is in question")
	}
	if err := h.settle(h.question.Load()); err != nil {
		t.Fatal(err)
	}
	if err := ready(t.Context()); err != nil {
		t.Error(err)
	}
}

// overtaken are neighbours of whom another one proves something while their word is judged.
type overtaken struct {
	told
	meanwhile func()
}

func (o overtaken) Elsewhere() ([]identity.Jurisdiction, bool) {
	o.meanwhile()
	return o.told.Elsewhere()
}

// TestFoundWhileItIsSettled (C09): what a neighbour proved meanwhile is not forgotten with the
// question.
func TestFoundWhileItIsSettled(t *testing.T) {
	dir := t.TempDir()
	h := open(t, dir)
	add(t, h)
	parent := seen(t, h)
	closed(t, h)
	old := copyOf(t, dir)
	h = tryOpen(t, dir, "")
	add(t, h)
	more := childSaw(t, seen(t, h))
	closed(t, h)
	h = tryOpen(t, old, "")
	defer func() { closed(t, h) }()
	if h.Questioned() == nil {
		t.Fatal("not in question")
	}
	w := overtaken{told{seen: []Seen{parent}}, func() { h.Doubt(more) }}
	if err := h.askOnce(t.Context(), w); err == nil || h.Questioned() == nil {
		t.Errorf("got %v, in question: %v; a child has proven that it saw more", err, h.Questioned())
	}
}
