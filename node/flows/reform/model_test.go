package reform

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"xietong/node/business/sharing"
	"xietong/node/ground/text"
)

// model is what the jurisdiction should have, kept as simply as can be. It knows nothing of entries
// but the one of each grant.
type model struct {
	agencies map[string]modelAgency
	datasets map[string]modelDataset
	grants   []modelGrant
}

type modelAgency struct {
	title string
	ended bool
	into  string
}

type modelDataset struct {
	agency, title string
	version       int
	withdrawn     bool
	records       int
}

type modelGrant struct {
	index           uint64
	by, dataset     string
	revoked, closed bool
	bars            bool // from grants by rule of the dataset
}

func (m model) clone() model {
	return model{maps.Clone(m.agencies), maps.Clone(m.datasets), slices.Clone(m.grants)}
}

func (g modelGrant) counts() bool { return !g.revoked && !g.closed }

func (g modelGrant) state() sharing.State {
	switch {
	case g.revoked:
		return sharing.Revoked
	case g.closed:
		return sharing.Closed
	}
	return sharing.Live
}

// acting says why an agency cannot act; "": it can.
func (m model) acting(by string) text.Code {
	switch a, known := m.agencies[by]; {
	case known && !a.ended:
		return ""
	case known && a.into != "":
		return text.AgencyMerged
	case known:
		return text.AgencyEnded
	}
	for _, a := range m.agencies {
		if !a.ended {
			return text.UnknownAgency
		}
	}
	return text.NoAgency
}

// there is acting for an agency that is named, and does not act.
func (m model) there(code string) text.Code {
	if why := m.acting(code); why != text.NoAgency {
		return why
	}
	return text.UnknownAgency
}

// offered says why nobody is given a dataset; "": it is offered.
func (m model) offered(code string) text.Code {
	switch d, known := m.datasets[code]; {
	case !known:
		return text.UnknownDataset
	case d.withdrawn:
		return text.DatasetWithdrawn
	}
	return ""
}

// reads says whether the agency may use the dataset, and whether it needs a new grant for it.
func (m model) reads(by, code string) (why text.Code, anew bool) {
	if why = m.acting(by); why == "" {
		why = m.offered(code)
	}
	held := func(g modelGrant) bool { return g.by == by && g.dataset == code && g.counts() }
	switch {
	case why != "", m.datasets[code].agency == by, slices.ContainsFunc(m.grants, held):
		return why, false
	case slices.ContainsFunc(m.grants, func(g modelGrant) bool { return g.bars && g.dataset == code }):
		return m.barring(by, code), false
	}
	return "", true
}

// barring says why an agency gets no grant by rule: its own was revoked, or another one's.
func (m model) barring(by, code string) text.Code {
	for _, g := range slices.Backward(m.grants) {
		if g.by == by && g.dataset == code {
			return map[bool]text.Code{true: text.GrantRevoked, false: text.NoGrantByRule}[g.bars && !g.closed]
		}
	}
	return text.NoGrantByRule
}

// order is an act that is shown first: "withdraw" or "move" datasets, or "end" an agency.
type order struct {
	act   string
	codes []string // of datasets; of "end" the agency
	into  string
	drop  bool
}

// shown is what the plan of an order should show; titles stand apart, for they change nobody's
// right.
type shown struct {
	titles, acts           string
	records                int
	ending, lasting, moved int
}

func (m model) taking(from, into string) text.Code {
	if from == into {
		return text.IntoItself
	}
	return m.there(into)
}

// plan returns what the order would do, or why it cannot be done.
func (m model) plan(o order) (s shown, why text.Code) {
	switch o.act {
	case "withdraw":
		code := o.codes[0]
		d := m.datasets[code]
		if why = m.offered(code); why == "" {
			why = m.there(d.agency)
		}
		s.dataset(m, code)
		s.end(m, func(g modelGrant) bool { return g.dataset == code })
		return s, why
	case "move":
		for _, code := range o.codes {
			d, known := m.datasets[code]
			if !known {
				return s, text.UnknownDataset
			}
			if why = m.there(d.agency); why == "" {
				why = m.taking(d.agency, o.into)
			}
			if why != "" {
				return s, why
			}
			s.move(m, code)
		}
		s.titles += m.agencies[o.into].title
		return s, ""
	}
	return m.planEnd(o)
}

func (m model) planEnd(o order) (s shown, why text.Code) {
	agency := o.codes[0]
	if why = m.there(agency); why != "" {
		return s, why
	}
	s.titles = m.agencies[agency].title
	s.end(m, func(g modelGrant) bool { return g.by == agency })
	offers := false
	for _, code := range slices.Sorted(maps.Keys(m.datasets)) {
		if d := m.datasets[code]; d.agency == agency {
			offers = offers || !d.withdrawn
			if o.into != "" {
				s.move(m, code)
			} else { // it was withdrawn, and stays behind
				s.dataset(m, code)
				s.moved++
			}
		}
	}
	switch {
	case o.into != "":
		s.titles += m.agencies[o.into].title
		return s, m.taking(agency, o.into)
	case offers || s.ending > 0 && !o.drop:
		return s, text.AgencyInUse
	}
	return s, ""
}

func (s *shown) dataset(m model, code string) {
	d := m.datasets[code]
	s.titles += d.title + m.agencies[d.agency].title
	s.acts += fmt.Sprint(code, d.version, d.agency, d.withdrawn, " ")
	s.records += d.records
}

func (s *shown) move(m model, code string) {
	s.dataset(m, code)
	s.moved++
	for _, g := range m.grants {
		if g.dataset == code && g.counts() {
			s.lasting++
		}
	}
}

func (s *shown) end(m model, which func(modelGrant) bool) {
	for _, g := range m.grants {
		if which(g) && g.counts() {
			s.ending++
			s.acts += fmt.Sprint("ends ", g.index, " ")
		}
	}
}

// do carries the order out.
func (m model) do(o order) model {
	m = m.clone()
	closes := func(which func(modelGrant) bool) {
		for i, g := range m.grants {
			m.grants[i].closed = g.closed || which(g)
		}
	}
	change := func(code string, f func(*modelDataset)) {
		d := m.datasets[code]
		d.version++
		f(&d)
		m.datasets[code] = d
	}
	switch o.act {
	case "withdraw":
		change(o.codes[0], func(d *modelDataset) { d.withdrawn = true })
		closes(func(g modelGrant) bool { return g.dataset == o.codes[0] })
	case "move":
		for _, code := range o.codes {
			change(code, func(d *modelDataset) { d.agency = o.into })
		}
	case "end":
		for code, d := range m.datasets {
			if d.agency == o.codes[0] && o.into != "" {
				change(code, func(d *modelDataset) { d.agency = o.into })
			}
		}
		m.agencies[o.codes[0]] = modelAgency{m.agencies[o.codes[0]].title, true, o.into}
		closes(func(g modelGrant) bool { return g.by == o.codes[0] })
	}
	return m
}

// told returns all that lists should tell, a line for each thing.
func (m model) told() string {
	var lines []string
	for code, a := range m.agencies {
		lines = append(lines, fmt.Sprint("agency ", code, " ", a.title, " ", a.ended, " ", a.into))
	}
	for code, d := range m.datasets {
		lines = append(lines, fmt.Sprint("dataset ", code, " ", d.title, " ", d.agency, " ", d.version, " ", d.withdrawn, " ", d.records))
	}
	for _, g := range m.grants {
		lines = append(lines, fmt.Sprint("grant ", g.index, " ", g.by, " ", g.dataset, " ", g.state()))
		if d := m.datasets[g.dataset]; g.by != d.agency { // of a withdrawn one, too
			lines = append(lines, fmt.Sprint("given by ", d.agency, ": ", g.index))
		}
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}
