package usage

import (
	"testing"
	"time"

	"xietong/certs/identity"
	"xietong/node/ground/text"
)

// TestHeldSince (F13) asks under a grant and then something else, and lists the grant: what the
// later question was told of it shows, and what does not concern it does not.
func TestHeldSince(t *testing.T) {
	until := time.Date(2099, 1, 1, 0, 0, 0, 0, time.UTC)
	first := question{agency: "water", to: "guizhou", dataset: "dataset-0", purpose: "check", grant: "7", until: until}
	with := func(change func(*question)) question { q := first; change(&q); return q }
	refused := func(code text.Code) question {
		return with(func(q *question) { q.outcome, q.grant, q.until = code, "", time.Time{} })
	}
	for what, row := range map[string]struct {
		later question
		want  Since
	}{
		"the same grant":           {first, Since{}},
		"a renewal":                {with(func(q *question) { q.grant = "9" }), Since{Replaced: "guizhou/log/1/9"}},
		"a renewal that ended":     {with(func(q *question) { q.grant, q.outcome, q.until = "9", text.GrantEnded, time.Time{} }), Since{Replaced: "guizhou/log/1/9"}},
		"one from before":          {with(func(q *question) { q.grant = "5" }), Since{}},
		"an endless one":           {with(func(q *question) { q.grant, q.until = "9", time.Time{} }), Since{}},
		"one for another purpose":  {with(func(q *question) { q.grant, q.purpose = "9", "statistics" }), Since{}},
		"one of another agency":    {with(func(q *question) { q.grant, q.agency = "9", "civil-affairs" }), Since{}},
		"one of another dataset":   {with(func(q *question) { q.grant, q.dataset = "9", "dataset-1" }), Since{}},
		"one elsewhere":            {with(func(q *question) { q.grant, q.to = "9", "guiyang.guizhou" }), Since{}},
		"withdrawn":                {refused(text.DatasetWithdrawn), Since{Closed: true}},
		"not shared":               {refused(text.NotShared), Since{Stopped: true}},
		"by hand only":             {refused(text.GrantNeeded), Since{Stopped: true}},
		"by hand only, else":       {with(func(q *question) { q.outcome, q.grant, q.purpose = text.GrantNeeded, "", "statistics" }), Since{}},
		"not reached":              {refused(text.Unreachable), Since{}},
		"withdrawn for another":    {with(func(q *question) { q.outcome, q.grant, q.to = text.DatasetWithdrawn, "", "guiyang.guizhou" }), Since{}},
		"the hop speaks of a link": {refused(text.NotEndorsed), Since{}},
	} {
		r := open(t)
		r.ask(t, first)
		r.ask(t, row.later)
		grants, _, err := r.desk.Held(t.Context(), actor(water), identity.Label{}, Page{})
		found := false
		for _, g := range grants {
			if g.Grant != "guizhou/log/1/7" || g.Dataset != "dataset-0" {
				continue
			}
			if found = true; g.Since != row.want {
				t.Errorf("%s: got %+v, want %+v", what, g.Since, row.want)
			}
		}
		if err != nil || !found {
			t.Errorf("%s: got %+v, %v, want the grant", what, grants, err)
		}
	}
}
