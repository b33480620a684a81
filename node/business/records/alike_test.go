package records

import (
	"context"
	"fmt"
	"maps"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"xietong/consensus/state"
	"xietong/node/ground/book/booktest"
)

// counted counts the records of the model by the fields, each group under its values.
func (c *tallying) counted(by []string) map[string]uint64 {
	all := map[string]uint64{}
	for _, p := range c.live {
		values := make([]string, len(by))
		for i, field := range by {
			values[i] = p.value(field)
		}
		all[strings.Join(values, "/")]++
	}
	return all
}

// answers returns what somebody is told to whom a group of fewer than least records is not told: by
// the counters, where they answer, and by a scan.
func (c *tallying) answers(r *state.Reader, by []string, least uint64) (kept, scanned Answer, ok bool) {
	s := c.search(r, by)
	s.p.cell = least
	ok, err := s.kept(context.Background())
	c.must(err)
	if ok {
		c.must(s.measure())
	}
	kept = s.answer
	s = c.search(r, by)
	s.p.cell, s.p.q.Filter, s.answer.AsOf = least, "true", r.Size()-1
	for !s.ended {
		s.scan(context.Background(), r)
		c.must(s.err)
	}
	c.must(s.measure())
	return kept, s.answer, ok
}

// alike compares the counters' answer with the scan's, and both with the model.
func (c *tallying) alike(t *rapid.T) {
	least := rapid.Uint64Range(0, 4).Draw(t, "least")
	c.must(c.ledger.View(context.Background(), func(r *state.Reader) error {
		told := map[string]Answer{}
		for _, by := range c.declarations() {
			kept, scanned, ok := c.answers(r, by, least)
			if ok && shown(kept.Groups) != shown(scanned.Groups) {
				t.Fatalf("by %v, at least %d: counted %q, scanned %q", by, least, shown(kept.Groups), shown(scanned.Groups))
			}
			told[strings.Join(by, "/")] = scanned
			c.truly(t, by, least, scanned)
		}
		for _, by := range c.declarations() {
			if len(by) == 2 {
				c.subtracted(t, by, least, told)
			}
		}
		return nil
	}))
}

// truly checks an answer by the model alone: each group that is told is right and large enough, the
// rest is told as one sum, and it is no single group beside others that are told.
func (c *tallying) truly(t *rapid.T, by []string, least uint64, got Answer) {
	hidden := c.counted(by)
	if len(by) == 0 {
		hidden[""] = uint64(len(c.live))
	}
	rest, told := uint64(0), 0
	for _, g := range got.Groups {
		name := strings.Join(g.Values, "/")
		switch {
		case g.Suppressed:
			rest = g.Count
			continue
		case g.Count != hidden[name] || len(by) > 0 && g.Count < least:
			t.Fatalf("by %v, at least %d: told %q %d, of %v", by, least, name, g.Count, hidden)
		}
		delete(hidden, name)
		told++
	}
	sum := uint64(0)
	for _, n := range hidden {
		sum += n
	}
	if rest != sum || got.Count != uint64(len(c.live)) {
		t.Fatalf("by %v, at least %d: %d together and %d in all, want %d and %d", by, least, rest, got.Count, sum, len(c.live))
	}
	if told > 0 && (len(hidden) == 1 || len(hidden) > 0 && sum < least) {
		t.Fatalf("by %v, at least %d: %v is the total less what is told", by, least, hidden)
	}
}

// subtracted takes the pairs of two fields that are told from what is told by one of them alone:
// what is left of a value is nothing, or several groups, of enough records together.
func (c *tallying) subtracted(t *rapid.T, by []string, least uint64, told map[string]Answer) {
	for i, field := range by {
		for _, whole := range told[field].Groups {
			if whole.Suppressed {
				continue
			}
			hidden, left, shown := c.counted(by), whole.Count, 0
			maps.DeleteFunc(hidden, func(values string, _ uint64) bool { return strings.Split(values, "/")[i] != whole.Values[0] })
			for _, g := range told[strings.Join(by, "/")].Groups {
				if !g.Suppressed && g.Values[i] == whole.Values[0] {
					left -= g.Count
					shown++
					delete(hidden, strings.Join(g.Values, "/"))
				}
			}
			if shown > 0 && (len(hidden) == 1 || left > 0 && left < least) {
				t.Fatalf("%s is %s: %v is what is told by it less what is told by %v", field, whole.Values[0], hidden, by)
			}
		}
	}
}

// TestKeptAndScannedAreAlike: whatever was put, replaced, retracted, imported and given up, the
// counters and a scan tell the same, what is too small included, and nobody can take one answer
// from another to learn of a group that is too small.
func TestKeptAndScannedAreAlike(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		l := booktest.New(t, nanming.String(), commands())
		if err := publish(l); err != nil {
			rt.Fatal(err)
		}
		c := &tallying{t: rt, ledger: l, desk: NewDesk(l), live: map[int]person{}}
		c.declare(rt)
		for key := range rapid.IntRange(0, 30).Draw(rt, "records") {
			p := drawPerson(rt)
			_, err := c.desk.Put(context.Background(), newID(), civil, residentCode, []byte(p.record(100+key)))
			c.must(err)
			c.live[100+key] = p
		}
		rt.Repeat(map[string]func(*rapid.T){
			"put": c.put, "retract": c.retract, "open": c.open, "stage": c.stage, "index": c.index, "publish": c.publish, "give up": c.abandon,
			"declare": c.declare, "recount": c.recount, "": c.alike,
		})
	})
}

// TestHeldRow: a record is put anew or retracted while an unfinished import holds a row for it. By
// how much its publication changes the counts is then another number; whether it is published or
// given up, they are those of the records.
func TestHeldRow(t *testing.T) {
	old, row, anew := person{`"f"`, `"a"`, "1"}, person{`"m"`, `"b"`, "20"}, person{`"m"`, `"a"`, ""}
	acts := map[string]func(*tallying){
		"put": func(c *tallying) { c.set(0, anew) }, "retracted": func(c *tallying) { c.unset(0) },
		"retracted and put": func(c *tallying) { c.unset(0); c.set(0, anew) },
	}
	for act, do := range acts {
		for indexed := range 5 {
			for _, published := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s, %d rows findable, published %t", act, indexed, published), func(t *testing.T) {
					l := booktest.New(t, nanming.String(), commands())
					c := &tallying{t: t, ledger: l, desk: NewDesk(l), live: map[int]person{}, fields: []string{"sex", "town"}}
					c.must(publish(l))
					_, err := publishFit(t.Context(), l, countedEntry(c.fields...))
					c.must(err)
					c.set(0, old)
					c.set(1, old)
					c.begin(false)
					c.chunk([]staging{{0, row}, {1, row}, {2, row}, {3, row}})
					c.must(indexRows(l, c.opened, indexed))
					do(c)
					c.compare(false)
					if published {
						c.publish(nil)
					} else {
						c.abandon(nil)
					}
					c.compare(false)
					c.recount(nil)
					c.compare(true)
				})
			}
		}
	}
}
