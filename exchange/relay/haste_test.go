package relay

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"xietong/certs/identity"
	"xietong/exchange/envelope"
	"xietong/exchange/route"
)

// anew gives the jurisdictions of the world other relays, which know nothing of what was before.
func (w *world) anew(t *testing.T) {
	w.refused, w.served, w.frames = nil, nil, nil
	for s := range w.relays {
		w.relays[s] = New(w.local(t, s))
	}
}

// handOver has the hop that hands a request over for the nth time leave it so much time.
func (w *world) handOver(nth int, left time.Duration) {
	w.request = func(frame []byte) []byte {
		e, err := envelope.Decode(frame)
		if err != nil || int(envelope.MaxHops-e.Hop.Hops) != nth {
			return frame
		}
		e.Hop.Remaining = min(e.Hop.Remaining, uint32(left.Milliseconds()))
		if frame, err = e.Encode(); err != nil {
			panic(err)
		}
		return frame
	}
}

// blamed checks who is said to have handed a request over too late, or to have been late: it is the
// hop that did, or whoever got the request with a fair part of its time.
func blamed(t *testing.T, what string, p *Problem, path []identity.Jurisdiction, nth int) {
	t.Helper()
	switch by, at := path[nth], path[nth+1]; Code(p.Code) {
	case Hurried:
		if p.At != at || p.Args[0] != at.String() || p.Args[1] != by.String() {
			t.Errorf("%s: %s says %q, want %s by %s", what, p.At, p.Args, at, by)
		}
	case Late:
		if p.At != path[len(path)-1] && p.At != at || p.Args[0] != p.At.String() {
			t.Errorf("%s: %s says that %s is late", what, p.At, p.Args)
		}
	default:
		t.Errorf("%s: got %v", what, p)
	}
}

var lefts = []time.Duration{
	time.Millisecond, 375 * time.Millisecond, 2 * time.Second, 7 * time.Second, 10 * time.Second, 14 * time.Second,
	14999 * time.Millisecond, 15 * time.Second, 15001 * time.Millisecond, 20 * time.Second, time.Minute,
}

// TestWhoHurriedIsNamed (A54): a hop hands a request over with little of its time left. Whoever got
// it so says so, and of that hop: nobody behind says so of an honest neighbour, though that one got
// the request too late itself.
func TestWhoHurriedIsNamed(t *testing.T) {
	w := newWide(t)
	for nth := range 4 {
		for _, left := range lefts {
			synctest.Test(t, func(t *testing.T) {
				w.anew(t)
				w.handOver(nth, left)
				w.operation = func(ctx context.Context, _ Received) (Result, error) { <-ctx.Done(); return Result{}, ctx.Err() }
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				_, err := w.relays[county].Ask(ctx, newID(t), name(t, farCounty), query(t))
				p, ok := err.(*Problem)
				what := fmt.Sprintf("%v left by the hop %d", left, nth)
				if !ok {
					t.Fatalf("%s: got %v", what, err)
				}
				blamed(t, what, p, route.Path(name(t, county), name(t, farCounty)), nth)
				if left < 6*time.Second && Code(p.Code) != Hurried {
					t.Errorf("%s: got %v", what, p)
				}
			})
		}
	}
}

// TestWhoHurriedFederatedIsNamed: the same holds where a question to many is handed down, and for
// the jurisdictions that have no answer because of that.
func TestWhoHurriedFederatedIsNamed(t *testing.T) {
	w, path := newTown(t), route.Path(name(t, county), name(t, "town."+farCounty))
	for nth := range len(path) - 1 {
		for _, left := range lefts {
			synctest.Test(t, func(t *testing.T) {
				w.anew(t)
				w.handOver(nth, left)
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				_, err := w.relays[county].Federate(ctx, newID(t), name(t, province), gatherCall(t))
				what := fmt.Sprintf("%v left by the hop %d", left, nth)
				if p, ok := err.(*Problem); ok {
					blamed(t, what, p, path, nth)
				}
				for _, p := range w.refused {
					to := route.Path(name(t, province), p.At) // it was handed up, and then down to all
					if on := append(slices.Clone(path[:2]), to...); Code(p.Code) == Hurried || Code(p.Code) == Late {
						blamed(t, what, p, on, nth)
					}
				}
			})
		}
	}
}

// TestSentAgainIsNotHurried: who asks again, and waits for less than at first, is served: the same
// message was signed for longer, and nobody is to blame for that.
func TestSentAgainIsNotHurried(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWide(t)
		id, slow := newID(t), w.operation
		w.operation = func(ctx context.Context, _ Received) (Result, error) { <-ctx.Done(); return Result{}, ctx.Err() }
		for _, wait := range []time.Duration{time.Minute, 2 * time.Second} {
			ctx, cancel := context.WithTimeout(t.Context(), wait)
			_, err := w.relays[county].Ask(ctx, id, name(t, farCounty), query(t))
			cancel()
			if w.operation = slow; wait < time.Minute && err != nil {
				t.Errorf("asked again for %v: %v", wait, err)
			}
		}
	})
}

// TestFederatedAgainIsNotHurried: the same question to many, asked again with less time, reaches
// all that it reached before.
func TestFederatedAgainIsNotHurried(t *testing.T) {
	for _, from := range []string{province, county} {
		synctest.Test(t, func(t *testing.T) {
			w := newTown(t)
			id, call := newID(t), gatherCall(t)
			var first []byte
			for _, wait := range []time.Duration{time.Minute, 14 * time.Second, 2 * time.Second} {
				ctx, cancel := context.WithTimeout(t.Context(), wait)
				got, err := w.relays[from].Federate(ctx, id, name(t, province), call)
				cancel()
				if first == nil {
					first = got.Content
				}
				if err != nil || string(got.Content) != string(first) || len(w.refused) > 0 {
					t.Errorf("%s, %v: got %q, first %q, refused %v, %v", from, wait, got.Content, first, w.refused, err)
				}
			}
		})
	}
}
