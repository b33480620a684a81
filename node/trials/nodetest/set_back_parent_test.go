package nodetest

import (
	"slices"
	"testing"
	"time"

	"xietong/node/faces/client"
	"xietong/node/ground/text"
)

// TestSetBackWholeVouchesForNobody (C42): a city is set back whole to before it withdrew a county.
// The county, which starts just then and asks for its endorsement at once, over its link or at the
// door, gets none, though the province, over a long line, has not said yet that it saw more.
func TestSetBackWholeVouchesForNobody(t *testing.T) {
	Run(t, "guizhou latency=300ms\n  guiyang listen\n    nanming", func(t *testing.T, tree *Tree) {
		city, gone := tree.Node("guiyang"), tree.Node("nanming")
		time.Sleep(time.Minute)
		old := city.backup()
		withdrawn(t, city.Client(""), "南明区", "撤并")
		isTold(t, tree, gone, text.EndorsementWithdrawn)
		addAgencies(t, city, "forestry", "sports", "parks")
		time.Sleep(3 * time.Minute)
		city.Kill()
		gone.Stop()
		setBack(t, old, city.machine.dir)
		city.Start()
		gone.Start()
		began := time.Now()
		for ; !slices.Contains(alarms(t, city), string(text.CopyBehind)); time.Sleep(10 * time.Millisecond) {
			if time.Since(began) > time.Minute {
				t.Fatalf("a minute after the start the alarms are %v", alarms(t, city))
			}
			if said := saidOf(t, gone); !slices.Equal(said, []string{string(text.EndorsementWithdrawn)}) {
				t.Fatalf("%s after the start the withdrawn county is told %v", time.Since(began), said)
			}
		}
		t.Logf("found after %s", time.Since(began))
		time.Sleep(time.Minute)
		if said := saidOf(t, gone); !slices.Equal(said, []string{string(text.EndorsementWithdrawn)}) {
			t.Errorf("a minute after that the withdrawn county is told %v", said)
		}
	})
}

// TestKeysChangedWhileAway (C42): of a parent and its child one renews its keys while the other is
// away. With the new link each is to say what it saw, and cannot read what the other signs yet;
// what teaches it the keys is held up until it has said it. Neither waits for the other for more
// than moments.
func TestKeysChangedWhileAway(t *testing.T) {
	for _, which := range []string{"guiyang", "nanming"} {
		t.Run(which, func(t *testing.T) {
			Run(t, pair, func(t *testing.T, tree *Tree) {
				city, county := tree.Node("guiyang"), tree.Node("nanming")
				offer(t, city)
				offer(t, county)
				away := county
				if which == "nanming" {
					away = city
				}
				time.Sleep(2 * time.Hour)
				away.Stop()
				if _, err := tree.Node(which).Client("").NewKeys(t.Context(), client.NewKeys{}); err != nil {
					t.Fatal(err)
				}
				time.Sleep(time.Minute)
				away.Start()
				began := time.Now()
				tree.WaitLinked()
				linked := time.Now()
				for _, n := range [][]*Node{{city, county}, {county, city}} {
					for {
						_, err := ask(t, n[0], n[1])
						if err == nil {
							break
						}
						if time.Since(linked) > 30*time.Second {
							t.Fatalf("%s asks %s half a minute after the link: %v", n[0].Name(), n[1].Name(), err)
						}
						time.Sleep(10 * time.Millisecond)
					}
					t.Logf("%s is answered by %s %s after the link, which took %s", n[0].Name(), n[1].Name(), time.Since(linked), linked.Sub(began))
				}
				if took := time.Since(linked); took > 3*time.Second {
					t.Errorf("both were answered after %s", took)
				}
			})
		})
	}
}
