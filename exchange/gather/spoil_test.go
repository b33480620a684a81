package gather

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"xietong/certs/identity"
)

// leaf is the answer of a child that has none below it.
func leaf(t testing.TB, r Roster, s string, groups []Group) Child {
	share := Share{Roster: r.Number, Hash: r.Hash[:], Own: groups, AsOf: number(1), Groups: groups, Answered: 1}
	data, err := share.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return Child{Name: name(t, s), Answer: sign(name(t, s), data), Share: share}
}

// kindsOf are groups of a field's values, each of so many records.
func kindsOf(from string, n int, each uint64) (groups []Group) {
	for i := range n {
		groups = append(groups, Group{Values: []string{fmt.Sprintf("%s%04d", from, i)}, Count: each})
	}
	return groups
}

// TestNobodySpoilsTheRest: if the answer of one child is bad, the others are added up, and that
// child alone is told as refused.
func TestNobodySpoilsTheRest(t *testing.T) {
	r := rosterOf(t, "p", "a.p", "b.p", "c.p", "d.p")
	q := Question{Selector: Selector{Below: name(t, "p"), Deep: true}, Measure: Measure{Function: Count}}
	long := strings.Repeat("长", maxText/3)
	for what, spoil := range map[string]func(*Child){
		"a long value twice": func(c *Child) {
			c.Share.Groups = []Group{{Values: []string{long}, Count: 1}, {Values: []string{long}, Count: 1}}
		},
		"groups where one number was asked for": func(c *Child) { c.Share.Own = kindsOf("", MaxGroups, 1); c.Share.Groups = c.Share.Own },
		"counts without end":                    func(c *Child) { c.Share.Groups = all(1<<64 - 1) },
		"counts to the end":                     func(c *Child) { c.Share.Own = all(MaxCount); c.Share.Groups = all(MaxCount) },
		"members without end": func(c *Child) {
			for n := range 2000 {
				c.Share.Extra = append(c.Share.Extra, beside(t, fmt.Sprintf("n%05d.%s", n, c.Name), 1))
			}
		},
		"somebody else": func(c *Child) { c.Share.Extra = []Extra{beside(t, "b.p", 1)} },
		"no share":      func(c *Child) { c.Share, c.Wrong = Share{}, fmt.Errorf("%w: no share", ErrForm) },
	} {
		for _, bad := range []string{"a.p", "c.p"} { // the first, or one among the others
			var children []Child
			for _, s := range []string{"a.p", "b.p", "c.p", "d.p"} {
				c := leaf(t, r, s, all(2))
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
			if i := slices.IndexFunc(got.Shares, func(l Listed) bool { return l.Child == name(t, bad) }); i < 0 || got.Shares[i].Outcome != Rejected {
				t.Errorf("%s of %s: listed %v", what, bad, got.Shares)
			}
		}
	}
}

// TestNobodyIsShutOut: a child that answers as many groups as may be, or as long ones, takes no
// room from another, whatever its name is: all answer, the others are told whole, and what is too
// much is one group, its "others" (S12).
func TestNobodyIsShutOut(t *testing.T) {
	names := []string{"p"}
	for i := range 10 {
		names = append(names, fmt.Sprintf("c%d.p", i))
	}
	r := rosterOf(t, names...)
	q := Question{
		Selector: Selector{Below: name(t, "p")}, Measure: Measure{Function: Count, By: []By{{Field: "kind"}}}, Groups: 1000,
	}
	for bad := range 10 {
		var children []Child
		for i := range 10 {
			groups := kindsOf(fmt.Sprintf("g%d-", i), 90, 2)
			if i == bad {
				groups = kindsOf("s", 1000, 9)
			}
			children = append(children, leaf(t, r, fmt.Sprintf("c%d.p", i), groups))
		}
		got, err := Merge(q, r, q.Below, nil, children)
		if err != nil || got.Answered != 10 || got.Total() != 9*90*2+1000*9 {
			t.Errorf("by c%d.p: %d of %d answered, %v", bad, got.Total(), got.Answered, err)
			continue
		}
		told, others := 0, []string{}
		for _, g := range got.Groups {
			if g.Others {
				others = append(others, g.Values[0])
			} else if g.Values[0][0] == 'g' {
				told++
			}
		}
		if told != 9*90 || !slices.Equal(others, []string{fmt.Sprintf("c%d.p", bad)}) {
			t.Errorf("by c%d.p: %d groups of the others are told, want all 810; the others of %v are put together", bad, told, others)
		}
	}
}

// TestRefusalForMany: a child that refuses for many below it, with values as long as can be, does
// not make the share too long: its code is told of each of them, and the values are left out.
func TestRefusalForMany(t *testing.T) {
	names := []string{"p", "a.p", "b.p"}
	for i := range 100 {
		names = append(names, fmt.Sprintf("t%02d.a.p", i))
	}
	r := rosterOf(t, names...)
	q := Question{Selector: Selector{Below: name(t, "p"), Deep: true}, Measure: Measure{Function: Count}}
	for args, want := range map[int]int{1: 1, 60: 0} {
		why := &Why{State: Refused, By: name(t, "a.p"), Code: 4, Args: []string{strings.Repeat("x", args*maxArg/60)}}
		got, err := Merge(q, r, q.Below, nil, []Child{{Name: name(t, "a.p"), Why: why, Answer: []byte("no")}, leaf(t, r, "b.p", all(2))})
		if err != nil || got.Total() != 2 || len(got.Missing) != 101 {
			t.Fatalf("%d values: got %d of %d missing, %v", args, got.Total(), len(got.Missing), err)
		}
		for _, m := range got.Missing {
			if m.Code != 4 || m.By != name(t, "a.p") || len(m.Args) != want {
				t.Errorf("%d values: %s says the code %d of %s with %d values, want %d", args, m.By, m.Code, m.Name, len(m.Args), want)
			}
		}
	}
}

// TestLongRefusal: whatever values a child gives its refusal, the others are added up.
func TestLongRefusal(t *testing.T) {
	r := rosterOf(t, "p", "a.p", "b.p")
	q := Question{Selector: Selector{Below: name(t, "p")}, Measure: Measure{Function: Count}}
	for what, args := range map[string][]string{
		"a long value": {strings.Repeat("x", maxArg+1)}, "many values": make([]string, maxArgs+1), "none": nil,
	} {
		why := &Why{State: Refused, By: name(t, "a.p"), Code: 4, Args: args}
		got, err := Merge(q, r, q.Below, nil, []Child{{Name: name(t, "a.p"), Why: why, Answer: []byte("no")}, leaf(t, r, "b.p", all(2))})
		if err != nil || got.Total() != 2 || len(got.Missing) != 1 || got.Missing[0].Code != 4 {
			t.Errorf("%s: got %+v, %v", what, got.Missing, err)
		}
	}
}

// TestKeysDiffer: no two lists of values are taken for one, whatever bytes are in them.
func TestKeysDiffer(t *testing.T) {
	lists := [][]string{{}, {""}, {"", ""}, {"a", "b"}, {"ab"}, {"", "ab"}, {"ab", ""}, {"1:a"}, {"x\x00y", "\x01w"}, {"x", "\x01y\x00w"}, {"a1:", "b"}, {"a", "1:b"}}
	seen := map[string]Group{}
	for _, values := range lists {
		for _, g := range []Group{{Values: values}, {Values: values, Suppressed: true}, {Values: values, Others: true}} {
			if other, twice := seen[keyOf(g)]; twice {
				t.Errorf("%+v and %+v have one key", g, other)
			}
			seen[keyOf(g)] = g
		}
	}
}

// TestEverySumFits: whatever amounts the children answer, if they may, their sum can be told; a
// child whose amounts may not be is refused for that alone, and not for what others answer.
func TestEverySumFits(t *testing.T) {
	r := rosterOf(t, "p", "a.p", "b.p", "c.p", "d.p")
	group := func(of string) []Group {
		return []Group{{Values: []string{}, Count: 2, With: 1, Amount: amount(t, of)}}
	}
	least, most := "0.000000000000000001", maxSum
	for f, want := range map[Function]string{
		Sum: "20000000000000000.500000000000000001", Average: "20000000000000000.500000000000000001", Minimum: least, Maximum: nines,
	} {
		q := Question{Selector: Selector{Below: name(t, "p")}, Measure: Measure{Function: f, Field: "income"}}
		got, err := Merge(q, r, q.Below, nil, []Child{
			leaf(t, r, "a.p", group(most)), leaf(t, r, "b.p", group(nines)), leaf(t, r, "c.p", group(least)), leaf(t, r, "d.p", group(most+".5")),
		})
		if f.adds() { // the amounts of b.p and d.p are more than may be
			got, err = Merge(q, r, q.Below, nil, []Child{
				leaf(t, r, "a.p", group(most)), leaf(t, r, "b.p", group(nines)), leaf(t, r, "c.p", group(least)), leaf(t, r, "d.p", group("9999999999999999.5")),
			})
			want = "19999999999999999.500000000000000001"
		}
		if err != nil {
			t.Fatal(err)
		}
		if whole, err := got.Whole(q.Measure); err != nil || whole.Amount.String() != want {
			t.Errorf("%s: got %v, %v, want %s", f, whole.Amount, err, want)
		}
		if f.adds() != (len(got.Missing) == 1 && got.Missing[0].Name == name(t, "b.p") && strings.Contains(got.Missing[0].Args[1], "amounts are too large")) {
			t.Errorf("%s: missing %v", f, got.Missing)
		}
	}
}

// TestWhoSaysWhy checks that only those on the way to a member say why it is missing: a child
// cannot put a refusal into the mouth of another.
func TestWhoSaysWhy(t *testing.T) {
	r := rosterOf(t, "p", "a.p", "b.p")
	q := Question{Selector: Selector{Below: name(t, "p"), Deep: true}, Measure: Measure{Function: Count}}
	for by, want := range map[string]bool{"a.p": true, "p": false, "b.p": false, "x.a.p": false} {
		share := Share{Roster: 1, Hash: r.Hash[:], Missing: []Missing{{name(t, "a.p"), Why{State: Refused, By: name(t, by), Code: 24}}}}
		if err := share.Check(q, r, name(t, "a.p")); (err == nil) != want {
			t.Errorf("said by %s: %v", by, err)
		}
	}
}

// TestHonestParentIsNotNamed: of a child that signed what does not add up, the child is named, and
// not the parent that lists it as rejected (S16). A parent that rejects what adds up, or lists as
// added what does not, is named.
func TestHonestParentIsNotNamed(t *testing.T) {
	r := rosterOf(t, "p", "a.p", "b.p")
	q := Question{Selector: Selector{Below: name(t, "p")}, Measure: Measure{Function: Count}}
	good, bad := leaf(t, r, "a.p", all(2)), leaf(t, r, "b.p", all(2))
	bad.Share.Answered = 2
	data, err := bad.Share.Encode()
	if err != nil {
		t.Fatal(err)
	}
	bad.Answer = sign(bad.Name, data)
	shown := map[identity.Jurisdiction][]byte{good.Name: good.Answer, bad.Name: bad.Answer}
	audited := func(s Share) string { return fmt.Sprint(s.Audit(q, r, q.Below, shown, verify)) }
	sum, err := Merge(q, r, q.Below, nil, []Child{good, bad})
	if err != nil || len(sum.Missing) != 1 || sum.Answered != 1 {
		t.Fatalf("got %+v, %v", sum, err)
	}
	if got := audited(sum); got != "[{b.p does-not-add }]" {
		t.Errorf("got %s", got)
	}
	shown[bad.Name] = sign(bad.Name, []byte("no share"))
	hash := sha256.Sum256(shown[bad.Name])
	sum.Shares[1].Hash = hash[:]
	if got := audited(sum); got != "[{b.p does-not-add }]" {
		t.Errorf("what is no share: got %s", got)
	}
	sum.Shares[1].Outcome, sum.Missing, sum.Answered = Added, nil, 2
	if got := audited(sum); got != "[{b.p does-not-add } {p unsigned b.p}]" {
		t.Errorf("added: got %s", got)
	}
	sum, err = Merge(q, r, q.Below, nil, []Child{bad, {Name: good.Name, Answer: good.Answer, Wrong: errors.New("it does not please")}})
	shown[bad.Name] = bad.Answer
	if err != nil {
		t.Fatal(err)
	}
	if got := audited(sum); got != "[{p dropped a.p} {b.p does-not-add }]" {
		t.Errorf("rejected: got %s", got)
	}
}

// TestRefusalIsKept: a child's signed refusal is listed, and who says that another refused is told
// apart from who refused: the audit names a parent that changes the words (S15).
func TestRefusalIsKept(t *testing.T) {
	r := rosterOf(t, "p", "a.p", "b.p")
	q := Question{Selector: Selector{Below: name(t, "p")}, Measure: Measure{Function: Count}}
	no := refuse(name(t, "b.p"))
	said, err := verify(name(t, "b.p"), no)
	if err != nil {
		t.Fatal(err)
	}
	good := leaf(t, r, "a.p", all(2))
	shown := map[identity.Jurisdiction][]byte{good.Name: good.Answer, name(t, "b.p"): no}
	sum, err := Merge(q, r, q.Below, nil, []Child{good, said.Child(name(t, "b.p"), no)})
	if err != nil || len(sum.Shares) != 2 || sum.Shares[1].Outcome != Declined || sum.Missing[0].By != name(t, "b.p") {
		t.Fatalf("got %+v, %v", sum, err)
	}
	if lies := sum.Audit(q, r, q.Below, shown, verify); lies != nil {
		t.Errorf("got %v", lies)
	}
	sum.Missing[0].Args = []string{"an invented ground"}
	if got := fmt.Sprint(sum.Audit(q, r, q.Below, shown, verify)); got != "[{p altered b.p}]" {
		t.Errorf("other words: got %s", got)
	}
	sum.Shares, sum.Missing[0].By = sum.Shares[:1], q.Below // the parent's own word
	if lies := sum.Audit(q, r, q.Below, map[identity.Jurisdiction][]byte{good.Name: good.Answer}, verify); lies != nil {
		t.Errorf("its own word: got %v", lies)
	}
}

// TestContradicted: a parent is contradicted, which proves nothing, by a child that shows a share
// which the parent does not list.
func TestContradicted(t *testing.T) {
	r := rosterOf(t, "p", "a.p", "b.p")
	q := Question{Selector: Selector{Below: name(t, "p")}, Measure: Measure{Function: Count}}
	good, out := leaf(t, r, "a.p", all(2)), leaf(t, r, "b.p", all(2))
	sum, err := Merge(q, r, q.Below, nil, []Child{good, {Name: out.Name, Why: &Why{State: Late}}})
	if err != nil {
		t.Fatal(err)
	}
	shown := map[identity.Jurisdiction][]byte{good.Name: good.Answer, out.Name: out.Answer}
	if got := fmt.Sprint(sum.Audit(q, r, q.Below, shown, verify)); got != "[{p contradicted b.p}]" {
		t.Errorf("got %s", got)
	}
}

// TestLongSums: where there is just room for the groups of two children, there is room for their
// sums, though a sum may have more digits than what it is the sum of.
func TestLongSums(t *testing.T) {
	r := rosterOf(t, "p", "a.p", "x.a.p", "b.p", "y.b.p")
	q := Question{
		Selector: Selector{Below: name(t, "p"), Deep: true, Level: "county"},
		Measure:  Measure{Function: Sum, Field: "income", By: []By{{Field: "kind"}}}, Groups: MaxGroups,
	}
	child := func(s, below, of string, n int) Child {
		groups := kindsOf("", n, 1)
		for i := range groups {
			groups[i].With, groups[i].Amount = 1, amount(t, of)
		}
		share := Share{Roster: 1, Hash: r.Hash[:], Groups: groups, Answered: 1, Shares: []Listed{added(t, below)}}
		return Child{Name: name(t, s), Answer: []byte(s), Share: share}
	}
	for n := 1000; n <= 2500; n += 50 {
		got, err := Merge(q, r, q.Below, nil, []Child{child("a.p", "x.a.p", "1000000000000", n), child("b.p", "y.b.p", "0.000000000000000001", n)})
		if err != nil {
			t.Errorf("%d groups of %d answered: %v", n, got.Answered, err)
		}
	}
}
