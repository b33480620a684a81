package gather

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"xietong/certs/identity"
)

// ErrSum is wrapped by every error about a share that does not add up.
var ErrSum = errors.New("the share does not add up")

func wrong(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{ErrSum}, args...)...)
}

// Check checks the invariants of every share of the jurisdiction at, which hold whatever the
// jurisdictions below it answered: see the package comment. It returns ErrSum if one is broken.
func (s Share) Check(q Question, r Roster, at identity.Jurisdiction) error {
	return s.check(groundOf(q, r), at)
}

func (s Share) check(g *ground, at identity.Jurisdiction) error {
	c := newChecking(s, g, at)
	for _, invariant := range []func() error{
		c.rosterIsTheAskers, c.answeredOrMissing, c.listedLeadSomewhere, c.ownWhereNothingIsAdded, c.groupsFit,
		c.coversOwn, c.placesAnswered, c.groupsHaveRoom, c.extrasBeside, c.leftOutFits,
	} {
		if err := invariant(); err != nil {
			return err
		}
	}
	return nil
}

// ground is the question and the roster, as the shares of all jurisdictions are checked by them.
type ground struct {
	q       Question
	r       Roster
	members []Place // of the question
	reasons int     // bytes that the values of a reason may have, so that there is room for all
}

func groundOf(q Question, r Roster) *ground {
	g := &ground{q: q, r: r, members: q.Members(r, q.Below)}
	g.reasons = maxReasons / max(1, len(g.members))
	return g
}

// listed reports whether the roster has a place of the name.
func (g *ground) listed(name identity.Jurisdiction) bool {
	_, listed := g.r.At(name)
	return listed
}

// at returns the members at a jurisdiction and below it.
func (g *ground) at(at identity.Jurisdiction) []Place {
	if at == g.q.Below {
		return g.members
	}
	return slices.Collect(within(g.members, at))
}

// checking is a share that is being checked.
type checking struct {
	Share
	*ground
	at      identity.Jurisdiction
	members []Place                           // at the jurisdiction and below it
	missing map[identity.Jurisdiction]Why     // members
	outcome map[identity.Jurisdiction]Outcome // by listed child
	added   map[identity.Jurisdiction]bool    // children with an answered member at or below
}

func newChecking(s Share, g *ground, at identity.Jurisdiction) *checking {
	c := &checking{
		Share: s, ground: g, at: at, members: g.at(at), missing: make(map[identity.Jurisdiction]Why, len(s.Missing)),
		outcome: make(map[identity.Jurisdiction]Outcome, len(s.Shares)), added: map[identity.Jurisdiction]bool{},
	}
	for _, m := range s.Missing {
		c.missing[m.Name] = m.Why
	}
	for _, l := range s.Shares {
		c.outcome[l.Child] = l.Outcome
	}
	for _, p := range c.members {
		if c.answered(p.Name) && p.Name != at {
			c.added[branch(at, p.Name)] = true
		}
	}
	return c
}

func (c *checking) answered(member identity.Jurisdiction) bool {
	_, missing := c.missing[member]
	return !missing
}

// branch returns the child of a jurisdiction on the way to a name below it, or the jurisdiction.
func branch(at, name identity.Jurisdiction) identity.Jurisdiction {
	child := name
	if name == at {
		return at
	}
	for above, ok := child.Parent(); ok && above != at; above, ok = child.Parent() {
		child = above
	}
	return child
}

// rosterIsTheAskers is invariant vii: the members are counted against the asker's roster.
func (c *checking) rosterIsTheAskers() error {
	if c.Roster != c.r.Number || !slices.Equal(c.Hash, c.r.Hash[:]) {
		return wrong("it counts against the roster %d of hash %x, not the asker's, %d", c.Roster, c.Hash[:min(len(c.Hash), 4)], c.r.Number)
	}
	return nil
}

// answeredOrMissing is invariant i: the answered are exactly the members that are not missing, and
// each is the jurisdiction itself or lies at or below a child whose share is added.
func (c *checking) answeredOrMissing() error {
	order := make(map[identity.Jurisdiction]int, len(c.members))
	for i, p := range c.members {
		order[p.Name] = i
	}
	last := -1
	for _, m := range c.Missing {
		place, member := order[m.Name]
		if !member || place <= last {
			return wrong("%s is missing, and no member, twice, or out of order", m.Name)
		}
		last = place
	}
	if got := c.Answered + uint64(len(c.Missing)); got != uint64(len(c.members)) {
		return wrong("%d answered and %d missing of %d", c.Answered, len(c.Missing), len(c.members))
	}
	first := map[identity.Jurisdiction]Why{} // of the missing, by child
	for _, p := range c.members {
		child := branch(c.at, p.Name)
		why, missing := c.missing[p.Name]
		switch {
		case p.Name == c.at && missing == (c.AsOf != nil):
			return wrong("%s counted and is missing, or did neither", c.at)
		case p.Name != c.at && !missing && c.outcome[child] != Added:
			return wrong("%s is answered, and no share of %s is listed", p.Name, child)
		}
		if !missing {
			continue
		}
		if err := c.saysWhy(p.Name, why); err != nil {
			return err
		}
		if before, told := first[child]; p.Name != c.at && c.outcome[child] != Added && told && !sameWhy(before, why) {
			return wrong("%s and others of %s are missing for different reasons", p.Name, child)
		}
		first[child] = why
	}
	if _, asked := order[c.at]; !asked && (c.AsOf != nil || len(c.Own) > 0) || c.AsOf == nil && len(c.Own) > 0 {
		return wrong("%s counted and was not asked", c.at)
	}
	return nil
}

// saysWhy checks that whoever says why a member is missing signed that: the jurisdiction itself, or
// somebody on the way to the member whose answer is listed. So nobody puts words into the mouth of
// another.
func (c *checking) saysWhy(member identity.Jurisdiction, why Why) error {
	child := branch(c.at, member)
	said := why.By == c.at
	switch {
	case member == c.at:
	case c.outcome[child] == Added:
		said = why.By.Under(child) && member.Under(why.By)
	case c.outcome[child] == Declined:
		said = why.By == child
	default:
		said = said && why.State != NotOffered && (c.outcome[child] != Rejected || why.State == Refused && why.Code == ShareRefused)
	}
	if why.State == NotJoined && (why.By == member || c.outcome[child] == Declined && member != c.at) {
		return wrong("%s has not joined, by the word of %s, which signed that", member, why.By)
	}
	if !said {
		return wrong("%s says why %s is missing, and no answer of it is listed", why.By, member)
	}
	if sizeOf(why.Args) > c.reasons {
		return wrong("the reason why %s is missing is too long", member)
	}
	return nil
}

// listedLeadSomewhere is invariant ii: a listed child leads to a member or, if its share is added,
// to an extra.
func (c *checking) listedLeadSomewhere() error {
	leads := map[identity.Jurisdiction]bool{}
	for _, p := range c.members {
		leads[branch(c.at, p.Name)] = true
	}
	for _, e := range c.Extra {
		if child := branch(c.at, e.Name); c.outcome[child] == Added {
			leads[child] = true
		}
	}
	for i, l := range c.Shares {
		above, ok := l.Child.Parent()
		switch {
		case !ok || above != c.at || i > 0 && c.Shares[i-1].Child.String() >= l.Child.String():
			return wrong("%s is listed, and no child, twice, or out of order", l.Child)
		case !leads[l.Child]:
			return wrong("%s is listed, and leads to nobody who is asked", l.Child)
		}
	}
	return nil
}

// ownWhereNothingIsAdded is invariant iii: where no answered member lies at or below a listed
// child, the result is the jurisdiction's own.
func (c *checking) ownWhereNothingIsAdded() error {
	if len(c.added) == 0 && !slices.EqualFunc(c.Own, c.Groups, sameGroup) {
		return wrong("the result is not its own, and nobody else answered")
	}
	return nil
}

// groupsFit checks that the groups are in order, none is twice, each has what was asked, and all
// together are no more than those who answered may have (see bounded).
func (c *checking) groupsFit() error {
	own := uint64(0)
	if c.AsOf != nil {
		own = 1
	}
	if err := c.q.checkGroups(c.Own, own, func(of string) bool { return of == c.at.String() }); err != nil {
		return err
	}
	others := map[string]bool{c.at.String(): c.AsOf != nil}
	for child := range c.added {
		others[child.String()] = true
	}
	return c.q.checkGroups(c.Groups, c.Answered, func(of string) bool { return others[of] })
}

// coversOwn is invariant iv: no group of the result is less than the jurisdiction's own or, for a
// minimum or maximum, on the wrong side of it. Of its own groups that the result does not tell, the
// result has exactly the sum, as its "others".
func (c *checking) coversOwn() error {
	rest := newRest(c.at)
	for _, own := range c.Own {
		i, found := slices.BinarySearchFunc(c.Groups, own, compareGroups)
		switch {
		case own.Others || !found && own.told():
			rest.add(c.q.Function, own)
			continue
		case !found:
			return wrong("the group %q of its own is not in the whole", own.Values)
		}
		if err := own.within(c.q.Function, c.Groups[i]); err != nil {
			return err
		}
	}
	want, err := rest.group(c.q.Function)
	i, found := slices.BinarySearchFunc(c.Groups, want, compareGroups)
	if err != nil || found != (rest.from > 0) || found && !sameGroup(c.Groups[i], want) {
		return wrong("the others of %s are not its own groups that are not told", c.at)
	}
	return nil
}

// within checks that a group covers the own group g: at least as many records, and a minimum or
// maximum that is no worse. A sum is not compared, since amounts may be negative.
func (g Group) within(f Function, whole Group) error {
	if whole.Count < g.Count || whole.With < g.With {
		return wrong("the group %q has %d records with %d values, less than of its own", g.Values, whole.Count, whole.With)
	}
	if !f.adds() && g.Amount != nil && f.better(*g.Amount, *whole.Amount) {
		return wrong("the %s of the group %q is %s, and of its own %s", f, g.Values, whole.Amount, g.Amount)
	}
	return nil
}

// groupsHaveRoom is invariant vi: one group without values where no groups were asked for, else at
// most as many, and as long ones, as the question allows.
func (c *checking) groupsHaveRoom() error {
	for _, of := range []struct {
		groups []Group
		bytes  int
	}{{c.Own, maxOwn}, {c.Groups, maxTold}} {
		told, size := 0, 0
		for _, g := range of.groups {
			if g.told() {
				told, size = told+1, size+g.size()
			}
		}
		if most := max(1, c.q.Groups); told > most || c.q.Grouped() && size > of.bytes {
			return wrong("it tells %d groups of %d bytes, at most %d of %d", told, size, most, of.bytes)
		}
	}
	return nil
}

// extrasBeside is invariant viii: a jurisdiction that the roster does not list is told beside the
// members, and its own signed share is behind it: it is this one, or lies at or below a child whose
// share is added.
func (c *checking) extrasBeside() error {
	if len(c.Extra) > MaxExtra {
		return wrong("%d stand beside the roster, at most %d", len(c.Extra), MaxExtra)
	}
	for i, e := range c.Extra {
		name := e.Name
		if c.listed(name) || !name.Under(c.at) || !c.q.takesExtra(name) || i > 0 && compareExtra(c.Extra[i-1], e) >= 0 ||
			name != c.at && c.outcome[branch(c.at, name)] != Added {
			return wrong("%s stands beside the roster: it is listed there, not asked, twice, out of order, or no share is listed", name)
		}
		whole := Question{Measure: Measure{Function: c.q.Function}}
		if err := whole.checkGroups([]Group{e.Records}, 1, nil); err != nil {
			return err
		}
	}
	return nil
}

func compareExtra(a, b Extra) int { return cmp.Compare(a.Name.String(), b.Name.String()) }

func sizeOf(args []string) (n int) {
	for _, arg := range args {
		n += 3 + len(arg)
	}
	return n
}

func sameWhy(a, b Why) bool { return sameMissing(Missing{Why: a}, Missing{Why: b}) }
