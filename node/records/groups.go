package records

import (
	"cmp"
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"xietong/node/rows"
	"xietong/node/text"
)

// MaxGroups is how many groups a count is told by at most.
const MaxGroups = 1_000

// Group is how many records have a value of the field by which is grouped. Of suppressed ones there is one at most, the last:
// all groups that are too small to be told each.
type Group struct {
	Value      string // as people read it: text as it is, anything else as JSON, "null" where there is none
	Count      uint64
	Suppressed bool
}

// group counts the record in its group.
func (s *search) group(record []byte) error {
	value, err := rows.Member(record, s.p.q.By)
	if err != nil {
		return err
	}
	key := "null"
	if value != nil {
		key = string(value)
	}
	if s.groups == nil {
		s.groups = map[string]uint64{}
	}
	if s.groups[key]++; len(s.groups) > MaxGroups {
		return text.Fail(text.TooManyGroups, text.Args{
			"dataset": s.p.set.Code.String(), "field": s.p.q.By, "limit": strconv.Itoa(MaxGroups),
		}, nil)
	}
	return nil
}

// grouped returns the groups by their values, those that are smaller than least put together.
func grouped(counts map[string]uint64, least uint64) []Group {
	told := make(map[string]uint64, len(counts)) // nothing, and the text "null", are one
	for value, n := range counts {
		var text string
		if !strings.HasPrefix(value, `"`) || json.Unmarshal([]byte(value), &text) != nil {
			text = value
		}
		told[text] += n
	}
	groups := make([]Group, 0, len(told))
	for value, n := range told {
		groups = append(groups, Group{Value: value, Count: n})
	}
	return suppress(groups, least)
}

// suppress puts together the groups of fewer than least records, and more of the smallest until there are two of them, and least
// records: one alone would be the total less the others.
func suppress(groups []Group, least uint64) []Group {
	slices.SortFunc(groups, func(a, b Group) int { return cmp.Or(cmp.Compare(a.Count, b.Count), cmp.Compare(a.Value, b.Value)) })
	n, sum := 0, uint64(0)
	for n < len(groups) && (groups[n].Count < least || n > 0 && (n < 2 || sum < least)) {
		sum += groups[n].Count
		n++
	}
	told := groups[n:]
	slices.SortFunc(told, func(a, b Group) int { return cmp.Compare(a.Value, b.Value) })
	if n > 0 {
		told = append(told, Group{Count: sum, Suppressed: true})
	}
	return told
}
