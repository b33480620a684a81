package records

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/exchange/gather"
	"xietong/node/business/catalog"
	"xietong/node/business/sharing"
	"xietong/node/ground/book/booktest"
	"xietong/node/ground/failure"
	"xietong/node/ground/text"
)

// opening is a ledger that does something each time when a payload is opened.
type opening struct {
	*booktest.Ledger
	opened int
	each   func() error // nil: nothing
}

func (o *opening) Payload(r *state.Reader, index uint64) ([]byte, error) {
	o.opened++
	if o.each != nil {
		if err := o.each(); err != nil {
			return nil, err
		}
	}
	return o.Ledger.Payload(r, index)
}

// accesses returns how many uses the ledger has, refused ones included, and the payload of the last
// one. Its head alone tells whether a use was refused.
func accesses(t *testing.T, l *booktest.Ledger) (n int, last map[string]any) {
	t.Helper()
	for index, head := range l.Heads(t, 0) {
		if head.Kind != ledger.KindAccess && head.Kind != ledger.KindUseRefused {
			continue
		}
		n++
		last = nil
		reading(t, l, func(r *state.Reader) {
			payload, err := l.Payload(r, uint64(index))
			if err == nil {
				err = json.Unmarshal(payload, &last)
			}
			if err != nil {
				t.Fatal(err)
			}
		})
		if told := last["refused"] == nil; told != (head.Kind == ledger.KindAccess) {
			t.Errorf("entry %d of kind %s says refused: %v", index, head.Kind, last["refused"])
		}
	}
	return n, last
}

// refusal is a way to be refused after records were read.
type refusal struct {
	records []string
	ask     func(context.Context, *Desk, identity.Message) error
	opened  func(context.CancelFunc) error // when a payload is opened; nil: nothing
	moved   func(*booktest.Ledger) error   // before each record of a use; nil: nothing
	want    text.Code
	in      text.Code // the record; "": want
}

// asking asks, as another agency, for records or a measure of them.
func asking(measure, filter string) func(context.Context, *Desk, identity.Message) error {
	return func(ctx context.Context, desk *Desk, id identity.Message) error {
		q := Question{Dataset: must(identity.ParseLabel("residents")), Purpose: "statistics", Application: applied, Filter: filter}
		if measure != "" {
			q.Measure = parsed(measure)
		}
		_, err := desk.Query(ctx, id, catalog.Local("water"), q)
		return err
	}
}

// lookingUp asks for one record.
func lookingUp(ctx context.Context, desk *Desk, id identity.Message) error {
	_, err := desk.Query(ctx, id, catalog.Local("water"), Question{
		Dataset: must(identity.ParseLabel("residents")), Key: "0", Purpose: "statistics", Application: applied,
	})
	return err
}

func verifying(ctx context.Context, desk *Desk, id identity.Message) error {
	_, err := desk.Verify(ctx, id, catalog.Local("water"), Claim{
		Dataset: must(identity.ParseLabel("residents")), Key: "0", Field: "sex", Value: json.RawMessage(`"f"`),
		Purpose: "statistics", Application: applied,
	})
	return err
}

// refusals returns every way to be refused after records were read.
func refusals() map[string]refusal {
	many := make([]string, MaxGroups+1)
	for i := range many {
		many[i] = fmt.Sprintf(`"sex":"%d"`, i)
	}
	two := incomes("f", "1", "2")
	fail := func(context.CancelFunc) error { return errors.New("the payload is damaged") }
	leave := func(cancel context.CancelFunc) error { cancel(); return nil }
	return map[string]refusal{
		"too many groups":             {many, asking("count by sex", ""), nil, nil, text.TooManyGroups, ""},
		"a group too small":           {two, asking("sum(income)", ""), nil, nil, text.GroupTooSmall, ""},
		"a sum that is not exact":     {incomes("f", "1e38", "1e38", "1e38", "1e-18"), asking("sum(income)", ""), nil, nil, text.MeasureInexact, ""},
		"a damaged payload":           {two, lookingUp, fail, nil, text.RecordUnreadable, ""},
		"a damaged payload, verified": {two, verifying, fail, nil, text.RecordUnreadable, ""},
		"nobody waits any more":       {two, asking("", ""), leave, nil, text.Internal, text.Late},
		"the entry moved twice":       {two, asking("", ""), nil, renewed, text.DatasetMoved, ""},
		"the grant ended meanwhile":   {two, asking("", ""), nil, revokeAll, text.GrantRevoked, ""},
		"verified meanwhile":          {two, verifying, nil, revokeAll, text.GrantRevoked, ""},
	}
}

// TestNothingIsReadThroughRefusals (S04) asks for what must be refused after records were read, in
// every way there is. Whoever is refused so may have learned something of the records, so each
// refusal is recorded, and its id is used up.
func TestNothingIsReadThroughRefusals(t *testing.T) {
	for what, row := range refusals() {
		t.Run(what, func(t *testing.T) {
			l, first := people(t, residents(), row.records...)
			if err := asking("count", "")(t.Context(), first, newID()); err != nil {
				t.Fatal(err) // the application is filed
			}
			counting := &opening{Ledger: l}
			desk, id := NewDesk(counting), newID()
			before, _ := accesses(t, l)
			row.refused(t, counting, desk, id)
			after, said := accesses(t, l)
			if in := cmp.Or(row.in, row.want); after != before+1 || said["refused"] != string(in) {
				t.Errorf("%d uses were recorded, the last %v, want one, as refused with %s", after-before, said["refused"], in)
			}
			opened := counting.opened
			if err := row.ask(t.Context(), desk, id); row.want != text.GrantRevoked {
				refusedAs(t, "again", err, text.IDSeen)
			}
			if counting.opened > opened+1 { // the record of the refusal
				t.Error("a used id bought a reading")
			}
		})
	}
}

// refused asks, while what the row says happens, and checks the refusal.
func (row refusal) refused(t *testing.T, l *opening, desk *Desk, id identity.Message) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	if row.opened != nil {
		l.each = func() error { return row.opened(cancel) }
	}
	if row.moved != nil {
		l.Before = func(kind state.Kind) {
			if kind != 13 { // an access
				return
			}
			if err := row.moved(l.Ledger); err != nil {
				t.Error(err)
			}
		}
	}
	err := row.ask(ctx, desk, id)
	if err == nil || failure.Of(err).Code != row.want {
		t.Errorf("got %v, want %s", err, row.want)
	}
	l.Before, l.each = nil, nil
}

// TestMeasureSaysHowFarItCame (M4) asks for a measure with less time than it takes to look at every
// record: the refusal says how many were looked at, of how many, and is recorded. With time enough
// there is no limit to how many.
func TestMeasureSaysHowFarItCame(t *testing.T) {
	l, first := people(t, residents(), incomes("f", strings.Split(strings.Repeat("1 ", 30), " ")[:30]...)...)
	if err := asking("count", "")(t.Context(), first, newID()); err != nil {
		t.Fatal(err) // the application is filed
	}
	synctest.Test(t, func(t *testing.T) {
		slow := &opening{Ledger: l, each: func() error { time.Sleep(time.Second); return nil }}
		desk := NewDesk(slow)
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second+recordMargin-time.Millisecond)
		defer cancel()
		before, _ := accesses(t, l)
		err := asking("count", `income > 0.5`)(ctx, desk, newID())
		want := text.Args{"dataset": "residents", "scanned": "20", "total": "30"}
		if f := failure.Of(err); f.Code != text.FilterTooCostly || !maps.Equal(f.Args, want) {
			t.Errorf("got %v %v, want %v", err, f.Args, want)
		}
		if after, said := accesses(t, l); after != before+1 || said["refused"] != string(text.FilterTooCostly) {
			t.Errorf("%d uses were recorded, the last %v", after-before, said)
		}
		if err := asking("count", `income > 0.5`)(t.Context(), desk, newID()); err != nil {
			t.Errorf("without haste: %v", err)
		}
	})
}

// revokeAll revokes every grant.
func revokeAll(l *booktest.Ledger) (err error) {
	var grants []sharing.Grant
	err = l.View(context.Background(), func(r *state.Reader) error { grants = sharing.Grants(r); return nil })
	for _, g := range grants {
		if err == nil && g.Revoked == ledger.None {
			_, err = sharing.Revoke(context.Background(), l, newID(), civil, g.Index, "r")
		}
	}
	return err
}

// renewed publishes the dataset of people anew.
func renewed(l *booktest.Ledger) error {
	e := residents()
	e.Code = must(identity.ParseLabel("residents"))
	e.Title += newID().String()
	_, err := catalog.Publish(context.Background(), l, newID(), civil, e)
	return err
}

// TestRefusedProbesAreCharged lets verifications fail, and checks that they cost as much of the
// quota as others, and that a spent quota buys no reading.
func TestRefusedProbesAreCharged(t *testing.T) {
	l, first := people(t, residents(), incomes("f", "1")...)
	claim := Claim{
		Dataset: must(identity.ParseLabel("residents")), Key: "0", Field: "sex", Value: json.RawMessage(`"f"`),
		Purpose: "statistics", Application: applied,
	}
	if _, err := first.Verify(t.Context(), newID(), catalog.Local("water"), claim); err != nil {
		t.Fatal(err)
	}
	damaged := &opening{Ledger: l, each: func() error { return errors.New("damaged") }}
	desk := NewDesk(damaged)
	if err := desk.Damaged(); err != nil {
		t.Errorf("before anything was read: %v", err)
	}
	defer func() {
		if f := text.AsFailure(desk.Damaged()); f.Code != text.RecordsDamaged || f.Args["count"] != "1" {
			t.Errorf("got %v, want one record that cannot be read", f)
		}
	}()
	for n := range sharing.ProbesPerDay - 1 {
		_, err := desk.Verify(t.Context(), newID(), catalog.Local("water"), claim)
		if err == nil || failure.Of(err).Code != text.RecordUnreadable {
			t.Errorf("probe %d: got %v, want %s", n+2, err, text.RecordUnreadable)
		}
	}
	opened := damaged.opened
	_, err := desk.Verify(t.Context(), newID(), catalog.Local("water"), claim)
	refusedAs(t, "a probe too many", err, text.QuotaSpent)
	if damaged.opened != opened {
		t.Error("a spent quota bought a reading")
	}
}

// TestIDsBelongToTheirOrigin (S07b) has two agencies, of which one is of another jurisdiction and
// has the code of ours, use one id in every order. Neither is hindered, or learns that the other
// used it; each gets its own answer again.
func TestIDsBelongToTheirOrigin(t *testing.T) {
	theirs := identity.NewAgency(guiyang, water.Code())
	for _, order := range [][]identity.Agency{
		{water, namesake, theirs}, {water, theirs, namesake}, {namesake, water, theirs},
		{namesake, theirs, water}, {theirs, water, namesake}, {theirs, namesake, water},
	} {
		l, desk := open(t)
		id := newID()
		ask := func(by identity.Agency, purpose string) error {
			q := Question{Dataset: code, Key: "520102016001", Purpose: purpose, Application: applied}
			if by.Jurisdiction() != nanming {
				q.Evidence = []byte("signed there")
			}
			_, err := desk.Query(t.Context(), id, catalog.Foreign(by), q)
			return err
		}
		for n, by := range order {
			if err := ask(by, "statistics"); err != nil {
				t.Errorf("%v: number %d: %v", order, n+1, err)
			}
		}
		for _, by := range order {
			if err := ask(by, "statistics"); err != nil {
				t.Errorf("%v: %s again: %v", order, by, err)
			}
		}
		if n, _ := accesses(t, l); n != len(order) {
			t.Errorf("%v: %d uses were recorded, want %d", order, n, len(order))
		}
	}
}

// TestAnotherRequestUnderAnID asks for something else under a used id.
func TestAnotherRequestUnderAnID(t *testing.T) {
	l, desk := open(t)
	id := newID()
	first := Question{Dataset: code, Key: "520102016001", Purpose: "statistics", Application: applied}
	got, err := desk.Query(t.Context(), id, catalog.Foreign(water), first)
	if err != nil {
		t.Fatal(err)
	}
	for what, change := range map[string]func(*Question){
		"another key":    func(q *Question) { q.Key = "520102016002" },
		"other fields":   func(q *Question) { q.Fields = []string{"name"} },
		"another filter": func(q *Question) { q.Filter = "true" },
		"a measure":      func(q *Question) { q.Key, q.Measure = "", gather.Measure{Function: gather.Count} },
		"another limit":  func(q *Question) { q.Limit = 7 },
	} {
		q := first
		change(&q)
		_, err := desk.Query(t.Context(), id, catalog.Foreign(water), q)
		refusedAs(t, what, err, text.IDReused)
	}
	if again, err := desk.Query(t.Context(), id, catalog.Foreign(water), first); err != nil || again.Access != got.Access {
		t.Errorf("the same: got %+v, %v, want the answer under the record %s", again, err, got.Access)
	}
	if n, _ := accesses(t, l); n != 1 {
		t.Errorf("%d uses were recorded, want 1", n)
	}
}

// TestFloodOfIDs sends many requests under new ids that are refused before anything is read: none
// of them is remembered, so the memory of ids grows only with the entries of the ledger.
func TestFloodOfIDs(t *testing.T) {
	l, desk := open(t)
	ids := func() (n int) {
		reading(t, l, func(r *state.Reader) {
			for _, bucket := range []string{"seen", "expiry"} {
				r.Scan(bucket, nil, nil, func(_, _ []byte) bool { n++; return true })
			}
		})
		return n
	}
	before, entries := ids(), sizeOf(t, l)
	for n, q := range []Question{
		{Dataset: code, Purpose: "curiosity"}, {Dataset: code}, {Dataset: code, Purpose: "statistics", Fields: []string{"x"}},
		{Dataset: must(identity.ParseLabel("nothing")), Purpose: "statistics"}, {Dataset: code, Purpose: "statistics"},
		{Dataset: code, Purpose: "statistics", Filter: "((", Application: applied},
	} {
		for range 50 {
			if _, err := desk.Query(t.Context(), newID(), catalog.Local("water"), q); err == nil {
				t.Errorf("question %d is answered", n)
			}
		}
	}
	if after, size := ids(), sizeOf(t, l); after != before || size != entries {
		t.Errorf("%d keys and %d entries were left", after-before, size-entries)
	}
}
