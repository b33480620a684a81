package gather

import (
	"cmp"
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"

	"xietong/certs/identity"
)

// ShareRefused is the row of the table of errors for a share that was not added in. Its values are
// the jurisdiction and the reason.
const ShareRefused uint16 = 104

// Own is the count of a jurisdiction itself, or the reason why there is none.
type Own struct {
	Groups  []Group
	AsOf    uint64
	LeftOut LeftOut // its Name is that of the jurisdiction, whatever stands there
	Why     *Why    // nil: the jurisdiction counted
}

// Child is the outcome of the question to a child: a share or a refusal that it signed, or neither.
type Child struct {
	Name   identity.Jurisdiction
	Answer []byte // as the child signed it; nil: none
	Share  Share  // the share in the answer
	Why    *Why   // why the child and all below it have no answer; nil: there is a share, or was to be
	Wrong  error  // what is wrong with the answer of a child that signed neither share nor refusal
}

// Merge adds up the own count of the jurisdiction at (nil: at is not asked) and the answers of its
// children. A child that the roster lists and the caller does not give counts as not joined. An
// answer that is no share which adds up is listed as rejected, and what is wrong with it is the
// reason of all below that child. Whatever the children answer, what Merge returns satisfies Check;
// it returns an error if own does not satisfy CheckOwn, or the roster is so long that a share which
// accounts for it cannot be sent.
func Merge(q Question, r Roster, at identity.Jurisdiction, own *Own, children []Child) (Share, error) {
	g := groundOf(q, r)
	m := newMerge(g, at)
	s := Share{Roster: r.Number, Hash: r.Hash[:]}
	if own != nil {
		if err := m.own(&s, *own); err != nil {
			return Share{}, fmt.Errorf("merge: %w", err)
		}
	}
	children = slices.Clone(children)
	slices.SortFunc(children, func(a, b Child) int { return cmp.Compare(a.Name.String(), b.Name.String()) })
	for _, c := range children {
		m.child(&s, c)
	}
	m.account(&s)
	s.Extra = extrasOf(m.extras)
	s.LeftOut = leftOutsOf(m.left, heardOf(m.members, missingNames(s.Missing), s.Extra))
	sum, _, err := m.sum()
	if err == nil {
		s.Groups, err = sum.groups()
	}
	if err != nil {
		return Share{}, fmt.Errorf("merge: %w", err)
	}
	if _, err := s.Encode(); err != nil {
		return Share{}, err
	}
	return s, s.check(g, at)
}

// merge is a sum in the making.
type merge struct {
	*ground
	at      identity.Jurisdiction
	why     map[identity.Jurisdiction]Why  // for a child and all below it, or for one member
	added   map[identity.Jurisdiction]bool // children whose shares are added
	members []Place                        // at the jurisdiction and below it
	below   map[identity.Jurisdiction]bool // children that lead to a member
	parties []party
	extras  [][]Extra
	left    [][]LeftOut
}

func newMerge(g *ground, at identity.Jurisdiction) *merge {
	m := &merge{
		ground: g, at: at, why: map[identity.Jurisdiction]Why{}, added: map[identity.Jurisdiction]bool{},
		members: g.at(at), below: map[identity.Jurisdiction]bool{},
	}
	for _, p := range m.members {
		m.below[branch(at, p.Name)] = true
	}
	return m
}

// own takes the own count: into the result if the jurisdiction is a member, and else beside it.
func (m *merge) own(s *Share, own Own) error {
	switch {
	case own.Why != nil:
		m.why[m.at] = m.shortened(signed(m.at, *own.Why))
		return nil
	case !m.q.Asks(m.r, m.at):
		return wrong("%s counted and was not asked", m.at)
	}
	if err := m.q.CheckOwn(own.Groups); err != nil {
		return err
	}
	left := own.LeftOut
	left.Name = m.at
	if !left.none() && !left.fits() {
		return wrong("%s left out %d and %d of %d records", m.at, left.Incomparable, left.Unreadable, left.Of)
	}
	m.left = append(m.left, []LeftOut{left})
	if !m.listed(m.at) {
		whole, err := Share{Groups: own.Groups}.Whole(m.q.Measure)
		m.extras = append(m.extras, []Extra{{Name: m.at, AsOf: own.AsOf, Records: whole}})
		return err
	}
	told := [][]Group{own.Groups}
	if m.q.Grouped() {
		var err error
		if told, err = (room{m.q.Groups, maxOwn}).told(m.q.Function, []party{{m.at, own.Groups}}); err != nil {
			return err
		}
	}
	s.AsOf, s.Own, s.Answered = &own.AsOf, sorted(told[0]), 1
	m.parties = append(m.parties, party{m.at, s.Own})
	return nil
}

// child lists the answer of a child, and adds it in if it is a share that adds up.
func (m *merge) child(s *Share, c Child) {
	outcome, why := m.judge(c)
	if outcome != Added {
		m.why[c.Name] = m.shortened(why)
	}
	if outcome == 0 || !m.leads(c, outcome) {
		return
	}
	hash := sha256.Sum256(c.Answer)
	s.Shares = append(s.Shares, Listed{Child: c.Name, Hash: hash[:], Outcome: outcome})
	if outcome != Added {
		return
	}
	m.added[c.Name] = true
	s.Answered += c.Share.Answered
	for _, missing := range c.Share.Missing {
		m.why[missing.Name] = missing.Why
	}
	m.parties = append(m.parties, party{c.Name, c.Share.Groups})
	m.extras = append(m.extras, c.Share.Extra)
	m.left = append(m.left, c.Share.LeftOut)
}

// judge returns what becomes of the answer of a child, 0 if there is none, and why it is not added.
func (m *merge) judge(c Child) (Outcome, Why) {
	if c.Why != nil {
		why := *c.Why
		if c.Answer == nil {
			why.By = m.at
			return 0, why
		}
		return Declined, signed(c.Name, why)
	}
	err := c.Wrong
	if err == nil {
		err = c.Share.check(m.ground, c.Name)
	}
	if err == nil {
		return Added, Why{}
	}
	reason := strings.ToValidUTF8(err.Error()[:min(len(err.Error()), maxReason)], "")
	return Rejected, Why{State: Refused, By: m.at, Code: ShareRefused, Args: []string{c.Name.String(), reason}}
}

// signed returns a reason as whoever signs it is taken: by signing it shows that it has joined.
func signed(by identity.Jurisdiction, why Why) Why {
	if why.By = by; why.State == NotJoined {
		why.State = Refused
	}
	return why
}

// leads reports whether a child leads to a member, or its added share to an extra.
func (m *merge) leads(c Child, outcome Outcome) bool {
	return m.below[c.Name] || outcome == Added && len(c.Share.Extra) > 0
}

// account lists every missing member at or below this jurisdiction, with the reason.
func (m *merge) account(s *Share) {
	for _, p := range m.members {
		if why, missing := m.reasonOf(p.Name); missing {
			s.Missing = append(s.Missing, Missing{p.Name, why})
		}
	}
}

// reasonOf returns why a member is missing: for a reason of its own, or because the child on the
// way to it is missing. An unknown child has not joined.
func (m *merge) reasonOf(member identity.Jurisdiction) (Why, bool) {
	child := branch(m.at, member)
	if member == m.at || m.added[child] {
		why, known := m.why[member]
		return why, known
	}
	if why, known := m.why[child]; known {
		return why, true
	}
	return Why{State: NotJoined, By: m.at}, true
}

// shortened leaves the values of a reason out if there is no room for them: the code alone says why
// too.
func (m *merge) shortened(why Why) Why {
	long := func(arg string) bool { return len(arg) > maxArg }
	if sizeOf(why.Args) > m.reasons || len(why.Args) > maxArgs || slices.ContainsFunc(why.Args, long) {
		why.Args = nil
	}
	return why
}

// sum adds up what is told of each party. It returns the parties as they are added, too.
func (m *merge) sum() (totals, []party, error) {
	sum, told := newTotals(m.q.Function), slices.Clone(m.parties)
	if m.q.Grouped() {
		all, err := room{m.q.Groups, maxTold}.told(m.q.Function, m.parties)
		if err != nil {
			return totals{}, nil, err
		}
		for i := range told {
			told[i].groups = all[i]
		}
	}
	for _, p := range told {
		sum.add(p.groups)
	}
	return sum, told, nil
}
