package nodetest

import (
	"slices"
	"testing"
	"time"

	"xietong/node/faces/client"
	"xietong/node/ground/text"
)

// outgone has one of three machines of a city go on alone, with new keys, while the others are
// down: those recorded a revocation that it lacks. The province is away, so that nobody says what
// is lost and the city stays in question. It returns the three; only the survivor may be reached by
// the county.
func outgone(t *testing.T, tree *Tree) (survivor, two, three *Node) {
	t.Helper()
	root, city, county := tree.Node("guizhou"), tree.Node("guiyang"), tree.Node("nanming")
	two, three = city.Further(), city.Further()
	for _, n := range []*Node{root, city, county} {
		offer(t, n)
	}
	if _, err := ask(t, county, city); err != nil {
		t.Fatal(err)
	}
	time.Sleep(time.Minute)
	city.Kill()
	tree.leaderOf(two, three)
	_, err := two.Client("").AddAgency(t.Context(), client.NewAgency{Code: "forestry", Title: "林业局"})
	if err != nil {
		t.Fatal(err)
	}
	time.Sleep(10 * time.Minute) // it is witnessed, and its head has gone up
	two.Kill()
	three.Kill()
	if _, err := city.goOn(city.rekey(), nil); err != nil {
		t.Fatal(err)
	}
	root.Kill()
	return city, two, three
}

// apart cuts the machines that come back off from the one that went on.
func apart(tree *Tree, survivor *Node, others ...*Node) {
	for _, n := range others {
		tree.net.set(survivor.machine, n.machine, true)
	}
}

// answeredBy reports whether the county is answered, and whether it answers, by or through one of
// the machines that came back.
func answeredBy(t *testing.T, county, of *Node) bool {
	t.Helper()
	_, asked := ask(t, county, of)
	_, asks := ask(t, of, county)
	return asked == nil || asks == nil
}

// TestNewerKeysAreShownInQuestion (C25, C26): while the epoch of a city that went on alone is not
// settled, the city answers nobody. Its new keys, which the province endorsed, it shows all the
// same to whoever knocks, so that its county deals with no machine that comes back with the old
// ones: whether it finds those first or the survivor, and also after a restart. Once the province
// is back the county deals with the survivor.
func TestNewerKeysAreShownInQuestion(t *testing.T) {
	for _, first := range []string{"the survivor", "those that come back", "all at once"} {
		Run(t, "guizhou\n  guiyang listen\n    nanming\n", func(t *testing.T, tree *Tree) {
			survivor, two, three := outgone(t, tree)
			county := tree.Node("nanming")
			apart(tree, survivor, two, three)
			back := func() {
				two.Start()
				three.Start()
				tree.leaderOf(two, three)
			}
			switch first {
			case "the survivor":
				survivor.Start()
				tree.Within(time.Minute, "the county is linked to it", func() bool { up, _ := county.Links(); return up.Linked })
				back()
			case "all at once":
				county.Stop()
				back()
				survivor.Start()
				county.Start()
				tree.Within(time.Minute, "the county is linked", func() bool { up, _ := county.Links(); return up.Linked })
			default:
				back()
				tree.Within(10*time.Minute, "they answer: nobody can know better", func() bool { return answeredBy(t, county, two) })
				time.Sleep(time.Minute) // it has knocked everywhere
				survivor.Start()
				tree.Within(15*time.Minute, "the county finds the survivor", func() bool { return !answeredBy(t, county, two) })
			}
			for range 5 {
				time.Sleep(time.Minute)
				if answeredBy(t, county, two) {
					t.Fatalf("%s first: the machines that came back are dealt with", first)
				}
			}
			if up, _ := county.Links(); !up.Linked || up.Address != survivor.Address().String() {
				t.Errorf("%s first: the county is linked to %s, want the survivor", first, up.Address)
			}
			if got := alarms(t, survivor); !slices.Contains(got, string(text.EpochUnsettled)) {
				t.Errorf("the epoch is settled: %v", got)
			}
			if _, err := ask(t, county, survivor); codeOf(err) != text.BeingVerified {
				t.Errorf("the survivor says %v, want %s", err, text.BeingVerified)
			}
			survivor.Stop()
			county.Restart()
			time.Sleep(5 * time.Minute)
			if answeredBy(t, county, two) {
				t.Errorf("%s first: after a restart the machines that came back are dealt with", first)
			}
			survivor.Start()
			tree.Node("guizhou").Start()
			tree.Within(30*time.Minute, "the county and the survivor deal with each other", func() bool {
				_, asked := ask(t, county, survivor)
				_, asks := ask(t, survivor, county)
				return asked == nil && asks == nil
			})
		})
	}
}

// TestThoseThatComeBackAreToldInQuestion: machines of a city that come back while the one that went
// on without them is in question are told by it that they are out.
func TestThoseThatComeBackAreToldInQuestion(t *testing.T) {
	Run(t, "guizhou\n  guiyang listen\n    nanming\n", func(t *testing.T, tree *Tree) {
		survivor, two, three := outgone(t, tree)
		survivor.Start()
		two.Start()
		three.Start()
		for _, n := range []*Node{two, three} {
			tree.Within(5*time.Minute, "it is told", func() bool {
				return slices.Contains(alarms(t, n), string(text.ReplicaWasRemoved))
			})
		}
	})
}
