package route

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"xietong/certs/identity"
)

func name(t testing.TB, s string) identity.Jurisdiction {
	t.Helper()
	if s == "" {
		return identity.Jurisdiction{}
	}
	j, err := identity.ParseJurisdiction(s)
	if err != nil {
		t.Fatal(err)
	}
	return j
}

func names(t testing.TB, list ...string) []identity.Jurisdiction {
	var all []identity.Jurisdiction
	for _, s := range list {
		all = append(all, name(t, s))
	}
	return all
}

func TestBranch(t *testing.T) {
	const county, city = "nanming.guiyang.guizhou", "guiyang.guizhou"
	for _, row := range []struct{ peer, origin, want string }{
		{county, county, county},
		{county, "a." + county, "a." + county},
		{county, "made.up.a." + county, "a." + county},
		{city, county, county},
		{city, "x1." + county, county},
		{city, city, city},
		// seen from the county, behind its parent
		{city, "x1.yunyan." + city, "yunyan." + city},
		{city, "guizhou", "guizhou"},
		{city, "x1.liping.qiandongnan.guizhou", "qiandongnan.guizhou"},
		{city, "x1.liping.yunnan", "yunnan"},
	} {
		if got := Branch(name(t, row.peer), name(t, row.origin)); got != name(t, row.want) {
			t.Errorf("%s behind %s: got the branch %s, want %s", row.origin, row.peer, got, row.want)
		}
	}
}

// knowing returns neighbours with the given children.
func knowing(parent identity.Jurisdiction, children []identity.Jurisdiction) Neighbours {
	return Neighbours{Parent: parent, Child: func(j identity.Jurisdiction) bool { return slices.Contains(children, j) }}
}

func TestNext(t *testing.T) {
	for _, row := range []struct {
		self, parent, children, destination string
		way                                 Way
		to                                  string
	}{
		{"guiyang.guizhou", "guizhou", "", "guiyang.guizhou", Here, "guiyang.guizhou"},
		{"guiyang.guizhou", "", "", "guiyang.guizhou", Here, "guiyang.guizhou"},
		{"guiyang.guizhou", "guizhou", "nanming.guiyang.guizhou", "nanming.guiyang.guizhou", Down, "nanming.guiyang.guizhou"},
		{"guizhou", "", "guiyang.guizhou", "nanming.guiyang.guizhou", Down, "guiyang.guizhou"},
		{"guizhou", "", "guiyang.guizhou", "a.b.nanming.guiyang.guizhou", Down, "guiyang.guizhou"},
		{"guiyang.guizhou", "guizhou", "nanming.guiyang.guizhou", "baiyun.guiyang.guizhou", Nowhere, "baiyun.guiyang.guizhou"},
		{"guizhou", "", "zunyi.guizhou", "nanming.guiyang.guizhou", Nowhere, "guiyang.guizhou"},
		{"guiyang.guizhou", "guizhou", "", "guizhou", Up, "guizhou"},
		{"guiyang.guizhou", "guizhou", "nanming.guiyang.guizhou", "zunyi.guizhou", Up, "guizhou"},
		{"guiyang.guizhou", "guizhou", "", "chengdu.sichuan", Up, "guizhou"},
		{"guiyang.guizhou", "guizhou", "", "xguiyang.guizhou", Up, "guizhou"},            // no label of a name is part of another
		{"guiyang.guizhou", "guizhou", "", "guiyang.guizhou.sichuan", Up, "guizhou"},     // nor a name part of a longer one
		{"guizhou", "", "guiyang.guizhou", "chengdu.sichuan", Nowhere, ""},               // a root
		{"guiyang.guizhou", "", "nanming.guiyang.guizhou", "zunyi.guizhou", Nowhere, ""}, // not joined
	} {
		var children []identity.Jurisdiction
		if row.children != "" {
			children = names(t, strings.Fields(row.children)...)
		}
		got := Next(name(t, row.self), knowing(name(t, row.parent), children), name(t, row.destination))
		if want := (Step{row.way, name(t, row.to)}); got != want {
			t.Errorf("from %s to %s: got %v, want %v", row.self, row.destination, got, want)
		}
	}
}

// TestEveryPair goes through all triples of a small tree of names, with a stranger's among them,
// and compares with the names taken apart label by label.
func TestEveryPair(t *testing.T) {
	all := names(t, "p", "q", "a.p", "b.p", "a.q", "a.a.p", "b.a.p", "a.b.p", "p.a.p", "a.a.a.p", "b.a.a.p", "p.p", "pp", "a.pp")
	for _, self := range all {
		parent, _ := self.Parent()
		for _, destination := range all {
			way, to := oracle(self, parent, destination)
			got := Next(self, Neighbours{Parent: parent, Child: func(identity.Jurisdiction) bool { return true }}, destination)
			if want := (Step{way, to}); got != want {
				t.Errorf("from %s to %s: got %v, want %v", self, destination, got, want)
			}
			missing := Next(self, Neighbours{Parent: parent, Child: func(identity.Jurisdiction) bool { return false }}, destination)
			if want := (Step{Nowhere, to}); way == Down && missing != want {
				t.Errorf("from %s to %s without children: got %v, want %v", self, destination, missing, want)
			}
			for _, peer := range all { // the peer must be on the way to the origin
				origin, want := destination, to == peer && way != Here && way != Nowhere
				if got := Allowed(self, parent, peer, origin); got != want {
					t.Errorf("%s from %s at %s: got %v, want %v", origin, peer, self, got, want)
				}
			}
		}
	}
}

// oracle finds the way by comparing labels from the top.
func oracle(self, parent, destination identity.Jurisdiction) (Way, identity.Jurisdiction) {
	s, d := labels(self), labels(destination)
	common := 0
	for common < min(len(s), len(d)) && s[common] == d[common] {
		common++
	}
	switch {
	case common == len(s) && common == len(d):
		return Here, self
	case common == len(s):
		down := slices.Clone(d[:common+1])
		slices.Reverse(down)
		j, err := identity.ParseJurisdiction(strings.Join(down, "."))
		if err != nil {
			panic(err)
		}
		return Down, j
	case parent.IsZero():
		return Nowhere, identity.Jurisdiction{}
	}
	return Up, parent
}

func labels(j identity.Jurisdiction) []string {
	list := strings.Split(j.String(), ".")
	slices.Reverse(list)
	return list
}

func TestAllowed(t *testing.T) {
	const self, parent = "guiyang.guizhou", "guizhou"
	for _, row := range []struct {
		what, parent, peer, origin string
		want                       bool
	}{
		{"a child of itself", parent, "nanming.guiyang.guizhou", "nanming.guiyang.guizhou", true},
		{"a child of its subtree", parent, "nanming.guiyang.guizhou", "a.nanming.guiyang.guizhou", true},
		{"a child of its sibling", parent, "nanming.guiyang.guizhou", "baiyun.guiyang.guizhou", false},
		{"a child of oneself", parent, "nanming.guiyang.guizhou", self, false},
		{"a child of one's parent", parent, "nanming.guiyang.guizhou", parent, false},
		{"a child of nobody", parent, "nanming.guiyang.guizhou", "", false},
		{"the parent of itself", parent, parent, parent, true},
		{"the parent of a sibling", parent, parent, "zunyi.guizhou", true},
		{"the parent of another tree", parent, parent, "chengdu.sichuan", true},
		{"the parent of oneself", parent, parent, self, false},
		{"the parent of a child", parent, parent, "nanming.guiyang.guizhou", false},
		{"the parent of nobody", parent, parent, "", false},
		{"whoever has the parent's name", "", parent, parent, false},
		{"a grandchild", parent, "a.nanming.guiyang.guizhou", "a.nanming.guiyang.guizhou", false},
		{"a sibling", parent, "zunyi.guizhou", "zunyi.guizhou", false},
		{"oneself", parent, self, self, false},
		{"nobody", "", "", "zunyi.guizhou", false},
	} {
		if got := Allowed(name(t, self), name(t, row.parent), name(t, row.peer), name(t, row.origin)); got != row.want {
			t.Errorf("%s: got %v, want %v", row.what, got, row.want)
		}
	}
}

// drawTree draws a tree: every name but the root's is a child of an earlier one.
func drawTree(t *rapid.T) []identity.Jurisdiction {
	root, err := identity.ParseJurisdiction(rapid.SampledFrom([]string{"p", "a", "guizhou"}).Draw(t, "root"))
	if err != nil {
		t.Fatal(err)
	}
	tree := []identity.Jurisdiction{root}
	for range rapid.IntRange(0, 40).Draw(t, "others") {
		parent := tree[rapid.IntRange(0, len(tree)-1).Draw(t, "parent")]
		label, err := identity.ParseLabel(rapid.StringMatching(`[a-c]{1,2}`).Draw(t, "label"))
		if err != nil {
			t.Fatal(err)
		}
		if child, err := parent.Child(label); err == nil && !slices.Contains(tree, child) { // an error: it is too deep
			tree = append(tree, child)
		}
	}
	return tree
}

// neighboursOf returns the neighbours of a jurisdiction in the tree.
func neighboursOf(tree []identity.Jurisdiction, self identity.Jurisdiction) Neighbours {
	parent, _ := self.Parent()
	return knowing(parent, tree)
}

func TestPath(t *testing.T) {
	for _, row := range []struct{ from, to, want string }{
		{"a", "a", "a"},
		{"a", "c.b.a", "a b.a c.b.a"},
		{"c.b.a", "a", "c.b.a b.a a"},
		{"c.b.a", "e.d.a", "c.b.a b.a a d.a e.d.a"},
		{"c.b.a", "d.b.a", "c.b.a b.a d.b.a"},
		{"a", "b", ""},
		{"ba", "a", ""}, // no label is part of another
	} {
		if got, want := Path(name(t, row.from), name(t, row.to)), names(t, strings.Fields(row.want)...); !slices.Equal(got, want) {
			t.Errorf("from %s to %s: got %v, want %v", row.from, row.to, got, want)
		}
	}
}

// TestEveryRouteArrives checks for trees of any form that a message takes the path of the tree,
// that each jurisdiction on the path takes it from the one before, and that it stops, and does not
// circle, where a jurisdiction on the path is missing.
func TestEveryRouteArrives(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tree := drawTree(t)
		from := tree[rapid.IntRange(0, len(tree)-1).Draw(t, "from")]
		to := tree[rapid.IntRange(0, len(tree)-1).Draw(t, "to")]
		path := Path(from, to)
		if got := walk(t, tree, from, to); !slices.Equal(got, path) {
			t.Errorf("from %s to %s: got the path %v, want %v", from, to, got, path)
		}
		gone := path[rapid.IntRange(0, len(path)-1).Draw(t, "gone")]
		if gone == from || from.Under(gone) {
			return // a link upwards is there or not; no name goes missing
		}
		left := slices.DeleteFunc(slices.Clone(tree), func(j identity.Jurisdiction) bool { return j == gone })
		if got, want := walk(t, left, from, to), path[:slices.Index(path, gone)]; !slices.Equal(got, want) {
			t.Errorf("from %s to %s without %s: got the path %v, want %v", from, to, gone, got, want)
		}
	})
}

// walk follows the steps and returns the jurisdictions that the message visits, until it arrives or
// goes nowhere.
func walk(t *rapid.T, tree []identity.Jurisdiction, from, to identity.Jurisdiction) []identity.Jurisdiction {
	met := []identity.Jurisdiction{from}
	for at := from; ; {
		step := Next(at, neighboursOf(tree, at), to)
		if step.Way == Here || step.Way == Nowhere {
			return met
		}
		if slices.Contains(met, step.To) {
			t.Fatalf("from %s to %s: %s is met twice after %v", from, to, step.To, met)
		}
		parent, _ := step.To.Parent()
		if !Allowed(step.To, parent, at, from) {
			t.Fatalf("from %s to %s: %s does not take it from %s", from, to, step.To, at)
		}
		at = step.To
		met = append(met, at)
	}
}
