package host

import (
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
)

// losesMore has the ledger in a folder lose what it signed last, and begin another epoch by the
// word of a person.
func losesMore(t *testing.T, dir string) (h *Host, id identity.Message, entry identity.Entry) {
	t.Helper()
	h = tryOpen(t, dir, "")
	add(t, h)
	from := seen(t, h).Checkpoint.Size
	closed(t, h)
	old := copyOf(t, dir)
	h = tryOpen(t, dir, "")
	for range 12 { // more than there will be in the next epoch
		add(t, h)
	}
	last := seen(t, h)
	closed(t, h)
	putBack(t, old, dir)
	h = tryOpen(t, dir, "")
	h.Doubt(last)
	id = newID(t)
	entry, err := h.BeginEpoch(t.Context(), id, "r", Lost{From: from, Checked: true})
	if err != nil {
		t.Fatal(err)
	}
	return h, id, entry
}

// epochOf returns what the state has of an epoch.
func epochOf(t *testing.T, h *Host, number uint64) state.Epoch {
	t.Helper()
	e, ok := h.epochThat(func(e state.Epoch) bool { return e.Number == number })
	if !ok {
		t.Fatalf("there is no epoch %d", number)
	}
	return e
}

// TestEachEpochIsSettled (C31): a ledger that loses entries again, while not all is known of what
// it lost before, tells of both losses, and what is said of one settles nothing of the other.
func TestEachEpochIsSettled(t *testing.T) {
	dir := t.TempDir()
	closed(t, open(t, dir))
	h, _, _ := losesMore(t, dir)
	err := h.SettleEpoch(t.Context(), 2, false)
	if err == nil {
		err = h.RenewKeys(t.Context(), func(uint64) bool { return true })
	}
	if err != nil {
		t.Fatal(err)
	}
	closed(t, h)
	h, _, _ = losesMore(t, dir)
	defer func() { closed(t, h) }()
	if one, two := begunOf(t, h, 2), begunOf(t, h, 3); !one.Lost.Settled || two.Lost.Settled || one.Seen.Checkpoint.Log.Epoch() != 1 || two.Seen.Checkpoint.Log.Epoch() != 2 {
		t.Errorf("got %+v and %+v", one, two)
	}
	if err := h.SettleEpoch(t.Context(), 2, true); err != nil || signs(t, h) || !epochOf(t, h, 2).Whole {
		t.Fatalf("the epoch before settles the question: %v", err)
	}
	if err := h.SettleEpoch(t.Context(), 3, false); err != nil || !signs(t, h) {
		t.Fatalf("not settled: %v", err)
	}
	if e := epochOf(t, h, 3); !e.Settled || e.Whole {
		t.Errorf("epoch 3 is %+v", e)
	}
	closed(t, h)
	if h = tryOpen(t, dir, ""); !signs(t, h) {
		t.Errorf("in question again after a restart: %v", h.Questioned())
	}
	if err := h.SettleEpoch(t.Context(), 9, true); err != nil || begunOf(t, h, 3).Lost.Settled == false {
		t.Errorf("an epoch that is not there settles another: %v", err)
	}
}

// TestNewKeysOverAnUnsettledEpoch (C31): new keys begin an epoch while the one before is not
// settled. The question ends with the last of them, whichever that is, and after a restart between.
func TestNewKeysOverAnUnsettledEpoch(t *testing.T) {
	first := filepath.Join(t.TempDir(), "nanming")
	closed(t, open(t, first))
	h, _, _ := losesMore(t, first)
	closed(t, h)
	for _, order := range [][]uint64{{2, 3}, {3, 2}} {
		dir := copyOf(t, first)
		if _, err := anewIn(t, dir, 3, nil); err != nil {
			t.Fatal(err)
		}
		h := openAnewIn(t, dir)
		if one, two := begunOf(t, h, 2), begunOf(t, h, 3); !one.Lost.NewKeys || !two.Lost.NewKeys {
			t.Errorf("the keys of before count: %+v, %+v", one, two)
		}
		if err := h.SettleEpoch(t.Context(), order[0], true); err != nil || signs(t, h) || h.askedEpoch() != order[1] {
			t.Fatalf("settled by epoch %d alone: %v, waits for epoch %d", order[0], err, h.askedEpoch())
		}
		closed(t, h)
		h = openAnewIn(t, dir)
		if err := h.SettleEpoch(t.Context(), order[1], true); err != nil || !signs(t, h) {
			t.Errorf("not settled by epoch %d, the last: %v", order[1], err)
		}
		closed(t, h)
	}
}

// TestTheSameWordAgain: a word by which an epoch was begun, or was said to have lost more, returns
// the entry that records it when it comes again, also once that is settled. One that comes again
// while the ledger is in question for another reason says so.
func TestTheSameWordAgain(t *testing.T) {
	dir := t.TempDir()
	closed(t, open(t, dir))
	h, id, entry := losesMore(t, dir)
	defer func() { closed(t, h) }()
	again := func(what string, id identity.Message, want identity.Entry) {
		t.Helper()
		if got, err := h.BeginEpoch(t.Context(), id, "r", Lost{}); err != nil || got != want {
			t.Errorf("%s: got %s, %v, want %s", what, got, err, want)
		}
		if got, came, err := h.Came(t.Context(), id, "r"); err != nil || !came || got != want {
			t.Errorf("%s: told %s, %v, %v, want %s", what, got, came, err, want)
		}
	}
	again("before it is settled", id, entry)
	h.reword(func(q *QuestionError) { q.Epoch = 0 }) // as where nobody knew whether it was recorded
	again("its outcome was unknown", id, entry)
	if h.askedEpoch() != 2 {
		t.Error("the question waits for no epoch")
	}
	if err := h.SettleEpoch(t.Context(), 2, true); err != nil {
		t.Fatal(err)
	}
	again("once it is settled", id, entry)
	more := ledger.Checkpoint{Log: h.Names().Entry(0).Log(), Size: 40}
	note, err := ledger.SignCheckpoint(more, h)
	if err != nil {
		t.Fatal(err)
	}
	parent, _ := h.name.Parent()
	h.Doubt(Seen{By: parent, Checkpoint: more, Note: note})
	if _, err := h.BeginEpoch(t.Context(), id, "r", Lost{}); !errors.As(err, new(*QuestionError)) {
		t.Errorf("the word of before, in question again: %v", err)
	}
	widened := newID(t)
	wider, err := h.BeginEpoch(t.Context(), widened, "r", Lost{From: epochOf(t, h, 2).From})
	if err == nil {
		err = h.SettleEpoch(t.Context(), 2, true)
	}
	if err != nil {
		t.Fatal(err)
	}
	again("more was lost", widened, wider)
	if _, came, err := h.Came(t.Context(), widened, "another reason"); err == nil || came {
		t.Errorf("another word under the same id: %v, %v", came, err)
	}
	if _, came, err := h.Came(t.Context(), newID(t), "r"); err != nil || came {
		t.Errorf("under another id: %v, %v", came, err)
	}
}

// TestContinuedAgain: the word is recorded, and the disk is full before the place is noted. The
// same word again has the ledger go on, also after a restart; it does nothing for a copy that is
// made later.
func TestContinuedAgain(t *testing.T) {
	for _, restart := range []bool{false, true} {
		first := t.TempDir()
		h := open(t, first)
		add(t, h)
		closed(t, h)
		dir := copyOf(t, first)
		h = tryOpen(t, dir, "")
		_ = h.askOnce(t.Context(), told{err: ErrNoWitness})
		full, id := filepath.Join(h.dir, placeFile+".new"), newID(t)
		if err := os.MkdirAll(filepath.Join(full, "x"), 0o700); err != nil {
			t.Fatal(err)
		}
		if _, err := h.Continue(t.Context(), id, "r"); err == nil || signs(t, h) {
			t.Fatalf("the place was noted: %v", err)
		}
		if err := os.RemoveAll(full); err != nil {
			t.Fatal(err)
		}
		if restart {
			closed(t, h)
			h = tryOpen(t, dir, "")
			_ = h.askOnce(t.Context(), told{err: ErrNoWitness})
		}
		entry, err := h.Continue(t.Context(), id, "r")
		if err != nil || !signs(t, h) || entriesOf(t, h, ledger.KindContinued) != 1 {
			t.Errorf("restart %t: got %s, %v", restart, entry, err)
		}
		closed(t, h)
		h = tryOpen(t, copyOf(t, dir), "")
		_ = h.askOnce(t.Context(), told{err: ErrNoWitness})
		add(t, h)
		if _, err := h.Continue(t.Context(), id, "r"); !errors.As(err, new(*QuestionError)) || signs(t, h) {
			t.Errorf("restart %t: a word of before has a copy go on: %v", restart, err)
		}
		closed(t, h)
	}
}

// TestHeardOfOneWord (C32): what the neighbours said under one word of a person counts for no
// other: who has heard them all since the first has not since the second.
func TestHeardOfOneWord(t *testing.T) {
	dir := t.TempDir()
	closed(t, open(t, dir))
	h, _, _ := losesMore(t, dir)
	defer func() { closed(t, h) }()
	while := h.Continuations() // it is in question yet: who says something now is asked again
	if err := h.SettleEpoch(t.Context(), 2, false); err != nil || h.Continuations() == while {
		t.Fatalf("not settled: %v", err)
	}
	if err := h.Heard(while); err != nil || !h.Unheard() {
		t.Errorf("what was said before it went on counts: %v", err)
	}
	if err := h.Heard(h.Continuations()); err != nil || h.Unheard() {
		t.Errorf("not heard: %v", err)
	}
	first := h.Continuations()
	if err := h.unhear(3, false); err != nil {
		t.Fatal(err)
	}
	if err := h.Heard(first); err != nil || !h.Unheard() {
		t.Errorf("what was said under the word before counts: %v", err)
	}
}

// TestEndedKeysInQuestion: a backup is put back elsewhere, after the keys in it have ended. No
// other keys are made while it is in question, and who wants to sign is told so; once it has begun
// an epoch they are, so that what ended can be ended.
func TestEndedKeysInQuestion(t *testing.T) {
	dir := t.TempDir()
	h := open(t, dir)
	add(t, h)
	from := seen(t, h).Checkpoint.Size
	name := h.name
	closed(t, h)
	old := copyOf(t, dir)
	h = tryOpen(t, dir, "")
	add(t, h)
	last := seen(t, h)
	closed(t, h)
	h, err := Open(t.Context(), old, name, Options{Registry: testRegistry(), Logger: slog.New(slog.DiscardHandler), Now: func() time.Time { return time.Now().Add(400 * day) }})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { closed(t, h) }()
	_ = h.askOnce(t.Context(), told{seen: []Seen{last}})
	act := func() *EndedError {
		for range 3 {
			if err := h.RenewKeys(t.Context(), func(uint64) bool { return true }); err != nil {
				t.Fatal(err)
			}
		}
		_, err := h.Act(testHead(), "application/json", []byte(village))
		ended, _ := errors.AsType[*EndedError](err)
		return ended
	}
	if ended := act(); ended == nil || ended.Questioned == nil {
		t.Errorf("in question: got %v", ended)
	}
	if _, err := h.BeginEpoch(t.Context(), newID(t), "r", Lost{From: from}); err != nil {
		t.Fatal(err)
	}
	if ended := act(); ended != nil {
		t.Errorf("in an epoch of its own: %v", ended)
	}
	if err := h.SettleEpoch(t.Context(), 2, true); err != nil || !signs(t, h) {
		t.Errorf("not settled: %v", err)
	}
}
