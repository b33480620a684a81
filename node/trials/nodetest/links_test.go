package nodetest

import (
	"slices"
	"testing"
	"time"

	"xietong/node/faces/client"
)

// TestNothingListens: a stranger's packets to a node that does not listen get no answer; the node
// above answers.
func TestNothingListens(t *testing.T) {
	Run(t, "guizhou\n  guiyang", func(t *testing.T, tree *Tree) {
		stranger := tree.Stranger()
		// A long header of an unknown version, which a listener answers (RFC 9000 §6.1).
		initial := make([]byte, 1200)
		copy(initial, []byte{0xc0, 0x1a, 0x2a, 0x3a, 0x4a, 8, 1, 2, 3, 4, 5, 6, 7, 8, 8, 1, 2, 3, 4, 5, 6, 7, 8})
		answered := func(name string) bool {
			for range 5 {
				if _, err := stranger.WriteTo(initial, tree.Node(name).Address()); err != nil {
					t.Fatal(err)
				}
			}
			if err := stranger.SetReadDeadline(time.Now().Add(time.Minute)); err != nil {
				t.Fatal(err)
			}
			_, _, err := stranger.ReadFrom(make([]byte, 2000))
			return err == nil
		}
		if answered("guiyang") {
			t.Error("a node that does not listen answered a stranger")
		}
		if !answered("guizhou") {
			t.Error("a node that listens did not answer; the packets prove nothing")
		}
		tree.WaitLinked()
	})
}

// within is how soon both sides of a link tell that it is down, or up again: at worst the parent's
// own keep-alive, after 15 seconds, is the last packet before the silence of 30, and the packet is
// under way.
const within = 46 * time.Second

// down waits until both sides of the node's link, or those that run, tell that it is down.
func down(tree *Tree, name string) time.Duration {
	n := tree.Node(name)
	return tree.Within(within, "both know that the link of "+name+" is down", func() bool {
		up, down := n.Links()
		return !up.Linked && !down.Linked
	})
}

func up(tree *Tree, name string) time.Duration {
	n := tree.Node(name)
	return tree.Within(within, "the link of "+name+" is up again", func() bool {
		up, down := n.Links()
		return up.Linked && down.Linked
	})
}

const pair = `
	guizhou
	  guiyang
	    nanming
`

// TestPartition cuts a parent off for ten minutes: both sides tell it, and find each other again.
func TestPartition(t *testing.T) {
	Run(t, pair, func(t *testing.T, tree *Tree) {
		tree.Partition("guiyang", "nanming")
		gone := down(tree, "nanming")
		time.Sleep(10 * time.Minute)
		if up, _ := tree.Node("nanming").Links(); up.Why != "no-answer" || up.LastHeard == "" || up.State != client.ChildJoined {
			t.Errorf("the child tells %+v", up)
		}
		tree.WaitLinked("guiyang") // nobody else minds
		tree.Heal("guiyang", "nanming")
		t.Logf("down after %s, up %s after healing", gone, up(tree, "nanming"))
	})
}

// TestKilled kills a parent and a child, for a moment and for ten minutes.
func TestKilled(t *testing.T) {
	Run(t, pair, func(t *testing.T, tree *Tree) {
		for _, name := range []string{"guiyang", "nanming"} {
			for _, away := range []time.Duration{0, 10 * time.Minute} {
				tree.Node(name).Kill()
				if away > 0 {
					down(tree, "nanming")
				}
				time.Sleep(away)
				tree.Node(name).Start()
				time.Sleep(time.Second)
				t.Logf("%s was away for %s: up after %s", name, away, up(tree, "nanming"))
				if got := len(tree.Node("nanming").Entries("joined")); got != 1 {
					t.Errorf("%d entries \"joined\" at the child", got)
				}
			}
		}
	})
}

// TestStopped stops and starts a node in order: the neighbours are told, and nobody waits for a
// silence.
func TestStopped(t *testing.T) {
	Run(t, pair, func(t *testing.T, tree *Tree) {
		tree.Node("guiyang").Stop()
		time.Sleep(time.Second)
		if up, _ := tree.Node("nanming").Links(); up.Linked {
			t.Error("a second after its parent was stopped the child takes the link to be up")
		}
		if _, err := tree.Node("guiyang").Client("").Status(t.Context()); err == nil {
			t.Error("a stopped node answers")
		}
		tree.Node("guiyang").Start()
		up(tree, "nanming")
		up(tree, "guiyang")
	})
}

// TestClockJumps sets the clock of a running node: both sides tell by how much they are apart, and
// the link stays.
func TestClockJumps(t *testing.T) {
	Run(t, pair, func(t *testing.T, tree *Tree) {
		for _, off := range []time.Duration{6 * time.Minute, -6 * time.Minute, 0} {
			tree.Node("nanming").SetOffset(off)
			tree.Within(30*time.Second, "the offset is told", func() bool {
				up, down := tree.Node("nanming").Links()
				return near(up, -off) && near(down, off)
			})
			time.Sleep(time.Minute)
			if up, down := tree.Node("nanming").Links(); !up.Linked || !down.Linked || !near(up, -off) || !near(down, off) {
				t.Errorf("%s apart: got %+v and %+v", off, up, down)
			}
		}
	})
}

// near reports whether the neighbour is told to be ahead by off, to within a second.
func near(n client.Neighbour, off time.Duration) bool {
	return (time.Duration(n.OffsetMS)*time.Millisecond - off).Abs() < time.Second
}

// TestStatusTellsOfLinks (U-C9): status says who is linked since when, who is not and was heard
// when, and what ends when.
func TestStatusTellsOfLinks(t *testing.T) {
	Run(t, pair, func(t *testing.T, tree *Tree) {
		county, city := tree.Node("nanming"), tree.Node("guiyang")
		status := func(n *Node) client.JurisdictionStatus {
			s, err := n.Client("").Status(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if s.PID == 0 || s.Disk.Free == 0 || s.Disk.Used == 0 || s.Since == "" || s.Data == "" {
				t.Errorf("of the process: got %+v", s)
			}
			return s.Jurisdictions[0]
		}
		up := status(county)
		if p := up.Parent; p == nil || !p.Linked || p.LinkedSince == "" || len(up.ParentAddresses) == 0 {
			t.Errorf("the county: got %+v", p)
		}
		var ends []string
		for _, e := range up.Ends {
			ends = append(ends, e.What)
			if e.At <= e.Renews || e.Renews == "" {
				t.Errorf("%s ends at %s and is renewed at %s", e.What, e.At, e.Renews)
			}
		}
		if want := []string{client.EndsSigning, client.EndsEndorsement, client.EndsStanding}; !slices.Equal(ends, want) {
			t.Errorf("what ends: got %q, want %q", ends, want)
		}
		since := up.Parent.LinkedSince
		time.Sleep(2 * time.Hour) // links are replaced meanwhile
		if here, there := status(county).Parent.LinkedSince, status(city).Children[0].LinkedSince; here != since || there != since {
			t.Errorf("the link is up since %s; after two hours since %s here, and %s there", since, here, there)
		}
		county.Kill()
		tree.Within(2*time.Minute, "the city misses it", func() bool {
			time.Sleep(time.Second)
			down := status(city).Children[0]
			return !down.Linked && down.LinkedSince == "" && down.LastHeard != ""
		})
	})
}
