package calls_test

import (
	"errors"
	"sync"
	"testing"

	"xietong/certs/identity"
	"xietong/exchange/envelope"
	"xietong/exchange/link"
	"xietong/node/business/records"
	"xietong/node/flows/calls"
	"xietong/node/ground/text"
)

// TestOneUse tries again under one id. Before an answer was given that is a new request; afterwards
// the data are never used twice, whichever end remembers the answer.
func TestOneUse(t *testing.T) {
	w := newWorld(t)
	id := newID()
	uses := func() (n uint64) {
		for _, g := range w.City.GrantsOf(t, identity.NewAgency(guiyang, civil)) {
			n += g.Uses
		}
		return n
	}
	w.Cut = link.ErrNoLink
	_, err := w.County.Ask.Query(t.Context(), id, by(water), guiyang, lookup())
	refused(t, "without a link", err, text.Unreachable)
	w.Cut = nil
	q := lookup()
	q.Purpose = "curiosity"
	_, err = w.County.Ask.Query(t.Context(), id, by(water), guiyang, q)
	refused(t, "refused", err, text.UnknownPurpose)
	got, err := w.County.Ask.Query(t.Context(), id, by(water), guiyang, lookup())
	if err != nil {
		t.Fatalf("put right: %v", err)
	}
	for range 2 {
		_, err = w.County.Ask.Query(t.Context(), id, by(water), guiyang, lookup())
		refused(t, "answered before", err, text.IDSeen)
		if seen, ok := errors.AsType[*calls.SeenError](err); !ok || seen.Asked != got.Asked {
			t.Errorf("got %v, want it to name %s", err, got.Asked)
		}
		w.Reopen(t, w.County)
	}
	w.Lost = true
	id = newID()
	_, err = w.County.Ask.Query(t.Context(), id, by(water), guiyang, lookup())
	refused(t, "the answer lost", err, text.Unreachable)
	w.Lost = false
	_, err = w.County.Ask.Query(t.Context(), id, by(water), guiyang, lookup())
	refused(t, "tried again", err, text.IDSeen)
	if _, ok := errors.AsType[*calls.SeenError](err); ok {
		t.Errorf("got %v, of which there is no answer here", err)
	}
	if n := uses(); n != 2 {
		t.Errorf("%d uses were recorded, want 2", n)
	}
}

// TestReplayed sends the same frame again: it is refused, also by a provider that was started anew.
func TestReplayed(t *testing.T) {
	w := newWorld(t)
	if _, err := w.County.Ask.Query(t.Context(), newID(), by(water), guiyang, lookup()); err != nil {
		t.Fatal(err)
	}
	claim := records.Claim{Dataset: villages, Key: "520102016001", Field: "name", Value: []byte(`"别处"`), Purpose: purpose}
	if _, err := w.County.Ask.Verify(t.Context(), newID(), by(water), guiyang, claim); err != nil {
		t.Fatal(err)
	}
	if len(w.Frames()) != 2 {
		t.Fatalf("%d requests were sent", len(w.Frames()))
	}
	for _, restarted := range []bool{false, true} {
		if restarted {
			w.Reopen(t, w.City)
		}
		before := w.City.Size(t)
		for i, frame := range w.Frames() {
			if p := replay(t, w, frame); p == nil || p.Code != text.Number(text.IDSeen) {
				t.Errorf("restarted %t, frame %d: got %+v, want it refused as seen", restarted, i, p)
			}
		}
		if after := w.City.Size(t); after != before {
			t.Errorf("restarted %t: %d entries were made", restarted, after-before)
		}
	}
}

// replay sends a frame of the county to the city once more, and returns the problem in the answer.
func replay(t *testing.T, w *world, frame []byte) *envelope.Problem {
	t.Helper()
	answers := w.City.Serve(t, nanming, frame)
	if len(answers) != 1 {
		t.Fatalf("got %d answers", len(answers))
	}
	e := must(envelope.Decode(answers[0]))
	m, err := envelope.Open(e, w.City.Sets, envelope.NewOpener(w.County.Host), e.Header().Issued)
	if err != nil {
		t.Fatal(err)
	}
	return must(envelope.DecodeReply(m.Content, must(envelope.Decode(frame)).Hash())).Problem
}

// TestAtOnce asks under one id several times at once: one is answered.
func TestAtOnce(t *testing.T) {
	w := newWorld(t)
	if _, err := w.County.Ask.Query(t.Context(), newID(), by(water), guiyang, lookup()); err != nil {
		t.Fatal(err)
	}
	id := newID()
	errs := make([]error, 8)
	var all sync.WaitGroup
	for i := range errs {
		all.Go(func() { _, errs[i] = w.County.Ask.Query(t.Context(), id, by(water), guiyang, lookup()) })
	}
	all.Wait()
	answers := 0
	for _, err := range errs {
		if err == nil {
			answers++
			continue
		}
		refused(t, "one of several", err, text.IDSeen)
	}
	if answers != 1 {
		t.Errorf("%d were answered, want 1", answers)
	}
}
