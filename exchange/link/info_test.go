package link

import (
	"context"
	"fmt"
	"testing"
	"time"

	"xietong/certs/identity"
	"xietong/certs/tlsconf"
)

// TestLinks checks the information about the open links.
func TestLinks(t *testing.T) {
	inWorld(t, func(w *world) {
		city, one, two := w.party("guiyang.guizhou", 7), w.party("nanming.guiyang.guizhou", 20), w.party("yunyan.guiyang.guizhou", 30)
		w.trust(city, one)
		w.trust(city, two)
		w.open(city, true)
		w.open(one, false)
		w.open(two, false)
		began := time.Now()
		endTwo := two.keep(city, func(error) {})
		endOne := one.keep(city, func(error) {})
		time.Sleep(time.Second)
		got := city.socket.Links()
		if len(got) != 2 || got[0].Peer.Jurisdiction != one.name || got[1].Peer.Jurisdiction != two.name {
			t.Fatalf("got %+v, want the two counties in the order of their names", got)
		}
		if got[0].Local != city.name || got[0].Address != "192.0.2.20:7400" || got[0].Peer.Replica.Number() != 1 {
			t.Errorf("got %+v", got[0])
		}
		if !got[0].Since.After(began) || got[0].Since.After(time.Now()) || got[0].LastHeard.Before(began) {
			t.Errorf("since %s, heard %s; it began at %s", got[0].Since, got[0].LastHeard, began)
		}
		endOne()
		time.Sleep(time.Second)
		if got := city.socket.Links(); len(got) != 1 || got[0].Peer.Jurisdiction != two.name {
			t.Errorf("after one has left: got %+v", got)
		}
		endTwo()
		w.close(two, one, city)
	})
}

// TestLastHeard checks that the time moves with hellos and with the frames of an exchange, at both
// ends, and stays known after the link.
func TestLastHeard(t *testing.T) {
	linked(t, func(_ *world, city, county *party) {
		age := func(p, peer *party) time.Duration {
			t.Helper()
			heard, ok := p.socket.LastHeard(p.name, peer.name)
			if !ok {
				t.Fatalf("%s has never heard of %s", p.name, peer.name)
			}
			return time.Since(heard)
		}
		for range 30 { // nothing but hellos
			time.Sleep(time.Second)
			if a, b := age(city, county), age(county, city); a > helloEvery+time.Second || b > helloEvery+time.Second {
				t.Fatalf("the city heard %s ago, the county %s ago", a, b)
			}
		}
		time.Sleep(helloEvery / 2)
		if _, err := city.ask(county, "x"); err != nil {
			t.Fatal(err)
		}
		if a, b := age(city, county), age(county, city); a > 50*time.Millisecond || b > 50*time.Millisecond {
			t.Errorf("after an exchange the city heard %s ago, the county %s ago", a, b)
		}
		if _, ok := city.socket.LastHeard(city.name, city.name); ok {
			t.Error("heard of somebody that no link was up with")
		}
		county.wire.dead.Store(true)
		time.Sleep(time.Hour)
		if a := age(city, county); city.socket.Up(city.name, county.name) || a < time.Hour-time.Minute {
			t.Errorf("an hour after the county died: up %t, heard %s ago", city.socket.Up(city.name, county.name), a)
		}
	})
}

// TestRememberedIsBounded checks that the memory of ended links is bounded, and that the pair that
// was silent longest is forgotten first.
func TestRememberedIsBounded(t *testing.T) {
	s := &Socket{heard: map[ends]time.Time{}}
	key := func(n int) ends {
		j, err := identity.ParseJurisdiction(fmt.Sprintf("n%d.guizhou", n))
		if err != nil {
			t.Fatal(err)
		}
		return ends{peer: j}
	}
	start := time.Now()
	for n := range maxRemembered + 10 {
		s.remember(key(n), &Link{conn: &Conn{heard: start.Add(time.Duration(n) * time.Second)}})
	}
	if len(s.heard) != maxRemembered {
		t.Errorf("%d are remembered, want %d", len(s.heard), maxRemembered)
	}
	if _, ok := s.heard[key(9)]; ok {
		t.Error("one that was silent longest is remembered")
	}
	if _, ok := s.heard[key(10)]; !ok {
		t.Error("one that was heard later is forgotten")
	}
}

// TestTold checks that a dialler is told when its link comes up, and that an exchange goes over it
// from then on.
func TestTold(t *testing.T) {
	inWorld(t, func(w *world) {
		city, county := w.party("guiyang.guizhou", 7), w.party("nanming.guiyang.guizhou", 20)
		w.trust(city, county)
		w.open(city, true)
		w.open(county, false)
		ctx, cancel := context.WithCancel(context.Background())
		told := 0
		county.socket.Keep(ctx, county.dialler(city, func(err error) { t.Errorf("failed: %v", err) }, func(peer tlsconf.Peer, _ bool) {
			told++
			if peer.Jurisdiction != city.name {
				t.Errorf("told of %s", peer.Jurisdiction)
			}
			if got, err := county.ask(city, "at once"); err != nil || got != "nanming said at once" {
				t.Errorf("got %q, %v", got, err)
			}
			cancel()
		}))
		if told != 1 {
			t.Errorf("told %d times, want once", told)
		}
		w.close(county, city)
	})
}
