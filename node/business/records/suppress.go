package records

import (
	"cmp"
	"slices"

	"xietong/exchange/gather"
)

// Which groups are told by themselves, and which are told as one because too few records are behind
// them, is decided against an asker who asks for everything that is permitted, and computes: the
// same groups by each of two fields and by both, and their number beside their sums.
//
//   - Of every line that is told (all groups; by two fields also each group by one of them alone)
//     what is hidden is nothing, or two groups at least that together are enough to be told.
//   - The hidden groups of two fields must not come apart: see network.
//   - A group that is hidden when records are counted is hidden in every measure, because each
//     tells the number of records beside. So the numbers of one measure complete none of another.

// line is a sum of groups that the asker can have otherwise, and what of it is hidden: it is told
// by itself, so what is hidden of it is known as one.
type line struct {
	hidden tally
	groups int // that are hidden
}

// exposed reports whether what is hidden of the line is one group, or too small to be told.
func (l *line) exposed(f gather.Function, least uint64) bool {
	return l.groups == 1 || l.groups > 0 && l.hidden.small(f, least)
}

// suppression is how the groups of one measure are told.
type suppression struct {
	measure gather.Measure
	least   uint64
	all     *line
	lines   map[*tally][]*line
	told    []*tally // the smallest first
	network *network // nil: the groups are not by two fields
}

// split puts the groups that are too small together into one, which is nil where there is none. It
// adds the smallest of the others until the asker can compute nothing that is too small.
func (t *tallies) split(least uint64) (told []*tally, small *tally) {
	s := newSuppression(t, least)
	s.decide(t)
	if s.all.groups > 0 {
		small = &s.all.hidden
	}
	return s.told, small
}

// newSuppression returns the groups as they are before any is hidden.
func newSuppression(t *tallies, least uint64) *suppression {
	s := &suppression{measure: t.measure, least: least, all: &line{}, lines: map[*tally][]*line{}}
	for _, g := range t.of {
		s.lines[g] = []*line{s.all}
		s.told = append(s.told, g)
	}
	slices.SortFunc(s.told, func(a, b *tally) int {
		return cmp.Or(cmp.Compare(a.count, b.count), t.compare(a.values, b.values))
	})
	if len(t.measure.By) == 2 {
		s.cross(t)
	}
	return s
}

// decide hides what may not be told.
func (s *suppression) decide(t *tallies) {
	if t.measure.Grouped() {
		s.hideAll(t.alwaysHidden(s.least))
		s.hideMore()
	}
}

// alwaysHidden reports whether a group is too small by itself, or is hidden when records are
// counted.
func (t *tallies) alwaysHidden(least uint64) func(*tally) bool {
	if t.measure.Function == gather.Count {
		return func(g *tally) bool { return g.small(gather.Count, least) }
	}
	number := &tallies{measure: gather.Measure{Function: gather.Count, By: t.measure.By}, of: t.of}
	counted, _ := number.split(least)
	return func(g *tally) bool { return g.small(t.measure.Function, least) || !slices.Contains(counted, g) }
}

// cross adds the lines of groups by two fields: what is told by each of them alone. What is put
// together there is one line.
func (s *suppression) cross(t *tallies) {
	for i := range t.measure.By {
		told, _ := t.by(i).split(s.least)
		of, together := map[string]*line{}, &line{}
		for _, g := range told {
			of[g.values[0]] = &line{}
		}
		for _, g := range t.of {
			s.lines[g] = append(s.lines[g], cmp.Or(of[g.values[i]], together))
		}
	}
	s.network = newNetwork(t.measure.Function, s.least)
}

// by returns the groups by one of the fields alone.
func (t *tallies) by(i int) *tallies {
	one := newTallies(gather.Measure{Function: t.measure.Function, Field: t.measure.Field, By: t.measure.By[i : i+1]}, 0)
	for _, g := range t.of {
		value := g.values[i]
		if one.of[value] == nil {
			one.of[value] = &tally{values: []string{value}}
		}
		one.of[value].join(g)
	}
	return one
}

// hideAll hides the groups of which which is true.
func (s *suppression) hideAll(which func(*tally) bool) {
	var rest []*tally
	for _, g := range s.told {
		if !which(g) {
			rest = append(rest, g)
			continue
		}
		for _, l := range s.lines[g] {
			l.hidden.join(g)
			l.groups++
		}
		if s.network != nil {
			s.network.add(g, s.lines[g][1], s.lines[g][2])
		}
	}
	s.told = rest
}

// hideMore hides the smallest of the groups that are told, one after another, until nothing too
// small can be computed. Where that cannot be reached, or would take too long to find, all are
// hidden: then the answer tells no more than the total.
func (s *suppression) hideMore() {
	f := s.measure.Function
	exposed := func(l *line) bool { return l.exposed(f, s.least) }
	for len(s.told) > 0 {
		next := slices.IndexFunc(s.told, func(g *tally) bool { return slices.ContainsFunc(s.lines[g], exposed) })
		if next < 0 && s.network != nil {
			apart, found := s.network.weakest()
			if !found {
				return
			}
			next = slices.IndexFunc(s.told, func(g *tally) bool { return apart[s.lines[g][1]] != apart[s.lines[g][2]] })
			if next < 0 {
				s.hideAll(func(*tally) bool { return true })
				return
			}
		}
		if next < 0 {
			return
		}
		one := s.told[next]
		s.hideAll(func(g *tally) bool { return g == one })
	}
}
