package nodetest

import (
	"net"
	"path/filepath"
	"time"

	"xietong/node"
	"xietong/node/faces/client"
)

// Node is one place of a tree. A hosted place is stopped, started and set in time with the machine
// that hosts it.
type Node struct {
	tree    *Tree
	place   *place
	parent  *Node // nil: the root
	machine *machine
	clients map[string]*client.Client // by agency
}

// Name returns the whole name of the jurisdiction.
func (n *Node) Name() string { return n.place.name.String() }

// Client returns a client of the node that speaks for the agency, in English.
func (n *Node) Client(agency string) *client.Client {
	c, ok := n.clients[agency]
	if !ok {
		c = client.Dial("", client.Options{
			In: n.Name(), As: agency, Language: "en", Transport: client.Transport(n.machine.dial),
		})
		n.clients[agency] = c
	}
	return c
}

// init makes the root.
func (n *Node) init() {
	n.tree.T.Helper()
	c := n.place.called()
	_, err := node.Init(n.machine.dir, node.InitOptions{
		Name: n.Name(), Code: c.Code, DisplayName: c.DisplayName, ShortName: c.ShortName, Level: c.Level, Listen: n.listen(),
	})
	if err != nil {
		n.tree.T.Fatalf("init %s: %v", n.Name(), err)
	}
}

// listen returns the address for the configuration; "" where the place does not listen.
func (n *Node) listen() string {
	if !n.place.listen {
		return ""
	}
	return n.machine.address().String()
}

// Invite has the parent invite the place.
func (n *Node) Invite() client.Invitation {
	n.tree.T.Helper()
	c := n.place.called()
	v := client.NewInvitation{Name: c.DisplayName}
	if c.Code == "" {
		v.Label = n.place.name.Label().String()
	}
	invitation, err := n.parent.Client("").Invite(n.tree.T.Context(), v)
	if err != nil {
		n.tree.T.Fatalf("invite %s: %v", n.Name(), err)
	}
	return invitation
}

// Join joins with the token of an invitation. The node must not run, and does not afterwards.
func (n *Node) Join(token string) (node.JoinResult, error) {
	return n.JoinWith(token, nil, nil)
}

// JoinWith is Join with papers: show is shown the new recovery key, and before is that of keys that
// were lost. Each may be nil.
func (n *Node) JoinWith(token string, show func(string, *node.Paper) error, before *node.Paper) (node.JoinResult, error) {
	return node.Join(n.tree.T.Context(), n.machine.dir, token, node.JoinOptions{
		Options: n.machine.options(), Listen: n.listen(), Paper: show, Recovery: before,
	})
}

// Lose takes the machine's data directory away, as a fire does. The node must not run.
func (n *Node) Lose() { n.machine.dir = filepath.Join(n.tree.T.TempDir(), "data") }

// Start starts the node.
func (n *Node) Start() {
	n.tree.T.Helper()
	if err := n.machine.start(n.tree.T.Context()); err != nil {
		n.tree.T.Fatalf("start %s: %v", n.Name(), err)
	}
}

// Stop stops the node after it has answered its requests and told its neighbours. It does nothing
// where the node does not run.
func (n *Node) Stop() { n.stop(true) }

// Kill ends the node as kill -9 does: its socket goes dead first, and no neighbour is told. Every
// acknowledged entry is on disk.
func (n *Node) Kill() { n.stop(false) }

func (n *Node) stop(grace bool) {
	n.tree.T.Helper()
	if err := n.machine.stop(grace); err != nil {
		n.tree.T.Errorf("stop %s: %v", n.Name(), err)
	}
}

// Restart stops the node and starts it again.
func (n *Node) Restart() {
	n.tree.T.Helper()
	n.Stop()
	n.Start()
}

// DieAfter lets the node's socket go dead once it has sent so many packets more. Where the node
// does not run, this applies to the next socket that it opens.
func (n *Node) DieAfter(packets int) {
	m := n.machine
	m.mu.Lock()
	running, w := m.node, m.wire
	m.mu.Unlock()
	m.tree.net.mu.Lock()
	defer m.tree.net.mu.Unlock()
	if running == nil {
		m.dieAfter = packets
		return
	}
	w.left, w.dead = packets, packets == 0
}

// SetOffset sets how far the node's clock is ahead.
func (n *Node) SetOffset(d time.Duration) { n.machine.offset.Store(int64(d)) }

// Unserved takes the time service from the node's machine: nobody but a neighbour vouches for its
// clock.
func (n *Node) Unserved() { n.machine.alone.Store(true) }

// Sleep suspends the node's machine, as far as its clock tells.
func (n *Node) Sleep(d time.Duration) { n.machine.slept.Add(int64(d)) }

// Now returns the time by the node's clock.
func (n *Node) Now() time.Time { return n.machine.now() }

// Resolves has everybody find these addresses where they look for one, from now on.
func (t *Tree) Resolves(address string, found ...string) {
	t.net.mu.Lock()
	defer t.net.mu.Unlock()
	t.net.names[address] = found
}

// Address returns where the node's socket is.
func (n *Node) Address() net.Addr {
	n.machine.mu.Lock()
	defer n.machine.mu.Unlock()
	return n.machine.wire.LocalAddr()
}

// Links returns the link to the parent: up as the node tells it, down as the parent does. Each is
// zero where that side does not run, or does not know the other. A root has no such link: Links
// must not be called for it.
func (n *Node) Links() (up, down client.Neighbour) {
	if tree, err := n.Client("").Tree(n.tree.T.Context()); err == nil && tree.Parent != nil {
		up = *tree.Parent
	}
	if tree, err := n.parent.Client("").Tree(n.tree.T.Context()); err == nil {
		for _, c := range tree.Children {
			if c.Name == n.Name() {
				down = c
			}
		}
	}
	return up, down
}

// Entries returns the entries of a kind in the node's ledger, by the name of the kind.
func (n *Node) Entries(kind string) (found []client.Entry) {
	n.tree.T.Helper()
	ctx := n.tree.T.Context()
	status, err := n.Client("").Status(ctx)
	if err != nil {
		n.tree.T.Fatalf("status of %s: %v", n.Name(), err)
	}
	for _, j := range status.Jurisdictions {
		for i := range j.TreeSize {
			if j.Name != n.Name() {
				break
			}
			e, err := n.Client("").Entry(ctx, i)
			if err != nil {
				n.tree.T.Fatalf("entry %d of %s: %v", i, n.Name(), err)
			}
			if kind == "" || e.KindName == kind {
				found = append(found, e)
			}
		}
	}
	return found
}
