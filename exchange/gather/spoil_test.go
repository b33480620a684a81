package gather

import (
	"fmt"
	"strings"
	"testing"

	"xietong/certs/identity"
)

// TestNobodySpoilsTheRest: whatever one child answers, the others are added up, and it alone is told as refused.
func TestNobodySpoilsTheRest(t *testing.T) {
	r := rosterOf(t, "p", "a.p", "b.p", "c.p", "d.p")
	q := Question{Selector: Selector{Below: name(t, "p")}}
	honest := func(s string) Child {
		share := Share{Roster: 1, Hash: r.Hash[:], Own: all(2), AsOf: number(1), Groups: all(2), Answered: 1}
		data, err := share.Encode()
		if err != nil {
			t.Fatal(err)
		}
		return Child{Name: name(t, s), Answer: data, Share: share}
	}
	long := strings.Repeat("长", maxText/3)
	many := func(n int) (groups []Group) {
		for i := range n {
			groups = append(groups, Group{Values: []string{fmt.Sprintf("%05d", i)}, Count: 1})
		}
		return groups
	}
	for what, spoil := range map[string]func(*Child){
		"a long value twice": func(c *Child) {
			c.Share.Groups = []Group{{Values: []string{long}, Count: 1}, {Values: []string{long}, Count: 1}}
		},
		"as many groups as fit": func(c *Child) { c.Share.Own, c.Share.Groups = many(MaxGroups), many(MaxGroups) },
		"a long answer":         func(c *Child) { c.Answer = make([]byte, MaxLen) },
		"counts without end":    func(c *Child) { c.Share.Groups = all(1<<64 - 1) },
		"somebody else":         func(c *Child) { c.Share.Extra = []identity.Jurisdiction{name(t, "b.p")} },
	} {
		spoilt := honest("c.p")
		spoil(&spoilt)
		got, err := Merge(q, r, q.Below, nil, []Child{honest("a.p"), honest("b.p"), spoilt, honest("d.p")})
		if err != nil {
			t.Errorf("%s: %v", what, err)
			continue
		}
		if got.Total() != 6 || got.Answered != 3 || len(got.Missing) != 1 || got.Missing[0].Name != name(t, "c.p") || got.Missing[0].Code != ShareRefused {
			t.Errorf("%s: total %d of %d answered, missing %.200v", what, got.Total(), got.Answered, got.Missing)
		}
	}
}
