package witnessing

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"xietong/certs/canon"
	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/consensus/witness"
	"xietong/exchange/envelope"
	"xietong/exchange/relay"
	"xietong/node/ground/host"
	"xietong/node/ground/text"
)

// sights are what each neighbour answers that is asked what it saw; nil: nothing, ever.
type sights struct {
	*place
	asked atomic.Int64
	mu    sync.Mutex
	each  map[identity.Jurisdiction]func() (largest, error)
}

func (s *sights) Ask(ctx context.Context, id identity.Message, to identity.Jurisdiction, call envelope.Call) (a relay.Answer, err error) {
	if call.Operation.String() != string(operationLargest) {
		return s.place.Ask(ctx, id, to, call)
	}
	s.asked.Add(1)
	s.mu.Lock()
	says := s.each[to]
	s.mu.Unlock()
	if says == nil {
		<-ctx.Done()
		return a, text.Fail(text.Unreachable, text.Args{"jurisdiction": to.String()}, ctx.Err())
	}
	told, err := says()
	if err != nil {
		return a, err
	}
	a.Content, err = canon.Marshal(told)
	return a, err
}

func (s *sights) say(by *place, what func() (largest, error)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.each[by.name] = what
}

// sayingOf returns what a neighbour says that saw these notes.
func sayingOf(notes ...[]byte) func() (largest, error) {
	told := largest{Kept: []seen{}, Epoch: 1}
	for _, n := range notes {
		told.Kept = append(told.Kept, seen{Note: n, At: 1})
	}
	return func() (largest, error) { return told, nil }
}

// meeting is a city with two counties that have new links.
type meeting struct {
	*sights
	t           *testing.T
	one, two    *place
	end         func()
	first, more []byte // notes of the city, as it is, and of more than it has
	other       []byte // of more, signed by keys that are not the city's
}

func meet(t *testing.T) *meeting {
	t.Helper()
	w := newWorld(t, "guiyang.guizhou", "nanming.guiyang.guizhou", "yunyan.guiyang.guizhou")
	m := &meeting{t: t, one: w.at("nanming.guiyang.guizhou"), two: w.at("yunyan.guiyang.guizhou")}
	city := w.at("guiyang.guizhou")
	m.sights = &sights{place: city, each: map[identity.Jurisdiction]func() (largest, error){}}
	city.desk.o.Asker = m.sights
	city.says(3)
	f := must2(city.Follow(t.Context(), 0))(t)
	m.first = f.Signed
	more := ledger.Checkpoint{Log: city.Log(), Size: f.Checkpoint.Size + 5, Root: tlog.Hash{1}}
	m.more = must2(ledger.SignCheckpoint(more, city.Host))(t)
	m.other = must2(ledger.SignCheckpoint(more, newWorld(t, "guiyang.guizhou").at("guiyang.guizhou").Host))(t)
	ctx, end := context.WithCancel(t.Context())
	var all sync.WaitGroup
	all.Go(func() { city.desk.Links(ctx) })
	m.end = func() { end(); all.Wait() }
	m.say(m.one, sayingOf(m.first))
	m.say(m.two, sayingOf(m.first))
	return m
}

// served reports whether a request of a neighbour is served, and after how long that is known.
func (m *meeting) served(by *place) (is bool, took time.Duration) {
	m.t.Helper()
	began := time.Now()
	err := m.desk.Compared(m.t.Context(), by.name)
	if err != nil && code(err) != text.LinkUncompared {
		m.t.Fatal(err)
	}
	return err == nil, time.Since(began)
}

// TestNewLink (C37): a neighbour with a new link is asked what it saw before its first request is
// served, and asked again with each link after that. One that does not say it is waited for, and
// refused; it holds up nobody else, and is served again as soon as it says it, or after ten
// minutes.
func TestNewLink(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := meet(t)
		defer m.end()
		step := func(what string, by *place, want bool, most time.Duration) {
			t.Helper()
			if is, took := m.served(by); is != want || took > most {
				t.Errorf("%s: served %t after %s, want %t within %s", what, is, took, want, most)
			}
		}
		m.desk.Linked(m.one.name)
		step("says what is here", m.one, true, 0)
		if got := m.asked.Load(); got != 1 {
			t.Errorf("asked %d times", got)
		}
		m.say(m.one, nil)
		step("on the same link", m.one, true, 0)
		time.Sleep(time.Minute)
		m.desk.Linked(m.one.name)
		m.desk.Linked(m.two.name)
		step("another one", m.two, true, 0)
		step("silent", m.one, false, comparedWithin)
		step("silent, and again", m.one, false, 0)
		step("another one meanwhile", m.two, true, 0)
		m.say(m.one, sayingOf(m.first))
		time.Sleep(askedLongest + comparedWithin)
		step("says it again", m.one, true, 0)
		m.say(m.one, nil)
		m.desk.Linked(m.one.name)
		for range 9 {
			time.Sleep(time.Minute)
			step("silent for minutes", m.one, false, comparedWithin)
		}
		time.Sleep(2 * time.Minute)
		step("silent for ten minutes", m.one, true, 0)
		m.desk.Linked(m.one.name)
		time.Sleep(comparedWithin + askedLeast)
		step("silent, with another link, when it was asked over that", m.one, true, 0)
		m.say(m.one, sayingOf())
		time.Sleep(askedLongest + comparedWithin)
		m.say(m.one, nil)
		m.desk.Linked(m.one.name)
		step("silent after it spoke", m.one, false, comparedWithin)
		m.say(m.one, func() (largest, error) {
			return largest{}, text.Fail(text.BeingVerified, text.Args{"jurisdiction": m.one.name.String()}, nil)
		})
		time.Sleep(askedLongest + comparedWithin)
		step("in question itself", m.one, true, 0)
		m.say(m.two, func() (largest, error) {
			return largest{}, text.Fail(text.UnknownOperation, text.Args{"operation": "largest", "jurisdiction": m.two.name.String()}, nil)
		})
		m.desk.Linked(m.two.name)
		asked := m.asked.Load()
		step("an older program", m.two, true, 0)
		if got := m.asked.Load() - asked; got != 1 {
			t.Errorf("an older program is asked %d times", got)
		}
		m.say(m.one, sayingOf(m.more))
		time.Sleep(askedLongest + comparedWithin)
		if q, _ := errors.AsType[*host.QuestionError](m.Questioned()); q == nil || q.Found == nil || q.Found.By != m.one.name {
			t.Errorf("settled in the end, it saw more: got %v", m.Questioned())
		}
	})
}

// TestMoreIsSeenOverANewLink (C37): what a neighbour proves over a new link that it saw, and is not
// here, puts the ledger in question before its first request is served; so does another history.
func TestMoreIsSeenOverANewLink(t *testing.T) {
	for what, forked := range map[string]bool{"more": false, "others": true} {
		synctest.Test(t, func(t *testing.T) {
			m := meet(t)
			defer m.end()
			if forked {
				m.says(9)
			}
			m.say(m.one, sayingOf(m.first, m.more))
			m.desk.Linked(m.one.name)
			m.served(m.one)
			q, _ := errors.AsType[*host.QuestionError](m.Questioned())
			if q == nil || q.Found == nil || q.Forked != forked || q.Found.By != m.one.name {
				t.Errorf("%s: got %+v", what, q)
			}
		})
	}
}

// TestLiesOverANewLink (C37): whoever says of a ledger over a new link what nobody signed, or keys
// that are not known there, holds up itself alone; what is no checkpoint, or an old one, says
// nothing. None of it puts the ledger in question.
func TestLiesOverANewLink(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := meet(t)
		defer m.end()
		early := m.first
		m.says(2)
		must2(m.Follow(t.Context(), 0))(t)
		foreign := must2(m.two.Follow(t.Context(), 0))(t).Signed
		for what, tc := range map[string]struct {
			notes  [][]byte
			served bool
		}{
			"an old one":              {[][]byte{early}, true},
			"nothing":                 {nil, true},
			"no checkpoint":           {[][]byte{[]byte("x")}, true},
			"a long one":              {[][]byte{make([]byte, witness.MaxNote)}, true},
			"too long":                {[][]byte{make([]byte, witness.MaxNote+1)}, false},
			"of another ledger":       {[][]byte{foreign}, true},
			"of more, by others keys": {[][]byte{early, m.other}, false},
		} {
			m.say(m.one, sayingOf(tc.notes...))
			m.desk.Linked(m.one.name)
			m.desk.Linked(m.two.name)
			time.Sleep(time.Second / 2)
			if is, _ := m.served(m.one); is != tc.served {
				t.Errorf("%s: served %t, want %t", what, is, tc.served)
			}
			if is, took := m.served(m.two); !is || took > 0 {
				t.Errorf("%s: another one is served %t, after %s", what, is, took)
			}
			if err := m.Questioned(); err != nil {
				t.Errorf("%s: %v", what, err)
			}
			m.say(m.one, sayingOf())
			time.Sleep(time.Minute)
		}
	})
}

// TestLinksWithoutEnd (C37): a neighbour that makes links as fast as it can is asked no more than
// some times a second, by one at a time, and nobody else waits for it; silent or not.
func TestLinksWithoutEnd(t *testing.T) {
	for what, says := range map[string]func() (largest, error){"silent": nil, "says it": sayingOf()} {
		synctest.Test(t, func(t *testing.T) {
			m := meet(t)
			defer m.end()
			m.say(m.one, says)
			const seconds = 20
			for range seconds * 100 {
				m.desk.Linked(m.one.name)
				time.Sleep(time.Second / 100)
			}
			if got := m.asked.Load(); got == 0 || got > seconds*int64(time.Second/askedLeast)+1 {
				t.Errorf("%s: asked %d times in %d s", what, got, seconds)
			}
			m.desk.Linked(m.two.name)
			if is, took := m.served(m.two); !is || took > 0 {
				t.Errorf("%s: another one is served %t, after %s", what, is, took)
			}
		})
	}
}

// TestLinkWhileInQuestion (C37b): while the ledger is in question nobody is asked over a new link:
// what is said then may do nothing. Once that is over everybody is, before anything is served.
func TestLinkWhileInQuestion(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := meet(t)
		defer m.end()
		m.say(m.one, sayingOf(m.more))
		m.desk.Linked(m.one.name)
		m.served(m.one)
		asked := m.asked.Load()
		m.desk.Linked(m.two.name)
		time.Sleep(time.Hour)
		if got := m.asked.Load(); got != asked || m.Questioned() == nil {
			t.Errorf("in question %v: asked %d times more", m.Questioned(), got-asked)
		}
		id := must2(identity.NewMessage())(t)
		must2(m.BeginEpoch(t.Context(), id, "r", host.Lost{From: 1, Checked: true}))(t)
		must2(0, m.SettleEpoch(t.Context(), 2, true))(t)
		if is, took := m.served(m.two); !is || took > 0 || m.asked.Load() != asked+1 {
			t.Errorf("once it is settled: served %t after %s, asked %d times more", is, took, m.asked.Load()-asked)
		}
	})
}

// widened is a ledger in its second epoch, which names whatever a neighbour saw of the first.
type widened struct {
	Own
	of    identity.Log
	named atomic.Int64 // how often
}

func (w *widened) Log() identity.Log { return w.of }

func (w *widened) Widen(context.Context, host.Seen) (bool, error) {
	w.named.Add(1)
	return true, nil
}

// TestParentIsHeardFirst (C37b): what a child saw of an epoch before is named once the parent has
// said what it saw, which may stop the ledger; and of one child once in ten minutes, however often
// it makes links and says more.
func TestParentIsHeardFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, three...)
		parent, city, child := w.at(three[0]), w.at(three[1]), w.at(three[2])
		city.says(3)
		note := must2(city.Follow(t.Context(), 0))(t).Signed
		own := &widened{Own: city.Host, of: must2(identity.NewLog(city.name, 2))(t)}
		city.desk.o.Own = own
		told := &sights{place: city, each: map[identity.Jurisdiction]func() (largest, error){}}
		city.desk.o.Asker = told
		told.say(child, sayingOf(note))
		ctx, end := context.WithCancel(t.Context())
		var all sync.WaitGroup
		all.Go(func() { city.desk.Links(ctx) })
		check := func(what string, want int64) {
			t.Helper()
			time.Sleep(time.Minute)
			if got := own.named.Load(); got != want {
				t.Errorf("%s: named %d times, want %d", what, got, want)
			}
		}
		city.desk.Linked(child.name)
		check("the parent has no link", 0)
		city.desk.Linked(parent.name)
		check("the parent is silent", 0)
		told.say(parent, sayingOf())
		check("the parent saw nothing", 1)
		for range 5 {
			city.desk.Linked(child.name)
			check("the child makes links", 1)
		}
		time.Sleep(host.AskAgain)
		city.desk.Linked(child.name)
		check("after ten minutes", 2)
		end()
		all.Wait()
	})
}

// TestNewLinkAfterABrokenOne (C37): a neighbour was asked in vain, and its link broke. Eleven
// minutes later it has another one: it is asked anew before its requests are served.
func TestNewLinkAfterABrokenOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := meet(t)
		defer m.end()
		m.say(m.one, nil)
		m.desk.Linked(m.one.name)
		time.Sleep(time.Second)
		m.one.down.Store(true) // the link breaks
		time.Sleep(11 * time.Minute)
		asked := m.asked.Load()
		time.Sleep(time.Hour)
		if m.asked.Load() != asked {
			t.Fatal("it is asked on")
		}
		m.one.down.Store(false)
		m.say(m.one, func() (largest, error) { time.Sleep(time.Second / 10); return sayingOf(m.first, m.more)() })
		m.desk.Linked(m.one.name)
		is, took := m.served(m.one)
		if is && m.Questioned() == nil {
			t.Errorf("served %t after %s, before it has said what it saw", is, took)
		}
	})
}

// TestNewLinkWakes (C37): a neighbour was silent over a link for a minute; it has a new one, over
// which it answers at once. It is asked over that at once.
func TestNewLinkWakes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := meet(t)
		defer m.end()
		m.say(m.one, nil)
		m.desk.Linked(m.one.name)
		time.Sleep(52 * time.Second)
		m.say(m.one, sayingOf(m.first))
		m.desk.Linked(m.one.name)
		if is, took := m.served(m.one); !is || took > comparedWithin {
			t.Errorf("over its new link it is served %t, after %s", is, took)
		}
	})
}

// TestAskedOverEachLink (C37): a neighbour that was silent for ten minutes has another link before
// anybody saw that the first one broke. Nothing that comes over it is answered before the neighbour
// was asked over it.
func TestAskedOverEachLink(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := meet(t)
		defer m.end()
		m.say(m.one, nil)
		m.desk.Linked(m.one.name)
		time.Sleep(11 * time.Minute)
		m.say(m.one, sayingOf(m.more)) // it saw more, and says so when it is asked
		m.desk.Linked(m.one.name)
		if is, _ := m.served(m.one); is && m.Questioned() == nil {
			t.Error("a request over the new link is served before the neighbour was asked over it")
		}
	})
}

// failing names nothing the first time.
type failing struct {
	Own
	calls int
}

func (f *failing) Widen(ctx context.Context, s host.Seen) (bool, error) {
	if f.calls++; f.calls == 1 {
		return false, errors.New("disk full")
	}
	return f.Own.Widen(ctx, s)
}

// TestNamedAgain (C37b): what a neighbour saw of an epoch before, and what could not be named just
// then, is named with the next link of anybody.
func TestNamedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := meet(t)
		defer m.end()
		m.desk.Linked(m.one.name)
		m.served(m.one)
		f := &failing{Own: m.desk.o.Own}
		m.desk.o.Own = f
		m.desk.mu.Lock()
		m.desk.links[m.one.name].earlier = []host.Seen{{By: m.one.name}}
		m.desk.mu.Unlock()
		m.desk.widen(t.Context())
		m.desk.widen(t.Context())
		if f.calls != 2 {
			t.Errorf("tried %d times", f.calls)
		}
	})
}
