package gather

import (
	"crypto/sha256"
	"slices"
	"strings"

	"xietong/certs/identity"
)

// ShareRefused is the row of the table of errors that tells of a share that was not added in: jurisdiction, reason.
const ShareRefused uint16 = 104

// Own is what a jurisdiction counted itself, or why it did not.
type Own struct {
	Groups []Group
	AsOf   uint64
	Why    *Why // nil: it answered
}

// Child is what came of the question to a child.
type Child struct {
	Name   identity.Jurisdiction
	Answer []byte // as it signed it; nil: none
	Share  Share  // that the answer holds
	Why    *Why   // why there is no answer, for it and all below it; nil: there is one
}

// Merge adds up what the jurisdiction at counted (nil: it is no member) and what came of the question to each of its children.
// Children that the roster lists and that are not given have not joined. A share that does not add up is refused, by at.
func Merge(q Question, r Roster, at identity.Jurisdiction, own *Own, children []Child) (Share, error) {
	m := merge{q: q, r: r, at: at, why: map[identity.Jurisdiction]Why{}, sum: map[string]Group{}}
	s := Share{Roster: r.Number, Hash: r.Hash[:]}
	if own != nil {
		m.own(&s, *own)
	}
	children = slices.Clone(children)
	slices.SortFunc(children, func(a, b Child) int { return strings.Compare(a.Name.String(), b.Name.String()) })
	for _, c := range children {
		m.child(&s, c)
	}
	m.account(&s, children)
	s.Groups = m.groups()
	if _, err := s.Encode(); err != nil {
		return Share{}, err
	}
	return s, s.Check(q, r, at)
}

// merge is a sum that is being made.
type merge struct {
	q    Question
	r    Roster
	at   identity.Jurisdiction
	why  map[identity.Jurisdiction]Why // of a child and all below it, or of one member
	sum  map[string]Group
	size int // bytes that were added up
}

func (m *merge) own(s *Share, own Own) {
	if !slices.ContainsFunc(m.r.Places, func(p Place) bool { return p.Name == m.at }) {
		s.Extra = append(s.Extra, m.at)
	}
	if own.Why != nil {
		m.why[m.at] = *own.Why
		return
	}
	s.AsOf, s.Own, s.Answered = &own.AsOf, sorted(own.Groups), 1
	for _, g := range own.Groups {
		m.size += 2 * (16 + len(strings.Join(g.Values, "")))
	}
	m.add(own.Groups)
}

// child adds a child's share in, if it adds up.
func (m *merge) child(s *Share, c Child) {
	if c.Why == nil {
		if err := m.check(c); err != nil {
			reason := strings.ToValidUTF8(err.Error()[:min(len(err.Error()), maxReason)], "")
			c.Why = &Why{State: Refused, By: m.at, Code: ShareRefused, Args: []string{c.Name.String(), reason}}
		}
	}
	if c.Why != nil {
		m.why[c.Name] = *c.Why
		return
	}
	hash := sha256.Sum256(c.Answer)
	s.Shares = append(s.Shares, Listed{Child: c.Name, Hash: hash[:]})
	s.Answered += c.Share.Answered
	s.Extra = append(s.Extra, c.Share.Extra...)
	for _, missing := range c.Share.Missing {
		m.why[missing.Name] = missing.Why
	}
	m.add(c.Share.Groups)
}

// check holds that a child's share adds up, and that there is room for it.
func (m *merge) check(c Child) error {
	if err := c.Share.Check(m.q, m.r, c.Name); err != nil {
		return err
	}
	groups := len(m.sum)
	for _, g := range c.Share.Groups {
		if _, known := m.sum[keyOf(g)]; !known {
			groups++
		}
	}
	if m.size+len(c.Answer) > maxAdded || groups > MaxGroups {
		return wrong("with it, the sum is too long")
	}
	m.size += len(c.Answer)
	return nil
}

// account tells every member below that is missing, and why.
func (m *merge) account(s *Share, children []Child) {
	added := map[identity.Jurisdiction]bool{m.at: true}
	for _, l := range s.Shares {
		added[l.Child] = true
	}
	listed := map[identity.Jurisdiction]bool{}
	for _, p := range m.r.Places {
		listed[p.Name] = true
		if !p.Name.Under(m.at) || !m.q.Covers(p) {
			continue
		}
		if why, missing := m.reason(p.Name, added); missing {
			s.Missing = append(s.Missing, Missing{p.Name, why})
		}
	}
	for _, c := range children { // that the roster does not list, and that gave no share which tells of it
		if !listed[c.Name] && !added[c.Name] && m.q.Level == "" && m.q.reaches(c.Name) {
			s.Extra = append(s.Extra, c.Name)
		}
	}
	slices.SortFunc(s.Extra, func(a, b identity.Jurisdiction) int { return strings.Compare(a.String(), b.String()) })
	for _, name := range s.Extra {
		if why, missing := m.reason(name, added); missing {
			s.Missing = append(s.Missing, Missing{name, why})
		}
	}
}

// reason returns why a member is missing: by itself, or because the child on the way to it is. A child of whom nothing is known
// has not joined.
func (m *merge) reason(member identity.Jurisdiction, added map[identity.Jurisdiction]bool) (Why, bool) {
	if why, known := m.why[member]; known {
		return why, true
	}
	if member == m.at {
		return Why{}, false
	}
	child := member
	for above, _ := child.Parent(); above != m.at; above, _ = child.Parent() {
		child = above
	}
	if why, known := m.why[child]; known && !added[child] {
		return why, true
	}
	if added[child] {
		return Why{}, false
	}
	return Why{State: NotJoined, By: m.at}, true
}

func (m *merge) add(groups []Group) {
	for _, g := range groups {
		key := keyOf(g)
		have, ok := m.sum[key]
		if !ok {
			have = Group{Values: g.Values, Suppressed: g.Suppressed}
		}
		have.Count += g.Count // at most MaxCount of each share; Check finds what is too much
		m.sum[key] = have
	}
}

func (m *merge) groups() (all []Group) {
	for _, g := range m.sum {
		all = append(all, g)
	}
	return sorted(all)
}

// keyOf tells groups apart.
func keyOf(g Group) string {
	key := "t"
	if g.Suppressed {
		key = "s"
	}
	for _, v := range g.Values {
		key += "\x00" + strings.ReplaceAll(v, "\x00", "\x00\x01")
	}
	return key
}

func sorted(groups []Group) []Group {
	out := slices.Clone(groups)
	slices.SortFunc(out, compareGroups)
	return out
}
