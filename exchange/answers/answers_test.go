package answers

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

var start = time.Date(2026, 11, 28, 9, 0, 0, 0, time.UTC)

func request(neighbour, owner, key string) Request {
	return Request{Owner: Owner{neighbour, owner}, Key: key, Hash: [32]byte{byte(len(key))}}
}

// answered returns a function that answers with the text, kept as n bytes, and counts its calls.
func answered(text string, n int, calls *atomic.Int64) func() (Answer[string], error) {
	return func() (Answer[string], error) {
		calls.Add(1)
		return Answer[string]{Value: text, Size: n, Keep: true}, nil
	}
}

// TestSameAnswer checks that a request is answered once in the term.
func TestSameAnswer(t *testing.T) {
	s, calls := New[string](1<<20), atomic.Int64{}
	q := request("a", "a", "1")
	for i, row := range []struct {
		after time.Duration
		want  string
		again bool
	}{{0, "0", false}, {time.Second, "0", true}, {Term - 1, "0", true}, {Term, "3", false}, {Term + 1, "3", true}} {
		got, again, err := s.Do(t.Context(), q, start.Add(row.after), answered(fmt.Sprint(i), 10, &calls))
		if got != row.want || again != row.again || err != nil {
			t.Errorf("after %s: got %q, again %t, %v, want %q, %t", row.after, got, again, err, row.want, row.again)
		}
	}
	other := q
	other.Hash[31] = 1
	if _, _, err := s.Do(t.Context(), other, start.Add(Term+2), nil); !errors.Is(err, ErrOther) {
		t.Errorf("another request: got %v, want ErrOther", err)
	}
	if calls.Load() != 2 {
		t.Errorf("it was answered %d times, want 2", calls.Load())
	}
}

// TestNotKept checks that a request whose answer is not kept, failed or panicked is a new one when
// it comes again.
func TestNotKept(t *testing.T) {
	s, q := New[string](1<<20), request("a", "a", "1")
	for what, make := range map[string]func() (Answer[string], error){
		"not to be kept": func() (Answer[string], error) { return Answer[string]{Value: "x"}, nil },
		"failed":         func() (Answer[string], error) { return Answer[string]{}, errors.New("x") },
		"too long":       func() (Answer[string], error) { return Answer[string]{Size: 1 << 20, Keep: true}, nil },
		"panicked":       func() (Answer[string], error) { panic("x") },
	} {
		func() {
			defer func() { _ = recover() }()
			_, _, _ = s.Do(t.Context(), q, start, make)
		}()
		var calls atomic.Int64
		if _, again, err := s.Do(t.Context(), q, start, func() (Answer[string], error) {
			calls.Add(1)
			return Answer[string]{}, nil
		}); again || err != nil || calls.Load() != 1 {
			t.Errorf("%s: again %t, %v", what, again, err)
		}
	}
	if len(s.byKey) != 0 || s.bytes != 0 {
		t.Errorf("%d keys and %d bytes are left", len(s.byKey), s.bytes)
	}
}

// TestAtOnce has many ask the same at once: one is answered, the others wait for that answer, and
// whoever gives up waiting goes.
func TestAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, q, calls := New[string](1<<20), request("a", "a", "1"), atomic.Int64{}
		var all sync.WaitGroup
		for i := range 8 {
			all.Go(func() {
				ctx := t.Context()
				if i == 7 {
					var cancel context.CancelFunc
					ctx, cancel = context.WithTimeout(ctx, time.Second)
					defer cancel()
					time.Sleep(time.Millisecond) // it is not the first
				}
				got, _, err := s.Do(ctx, q, start, func() (Answer[string], error) {
					time.Sleep(time.Minute)
					return answered("x", 1, &calls)()
				})
				if i == 7 && !errors.Is(err, context.DeadlineExceeded) || i < 7 && (got != "x" || err != nil) {
					t.Errorf("number %d: got %q, %v", i, got, err)
				}
			})
		}
		all.Wait()
		if calls.Load() != 1 {
			t.Errorf("it was answered %d times", calls.Load())
		}
	})
}

// TestFlood has one neighbour fill the memory, in its own name and in those of owners that it
// invents. The others keep their answers, as long as they hold no more than an equal share.
func TestFlood(t *testing.T) {
	const size, most = 1000, 64 * (1000 + overhead + 100)
	s, calls := New[string](most), atomic.Int64{}
	keep := func(neighbour, owner string, n int) {
		for i := range n {
			key := fmt.Sprint(neighbour, owner, i)
			if _, _, err := s.Do(t.Context(), request(neighbour, owner, key), start, answered("x", size, &calls)); err != nil {
				t.Fatal(err)
			}
		}
	}
	keep("honest", "one", 4)
	keep("city", "its county", 4)
	for i := range 1000 {
		keep("hostile", fmt.Sprint("invented", i), 1)
		keep("city", "another county", 1)
	}
	keep("hostile", "hostile", 1000)
	keep("city", "another county", 1000)
	for i := range 4 {
		for _, q := range []Request{request("honest", "one", fmt.Sprint("honestone", i)), request("city", "its county", fmt.Sprint("cityits county", i))} {
			if _, found := s.Find(q, start); !found {
				t.Errorf("%s of %+v was lost", q.Key, q.Owner)
			}
		}
	}
	if s.bytes > most || len(s.byKey) > 70 || s.oldest.Len() != len(s.byKey) {
		t.Errorf("%d bytes, %d answers, %d in order", s.bytes, len(s.byKey), s.oldest.Len())
	}
	if _, found := s.Find(Request{}, start.Add(Term)); found || s.bytes != 0 || len(s.shares) != 0 || len(s.byKey) != 0 {
		t.Errorf("after the term: %d bytes of %d neighbours are left", s.bytes, len(s.shares))
	}
}
