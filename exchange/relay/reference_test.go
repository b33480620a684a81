package relay

import (
	"bytes"
	"context"
	"crypto/sha256"
	"slices"
	"testing"

	"xietong/exchange/envelope"
)

const wholeLen = 1120 // bytes of an encapsulation

// encapsulations returns how many bytes of encapsulation each frame since the last call had.
func (w *world) encapsulations(t testing.TB) (lengths []int) {
	t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, frame := range w.frames {
		lengths = append(lengths, len(parts(t, frame).Encapsulation))
	}
	w.frames = nil
	return lengths
}

func (w *world) countyAsks(t testing.TB) (Answer, error) {
	t.Helper()
	return w.relays[county].Ask(t.Context(), newID(t), name(t, city), query(t))
}

// wantLengths asks and checks the frames that this takes.
func (w *world) wantLengths(t testing.TB, what string, want ...int) {
	t.Helper()
	served := len(w.served)
	if _, err := w.countyAsks(t); err != nil || len(w.served) != served+1 {
		t.Errorf("%s: served %d times, %v", what, len(w.served)-served, err)
	}
	if got := w.encapsulations(t); !slices.Equal(got, want) {
		t.Errorf("%s: encapsulations of %d bytes, want %d", what, got, want)
	}
}

// TestEncapsulationByReference checks that the first request and answer hold their encapsulations
// and the next ones name them; and that whoever forgot one, as a restart does, is sent it again, by
// a request that is served once.
func TestEncapsulationByReference(t *testing.T) {
	w := newWorld(t)
	restart := func(s string) { w.relays[s] = New(w.local(t, s)) }
	w.wantLengths(t, "the first", wholeLen, wholeLen)
	w.wantLengths(t, "the second", 32, 32)
	w.operation = refusing
	if _, err := w.countyAsks(t); err == nil {
		t.Error("a refusal: got none")
	}
	if got := w.encapsulations(t); !slices.Equal(got, []int{32, 32}) {
		t.Errorf("a refusal: encapsulations of %d bytes", got)
	}
	w.operation = newWorld(t).operation
	restart(city)
	w.wantLengths(t, "after the destination forgot", 32, wholeLen, wholeLen, 32)
	w.wantLengths(t, "the next", 32, 32)
	restart(county)
	w.wantLengths(t, "after the asker forgot", wholeLen, wholeLen)
	w.wantLengths(t, "the next", 32, 32)
	// The city's own request is the first that the county answers under it, but the county holds
	// it.
	if _, err := w.relays[city].Ask(t.Context(), newID(t), name(t, county), query(t)); err != nil {
		t.Error(err)
	}
	if got := w.encapsulations(t); !slices.Equal(got, []int{wholeLen, 32}) {
		t.Errorf("the other way: encapsulations of %d bytes", got)
	}
}

// TestSentAgainIsOneMessage checks that the request that is sent again has the hash, the statement
// and the body of the first: it is the same message, and nothing was recorded before.
func TestSentAgainIsOneMessage(t *testing.T) {
	w := newWorld(t)
	if _, err := w.countyAsks(t); err != nil {
		t.Fatal(err)
	}
	w.relays[city] = New(w.local(t, city))
	w.frames, w.served = nil, nil
	got, err := w.countyAsks(t)
	if err != nil || len(w.frames) != 4 {
		t.Fatalf("%d frames, %v", len(w.frames), err)
	}
	first, again := parts(t, w.frames[0]), parts(t, w.frames[2])
	if !bytes.Equal(first.Outer, again.Outer) || !bytes.Equal(first.Statement, again.Statement) || !bytes.Equal(first.Body, again.Body) {
		t.Error("another message was sent")
	}
	if hash := sha256.Sum256(again.Encapsulation); !bytes.Equal(hash[:], first.Encapsulation) {
		t.Error("another encapsulation was sent")
	}
	if len(w.served) != 1 || w.served[0].Hash() != got.Request || len(w.refused) != 1 || Code(w.refused[0].Code) != UnknownEncapsulation {
		t.Errorf("served %d, refused %v", len(w.served), w.refused)
	}
}

// TestDestinationNeverHolds has a destination say each time that it does not hold the
// encapsulation: a request is sent at most twice.
func TestDestinationNeverHolds(t *testing.T) {
	w := newWorld(t)
	if _, err := w.countyAsks(t); err != nil {
		t.Fatal(err)
	}
	w.operation = func(context.Context, Received) (Result, error) {
		return Result{}, &businessRefusal{uint16(UnknownEncapsulation), []string{city}}
	}
	w.frames = nil
	_, err := w.countyAsks(t)
	wantProblem(t, "each time", err, city, UnknownEncapsulation, city)
	if len(w.frames) != 4 {
		t.Errorf("%d frames, want the request and the answer twice", len(w.frames))
	}
	w.frames = nil
	_, err = w.countyAsks(t)
	wantProblem(t, "once more", err, city, UnknownEncapsulation, city)
	if len(w.frames) != 2 {
		t.Errorf("%d frames for a request that was whole at once", len(w.frames))
	}
}

// TestHopWritesAnotherHash has a hop change what the hop header or the frame says of
// encapsulations. It can make an exchange come to nothing, and no more.
func TestHopWritesAnotherHash(t *testing.T) {
	w := newWorld(t)
	for range 2 {
		if _, err := w.countyAsks(t); err != nil {
			t.Fatal(err)
		}
	}
	held := w.relays[county].l.Opener.Held(name(t, city))
	if len(held) != 32 {
		t.Fatalf("the county holds %x", held)
	}
	rewritten := func(change func(*envelope.Envelope)) func([]byte) []byte {
		return func(frame []byte) []byte {
			e, err := envelope.Decode(frame)
			if err != nil {
				t.Fatal(err)
			}
			change(&e)
			data, err := e.Encode()
			if err != nil {
				t.Fatal(err)
			}
			return data
		}
	}
	w.frames = nil
	w.request = rewritten(func(e *envelope.Envelope) { e.Hop.Held = nil })
	w.wantLengths(t, "no hash of what is held", 32, wholeLen)
	w.request = rewritten(func(e *envelope.Envelope) { e.Hop.Held = bytes.Repeat([]byte{1}, 32) })
	w.wantLengths(t, "another hash", 32, wholeLen)
	w.request = func(frame []byte) []byte {
		p := parts(t, frame)
		if len(p.Encapsulation) == 32 {
			p.Encapsulation = bytes.Repeat([]byte{1}, 32)
		}
		return p.frame(t)
	}
	w.wantLengths(t, "a request with another hash", 32, 32, wholeLen, 32)
	same := func(frame []byte) []byte { return frame }
	w.request, w.answer = same, func(frame []byte) []byte {
		p := parts(t, frame)
		p.Encapsulation = bytes.Repeat([]byte{1}, 32)
		return p.frame(t)
	}
	_, err := w.countyAsks(t)
	wantProblem(t, "an answer with another hash", err, county, AnswerRefused, city, notHeld)
	w.answer, w.frames = same, nil
	w.wantLengths(t, "afterwards", 32, 32)
}

// TestUnknownHashTellsNoStranger: a hash that is not held is told only to who signed the request.
func TestUnknownHashTellsNoStranger(t *testing.T) {
	w := newWorld(t)
	d := w.draft(t)
	d.after = func(frame []byte) []byte {
		p := parts(t, frame)
		hash := sha256.Sum256(p.Encapsulation)
		p.Encapsulation = hash[:]
		return p.frame(t)
	}
	reply, _, err := w.serve(t, county, d.frame(t))
	if err != nil || reply.Problem == nil || Code(reply.Problem.Code) != UnknownEncapsulation || len(w.served) != 0 {
		t.Errorf("got %+v, %v, want UnknownEncapsulation", reply.Problem, err)
	}
	d.by = newKeys(t, county)
	reply, _, err = w.serve(t, county, d.frame(t))
	if err != nil || reply.Problem == nil || Code(reply.Problem.Code) != MessageRefused || len(w.served) != 0 {
		t.Errorf("signed by another: got %+v, %v, want MessageRefused", reply.Problem, err)
	}
}
