package host

import (
	"crypto/x509"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"xietong/certs/authority"
	"xietong/certs/identity"
	"xietong/consensus/ledger"
)

// machineClock is the clock of a machine in a test: the wall clock, what passes, and what the time
// service says.
type machineClock struct {
	mu      sync.Mutex // guards the fields below: a host that is open reads them
	wall    time.Time
	elapsed time.Duration
	synced  time.Time
}

func (m *machineClock) clocks() clocks {
	return clocks{
		now:     func() time.Time { wall, _, _ := m.read(); return wall },
		elapsed: func() time.Duration { _, elapsed, _ := m.read(); return elapsed },
		synced:  func() time.Time { _, _, synced := m.read(); return synced },
	}
}

func (m *machineClock) read() (wall time.Time, elapsed time.Duration, synced time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.wall, m.elapsed, m.synced
}

// change changes the clock.
func (m *machineClock) change(by func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	by()
}

func (m *machineClock) pass(d time.Duration) {
	m.change(func() { m.wall, m.elapsed = m.wall.Add(d), m.elapsed+d })
}

// TestWhoVouches (D18, D18d) walks through what a machine's clock does after a start, and who
// vouches for it then.
func TestWhoVouches(t *testing.T) {
	last := time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC) // the last entry
	type step struct {
		pass, jump time.Duration   // the time that passes, a suspend included, and how far the wall clock jumps then
		hears      []time.Duration // how far clocks of neighbours are ahead of this machine's, as they say then
		synced     bool            // the time service has set the clock just now
		accepts    bool
		replica    Voucher // who vouches for the clock of another replica, which agrees; 0: it says nothing
		want       Voucher
	}
	start := func(ahead time.Duration, want Voucher) step { return step{jump: ahead, want: want} }
	for what, steps := range map[string][]step{
		"right":                 {start(0, ByStart), {pass: day, want: ByStart}, {jump: time.Minute, want: ByStart}, {jump: -time.Minute, want: ByStart}},
		"a weekend":             {start(70*hour, ByStart), {pass: 400 * day, want: ByStart}},
		"8 h ahead, set right":  {start(8*hour, ByStart), {pass: day, jump: -8 * hour, want: ByStart}, {pass: day, want: ByStart}},
		"70 h ahead, set right": {start(70*hour, ByStart), {pass: time.Minute, jump: -70 * hour, want: ByStart}},
		"8 h behind, set right": {start(-8*hour, ByStart), {pass: day, jump: 8 * hour, want: ByStart}, {jump: 8 * hour, want: ByNobody}},
		"70 h behind":           {start(-70*hour, ByStart), {pass: hour, jump: 70 * hour, want: ByStart}},
		"400 days ahead":        {start(400*day, ByNobody), {pass: day, want: ByNobody}, {jump: -400 * day, want: ByStart}},
		"400 days ahead, right": {start(400*day, ByNobody), {hears: []time.Duration{time.Minute}, want: ByNeighbour}, {pass: 40 * day, want: ByNeighbour}},
		"20 years behind":       {start(-20*365*day, ByNobody), {pass: hour, jump: 20 * 365 * day, want: ByStart}},
		"a service at a start":  {{jump: 400 * day, synced: true, want: BySystem}, {pass: 30 * day, want: BySystem}},
		"a person":              {start(400*day, ByNobody), {accepts: true, want: ByOperator}, {pass: 30 * day, want: ByOperator}, {jump: hour, want: ByNobody}, {jump: -hour, want: ByOperator}},
		"a jump, and back":      {start(0, ByStart), {pass: hour, jump: 8 * hour, want: ByNobody}, {pass: day, want: ByNobody}, {jump: -8 * hour, want: ByStart}},
		"a jump, and a service": {start(0, ByStart), {pass: hour, jump: 8 * hour, want: ByNobody}, {pass: hour, synced: true, want: BySystem}},
		"a jump after a service": {
			{synced: true, want: BySystem}, {pass: 10 * time.Minute, jump: 20 * time.Minute, want: ByNobody}, // what it said is of before
			{pass: time.Minute, synced: true, want: BySystem},
		},
		"a service of long ago": {{synced: true, want: BySystem}, {pass: 2 * hour, jump: 8 * hour, want: ByNobody}},
		"a jump that a neighbour knows of": { // it heard of the right time before
			start(8*hour, ByStart), {hears: []time.Duration{-8 * hour}, want: ByStart}, {pass: 30 * hour, jump: -8 * hour, want: ByNeighbour},
			{jump: -8 * hour, want: ByNobody}, {jump: 8 * hour, want: ByNeighbour},
		},
		"a child that agrees, and a parent that does not": { // beyond 72 hours what is believed lasts
			start(400*day, ByNobody), {hears: []time.Duration{-400 * day}, want: ByNobody}, {hears: []time.Duration{-400 * day, 4 * time.Minute}, want: ByNobody},
			{hears: []time.Duration{time.Minute, -400 * day}, want: ByNeighbour},
		},
		"most neighbours agree, and a parent does not":      {start(400*day, ByNobody), {hears: []time.Duration{-400 * day, 0, 0}, want: ByNeighbour}},
		"a child that agrees within 72 hours":               {start(0, ByStart), {jump: 8 * hour, hears: []time.Duration{-8 * hour, 0}, want: ByNeighbour}},
		"a replica that agrees":                             {start(400*day, ByNobody), {replica: BySystem, want: ByReplica}, {pass: day, want: ByReplica}},
		"a replica that agrees, and a parent that does not": {start(400*day, ByNobody), {replica: BySystem, hears: []time.Duration{-400 * day}, want: ByNobody}},
		"a replica for which nobody vouches":                {start(400*day, ByNobody), {replica: ByReplica, want: ByNobody}},
		"one that agrees badly":                             {start(400*day, ByNobody), {hears: []time.Duration{6 * time.Minute}, want: ByNobody}},
		"no neighbour vouches for a jump back of a firm clock": {
			start(0, ByStart), {hears: []time.Duration{0}, want: ByNeighbour}, {pass: hour, jump: -hour, want: ByNobody}, {pass: hour, jump: hour, want: ByNeighbour},
		},
		"a suspend": {start(0, ByStart), {pass: 14 * hour, want: ByStart}},
	} {
		m := &machineClock{wall: last}
		var g *guard
		for i, s := range steps {
			m.pass(s.pass)
			m.wall = m.wall.Add(s.jump)
			if s.synced {
				m.synced = m.wall
			}
			if g == nil {
				g = newGuard(m.clocks(), neighbour(t, 0), last)
			}
			for n, ahead := range s.hears {
				g.hear(neighbour(t, n), m.wall.Add(ahead))
			}
			if s.accepts {
				g.accept()
			}
			if s.replica > ByNobody {
				g.hearReplica(FirstReplica(), Word{m.wall, s.replica}, g.read())
			}
			judged(t, fmt.Sprintf("%s, step %d", what, i), g, m, s.want)
		}
	}
}

// judged checks who vouches for the clock, also where nobody better is looked for.
func judged(t *testing.T, what string, g *guard, m *machineClock, want Voucher) {
	t.Helper()
	_, before, _ := g.judge(false)
	now, got, ahead := g.judge(true)
	_, after, _ := g.judge(false)
	if got != want || after != want || (before == ByNobody) != (want == ByNobody) {
		t.Errorf("%s: %s vouches, before that %s, and after it %s, want %s", what, got, before, after, want)
	}
	if !now.Equal(m.wall) || (got == ByNobody) != (ahead != 0) {
		t.Errorf("%s: got the clock %s, ahead by %s", what, now, ahead)
	}
}

func neighbour(t *testing.T, n int) identity.Jurisdiction {
	t.Helper()
	j, err := identity.ParseJurisdiction([]string{"guiyang.guizhou", "yunyan.guiyang.guizhou", "huaxi.guiyang.guizhou"}[n])
	if err != nil {
		t.Fatal(err)
	}
	return j
}

// TestLeastTime checks that what is dated by a clock for which nobody vouches is good
// whatever the clock turns out to be.
func TestLeastTime(t *testing.T) {
	last := time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)
	m := &machineClock{wall: last.Add(70 * time.Hour)}
	g := newGuard(m.clocks(), neighbour(t, 0), last)
	for _, row := range []struct {
		pass   time.Duration
		accept bool
		want   time.Time
	}{
		{0, false, last}, {time.Hour, false, last.Add(time.Hour)}, {time.Hour, true, last.Add(72 * time.Hour)},
	} {
		m.pass(row.pass)
		if row.accept {
			g.accept()
		}
		if got := g.least(m.wall); !got.Equal(row.want) {
			t.Errorf("after %s, accepted %t: got %s, want %s", row.pass, row.accept, got, row.want)
		}
	}
}

// TestKeysUnderAPresumedClock (D18b) has keys made at a start with a clock that is 70 hours ahead,
// for which nobody vouches: they are good once it is right, and so are those that were made before.
func TestKeysUnderAPresumedClock(t *testing.T) {
	m := &machineClock{wall: began}
	dir := t.TempDir()
	start := func() *Host {
		name, err := identity.ParseJurisdiction("nanming.guiyang.guizhou")
		if err == nil {
			_, err = Create(dir, name, m.wall, 1)
		}
		if err != nil {
			t.Fatal(err)
		}
		c := m.clocks()
		h, err := Open(t.Context(), dir, name, Options{
			Registry: testRegistry(), Logger: slog.New(slog.DiscardHandler), Now: c.now, Elapsed: c.elapsed, Synced: c.synced,
		})
		if err != nil {
			t.Fatal(err)
		}
		return h
	}
	h := start()
	add(t, h)
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	right, _, _ := m.read()
	m.change(func() { m.wall = m.wall.Add(70 * time.Hour) })
	h = start()
	defer h.Close()
	m.pass(2 * time.Hour)
	right = right.Add(2 * time.Hour)
	id, err := identity.NewMessage()
	if err != nil {
		t.Fatal(err)
	}
	if number, err := h.NewKeys(t.Context(), id, Change{}); err != nil || number != 2 {
		t.Fatalf("got number %d, %v", number, err)
	}
	renew(t, h, everybody)
	signing, err := x509.ParseCertificate(h.Signer().SigningCert())
	if err != nil || h.authority.InUse() != 2 || !signing.NotBefore.Equal(right.Add(-authority.Backdated)) {
		t.Errorf("number %d in use, from %v, want it from %v; %v", h.authority.InUse(), signing.NotBefore, right.Add(-authority.Backdated), err)
	}
	m.change(func() { m.wall = right })
	if err := try(t, h); err != nil {
		t.Errorf("once the clock is right: %v", err)
	}
	if got := entriesOf(t, h, ledger.KindClockCorrected); got != 1 {
		t.Errorf("%d corrections", got)
	}
	if err := revoke(t, h); err != nil { // keys that were published at a time to come hinder nobody
		t.Errorf("a revocation: %v", err)
	}
}
