package gather

import (
	"bytes"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"xietong/certs/identity"
	"xietong/exchange/decimal"
)

// tree is a tree of jurisdictions that answer one question.
type tree struct {
	q        Question
	r        Roster
	children map[identity.Jurisdiction][]identity.Jurisdiction // in the tree, listed or not
	count    map[identity.Jurisdiction][]Group                 // of members that answer
	left     map[identity.Jurisdiction]LeftOut                 // of members that answer
	joined   []identity.Jurisdiction
	why      map[identity.Jurisdiction]Why            // of members or branches without an answer
	declines map[identity.Jurisdiction]bool           // who refuses for itself and all below it
	lie      func(at identity.Jurisdiction, s *Share) // changes the liar's share before signing
	liar     identity.Jurisdiction
	// answer is what a jurisdiction signs instead of the share; nil: it is honest.
	answer  func(at identity.Jurisdiction, s Share, own *Own, children []Child) []byte
	answers map[identity.Jurisdiction][]byte // signed answers, by their signers
}

// sign is a signature that a test can make and verify: the signer's name before the share.
func sign(by identity.Jurisdiction, share []byte) []byte {
	return append([]byte(by.String()+"\n"), share...)
}

// refuse is a signed refusal.
func refuse(by identity.Jurisdiction) []byte { return sign(by, []byte("no")) }

func verify(by identity.Jurisdiction, answer []byte) (Said, error) {
	content, signed := bytes.CutPrefix(answer, []byte(by.String()+"\n"))
	switch {
	case !signed:
		return Said{}, errors.New("signed by somebody else")
	case string(content) == "no":
		return Said{Refusal: &Why{State: Refused, By: by, Code: 24, Args: []string{"villages"}}}, nil
	}
	return Said{Content: content}, nil
}

// shareOf returns the share that a jurisdiction signed.
func (w *tree) shareOf(at identity.Jurisdiction) (Share, error) {
	said, err := verify(at, w.answers[at])
	if err != nil {
		return Share{}, err
	}
	return Decode(said.Content)
}

// ask returns the share of a jurisdiction, after asking its children.
func (w *tree) ask(at identity.Jurisdiction) (Share, error) {
	var children []Child
	for _, child := range w.children[at] {
		if !child.Under(w.q.Below) || !w.q.LeadsTo(w.r, child) {
			continue
		}
		if why, fails := w.why[child]; fails && why.State != Refused && why.State != NotOffered { // the child does not answer
			children = append(children, Child{Name: child, Why: &why})
			continue
		}
		if _, err := w.ask(child); err != nil {
			return Share{}, err
		}
		said, err := verify(child, w.answers[child])
		if err != nil { // it is not proven, so it is no answer
			children = append(children, Child{Name: child, Why: &Why{State: Refused, Code: 80}})
			continue
		}
		children = append(children, said.Child(child, w.answers[child]))
	}
	var own *Own
	if w.member(at) {
		own = &Own{Groups: w.count[at], AsOf: 7, LeftOut: w.left[at]}
		if why, fails := w.why[at]; fails {
			own.Why = &why
		}
	}
	s, err := Merge(w.q, w.r, at, own, children)
	if err != nil {
		return s, fmt.Errorf("merge at %s: %w", at, err)
	}
	if w.answer != nil && w.answers[at] == nil {
		if w.answers[at] = w.answer(at, s, own, children); w.answers[at] != nil {
			return s, nil
		}
	}
	if at == w.liar {
		w.lie(at, &s)
	}
	data, err := s.Encode()
	if w.answers[at] = sign(at, data); w.declines[at] {
		w.answers[at] = refuse(at)
	}
	return s, err
}

func (w *tree) member(at identity.Jurisdiction) bool {
	for _, p := range w.r.Places.(List) {
		if p.Name == at {
			return w.q.Covers(p)
		}
	}
	return w.q.Level == "" && w.q.reaches(at)
}

// audit audits every jurisdiction whose share is added, from at down, and returns all lies.
func (w *tree) audit(t interface{ Fatal(...any) }, at identity.Jurisdiction) (lies []Lie) {
	shown := map[identity.Jurisdiction][]byte{}
	s, err := w.shareOf(at)
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range s.Shares {
		shown[l.Child] = w.answers[l.Child]
	}
	lies = s.Audit(w.q, w.r, at, shown, verify)
	for _, l := range s.Shares {
		if _, err := w.shareOf(l.Child); l.Outcome == Added && err == nil {
			lies = append(lies, w.audit(t, l.Child)...)
		}
	}
	return lies
}

// functions are all functions that shares answer.
var functions = []Function{Count, Sum, Average, Minimum, Maximum}

// groupings are the dimensions that a question may group by.
var groupings = [][]By{
	nil, {{Field: "sex"}}, {{Level: "prefecture"}}, {{Field: "sex"}, {Field: "age"}}, {{Level: "prefecture"}, {Field: "sex"}},
	{{Field: "sex"}, {Level: "county"}}, {{Level: "county"}, {Level: "prefecture"}},
}

// draw draws a tree of up to six levels with a skewed fan-out. Most jurisdictions are listed, most
// have joined, and most answer.
func draw(t *rapid.T, f Function) *tree {
	root, err := identity.ParseJurisdiction("p")
	if err != nil {
		t.Fatal(err)
	}
	w := &tree{
		r: Roster{Number: 3, Hash: [32]byte{9}, Places: List{}}, children: map[identity.Jurisdiction][]identity.Jurisdiction{},
		count: map[identity.Jurisdiction][]Group{}, left: map[identity.Jurisdiction]LeftOut{}, why: map[identity.Jurisdiction]Why{}, answers: map[identity.Jurisdiction][]byte{},
		declines: map[identity.Jurisdiction]bool{},
	}
	w.q.Selector = Selector{Below: root, Deep: rapid.IntRange(0, 4).Draw(t, "deep") > 0, Level: rapid.SampledFrom([]string{"", "county", "township"}).Draw(t, "level")}
	w.q.Measure = Measure{Function: f, By: rapid.SampledFrom(groupings).Draw(t, "by")}
	if f != Count {
		w.q.Field = "income"
	}
	if w.q.Grouped() {
		w.q.Groups = rapid.SampledFrom([]int{1, 2, 4, 9, MaxGroups, MaxGroups}).Draw(t, "room")
	}
	w.grow(t, root, true, true)
	for _, at := range w.joined { // the groups go by the whole roster
		if !w.member(at) {
			continue
		}
		w.left[at] = w.leaves(t, at)
		groups, err := w.groups(t, at)
		_, silent := w.why[at]
		if w.count[at] = groups; err != nil && !silent {
			w.why[at] = Why{State: Refused, By: at, Code: 24}
		}
	}
	return w
}

// groups draws the own groups of a jurisdiction, each once: some without any record, some too small
// to be told.
func (w *tree) groups(t *rapid.T, at identity.Jurisdiction) (groups []Group, _ error) {
	fields := 0
	for _, b := range w.q.By {
		if b.Field != "" {
			fields++
		}
	}
	values := rapid.SliceOfN(rapid.SampledFrom([]string{"一", "二", "三"}), fields, fields)
	for _, v := range rapid.SliceOfNDistinct(values, 0, 3, func(v []string) string { return fmt.Sprint(v) }).Draw(t, "groups") {
		g := w.group(t)
		place, err := w.q.Placer(w.r, at)
		if err != nil {
			return nil, err
		}
		if g.Values, err = place(v); err != nil {
			return nil, err
		}
		groups = append(groups, g)
	}
	if w.q.Grouped() && rapid.IntRange(0, 4).Draw(t, "small") == 0 {
		g := w.group(t)
		g.Values, g.Suppressed = []string{}, true
		groups = append(groups, g)
	}
	return groups, nil
}

// group draws the count and amount of a group.
func (w *tree) group(t *rapid.T) Group {
	g := Group{Count: rapid.Uint64Range(0, 9).Draw(t, "count")}
	if w.q.Function == Count {
		return g
	}
	if g.With = rapid.Uint64Range(0, g.Count).Draw(t, "with"); g.With > 0 {
		d, err := decimal.Parse(fmt.Sprintf("%de%d", rapid.IntRange(-20, 99).Draw(t, "amount"), rapid.IntRange(-18, 3).Draw(t, "exponent")))
		if err != nil {
			t.Fatal(err)
		}
		g.Amount = &d
	}
	return g
}

// leaves draws what a jurisdiction leaves out: most leave nothing.
func (w *tree) leaves(t *rapid.T, at identity.Jurisdiction) LeftOut {
	l := LeftOut{
		Name: at, Incomparable: rapid.SampledFrom([]uint64{0, 0, 1, 7, maxRecords}).Draw(t, "incomparable"),
		Unreadable: rapid.SampledFrom([]uint64{0, 0, 0, 2}).Draw(t, "unreadable"),
	}
	if l.Incomparable == maxRecords {
		l.Unreadable = 0
	}
	l.Of = min(l.Incomparable+l.Unreadable+rapid.Uint64Range(0, 9).Draw(t, "of"), maxRecords)
	return l
}

func (w *tree) grow(t *rapid.T, at identity.Jurisdiction, joined, listed bool) {
	if listed {
		level := levels[at.Depth()-1]
		if rapid.IntRange(0, 5).Draw(t, "skips") == 0 { // as a county directly below its province
			level = levels[min(at.Depth(), len(levels)-1)]
		}
		w.r.Places = append(w.r.Places.(List), Place{at, level})
	}
	if joined {
		w.joined = append(w.joined, at)
	}
	if at.Depth() == len(levels) {
		return
	}
	for n := range rapid.SampledFrom([]int{0, 1, 1, 2, 3, 7}).Draw(t, "children") {
		label, err := identity.ParseLabel(fmt.Sprintf("c%d", n))
		if err != nil {
			t.Fatal(err)
		}
		child, err := at.Child(label)
		if err != nil {
			t.Fatal(err)
		}
		fate := rapid.IntRange(0, 19).Draw(t, "fate")
		below := joined && fate != 0
		known := listed && fate != 1
		if below {
			w.children[at] = append(w.children[at], child)
		}
		if below || known {
			w.grow(t, child, below, known)
		}
		if fate == 18 && below && child != w.q.Below {
			w.declines[child] = true
		}
		if state := State(fate - 8); below && state >= Refused && state <= Late {
			w.why[child] = Why{State: state, By: at}
			if state <= NotOffered {
				w.why[child] = Why{State: state, By: child, Code: 24, Args: []string{"villages"}}
			}
		}
	}
}

// expected returns the correct answer of a jurisdiction and all below it, added up one by one, and
// those that stand beside the roster.
func (w *tree) expected(at identity.Jurisdiction) (groups []Group, answered, members uint64, extra []identity.Jurisdiction) {
	for _, p := range w.r.Places.(List) {
		if p.Name.Under(at) && w.q.Covers(p) {
			members++
		}
	}
	w.each(at, func(j identity.Jurisdiction, reached bool) {
		if _, fails := w.why[j]; !w.member(j) || !reached || fails {
			return
		}
		if _, listed := w.r.At(j); !listed {
			extra = append(extra, j)
			return
		}
		answered++
		groups = append(groups, w.count[j]...)
	})
	slices.SortFunc(extra, compareNames)
	return groups, answered, members, extra
}

// leftOut returns what those who answered left out: of who stands beside the roster, of those told.
func (w *tree) leftOut(at identity.Jurisdiction, beside []identity.Jurisdiction) (all []LeftOut) {
	w.each(at, func(j identity.Jurisdiction, reached bool) {
		_, fails := w.why[j]
		_, listed := w.r.At(j)
		if w.member(j) && reached && !fails && (listed || slices.Contains(beside, j)) && !w.left[j].none() {
			all = append(all, w.left[j])
		}
	})
	slices.SortFunc(all, func(a, b LeftOut) int { return compareNames(a.Name, b.Name) })
	return all
}

// told writes groups as text. Groups with the same values become one, whose amount is the sum, or
// the best, computed with fractions.
func told(f Function, groups []Group) []string {
	counts, amounts := map[string][2]uint64{}, map[string]*big.Rat{}
	for _, g := range groups {
		key := fmt.Sprintf("%q %t %t", g.Values, g.Suppressed, g.Others)
		counts[key] = [2]uint64{counts[key][0] + g.Count, counts[key][1] + g.With}
		if g.Amount == nil {
			continue
		}
		amount, _ := new(big.Rat).SetString(g.Amount.String())
		switch have := amounts[key]; {
		case have == nil:
		case f.adds():
			amount.Add(amount, have)
		case f == Minimum && have.Cmp(amount) < 0, f == Maximum && have.Cmp(amount) > 0:
			amount = have
		}
		amounts[key] = amount
	}
	var all []string
	for key, n := range counts {
		all = append(all, fmt.Sprintf("%s %d %v", key, n, amounts[key]))
	}
	slices.Sort(all)
	return all
}

// each calls f for every jurisdiction in the tree from at down, and tells f whether the question
// reaches it.
func (w *tree) each(at identity.Jurisdiction, f func(j identity.Jurisdiction, reached bool)) {
	var walk func(j identity.Jurisdiction, reached bool)
	walk = func(j identity.Jurisdiction, reached bool) {
		f(j, reached)
		for _, child := range w.children[j] {
			why, fails := w.why[child]
			walk(child, reached && !(fails && why.State >= Unreachable) && !w.declines[child])
		}
	}
	walk(at, true)
}

// distinct returns the number of different groups.
func distinct(groups []Group) int {
	keys := map[string]bool{}
	for _, g := range groups {
		keys[keyOf(g)] = true
	}
	return len(keys)
}

// checkWhole checks the sum of all groups.
func checkWhole(t *rapid.T, m Measure, s Share, groups []Group) {
	whole, err := s.Whole(m)
	if err != nil {
		t.Fatal(err)
	}
	var one []Group
	for _, g := range groups {
		g.Values, g.Suppressed, g.Others = []string{}, false, false
		one = append(one, g)
	}
	if len(groups) == 0 {
		one = []Group{{Values: []string{}}}
	}
	if got, want := told(m.Function, []Group{whole}), told(m.Function, one); !slices.Equal(got, want) || whole.Count != s.Total() {
		t.Errorf("%s: the whole is %q, want %q", m, got, want)
	}
}

// TestTrees checks for trees of any form that the sum is that of the members that answered, that
// every member is accounted for, and that the audit accuses nobody.
func TestTrees(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		w := draw(rt, rapid.SampledFrom(functions).Draw(rt, "function"))
		got, err := w.ask(w.q.Below)
		if err != nil {
			rt.Fatal(err)
		}
		groups, answered, members, extra := w.expected(w.q.Below)
		c := got.Coverage()
		if got.Answered != answered || c.Members != members {
			rt.Errorf("%s of %q: got %d answered of %d, want %d of %d", w.q.Selector, w.q.Level, got.Answered, c.Members, answered, members)
		}
		others := slices.ContainsFunc(got.Groups, func(g Group) bool { return g.Others })
		if got, want := told(w.q.Function, got.Groups), told(w.q.Function, groups); !others && (!slices.Equal(got, want) || len(got) != distinct(groups)) {
			rt.Errorf("%s: got %q, want %q", w.q.Measure, got, want)
		}
		if n := distinct(groups); others && n <= w.q.Groups {
			rt.Errorf("%s: others are put together, though there is room for all %d groups", w.q.Measure, n)
		}
		var beside []identity.Jurisdiction
		for _, e := range got.Extra {
			beside = append(beside, e.Name)
		}
		if !slices.Equal(beside, extra) && len(extra) <= 8 {
			rt.Errorf("beside the roster stand %v, want %v", beside, extra)
		}
		if want := w.leftOut(w.q.Below, beside); !slices.Equal(got.LeftOut, want) || !slices.Equal(c.LeftOut, want) {
			rt.Errorf("left out are %v, want %v", got.LeftOut, want)
		}
		checkWhole(rt, w.q.Measure, got, groups)
		sum := uint64(0)
		for _, s := range States() {
			sum += c.In[s]
		}
		if sum != c.Members {
			rt.Errorf("the six states add up to %d of %d", sum, c.Members)
		}
		if lies := w.audit(rt, w.q.Below); lies != nil {
			rt.Errorf("an honest tree is accused: %v", lies)
		}
	})
}
