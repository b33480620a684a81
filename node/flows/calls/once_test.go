package calls_test

import (
	"bytes"
	"errors"
	"slices"
	"sync"
	"testing"

	"xietong/certs/identity"
	"xietong/exchange/envelope"
	"xietong/exchange/gather"
	"xietong/exchange/link"
	"xietong/node/business/records"
	"xietong/node/flows/calls"
	"xietong/node/flows/callstest"
	"xietong/node/ground/text"
)

// TestOneUse tries again under one id. Before an answer was given that is a new request; afterwards
// the data are never used twice, whichever end remembers the answer. An answer that was lost on the
// way comes again, until either end is started anew.
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
	for _, restarted := range []*callstest.Place{nil, w.City, w.County} {
		w.Lost = true
		id = newID()
		_, err = w.County.Ask.Query(t.Context(), id, by(water), guiyang, lookup())
		refused(t, "the answer lost", err, text.Unreachable)
		w.Lost = false
		if restarted != nil {
			w.Reopen(t, restarted)
		}
		got, err = w.County.Ask.Query(t.Context(), id, by(water), guiyang, lookup())
		if err != nil || got.Count != 1 {
			t.Errorf("tried again: got %d records, %v, want the answer that was lost", got.Count, err)
		}
	}
	if n := uses(); n != 4 {
		t.Errorf("%d uses were recorded, want 4", n)
	}
}

// TestReplayed (S07c) sends the same frame again: it gets the same frame for an answer, byte for
// byte, and from a provider that was started anew, or whose record was retracted since, that it was
// answered.
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
	frames := slices.Clone(w.Frames())
	answers := [][]byte{w.City.Serve(t, nanming, frames[0])[0], w.City.Serve(t, nanming, frames[1])[0]}
	for _, moved := range []struct {
		what string
		do   func()
		same bool
	}{
		{"nothing", func() {}, true},
		{"another record", func() { w.City.Put(t, villages, village(9, "别处")) }, true},
		{"the retraction of another record", func() { retract(t, w, "520102016009") }, true},
		{"a retraction", func() { retract(t, w, "520102016001") }, false},
		{"a restart", func() {
			w.Reopen(t, w.City)
			if _, err := w.County.Ask.Query(t.Context(), newID(), by(water), guiyang, lookup()); err != nil {
				t.Fatal(err) // the city forgot the encapsulation, which the second frame refers to
			}
		}, false},
	} {
		moved.do()
		before := w.City.Size(t)
		for i, frame := range frames {
			p := replay(t, w, frame)
			if !moved.same && (p == nil || p.Code != text.Number(text.IDSeen)) {
				t.Errorf("after %s, frame %d: got %+v, want it refused as seen", moved.what, i, p)
			}
			if again := w.City.Serve(t, nanming, frame)[0]; bytes.Equal(again, answers[i]) != moved.same {
				t.Errorf("after %s, frame %d: the same answer is %t, want %t", moved.what, i, !moved.same, moved.same)
			}
		}
		if after := w.City.Size(t); after != before {
			t.Errorf("after %s: %d entries were made", moved.what, after-before)
		}
	}
}

// retract retracts a village of the city.
func retract(t *testing.T, w *world, key string) {
	t.Helper()
	if _, err := w.City.Records.Retract(t.Context(), newID(), by(civil), villages, key, "r"); err != nil {
		t.Fatal(err)
	}
}

// TestOneIDOfTwoAgencies has two agencies of one jurisdiction ask under one id.
func TestOneIDOfTwoAgencies(t *testing.T) {
	w := newWorld(t)
	id := newID()
	for _, agency := range []identity.Label{water, civil} {
		if got, err := w.County.Ask.Query(t.Context(), id, by(agency), guiyang, lookup()); err != nil || got.Count != 1 {
			t.Errorf("%s: got %d records, %v", agency, got.Count, err)
		}
	}
	for _, agency := range []identity.Label{civil, water} {
		_, err := w.County.Ask.Query(t.Context(), id, by(agency), guiyang, lookup())
		refused(t, agency.String()+" again", err, text.IDSeen)
	}
}

// TestAnotherRequestUnderAnID asks for something else under the id of a request whose answer was
// lost.
func TestAnotherRequestUnderAnID(t *testing.T) {
	w := newWorld(t)
	id := newID()
	w.Lost = true
	_, err := w.County.Ask.Query(t.Context(), id, by(water), guiyang, lookup())
	refused(t, "the answer lost", err, text.Unreachable)
	w.Lost = false
	q := lookup()
	q.Fields = []string{"name"}
	_, err = w.County.Ask.Query(t.Context(), id, by(water), guiyang, q)
	refused(t, "another question", err, text.IDReused)
	if got, err := w.County.Ask.Query(t.Context(), id, by(water), guiyang, lookup()); err != nil || got.Count != 1 {
		t.Errorf("the same question: got %d records, %v", got.Count, err)
	}
}

// TestRefusalsAreInBothLedgers: a refusal that depends on what was read is a recorded use there,
// and a recorded answer here; the same request gets the same refusal.
func TestRefusalsAreInBothLedgers(t *testing.T) {
	w := newWorld(t)
	e := callstest.Dataset("people")
	e.Measures, e.SmallestCell = map[string][]string{"households": {"sum"}}, 5
	w.City.Publish(t, e)
	people := label("people")
	w.City.Put(t, people, village(1, "a"))
	q := records.Question{
		Dataset: people, Purpose: purpose, Application: lookup().Application,
		Measure: gather.Measure{Function: gather.Count},
	}
	if _, err := w.County.Ask.Query(t.Context(), newID(), by(water), guiyang, q); err != nil {
		t.Fatal(err)
	}
	q.Measure = gather.Measure{Function: gather.Sum, Field: "households"}
	here, there := w.County.Size(t), w.City.Size(t)
	for n := range uint64(2) {
		id := newID()
		_, err := w.County.Ask.Query(t.Context(), id, by(water), guiyang, q)
		refused(t, "too few", err, text.GroupTooSmall)
		if got, want := [2]uint64{w.County.Size(t) - here, w.City.Size(t) - there}, [2]uint64{n + 1, n + 1}; got != want {
			t.Errorf("%d entries here and there, want %d", got, want)
		}
	}
	frames := w.Frames()
	last := frames[len(frames)-1]
	if p := replay(t, w, last); p == nil || p.Code != text.Number(text.GroupTooSmall) {
		t.Errorf("the same request: got %+v, want the same refusal", p)
	}
	if n := w.City.Size(t) - there; n != 2 {
		t.Errorf("%d entries there, want 2", n)
	}
}

// replay sends a frame of the county to the city once more, and returns the problem in the answer.
func replay(t *testing.T, w *world, frame []byte) *envelope.Problem {
	t.Helper()
	sent := must(envelope.Decode(frame))
	sent.Hop.Held = nil // the opener below holds nothing
	answers := w.City.Serve(t, nanming, must(sent.Encode()))
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
