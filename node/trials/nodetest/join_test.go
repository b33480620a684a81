package nodetest

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"xietong/node"
	"xietong/node/faces/client"
	"xietong/node/ground/datadir"
	"xietong/node/ground/text"
)

// TestJoinWithWrongClock: a machine whose clock is apart is refused, told by how much, and joins
// with the same token once its clock is right.
func TestJoinWithWrongClock(t *testing.T) {
	Run(t, "guizhou\n  guiyang\n  bijie absent offset=70m", func(t *testing.T, tree *Tree) {
		n := tree.Node("bijie")
		token := n.Invite().Token
		for _, off := range []time.Duration{70 * time.Minute, -70 * time.Minute} {
			n.SetOffset(off)
			_, err := n.Join(token)
			if f := text.AsFailure(err); f.Code != text.ClockApart || !strings.HasPrefix(f.Args["offset"], "1h10m") {
				t.Errorf("%s apart: got %v %v", off, err, f.Args)
			}
		}
		n.SetOffset(0)
		joins(t, tree, "bijie", token)
	})
}

// joins joins with the token, starts, and checks that there is one endorsement and one entry
// "joined".
func joins(t *testing.T, tree *Tree, name, token string) {
	t.Helper()
	n := tree.Node(name)
	made, err := n.Join(token)
	if err != nil {
		t.Fatalf("join %s: %v", name, err)
	}
	n.Start()
	tree.WaitLinked(name)
	endorsed := 0
	for _, e := range n.parent.Entries("endorsement") {
		if e.Code == n.place.name.Label().String() {
			endorsed++
			if e.Entry != made.Entry {
				t.Errorf("%s was told of %s, endorsed by %s", name, made.Entry, e.Entry)
			}
		}
	}
	if joined := n.Entries("joined"); endorsed != 1 || len(joined) != 1 {
		t.Errorf("%s: %d endorsements and %d entries \"joined\", want one each", name, endorsed, len(joined))
	}
}

// TestJoinOverBadLine joins where a packet in five is lost each way and all are late. A join waits
// five seconds for an answer; one join in a few dozen gets none in that time, and is repeated as
// its text says.
func TestJoinOverBadLine(t *testing.T) {
	Run(t, "guizhou\n  guiyang absent loss=0.2 latency=200ms", func(t *testing.T, tree *Tree) {
		n := tree.Node("guiyang")
		token := n.Invite().Token
		for range 10 {
			_, err := n.Join(token)
			if err == nil {
				break
			}
			if f := text.AsFailure(err); f.Code != text.ParentSilent {
				t.Fatal(err)
			}
		}
		n.Start()
		tree.WaitLinked("guiyang")
		if endorsed, joined := len(n.parent.Entries("endorsement")), len(n.Entries("joined")); endorsed != 1 || joined != 1 {
			t.Errorf("%d endorsements and %d entries \"joined\", want one each", endorsed, joined)
		}
	})
}

// TestJoinByTheLastAddress: a parent's name has two addresses that lead nowhere before the one that
// does. The child joins and links all the same; where none leads there, it is told each.
func TestJoinByTheLastAddress(t *testing.T) {
	Run(t, "guizhou\n  guiyang absent", func(t *testing.T, tree *Tree) {
		n := tree.Node("guiyang")
		token, at := n.Invite().Token, n.parent.Address().String()
		const dead, other = "203.0.113.1:7400", "203.0.113.2:7400"
		tree.Resolves(at, dead, other)
		_, err := n.Join(token)
		if f := text.AsFailure(err); f.Code != text.ParentSilent || !strings.Contains(f.Args["address"], dead) || !strings.Contains(f.Args["address"], other) {
			t.Errorf("nobody there: got %v %v", err, f.Args)
		}
		tree.Resolves(at, dead, other, at)
		joins(t, tree, "guiyang", token)
		n.parent.Restart()
		time.Sleep(time.Minute)
		tree.WaitLinked("guiyang")
	})
}

// most is how many packets a join may get out before it dies, in these tests. A whole one takes
// about ten.
const most = 40

// absent declares children of the root that have not joined, from first to last.
func absent(first, last int) string {
	var s strings.Builder
	s.WriteString("guizhou\n")
	for n := first; n <= last; n++ {
		fmt.Fprintf(&s, "  c%d absent\n", n)
	}
	return s.String()
}

// afterEach runs f for 1 packet, 2 packets and so on, four runs to a tree, until no join of a tree
// was broken.
func afterEach(t *testing.T, f func(t *testing.T, tree *Tree, name string, packets int) (broken bool)) {
	const part = 4
	all := 0
	for first := 1; first <= most; first += part {
		broken := 0
		t.Run(fmt.Sprintf("from %d", first), func(t *testing.T) {
			Run(t, absent(first, first+part-1), func(t *testing.T, tree *Tree) {
				for n := first; n < first+part; n++ {
					if f(t, tree, fmt.Sprintf("c%d", n), n) {
						broken++
					}
				}
			})
		})
		if all += broken; broken == 0 && first > part {
			break
		}
	}
	t.Logf("%d joins were broken", all)
	if all < 5 || all == most {
		t.Error("the packets after which a join breaks are others than these")
	}
}

// TestJoinCutOff lets the child's line die after each number of packets, and repeats the join.
func TestJoinCutOff(t *testing.T) {
	afterEach(t, func(t *testing.T, tree *Tree, name string, packets int) bool {
		n := tree.Node(name)
		token := n.Invite().Token
		n.DieAfter(packets)
		_, err := n.Join(token)
		joins(t, tree, name, token)
		n.Stop()
		return err != nil
	})
}

// TestJoinWhileParentDies kills the parent after each number of packets of its own, and repeats the
// join when it is back.
func TestJoinWhileParentDies(t *testing.T) {
	afterEach(t, func(t *testing.T, tree *Tree, name string, packets int) bool {
		n, parent := tree.Node(name), tree.Node("guizhou")
		token := n.Invite().Token
		parent.DieAfter(packets)
		_, err := n.Join(token)
		parent.Kill()
		parent.Start()
		joins(t, tree, name, token)
		n.Stop()
		return err != nil
	})
}

// TestWithdrawn: the link of a withdrawn child is closed at once. It does not come back by itself
// or by the old invitation, but it does by a new one.
func TestWithdrawn(t *testing.T) {
	Run(t, "guizhou\n  guiyang\n  bijie absent", func(t *testing.T, tree *Tree) {
		n, parent := tree.Node("bijie"), tree.Node("guizhou").Client("")
		token := n.Invite().Token
		joins(t, tree, "bijie", token)
		withdrawn(t, parent, "bijie", "撤并")
		tree.Within(time.Second, "the link is closed", func() bool { up, down := n.Links(); return !up.Linked && !down.Linked })
		for range 20 {
			time.Sleep(time.Minute)
			if up, down := n.Links(); up.Linked || down.Linked || down.State != client.ChildWithdrawn {
				t.Fatalf("withdrawn, and back: got %+v and %+v", up, down)
			}
		}
		if up, _ := n.Links(); up.Why != "not-known" {
			t.Errorf("the child tells %q, want not-known", up.Why)
		}
		n.Stop()
		if _, err := n.Join(token); text.AsFailure(err).Code != text.InvitationUnknown {
			t.Errorf("the old invitation: got %v, want %s", err, text.InvitationUnknown)
		}
		n.Start()
		time.Sleep(time.Minute)
		if up, down := n.Links(); up.Linked || down.Linked {
			t.Errorf("back by the old invitation: got %+v and %+v", up, down)
		}
		n.Stop()
		if _, err := n.Join(n.Invite().Token); err != nil {
			t.Fatal(err)
		}
		n.Start()
		tree.WaitLinked()
		if joined := n.Entries("joined"); len(joined) != 1 {
			t.Errorf("%d entries \"joined\"", len(joined))
		}
	})
}

// TestWithdrawnComesBackWithHosted: a city that hosts a county is withdrawn, and comes back by a
// new invitation into its own directory. It hosts the county as before, and listens where this join
// says.
func TestWithdrawnComesBackWithHosted(t *testing.T) {
	Run(t, "guizhou\n  guiyang\n    nanming hosted\n  bijie absent", func(t *testing.T, tree *Tree) {
		n, parent := tree.Node("guiyang"), tree.Node("guizhou").Client("")
		withdrawn(t, parent, "guiyang", "演练")
		n.Stop()
		others := tree.Node("bijie").Invite().Token
		if _, err := node.Join(t.Context(), n.machine.dir, others, node.JoinOptions{Options: n.machine.options()}); text.AsFailure(err).Code != text.DirOfNode {
			t.Errorf("another's invitation: got %v, want %s", err, text.DirOfNode)
		}
		token := n.Invite().Token
		moved := node.JoinOptions{Options: n.machine.options(), Listen: "0.0.0.0:7400", TimeZone: "Asia/Urumqi"}
		if _, err := node.Join(t.Context(), n.machine.dir, token, moved); err != nil {
			t.Fatal(err)
		}
		c, err := datadir.ReadConfig(n.machine.dir)
		if err != nil || c.Listen != moved.Listen || c.TimeZone != moved.TimeZone || len(c.Jurisdictions) != 2 {
			t.Errorf("configured: got %+v, %v", c, err)
		}
		n.Start()
		tree.WaitLinked()
		if _, err := tree.Node("nanming").Client("").Status(t.Context()); err != nil {
			t.Errorf("the hosted county: %v", err)
		}
	})
}
