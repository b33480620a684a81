package host

import (
	"testing"
	"time"

	"xietong/certs/identity"
)

// TestWhoseClock: of a neighbour whose certificate is refused for its time it is told by how much
// the clocks differ, and whose is probably wrong, by those that are heard besides; and nothing is
// believed from it.
func TestWhoseClock(t *testing.T) {
	parent, child, other := placeNamed(t, "guiyang.guizhou"), placeNamed(t, "a.nanming.guiyang.guizhou"), placeNamed(t, "b.nanming.guiyang.guizhou")
	type says map[identity.Jurisdiction]time.Duration // how far a clock is ahead of this machine's
	for what, row := range map[string]struct {
		heard, differ says
		agree         int  // with the parent's, as it says
		synced        bool // a time service has set this machine's
		want          Whose
	}{
		"the parent alone":                     {differ: says{parent: -8 * hour}, want: NobodyKnows},
		"a parent with which others agree":     {differ: says{parent: -8 * hour}, agree: 2, want: ThisOne},
		"and one that a service set":           {differ: says{parent: -8 * hour}, synced: true, want: TheOther},
		"the parent, and a child agrees":       {differ: says{parent: -8 * hour}, heard: says{child: time.Second}, want: TheOther},
		"the parent and the children":          {differ: says{parent: 8 * hour, child: 8 * hour, other: 8*hour + time.Minute}, want: ThisOne},
		"the parent and a child, one each":     {differ: says{parent: 8 * hour, child: 70 * hour}, want: NobodyKnows},
		"one child agrees, the other does not": {differ: says{parent: 8 * hour, child: 8 * hour}, heard: says{other: 0}, want: NobodyKnows},
	} {
		m := &machineClock{wall: time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)}
		g := newGuard(m.clocks(), parent, m.wall)
		if row.synced {
			m.synced = m.wall
			g.judge(true)
		}
		for name, ahead := range row.heard {
			g.hear(name, m.wall.Add(ahead))
		}
		for name, ahead := range row.differ {
			agree := 0
			if name == parent {
				agree = row.agree
			}
			g.differs(name, identity.Replica{}, m.wall.Add(ahead), agree)
		}
		m.pass(time.Minute)
		_, by, _ := g.judge(true)
		for _, e := range g.differErrors() {
			if e.Of != parent {
				continue
			}
			if want := -row.differ[parent]; e.Whose != row.want || e.Ahead != want {
				t.Errorf("%s: got %s ahead, of %d, want %s, of %d", what, e.Ahead, e.Whose, want, row.want)
			}
		}
		if got := len(g.differErrors()); got != len(row.differ) {
			t.Errorf("%s: %d are told, want %d", what, got, len(row.differ))
		}
		if len(g.told()) != len(row.heard) || len(row.heard) == 0 && by == ByNeighbour {
			t.Errorf("%s: a clock that is refused is heard: %v", what, g.told())
		}
		g.hear(parent, m.wall)
		if len(g.differErrors()) != len(row.differ)-1 {
			t.Errorf("%s: the parent is linked, and told of", what)
		}
		m.pass(differGood)
		g.differs(parent, identity.Replica{}, m.wall.Add(MaxBehind), 0)
		if len(g.differErrors()) > 0 {
			t.Errorf("%s: it is told for longer than it counts, or of one that is near", what)
		}
	}
}

// TestReplicaDiffers: the clock of a replica that is refused is told beside the median, and has no
// say in it.
func TestReplicaDiffers(t *testing.T) {
	m := &machineClock{wall: time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)}
	g := newGuard(m.clocks(), identity.Jurisdiction{}, m.wall)
	own, far := placeNamed(t, "guizhou"), 8*hour
	for _, n := range []uint32{2, 3} {
		r, err := identity.NewReplica(n)
		if err != nil {
			t.Fatal(err)
		}
		g.differs(own, r, m.wall.Add(-far), 0)
	}
	if words := g.refused(); len(words) != 2 || words[0].ahead != -far || len(g.lately()) > 0 || len(g.differErrors()) > 0 {
		t.Errorf("got %v refused, %v heard, %v of neighbours", words, g.lately(), g.differErrors())
	}
	r2, _ := identity.NewReplica(2)
	g.hearReplica(r2, Word{Clock: m.wall, By: ByStart}, g.read())
	if words := g.refused(); len(words) != 1 || words[0].replica == r2 {
		t.Errorf("one is heard again: got %v", words)
	}
}

func placeNamed(t *testing.T, s string) identity.Jurisdiction {
	t.Helper()
	name, err := identity.ParseJurisdiction(s)
	if err != nil {
		t.Fatal(err)
	}
	return name
}
