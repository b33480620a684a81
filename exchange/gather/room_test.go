package gather

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"xietong/certs/identity"
)

// drawParties draws what some jurisdictions have, some of it the same, some long.
func drawParties(t *rapid.T) (parties []party) {
	for i := range rapid.IntRange(1, 6).Draw(t, "parties") {
		at, err := identity.ParseJurisdiction(fmt.Sprintf("c%d.p", i))
		if err != nil {
			t.Fatal(err)
		}
		p := party{name: at}
		for n := range rapid.IntRange(0, 12).Draw(t, "groups") {
			from := rapid.SampledFrom([]string{"same", at.String()}).Draw(t, "from")
			long := strings.Repeat("x", rapid.SampledFrom([]int{0, 0, 0, 300}).Draw(t, "long"))
			g := Group{Values: []string{fmt.Sprintf("%s-%d%s", from, n, long)}, Count: rapid.Uint64Range(0, 9).Draw(t, "count")}
			p.groups = append(p.groups, g)
		}
		if rapid.Bool().Draw(t, "small") {
			p.groups = append(p.groups, Group{Values: []string{}, Suppressed: true, Count: 3})
		}
		if rapid.Bool().Draw(t, "others") {
			p.groups = append(p.groups, Group{Values: []string{"x." + at.String()}, Others: true, Count: 4})
		}
		parties = append(parties, p)
	}
	return parties
}

// TestRoom: nothing that a party has is lost, no more is told than there is room for, each party is
// told at least as much as an equal part of the room holds, and the order and the names of the
// parties decide nothing (S12).
func TestRoom(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		parties := drawParties(rt)
		r := room{groups: rapid.IntRange(0, 30).Draw(rt, "room"), bytes: rapid.IntRange(100, 4000).Draw(rt, "bytes")}
		told, err := r.told(Count, parties)
		if err != nil {
			rt.Fatal(err)
		}
		keys, bytes := map[string]bool{}, 0
		for i, p := range parties {
			if got, want := (Share{Groups: told[i]}).Total(), (Share{Groups: p.groups}).Total(); got != want {
				rt.Errorf("%s: got %d records, want %d", p.name, got, want)
			}
			for _, g := range told[i] {
				if key := keyOf(g); g.told() && !keys[key] {
					keys[key] = true
					bytes += g.size()
				}
			}
			checkPart(rt, r, len(parties), p, told[i])
		}
		if len(keys) > r.groups || bytes > r.bytes {
			rt.Errorf("%d groups of %d bytes are told, there is room for %d of %d", len(keys), bytes, r.groups, r.bytes)
		}
		order := rapid.Permutation(indexes(len(parties))).Draw(rt, "order")
		var others []party // the same groups, in another order and under other names
		for n, i := range order {
			others = append(others, party{name: parties[n].name, groups: parties[i].groups})
		}
		again, err := r.told(Count, others)
		if err != nil {
			rt.Fatal(err)
		}
		for n, i := range order {
			if got, want := tellsOf(again[n]), tellsOf(told[i]); !slices.Equal(got, want) {
				rt.Errorf("in place %d: told %q, in place %d: %q", i, want, n, got)
			}
		}
	})
}

// checkPart checks that the groups of a party that fit into an equal part are told.
func checkPart(t *rapid.T, r room, parties int, p party, told []Group) {
	part, bytes := r.part(r.groups/parties), 0
	greatest := slices.DeleteFunc(slices.Clone(p.groups), func(g Group) bool { return !g.told() })
	slices.SortFunc(greatest, func(a, b Group) int {
		if a.Count != b.Count {
			return int(b.Count) - int(a.Count)
		}
		return compareGroups(a, b)
	})
	for i, g := range greatest {
		if bytes += g.size(); i >= part.groups || bytes > part.bytes {
			return
		}
		if !slices.ContainsFunc(told, func(o Group) bool { return sameGroup(o, g) }) {
			t.Errorf("%s: %q is not told, and fits into an equal part", p.name, g.Values)
		}
	}
}

// tellsOf writes groups without the name of whose others they are.
func tellsOf(groups []Group) (all []string) {
	for _, g := range groups {
		if g.Others {
			g.Values = nil
		}
		all = append(all, fmt.Sprintf("%q %d %t %t", g.Values, g.Count, g.Suppressed, g.Others))
	}
	slices.Sort(all)
	return all
}

func indexes(n int) (all []int) {
	for i := range n {
		all = append(all, i)
	}
	return all
}

// TestRoomBeside: of those beside the roster MaxExtra are told, of each child an equal part, and
// what others leave unused.
func TestRoomBeside(t *testing.T) {
	many := func(of string, n int) (all []Extra) {
		for i := range n {
			all = append(all, beside(t, fmt.Sprintf("n%02d.%s", i, of), 1))
		}
		return all
	}
	for _, row := range []struct{ a, b, c, want int }{{1, 2, 3, 6}, {64, 0, 0, 64}, {64, 64, 64, 63}, {64, 10, 1, 63}, {60, 3, 1, 64}} {
		all := extrasOf([][]Extra{many("a.p", row.a), many("b.p", row.b), many("c.p", row.c)})
		of := func(name string) int {
			return len(slices.DeleteFunc(slices.Clone(all), func(e Extra) bool { return !strings.HasSuffix(e.Name.String(), name) }))
		}
		if len(all) != row.want && row.want != 63 || len(all) > MaxExtra || of("b.p") < min(row.b, 21) || of("c.p") < min(row.c, 21) {
			t.Errorf("%+v: got %d, %d, %d", row, of("a.p"), of("b.p"), of("c.p"))
		}
	}
}

// TestMergeTakesWhateverAddsUp: children's shares that add up by themselves, however long and
// large, are all added in, in every order of their names, and what comes of it adds up again.
func TestMergeTakesWhateverAddsUp(t *testing.T) {
	names := []string{"p"}
	for i := range 4 {
		names = append(names, fmt.Sprintf("c%d.p", i), fmt.Sprintf("x.c%d.p", i))
	}
	r := rosterOf(t, names...)
	q := Question{
		Selector: Selector{Below: name(t, "p"), Deep: true, Level: "county"},
		Measure:  Measure{Field: "income", By: []By{{Field: "kind"}}},
	}
	amounts := []string{"0", "1e13", "-1e13", "0.000000000000000001", "-9999999999999.999999999999999999", "7e-3"}
	rapid.Check(t, func(rt *rapid.T) {
		q.Function = rapid.SampledFrom([]Function{Sum, Average, Minimum, Maximum}).Draw(rt, "function")
		q.Groups = rapid.SampledFrom([]int{1, 3, 50, 200, MaxGroups}).Draw(rt, "room")
		var children []Child
		total := uint64(0)
		for i := range 4 {
			at, below := fmt.Sprintf("c%d.p", i), fmt.Sprintf("x.c%d.p", i)
			from := rapid.SampledFrom([]string{"same", at}).Draw(rt, "from")
			from += strings.Repeat("x", rapid.SampledFrom([]int{0, 100, 900}).Draw(rt, "long"))
			groups := kindsOf(from, rapid.IntRange(0, min(q.Groups, 120)).Draw(rt, "groups"), 2)
			for k := range groups {
				d := rapid.SampledFrom(amounts).Draw(rt, "amount")
				groups[k].With, groups[k].Amount = 1, amount(t, d)
			}
			share := Share{Roster: 1, Hash: r.Hash[:], Groups: groups, Answered: 1, Shares: []Listed{added(t, below)}}
			if err := share.Check(q, r, name(t, at)); err != nil {
				rt.Fatal(err)
			}
			children, total = append(children, Child{Name: name(t, at), Answer: []byte(at), Share: share}), total+share.Total()
		}
		got, err := Merge(q, r, q.Below, nil, children)
		if err != nil || got.Answered != 4 || got.Total() != total {
			rt.Errorf("%d of %d records, %d answered, %v", got.Total(), total, got.Answered, err)
		}
	})
}
