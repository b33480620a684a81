package records

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"xietong/certs/identity"
	"xietong/consensus/state"
	"xietong/exchange/gather"
	"xietong/node/business/catalog"
	"xietong/node/business/sharing"
	"xietong/node/ground/book/booktest"
	"xietong/node/ground/failure"
	"xietong/node/ground/text"
)

// TestAnsweredAnew asks the same under its id again, of a desk that remembers nothing, after
// something has moved: the same is told, while it would be recorded just so, and nothing is
// recorded a second time.
func TestAnsweredAnew(t *testing.T) {
	const key = "520102016001"
	asks := map[string]func(t *testing.T, d *Desk, q Question, id identity.Message) (string, Use, error){}
	query := func(change func(*Question)) func(*testing.T, *Desk, Question, identity.Message) (string, Use, error) {
		return func(t *testing.T, d *Desk, q Question, id identity.Message) (string, Use, error) {
			change(&q)
			a, err := d.Query(t.Context(), id, catalog.Local("water"), q)
			return fmt.Sprint(a.Count, " ", fmt.Sprintf("%s", a.Rows), a.Groups), a.Use, err
		}
	}
	asks["lookup"] = query(func(q *Question) { q.Key = key })
	asks["search"] = query(func(q *Question) { q.Filter = `name.startsWith("纪")` })
	asks["count"] = query(func(q *Question) { q.Measure = gather.Measure{Function: gather.Count} })
	asks["verify"] = func(t *testing.T, d *Desk, q Question, id identity.Message) (string, Use, error) {
		v, err := d.Verify(t.Context(), id, catalog.Local("water"), Claim{
			Dataset: code, Key: key, Field: "name", Value: json.RawMessage(`"纪念塔社区"`), Purpose: q.Purpose, Application: q.Application,
		})
		return string(v.Outcome), v.Use, err
	}
	all, record := []string{"lookup", "search", "count", "verify"}, []string{"lookup", "search", "verify"}
	for _, row := range []struct {
		moved string
		same  []string
		do    func(t *testing.T, l *booktest.Ledger, d *Desk)
	}{
		{"nothing", all, func(*testing.T, *booktest.Ledger, *Desk) {}},
		{"another record", record, func(t *testing.T, _ *booktest.Ledger, d *Desk) { put(t, d, `{"code":"520102016002","name":"别处"}`) }},
		{"a record that would be found too", []string{"lookup", "verify"}, func(t *testing.T, _ *booktest.Ledger, d *Desk) {
			put(t, d, `{"code":"520102016003","name":"纪新社区"}`)
		}},
		{"the record", nil, func(t *testing.T, _ *booktest.Ledger, d *Desk) {
			put(t, d, `{"code":"520102016001","name":"纪念塔","township":"T1"}`)
		}},
		{"a retraction", nil, func(t *testing.T, _ *booktest.Ledger, d *Desk) {
			if _, err := d.Retract(t.Context(), newID(), civil, code, key, "撤并"); err != nil {
				t.Fatal(err)
			}
		}},
		{"the entry", nil, func(t *testing.T, l *booktest.Ledger, _ *Desk) {
			if err := republish(t.Context(), l); err != nil {
				t.Fatal(err)
			}
		}},
		{"the clock", nil, func(t *testing.T, l *booktest.Ledger, _ *Desk) {
			l.Clock = l.Clock.Add(11 * time.Minute)
			if _, err := catalog.AddAgency(t.Context(), l, newID(), catalog.Agency{Code: must(identity.ParseLabel("later")), Title: "later"}); err != nil {
				t.Fatal(err)
			}
		}},
	} {
		for what, ask := range asks {
			t.Run(what+" after "+row.moved, func(t *testing.T) {
				l, desk := open(t)
				q, id := Question{Dataset: code, Purpose: "statistics", Application: applied}, newID()
				want, first, err := ask(t, desk, q, id)
				if err != nil {
					t.Fatal(err)
				}
				row.do(t, l, desk)
				before, _ := accesses(t, l)
				got, again, err := ask(t, NewDesk(l), q, id)
				if told := slices.Contains(row.same, what); told && (err != nil || got != want || again.Access != first.Access) {
					t.Errorf("got %s under %s, %v, want %s under %s", got, again.Access, err, want, first.Access)
				} else if !told && !failure.Is(err, text.IDSeen) {
					t.Errorf("got %s, %v, want id-seen", got, err)
				}
				if after, _ := accesses(t, l); after != before {
					t.Errorf("%d uses were recorded again", after-before)
				}
			})
		}
	}
}

// TestAnsweredAnewUnderTheSameGrant: what was told under a grant that was revoked since is not told
// under another one that the same agency was given.
func TestAnsweredAnewUnderTheSameGrant(t *testing.T) {
	l, desk := open(t)
	give(t, l, desk)
	q, id := Question{Dataset: code, Purpose: "statistics", Key: "520102016001"}, newID()
	if _, err := desk.Query(t.Context(), id, catalog.Local("water"), q); err != nil {
		t.Fatal(err)
	}
	if err := revokeAll(l); err != nil {
		t.Fatal(err)
	}
	give(t, l, desk)
	if got, err := NewDesk(l).Query(t.Context(), id, catalog.Local("water"), q); !failure.Is(err, text.IDSeen) {
		t.Errorf("got %s under the grant %s, %v, want id-seen", got.Rows, got.Grant, err)
	}
}

// give gives the agency that asks a grant by hand.
func give(t *testing.T, l *booktest.Ledger, d *Desk) {
	t.Helper()
	order := sharing.Order{Terms: sharing.Terms{
		Consumer: identity.NewAgency(l.Name(), must(identity.ParseLabel("water"))), Dataset: code, Purpose: "statistics",
		Until: l.Clock.Add(24 * time.Hour).Format(time.RFC3339), Ground: sharing.Ground{Basis: "基层减负", Paper: "黔民发〔2026〕1号"},
	}}
	var g sharing.Giving
	reading(t, l, func(r *state.Reader) { g = must(sharing.Look(r, l, newID(), catalog.Local("civil-affairs"), d, order)) })
	if _, err := g.Give(t.Context(), l); err != nil {
		t.Fatal(err)
	}
}
