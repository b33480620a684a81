package adoption

import (
	"strings"
	"testing"

	"xietong/certs/identity"
	"xietong/node/business/catalog"
	"xietong/node/business/records"
	"xietong/node/ground/failure"
	"xietong/node/ground/text"
)

// TestLaterVersion publishes the first version without a question, and a later one only as it was
// shown.
func TestLaterVersion(t *testing.T) {
	w := newWorld(t)
	e := standard().Entry
	e.Counts = nil
	publish := func(e catalog.Entry, agreed Agreed) (catalog.Published, error) {
		return w.desk.Publish(t.Context(), newID(), civil, e, agreed)
	}
	refused := func(what string, err error, want text.Code) {
		t.Helper()
		if !failure.Is(err, want) {
			t.Errorf("%s: got %v, want %s", what, err, want)
		}
	}
	plan := func(e catalog.Entry) Plan {
		t.Helper()
		p, err := w.desk.Plan(t.Context(), civil, e, identity.Entry{})
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	put := func(record string) {
		t.Helper()
		desk := w.desk.records.(*records.Desk)
		if _, err := desk.Put(t.Context(), newID(), civil, e.Code, []byte(record)); err != nil {
			t.Fatal(err)
		}
	}
	if p := plan(e); !p.First || p.Hash != "" {
		t.Errorf("the plan of a first version: got %+v", p)
	}
	first, err := publish(e, Agreed{})
	if err != nil {
		t.Fatal(err)
	}
	if p := plan(e); !p.Unchanged || p.Hash != "" {
		t.Errorf("the plan of the same: got %+v", p)
	}
	if again, err := publish(e, Agreed{}); err != nil || again.Version != 1 || again.At != first.At {
		t.Errorf("the same once more: got version %d, %v", again.Version, err)
	}
	put(`{"code":"1","sex":"甲"}`)
	next := e
	next.Schema = []byte(strings.Replace(string(e.Schema), `"sex":{"type":"string"}`, `"sex":{"type":"string","minLength":2}`, 1))
	_, err = publish(next, Agreed{})
	refused("nobody saw the plan", err, text.EntryPlanNeeded)
	seen := plan(next)
	if seen.Unfit != 1 || len(seen.Faults) != 1 || seen.Faults[0] != (records.Fault{Key: "1", Field: "sex", Rule: "minLength"}) {
		t.Errorf("got %+v", seen)
	}
	_, err = publish(next, Agreed{Plan: seen.Hash})
	refused("a record does not fit", err, text.RecordsUnfit)
	put(`{"code":"2","sex":"乙"}`)
	_, err = publish(next, Agreed{Plan: seen.Hash, LeaveOut: true})
	refused("a record more does not fit", err, text.EntryPlanMoved)
	other := next
	other.Title = "another"
	_, err = publish(other, Agreed{Plan: plan(next).Hash, LeaveOut: true})
	refused("another entry than was shown", err, text.EntryPlanMoved)
	if p, err := publish(next, Agreed{Plan: plan(next).Hash, LeaveOut: true}); err != nil || p.Version != 2 {
		t.Errorf("left out: got version %d, %v", p.Version, err)
	}
	back := plan(e)
	if p, err := publish(e, Agreed{Plan: back.Hash}); err != nil || p.Version != 3 || back.Unfit > 0 || back.Records != 2 {
		t.Errorf("back: got version %d, %v, after %+v", p.Version, err, back)
	}
	key := e
	key.Schema = []byte(strings.Replace(string(e.Schema), `"code":{"type":"string"`, `"code":{"type":"integer"`, 1))
	_, err = w.desk.Plan(t.Context(), civil, key, identity.Entry{})
	refused("another type of the key", err, text.KeyChanged)
	_, err = w.desk.Plan(t.Context(), catalog.Foreign(identity.NewAgency(w.county.Name(), label("water"))), next, identity.Entry{})
	if err == nil {
		t.Error("another agency was told of the records")
	}
}

// TestPlanTellsGrants: a later version that adopts a standard gives endless grants to all above,
// and the plan says so; one that lets what was not shared be used again says which grants begin,
// and for what any agency may have the data by rule.
func TestPlanTellsGrants(t *testing.T) {
	w := newWorld(t)
	own := standard().Entry
	own.Counts = nil
	w.mustPublish(t, own)
	plan := func(e catalog.Entry) Plan {
		t.Helper()
		p, err := w.desk.Plan(t.Context(), civil, e, identity.Entry{})
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	p := plan(w.adopting())
	if p.Beginning != 1 || len(p.Begins) != 1 || p.Begins[0] != (records.Begun{Purpose: label("statistics")}) {
		t.Errorf("it adopts: got %d, %+v, want the endless grant", p.Beginning, p.Begins)
	}
	if len(p.Rest) != 2 || p.Rest[0].At != "counts" || p.Rest[1].At != "standard" {
		t.Errorf("it adopts: got %+v", p.Rest)
	}
	w.mustPublish(t, w.adopting())
	again := w.adopting()
	again.Title = "another"
	if p := plan(again); p.Beginning != 0 || len(p.Rest) != 1 || p.Rest[0].At != "title" {
		t.Errorf("the grant stands: got %d, %+v", p.Beginning, p.Rest)
	}
	stopped := w.adopting()
	stopped.Category, stopped.Citation = "not-shared", "art 15"
	if p := plan(stopped); p.Ending != 1 || p.Beginning != 0 {
		t.Errorf("not shared: got %d that end, %d that begin", p.Ending, p.Beginning)
	}
	w.mustPublish(t, stopped)
	p = plan(w.adopting())
	if p.Beginning != 1 || len(p.Begins) != 1 || p.Begins[0].Grant != w.grants(t)[0].Name(w.county.Names()) {
		t.Errorf("shared again: got %+v", p.Begins)
	}
	if len(p.Open) != 2 || p.Open[1] != "statistics" {
		t.Errorf("shared again: got open %v", p.Open)
	}
}

// version returns an entry of the title: one that adopts the standard, or one of our own.
func (w *world) version(title string, adopts bool) catalog.Entry {
	e := w.adopting()
	if !adopts {
		e = standard().Entry
		e.Counts = nil
	}
	e.Title = title
	return e
}

// TestUnchangedEntryIsAnswered: a request for what is in force already is answered as the first
// time when it comes again, whatever was published between; it neither undoes that nor is refused.
func TestUnchangedEntryIsAnswered(t *testing.T) {
	for what, adopts := range map[string]bool{"an entry of our own": false, "an entry that adopts": true} {
		w := newWorld(t)
		publish := func(id identity.Message, e catalog.Entry) catalog.Published {
			plan, err := w.desk.Plan(t.Context(), civil, e, identity.Entry{})
			if err != nil {
				t.Fatal(err)
			}
			p, err := w.desk.Publish(t.Context(), id, civil, e, Agreed{Plan: plan.Hash})
			if err != nil {
				t.Fatalf("%s: %v", what, err)
			}
			return p
		}
		one, again := w.version("one", adopts), newID()
		first := publish(newID(), one)
		entries := len(w.county.Heads(t, 0))
		unchanged := publish(again, one)
		if unchanged.At != first.At || unchanged.Version != 1 || len(w.county.Heads(t, 0)) != entries {
			t.Errorf("%s: the same once more: got version %d in %s, want 1 in %s", what, unchanged.Version, unchanged.At, first.At)
		}
		publish(newID(), w.version("two", adopts))
		entries = len(w.county.Heads(t, 0))
		p, err := w.desk.Publish(t.Context(), again, civil, one, Agreed{})
		if err != nil || p.At != first.At || p.Version != 1 || len(w.county.Heads(t, 0)) != entries {
			t.Errorf("%s: after another version: got version %d in %s, %v, want 1 in %s", what, p.Version, p.At, err, first.At)
		}
	}
}

// TestPublishedAgain (R30): the same request again, as after a lost answer, has its answer, also
// where another version is in force since, or the standard is another: nothing is looked at again,
// and nothing recorded.
func TestPublishedAgain(t *testing.T) {
	for what, adopts := range map[string]bool{"an entry of our own": false, "an entry that adopts": true} {
		w := newWorld(t)
		var requests []func() (catalog.Published, error)
		var done []catalog.Published
		for _, title := range []string{"one", "two", "three"} {
			id, e := newID(), w.version(title, adopts)
			plan, err := w.desk.Plan(t.Context(), civil, e, identity.Entry{})
			if err != nil {
				t.Fatal(err)
			}
			request := func() (catalog.Published, error) {
				return w.desk.Publish(t.Context(), id, civil, e, Agreed{Plan: plan.Hash})
			}
			p, err := request()
			if err != nil {
				t.Fatal(err)
			}
			requests, done = append(requests, request), append(done, p)
		}
		again := func(when string) {
			t.Helper()
			proposals := w.county.Proposals.Load()
			for i, request := range requests {
				p, err := request()
				if err != nil || p.At != done[i].At || p.Version != done[i].Version || p.Title != done[i].Title {
					t.Errorf("%s, %s, again: got %d %q in %s, %v, want %d in %s", what, when, p.Version, p.Title, p.At, err, done[i].Version, done[i].At)
				}
			}
			if n := w.county.Proposals.Load() - proposals; n != 0 {
				t.Errorf("%s, %s: %d commands", what, when, n)
			}
		}
		again("at once")
		other := standard()
		other.Title = "another"
		w.setStandard(t, city, other)
		again("after another standard")
	}
}
