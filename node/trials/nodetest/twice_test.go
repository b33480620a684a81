package nodetest

import (
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"xietong/node/faces/client"
	"xietong/node/ground/text"
)

// copied is a machine with a copy of the directory of a node, which does not run.
func (n *Node) copied(ip net.IP) *Node {
	t := n.tree.T
	t.Helper()
	m := &machine{name: n.Name() + " copy", tree: n.tree, dir: filepath.Join(t.TempDir(), "data"), ip: n.machine.ip, dieAfter: -1}
	if err := os.CopyFS(m.dir, os.DirFS(n.machine.dir)); err != nil {
		t.Fatal(err)
	}
	c := &Node{tree: n.tree, place: n.place, parent: n.parent, machine: m, clients: map[string]*client.Client{}}
	n.tree.more = append(n.tree.more, c)
	c.move(ip)
	return c
}

// alarms reports whether the status of a node has an alarm that names an address.
func (n *Node) alarms(code text.Code, address string) bool {
	s, err := n.Client("").Status(n.tree.T.Context())
	return err == nil && slices.ContainsFunc(s.Jurisdictions[0].Alarms, func(a client.Trouble) bool {
		return a.Code == string(code) && strings.Contains(a.Args["addresses"], address)
	})
}

// TestACopyBesideItsOriginal (NW20): a copy of a replica's directory is started elsewhere while the
// original runs. Each says so within half a minute, the copy too, and nobody dials the copy. A
// replica that is merely started anew is no copy.
func TestACopyBesideItsOriginal(t *testing.T) {
	Run(t, "guizhou", func(t *testing.T, tree *Tree) {
		first := tree.Node("guizhou")
		second, third := first.Further(), first.Further()
		third.Stop()
		copied := third.copied(net.IP{198, 19, 66, 66})
		third.Start()
		time.Sleep(30 * time.Second)
		third.Restart()
		time.Sleep(time.Minute)
		for _, n := range []*Node{first, second, third} {
			if n.alarms(text.ReplicaTwice, "") {
				t.Errorf("one that was started anew is taken for two")
			}
		}
		copied.Start()
		for _, n := range []*Node{first, second, third, copied} {
			tree.Within(45*time.Second, "it says that two run", func() bool {
				return n.alarms(text.ReplicaTwice, "198.19.66.66:7400") && n.alarms(text.ReplicaTwice, third.Address().String())
			})
		}
		if r, s := first.replica("r3"); !r.Follows || s.There != 3 || r.Addresses[0] != third.Address().String() {
			t.Errorf("the original: got %+v, %+v", r, s)
		}
		copied.Stop()
		time.Sleep(3 * time.Minute)
		if first.alarms(text.ReplicaTwice, "") {
			t.Error("it is told for ever")
		}
	})
}
