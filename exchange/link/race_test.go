package link

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"xietong/certs/tlsconf"
)

// twice makes a second link beside the open one, and returns the city's ends of both, the newer one
// last.
func twice(t *testing.T, city, county *party) (older, newer *Link) {
	t.Helper()
	older = city.link(county)
	d := county.dialler(city, nil, nil)
	l, err := county.socket.connect(context.Background(), d, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	county.socket.add(l)
	county.socket.start(l, county)
	time.Sleep(100 * time.Millisecond)
	newer = city.link(county)
	city.socket.mu.Lock() // a link may be replaced at any time
	defer city.socket.mu.Unlock()
	if newer == older || !older.replaced || newer.replaced {
		t.Fatal("no second link")
	}
	return older, newer
}

// TestExchangePassesOver checks that an exchange takes the newest link, and passes over those on
// which it cannot begin.
func TestExchangePassesOver(t *testing.T) {
	linked(t, func(_ *world, city, county *party) {
		older, newer := twice(t, city, county)
		if got := city.socket.best(newer.ends(), nil); got != newer {
			t.Error("the newest link is not the first choice")
		}
		if got := city.socket.Links(); len(got) != 1 || !got[0].Since.Equal(newer.since) {
			t.Errorf("got %+v, want the newer link alone", got)
		}
		newer.conn.mu.Lock()
		newer.conn.retired = true // as if it was being closed
		newer.conn.mu.Unlock()
		if got, err := city.ask(county, "x"); err != nil || got != "guiyang said x" {
			t.Errorf("over the older link: got %q, %v", got, err)
		}
		older.conn.mu.Lock()
		older.conn.retired = true
		older.conn.mu.Unlock()
		if _, err := city.ask(county, "x"); !errors.Is(err, ErrNoLink) {
			t.Errorf("over none: got %v, want ErrNoLink", err)
		}
		newer.conn.mu.Lock()
		newer.conn.retired = false
		newer.conn.mu.Unlock()
	})
}

// TestDeadLinksAreNotUp checks that an ended link that is not yet removed is neither up nor used.
func TestDeadLinksAreNotUp(t *testing.T) {
	linked(t, func(_ *world, city, county *party) {
		older, newer := twice(t, city, county)
		key := newer.ends()
		city.socket.mu.Lock()
		newer.conn.end(CodeInternal) // the link cannot be removed while the test holds the mutex
		if got := city.socket.best(key, nil); got != older {
			t.Error("the older link, which is alive, is not the choice")
		}
		older.conn.end(CodeInternal)
		if got := city.socket.best(key, nil); got != nil {
			t.Error("a dead link is chosen")
		}
		city.socket.mu.Unlock()
		if _, err := city.ask(county, "x"); !errors.Is(err, ErrNoLink) || city.socket.Up(city.name, county.name) {
			t.Errorf("got %v, want ErrNoLink", err)
		}
	})
}

// TestReplacedUnderLoad replaces a link again and again while both sides ask without a pause: no
// exchange fails.
func TestReplacedUnderLoad(t *testing.T) {
	linked(t, func(_ *world, city, county *party) {
		ctx, cancel := context.WithCancel(context.Background())
		var wg sync.WaitGroup
		for range 4 {
			for _, pair := range [][2]*party{{city, county}, {county, city}} {
				wg.Go(func() {
					for ctx.Err() == nil {
						if _, err := pair[0].ask(pair[1], "x"); err != nil {
							t.Errorf("%s asks: %v", pair[0].name, err)
						}
						time.Sleep(rand.N(40 * time.Millisecond))
					}
				})
			}
		}
		for range 15 {
			twice(t, city, county)
			time.Sleep(quietBefore/2 + rand.N(time.Second))
		}
		cancel()
		wg.Wait()
	})
}

// TestCloseWhileComing closes the city at any moment while its counties connect: everything that
// was started ends, and nothing begins afterwards.
func TestCloseWhileComing(t *testing.T) {
	for range 10 {
		inWorld(t, func(w *world) {
			city := w.party("guiyang.guizhou", 7)
			w.open(city, true)
			var counties []*party
			var ends []func()
			for n := range byte(4) {
				county := w.party(fmt.Sprintf("c%d.guiyang.guizhou", n), 20+n)
				w.trust(city, county)
				w.open(county, false)
				counties = append(counties, county)
			}
			for _, county := range counties {
				ends = append(ends, county.keep(city, func(error) {}))
				go county.knock(city)
			}
			time.Sleep(rand.N(60 * time.Millisecond))
			if err := city.socket.Close(); err != nil {
				t.Errorf("close: %v", err)
			}
			if got := len(city.socket.Links()); got != 0 || len(city.socket.conns) != 0 {
				t.Errorf("%d links and %d connections after Close", got, len(city.socket.conns))
			}
			if _, err := city.ask(counties[0], "x"); !errors.Is(err, ErrNoLink) {
				t.Errorf("after Close: got %v, want ErrNoLink", err)
			}
			city.socket.Keep(context.Background(), city.dialler(counties[0], func(err error) { t.Errorf("dialled after Close: %v", err) }, nil))
			for _, end := range ends[:2] {
				end()
			}
			time.Sleep(10 * time.Second) // the others go on dialling
			for _, county := range counties {
				var closing sync.WaitGroup // twice at once, and beside the end of Keep
				closing.Go(func() { county.socket.Close() })
				closing.Go(func() { county.socket.Close() })
				closing.Wait()
			}
			for _, end := range ends[2:] {
				end()
			}
			for _, county := range counties {
				county.wire.Close()
			}
			city.wire.Close()
		})
	}
}

// TestCloseWaitsForHandlers checks that nothing is served any more when Close has returned.
func TestCloseWaitsForHandlers(t *testing.T) {
	for what, shut := range map[string]func(city, county *party, end func()){
		"the one that serves": func(_, county *party, _ func()) { county.socket.Close() },
		"its Keep":            func(_, _ *party, end func()) { end() },
	} {
		inWorld(t, func(w *world) {
			city, county := w.party("guiyang.guizhou", 7), w.party("nanming.guiyang.guizhou", 20)
			w.trust(city, county)
			w.open(city, true)
			w.open(county, false)
			end := county.keep(city, func(error) {})
			time.Sleep(time.Second)
			finished := false
			county.serve = func(ctx context.Context, _ tlsconf.Peer, _ []byte, _ func([]byte) error) error {
				<-ctx.Done()
				time.Sleep(time.Second) // finishes its work
				finished = true
				return context.Cause(ctx)
			}
			asked := make(chan error, 1)
			go func() { _, err := city.ask(county, "x"); asked <- err }()
			time.Sleep(time.Second)
			shut(city, county, end)
			if !finished {
				t.Errorf("%s: closed while something was served", what)
			}
			if err := <-asked; reason(err) != Ended {
				t.Errorf("%s: the city got %v, want %s", what, err, Ended)
			}
			end()
			w.close(county, city)
		})
	}
}
