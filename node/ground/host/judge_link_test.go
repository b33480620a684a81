package host

import (
	"crypto/ed25519"
	"errors"
	"testing"
)

// TestCompare (C37): of what a neighbour says over a new link that it saw, what is here is no more
// than that. What the own keys signed, and is not here, puts the ledger in question; what keys
// signed that were given up does nothing; and what no known key signed is told.
func TestCompare(t *testing.T) {
	h := open(t, t.TempDir())
	defer func() { closed(t, h) }()
	add(t, h)
	early := seen(t, h)
	gone := movedTo(t, h)
	add(t, h)
	last := seen(t, h)
	_, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	unknown := former{private}
	more := last.Checkpoint.Size + 1
	for what, tc := range map[string]struct {
		s       Seen
		unknown bool
	}{
		"all of it":                       {last, false},
		"some of it":                      {early, false},
		"nothing":                         {signedWith(t, h, 1, 0), false},
		"more, by a key that was removed": {signedWith(t, gone, 1, more), false},
		"more, by a key that nobody has":  {signedWith(t, unknown, 1, more), true},
		"a later epoch, likewise":         {signedWith(t, unknown, 2, 1), true},
	} {
		err := h.Compare(t.Context(), childSaw(t, tc.s))
		if is, _ := errors.AsType[*MoreSeenError](err); (is != nil) != tc.unknown || err != nil && is == nil || h.Questioned() != nil {
			t.Errorf("%s: got %v, in question %v", what, err, h.Questioned())
		}
	}
	if err := h.Compare(t.Context(), childSaw(t, signedWith(t, h, 1, more))); err != nil {
		t.Error(err)
	}
	if q := h.question.Load(); q == nil || q.Found == nil || q.Found.Checkpoint.Size != more {
		t.Errorf("more, by the own keys: %+v", q)
	}
}

// TestAGivenUpChainIsNamed (C37b): a folder goes on with new keys, after its parent said what it
// saw. A child saw more, which the keys of before signed. That is named as lost, once, and nothing
// is stopped, however much those sign who have the keys now; what nobody signed is not named.
func TestAGivenUpChainIsNamed(t *testing.T) {
	old, early, last := lostTwo(t)
	h := tryOpen(t, old, "")
	stolen := h.authority
	closed(t, h)
	if _, err := beginAnew(old, h.name, 2, Saw{Note: early.Note}); err != nil {
		t.Fatal(err)
	}
	h = openAnewIn(t, old)
	if err := h.EndAnew(); err != nil {
		t.Fatal(err)
	}
	closed(t, h)
	h = tryOpen(t, old, "")
	defer func() { closed(t, h) }()
	if named, err := h.Widen(t.Context(), childSaw(t, last)); named || err != nil {
		t.Errorf("before the epoch is settled: named %t, %v", named, err)
	}
	if err := h.SettleEpoch(t.Context(), 2, true); err != nil || !signs(t, h) {
		t.Fatal(err)
	}
	_, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	more := signedWith(t, stolen, 1, 1<<30)
	for _, tc := range []struct {
		what string
		s    Seen
		to   uint64
	}{
		{"what is here", early, 0},
		{"by a key that nobody has", signedWith(t, former{private}, 1, 1<<20), 0},
		{"what the child saw", last, last.Checkpoint.Size},
		{"the same again", last, last.Checkpoint.Size},
		{"what those sign who have the keys now", more, more.Checkpoint.Size},
		{"less", last, more.Checkpoint.Size},
	} {
		s := childSaw(t, tc.s)
		if err := h.Compare(t.Context(), s); err != nil {
			t.Errorf("%s: %v", tc.what, err)
		}
		before, _ := h.after(last.Checkpoint.Log)
		named, err := h.Widen(t.Context(), s)
		of, _ := h.after(last.Checkpoint.Log)
		if want := max(before.To, tc.to); err != nil || of.To != want || named != (want > before.To) || !of.Settled || named && of.Whole {
			t.Errorf("%s: named %t, %v, up to %d, want %d, settled %t, all known %t", tc.what, named, err, of.To, want, of.Settled, of.Whole)
		}
		add(t, h)
		if named { // a kill with that command stops it neither
			closed(t, h)
			h = tryOpen(t, old, "")
		}
		if h.Questioned() != nil || !signs(t, h) {
			t.Fatalf("%s: it is stopped: %v", tc.what, h.Questioned())
		}
	}
}

// TestFormer (C37): what the newest own keys signed, and is not here, is nothing that keys signed
// which were given up: where the others of a group could not say in time whether they have it, it
// is not compared yet. A link waits then.
func TestFormer(t *testing.T) {
	h := open(t, t.TempDir())
	defer func() { closed(t, h) }()
	add(t, h)
	gone := movedTo(t, h)
	more := seen(t, h).Checkpoint.Size + 1
	for what, want := range map[string]struct {
		s  Seen
		is bool
	}{
		"the newest keys":     {signedWith(t, h, 1, more), false},
		"keys given up since": {signedWith(t, gone, 1, more), true},
	} {
		if got := h.former(childSaw(t, want.s)); got != want.is {
			t.Errorf("%s: got %t", what, got)
		}
	}
}
