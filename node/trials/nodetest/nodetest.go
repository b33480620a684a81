// Package nodetest runs a whole tree of nodes in one testing/synctest bubble, so that joining,
// links, calls, partitions, loss, delay, restarts and clocks that are apart are ordinary unit
// tests. A tree is declared, a line a place, indented under its parent:
//
//	guizhou
//	  guiyang
//	    nanming
//	    yunyan hosted                  # by the node of guiyang
//	  bijie offset=3m latency=40ms     # its clock is 3 minutes ahead; a packet takes 40 ms longer
//	  zunyi absent listen loss=0.2     # a machine that has not joined yet, and will listen
//
// The nodes are the real ones: Init, the invitation through the API, Join, Open. Their state is on
// disk, in raft and bbolt, and their API is spoken in HTTP over pipes. Only the network and the
// time are simulated. The root listens, as does every place that has others below it, or whose line
// says listen; the other places do not.
//
// Within a bubble time passes only when every goroutine waits, so a virtual minute costs only the
// work that is done in it. Trees live one after another, each later than the one before it: the ids
// of messages never go back within a process. A seed decides which packets are lost; it is printed
// when a test fails and taken from XIETONG_SEED. Keys, and the pauses between attempts to link, are
// random all the same.
//
// When a test ends, every node is stopped, and every goroutine of the bubble must have ended. The
// package is for tests only.
package nodetest

import (
	"log/slog"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"xietong/node/faces/client"
)

// seedEnv is the environment variable that repeats a test with the seed that it failed with.
const seedEnv = "XIETONG_SEED"

// linkWithin is how long a link may take to come up, whatever fault came before.
const linkWithin = 45 * time.Second

// world lets one tree live at a time, each later than the one before.
var world struct {
	sync.Mutex           // held while a tree lives
	now        time.Time // when the last one ended
}

// Tree is a running tree of nodes. Its methods, and those of its nodes, are for the goroutine of
// the test.
type Tree struct {
	T     *testing.T
	net   *network
	nodes []*Node
	more  []*Node // further replicas of some of them
	log   *slog.Logger
	began time.Time
}

// Run makes the declared tree within a bubble, waits until all its links are up, gives it to f with
// the bubble's T, and closes it.
func Run(t *testing.T, declared string, f func(*testing.T, *Tree)) {
	t.Helper()
	places, err := parse(declared)
	if err != nil {
		t.Fatal(err)
	}
	seed, err := strconv.ParseUint(os.Getenv(seedEnv), 10, 64)
	if err != nil {
		seed = rand.Uint64()
	}
	world.Lock()
	defer world.Unlock()
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(begin()))
		tree := &Tree{T: t, began: time.Now(), net: newNetwork(seed), log: slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}))}
		defer func() {
			tree.close()
			world.now = time.Now()
			if t.Failed() {
				t.Logf("the same packets are lost with %s=%d", seedEnv, seed)
			}
		}()
		for i := range places {
			tree.add(&places[i], i)
		}
		tree.WaitLinked()
		f(t, tree)
	})
}

// begin returns when the next tree begins.
func begin() time.Time {
	if world.now.IsZero() {
		return time.Date(2026, 1, 5, 1, 0, 0, 0, time.UTC) // a Monday morning in China
	}
	return world.now.Add(time.Hour)
}

// add makes a place, and lets it join.
func (tree *Tree) add(p *place, number int) {
	tree.T.Helper()
	n := &Node{tree: tree, place: p, clients: map[string]*client.Client{}}
	if p.above >= 0 {
		n.parent = tree.nodes[p.above]
	}
	tree.nodes = append(tree.nodes, n)
	if p.hosted {
		n.machine = n.parent.machine
		c := p.called()
		v := client.NewHosted{Name: c.DisplayName}
		if c.Code == "" {
			v.Label = p.name.Label().String()
		}
		if _, err := n.parent.Client("").AddHosted(tree.T.Context(), v); err != nil {
			tree.T.Fatalf("host %s: %v", p.name, err)
		}
		return
	}
	n.machine = &machine{
		name: p.name.String(), tree: tree, dir: filepath.Join(tree.T.TempDir(), "data"), ip: net.IP{198, 18, byte(number >> 8), byte(number + 1)},
		latency: p.latency, loss: p.loss, dieAfter: -1,
	}
	n.machine.offset.Store(int64(p.offset))
	switch {
	case p.absent:
		return
	case n.parent == nil:
		n.init()
	default:
		if _, err := n.Join(n.Invite().Token); err != nil {
			tree.T.Fatalf("join %s: %v", p.name, err)
		}
	}
	n.Start()
}

// close stops all nodes, children first.
func (tree *Tree) close() {
	for _, n := range tree.more {
		n.close()
	}
	for i := len(tree.nodes) - 1; i >= 0; i-- {
		tree.nodes[i].close()
	}
}

func (n *Node) close() {
	for _, c := range n.clients {
		c.Close()
	}
	n.Stop()
}

// Node returns the node of a place, by its label if no other place has it, or by its whole name.
func (tree *Tree) Node(name string) *Node {
	tree.T.Helper()
	var found []*Node
	for _, n := range tree.nodes {
		if n.place.name.String() == name || n.place.name.Label().String() == name {
			found = append(found, n)
		}
	}
	if len(found) != 1 {
		tree.T.Fatalf("%d places are called %s", len(found), name)
	}
	return found[0]
}

// Partition loses every packet between two nodes.
func (tree *Tree) Partition(a, b string) { tree.cut(a, b, true) }

// Heal ends a partition.
func (tree *Tree) Heal(a, b string) { tree.cut(a, b, false) }

func (tree *Tree) cut(a, b string, cut bool) {
	tree.T.Helper()
	m, n := tree.Node(a).machine, tree.Node(b).machine
	if m == n {
		tree.T.Fatalf("%s and %s are on one machine", a, b)
	}
	tree.net.set(m, n, cut)
}

// Loss loses a fraction of the packets that the node sends, and of those that are sent to it.
func (tree *Tree) Loss(name string, fraction float64) {
	tree.T.Helper()
	m := tree.Node(name).machine
	tree.net.mu.Lock()
	defer tree.net.mu.Unlock()
	m.loss = fraction
}

// Narrow lets pass only packets of at most so many bytes that the node sends or is sent; 0: all.
func (tree *Tree) Narrow(name string, widest int) {
	tree.T.Helper()
	m := tree.Node(name).machine
	tree.net.mu.Lock()
	defer tree.net.mu.Unlock()
	m.widest = widest
}

// Latency delays every packet that the node sends or is sent, beyond the usual 5 ms.
func (tree *Tree) Latency(name string, d time.Duration) {
	tree.T.Helper()
	m := tree.Node(name).machine
	tree.net.mu.Lock()
	defer tree.net.mu.Unlock()
	m.latency = d
}

// Skip sets the clocks of all nodes forward, as if they had slept: nothing is done in the time
// between.
func (tree *Tree) Skip(d time.Duration) {
	for _, n := range tree.nodes {
		if !n.place.hosted {
			n.machine.slept.Add(int64(d))
		}
	}
}

// Stranger opens a socket on a machine that runs no node.
func (tree *Tree) Stranger() net.PacketConn {
	tree.T.Helper()
	w, err := tree.net.open(&machine{name: "stranger"}, &net.UDPAddr{IP: net.IP{198, 19, 0, 1}, Port: 7400})
	if err != nil {
		tree.T.Fatal(err)
	}
	tree.T.Cleanup(func() { w.Close() })
	return w
}

// Within waits until is returns true, and returns how long that took, a sixteenth more at most. The
// test fails if it takes longer than most; what names the condition then. It looks the less often
// the longer it has waited: a look is a request to a node, and half an hour has many seconds.
func (tree *Tree) Within(most time.Duration, what string, is func() bool) time.Duration {
	tree.T.Helper()
	began := time.Now()
	for !is() {
		if time.Since(began) >= most {
			tree.T.Fatalf("%s: not within %s", what, most)
		}
		time.Sleep(min(max(250*time.Millisecond, time.Since(began)/16), most))
	}
	return time.Since(began)
}

// WaitLinked waits until the named nodes are linked to their parents, as both sides tell; without a
// name, all nodes but those that were declared absent.
func (tree *Tree) WaitLinked(names ...string) {
	tree.T.Helper()
	all := tree.nodes
	if len(names) > 0 {
		all = nil
	}
	for _, name := range names {
		all = append(all, tree.Node(name))
	}
	for _, n := range all {
		if n.parent != nil && (len(names) > 0 || !n.place.absent) {
			tree.Within(linkWithin, "link of "+n.Name(), func() bool { up, down := n.Links(); return up.Linked && down.Linked })
		}
	}
}
