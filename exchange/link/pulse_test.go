package link

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"xietong/certs/tlsconf"
)

// soon is the longest that an exchange takes which meets a replica that died.
const soon = 3 * time.Second

// served counts the requests that a party serves, each of which takes a while.
func (p *party) serves(takes time.Duration) *atomic.Int32 {
	n := &atomic.Int32{}
	p.serve = func(ctx context.Context, peer tlsconf.Peer, request []byte, write func([]byte) error) error {
		n.Add(1)
		select {
		case <-time.After(takes):
		case <-ctx.Done():
			return ctx.Err()
		}
		return write(fmt.Appendf(nil, "%s said %s", p.addr.IP, request))
	}
	return n
}

// replica returns a further replica of a party at an address of its own, with its socket open.
func (w *world) replica(of *party, number int, host byte, listens bool) *party {
	p := of.as(number)
	p.addr, p.trusted, p.further = &net.UDPAddr{IP: net.IPv4(192, 0, 2, host), Port: 7400}, of.trusted, of.further
	w.open(p, listens)
	return p
}

// below runs f with a city to which two replicas of a county keep a link.
func below(t *testing.T, f func(w *world, city, one, two *party)) {
	inWorld(t, func(w *world) {
		city, one := w.party("guiyang.guizhou", 7), w.party("nanming.guiyang.guizhou", 20)
		w.trust(city, one)
		city.further = 2
		w.open(city, true)
		w.open(one, false)
		two := w.replica(one, 2, 21, false)
		endTwo := two.keep(city, func(error) {})
		time.Sleep(time.Second)
		endOne := one.keep(city, func(error) {})
		time.Sleep(time.Second)
		f(w, city, one, two) // the link of one is the newest
		endOne()
		endTwo()
		w.close(one, two, city)
	})
}

// above runs f with a county that keeps a link to one of two replicas of a city, at first to one.
func above(t *testing.T, f func(w *world, county, one, two *party)) {
	inWorld(t, func(w *world) {
		one, county := w.party("guiyang.guizhou", 7), w.party("nanming.guiyang.guizhou", 20)
		w.trust(one, county)
		county.further = 2
		w.open(county, false)
		w.open(one, true)
		two := w.replica(one, 2, 8, true)
		d := county.dialler(one, func(error) {}, nil)
		d.Addresses = func(context.Context) ([]net.Addr, error) { return []net.Addr{one.addr, two.addr}, nil }
		ctx, cancel := context.WithCancel(context.Background())
		var kept sync.WaitGroup
		kept.Go(func() { county.socket.Keep(ctx, d) })
		time.Sleep(time.Second)
		f(w, county, one, two)
		cancel()
		kept.Wait()
		w.close(county, one, two)
	})
}

// TestDeadReplica kills the replica that a link leads to, before and while an exchange waits for
// it, above and below: the exchange is answered by the other replica, soon, and the next one at
// once.
func TestDeadReplica(t *testing.T) {
	for place, scene := range map[string]func(*testing.T, func(w *world, asker, one, two *party)){"below": below, "above": above} {
		for _, dies := range []time.Duration{-time.Minute, -time.Second, 0, 700 * time.Millisecond, 3 * time.Second} {
			t.Run(fmt.Sprintf("%s, after %s", place, dies), func(t *testing.T) {
				scene(t, func(_ *world, asker, one, two *party) {
					one.serves(max(dies, 0) + 10*time.Second)
					two.serves(0)
					if dies < 0 {
						one.wire.dead.Store(true)
						time.Sleep(-dies)
					} else {
						time.AfterFunc(dies, func() { one.wire.dead.Store(true) })
					}
					began := time.Now()
					got, err := asker.ask(one, "x")
					if took := time.Since(began) - max(dies, 0); err != nil || got != two.addr.IP.String()+" said x" || took > soon {
						t.Errorf("got %q, %v after %s", got, err, took)
					}
					began = time.Now()
					if got, err := asker.ask(one, "y"); err != nil || time.Since(began) > 100*time.Millisecond {
						t.Errorf("the next one: got %q, %v after %s", got, err, time.Since(began))
					}
				})
			})
		}
	}
}

// TestSlowNeighbour: a neighbour that takes its time, that is stopped for a second and a half, or
// that is reached over a long line that loses packets keeps its link, and serves each request once.
func TestSlowNeighbour(t *testing.T) {
	stops := func(p *party, after, long time.Duration) {
		time.AfterFunc(after, func() { p.wire.stops(long) })
	}
	luck := rand.New(rand.NewPCG(1, 2))
	var guard sync.Mutex
	loses := func([]byte) bool {
		guard.Lock()
		defer guard.Unlock()
		return luck.IntN(20) > 0
	}
	for name, begin := range map[string]func(w *world, asker, one, two *party){
		"a long answer": func(*world, *party, *party, *party) {},
		"stopped at once": func(_ *world, _, one, _ *party) {
			stops(one, 0, 1500*time.Millisecond)
		},
		"stopped meanwhile": func(_ *world, _, one, _ *party) {
			for at := time.Duration(400); at < 8000; at += 2300 {
				stops(one, at*time.Millisecond, 1500*time.Millisecond)
			}
		},
		"this side stopped": func(_ *world, asker, _, _ *party) {
			stops(asker, 300*time.Millisecond, 1500*time.Millisecond)
		},
		"a long line that loses": func(w *world, asker, one, two *party) {
			for _, p := range []*party{asker, one, two} {
				p.wire.says.Store(loses)
				p.wire.long.Store(true)
			}
		},
	} {
		for place, scene := range map[string]func(*testing.T, func(w *world, asker, one, two *party)){"below": below, "above": above} {
			t.Run(name+", "+place, func(t *testing.T) {
				scene(t, func(w *world, asker, one, two *party) {
					ones, twos := one.serves(8*time.Second), two.serves(8*time.Second)
					before := sinceOf(asker, one, two)
					begin(w, asker, one, two)
					var asks sync.WaitGroup
					for n := range 8 {
						asks.Go(func() {
							time.Sleep(time.Duration(n) * 130 * time.Millisecond)
							if _, err := asker.ask(one, "x"); err != nil {
								t.Error(err)
							}
						})
					}
					asks.Wait()
					if n := ones.Load() + twos.Load(); n != 8 {
						t.Errorf("8 requests were served %d times", n)
					}
					if got := sinceOf(asker, one, two); got != before {
						t.Errorf("links since %s, before since %s", got, before)
					}
				})
			})
		}
	}
}

// sinceOf tells since when the links of a party are up, and how often each party has dialled.
func sinceOf(of *party, others ...*party) string {
	told := fmt.Sprint(of.dialled.Load())
	for _, o := range others {
		told += fmt.Sprint(" ", o.dialled.Load())
	}
	for _, l := range of.socket.Links() {
		told += fmt.Sprint(" ", l.Since)
	}
	return told
}

// TestStoppedReplica: a replica that stopped for long does not hold up those who wait for it; once
// it goes on, it is asked again. Where no other is there, the request waits for it.
func TestStoppedReplica(t *testing.T) {
	below(t, func(w *world, city, one, two *party) {
		one.serves(0)
		two.serves(0)
		go one.wire.stops(6 * time.Second)
		time.Sleep(time.Millisecond)
		began := time.Now()
		if got, err := city.ask(one, "x"); err != nil || got != two.addr.IP.String()+" said x" || time.Since(began) > soon {
			t.Errorf("while it is stopped: got %q, %v after %s", got, err, time.Since(began))
		}
		time.Sleep(10 * time.Second)
		if got, err := city.ask(one, "y"); err != nil || got != one.addr.IP.String()+" said y" {
			t.Errorf("when it goes on: got %q, %v", got, err)
		}
	})
	linked(t, func(_ *world, city, county *party) {
		n := county.serves(0)
		go county.wire.stops(6 * time.Second)
		time.Sleep(time.Millisecond)
		if _, err := city.ask(county, "x"); err != nil || n.Load() != 1 {
			t.Errorf("the only one: got %v, served %d times", err, n.Load())
		}
	})
}

// TestRestartedReplica: a request under way at a replica that is killed and started anew is
// answered by the other one, as soon as the replica answers that it knows nothing of the link.
func TestRestartedReplica(t *testing.T) {
	above(t, func(w *world, county, one, two *party) {
		one.serves(10 * time.Second)
		two.serves(0)
		var restart sync.WaitGroup
		defer restart.Wait()
		restart.Go(func() {
			time.Sleep(time.Second)
			one.wire.dead.Store(true)
			one.socket.Close()
			one.wire.Close()
			w.router.RemoveNode(one.addr)
			w.open(one, true)
		})
		began := time.Now()
		got, err := county.ask(one, "x")
		if took := time.Since(began); err != nil || got != two.addr.IP.String()+" said x" || took > time.Second+soon {
			t.Errorf("got %q, %v after %s", got, err, took)
		}
	})
}

// TestIdleLinkIsQuiet: signs of life are asked for only while somebody waits: on an idle link come
// hellos alone.
func TestIdleLinkIsQuiet(t *testing.T) {
	linked(t, func(_ *world, city, county *party) {
		var sent atomic.Int32
		for _, p := range []*party{city, county} {
			p.wire.says.Store(func([]byte) bool { sent.Add(1); return true })
		}
		idle := func() int32 {
			sent.Store(0)
			time.Sleep(10 * helloEvery)
			return sent.Load()
		}
		before := idle()
		if _, err := city.ask(county, "x"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		if after := idle(); after > before+before/20 {
			t.Errorf("%d packets in %s, before anything was asked %d", after, 10*helloEvery, before)
		}
		sent.Store(0)
		county.serves(8 * time.Second)
		if _, err := city.ask(county, "y"); err != nil {
			t.Fatal(err)
		}
		if n := sent.Load(); n > 8*8+10 { // two asks a second, what says that they came
			t.Errorf("%d packets while one waited for 8 s", n)
		}
	})
}

// TestLinkGoesHome: a link that went to another replica of the neighbour goes back to the first
// address when that is reached again, and no request fails meanwhile.
func TestLinkGoesHome(t *testing.T) {
	above(t, func(w *world, county, one, two *party) {
		at := func() string { return county.socket.Links()[0].Address }
		one.serves(0)
		two.serves(0)
		one.wire.dead.Store(true)
		if _, err := county.ask(one, "x"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Minute)
		if got := at(); got != two.addr.String() {
			t.Fatalf("linked to %s, want %s", got, two.addr)
		}
		one.wire.dead.Store(false)
		for range 60 {
			time.Sleep(time.Second + 7*time.Millisecond)
			if _, err := county.ask(one, "x"); err != nil {
				t.Error(err)
			}
		}
		time.Sleep(3 * time.Minute)
		if got, n := at(), len(two.socket.Links()); got != one.addr.String() || n != 0 {
			t.Errorf("linked to %s, want %s, and %d links at the other", got, one.addr, n)
		}
		dialled := county.dialled.Load()
		time.Sleep(15 * time.Minute)
		if n := county.dialled.Load(); n != dialled {
			t.Errorf("at home it dialled %d times more", n-dialled)
		}
	})
}

// TestOrderIsNoReason: a link stays where it is while the same addresses come in another order each
// time; another list moves it to its first address.
func TestOrderIsNoReason(t *testing.T) {
	inWorld(t, func(w *world) {
		one, county := w.party("guiyang.guizhou", 7), w.party("nanming.guiyang.guizhou", 20)
		w.trust(one, county)
		county.further = 3
		w.open(county, false)
		w.open(one, true)
		two, three := w.replica(one, 2, 8, true), w.replica(one, 3, 9, true)
		var list atomic.Pointer[[]net.Addr]
		list.Store(&[]net.Addr{one.addr, two.addr})
		d := county.dialler(one, func(error) {}, nil)
		d.Addresses = func(context.Context) ([]net.Addr, error) {
			all := *list.Load()
			turned := append(slices.Clone(all[1:]), all[0])
			if len(all) == 2 {
				list.Store(&turned)
			}
			return all, nil
		}
		ctx, cancel := context.WithCancel(context.Background())
		var kept sync.WaitGroup
		kept.Go(func() { county.socket.Keep(ctx, d) })
		time.Sleep(15 * time.Minute)
		if n := county.dialled.Load(); n != 1 {
			t.Errorf("it dialled %d times, want once", n)
		}
		list.Store(&[]net.Addr{three.addr, one.addr, two.addr})
		time.Sleep(2 * time.Minute)
		if got := county.socket.Links(); len(got) != 1 || got[0].Address != three.addr.String() {
			t.Errorf("linked to %+v, want to %s", got, three.addr)
		}
		cancel()
		kept.Wait()
		w.close(county, one, two, three)
	})
}
