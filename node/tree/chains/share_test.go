package chains

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"xietong/certs/identity"
	"xietong/certs/trust"
	"xietong/exchange/budget"
	"xietong/exchange/link"
	"xietong/exchange/relay"
	"xietong/exchange/route"
	"xietong/node/ground/text"
	"xietong/node/tree/door"
)

// brought is the context of a message of an origin that a peer brought.
func brought(t *testing.T, peer, origin string) context.Context {
	branch, within := route.Branches(named(t, peer), named(t, origin))
	return budget.With(t.Context(), budget.Payer{Neighbour: peer, Origin: branch, Within: within})
}

// silence has a place read questions for chains and not answer them.
func (w *world) silence(who string) {
	w.at(who).door.Prove = func(ctx context.Context, _ identity.Jurisdiction, _ door.Wanted) ([]trust.Level, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	}
}

// unproven has a place prove many messages of an origin, which goes on, and waits until they wait.
// The returned function waits for their end and returns how many were refused for want of a place.
func (w *world) unproven(at, peer string, n int, origin func(i int) string) (end func() (busy int)) {
	var all sync.WaitGroup
	results := make(chan error, n)
	for i := range n {
		name := origin(i)
		all.Go(func() {
			_, err := w.at(at).store.KeySets(brought(w.t, peer, name), named(w.t, name), false)
			results <- err
		})
	}
	synctest.Wait()
	return func() (busy int) {
		all.Wait()
		close(results)
		for err := range results {
			if f, ok := errors.AsType[*text.Failure](err); ok && f.Code == text.Busy {
				busy++
			}
		}
		return busy
	}
}

// TestStalledSearchesStopNobody (A01): a county has another city prove messages of many children
// that it makes up, and answers no question for their chains. Its sibling, which nobody there
// knows, is proven all the same; where there is no place to ask anew, a kept chain is used; and the
// county's messages are refused in seconds.
func TestStalledSearchesStopNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, append(branches, "tongzi.zunyi.guizhou")...)
		known := named(t, "meitan.zunyi.guizhou")
		w.finds("guiyang.guizhou", known.String())
		w.silence("meitan.zunyi.guizhou")
		began := time.Now()
		end := w.unproven("guiyang.guizhou", "guizhou", 2*MaxWaiting, func(i int) string { return fmt.Sprintf("x%d.%s", i, known) })
		s := w.at("guiyang.guizhou").store
		if n := s.waiting.Held(); n == 0 || n > MaxWaiting/4 {
			t.Errorf("%d messages of one county wait to be proven, want some, at most %d", n, MaxWaiting/4)
		}
		if _, err := s.KeySets(brought(t, "guizhou", "tongzi.zunyi.guizhou"), named(t, "tongzi.zunyi.guizhou"), false); err != nil {
			t.Errorf("the sibling is not proven: %v", err)
		}
		w.setAhead(MaxAge + time.Minute)
		if _, err := s.KeySets(brought(t, "guizhou", "x.meitan.zunyi.guizhou"), known, false); err != nil {
			t.Errorf("a chain that is kept is not used where there is no place to ask anew: %v", err)
		}
		if _, err := s.KeySets(t.Context(), named(t, "tongzi.zunyi.guizhou"), false); err != nil {
			t.Errorf("this jurisdiction finds nothing: %v", err)
		}
		if busy := end(); busy < MaxWaiting || time.Since(began) > MaxWait+time.Second {
			t.Errorf("%d were refused at once, the last after %s", busy, time.Since(began))
		}
	})
}

// TestOneSearchHoldsFew (A10b): 128 messages of one origin that is made up wait for one search that
// is not answered. They hold a part of the places to wait, for some seconds; then what came to
// nothing is remembered for as long, and they are refused at once.
func TestOneSearchHoldsFew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, branches...)
		w.silence("zunyi.guizhou")
		s, made := w.at("guizhou").store, "x1.meitan.zunyi.guizhou"
		asked := func() int { return w.at("zunyi.guizhou").asked }
		before := asked()
		end := w.unproven("guizhou", "zunyi.guizhou", 128, func(int) string { return made })
		if n := s.waiting.Held(); n > MaxWaiting/4 {
			t.Errorf("%d messages of one branch wait, want at most %d", n, MaxWaiting/4)
		}
		if busy := end(); busy < 128-MaxWaiting/4 {
			t.Errorf("%d were refused at once", busy)
		}
		began := time.Now()
		for time.Since(began) < MaxWait/2 {
			_, err := s.KeySets(brought(t, "zunyi.guizhou", made), named(t, made), false)
			if f, ok := errors.AsType[*text.Failure](err); !ok || f.Code != text.Late {
				t.Fatalf("got %v", err)
			}
			time.Sleep(100 * time.Millisecond)
		}
		if n := asked() - before; n != 1 {
			t.Errorf("asked %d times, want once", n)
		}
	})
}

// TestLinkCarriesWhatIsDivided (A10c): a link serves as much at once as is divided among the
// branches behind it, and as many questions for chains as a neighbour asks, and has some left for
// what the neighbour asks for itself.
func TestLinkCarriesWhatIsDivided(t *testing.T) {
	const upkeep = 40
	if most := relay.MaxBroughtAtOnce + MaxAsking + upkeep; most > link.MaxServing {
		t.Errorf("a link serves %d at once, want %d", link.MaxServing, most)
	}
}
