package questions

import (
	"slices"
	"strconv"

	"xietong/exchange/decimal"
)

// Result is what a question came to: numbers and who answered, no record.
type Result struct {
	Total   uint64  `json:"total"`             // records
	Amount  string  `json:"amount,omitempty"`  // of all records together; "": none is told
	Groups  []Group `json:"groups,omitempty"`  // those that are told by themselves
	Cut     bool    `json:"cut,omitempty"`     // there are groups, which are too long to be kept
	Version uint64  `json:"version,omitempty"` // of the catalogue entry; 0: not known, or of many
	Coverage
}

// Group is a group with its number of records, and what they come to.
type Group struct {
	Values []string `json:"values"`
	Count  uint64   `json:"count"`
	Amount string   `json:"amount,omitempty"`
}

// Coverage is who answered.
type Coverage struct {
	Members  uint64   `json:"members"`
	Answered uint64   `json:"answered"`
	Missing  []string `json:"missing,omitempty"` // names, sorted
	Roster   uint64   `json:"roster,omitempty"`  // number of the roster that says who the members are
}

// Comparison is what changed from one result to the next. Where the coverage differs, there is no
// difference: the numbers are of different places.
type Comparison struct {
	Same   bool     // the same members answered
	Came   []string // who answered now and did not before
	Gone   []string // who answered before and does not now
	Total  string   // difference of the records; "": Same is false
	Amount string   // difference of the amounts; "": one of them is not told
	Groups []Change
}

// Change is the difference of one group; a group that was not told counts as none.
type Change struct {
	Values        []string
	Before, Now   Group
	Count, Amount string
}

// Compare compares a result with an earlier one of the same question.
func Compare(before, now Result) (c Comparison) {
	c.Came, c.Gone = without(before.Missing, now.Missing), without(now.Missing, before.Missing)
	c.Same = len(c.Came) == 0 && len(c.Gone) == 0 && before.Members == now.Members && before.Answered == now.Answered &&
		before.Roster == now.Roster
	if !c.Same {
		return c
	}
	c.Total, c.Amount = less(digits(now.Total), digits(before.Total)), less(now.Amount, before.Amount)
	if before.Cut || now.Cut {
		return c
	}
	for _, g := range now.Groups {
		c.Groups = append(c.Groups, changed(find(before.Groups, g.Values), g))
	}
	for _, g := range before.Groups {
		if find(now.Groups, g.Values).Values == nil {
			c.Groups = append(c.Groups, changed(g, Group{Values: g.Values}))
		}
	}
	return c
}

func changed(before, now Group) Change {
	return Change{
		Values: now.Values, Before: before, Now: now, Count: less(digits(now.Count), digits(before.Count)), Amount: less(now.Amount, before.Amount),
	}
}

func find(groups []Group, values []string) Group {
	if i := slices.IndexFunc(groups, func(g Group) bool { return slices.Equal(g.Values, values) }); i >= 0 {
		return groups[i]
	}
	return Group{}
}

func digits(n uint64) string { return strconv.FormatUint(n, 10) }

// less returns a - b as a decimal with its sign; "" where one of them is none, or the difference
// has too many digits.
func less(a, b string) string {
	of, err := decimal.Parse(a)
	if err != nil {
		return ""
	}
	minus, err := decimal.Parse(b)
	if err != nil {
		return ""
	}
	d, err := of.Plus(minus.Negated())
	if err != nil {
		return ""
	}
	if d.Sign() > 0 {
		return "+" + d.String()
	}
	return d.String()
}

func without(some, known []string) (left []string) {
	for _, s := range some {
		if !slices.Contains(known, s) {
			left = append(left, s)
		}
	}
	return left
}
