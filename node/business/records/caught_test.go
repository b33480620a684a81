package records

import (
	"fmt"
	"slices"
	"testing"

	"xietong/certs/identity"
	"xietong/node/business/catalog"
	"xietong/node/ground/text"
)

// TestPlanAgain: the plan that was shown is taken once more, as of now, where what came since fits
// and brings no member that it does not name; a version that narrows needs no look at what came.
func TestPlanAgain(t *testing.T) {
	_, desk := republishing(t, 3, typed(`"string"`, `,"a":{},"b":{}`), typed(`"string"`, `,"a":{},"b":{}`))
	next := typed(`"string","maxLength":3`, `,"b":{}`)
	code := next.Code
	put := func(record string) {
		t.Helper()
		if _, err := desk.Put(t.Context(), newID(), civil, code, []byte(record)); err != nil {
			t.Fatal(err)
		}
	}
	plan := func(check func() (Plan, catalog.Checked, error)) (Plan, catalog.Checked) {
		t.Helper()
		p, as, err := check()
		if err != nil {
			t.Fatal(err)
		}
		return p, as
	}
	fresh := func() (Plan, catalog.Checked, error) {
		return desk.Plan(t.Context(), civil, next, identity.Entry{})
	}
	again := func() (Plan, catalog.Checked, error) {
		return desk.PlanAgain(t.Context(), civil, next, identity.Entry{})
	}
	put(`{"id":"1","n":"x","a":1}`)
	shown, first := plan(fresh)
	put(`{"id":"8","n":"y","a":2}`)
	if _, err := desk.Retract(t.Context(), newID(), civil, code, "2", "r"); err != nil {
		t.Fatal(err)
	}
	caught, as := plan(again)
	if fmt.Sprint(caught) != fmt.Sprint(shown) || as.Records == first.Records || as.Fit != first.Fit || as.Narrower {
		t.Errorf("what came fits: got %+v, %+v, want %+v", caught, as, shown)
	}
	if now, _ := plan(fresh); now.Records != shown.Records || now.Vanish[0].Records != 2 {
		t.Errorf("looked at anew: got %+v", now)
	}
	put(`{"id":"9","n":"long"}`)
	if now, as := plan(again); now.Unfit != 1 || as.Fit {
		t.Errorf("one came that does not fit: got %+v, %+v", now, as)
	}
	put(`{"id":"9","n":"z"}`)
	next = typed(`"string","maxLength":3`, `,"a":{}`)
	if p, _ := plan(fresh); len(p.Vanish) > 0 {
		t.Errorf("got %+v", p.Vanish)
	}
	put(`{"id":"10","n":"z","b":1}`)
	if p, _ := plan(again); !slices.Equal(p.Vanish, []Holding{{"b", 1}}) {
		t.Errorf("one came with a member that would vanish: got %+v", p.Vanish)
	}
	next = typed(`"string"`, "")
	shown, _ = plan(fresh)
	put(`{"id":"11","n":"w","a":1,"b":1}`)
	if p, as := plan(again); !as.Narrower || fmt.Sprint(p) != fmt.Sprint(shown) {
		t.Errorf("it narrows: got %+v, %+v, want %+v", p, as, shown)
	}
	if n, err := desk.Came(t.Context(), code, first); err != nil || n != 5 {
		t.Errorf("got %d that came, %v, want 5", n, err)
	}
	_, _, err := desk.PlanAgain(t.Context(), catalog.Local("water"), next, identity.Entry{})
	refusedAs(t, "by another", err, text.NotProvider)
}
