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
