package records

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"xietong/consensus/state"
	"xietong/node/business/catalog"
	"xietong/node/ground/book/booktest"
)

// at returns the version that counted at a position, by all that are visible.
func (r *trial) at(key MAC, position uint64) (last *Version) {
	for _, v := range r.visible[key] {
		if v.Position <= position && (last == nil || newer(v, *last)) {
			last = &v
		}
	}
	if last != nil && last.Retracted {
		return nil
	}
	return last
}

// scanned compares what pieces of any length find at any position with what is counted beside,
// whatever came since.
func (r *trial) scanned(*rapid.T) {
	r.must(r.ledger.View(context.Background(), func(s *state.Reader) error {
		position := rapid.Uint64Range(0, s.Size()).Draw(r.t, "position")
		got := map[MAC]Version{}
		for after, ended := []byte(nil), false; !ended; {
			steps, most := 0, rapid.IntRange(1, 4).Draw(r.t, "steps")
			over := func() bool { return steps >= most }
			step := func() bool { steps++; return true }
			after, ended = newViewAt(s, code, position).some(code, after, step, over, func(f found) bool {
				if _, twice := got[f.key]; twice {
					r.t.Fatalf("key %d: found twice", f.key[0])
				}
				got[f.key] = f.Version
				return true
			})
		}
		for n := range byte(4) {
			key := MAC{n}
			want := r.at(key, position)
			if have, ok := got[key]; ok != (want != nil) || ok && have != *want {
				r.t.Fatalf("key %d at %d: a scan finds %+v, %t, want %+v", n, position, have, ok, want)
			}
			if have, ok := newViewAt(s, code, position).current(code, key); ok != (want != nil) || ok && have != *want {
				r.t.Fatalf("key %d at %d: got %+v, %t, want %+v", n, position, have, ok, want)
			}
		}
		return nil
	}))
}

// However versions come, a scan in pieces finds those that counted at the position at which it
// began.
func TestScanIsOfOnePosition(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		l := booktest.New(t, nanming.String(), commands())
		if err := publish(l); err != nil {
			rt.Fatal(err)
		}
		r := &trial{t: rt, ledger: l, visible: map[MAC][]Version{}}
		rt.Repeat(map[string]func(*rapid.T){
			"put": r.put, "retract": r.retract, "open": r.open, "stage": r.stage, "stage more": r.stage, "index": r.index, "end": r.end,
			"": r.scanned,
		})
	})
}

// between is a ledger that opens records slowly, and in which something happens before each look.
type between struct {
	*booktest.Ledger
	looks  int
	before func(look int)
}

func (b *between) Look(f func(*state.Reader) error) error {
	b.looks++
	b.before(b.looks)
	return b.Ledger.Look(f)
}

func (b *between) Payload(r *state.Reader, index uint64) ([]byte, error) {
	time.Sleep(60 * time.Millisecond)
	return b.Ledger.Payload(r, index)
}

// TestLongScanHoldsNoLook (M4): a filter over many records looks at the state in short pieces, and
// its answer is of the one position at which it began, though records come, change and go
// meanwhile.
func TestLongScanHoldsNoLook(t *testing.T) {
	for name, where := range map[string]string{"all": "", "by an index": `"T"`} {
		t.Run(name, func(t *testing.T) {
			records := incomes("f", strings.Fields(strings.Repeat("1 ", 30))...)
			for i := range records {
				records[i] += `,"town":"T"`
			}
			l, first := people(t, residents(), records...)
			q := Question{Dataset: residentCode, Purpose: "statistics", Application: applied, Measure: parsed("count"), Filter: "income > 0.5"}
			if where != "" {
				q.Where = map[string]json.RawMessage{"town": []byte(where)}
			}
			asked := func(desk *Desk) Answer {
				t.Helper()
				got, err := desk.Query(t.Context(), newID(), catalog.Local("water"), q)
				if err != nil {
					t.Fatal(err)
				}
				return got
			}
			before := asked(first) // the application is filed
			synctest.Test(t, func(t *testing.T) {
				slow := &between{Ledger: l}
				slow.before = func(look int) {
					if look != 5 {
						return
					}
					putPerson(t, first, 30, records[0])
					putPerson(t, first, 29, `"sex":"f","income":0,"town":"T"`)
					putPerson(t, first, 1, `"sex":"f","income":0,"town":"U"`)
					if _, err := first.Retract(t.Context(), newID(), civil, residentCode, "2", "moved away"); err != nil {
						t.Fatal(err)
					}
				}
				got := asked(NewDesk(slow))
				if got.Count != 30 || got.Scanned != 30 || got.AsOf != before.AsOf+1 {
					t.Errorf("got %d of %d as of %d, want all 30 as of %d", got.Count, got.Scanned, got.AsOf, before.AsOf+1)
				}
				if slow.looks < 30/2 {
					t.Errorf("%d looks at the state, want one for every two records", slow.looks)
				}
			})
			if now := asked(first); now.Count != 28 {
				t.Errorf("got %d now, want 28", now.Count)
			}
		})
	}
}

// TestScanAtAFloor: the records of every position, where two imports take the place of all records
// one after the other.
func TestScanAtAFloor(t *testing.T) {
	l, desk := open(t)
	first := put(t, desk, `{"code":"520102016001","name":"纪念塔社区"}`)
	at := []uint64{first.Index()}
	for _, file := range []string{"code,name,township\n520102016002,新华路社区,T\n", "code,name,township\n520102016001,纪念塔社区,T\n"} {
		_, f := checked(t, desk, file)
		at = append(at, load(t, desk, file, f).Published.Index())
	}
	keys := []MAC{desk.keyMAC(code, []byte(`"520102016001"`)), desk.keyMAC(code, []byte(`"520102016002"`))}
	reading(t, l, func(r *state.Reader) {
		for position := at[0]; position < r.Size(); position++ {
			want := keys[0]
			if position >= at[1] && position < at[2] {
				want = keys[1]
			}
			var got []MAC
			newViewAt(r, code, position).some(code, nil, onward, func() bool { return false }, func(f found) bool {
				got = append(got, f.key)
				return true
			})
			if !slices.Equal(got, []MAC{want}) {
				t.Errorf("at %d, of imports published at %v: got %x, want %x", position, at, got, want)
			}
		}
	})
}
