package questions

import (
	"slices"
	"strconv"

	"xietong/exchange/decimal"
)

// Result is what a question came to: numbers and who answered, no record. It keeps all by which two
// results can be of different things. Where one of these differs their numbers are not compared,
// but for the version: that is told beside, because most versions change no number.
type Result struct {
	Total   uint64  `json:"total"`             // records
	Amount  string  `json:"amount,omitempty"`  // of all records together; "": none is told
	Groups  []Group `json:"groups,omitempty"`  // those that are told by themselves
	Cut     bool    `json:"cut,omitempty"`     // there are groups, which are too long to be kept
	Small   uint64  `json:"small,omitempty"`   // records of the groups that are too small to be told, together
	Others  uint64  `json:"others,omitempty"`  // records of the groups for which there was no room, together
	Version uint64  `json:"version,omitempty"` // of the catalogue entry or, of many, of the standard; 0: not known
	LeftOut LeftOut `json:"left_out,omitzero"` // records that are in none of these numbers
	Coverage
}

// Group is a group with its number of records, and what they come to.
type Group struct {
	Values []string `json:"values"` // each as JSON
	Count  uint64   `json:"count"`
	Amount string   `json:"amount,omitempty"`
}

// LeftOut counts the records that are there and not in the answer: they could not be compared or
// read, or do not fit the entry in force. Of is the hash of who left out how many, where many were
// asked: as many of another are others.
type LeftOut struct {
	Incomparable uint64 `json:"incomparable,omitempty"`
	Unreadable   uint64 `json:"unreadable,omitempty"`
	Unfit        uint64 `json:"unfit,omitempty"`
	Of           string `json:"of,omitempty"`
}

// All returns how many records were left out.
func (l LeftOut) All() uint64 { return l.Incomparable + l.Unreadable + l.Unfit }

// Coverage is who answered.
type Coverage struct {
	At       string   `json:"at"` // the name of the place, or the selector and level of the places, that were asked
	Members  uint64   `json:"members"`
	Answered uint64   `json:"answered"`
	Missing  []string `json:"missing,omitempty"` // names, sorted
	Roster   uint64   `json:"roster,omitempty"`  // number of the roster that says who the members are
}

// Comparison is what changed from one result to the next. Where the coverage differs, or other
// records were left out, there is no difference: the numbers are of different places or records.
type Comparison struct {
	Same     bool     // the same members answered
	SameLeft bool     // as many records of each were left out, for the same reasons
	Came     []string // who answered now and did not before
	Gone     []string // who answered before and does not now
	Total    string   // difference of the records; "": the results are not compared
	Amount   string   // difference of the amounts; "": one of them is not told
	Groups   []Change
}

// Change is what became of a group. A group that is not told in a result is nil there, and has no
// difference: it may be one that was too small, or for which there was no room.
type Change struct {
	Values        []string
	Before, Now   *Group
	Count, Amount string
}

// Compare compares a result with an earlier one of the same question.
func Compare(before, now Result) (c Comparison) {
	c.Came, c.Gone = without(before.Missing, now.Missing), without(now.Missing, before.Missing)
	c.Same = before.At == now.At && len(c.Came) == 0 && len(c.Gone) == 0 && before.Members == now.Members && before.Answered == now.Answered &&
		before.Roster == now.Roster
	if c.SameLeft = before.LeftOut == now.LeftOut; !c.Same || !c.SameLeft {
		return c
	}
	c.Total, c.Amount = less(digits(now.Total), digits(before.Total)), less(now.Amount, before.Amount)
	if before.Cut || now.Cut {
		return c
	}
	for _, g := range now.Groups {
		c.Groups = append(c.Groups, changed(find(before.Groups, g.Values), &g))
	}
	for _, g := range before.Groups {
		if find(now.Groups, g.Values) == nil {
			c.Groups = append(c.Groups, changed(&g, nil))
		}
	}
	return c
}

func changed(before, now *Group) (c Change) {
	c.Before, c.Now = before, now
	switch {
	case now == nil:
		c.Values = before.Values
	case before == nil:
		c.Values = now.Values
	default:
		c.Values, c.Count, c.Amount = now.Values, less(digits(now.Count), digits(before.Count)), less(now.Amount, before.Amount)
	}
	return c
}

func find(groups []Group, values []string) *Group {
	if i := slices.IndexFunc(groups, func(g Group) bool { return slices.Equal(g.Values, values) }); i >= 0 {
		return &groups[i]
	}
	return nil
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
