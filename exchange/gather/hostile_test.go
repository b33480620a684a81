package gather

import (
	"crypto/sha256"
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"xietong/certs/canon"
	"xietong/certs/identity"
)

// hostile is a tree in which some jurisdictions sign what they please, and show what they please.
type hostile struct {
	*tree
	t     *rapid.T
	liars map[identity.Jurisdiction]bool
	names []identity.Jurisdiction // everybody, and some that do not exist
}

func drawHostile(t *rapid.T) *hostile {
	h := &hostile{tree: draw(t, rapid.SampledFrom(functions).Draw(t, "function")), t: t, liars: map[identity.Jurisdiction]bool{}}
	var reached []identity.Jurisdiction
	h.each(h.q.Below, func(j identity.Jurisdiction, is bool) {
		if h.names = append(h.names, j); is {
			reached = append(reached, j)
		}
	})
	for range rapid.IntRange(1, 3).Draw(t, "liars") {
		h.liars[rapid.SampledFrom(reached).Draw(t, "liar")] = true
	}
	for _, p := range h.r.Places.(List) {
		if !slices.Contains(h.names, p.Name) {
			h.names = append(h.names, p.Name)
		}
	}
	for _, at := range slices.Clone(h.names) {
		label, err := identity.ParseLabel("zz")
		if err != nil {
			t.Fatal(err)
		}
		if below, err := at.Child(label); err == nil {
			h.names = append(h.names, below)
		}
	}
	h.answer = func(at identity.Jurisdiction, s Share, own *Own, children []Child) []byte {
		if !h.liars[at] {
			return nil
		}
		return h.falsehood(at, s, own, children)
	}
	return h
}

func (h *hostile) n(most int, what string) int { return rapid.IntRange(0, most).Draw(h.t, what) }
func (h *hostile) name() identity.Jurisdiction { return rapid.SampledFrom(h.names).Draw(h.t, "name") }
func pick[T any](h *hostile, all []T) (i int)  { return h.n(len(all)-1, "pick") }
func (h *hostile) value() (v string) {
	return rapid.SampledFrom([]string{"一", "二", h.name().String()}).Draw(h.t, "value")
}
func (h *hostile) bool(what string) (yes bool) { return rapid.Bool().Draw(h.t, what) }
func (h *hostile) hash(of identity.Jurisdiction) []byte {
	hash := sha(h.answers[of])
	return hash[:]
}

// falsehood is what a liar signs: a refusal, bytes, or a share that is made in another way, and
// then changed.
func (h *hostile) falsehood(at identity.Jurisdiction, s Share, own *Own, children []Child) []byte {
	switch h.n(30, "kind of answer") {
	case 0:
		return refuse(at)
	case 1:
		return sign(at, []byte{0xa0})
	case 2:
		return []byte("signed by nobody")
	}
	s = h.remerge(at, s, own, children)
	for range rapid.SampledFrom([]int{0, 0, 1, 1, 3}).Draw(h.t, "changes") {
		if changes := h.changes(at, &s); len(changes) > 0 {
			rapid.SampledFrom(changes).Draw(h.t, "change")()
		}
	}
	data, err := s.Encode()
	if err != nil { // what has not the form of a share can be signed too
		if data, err = canon.Marshal(map[int]any{1: s.Roster, 6: s.Answered}); err != nil {
			h.t.Fatal(err)
		}
	}
	return sign(at, data)
}

// remerge makes the share as an honest hop does, from children's answers that the liar changed.
func (h *hostile) remerge(at identity.Jurisdiction, s Share, own *Own, children []Child) Share {
	children = slices.Clone(children)
	for i := range children {
		c := &children[i]
		switch h.n(9, "treats a child") {
		case 0: // leaves it out
			*c = Child{Name: c.Name, Why: &Why{State: State(2 + h.n(4, "state"))}}
		case 1: // signs for it
			*c = Child{Name: c.Name, Answer: sign(at, []byte("no")), Why: &Why{State: Refused, Code: 24, Args: []string{"invented"}}}
		case 2: // rejects it
			*c = Child{Name: c.Name, Answer: c.Answer, Wrong: wrong("it does not please")}
		case 3: // takes the answer of another, or of its own making, for its
			other := children[pick(h, children)]
			c.Share, c.Answer, c.Why, c.Wrong = other.Share, other.Answer, other.Why, other.Wrong
		case 4: // changes what it said
			if c.Why != nil {
				c.Why = &Why{State: NotOffered, Code: 20, Args: []string{"other words"}}
				break
			}
			c.Share.Groups, c.Share.Own = h.grown(c.Share.Groups), h.grown(c.Share.Own)
		}
	}
	if own != nil && own.Why == nil && h.bool("own data") { // that is its own
		own = &Own{AsOf: own.AsOf + 1, Groups: h.grown(own.Groups)}
	}
	made, err := Merge(h.q, h.r, at, own, children)
	if err != nil {
		return s
	}
	return made
}

func (h *hostile) grown(groups []Group) []Group {
	groups = slices.Clone(groups)
	for i := range groups {
		groups[i].Count += uint64(h.n(2, "more"))
	}
	return groups
}

// changes are changes that can be made to a share.
func (h *hostile) changes(at identity.Jurisdiction, s *Share) (all []func()) {
	all = []func(){
		func() { s.Roster++ },
		func() { s.Hash = make([]byte, 32) },
		func() { s.Answered += uint64(h.n(3, "by")) },
		func() { s.Answered -= min(s.Answered, 1) },
		func() { s.AsOf = nil },
		func() { s.AsOf = new(uint64) },
		func() { s.Own = nil },
		func() { s.Groups = nil },
		func() { s.Groups = append(slices.Clone(s.Groups), h.invented()); SortGroups(s.Groups) },
		func() { s.Own = append(slices.Clone(s.Own), h.invented()); SortGroups(s.Own) },
		func() { s.Missing = append(slices.Clone(s.Missing), Missing{h.name(), Why{State: Late, By: h.name()}}) },
		func() {
			of := h.name()
			s.Shares = append(slices.Clone(s.Shares), Listed{Child: of, Hash: h.hash(of), Outcome: Outcome(1 + h.n(2, "outcome"))})
			slices.SortFunc(s.Shares, func(a, b Listed) int { return compareNames(a.Child, b.Child) })
		},
		func() {
			s.Extra = slices.Clone(s.Extra)
			for range 1 + h.n(70, "extra") {
				s.Extra = append(s.Extra, Extra{Name: h.name(), AsOf: 1, Records: Group{Values: []string{}, Count: 5}})
			}
			slices.SortFunc(s.Extra, compareExtra)
			s.Extra = slices.CompactFunc(s.Extra, func(a, b Extra) bool { return a.Name == b.Name })
		},
	}
	if len(s.Groups) > 0 {
		all = append(all, func() { h.change(&s.Groups) }, func() { h.change(&s.Groups); h.change(&s.Own) })
	}
	if len(s.Missing) > 0 {
		all = append(all, func() { s.Missing = dropped(h, s.Missing); s.Answered += uint64(h.n(1, "also answered")) }, func() {
			s.Missing = slices.Clone(s.Missing)
			switch m := &s.Missing[pick(h, s.Missing)]; h.n(4, "of a missing") {
			case 0:
				m.By = h.name()
			case 1:
				m.State = State(2 + h.n(4, "state"))
			case 2:
				m.Code++
			case 3:
				m.Args = []string{"other words"}
			case 4:
				m.Heard++
			}
		})
	}
	if len(s.Shares) > 0 {
		all = append(all, func() { s.Shares = dropped(h, s.Shares) }, func() {
			s.Shares = slices.Clone(s.Shares)
			switch l := &s.Shares[pick(h, s.Shares)]; h.n(2, "of a listed") {
			case 0:
				l.Hash = h.hash(h.name())
			case 1:
				l.Outcome = Outcome(1 + h.n(2, "outcome"))
			case 2:
				l.Child = h.name()
			}
		})
	}
	if len(s.Extra) > 0 {
		all = append(all, func() { s.Extra = dropped(h, s.Extra) }, func() {
			s.Extra = slices.Clone(s.Extra)
			s.Extra[pick(h, s.Extra)].Records.Count++
		})
	}
	return all
}

func dropped[T any](h *hostile, all []T) []T {
	i := pick(h, all)
	return slices.Delete(slices.Clone(all), i, i+1)
}

// invented is a group that nobody answered, perhaps put together.
func (h *hostile) invented() Group {
	g := Group{Values: []string{}, Count: uint64(h.n(9, "count"))}
	for range h.q.By {
		g.Values = append(g.Values, h.value())
	}
	switch h.n(5, "group") {
	case 0:
		g.Values, g.Suppressed = []string{}, true
	case 1:
		g.Values, g.Others = []string{h.name().String()}, true
	}
	return g
}

// change changes a group, or leaves one out.
func (h *hostile) change(groups *[]Group) {
	if len(*groups) == 0 {
		return
	}
	*groups = slices.Clone(*groups)
	switch g := &(*groups)[pick(h, *groups)]; h.n(4, "of a group") {
	case 0:
		g.Count += uint64(1 + h.n(9, "by"))
	case 1:
		g.Count -= min(g.Count-g.With, 1)
	case 2:
		if g.Amount != nil {
			moves(g, rapid.SampledFrom([]string{"1", "-1", "0.001"}).Draw(h.t, "by"))
		}
	case 3:
		g.Values = h.invented().Values
		SortGroups(*groups)
	case 4:
		*groups = dropped(h, *groups)
	}
}

// shown is what a jurisdiction shows as the answers that it was given.
func (h *hostile) shown(at identity.Jurisdiction, s Share) map[identity.Jurisdiction][]byte {
	all := map[identity.Jurisdiction][]byte{}
	for _, l := range s.Shares {
		all[l.Child] = h.answers[l.Child]
		if h.liars[at] && h.n(9, "shows another") == 0 {
			all[l.Child] = h.answers[h.name()]
		}
	}
	return all
}

// audited is what the full audit of a tree saw.
type audited struct {
	lies   []Lie
	shares map[identity.Jurisdiction]Share // that were added in
	refuse map[identity.Jurisdiction]Why   // signed refusals
}

func (h *hostile) audit(at identity.Jurisdiction, s Share, a *audited) {
	a.shares[at] = s
	shown := h.shown(at, s)
	a.lies = append(a.lies, s.Audit(h.q, h.r, at, shown, verify)...)
	for _, l := range s.Shares {
		said, err := verify(l.Child, shown[l.Child])
		if err != nil {
			continue
		}
		part := said.Child(l.Child, nil)
		switch {
		case l.Outcome == Declined && part.Why != nil:
			a.refuse[l.Child] = *part.Why
		case l.Outcome == Added && part.Why == nil && part.Wrong == nil && part.Share.Check(h.q, h.r, l.Child) == nil:
			h.audit(l.Child, part.Share, a)
		}
	}
}

// TestHostileTrees: whatever some jurisdictions sign and show, no honest one is named; and where
// the full audit finds nothing, the answer is the account of what each jurisdiction signed itself
// (see checkAccount), so every other deviation is found. A longer run: -rapid.checks=100000.
func TestHostileTrees(t *testing.T) {
	silent, found := 0, map[Kind]int{}
	rapid.Check(t, func(rt *rapid.T) {
		h := drawHostile(rt)
		if _, err := h.ask(h.q.Below); err != nil {
			rt.Fatalf("an honest hop cannot answer: %v", err)
		}
		got, err := h.shareOf(h.q.Below)
		if err != nil || got.Check(h.q, h.r, h.q.Below) != nil { // not taken
			if !h.liars[h.q.Below] && !h.declines[h.q.Below] {
				rt.Errorf("an honest answer is not taken: %v, %v", err, got.Check(h.q, h.r, h.q.Below))
			}
			return
		}
		a := audited{shares: map[identity.Jurisdiction]Share{}, refuse: map[identity.Jurisdiction]Why{}}
		h.audit(h.q.Below, got, &a)
		for _, l := range a.lies {
			if found[l.Kind]++; !h.liars[l.By] {
				rt.Errorf("%s is honest, and %v is told; the liars are %v", l.By, l, slices.Collect(maps.Keys(h.liars)))
			}
		}
		if len(a.lies) == 0 {
			silent++
			h.checkAccount(got, a)
		}
	})
	t.Logf("%d audits were silent; the others found %v", silent, found)
}

// checkAccount checks an answer about which the audit is silent. Its result is the sum of what each
// who answered signed as its own; each who is missing is so by the word of somebody who signed that
// very word. So what cannot be found is (1) the own data of a liar, and (2) that a liar says of
// those below it that they gave no answer: then it stands there as the liar's own word.
func (h *hostile) checkAccount(got Share, a audited) {
	var own []Group
	answered := uint64(0)
	for at, s := range a.shares {
		if own = append(own, s.Own...); s.Roster != h.r.Number || [32]byte(s.Hash) != h.r.Hash {
			h.t.Errorf("%s counts against the roster %d", at, s.Roster)
		}
		if s.AsOf != nil {
			answered++
		}
		if !h.liars[at] && h.q.Groups%MaxGroups == 0 && s.AsOf != nil && !slices.Equal(told(h.q.Function, s.Own), told(h.q.Function, h.count[at])) {
			h.t.Errorf("%s is honest, and %v is taken for its own", at, s.Own)
		}
	}
	if h.q.Groups%MaxGroups == 0 && !slices.Equal(told(h.q.Function, got.Groups), told(h.q.Function, own)) {
		h.t.Errorf("the result is %q, the sum of what is signed %q", told(h.q.Function, got.Groups), told(h.q.Function, own))
	}
	checkWhole(h.t, h.q.Measure, got, own)
	if got.Answered != answered {
		h.t.Errorf("%d answered, and %d signed shares of members", got.Answered, answered)
	}
	lost := map[identity.Jurisdiction]Why{}
	for _, m := range got.Missing {
		lost[m.Name] = m.Why
		if !h.signed(m, a) {
			h.t.Errorf("%s says %+v of %s, and did not sign that", m.By, m.Why, m.Name)
		}
	}
	for _, p := range h.q.Members(h.r, h.q.Below) {
		why, missing := lost[p.Name]
		if missing && !h.liars[why.By] && h.answersTruly(p.Name) && !h.liarOnTheWay(p.Name, why.By) {
			h.t.Errorf("%s answered, is told as %+v, and all on the way are honest", p.Name, why)
		}
	}
	for _, e := range got.Extra {
		s, ok := a.shares[e.Name]
		if !ok || !slices.ContainsFunc(s.Extra, func(o Extra) bool { return sameExtra(o, e) }) {
			h.t.Errorf("%s stands beside the roster, and signed no share", e.Name)
		}
	}
}

// signed reports whether whoever says why a member is missing signed just that.
func (h *hostile) signed(m Missing, a audited) bool {
	if why, refused := a.refuse[m.By]; refused {
		return sameWhy(why, m.Why)
	}
	s, ok := a.shares[m.By]
	return ok && slices.ContainsFunc(s.Missing, func(o Missing) bool { return sameMissing(o, m) })
}

// answersTruly reports whether a member answers if nobody lies.
func (h *hostile) answersTruly(member identity.Jurisdiction) (yes bool) {
	h.each(h.q.Below, func(j identity.Jurisdiction, reached bool) {
		_, fails := h.why[j]
		yes = yes || j == member && reached && !fails && !h.declines[j]
	})
	return yes
}

// liarOnTheWay reports whether a liar stands between a member and the one that says why it is
// missing: then its answer was not taken, or it gave none.
func (h *hostile) liarOnTheWay(member, by identity.Jurisdiction) bool {
	for j, ok := member, true; ok && j != by; j, ok = j.Parent() {
		if h.liars[j] {
			return true
		}
	}
	return false
}

func sha(data []byte) [32]byte { return sha256.Sum256(data) }
