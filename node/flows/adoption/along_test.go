package adoption

import (
	"crypto/sha256"
	"strings"
	"testing"

	"xietong/certs/identity"
	"xietong/node/business/catalog"
	"xietong/node/business/records"
	"xietong/node/ground/failure"
	"xietong/node/ground/policy"
	"xietong/node/ground/table"
	"xietong/node/ground/text"
)

// stage checks the rows for the entry and stages them, in place of all records.
func (w *world) stage(t *testing.T, e catalog.Entry, data string) identity.Entry {
	t.Helper()
	coming, err := w.desk.Coming(t.Context(), civil, e)
	if err != nil {
		t.Fatal(err)
	}
	desk := w.desk.records.(*records.Desk)
	how := records.Reading{Wish: table.Wish{Format: "csv"}, Missing: records.MissingClear, For: coming}
	check, err := desk.Check(t.Context(), civil, e.Code, how, strings.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	f := records.File{Reading: how, Hash: sha256.Sum256([]byte(data)), Rows: check.Rows, Good: check.Good, Replace: true, Plan: check.Plan}
	done, err := desk.Load(t.Context(), newID(), civil, e.Code, f, strings.NewReader(data), nil)
	if err != nil || !done.Published.IsZero() {
		t.Fatalf("got %+v, %v, want rows that wait", done, err)
	}
	return done.Opened
}

// TestAdoptAlong: a version that adopts a standard, the endless grants that it gives and the
// records as it wants them come at once, or not at all; the same request again is done already.
func TestAdoptAlong(t *testing.T) {
	w := newWorld(t)
	own := standard().Entry
	own.Counts, own.Schema = nil, []byte(`{"type":"object","properties":{"code":{"type":"string"},"sex":{"type":"string"},"income":{"type":"number"},
		"age":{"type":"string"}}}`)
	own.Measures = policy.Measures{"income": {"sum"}}
	w.mustPublish(t, own)
	desk := w.desk.records.(*records.Desk)
	if _, err := desk.Put(t.Context(), newID(), civil, own.Code, []byte(`{"code":"1","age":"forty"}`)); err != nil {
		t.Fatal(err)
	}
	e := w.adopting()
	opened := w.stage(t, e, "code,sex,income,age\n1,a,1,40\n2,b,2,50\n")
	plan, err := w.desk.Plan(t.Context(), civil, e, opened)
	if err != nil || plan.Unfit != 0 || plan.Beginning != 1 || plan.Rows == nil || plan.Rows.New != 1 || plan.Rows.Replaced != 1 {
		t.Fatalf("got %+v, %v", plan, err)
	}
	id := newID()
	_, err = w.desk.Publish(t.Context(), id, civil, e, Agreed{Plan: plan.Hash})
	if !failure.Is(err, text.EntryPlanMoved) {
		t.Errorf("without the rows, by their plan: got %v", err)
	}
	if got := len(w.grants(t)); got != 0 {
		t.Errorf("%d grants before the entry", got)
	}
	p, err := w.desk.Publish(t.Context(), id, civil, e, Agreed{Plan: plan.Hash, With: opened})
	if err != nil || p.Version != 2 || len(w.grants(t)) != 1 {
		t.Fatalf("got version %d, %v, %d grants", p.Version, err, len(w.grants(t)))
	}
	if again, err := w.desk.Publish(t.Context(), id, civil, e, Agreed{Plan: plan.Hash, With: opened}); err != nil || again.At != p.At {
		t.Errorf("the same request again: got %+v, %v", again.At, err)
	}
	other := w.adopting()
	other.Title = "another"
	w.mustPublish(t, other)
	if again, err := w.desk.Publish(t.Context(), id, civil, e, Agreed{Plan: plan.Hash, With: opened}); err != nil || again.At != p.At || again.Version != 2 {
		t.Errorf("the same request again, after another version: got version %d, %+v, %v", again.Version, again.At, err)
	}
	other.Title = "a third"
	if _, err := w.desk.Publish(t.Context(), newID(), civil, other, Agreed{Plan: plan.Hash, With: opened}); !failure.Is(err, text.NotAlong) {
		t.Errorf("the same rows with another entry: got %v", err)
	}
	w.mustPublish(t, e)
	if _, err := w.desk.Coming(t.Context(), civil, e); !failure.Is(err, text.EntryInForce) {
		t.Errorf("rows for the entry in force: got %v", err)
	}
	first := w.adopting()
	first.Code = label("hamlets")
	first.Standard, first.Counts = "", nil
	if _, err := w.desk.Publish(t.Context(), newID(), civil, first, Agreed{With: opened}); !failure.Is(err, text.NotAlong) {
		t.Errorf("a first version: got %v", err)
	}
}

// TestAlongAgain (R30): the request that brought rows along has its answer again, also after
// another version.
func TestAlongAgain(t *testing.T) {
	w := newWorld(t)
	e := standard().Entry
	e.Counts = nil
	w.mustPublish(t, e)
	e.Title = "two"
	id, opened := newID(), w.stage(t, e, "code,sex,income,age\n1,a,1,40\n")
	plan, err := w.desk.Plan(t.Context(), civil, e, opened)
	if err != nil {
		t.Fatal(err)
	}
	publish := func() (catalog.Published, error) {
		return w.desk.Publish(t.Context(), id, civil, e, Agreed{Plan: plan.Hash, With: opened})
	}
	first, err := publish()
	if err != nil {
		t.Fatal(err)
	}
	other := e
	other.Title = "three"
	w.mustPublish(t, other)
	if again, err := publish(); err != nil || again.At != first.At || again.Version != 2 {
		t.Errorf("got version %d, %s, %v, want %s", again.Version, again.At, err, first.At)
	}
}
