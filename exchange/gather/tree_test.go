package gather

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"xietong/certs/identity"
)

// tree is a tree of jurisdictions that answer one question.
type tree struct {
	q        Question
	r        Roster
	children map[identity.Jurisdiction][]identity.Jurisdiction // in the tree, listed or not
	count    map[identity.Jurisdiction][]Group                 // of members that answer
	why      map[identity.Jurisdiction]Why                     // of members, or whole branches, that do not
	lie      func(at identity.Jurisdiction, s *Share)          // what one does to its share before it signs
	liar     identity.Jurisdiction
	answers  map[identity.Jurisdiction][]byte // that were signed, by whom
}

// sign is a signature that a test can make and verify: the signer's name before the share.
func sign(by identity.Jurisdiction, share []byte) []byte {
	return append([]byte(by.String()+"\n"), share...)
}

func verify(by identity.Jurisdiction, answer []byte) (Share, error) {
	share, signed := bytes.CutPrefix(answer, []byte(by.String()+"\n"))
	if !signed {
		return Share{}, errors.New("signed by somebody else")
	}
	return Decode(share)
}

// ask has a jurisdiction answer: those below it first.
func (w *tree) ask(at identity.Jurisdiction) (Share, error) {
	var children []Child
	for _, child := range w.children[at] {
		if !child.Under(w.q.Below) {
			continue
		}
		if why, fails := w.why[child]; fails && why.State != Refused && why.State != NotOffered { // nobody there
			children = append(children, Child{Name: child, Why: &why})
			continue
		}
		s, err := w.ask(child)
		if err != nil {
			return Share{}, err
		}
		children = append(children, Child{Name: child, Answer: w.answers[child], Share: s})
	}
	var own *Own
	if w.member(at) {
		own = &Own{Groups: w.count[at], AsOf: 7}
		if why, fails := w.why[at]; fails {
			own.Why = &why
		}
	}
	s, err := Merge(w.q, w.r, at, own, children)
	if err != nil {
		return s, fmt.Errorf("merge at %s: %w", at, err)
	}
	if at == w.liar {
		w.lie(at, &s)
	}
	data, err := s.Encode()
	w.answers[at] = sign(at, data)
	return s, err
}

func (w *tree) member(at identity.Jurisdiction) bool {
	for _, p := range w.r.Places {
		if p.Name == at {
			return w.q.Covers(p)
		}
	}
	return w.q.Level == "" && w.q.reaches(at)
}

// audit audits everybody from at down, and returns the first lie.
func (w *tree) audit(t interface{ Fatal(...any) }, at identity.Jurisdiction) *Lie {
	shown := map[identity.Jurisdiction][]byte{}
	s, err := verify(at, w.answers[at])
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range s.Shares {
		shown[l.Child] = w.answers[l.Child]
	}
	lie, err := Audit(w.q, w.r, at, w.answers[at], shown, verify)
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range s.Shares {
		if lie == nil {
			lie = w.audit(t, l.Child)
		}
	}
	return lie
}

// draw draws a tree of up to six levels with a skewed fan-out, of whom most are listed, most joined, and most answer.
func draw(t *rapid.T) *tree {
	root, err := identity.ParseJurisdiction("p")
	if err != nil {
		t.Fatal(err)
	}
	w := &tree{
		r: Roster{Number: 3, Hash: [32]byte{9}}, children: map[identity.Jurisdiction][]identity.Jurisdiction{},
		count: map[identity.Jurisdiction][]Group{}, why: map[identity.Jurisdiction]Why{}, answers: map[identity.Jurisdiction][]byte{},
	}
	w.q.Selector = Selector{Below: root, Deep: rapid.IntRange(0, 4).Draw(t, "deep") > 0, Level: rapid.SampledFrom([]string{"", "county", "township"}).Draw(t, "level")}
	w.grow(t, root, true, true)
	return w
}

func (w *tree) grow(t *rapid.T, at identity.Jurisdiction, joined, listed bool) {
	if listed {
		w.r.Places = append(w.r.Places, Place{at, levels[at.Depth()-1]})
	}
	if w.member(at) && joined {
		w.count[at] = []Group{}
		for _, g := range rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"一", "二", "三"}), 0, 3, rapid.ID).Draw(t, "groups") {
			w.count[at] = append(w.count[at], Group{Values: []string{g}, Count: rapid.Uint64Range(1, 9).Draw(t, "count")})
		}
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
		if state := State(fate - 8); below && state >= Refused && state <= Late {
			w.why[child] = Why{State: state, By: at}
			if state <= NotOffered {
				w.why[child] = Why{State: state, By: child, Code: 24, Args: []string{"villages"}}
			}
		}
	}
}

// expected returns what a jurisdiction and those below it should answer, counted one by one.
func (w *tree) expected(at identity.Jurisdiction) (total, answered, members uint64) {
	for _, p := range w.r.Places {
		if p.Name.Under(at) && w.q.Covers(p) {
			members++
		}
	}
	w.each(at, func(j identity.Jurisdiction, reached bool) {
		if !w.member(j) {
			return
		}
		if !slices.ContainsFunc(w.r.Places, func(p Place) bool { return p.Name == j }) && w.told(at, j) {
			members++
		}
		if _, fails := w.why[j]; reached && !fails {
			answered++
			for _, g := range w.count[j] {
				total += g.Count
			}
		}
	})
	return total, answered, members
}

// told reports whether at hears of somebody whom the roster does not list: whoever stands above it has to be reached.
func (w *tree) told(at, j identity.Jurisdiction) bool {
	for above, _ := j.Parent(); above != at && j != at; above, _ = above.Parent() {
		if why, fails := w.why[above]; fails && why.State >= Unreachable {
			return false
		}
	}
	return true
}

// each calls f for everybody in the tree from at down, and tells whether the question reaches it.
func (w *tree) each(at identity.Jurisdiction, f func(j identity.Jurisdiction, reached bool)) {
	var walk func(j identity.Jurisdiction, reached bool)
	walk = func(j identity.Jurisdiction, reached bool) {
		f(j, reached)
		for _, child := range w.children[j] {
			why, fails := w.why[child]
			walk(child, reached && !(fails && why.State >= Unreachable))
		}
	}
	walk(at, true)
}

// TestTrees holds for trees of any form that the sum is that of those who answered, that everybody is accounted for, and that
// nobody is accused.
func TestTrees(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		w := draw(rt)
		got, err := w.ask(w.q.Below)
		if err != nil {
			rt.Fatal(err)
		}
		total, answered, members := w.expected(w.q.Below)
		c := got.Coverage()
		if got.Total() != total || got.Answered != answered || c.Members != members {
			rt.Errorf("%s of %q: got %d records of %d answered of %d, want %d of %d of %d", w.q, w.q.Level, got.Total(), got.Answered, c.Members, total, answered, members)
		}
		sum := uint64(0)
		for _, s := range States() {
			sum += c.In[s]
		}
		if sum != c.Members {
			rt.Errorf("the six states add up to %d of %d", sum, c.Members)
		}
		if lie := w.audit(rt, w.q.Below); lie != nil {
			rt.Errorf("an honest tree is accused: %v", lie)
		}
	})
}

// lies are what a hop may do to its share before it signs it.
var lies = map[string]func(w *tree, at identity.Jurisdiction, s *Share) bool{
	"drops a child":   func(w *tree, _ identity.Jurisdiction, s *Share) bool { return w.again(s, -1) },
	"doubles a child": func(w *tree, _ identity.Jurisdiction, s *Share) bool { return w.again(s, 1) },
	"invents a total": func(_ *tree, _ identity.Jurisdiction, s *Share) bool {
		if len(s.Groups) == 0 {
			s.Groups = all(1000)
			return true
		}
		s.Groups = slices.Clone(s.Groups)
		s.Groups[0].Count += 1000
		return true
	},
	"moves records between groups": func(_ *tree, _ identity.Jurisdiction, s *Share) bool {
		if len(s.Groups) < 2 {
			return false
		}
		s.Groups = slices.Clone(s.Groups)
		s.Groups[0].Count++
		s.Groups[1].Count--
		return true
	},
	"forges how many answered": func(_ *tree, _ identity.Jurisdiction, s *Share) bool { s.Answered++; return true },
	"hides who is missing": func(_ *tree, _ identity.Jurisdiction, s *Share) bool {
		if len(s.Missing) == 0 {
			return false
		}
		s.Missing, s.Answered = s.Missing[1:], s.Answered+1
		return true
	},
	"tells another reason": func(w *tree, at identity.Jurisdiction, s *Share) bool {
		for i, m := range s.Missing { // of one whose own parent told another
			if above, _ := m.Name.Parent(); above != at && slices.ContainsFunc(s.Shares, func(l Listed) bool { return m.Name.Under(l.Child) }) {
				s.Missing = slices.Clone(s.Missing)
				s.Missing[i].Why = Why{State: Late, By: at, Heard: 99}
				return true
			}
		}
		return false
	},
	"swaps an answer": func(_ *tree, _ identity.Jurisdiction, s *Share) bool {
		if len(s.Shares) == 0 {
			return false
		}
		s.Shares = slices.Clone(s.Shares)
		s.Shares[0].Hash = make([]byte, 32)
		return true
	},
}

// again adds the first child's answer that counts anything once more, or takes it away.
func (w *tree) again(s *Share, sign int) bool {
	for _, l := range s.Shares {
		part, err := verify(l.Child, w.answers[l.Child])
		if err != nil || part.Total() == 0 {
			continue
		}
		s.Groups = slices.Clone(s.Groups)
		for _, g := range part.Groups {
			i := slices.IndexFunc(s.Groups, func(o Group) bool { return keyOf(o) == keyOf(g) })
			s.Groups[i].Count += uint64(sign) * g.Count // a number less than 2^53, and its complement
		}
		return true
	}
	return false
}

// TestLies: whatever one of a tree does to its share, it is found: by who adds up, who does not add it in, or by the audit. It
// is named, and nobody else is.
func TestLies(t *testing.T) {
	for what, lie := range lies {
		t.Run(what, func(t *testing.T) {
			told := 0
			rapid.Check(t, func(rt *rapid.T) {
				w := draw(rt)
				var hops []identity.Jurisdiction
				w.each(w.q.Below, func(j identity.Jurisdiction, reached bool) {
					if reached && len(w.children[j]) > 0 {
						hops = append(hops, j)
					}
				})
				if len(hops) == 0 {
					return
				}
				w.liar = rapid.SampledFrom(hops).Draw(rt, "liar")
				lied := false
				w.lie = func(at identity.Jurisdiction, s *Share) { lied = lie(w, at, s) }
				got, err := w.ask(w.q.Below)
				if err != nil {
					rt.Fatal(err)
				}
				if !lied {
					return
				}
				told++
				refusedByName := slices.ContainsFunc(got.Missing, func(m Missing) bool {
					return m.Code == ShareRefused && m.Args[0] == w.liar.String()
				})
				found := w.audit(rt, w.q.Below)
				switch {
				case found != nil && (found.By != w.liar || !found.Kind.Proven() && found.Kind != Withheld):
					rt.Errorf("%s lied, and %v is told", w.liar, found)
				case found == nil && !refusedByName && !w.unseen():
					rt.Errorf("%s lied, and nobody found it", w.liar)
				}
			})
			if told == 0 {
				t.Error("nobody lied")
			}
			t.Logf("%d lies", told)
		})
	}
}

// unseen reports whether no member that the roster lists stands below the liar: then nobody is missing when its share is refused.
func (w *tree) unseen() bool {
	return !slices.ContainsFunc(w.r.Places, func(p Place) bool { return p.Name.Under(w.liar) && w.q.Covers(p) })
}

// TestEveryByteOfAShare flips each bit of a share in turn: what still decodes is found to be another by the audit.
func TestEveryByteOfAShare(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		w := draw(rt)
		if _, err := w.ask(w.q.Below); err != nil {
			rt.Fatal(err)
		}
		at := w.q.Below
		whole := w.answers[at]
		shown := map[identity.Jurisdiction][]byte{}
		for _, child := range w.children[at] {
			shown[child] = w.answers[child]
		}
		honest, err := verify(at, whole)
		if err != nil {
			rt.Fatal(err)
		}
		i := rapid.IntRange(len(at.String())+1, len(whole)-1).Draw(rt, "byte")
		flipped := slices.Clone(whole)
		flipped[i] ^= 1 << rapid.IntRange(0, 7).Draw(rt, "bit")
		s, err := verify(at, flipped)
		if err != nil {
			return
		}
		if s.Audit(w.q, w.r, at, shown, verify) == nil && (s.Total() != honest.Total() || s.Answered != honest.Answered) {
			rt.Errorf("byte %d: a share of %d answered with %d records passes for one of %d with %d", i, s.Answered, s.Total(), honest.Answered, honest.Total())
		}
	})
}
