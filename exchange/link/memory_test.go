package link

import (
	"bytes"
	"context"
	"io"
	"testing"

	"xietong/certs/identity"
	"xietong/certs/tlsconf"
)

// memory returns the bytes that the party counts for another.
func (p *party) memory(of *party) int {
	p.socket.memory.mu.Lock()
	defer p.socket.memory.mu.Unlock()
	return p.socket.memory.held[ends{p.name, of.name}]
}

func endsOf(t *testing.T, label string) ends {
	t.Helper()
	city, err := identity.ParseJurisdiction("guiyang.guizhou")
	if err != nil {
		t.Fatal(err)
	}
	peer, err := identity.ParseJurisdiction(label + ".guiyang.guizhou")
	if err != nil {
		t.Fatal(err)
	}
	return ends{city, peer}
}

// TestOneNeighbourAtItsBound (S10d): hostile neighbours take all the memory that they get. None of
// them takes from the own share of another, the first of them alone gets at most a quarter of what
// is lent, and all of it comes back.
func TestOneNeighbourAtItsBound(t *testing.T) {
	const piece = 64 << 10
	for _, hostile := range []int{1, 5, 50} {
		m, took := newMemory(common), map[string]int{}
		for some := true; some; { // by turns, as much as they can
			some = false
			for n := range hostile {
				name := "h" + string(rune('a'+n/26)) + string(rune('a'+n%26))
				if m.take(endsOf(t, name), piece) {
					took[name] += piece
					some = true
				}
			}
		}
		for name, n := range took {
			if n < ownShare || n > ownShare+common/lentPart {
				t.Errorf("%d hostile: %s holds %d KiB", hostile, name, n>>10)
			}
		}
		if m.lent > common {
			t.Errorf("%d hostile: %d KiB are lent", hostile, m.lent>>10)
		}
		for n := range 20 {
			healthy, got := endsOf(t, "c"+string(rune('a'+n))), 0
			for got < ownShare && m.take(healthy, piece) {
				got += piece
			}
			if got != ownShare {
				t.Errorf("%d hostile: healthy neighbour %d gets %d KiB of its own share", hostile, n, got>>10)
			}
			m.give(healthy, got)
		}
		for name, n := range took {
			m.give(endsOf(t, name), n)
		}
		if m.lent != 0 || len(m.held) != 0 {
			t.Errorf("%d hostile: %d bytes stay lent, %d neighbours hold", hostile, m.lent, len(m.held))
		}
	}
}

// TestHoldOfAFrame: a frame takes its bytes before they are there, as they come, at most twice what
// has come, and gives all of it back when it does not end.
func TestHoldOfAFrame(t *testing.T) {
	m, by := newMemory(common), endsOf(t, "nanming")
	for _, n := range []int{1, MaxHello, MaxHello + 1, 100_000, MaxFrame} {
		whole := make([]byte, n)
		h := &hold{memory: m, by: by}
		if got, err := readData(bytes.NewReader(whole), n, h); err != nil || len(got) != n || h.bytes != cap(got) {
			t.Errorf("%d bytes: got %d, %v, and %d are held", n, len(got), err, h.bytes)
		}
		most := 0
		seen := readerFunc(func(p []byte) (int, error) { most = max(most, h.bytes-n); return 0, io.EOF })
		if _, err := readData(io.MultiReader(bytes.NewReader(whole[:n/2]), seen), n, h); err == nil || h.bytes != n {
			t.Errorf("half of %d: got %v, and %d are held", n, err, h.bytes)
		}
		if most > max(MaxHello, n) {
			t.Errorf("half of %d: %d were held", n, most)
		}
		h.end()
		if h.take(1) {
			t.Error("takes after its end")
		}
	}
	for m.take(by, MaxFrame/2) {
	}
	if _, err := readData(bytes.NewReader(make([]byte, MaxFrame)), MaxFrame, &hold{memory: m, by: by}); err != errBusy {
		t.Errorf("where there is no room: got %v", err)
	}
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// TestWindowsGrowInTheAccount: the windows of a connection grow while its neighbour has room for
// them, are counted as they grow, and do not grow at the door or beyond the neighbour's bound.
func TestWindowsGrowInTheAccount(t *testing.T) {
	linked(t, func(_ *world, city, county *party) {
		for range 50 {
			if _, err := county.ask(city, string(make([]byte, MaxFrame-100))); err != nil {
				t.Fatal(err)
			}
		}
		got := city.memory(county)
		if got <= connCost || got > connCost+maxWindow {
			t.Errorf("%d KiB are counted for a link that carried much", got>>10)
		}
		q := city.link(county).conn.quic
		if !grow(q, 1) {
			t.Error("the window does not grow although there is room")
		}
		by := ends{city.name, county.name}
		for city.socket.memory.take(by, 16<<10) {
		}
		if grow(q, 64<<10) {
			t.Error("the window grows beyond the bound of the neighbour")
		}
		if _, err := county.ask(city, "x"); reason(err) != Busy {
			t.Errorf("a neighbour at its bound: got %v, want %s", err, Busy)
		}
		if !city.socket.Up(city.name, county.name) {
			t.Error("the link of a neighbour at its bound has ended")
		}
	})
	inWorld(t, func(w *world) {
		city, joiner := w.party("guiyang.guizhou", 7), w.party("yunyan.guiyang.guizhou", 30)
		w.open(city, true)
		w.open(joiner, false)
		c, err := joiner.socket.Dial(context.Background(), city.addr, tlsconf.DialJoin(city.name))
		if err != nil {
			t.Fatal(err)
		}
		if grow(c.quic, 1) {
			t.Error("a window grows at the door")
		}
		if err := c.Exchange(context.Background(), make([]byte, MaxKnock/2), func([]byte) error { return nil }); err != nil {
			t.Errorf("a long request at the door, within the first window at a time: %v", err)
		}
		c.Close(CodeClosing)
		w.close(joiner, city)
	})
}
