package gather

import (
	"fmt"
	"slices"
	"testing"
)

// BenchmarkMerge adds up a province of 88 counties in nine branches, and a nation of 2,852 in 34.
func BenchmarkMerge(b *testing.B) {
	for _, size := range []struct{ branches, counties int }{{9, 88}, {34, 2852}} {
		b.Run(fmt.Sprint(size.counties), func(b *testing.B) {
			names := []string{"p"}
			for n := range size.branches {
				names = append(names, fmt.Sprintf("b%d.p", n))
			}
			for n := range size.counties {
				names = append(names, fmt.Sprintf("c%d.b%d.p", n, n%size.branches))
			}
			r := rosterOf(b, names...)
			q := Question{Selector: Selector{Below: name(b, "p"), Deep: true, Level: "county"}, Measure: Measure{Function: Count, By: []By{{Level: "prefecture"}}}, Groups: MaxGroups}
			var children []Child
			for n := range size.branches {
				at := name(b, fmt.Sprintf("b%d.p", n))
				members := q.Members(r, at)
				s := Share{
					Roster: 1, Hash: r.Hash[:], Groups: []Group{{Values: []string{at.String()}, Count: 200}}, Answered: uint64(len(members)),
				}
				for _, m := range members {
					s.Shares = append(s.Shares, Listed{Child: m.Name, Hash: make([]byte, 32), Outcome: Added})
				}
				slices.SortFunc(s.Shares, func(a, b Listed) int { return compareNames(a.Child, b.Child) })
				data, err := s.Encode()
				if err != nil {
					b.Fatal(err)
				}
				children = append(children, Child{Name: at, Answer: data, Share: s})
			}
			for b.Loop() {
				if _, err := Merge(q, r, q.Below, nil, children); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
