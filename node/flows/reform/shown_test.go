package reform

import (
	"context"
	"fmt"
	"reflect"
	"testing"

	"xietong/certs/identity"
	"xietong/consensus/state"
	"xietong/node/business/catalog"
	"xietong/node/business/sharing"
	"xietong/node/ground/book"
	"xietong/node/ground/text"
)

// doing is an act that is shown before it is done, and something that changes what it does.
type doing struct {
	plan   func(*Desk) (Plan, error)
	do     func(*Desk, identity.Message, Agreed) (Done, error)
	change func(testing.TB, *world)
	want   text.Code // of the act that came too late
}

// doings are all acts of the room that have a plan.
func doings() map[string]doing {
	nobody := catalog.Actor{}
	codes := []identity.Label{label("villages"), label("roads")}
	merger, end := Order{Agency: label("civil"), Into: "water"}, Order{Agency: label("tax"), Drop: true}
	standards := func(t testing.TB, w *world) { w.set(t, "villages", "civil", "新标准") }
	return map[string]doing{
		"withdraw a dataset": {
			func(d *Desk) (Plan, error) { return d.PlanWithdrawal(ctx, nobody, label("villages")) },
			func(d *Desk, id identity.Message, to Agreed) (Done, error) {
				return d.Withdraw(ctx, id, nobody, label("villages"), to)
			},
			func(t testing.TB, w *world) { w.republish(t, "villages", "civil", "新名录") }, text.DatasetMoved,
		},
		"withdraw a standard": {
			func(d *Desk) (Plan, error) { return d.PlanStandard(ctx, nobody, label("villages")) },
			func(d *Desk, id identity.Message, to Agreed) (Done, error) {
				return d.WithdrawStandard(ctx, id, nobody, label("villages"), to)
			},
			standards, text.DatasetMoved,
		},
		"move": {
			func(d *Desk) (Plan, error) { return d.PlanMove(ctx, nobody, codes, "water") },
			func(d *Desk, id identity.Message, to Agreed) (Done, error) {
				return d.Move(ctx, id, nobody, codes, "water", to)
			},
			func(t testing.TB, w *world) { w.republish(t, "villages", "civil", "新名录") }, text.DatasetMoved,
		},
		"merge": {
			func(d *Desk) (Plan, error) { return d.PlanEnd(ctx, nobody, merger) },
			func(d *Desk, id identity.Message, to Agreed) (Done, error) { return d.End(ctx, id, nobody, merger, to) },
			standards, text.DatasetMoved,
		},
		"end": {
			func(d *Desk) (Plan, error) { return d.PlanEnd(ctx, nobody, end) },
			func(d *Desk, id identity.Message, to Agreed) (Done, error) { return d.End(ctx, id, nobody, end, to) },
			func(t testing.TB, w *world) { w.used(t, "meanwhile", "tax", "roads", "a", "") }, text.PlanMoved,
		},
	}
}

// set publishes a standard.
func (w *world) set(t testing.TB, code, agency, title string) {
	t.Helper()
	s := catalog.Standard{Level: "township", Entry: entry(code, agency)}
	s.Title = title
	if _, err := catalog.PublishStandard(ctx, w, newID(), catalog.Local(agency), s); err != nil {
		t.Fatalf("set the standard %s: %v", code, err)
	}
}

// republish publishes the next version of a dataset, under another title.
func (w *world) republish(t testing.TB, code, agency, title string) {
	t.Helper()
	e := entry(code, agency)
	e.Title = title
	if _, err := catalog.Publish(ctx, w, newID(), catalog.Local(agency), e); err != nil {
		t.Fatalf("publish %s: %v", code, err)
	}
}

// reorganised is a world in which every act of doings has something to do.
func reorganised(t testing.TB) *world {
	t.Helper()
	w := newWorld(t, "civil", "water", "tax", "works")
	for code, agency := range map[string]string{"villages": "civil", "roads": "works"} {
		w.publish(t, code, agency)
		w.put(t, code, agency, "a")
	}
	w.set(t, "villages", "civil", "标准")
	w.used(t, "before", "tax", "villages", "a", "")
	return w
}

// changing is a ledger in which something happens before a look, the first being number 1.
type changing struct {
	book.Ledger
	looks, at int
	happens   func()
}

func (c *changing) View(ctx context.Context, f func(*state.Reader) error) error {
	if c.looks++; c.looks == c.at {
		c.happens()
	}
	return c.Ledger.View(ctx, f)
}

// TestWhatIsDoneWasShown: whatever changes after the plan was shown, at any moment, has the act
// refused: nothing is done that nobody saw.
func TestWhatIsDoneWasShown(t *testing.T) {
	for what, act := range doings() {
		for moment := range 4 { // 0: between the last look and the command
			t.Run(fmt.Sprint(what, " ", moment), func(t *testing.T) {
				w := reorganised(t)
				p, err := act.plan(w.desk)
				if err != nil {
					t.Fatal(err)
				}
				entries, changed := 0, false
				change := func() {
					w.Before, changed = nil, true
					act.change(t, w)
					entries = len(w.Heads(t, 0))
				}
				w.desk.Own = &changing{Ledger: w, at: moment, happens: change}
				if moment == 0 {
					w.Before = func(state.Kind) { change() }
				}
				_, err = act.do(w.desk, newID(), Agreed{p.Hash, "机构改革"})
				if !changed {
					if err != nil {
						t.Fatal(err)
					}
					return // it looks less often
				}
				want := text.PlanMoved
				if moment == 0 {
					want = act.want
				}
				refused(t, w, "what changed", want, err, entries)
			})
		}
	}
}

// TestSameAnswer: the same request again is answered as the first time was, also where what it
// ended came back since, and another request under the id is refused.
func TestSameAnswer(t *testing.T) {
	for what, act := range doings() {
		t.Run(what, func(t *testing.T) {
			w := reorganised(t)
			p, err := act.plan(w.desk)
			if err != nil {
				t.Fatal(err)
			}
			id := newID()
			first, err := act.do(w.desk, id, Agreed{p.Hash, "机构改革"})
			if err != nil {
				t.Fatal(err)
			}
			w.add(t, "forest")
			w.publish(t, "trees", "forest")
			w.publish(t, "rivers", "water")
			first.grants, first.shown = nil, nil // what is told has neither
			again, err := act.do(w.desk, id, Agreed{p.Hash, "机构改革"})
			if err != nil || !reflect.DeepEqual(again, first) {
				t.Errorf("got %+v, %v\nwant %+v", again, err, first)
			}
			if _, err := act.do(w.desk, id, Agreed{p.Hash, "另一个原因"}); err == nil {
				t.Error("another request under the id was answered")
			}
		})
	}
}

// TestMoveOfSeveral: what moves from several agencies is told of each, and each is named as one
// that loses something.
func TestMoveOfSeveral(t *testing.T) {
	w := reorganised(t)
	p, err := w.desk.PlanMove(ctx, catalog.Actor{}, []identity.Label{label("villages"), label("roads")}, "water")
	if err != nil || len(p.From) != 2 || len(p.Datasets) != 2 {
		t.Fatalf("got the plan %+v, %v", p, err)
	}
	for i, want := range []string{"works", "civil"} { // in the order of the codes of the datasets
		if p.Datasets[i].Agency != label(want) || p.From[i].Code != label(want) || p.From[i].Title != "局"+want {
			t.Errorf("dataset %s is of %s; it is told of %+v", p.Datasets[i].Code, p.Datasets[i].Agency, p.From[i])
		}
	}
}

// TestEndCommand: the command itself refuses what its plan did not show, whoever made it.
func TestEndCommand(t *testing.T) {
	w := reorganised(t)
	w.used(t, "before", "civil", "roads", "a", "")
	held := func(agency string) (digest []byte) {
		_ = w.View(ctx, func(r *state.Reader) error {
			digest = sharing.DigestOf(sharing.HeldBy(r, identity.NewAgency(w.Name(), label(agency))))
			return nil
		})
		return digest
	}
	for what, row := range map[string]struct {
		agency, into string
		drop         bool
		grants       []byte
		want         text.Code
	}{
		"live grants, and nobody takes over": {"tax", "", false, held("tax"), text.AgencyInUse},
		"other grants":                       {"tax", "", true, held("water"), text.PlanMoved},
		"datasets that do not move":          {"civil", "water", false, held("civil"), text.PlanMoved},
	} {
		into := identity.Label{}
		if row.into != "" {
			into = label(row.into)
		}
		b := endBody{Moves: []catalog.Move{}, Drop: row.drop, Grants: row.grants}
		b.End = must(catalog.EndOf(w, label(row.agency), into, "x"))
		entries := len(w.Heads(t, 0))
		_, err := book.Enter(ctx, w, commandEnd, book.Request{}, b)
		refused(t, w, what, row.want, err, entries)
	}
}

// TestMovedVersions: a command that moves an earlier version, or what another agency has by now, is
// refused.
func TestMovedVersions(t *testing.T) {
	w := reorganised(t)
	var of catalog.Published
	var s *catalog.SetStandard
	err := w.View(ctx, func(r *state.Reader) (err error) {
		of, err = catalog.Dataset(r, label("villages"))
		if err != nil {
			return err
		}
		s, err = catalog.StandardOf(r, label("villages"))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	earlier, others := *s, *s
	earlier.Version--
	others.Agency = label("works")
	datasetEarlier, datasetOthers := of, of
	datasetEarlier.Version--
	datasetOthers.Agency = label("works")
	for what, m := range map[string]catalog.Move{
		"an earlier standard":      must(catalog.MoveOfStandard(w, earlier, label("water"))),
		"a standard of another":    must(catalog.MoveOfStandard(w, others, label("water"))),
		"an earlier entry":         must(catalog.MoveOf(w, datasetEarlier, label("water"))),
		"a dataset of another one": must(catalog.MoveOf(w, datasetOthers, label("water"))),
	} {
		entries := len(w.Heads(t, 0))
		_, err := commandMove.Do(ctx, w, book.Request{}, moveBody{Moves: []catalog.Move{m}})
		refused(t, w, what, text.DatasetMoved, err, entries)
	}
}
