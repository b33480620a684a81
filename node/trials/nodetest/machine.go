package nodetest

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"xietong/node"
	"xietong/node/faces/client"
)

// machine is one process with its data directory, its address and its clock.
type machine struct {
	name   string
	tree   *Tree
	dir    string
	ip     net.IP       // of 4 bytes: to the router the form of 16 bytes is another address
	offset atomic.Int64 // ns that its clock is ahead
	slept  atomic.Int64 // ns that it was suspended
	alone  atomic.Bool  // no time service sets its clock; else one did just now, right or wrong

	// Under the network's mutex:
	latency  time.Duration
	loss     float64
	widest   int // bytes of the longest packet that passes; 0: all pass
	dieAfter int // packets of the next socket that it opens; negative: any number
	opened   int // sockets, so far

	mu   sync.Mutex
	node *node.Node // nil: it does not run
	door *door
	wire *wire
}

func (m *machine) now() time.Time {
	return time.Now().Add(time.Duration(m.offset.Load() + m.slept.Load()))
}

// elapsed is the time that has passed, suspends included, whatever the clock says.
func (m *machine) elapsed() time.Duration {
	return time.Since(m.tree.began) + time.Duration(m.slept.Load())
}

// synced is when a time service set the clock last.
func (m *machine) synced() (never time.Time) {
	if m.alone.Load() {
		return never
	}
	return m.now()
}

func (m *machine) options() node.Options {
	return node.Options{
		Logger: m.tree.log.With("machine", m.name), Version: "test", Now: m.now, Elapsed: m.elapsed, Synced: m.synced,
		Packets: m.packets, Resolve: m.resolve, FileBlocks: 1,
	}
}

// resolve returns the addresses of a name of the network, or of an address.
func (m *machine) resolve(_ context.Context, address string) (all []net.Addr, err error) {
	m.tree.net.mu.Lock()
	named, ok := m.tree.net.names[address]
	m.tree.net.mu.Unlock()
	if !ok {
		named = []string{address}
	}
	for _, one := range named {
		ap, err := netip.ParseAddrPort(one)
		if err != nil {
			return nil, err
		}
		all = append(all, net.UDPAddrFromAddrPort(ap))
	}
	return all, nil
}

// port is where the nodes listen.
const port = 7400

// address is where the machine listens, if it does.
func (m *machine) address() *net.UDPAddr { return &net.UDPAddr{IP: m.ip, Port: port} }

// packets opens a socket: where it is told to listen, or at a port that was never used before.
func (m *machine) packets(listen string) (net.PacketConn, error) {
	n := m.tree.net
	n.mu.Lock()
	m.opened++
	addr := m.address()
	if listen == "" {
		addr.Port = 40000 + m.opened
	}
	left := m.dieAfter
	m.dieAfter = -1
	n.mu.Unlock()
	w, err := n.open(m, addr)
	if err != nil {
		return nil, err
	}
	n.mu.Lock()
	w.left, w.dead = left, left == 0
	n.mu.Unlock()
	m.mu.Lock()
	m.wire = w
	m.mu.Unlock()
	return w, nil
}

// start opens the node and its API.
func (m *machine) start(ctx context.Context) error {
	opened, err := node.Open(ctx, m.dir, m.options())
	if err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.node, m.door = opened, openDoor(opened.Handler())
	return nil
}

// stop closes the node; with grace, the node first answers its requests and tells its neighbours.
func (m *machine) stop(grace bool) error {
	m.mu.Lock()
	running, door, w := m.node, m.door, m.wire
	m.node = nil
	m.mu.Unlock()
	if running == nil {
		return nil
	}
	if !grace {
		w.die()
	}
	failed := running.Err() // before closing ends it for another reason
	door.shut(grace)
	return errors.Join(failed, running.Close())
}

// dial opens a connection to the API.
func (m *machine) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	m.mu.Lock()
	running, door := m.node, m.door
	m.mu.Unlock()
	if running == nil {
		return nil, client.ErrNotRunning
	}
	return door.dial(ctx)
}
