package host

import (
	"testing"
	"time"

	"xietong/certs/identity"
)

// TestWhoseWordSettlesIt (C36): that nothing more was seen is the parent's to say, where it is on
// another node, however long it is away; else all the others say it. One of them may have been away
// while more was recorded, or gain by what is forgotten.
func TestWhoseWordSettlesIt(t *testing.T) {
	dir := t.TempDir()
	h := open(t, dir)
	add(t, h)
	parent := seen(t, h)
	closed(t, h)
	old := copyOf(t, dir)
	names := func(all ...string) (of []identity.Jurisdiction) {
		for _, s := range all {
			name, err := identity.ParseJurisdiction(s)
			if err != nil {
				t.Fatal(err)
			}
			of = append(of, name)
		}
		return of
	}
	city, all := parent.By, names("a.nanming.guiyang.guizhou", "b.nanming.guiyang.guizhou")
	child, other, forgetful := parent, parent, parent
	child.By, other.By = all[0], all[1]
	forgetful.By, forgetful.Forgot = all[1], true
	for what, row := range map[string]struct {
		said    told
		settles bool
	}{
		"the parent":                 {told{seen: []Seen{parent}, others: all}, true},
		"a child, the parent away":   {told{seen: []Seen{child}, others: []identity.Jurisdiction{city}}, false},
		"all others, it is away":     {told{seen: []Seen{child, other}, others: []identity.Jurisdiction{city}}, false},
		"a child alone":              {told{seen: []Seen{child}, here: true}, true},
		"a child, another is away":   {told{seen: []Seen{child}, others: all, here: true}, false},
		"all":                        {told{seen: []Seen{child, other}, here: true}, true},
		"all, of whom one forgot":    {told{seen: []Seen{child, forgetful}, here: true}, false},
		"nobody, there is no parent": {told{here: true}, false},
	} {
		t.Run(what, func(t *testing.T) {
			h := tryOpen(t, copyOf(t, old), "")
			defer func() { closed(t, h) }()
			add(t, h)
			h.reword(func(q *QuestionError) { q.Since = q.Since.Add(-time.Hour) })
			if err := h.askOnce(t.Context(), row.said); err != nil {
				t.Error(err)
			}
			if got := signs(t, h); got != row.settles {
				t.Errorf("signs: got %t, want %t", got, row.settles)
			}
		})
	}
}
