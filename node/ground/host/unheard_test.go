package host

import (
	"errors"
	"testing"

	"xietong/consensus/ledger"
	"xietong/consensus/state"
)

// lostTwo returns an old copy of a ledger, what a neighbour saw of it then, and what it saw last.
func lostTwo(t *testing.T) (old string, early, last Seen) {
	t.Helper()
	dir := t.TempDir()
	h := open(t, dir)
	add(t, h)
	early = seen(t, h)
	closed(t, h)
	old = copyOf(t, dir)
	h = tryOpen(t, dir, "")
	for range 3 {
		add(t, h)
	}
	last = seen(t, h)
	closed(t, h)
	return old, early, last
}

// TestOlderAndNobodySaw (C16): by the word of a person that the folder is older, while no neighbour
// says what it saw, the ledger goes on in a new epoch, so no name is used again. Its first entry
// commits to what is here. A neighbour that saw more than is named puts it in question again, and
// another entry says so.
func TestOlderAndNobodySaw(t *testing.T) {
	old, early, last := lostTwo(t)
	h := tryOpen(t, old, "")
	defer func() { closed(t, h) }()
	from := h.question.Load().Size
	add(t, h)
	lost := Lost{From: from, Checked: true}
	if _, err := h.BeginEpoch(t.Context(), newID(t), "r", lost); !errors.As(err, new(*QuestionError)) {
		t.Errorf("while a neighbour may answer: %v", err)
	}
	_ = h.askOnce(t.Context(), told{err: ErrNoWitness})
	id := newID(t)
	entry, err := h.BeginEpoch(t.Context(), id, "the disk is lost", lost)
	if err != nil || entry.Log().Epoch() != 2 || h.Names().Entry(from).Log().Epoch() != 2 || h.Names().Entry(from-1).Log().Epoch() != 1 {
		t.Fatalf("got %s, %v", entry, err)
	}
	if again, err := h.BeginEpoch(t.Context(), id, "the disk is lost", lost); err != nil || again != entry {
		t.Errorf("the same again: %s, %v", again, err)
	}
	if signs(t, h) {
		t.Error("it signs before that is settled")
	}
	closed(t, h)
	h = tryOpen(t, old, "")
	begins := begunOf(t, h, 2)
	was, known := begins.Seen, begins.Lost
	if was.Checkpoint.Size != from || known.From != from || !known.Checked || was.Checkpoint != early.Checkpoint {
		t.Fatalf("after a restart: %+v", begins)
	}
	if err := h.SettleEpoch(t.Context(), 2, false); err != nil || !signs(t, h) || !h.Unheard() {
		t.Fatalf("not settled: %v", err)
	}
	if h.Doubt(early); h.Questioned() != nil {
		t.Errorf("what is here puts it in question: %v", h.Questioned())
	}
	h.Doubt(last)
	add(t, h)
	if q := h.question.Load(); q == nil || q.Found == nil || q.Size != from || signs(t, h) {
		t.Fatalf("more was seen: %+v", q)
	}
	if entry, err = h.BeginEpoch(t.Context(), newID(t), "r", Lost{From: from}); err != nil {
		t.Fatal(err)
	}
	begun, err := h.Entry(t.Context(), entry.Index())
	if head := begun.Leaf.Head; err != nil || head.Kind != ledger.KindEpoch || head.From != from || head.To != last.Checkpoint.Size || h.Log().Epoch() != 2 {
		t.Errorf("got %+v, %v", begun, err)
	}
}

// TestNewestByAWord (C16): a folder of which a person says that it is the newest, and which is not,
// is found by the first neighbour that is asked, also after a restart. What is lost begins where
// the folder was put back, not where it was opened last.
func TestNewestByAWord(t *testing.T) {
	old, _, last := lostTwo(t)
	h := tryOpen(t, old, "")
	from := h.question.Load().Size
	_ = h.askOnce(t.Context(), told{err: ErrNoWitness})
	if _, err := h.Continue(t.Context(), newID(t), "moved"); err != nil || !signs(t, h) || !h.Unheard() {
		t.Fatalf("not gone on: %v", err)
	}
	closed(t, h)
	h = tryOpen(t, old, "")
	defer func() { closed(t, h) }()
	if !h.Unheard() || h.Questioned() != nil {
		t.Fatalf("after a restart: unheard %t, %v", h.Unheard(), h.Questioned())
	}
	h.Doubt(last)
	if q := h.question.Load(); q == nil || q.Found == nil || q.Size != from {
		t.Errorf("what is lost is from entry %d on: %+v", from, q)
	}
	if err := h.Heard(h.Continuations()); err != nil || h.Unheard() {
		t.Error(err)
	}
	closed(t, h)
	h = tryOpen(t, old, "")
	if h.Unheard() {
		t.Error("unheard again after a restart")
	}
	_ = h.Look(func(r *state.Reader) error {
		if len(r.Epochs()) > 0 {
			t.Error("a new epoch")
		}
		return nil
	})
}
