package gather

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// added lists the share of a child.
func added(t testing.TB, child string) Listed {
	return Listed{Child: name(t, child), Hash: make([]byte, 32), Outcome: Added}
}

// missing is a member that another jurisdiction says is late.
func missing(t testing.TB, member, by string) Missing {
	return Missing{name(t, member), Why{State: Late, By: name(t, by)}}
}

// by is the group of a place.
func by(place string, n uint64) Group { return Group{Values: []string{place}, Count: n} }

// beside is a jurisdiction that the roster does not list.
func beside(t testing.TB, s string, n uint64) Extra {
	return Extra{Name: name(t, s), AsOf: 1, Records: all(n)[0]}
}

// whole is a share of p: its children a and b answered for two of the three counties below them,
// and n.a stands beside the roster.
func whole(t testing.TB, r Roster) Share {
	return Share{
		Roster: 1, Hash: r.Hash[:], Groups: []Group{by("a.p", 3), by("b.p", 4)}, Answered: 3,
		Missing: []Missing{missing(t, "z.b.p", "b.p"), missing(t, "u.c.p", "p"), missing(t, "v.c.p", "p")},
		Shares:  []Listed{added(t, "a.p"), added(t, "b.p")},
	}
}

// change is a change to a share, and what Check finds then; "": it adds up.
type change struct {
	edit func(*Share)
	want string
}

// TestCheckMembers (S24) makes one change, which breaks an invariant about the members, to a share
// that adds up.
func TestCheckMembers(t *testing.T) {
	testCheck(t, map[string]change{
		"as it is": {func(*Share) {}, ""},
		// vii, S24
		"another roster":      {func(s *Share) { s.Roster = 99 }, "counts against the roster 99"},
		"another hash":        {func(s *Share) { s.Hash = make([]byte, 32) }, "counts against the roster 1"},
		"no hash":             {func(s *Share) { s.Hash = nil }, "counts against the roster 1"},
		"one answered less":   {func(s *Share) { s.Answered-- }, "2 answered and 3 missing of 6"},
		"one answered more":   {func(s *Share) { s.Answered++ }, "4 answered and 3 missing of 6"},
		"one missing less":    {func(s *Share) { s.Missing = s.Missing[:1] }, "3 answered and 1 missing of 6"},
		"one missing twice":   {func(s *Share) { s.Missing[1] = s.Missing[0] }, "twice"},
		"out of order":        {func(s *Share) { slices.Reverse(s.Missing) }, "out of order"},
		"missing, no member":  {func(s *Share) { s.Missing[0].Name = name(t, "a.p") }, "a.p is missing, and no member"},
		"missing, elsewhere":  {func(s *Share) { s.Missing[0].Name = name(t, "x.q") }, "x.q is missing, and no member"},
		"missing, not listed": {func(s *Share) { s.Missing[0].Name = name(t, "n.a.p") }, "n.a.p is missing, and no member"},
		// i, S03
		"answered by nobody": {func(s *Share) { s.Missing, s.Answered = s.Missing[:1], 5 }, "u.c.p is answered, and no share of c.p is listed"},
		"no share at all":    {func(s *Share) { s.Shares = nil }, "is answered, and no share of a.p is listed"},
		"answered by one who refused": {func(s *Share) { s.Shares[0].Outcome = Declined },
			"x.a.p is answered, and no share of a.p is listed"},
		"counted, not asked": {func(s *Share) { s.AsOf = number(1) }, "p counted and was not asked"},
		"own, not asked":     {func(s *Share) { s.Own = []Group{by("a.p", 1)} }, "p counted and was not asked"},
		// S15
		"words of a county that said nothing": {func(s *Share) { s.Missing[1].By = name(t, "u.c.p") }, "u.c.p says why u.c.p is missing, and no answer of it"},
		"words of a city that said nothing":   {func(s *Share) { s.Missing[1].By = name(t, "c.p") }, "c.p says why u.c.p is missing, and no answer of it"},
		"words of another city":               {func(s *Share) { s.Missing[0].By = name(t, "a.p") }, "a.p says why z.b.p is missing"},
		"words of its own over a share":       {func(s *Share) { s.Missing[0].By = name(t, "p") }, "p says why z.b.p is missing"},
		"a county's own words":                {func(s *Share) { s.Missing[0].By = name(t, "z.b.p") }, ""},
		"a refusal that is listed": {func(s *Share) {
			s.Missing[1].By, s.Missing[2].By = name(t, "c.p"), name(t, "c.p")
			s.Shares = append(s.Shares, Listed{Child: name(t, "c.p"), Hash: make([]byte, 32), Outcome: Declined})
		}, ""},
		"not joined, by its own word": {func(s *Share) { s.Missing[0].Why = Why{State: NotJoined, By: name(t, "z.b.p")} }, "has not joined, by the word of"},
		"not joined, by the word of who refused": {func(s *Share) {
			s.Missing[1].Why = Why{State: NotJoined, By: name(t, "c.p")}
			s.Missing[2].Why = s.Missing[1].Why
			s.Shares = append(s.Shares, Listed{Child: name(t, "c.p"), Hash: make([]byte, 32), Outcome: Declined})
		}, "has not joined, by the word of"},
		"a refusal in other words": {func(s *Share) {
			s.Shares = append(s.Shares, Listed{Child: name(t, "c.p"), Hash: make([]byte, 32), Outcome: Declined})
		}, "p says why u.c.p is missing"},
		"rejected without saying so": {func(s *Share) {
			s.Shares = append(s.Shares, Listed{Child: name(t, "c.p"), Hash: make([]byte, 32), Outcome: Rejected})
		}, "p says why u.c.p is missing"},
		"rejected": {func(s *Share) {
			s.Missing[1].Why = Why{State: Refused, By: name(t, "p"), Code: ShareRefused}
			s.Missing[2].Why = s.Missing[1].Why
			s.Shares = append(s.Shares, Listed{Child: name(t, "c.p"), Hash: make([]byte, 32), Outcome: Rejected})
		}, ""},
		"two reasons where none answered": {func(s *Share) { s.Missing[2].State = NotJoined }, "missing for different reasons"},
		"a long reason":                   {func(s *Share) { s.Missing[0].Args = slices.Repeat([]string{strings.Repeat("x", maxArg)}, maxArgs) }, "is too long"},
		// ii
		"a grandchild":  {func(s *Share) { s.Shares[0].Child = name(t, "x.a.p") }, "is answered, and no share of a.p is listed"},
		"a child twice": {func(s *Share) { s.Shares = append(s.Shares, s.Shares[1]) }, "twice, or out of order"},
		"a child that leads nowhere": {func(s *Share) {
			s.Shares = append(s.Shares, added(t, "d.p"))
		}, "d.p is listed, and leads to nobody who is asked"},
	})
}

// TestCheckResult makes one change to the result of a share that adds up.
func TestCheckResult(t *testing.T) {
	testCheck(t, map[string]change{
		// iii
		"records of nobody": {func(s *Share) {
			s.Answered, s.Shares = 0, nil
			s.Missing = nil
			for _, m := range []string{"x.a.p", "y.a.p", "w.b.p", "z.b.p", "u.c.p", "v.c.p"} {
				s.Missing = append(s.Missing, missing(t, m, "p"))
			}
		}, "the result is not its own"},
		// v
		"a group elsewhere":   {func(s *Share) { s.Groups[1].Values = []string{"q"} }, "is no prefecture of those who answered"},
		"a group of counties": {func(s *Share) { s.Groups[1].Values = []string{"x.a.p"} }, "is no prefecture of those who answered"},
		"a group of nobody":   {func(s *Share) { s.Groups[1].Values = []string{"c.p"} }, "is no prefecture of those who answered"},
		// vi
		"a group twice":       {func(s *Share) { s.Groups = append(s.Groups, s.Groups[1]) }, "twice, or out of order"},
		"others of a child":   {func(s *Share) { s.Groups[1] = Group{Values: []string{"b.p"}, Count: 4, Others: true} }, ""},
		"others of a county":  {func(s *Share) { s.Groups[1] = Group{Values: []string{"w.b.p"}, Count: 4, Others: true} }, "of somebody who has none here"},
		"others of nobody":    {func(s *Share) { s.Groups[1] = Group{Values: []string{"c.p"}, Count: 4, Others: true} }, "of somebody who has none here"},
		"others of itself":    {func(s *Share) { s.Groups[1] = Group{Values: []string{"p"}, Count: 4, Others: true} }, "of somebody who has none here"},
		"too much":            {func(s *Share) { s.Groups[1].Count = MaxCount }, "more than can be"},
		"more than all":       {func(s *Share) { s.Groups[1].Count = 1<<64 - 1 }, "more than can be"},
		"more than three may": {func(s *Share) { s.Groups[1].Count = 3 * maxRecords }, "records of 3 jurisdictions"},
		"beside, of a level":  {func(s *Share) { s.Extra = []Extra{beside(t, "n.a.p", 1)} }, "n.a.p stands beside the roster: it is listed there, not asked"},
	})
}

func testCheck(t *testing.T, changes map[string]change) {
	r := rosterOf(t, "p", "a.p", "x.a.p", "y.a.p", "b.p", "w.b.p", "z.b.p", "c.p", "u.c.p", "v.c.p")
	q := Question{
		Selector: Selector{Below: name(t, "p"), Deep: true, Level: "county"},
		Measure:  Measure{Function: Count, By: []By{{Level: "prefecture"}}}, Groups: 3,
	}
	for what, row := range changes {
		s := whole(t, r)
		row.edit(&s)
		err := s.Check(q, r, name(t, "p"))
		if row.want == "" && err != nil || row.want != "" && (!errors.Is(err, ErrSum) || !strings.Contains(err.Error(), row.want)) {
			t.Errorf("%s: got %v, want %q", what, err, row.want)
		}
	}
}

// TestBeside makes one change to what stands beside the roster (viii, S24).
func TestBeside(t *testing.T) {
	r := rosterOf(t, "p", "a.p", "b.p")
	q := Question{Selector: Selector{Below: name(t, "p"), Deep: true}, Measure: Measure{Function: Count}}
	for what, row := range map[string]change{
		"as it is":      {func(*Share) {}, ""},
		"listed":        {func(s *Share) { s.Extra[0].Name = name(t, "a.p") }, "a.p stands beside"},
		"elsewhere":     {func(s *Share) { s.Extra[0].Name = name(t, "n.q") }, "n.q stands beside"},
		"who asks":      {func(s *Share) { s.Extra[0].Name = name(t, "p") }, "p stands beside"},
		"twice":         {func(s *Share) { s.Extra[1] = s.Extra[0] }, "n.a.p stands beside"},
		"out of order":  {func(s *Share) { slices.Reverse(s.Extra) }, "n.a.p stands beside"},
		"without share": {func(s *Share) { s.Extra[1].Name = name(t, "o.b.p") }, "o.b.p stands beside"},
		"of a value":    {func(s *Share) { s.Extra[0].Records.Values = []string{"x"} }, "has 1 values of 0"},
		"too much":      {func(s *Share) { s.Extra[0].Records.Count = 2 * maxRecords }, "records of 1 jurisdictions"},
		"counted in":    {func(s *Share) { s.Answered++ }, "2 answered and 1 missing of 2"},
		"too many": {func(s *Share) {
			s.Extra = nil
			for i := range 2000 {
				s.Extra = append(s.Extra, beside(t, fmt.Sprintf("n%04d.a.p", i), 1))
			}
		}, "2000 stand beside the roster, at most 64"},
	} {
		s := Share{
			Roster: 1, Hash: r.Hash[:], Groups: all(1), Answered: 1, Missing: []Missing{missing(t, "b.p", "p")},
			Shares: []Listed{added(t, "a.p")}, Extra: []Extra{beside(t, "n.a.p", 100), beside(t, "o.a.p", 1)},
		}
		row.edit(&s)
		err := s.Check(q, r, name(t, "p"))
		if row.want == "" && err != nil || row.want != "" && (!errors.Is(err, ErrSum) || !strings.Contains(err.Error(), row.want)) {
			t.Errorf("%s: got %v, want %q", what, err, row.want)
		}
	}
}

// TestInventedTotal: a hop that lists no share and invents a total, or counts those who never
// joined as answered, is refused (S03).
func TestInventedTotal(t *testing.T) {
	r := rosterOf(t, "p", "a.p", "b.p", "x.b.p", "y.b.p")
	q := Question{Selector: Selector{Below: name(t, "p"), Deep: true}, Measure: Measure{Function: Count}}
	for what, s := range map[string]Share{
		"of nobody":               {Groups: all(1_000_000), Answered: 3},
		"of one who answered":     {Own: all(1), AsOf: number(1), Groups: all(1_000_000), Answered: 1, Missing: []Missing{missing(t, "x.b.p", "b.p"), missing(t, "y.b.p", "b.p")}},
		"of those who are not in": {Own: all(1), AsOf: number(1), Groups: all(123_456), Answered: 3},
	} {
		s.Roster, s.Hash = 1, r.Hash[:]
		if err := s.Check(q, r, name(t, "b.p")); !errors.Is(err, ErrSum) {
			t.Errorf("a total %s is taken: %v", what, err)
		}
	}
}
