package relay

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"xietong/exchange/answers"
	"xietong/exchange/envelope"
	"xietong/exchange/link"
)

// using makes the operation a use, which tells how often it was served; stands says whether the
// answers still stand.
func (w *world) using(stands *error) *int {
	times := new(int)
	w.operation = func(_ context.Context, r Received) (Result, error) {
		*times++
		result := Result{Content: fmt.Append(nil, *times), Stands: func(context.Context) error { return *stands }}
		if string(r.Call.Parameters) == "refuse" {
			return result, &businessRefusal{code: 110}
		}
		return result, nil
	}
	return times
}

// framed hands a frame of the county to the city, and returns the frame of the answer.
func (w *world) framed(t *testing.T, frame []byte) (answer []byte) {
	t.Helper()
	err := w.relays[city].Serve(t.Context(), name(t, county), frame, func(frame []byte) error {
		answer = bytes.Clone(frame)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

// TestSameFrameAgain sends one frame several times: it gets one answer, byte for byte, also longer
// than the frame lives, as long as what the answer rests on stands. Another frame of the same
// content is another request to the relay.
func TestSameFrameAgain(t *testing.T) {
	for what, parameters := range map[string]string{"an answer": "x", "a refusal": "refuse"} {
		t.Run(what, func(t *testing.T) {
			w := newWorld(t)
			var stands error
			times := w.using(&stands)
			d := w.draft(t)
			call := query(t)
			call.Parameters = []byte(parameters)
			var err error
			if d.Content, err = call.Encode(); err != nil {
				t.Fatal(err)
			}
			frame := d.frame(t)
			first := w.framed(t, frame)
			for _, after := range []time.Duration{0, time.Minute, answers.Term - time.Second} {
				w.clock[city] = after
				if again := w.framed(t, frame); !bytes.Equal(again, first) {
					t.Errorf("after %s: got another answer", after)
				}
			}
			if *times != 1 {
				t.Errorf("it was served %d times, want once", *times)
			}
			w.clock[city], stands = 0, &businessRefusal{code: 1}
			reply, _, err := w.serve(t, county, frame)
			if err != nil || reply.Problem == nil || reply.Problem.Code != 1 || *times != 1 {
				t.Errorf("after something moved: got %+v, %v, served %d times, want code 1", reply, err, *times)
			}
			w.clock[city], stands = answers.Term, nil
			if late := w.framed(t, frame); bytes.Equal(late, first) || *times != 1 || Code(w.refused[len(w.refused)-1].Code) != MessageExpired {
				t.Errorf("much later: served %d times, refused %v, want that it has expired", *times, w.refused[len(w.refused)-1])
			}
			w.clock[city] = 0
			if other := w.framed(t, d.frame(t)); bytes.Equal(other, first) || *times != 2 {
				t.Errorf("another message: served %d times, want twice", *times)
			}
		})
	}
}

// TestUnusedIsNotKept sends a frame again whose operation used up no id: it is a new request.
func TestUnusedIsNotKept(t *testing.T) {
	w, times := newWorld(t), 0
	w.operation = func(context.Context, Received) (Result, error) {
		times++
		return Result{}, &businessRefusal{code: 25}
	}
	frame := w.draft(t).frame(t)
	for range 3 {
		w.framed(t, frame)
	}
	if times != 3 {
		t.Errorf("it was served %d times, want 3", times)
	}
}

// TestAnswerIsKeptForWhoeverLeft lets the asker go while it is served: its next try gets the
// answer.
func TestAnswerIsKeptForWhoeverLeft(t *testing.T) {
	w := newWorld(t)
	var stands error
	times := w.using(&stands)
	inner := w.operation
	ctx, cancel := context.WithCancel(t.Context())
	w.operation = func(ctx context.Context, r Received) (Result, error) {
		cancel()
		<-ctx.Done()
		return inner(ctx, r)
	}
	frame := w.draft(t).frame(t)
	err := w.relays[city].Serve(ctx, name(t, county), frame, func([]byte) error { return nil })
	if broken, ok := errors.AsType[*link.CodeError](err); !ok || broken.Code != link.CodeCancelled {
		t.Fatalf("got %v, want that nobody waits", err)
	}
	reply, _, err := w.serve(t, county, frame)
	if err != nil || string(reply.Result) != "1" || *times != 1 {
		t.Errorf("asked again: got %+v, %v, served %d times", reply, err, *times)
	}
}

// TestSentAgain loses the answer, and asks again: the same message is sent, and its answer is
// taken. Asked for something else, or where the message was refused as it is, another one is sent.
func TestSentAgain(t *testing.T) {
	w := newWorld(t)
	var stands error
	times := w.using(&stands)
	id := newID(t)
	ask := func(parameters string) (Answer, error) {
		call := envelope.Call{Operation: label(t, "query"), Agency: label(t, "water"), Parameters: []byte(parameters)}
		return w.relays[county].Ask(t.Context(), id, name(t, city), call)
	}
	w.answer = func([]byte) []byte { return []byte("noise") }
	if _, err := ask("x"); err == nil || *times != 1 {
		t.Fatalf("got %v, served %d times", err, *times)
	}
	w.answer = func(frame []byte) []byte { return frame }
	for range 2 {
		if got, err := ask("x"); err != nil || string(got.Content) != "1" {
			t.Errorf("the same again: got %q, %v", got.Content, err)
		}
	}
	if got, err := ask("y"); err != nil || string(got.Content) != "2" {
		t.Errorf("something else: got %q, %v", got.Content, err)
	}
	id, w.clock[county] = newID(t), 6*time.Minute
	_, err := ask("x")
	wantProblem(t, "from the future", err, city, MessageFuture, county, "6m0s")
	w.clock[county] = 0
	if got, err := ask("x"); err != nil || string(got.Content) != "3" {
		t.Errorf("under a right clock: got %q, %v", got.Content, err)
	}
}

// TestSentAgainAfterItsLife: a message that never arrived, and does not live any more, is replaced
// by one that is sent again in its turn.
func TestSentAgainAfterItsLife(t *testing.T) {
	w := newWorld(t)
	var stands error
	times, id := w.using(&stands), newID(t)
	ask := func() (Answer, error) {
		call := envelope.Call{Operation: label(t, "query"), Agency: label(t, "water"), Parameters: []byte("x")}
		return w.relays[county].Ask(t.Context(), id, name(t, city), call)
	}
	same, noise := w.request, func([]byte) []byte { return []byte("noise") }
	w.request = noise
	if _, err := ask(); err == nil {
		t.Fatal("noise was answered")
	}
	w.clock[county], w.clock[city] = 8*time.Minute, 8*time.Minute
	w.request, w.answer = same, noise
	if _, err := ask(); err == nil || *times != 1 {
		t.Fatalf("got %v, served %d times, want once and no answer", err, *times)
	}
	w.answer = same
	if got, err := ask(); err != nil || string(got.Content) != "1" || *times != 1 {
		t.Errorf("got %q, %v, served %d times, want the one answer", got.Content, err, *times)
	}
}
