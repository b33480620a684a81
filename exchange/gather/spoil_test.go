package gather

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"xietong/certs/identity"
)

// TestNobodySpoilsTheRest: if the answer of one child is bad, the others are added up, and that
// child alone is told as refused.
func TestNobodySpoilsTheRest(t *testing.T) {
	r := rosterOf(t, "p", "a.p", "b.p", "c.p", "d.p")
	q := Question{Selector: Selector{Below: name(t, "p"), Deep: true}, Measure: Measure{Function: Count}}
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
		"counts to the end":     func(c *Child) { c.Share.Own, c.Share.Groups = nil, all(MaxCount) },
		"members without end": func(c *Child) {
			for n := range MaxMembers {
				c.Share.Extra = append(c.Share.Extra, name(t, fmt.Sprintf("n%05d.%s", n, c.Name)))
			}
			c.Share.Answered += MaxMembers - 1
			c.Share.Missing = []Missing{{name(t, "n00000."+c.Name.String()), Why{State: Late, By: c.Name}}}
		},
		"somebody else": func(c *Child) { c.Share.Extra = []identity.Jurisdiction{name(t, "b.p")} },
	} {
		for _, bad := range []string{"a.p", "c.p"} { // the first, or one among the others
			var children []Child
			for _, s := range []string{"a.p", "b.p", "c.p", "d.p"} {
				c := honest(s)
				if s == bad {
					spoil(&c)
				}
				children = append(children, c)
			}
			got, err := Merge(q, r, q.Below, nil, children)
			if err != nil {
				t.Errorf("%s of %s: %v", what, bad, err)
				continue
			}
			if got.Total() != 6 || got.Answered != 3 || len(got.Missing) != 1 || got.Missing[0].Name != name(t, bad) || got.Missing[0].Code != ShareRefused {
				t.Errorf("%s of %s: total %d of %d answered, missing %.200v", what, bad, got.Total(), got.Answered, got.Missing)
			}
		}
	}
}

// TestRefusalForMany: a child that refuses for many below it, with values as long as can be, does
// not make the share too long: its code is told of each of them, and the values are left out.
func TestRefusalForMany(t *testing.T) {
	names := []string{"p", "a.p", "b.p"}
	for i := range 25 {
		names = append(names, fmt.Sprintf("t%02d.a.p", i))
	}
	r := rosterOf(t, names...)
	q := Question{Selector: Selector{Below: name(t, "p"), Deep: true}, Measure: Measure{Function: Count}}
	share := Share{Roster: 1, Hash: r.Hash[:], Own: all(2), AsOf: number(1), Groups: all(2), Answered: 1}
	data, err := share.Encode()
	if err != nil {
		t.Fatal(err)
	}
	for args, want := range map[int]int{1: 1, maxArgs: 0} {
		why := &Why{State: Refused, By: name(t, "a.p"), Code: 4, Args: slices.Repeat([]string{strings.Repeat("x", maxArg)}, args)}
		got, err := Merge(q, r, q.Below, nil, []Child{{Name: name(t, "a.p"), Why: why}, {Name: name(t, "b.p"), Answer: data, Share: share}})
		if err != nil || got.Total() != 2 || len(got.Missing) != 26 {
			t.Fatalf("%d values: got %d of %d missing, %v", args, got.Total(), len(got.Missing), err)
		}
		for _, m := range got.Missing {
			if m.Code != 4 || len(m.Args) != want {
				t.Errorf("%d values: %s has the code %d and %d values, want %d", args, m.Name, m.Code, len(m.Args), want)
			}
		}
	}
}

// TestKeysDiffer: no two lists of values are taken for one, whatever bytes are in them.
func TestKeysDiffer(t *testing.T) {
	lists := [][]string{{}, {""}, {"", ""}, {"a", "b"}, {"ab"}, {"", "ab"}, {"ab", ""}, {"1:a"}, {"x\x00y", "\x01w"}, {"x", "\x01y\x00w"}, {"a1:", "b"}, {"a", "1:b"}}
	seen := map[string][]string{}
	for _, values := range lists {
		key := keyOf(Group{Values: values})
		if other, twice := seen[key]; twice {
			t.Errorf("%q and %q have one key", values, other)
		}
		seen[key] = values
	}
}

// TestTooManyDigits: a child whose amounts give the sum too many digits is refused, with the reason
// and before any part of its share is added; the others are added up.
func TestTooManyDigits(t *testing.T) {
	r := rosterOf(t, "p", "a.p", "b.p", "c.p", "d.p")
	group := func(value, of string) Group {
		return Group{Values: []string{value}, Count: 2, With: 1, Amount: amount(t, of)}
	}
	child := func(q Question, s string, groups ...Group) Child {
		share := Share{Roster: 1, Hash: r.Hash[:], Own: groups, AsOf: number(1), Groups: groups, Answered: 1}
		data, err := share.Encode()
		if err != nil || share.Check(q, r, name(t, s)) != nil {
			t.Fatal(err, share.Check(q, r, name(t, s)))
		}
		return Child{Name: name(t, s), Answer: data, Share: share}
	}
	for f, want := range map[Function]string{Sum: "22.5", Average: "22.5", Minimum: "-" + nines, Maximum: "11"} {
		q := Question{Selector: Selector{Below: name(t, "p")}, Measure: Measure{Function: f, Field: "income", By: []By{{Field: "sex"}}}}
		got, err := Merge(q, r, q.Below, nil, []Child{
			child(q, "a.p", group("f", "0.5"), group("m", "0.5")), child(q, "b.p", group("f", "0.5"), group("m", "10")),
			child(q, "c.p", group("f", "7"), group("m", "-"+nines), group("n", "0.1")), child(q, "d.p", group("f", "11")),
		})
		if err != nil {
			t.Fatal(err)
		}
		if whole, err := got.Whole(q.Measure); err != nil || whole.Amount.String() != want {
			t.Errorf("%s: got %v, %v, want %s", f, whole.Amount, err, want)
		}
		refused := []Missing{{name(t, "c.p"), Why{
			State: Refused, By: q.Below, Code: ShareRefused, Args: []string{"c.p", "the share does not add up: with it, the sum has more than 38 digits"},
		}}}
		if f.adds() != slices.EqualFunc(got.Missing, refused, sameMissing) || !f.adds() && len(got.Missing) > 0 {
			t.Errorf("%s: missing %v", f, got.Missing)
		}
	}
}

// TestWhoSaysWhy checks that only those on the way to a member say why it is missing: a child
// cannot put a refusal into the mouth of another.
func TestWhoSaysWhy(t *testing.T) {
	r := rosterOf(t, "p", "a.p", "b.p")
	q := Question{Selector: Selector{Below: name(t, "p"), Deep: true}, Measure: Measure{Function: Count}}
	for by, want := range map[string]bool{"a.p": true, "p": true, "b.p": false, "x.a.p": false} {
		share := Share{Roster: 1, Hash: r.Hash[:], Missing: []Missing{{name(t, "a.p"), Why{State: Refused, By: name(t, by), Code: 24}}}}
		if err := share.Check(q, r, name(t, "a.p")); (err == nil) != want {
			t.Errorf("said by %s: %v", by, err)
		}
	}
}

// TestRefusedShareIsNoContradiction: a parent that refused a share which does not add up, and shows
// it, is not contradicted by it. A share that adds up contradicts it.
func TestRefusedShareIsNoContradiction(t *testing.T) {
	r := rosterOf(t, "p", "a.p", "b.p")
	q := Question{Selector: Selector{Below: name(t, "p")}, Measure: Measure{Function: Count}}
	answers, verify := map[identity.Jurisdiction][]byte{}, func(_ identity.Jurisdiction, answer []byte) (Share, error) { return Decode(answer) }
	child := func(s string, answered uint64) Child {
		share := Share{Roster: 1, Hash: r.Hash[:], Own: all(2), AsOf: number(1), Groups: all(2), Answered: answered}
		data, err := share.Encode()
		if err != nil {
			t.Fatal(err)
		}
		answers[name(t, s)] = data
		return Child{Name: name(t, s), Answer: data, Share: share}
	}
	sum, err := Merge(q, r, q.Below, nil, []Child{child("a.p", 1), child("b.p", 2)})
	if err != nil || len(sum.Missing) != 1 {
		t.Fatalf("got %+v, %v", sum, err)
	}
	if lie := sum.Audit(q, r, q.Below, answers, verify); lie != nil {
		t.Errorf("got %v", lie)
	}
	child("b.p", 1)
	if lie := sum.Audit(q, r, q.Below, answers, verify); lie == nil || lie.Kind != Contradicted {
		t.Errorf("got %v, want contradicted", lie)
	}
}
