package state

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"testing"
	"time"

	"xietong/certs/canon"
	"xietong/certs/identity"
	"xietong/consensus/ledger"
)

const (
	minuteMs = 60 * 1000
	hourMs   = 60 * minuteMs
)

// began is a time in ms, long after 1970.
const began = uint64(1_790_000_000_000)

// idAt is an id that was made at a time.
func idAt(t testing.TB, ms uint64) identity.Message {
	t.Helper()
	id := newID(t)
	b := id.Bytes()
	var at [8]byte
	binary.BigEndian.PutUint64(at[:], ms)
	copy(b[:6], at[2:])
	id, err := identity.MessageFromBytes(b[:])
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// clocked applies commands as a host does, under a clock that may be wrong.
type clocked struct {
	testing.TB
	path  string
	s     *Store
	index uint64
}

func newClocked(t testing.TB) *clocked {
	path := filepath.Join(t.TempDir(), "state.db")
	return &clocked{TB: t, path: path, s: openStore(t, path)}
}

func (c *clocked) apply(command Command) Result {
	c.Helper()
	data, err := command.Encode()
	if err != nil {
		c.Fatal(err)
	}
	c.index++
	return c.s.Apply(c.index, 1, [][]byte{data})[0]
}

func (c *clocked) restart() {
	c.Helper()
	if err := c.s.Close(); err != nil {
		c.Fatal(err)
	}
	c.s = openStore(c.TB, c.path)
}

// change proposes a correction, or the acceptance, of a clock.
func (c *clocked) change(kind Kind, now uint64) Result {
	c.Helper()
	body, err := canon.Marshal(ClockChange{Clock: now, Evidence: ledger.PlainEvidence(ledger.Commitment{}), Sealed: []byte("sealed")})
	if err != nil {
		c.Fatal(err)
	}
	return c.apply(Command{Kind: kind, Clock: now, Body: body})
}

// use applies a command with an id, after a correction where the clock needs one.
func (c *clocked) use(id identity.Message, now uint64) Code {
	c.Helper()
	if _, clock := c.s.Clocks(); now+MaxBack < uint64(clock.UnixMilli()) {
		if r := c.change(KindClockCorrected, now); r.Code != Done {
			return r.Code
		}
	}
	return c.apply(Command{Kind: kindOnce, ID: id, Clock: now, Expires: now + hourMs, Body: []byte("x")}).Code
}

// TestClockOfTheState walks through a jump and its correction: by which time is judged, what the
// heads carry, what is refused, also across a restart.
func TestClockOfTheState(t *testing.T) {
	c := newClocked(t)
	for i, row := range []struct {
		now           uint64 // after began
		kind          Kind   // 0: a command like any
		want          Code
		ledger, clock uint64 // after began, then
		corrected     bool
	}{
		{0, 0, Done, 0, 0, false},
		{8 * hourMs, 0, Done, 8 * hourMs, 8 * hourMs, false},
		{8*hourMs - MaxBack, 0, Done, 8 * hourMs, 8 * hourMs, false},
		{minuteMs, 0, CodeClockBack, 8 * hourMs, 8 * hourMs, false},
		{minuteMs, KindMark, Done, 8 * hourMs, 8 * hourMs, false}, // under any clock
		{minuteMs, KindClockCorrected, Done, 8 * hourMs, minuteMs, true},
		{2 * minuteMs, 0, Done, 8 * hourMs, 2 * minuteMs, true},
		{minuteMs, 0, Done, 8 * hourMs, 2 * minuteMs, true},
		{0, KindClockCorrected, Done, 8 * hourMs, 2 * minuteMs, true}, // nothing to correct
		{hourMs, KindClockAccepted, Done, 8 * hourMs, hourMs, true},
		{minuteMs, 0, CodeClockBack, 8 * hourMs, hourMs, true},
		{minuteMs, KindClockCorrected, Done, 8 * hourMs, minuteMs, true},
		{8*hourMs - 1, 0, Done, 8 * hourMs, 8*hourMs - 1, true},
		{8 * hourMs, 0, Done, 8 * hourMs, 8 * hourMs, false}, // caught up
		{100 * hourMs, 0, Done, 100 * hourMs, 100 * hourMs, false},
		{28*hourMs - 1, KindClockCorrected, CodeClockBack, 100 * hourMs, 100 * hourMs, false}, // more than three days
		{28 * hourMs, KindClockCorrected, Done, 100 * hourMs, 28 * hourMs, true},
	} {
		var got Code
		switch now := began + row.now; row.kind {
		case 0:
			got = c.apply(Command{Kind: kindNote, Clock: now, Body: []byte("a")}).Code
		case KindMark:
			got = c.apply(Command{Kind: KindMark, Clock: now, Body: []byte{0x80}}).Code
		default:
			got = c.change(row.kind, now).Code
		}
		for _, restarted := range []bool{false, true} {
			if restarted {
				c.restart()
			}
			l, now := c.s.Clocks()
			_, corrected := c.s.Correction()
			if got != row.want || uint64(l.UnixMilli()) != began+row.ledger || uint64(now.UnixMilli()) != began+row.clock || corrected != row.corrected {
				t.Errorf("row %d, restarted %t: got code %d, ledger time %s, clock %s, corrected %t", i, restarted, got, l.UTC(), now.UTC(), corrected)
			}
		}
	}
	heads(t, c, map[ledger.Kind]int{ledger.KindClockCorrected: 3, ledger.KindClockAccepted: 1})
}

// heads checks that an entry carries its clock exactly where it differs from ledger time, and that
// the ledger has so many entries of the kinds.
func heads(t *testing.T, c *clocked, want map[ledger.Kind]int) {
	t.Helper()
	c.s.Flush()
	err := c.s.View(func(r *Reader) error {
		last, got := uint64(0), map[ledger.Kind]int{}
		for index := range r.Size() {
			leaf, err := ledger.DecodeLeaf(r.Leaf(index))
			if err != nil {
				return err
			}
			h := leaf.Head
			got[h.Kind]++
			if h.Time < last || h.Kind == ledger.KindClockCorrected && h.Clock == 0 || h.At() > h.Time {
				t.Errorf("entry %d: %+v", index, h)
			}
			last = h.Time
		}
		for kind, n := range want {
			if got[kind] != n {
				t.Errorf("%d entries %q, want %d", got[kind], kind, n)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// message is what an honest origin sent once, and a thief sends again.
type message struct {
	id              identity.Message
	issued, expires uint64
}

// admits is what the relay checks of a message before it is applied.
func (c *clocked) admits(m message, now uint64) bool {
	ledgerTime, clock := c.s.Clocks()
	correction, corrected := c.s.Correction()
	if now+MaxBack < uint64(clock.UnixMilli()) { // it will be the first command
		correction, corrected = Correction{At: time.UnixMilli(int64(now)), Until: ledgerTime}, true
	}
	if corrected && correction.Forgotten(time.UnixMilli(int64(m.issued)), time.UnixMilli(int64(m.expires))) {
		return false
	}
	return m.issued <= now+MaxBack && now <= m.expires
}

// TestNothingIsTakenTwice (D17c) has clocks jump at random, while messages come once and again, and
// checks that none is taken twice. The ids of half of them say nothing of when they were made: then
// what the relay checks is enough.
func TestNothingIsTakenTwice(t *testing.T) {
	for seed := range uint64(30) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			r := rand.New(rand.NewPCG(seed, 15))
			c := newClocked(t)
			now, right, ahead := began, began, int64(0)
			var sent []message
			taken := map[identity.Message]bool{}
			for step := range 400 {
				now += r.Uint64N(2 * minuteMs)
				switch r.IntN(32) {
				case 0, 1, 2, 3, 4, 5:
					if ahead > 0 {
						ahead, right = 0, now
					}
				case 6, 7:
					if ahead == 0 && now > right+6*minuteMs { // no second jump follows at once
						ahead = int64(r.Uint64N(60 * hourMs))
					}
				case 8:
					now += r.Uint64N(5 * hourMs)
				case 9:
					c.restart()
				}
				clock := uint64(int64(now) + ahead)
				for range 5 { // what the node does beside, under any clock, and forgets
					c.use(idAt(t, now), clock)
				}
				made := now + r.Uint64N(2*MaxBack) - MaxBack + 1 // by the origin's clock
				m := message{idAt(t, made), made, made + 15*minuteMs}
				if seed%2 == 0 {
					m.id = idAt(t, made+1000*hourMs)
				}
				sent = append(sent, m)
				for _, m := range append(sent[max(0, len(sent)-40):], m) {
					if r.IntN(3) > 0 || !c.admits(m, clock) {
						continue
					}
					if code := c.use(m.id, clock); code != Done {
						continue
					}
					if taken[m.id] {
						t.Fatalf("step %d: taken twice, issued %s ago, clock ahead by %s", step, ms(now-m.issued), ms(uint64(ahead)))
					}
					taken[m.id] = true
				}
			}
			if len(taken) < 30 {
				t.Errorf("only %d messages were taken", len(taken))
			}
		})
	}
}

func ms(n uint64) time.Duration { return time.Duration(n) * time.Millisecond }

// TestAfterACorrection (D17) checks what an id, and a message, is worth after jumps of all lengths:
// what was made after the correction is taken, what was used before is not.
func TestAfterACorrection(t *testing.T) {
	for _, jump := range []uint64{6 * minuteMs, 30 * minuteMs, 8 * hourMs, 25 * hourMs, 70 * hourMs} {
		for _, lasts := range []uint64{minuteMs / 2, 24 * hourMs} {
			if lasts+minuteMs > jump && jump < 8*hourMs { // the clock has caught up by then
				continue
			}
			c := newClocked(t)
			before, during := idAt(t, began), idAt(t, began+minuteMs)
			got := []Code{c.use(before, began), c.use(during, began+jump+minuteMs)}
			for at := uint64(0); at < lasts; at += 10 * minuteMs { // long enough that all is forgotten
				for range 10 {
					c.use(idAt(t, began+at), began+jump+at)
				}
			}
			now := began + lasts + 2*minuteMs
			fresh := idAt(t, now+1)
			for i, want := range []Code{Done, Done} {
				if got[i] != want {
					t.Errorf("%s for %s: code %d before", ms(jump), ms(lasts), got[i])
				}
			}
			for _, id := range []identity.Message{before, during} {
				if code := c.use(id, now); code != CodeSeen && code != CodeExpired {
					t.Errorf("%s for %s: used before, got code %d", ms(jump), ms(lasts), code)
				}
			}
			if code := c.use(fresh, now+2); code != Done {
				t.Errorf("%s for %s: a fresh id got code %d", ms(jump), ms(lasts), code)
			}
			if code := c.use(fresh, now+minuteMs); code != CodeSeen {
				t.Errorf("%s for %s: the same again got code %d", ms(jump), ms(lasts), code)
			}
		}
	}
}

// TestStateWithoutAClock opens a file whose clock is missing: without it permissions would go on.
func TestStateWithoutAClock(t *testing.T) {
	c := newClocked(t)
	c.use(newID(t), began)
	if err := c.s.Close(); err != nil {
		t.Fatal(err)
	}
	edit(t, c.path, bucketMeta, keyClock, func([]byte) []byte { return nil })
	_, err := Open(c.path, noteRegistry(), Options{})
	if damage, ok := errors.AsType[*DamageError](err); !ok || damage.File != c.path {
		t.Errorf("got %v, want a *DamageError of the file", err)
	}
}
