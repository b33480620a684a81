package sharing

import (
	"testing"

	"xietong/certs/identity"
	"xietong/node/ground/text"
)

// raw are texts that a terminal would obey, or that no sheet can hold.
var raw = []string{"x\x1b[31mred\x07", "a\x00", "\xc3\xf1", "a\ufffd", "x\u0085"}

// TestTextsAreRecordable (A36): no free text of an application, of another jurisdiction's too, of a
// grant by hand or of a revocation is kept with control characters: the entry would have them for
// ever, and every list that has it.
func TestTextsAreRecordable(t *testing.T) {
	r := open(t)
	p := r.permitted(t, request(water))
	index, _ := p.Grant.Index()
	before := r.size(t)
	for _, bad := range raw {
		for _, consumer := range []identity.Agency{water, neighbour} {
			for what, edit := range map[string]func(*Application){
				"basis": func(a *Application) { a.Basis = bad }, "scenario": func(a *Application) { a.Scenario = bad },
				"scope": func(a *Application) { a.Scope = bad }, "method": func(a *Application) { a.Method = bad },
			} {
				q := request(consumer)
				q.Purpose = "residence-check"
				edit(&q.Application)
				r.refused(t, what, text.NotText, func() error { _, err := PermitUse(t.Context(), r, q); return err })
			}
		}
		for what, edit := range map[string]func(*Terms){
			"basis": func(a *Terms) { a.Basis = bad }, "paper": func(a *Terms) { a.Paper = bad },
		} {
			with := terms
			edit(&with)
			r.refused(t, what, text.NotText, func() error {
				_, err := r.give(t, newID(), actor(civil), loans(), Order{Terms: with})
				return err
			})
		}
		r.refused(t, "reason", text.NotText, func() error { _, err := Revoke(t.Context(), r, newID(), actor(civil), index, bad); return err })
	}
	if after := r.size(t); after != before {
		t.Errorf("%d entries were made", after-before)
	}
}
