package witnessing

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"xietong/certs/canon"
	"xietong/certs/identity"
	"xietong/node/ground/text"
	"xietong/node/tree/door"
)

// over answers for a neighbour what it is asked over its link; nil: nothing, ever.
type over func() (door.Seen, *text.Failure)

func (o over) Exchange(ctx context.Context, _ []byte) ([]byte, error) {
	if o == nil {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	said, refused := o()
	if refused != nil {
		return canon.Marshal([]any{text.Number(refused.Code), text.Values(refused.Code, refused.Args), []byte{}})
	}
	body, err := canon.Marshal(said)
	if err != nil {
		return nil, err
	}
	return canon.Marshal([]any{0, []string{}, body})
}

// TestJoinRequestsAreHeld (C42): what a neighbour asks in the join protocol over a new link waits a
// second for it to say what it saw, and is refused then; once it said it, nothing waits. It is
// asked by what needs no keys but the link's. One with an older program is asked by a message, and
// is not held up, since it may need the answer to read that; nor is one that saw what unknown keys
// signed.
func TestJoinRequestsAreHeld(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := meet(t)
		defer m.end()
		var mu sync.Mutex
		links := map[identity.Jurisdiction]over{}
		says := func(who *place, o over) {
			mu.Lock()
			defer mu.Unlock()
			links[who.name] = o
		}
		m.desk.o.OverLink = func(of identity.Jurisdiction) door.Asker {
			mu.Lock()
			defer mu.Unlock()
			return links[of]
		}
		check := func(what string, by *place, want bool, most time.Duration) {
			t.Helper()
			began := time.Now()
			err := m.desk.JoinCompared(t.Context(), by.name)
			if took := time.Since(began); (err == nil) != want || took > most || err != nil && code(err) != text.LinkUncompared {
				t.Errorf("%s: after %s %v, want served %t within %s", what, took, err, want, most)
			}
		}
		m.desk.Linked(m.one.name)
		m.desk.Linked(m.two.name)
		check("silent", m.one, false, presentedWithin)
		says(m.two, func() (door.Seen, *text.Failure) {
			return door.Seen{}, &text.Failure{Code: text.BadRequest, Args: text.Args{"where": "xietong-join/1", "reason": "operation 15"}}
		})
		m.say(m.two, nil)
		m.desk.Linked(m.two.name)
		time.Sleep(askedLongest + comparedWithin)
		check("an older program that says nothing", m.two, true, 0)
		if is, _ := m.served(m.two); is {
			t.Error("a message of an older program that says nothing is served")
		}
		asked := m.asked.Load()
		says(m.one, func() (door.Seen, *text.Failure) {
			return door.Seen{Notes: []door.SeenNote{{Note: m.first, At: 1}}, Epoch: 1}, nil
		})
		time.Sleep(askedLongest + comparedWithin)
		check("says what is here", m.one, true, 0)
		says(m.one, func() (door.Seen, *text.Failure) {
			return door.Seen{Notes: []door.SeenNote{{Note: m.other, At: 1}}, Epoch: 1}, nil
		})
		m.desk.Linked(m.one.name)
		time.Sleep(presentedWithin)
		check("says that it saw more, and proves nothing", m.one, true, presentedWithin)
		if is, _ := m.served(m.one); is {
			t.Error("a message of one that saw more is served")
		}
		says(m.one, func() (door.Seen, *text.Failure) {
			return door.Seen{Notes: make([]door.SeenNote, mostEpochs+1), Epoch: 1}, nil
		})
		m.desk.Linked(m.one.name)
		check("says too much", m.one, false, presentedWithin)
		if m.Questioned() != nil || m.asked.Load()-asked > 40 {
			t.Errorf("%v, and %d messages", m.Questioned(), m.asked.Load()-asked)
		}
		says(m.one, func() (door.Seen, *text.Failure) {
			return door.Seen{Notes: []door.SeenNote{{Note: m.more, At: 1}}, Epoch: 1}, nil
		})
		time.Sleep(askedLongest + comparedWithin)
		if m.Questioned() == nil {
			t.Error("what it proves puts nothing in question")
		}
	})
}

// TestParentIsAwaited (C42): whoever may have been withdrawn waits for the parent's word, until it
// came, three seconds after the start or after the parent's last link at most.
func TestParentIsAwaited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, three...)
		parent, city := w.at(three[0]), w.at(three[1])
		told := &sights{place: city, each: map[identity.Jurisdiction]func() (largest, error){}}
		city.desk.o.Asker = told
		city.desk.began = time.Now()
		ctx, end := context.WithCancel(t.Context())
		var all sync.WaitGroup
		all.Go(func() { city.desk.Links(ctx) })
		check := func(what string, want time.Duration) {
			t.Helper()
			began := time.Now()
			city.desk.AwaitParent(t.Context())
			if took := time.Since(began); took != want {
				t.Errorf("%s: waited %s, want %s", what, took, want)
			}
		}
		time.Sleep(time.Second)
		check("the parent is away at the start", comparedWithin-time.Second)
		check("and later", 0)
		time.Sleep(time.Hour)
		city.desk.Linked(parent.name)
		check("it has a link, and is silent", comparedWithin)
		check("and later", 0)
		told.say(parent, func() (largest, error) { time.Sleep(time.Second / 2); return largest{Kept: []seen{}, Epoch: 1}, nil })
		time.Sleep(time.Minute)
		city.desk.Linked(parent.name)
		check("it says it", time.Second/2)
		check("it has said it", 0)
		w.at(three[0]).desk.AwaitParent(t.Context()) // a root waits for nobody
		end()
		all.Wait()
	})
}
