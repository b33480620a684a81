package gather

import (
	"cmp"
	"crypto/sha256"
	"fmt"
	"math/bits"
	"slices"
	"strconv"
	"strings"

	"xietong/certs/identity"
)

// ShareRefused is the row of the table of errors for a share that was not added in. Its values are
// the jurisdiction and the reason.
const ShareRefused uint16 = 104

// Own is the count of a jurisdiction itself, or the reason why there is none.
type Own struct {
	Groups []Group
	AsOf   uint64
	Why    *Why // nil: the jurisdiction counted
}

// Child is the outcome of the question to a child.
type Child struct {
	Name   identity.Jurisdiction
	Answer []byte // as the child signed it; nil: none
	Share  Share  // the share in the answer
	Why    *Why   // why the child and all below it have no answer; nil: there is one
}

// Merge adds up the own count of the jurisdiction at (nil: at is not a member) and the answers of
// its children. A child that the roster lists and the caller does not give counts as not joined. A
// share that does not add up, or for which there is no room, is told as refused by at. Merge
// returns an error if the sum itself is not a valid share.
func Merge(q Question, r Roster, at identity.Jurisdiction, own *Own, children []Child) (Share, error) {
	m := merge{q: q, r: r, at: at, why: map[identity.Jurisdiction]Why{}, told: map[identity.Jurisdiction]bool{}, sum: newTotals(q.Function)}
	s := Share{Roster: r.Number, Hash: r.Hash[:]}
	if own != nil {
		m.own(&s, *own)
	}
	weights := make(map[identity.Jurisdiction]float64, len(children))
	for _, c := range children {
		weights[c.Name] = c.weight()
	}
	children = slices.Clone(children)
	slices.SortFunc(children, func(a, b Child) int {
		return cmp.Or(cmp.Compare(weights[a.Name], weights[b.Name]), strings.Compare(a.Name.String(), b.Name.String()))
	})
	for _, c := range children {
		m.child(&s, c)
	}
	slices.SortFunc(s.Shares, func(a, b Listed) int { return strings.Compare(a.Child.String(), b.Child.String()) })
	m.account(&s, children)
	var err error
	if s.Groups, err = m.sum.groups(); err != nil {
		return Share{}, fmt.Errorf("merge: %w", err)
	}
	if _, err := s.Encode(); err != nil {
		return Share{}, err
	}
	return s, s.Check(q, r, at)
}

// merge is a sum in the making.
type merge struct {
	q    Question
	r    Roster
	at   identity.Jurisdiction
	why  map[identity.Jurisdiction]Why  // for a child and all below it, or for one member
	told map[identity.Jurisdiction]bool // whose reason is told here, and not in an answer
	sum  totals
	size int // bytes added up so far
}

func (m *merge) own(s *Share, own Own) {
	if !slices.ContainsFunc(m.r.Places, func(p Place) bool { return p.Name == m.at }) {
		s.Extra = append(s.Extra, m.at)
	}
	if own.Why != nil {
		m.why[m.at], m.told[m.at] = *own.Why, true
		return
	}
	s.AsOf, s.Own, s.Answered = &own.AsOf, sorted(own.Groups), 1
	for _, g := range own.Groups {
		m.size += 2 * g.size()
	}
	m.sum.add(own.Groups)
}

// child adds a child's share in if the share adds up, and notes why not otherwise.
func (m *merge) child(s *Share, c Child) {
	if c.Why == nil {
		if err := m.check(s, c); err != nil {
			reason := strings.ToValidUTF8(err.Error()[:min(len(err.Error()), maxReason)], "")
			c.Why = &Why{State: Refused, By: m.at, Code: ShareRefused, Args: []string{c.Name.String(), reason}}
		}
	}
	if c.Why != nil {
		m.why[c.Name], m.told[c.Name] = *c.Why, true
		return
	}
	hash := sha256.Sum256(c.Answer)
	s.Shares = append(s.Shares, Listed{Child: c.Name, Hash: hash[:]})
	s.Answered += c.Share.Answered
	s.Extra = append(s.Extra, c.Share.Extra...)
	for _, missing := range c.Share.Missing {
		m.why[missing.Name] = missing.Why
	}
	m.sum.add(c.Share.Groups)
}

// weight is how much of the room of a sum the child's share takes, 1 being all of it: of the number
// of groups, the members, the bytes, the counts or the digits of an amount, whichever it takes most
// of. The light shares are added first, so that a child that takes all the room is refused itself,
// and not the others.
func (c Child) weight() float64 {
	count, digits := uint64(0), 0
	for _, g := range c.Share.Groups {
		count += min(g.Count, MaxCount)
		if g.Amount != nil {
			digits = max(digits, len(g.Amount.String()))
		}
	}
	return max(
		float64(len(c.Share.Groups))/MaxGroups, float64(len(c.Share.Extra))/MaxMembers, float64(len(c.Answer))/maxAdded,
		float64(bits.Len64(count))/float64(bits.Len64(MaxCount)), float64(digits)/maxDigits,
	)
}

// check checks that a child's share adds up, and that there is room for all of it, before any part
// is added.
func (m *merge) check(s *Share, c Child) error {
	if err := c.Share.Check(m.q, m.r, c.Name); err != nil {
		return err
	}
	if s.Answered+c.Share.Answered > MaxMembers || len(s.Extra)+len(c.Share.Extra) > MaxMembers {
		return wrong("with it, the members are too many")
	}
	if m.size+len(c.Answer) > maxAdded {
		return wrong("with it, the sum is too long")
	}
	if err := m.sum.room(c.Share.Groups); err != nil {
		return err
	}
	m.size += len(c.Answer)
	return nil
}

// account lists every missing member at or below this jurisdiction, with the reason.
func (m *merge) account(s *Share, children []Child) {
	added := map[identity.Jurisdiction]bool{m.at: true}
	for _, l := range s.Shares {
		added[l.Child] = true
	}
	listed := map[identity.Jurisdiction]bool{}
	m.shorten(s)
	for _, p := range m.r.Places {
		listed[p.Name] = true
		if !p.Name.Under(m.at) || !m.q.Covers(p) {
			continue
		}
		if why, missing := m.reason(p.Name, added); missing {
			s.Missing = append(s.Missing, Missing{p.Name, why})
		}
	}
	for _, c := range children { // children outside the roster that no added share accounts for
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

// shorten drops the values of reasons that do not fit once for each member: a child refuses for all
// below it, and the code alone says why too. What answers say of missing members stays as it is: it
// was counted with them.
func (m *merge) shorten(s *Share) {
	members := len(m.r.Places) + len(s.Extra)
	room := (MaxLen - m.size - members*missingLen) / max(members, 1)
	for name, why := range m.why {
		size := 0
		for _, arg := range why.Args {
			size += 3 + len(arg)
		}
		if m.told[name] && size > room {
			why.Args = nil
			m.why[name] = why
		}
	}
}

// reason returns why a member is missing: for a reason of its own, or because the child on the way
// to it is missing. An unknown child has not joined.
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

// keyOf returns a key that differs for different groups: each value stands behind its length, so
// that no two lists of values look alike.
func keyOf(g Group) string {
	key := "t"
	if g.Suppressed {
		key = "s"
	}
	for _, v := range g.Values {
		key += strconv.Itoa(len(v)) + ":" + v
	}
	return key
}

func sorted(groups []Group) []Group {
	out := slices.Clone(groups)
	SortGroups(out)
	return out
}
