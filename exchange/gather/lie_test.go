package gather

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"xietong/certs/identity"
	"xietong/exchange/decimal"
)

// lies are changes that a lying hop makes to its share before signing.
var lies = map[string]func(w *tree, at identity.Jurisdiction, s *Share) bool{
	"drops a child":   func(w *tree, _ identity.Jurisdiction, s *Share) bool { return w.again(s, 0) },
	"doubles a child": func(w *tree, _ identity.Jurisdiction, s *Share) bool { return w.again(s, 2) },
	"drops the amounts of a child": func(w *tree, _ identity.Jurisdiction, s *Share) bool {
		return w.q.Function != Count && w.remade(s, 1, func(g Group) Group { g.With, g.Amount = 0, nil; return g })
	},
	"doubles the amounts of a child": func(w *tree, _ identity.Jurisdiction, s *Share) bool {
		return w.q.adds() && w.remade(s, 1, func(g Group) Group {
			var twice decimal.Adder
			if g.Amount != nil {
				twice.Add(*g.Amount)
				twice.Add(*g.Amount)
				d, _ := twice.Decimal() // of three digits
				g.Amount = &d
			}
			return g
		})
	},
	"alters an amount":         alters(func(g *Group) bool { return g.Amount != nil && moves(g, "0.1") }),
	"alters an amount down":    alters(func(g *Group) bool { return g.Amount != nil && moves(g, "-0.1") }),
	"tells the other sign":     alters(func(g *Group) bool { d := negative(g); g.Amount = d; return d != nil }),
	"drops an amount":          alters(func(g *Group) bool { had := g.With > 0; g.With, g.Amount = 0, nil; return had }),
	"drops what has a value":   alters(func(g *Group) bool { g.With--; return g.With > 0 && g.Amount != nil }),
	"invents what has a value": alters(func(g *Group) bool { g.With++; return g.With <= g.Count && g.Amount != nil }),
	"invents an amount":        alters(func(g *Group) bool { none := g.Amount == nil && g.Count > 0; g.With = 1; return none && moves(g, "7") }),
	"invents a record":         alters(func(g *Group) bool { g.Count++; return true }),
	"drops a group": func(_ *tree, _ identity.Jurisdiction, s *Share) bool {
		n := len(s.Groups)
		s.Groups = s.Groups[min(n, 1):]
		return n > 0
	},
	"invents a total": func(w *tree, at identity.Jurisdiction, s *Share) bool {
		if len(s.Groups) == 0 {
			var values []string
			place, err := w.q.Placer(w.r, at)
			if err == nil {
				values, err = place([]string{"一", "一"}[:len(w.q.By)])
			}
			if s.Groups = []Group{{Values: values, Count: 1000}}; err != nil { // also if the number of values is wrong
				s.Groups[0].Values = []string{}
			}
			return true
		}
		s.Groups = slices.Clone(s.Groups)
		s.Groups[0].Count += 1000
		return true
	},
	"moves records between groups": func(_ *tree, _ identity.Jurisdiction, s *Share) bool {
		if len(s.Groups) < 2 || s.Groups[1].Count == s.Groups[1].With {
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
		for i, m := range s.Missing { // a member whose own parent tells another reason
			if above, _ := m.Name.Parent(); above != at && slices.ContainsFunc(s.Shares, func(l Listed) bool { return m.Name.Under(l.Child) }) {
				s.Missing = slices.Clone(s.Missing)
				s.Missing[i].Why = Why{State: Late, By: at, Heard: 99}
				return true
			}
		}
		return false
	},
	"hides what was left out": func(_ *tree, at identity.Jurisdiction, s *Share) bool {
		i := slices.IndexFunc(s.LeftOut, func(l LeftOut) bool { return l.Name != at })
		if i >= 0 {
			s.LeftOut = slices.Delete(slices.Clone(s.LeftOut), i, i+1)
		}
		return i >= 0
	},
	"tells of fewer left out": func(_ *tree, at identity.Jurisdiction, s *Share) bool {
		i := slices.IndexFunc(s.LeftOut, func(l LeftOut) bool { return l.Name != at && l.Incomparable > 1 })
		if i >= 0 {
			s.LeftOut = slices.Clone(s.LeftOut)
			s.LeftOut[i].Incomparable--
		}
		return i >= 0
	},
	"invents what was left out": func(w *tree, at identity.Jurisdiction, s *Share) bool {
		for _, p := range w.r.Places.(List) { // of somebody who answered and left nothing out
			told := slices.ContainsFunc(s.LeftOut, func(l LeftOut) bool { return l.Name == p.Name })
			missing := slices.ContainsFunc(s.Missing, func(m Missing) bool { return m.Name == p.Name })
			if p.Name != at && p.Name.Under(at) && w.q.Covers(p) && !told && !missing {
				s.LeftOut = append(slices.Clone(s.LeftOut), LeftOut{Name: p.Name, Unreadable: 1, Of: 1})
				slices.SortFunc(s.LeftOut, func(a, b LeftOut) int { return compareNames(a.Name, b.Name) })
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

// kinds are the kinds that Audit names for some lies, if the share itself adds up.
var kinds = map[string]Kind{
	"drops a child": Dropped, "doubles a child": Doubled, "drops the amounts of a child": Altered, "doubles the amounts of a child": Altered,
	"alters an amount": Altered, "alters an amount down": Altered, "tells the other sign": Altered, "drops what has a value": Altered,
	"invents what has a value": Invented, "swaps an answer": Withheld, "hides what was left out": Altered, "tells of fewer left out": Altered,
	"invents what was left out": Altered,
}

// alters changes the first group that it can.
func alters(change func(*Group) bool) func(*tree, identity.Jurisdiction, *Share) bool {
	return func(_ *tree, _ identity.Jurisdiction, s *Share) bool {
		for i, g := range s.Groups {
			if change(&g) {
				s.Groups = slices.Clone(s.Groups)
				s.Groups[i] = g
				return true
			}
		}
		return false
	}
}

// moves adds to an amount.
func moves(g *Group, by string) bool {
	var a decimal.Adder
	if g.Amount != nil {
		a.Add(*g.Amount)
	}
	d, err := decimal.Parse(by)
	if err != nil {
		return false
	}
	a.Add(d)
	sum, err := a.Decimal()
	g.Amount = &sum
	return err == nil
}

func negative(g *Group) *decimal.Decimal {
	if g.Amount == nil || g.Amount.IsZero() {
		return nil
	}
	d := g.Amount.Negated()
	return &d
}

// again adds the first child's answer that counts anything the given number of times, instead of
// once.
func (w *tree) again(s *Share, times int) bool {
	return w.remade(s, times, func(g Group) Group { return g })
}

// remade adds up the parts of the share anew, with the first child's answer that counts anything
// changed and added the given number of times. It reports whether the sum differs.
func (w *tree) remade(s *Share, times int, change func(Group) Group) bool {
	sum, changed := newTotals(w.q.Function), false
	sum.add(s.Own)
	for _, l := range s.Shares {
		part, err := w.shareOf(l.Child)
		if err != nil {
			return false
		}
		if changed || part.Total() == 0 {
			sum.add(part.Groups)
			continue
		}
		changed = true
		for i, g := range part.Groups {
			part.Groups[i] = change(g)
		}
		for range times {
			sum.add(part.Groups)
		}
	}
	groups, err := sum.groups()
	if err != nil || slices.EqualFunc(groups, s.Groups, sameGroup) {
		return false
	}
	s.Groups = groups
	return true
}

// TestLies: every lie of one jurisdiction in its share is found: by the parent, which does not add
// the share in, or by the audit. The liar is named, and no other jurisdiction is.
func TestLies(t *testing.T) {
	for what := range lies {
		t.Run(what, func(t *testing.T) {
			told := map[Function]int{}
			rapid.Check(t, func(rt *rapid.T) {
				for range 4 { // trees, since one tree may give no occasion for the lie
					if f, lied := lieOnce(rt, what); lied {
						told[f]++
						return
					}
				}
			})
			if len(told) == 0 && !testing.Short() {
				t.Error("nobody lied")
			}
			t.Logf("lies: %v", told)
		})
	}
}

// lieOnce draws a tree with a liar in it, and reports whether it had an occasion.
func lieOnce(rt *rapid.T, what string) (f Function, lied bool) {
	w := draw(rt, rapid.SampledFrom(functions).Draw(rt, "function"))
	var hops []identity.Jurisdiction
	w.each(w.q.Below, func(j identity.Jurisdiction, reached bool) {
		if reached && len(w.children[j]) > 0 && (j == w.q.Below || w.q.LeadsTo(w.r, j)) {
			hops = append(hops, j)
		}
	})
	if len(hops) == 0 {
		return w.q.Function, false
	}
	w.liar = rapid.SampledFrom(hops).Draw(rt, "liar")
	w.lie = func(at identity.Jurisdiction, s *Share) { lied = lies[what](w, at, s) }
	got, err := w.ask(w.q.Below)
	if err != nil {
		rt.Fatal(err)
	}
	if lied {
		w.checkFound(rt, what, got)
	}
	return w.q.Function, lied
}

func (w *tree) checkFound(rt *rapid.T, what string, got Share) {
	if got.Check(w.q, w.r, w.q.Below) != nil { // the asker takes no answer of it
		if w.liar != w.q.Below {
			rt.Errorf("%s lied, and the share of %s is refused", w.liar, w.q.Below)
		}
		return
	}
	found := w.audit(rt, w.q.Below)
	if len(found) == 0 && len(w.q.Members(w.r, w.liar)) > 0 { // else its share is taken or not, and nobody misses it
		rt.Errorf("%s lied, and nobody found it", w.liar)
	}
	for _, l := range found {
		switch {
		case l.By != w.liar || !l.Kind.Proven() && l.Kind != Withheld:
			rt.Errorf("%s lied, and %v is told", w.liar, l)
		case l.Kind != DoesNotAdd && kinds[what] != "" && l.Kind != kinds[what] && w.q.Groups%MaxGroups == 0: // there is room for all
			rt.Errorf("%s lied, and %v is told, want %s", w.liar, l, kinds[what])
		}
	}
}

// TestNamed changes the minimum of a hop whose three children have answered one, in either order.
func TestNamed(t *testing.T) {
	testNamed(t, "a.p", "c.p")
	testNamed(t, "c.p", "a.p")
}

func testNamed(t *testing.T, third, second string) {
	r := rosterOf(t, "p", "a.p", "b.p", "c.p", "d.p")
	q := Question{Selector: Selector{Below: name(t, "p")}, Measure: Measure{Function: Minimum, Field: "income"}}
	of := func(count, with uint64, least string) []Group {
		return []Group{{Values: []string{}, Count: count, With: with, Amount: amount(t, least)}}
	}
	shown := map[identity.Jurisdiction][]byte{}
	var children []Child
	for s, groups := range map[string][]Group{third: of(9, 8, "3"), "b.p": of(7, 6, "1"), second: of(5, 4, "2"), "d.p": all(3)} {
		share := Share{Roster: 1, Hash: r.Hash[:], Own: groups, AsOf: number(1), Groups: groups, Answered: 1}
		data, err := share.Encode()
		if err != nil {
			t.Fatal(err)
		}
		shown[name(t, s)] = sign(name(t, s), data)
		children = append(children, Child{Name: name(t, s), Answer: shown[name(t, s)], Share: share})
	}
	for what, row := range map[string]struct {
		groups []Group
		kind   Kind
		about  string
	}{
		"as it is":               {of(24, 18, "1"), "", ""},
		"without the least":      {of(17, 12, "2"), Dropped, "b.p"},
		"without another":        {of(15, 10, "1"), Dropped, third},
		"without one of none":    {of(21, 18, "1"), Dropped, "d.p"},
		"the least twice":        {of(31, 24, "1"), Doubled, "b.p"},
		"one of none twice":      {of(27, 18, "1"), Doubled, "d.p"},
		"dropped, not its least": {of(17, 12, "1"), Altered, ""},
		"another least":          {of(24, 18, "0.5"), Altered, ""},
		"more with a value":      {of(24, 19, "1"), Invented, ""},
		"more, fewer of a value": {of(25, 17, "1"), Altered, ""},
		"no value":               {all(24), Altered, ""},
		"no record":              {nil, Altered, ""},
	} {
		s, err := Merge(q, r, q.Below, nil, children)
		if err != nil {
			t.Fatal(err)
		}
		s.Groups = row.groups
		lies := s.Audit(q, r, q.Below, shown, verify)
		if got := fmt.Sprint(lies); (lies == nil) != (row.kind == "") || lies != nil && got != fmt.Sprintf("[{p %s %s}]", row.kind, row.about) {
			t.Errorf("%s: got %s, want %s %s", what, got, row.kind, row.about)
		}
	}
}

// TestEveryByteOfAShare flips each bit of a share in turn: the audit finds every change that still
// decodes.
func TestEveryByteOfAShare(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		w := draw(rt, rapid.SampledFrom(functions).Draw(rt, "function"))
		if _, err := w.ask(w.q.Below); err != nil {
			rt.Fatal(err)
		}
		at := w.q.Below
		whole := w.answers[at]
		shown := map[identity.Jurisdiction][]byte{}
		for _, child := range w.children[at] {
			shown[child] = w.answers[child]
		}
		honest, err := w.shareOf(at)
		if err != nil {
			rt.Fatal(err)
		}
		i := rapid.IntRange(len(at.String())+1, len(whole)-1).Draw(rt, "byte")
		flipped := slices.Clone(whole)
		flipped[i] ^= 1 << rapid.IntRange(0, 7).Draw(rt, "bit")
		s, err := Decode(flipped[len(at.String())+1:])
		if err != nil {
			return
		}
		if s.Audit(w.q, w.r, at, shown, verify) == nil && !(slices.EqualFunc(s.Groups, honest.Groups, sameGroup) && s.Answered == honest.Answered && slices.EqualFunc(s.Extra, honest.Extra, sameExtra)) {
			rt.Errorf("byte %d: a share of %d answered with %v passes for one of %d with %v", i, s.Answered, s.Groups, honest.Answered, honest.Groups)
		}
	})
}
