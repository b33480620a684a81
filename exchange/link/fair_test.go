package link

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"xietong/certs/tlsconf"
)

// TestFiveSourcesAtTheDoor (S22): five addresses knock as fast as they are let in. A county that
// knocks once a second for a minute comes in nearly always.
func TestFiveSourcesAtTheDoor(t *testing.T) {
	inWorld(t, func(w *world) {
		city, county := w.party("guiyang.guizhou", 7), w.party("nanming.guiyang.guizhou", 20)
		w.open(city, true)
		w.open(county, false)
		ctx, cancel := context.WithCancel(context.Background())
		var wg sync.WaitGroup
		var floods []*party
		for n := range byte(5) {
			p := w.party(fmt.Sprintf("flood%d.guizhou", n), 100+n)
			w.open(p, false)
			floods = append(floods, p)
			wg.Go(func() {
				for ctx.Err() == nil {
					if c, err := p.socket.Dial(ctx, city.addr, tlsconf.DialJoin(city.name)); err == nil {
						c.Close(CodeClosing)
					}
					time.Sleep(20 * time.Millisecond)
				}
			})
		}
		time.Sleep(15 * time.Second) // until the bursts are spent
		came, tries := 0, 60
		if testing.Short() {
			tries = 20
		}
		for range tries {
			if county.knock(city) == nil {
				came++
			}
			time.Sleep(time.Second)
		}
		if came < tries-3 {
			t.Errorf("the county came in %d times of %d", came, tries)
		}
		cancel()
		wg.Wait()
		w.close(append(floods, county, city)...)
	})
}

// TestFairAtTheDoor (S22): many sources take all that they are given, each time before the county
// tries. It knocks once a second for a minute, and gets its equal part of what comes back, or all
// that it asks for.
func TestFairAtTheDoor(t *testing.T) {
	for _, row := range []struct{ hostile, least int }{{1, 60}, {5, 60}, {20, 57}, {100, 18}} {
		g, now := newGate(), time.Now()
		pass := func() {
			now = now.Add(100 * time.Millisecond)
			for n := range row.hostile {
				s := sourceOf(from("198.51.100.%d:1", n))
				for g.take(knocking, s, now) {
					g.give(knocking, s)
				}
			}
		}
		for range 600 {
			pass()
		}
		came, county := 0, sourceOf(from("192.0.2.20:1"))
		for range 60 {
			for range 10 {
				pass()
			}
			if g.take(knocking, county, now) {
				g.give(knocking, county)
				came++
			}
		}
		if came < row.least {
			t.Errorf("%d hostile: the county came in %d times of 60, want %d", row.hostile, came, row.least)
		}
	}
}

// TestFriendsAtTheDoor: strangers from a thousand addresses shut the door for strangers, and not
// for those from whose address a link was up; also the most zealous of these leaves room for the
// others.
func TestFriendsAtTheDoor(t *testing.T) {
	g, now := newGate(), time.Now()
	g.linked(endsOf(t, "nanming"), from("192.0.2.20:1"))
	g.linked(endsOf(t, "yunyan"), from("192.0.2.21:1"))
	county, zealous := sourceOf(from("192.0.2.20:1")), sourceOf(from("192.0.2.21:1"))
	came := 0
	for range 60 {
		for n := range 1000 {
			takeAll(g, knocking, sourceOf(from("198.51.%d.%d:1", n>>8, n&0xff)), now)
		}
		takeAll(g, knocking, zealous, now)
		if g.take(knocking, county, now) {
			g.give(knocking, county)
			came++
		}
		now = now.Add(time.Second)
	}
	if came != 60 {
		t.Errorf("the county came in %d times of 60", came)
	}
	if g.take(knocking, sourceOf(from("203.0.113.1:1")), now) {
		t.Error("this is no flood: a stranger comes in")
	}
}

// TestForgottenSourcesOwe: whoever comes from more addresses than are told apart gets no more than
// the rate of all.
func TestForgottenSourcesOwe(t *testing.T) {
	g, now, came := newGate(), time.Now(), 0
	for n := range 20 * maxSources {
		s := sourceOf(from("[2001:%x:%x::1]:1", n>>16, n&0xffff))
		if g.take(knocking, s, now) {
			g.give(knocking, s)
			came++
		}
	}
	if l := ofAll[strangers][knocking]; float64(came) > l.burst {
		t.Errorf("%d came in at once, more than %v", came, l.burst)
	}
}

// TestFriendsOfOneNeighbour: a neighbour that links from a thousand addresses, to have them for
// friends, has a few of them, and shuts out no other neighbour.
func TestFriendsOfOneNeighbour(t *testing.T) {
	g, now := newGate(), time.Now()
	g.linked(endsOf(t, "yunyan"), from("192.0.2.21:1"))
	for n := range 1000 {
		g.linked(endsOf(t, "nanming"), from("198.51.%d.%d:1", n>>8, n&0xff))
	}
	for n := range 1000 {
		takeAll(g, knocking, sourceOf(from("198.51.%d.%d:1", n>>8, n&0xff)), now)
	}
	if !g.take(knocking, sourceOf(from("192.0.2.21:1")), now) {
		t.Error("the other neighbour does not come in")
	}
	count := 0
	for _, s := range g.sources {
		if s.class == friends {
			count++
		}
	}
	if count != friendsOfOne+1 {
		t.Errorf("%d sources are friends, want %d", count, friendsOfOne+1)
	}
}
