package nodetest

import (
	"errors"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"net"
	"sync"
	"time"

	"github.com/quic-go/quic-go/testutils/simnet"
)

// delay is how long a packet is under way between two machines without a latency of their own.
const delay = 5 * time.Millisecond

// network carries packets between sockets. It loses packets as the test says, and delays the
// others; it reorders none that take the same way, and changes none.
type network struct {
	seed   uint64
	router simnet.PerfectRouter

	mu      sync.Mutex
	sockets map[string]*wire // by address
	flows   map[[2]*machine]*rand.Rand
	cut     map[[2]*machine]bool
	names   map[string][]string // addresses that stand for others
}

func newNetwork(seed uint64) *network {
	return &network{
		seed: seed, sockets: map[string]*wire{}, flows: map[[2]*machine]*rand.Rand{}, cut: map[[2]*machine]bool{}, names: map[string][]string{},
	}
}

// wire is one socket of a machine. It can go dead, as that of a killed process does: it sends and
// receives nothing any more.
type wire struct {
	*simnet.SimConn
	net   *network
	of    *machine
	cable *simnet.SimulatedLink
	once  sync.Once

	// Under the network's mutex:
	dead bool
	left int // packets that it may send before it goes dead; negative: any number
}

// open connects a machine to the network.
func (n *network) open(of *machine, addr *net.UDPAddr) (*wire, error) {
	w := &wire{net: n, of: of, left: -1}
	n.mu.Lock()
	defer n.mu.Unlock()
	if _, taken := n.sockets[addr.String()]; taken {
		return nil, fmt.Errorf("listen at %s: in use", addr)
	}
	n.sockets[addr.String()] = w
	w.cable = &simnet.SimulatedLink{UploadPacket: n, LatencyFunc: n.latency}
	w.SimConn = simnet.NewBlockingSimConn(addr, w.cable)
	w.cable.Start()
	n.router.AddNode(addr, w.cable)
	return w, nil
}

// Close takes the socket off the network. Packets that were sent before are on their way, as with a
// real socket: the cable takes packets by a goroutine of its own, which gets its turn when time
// passes.
func (w *wire) Close() (err error) {
	w.once.Do(func() {
		time.Sleep(time.Millisecond)
		w.net.mu.Lock()
		delete(w.net.sockets, w.LocalAddr().String())
		w.net.mu.Unlock()
		w.net.router.RemoveNode(w.LocalAddr())
		err = errors.Join(w.SimConn.Close(), w.cable.Close())
	})
	return err
}

// die lets the socket go dead.
func (w *wire) die() {
	w.net.mu.Lock()
	defer w.net.mu.Unlock()
	w.dead = true
}

// AddNode implements simnet.Router; sockets are added by open.
func (n *network) AddNode(net.Addr, simnet.PacketReceiver) {}

// SendPacket implements simnet.Router.
func (n *network) SendPacket(p simnet.Packet) error {
	if !n.carries(p.From.String(), p.To.String(), len(p.Data)) {
		return nil
	}
	return n.router.SendPacket(p)
}

// carries reports whether a packet arrives, and counts it against the packets that its sender may
// still send.
func (n *network) carries(from, to string, size int) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	a, b := n.sockets[from], n.sockets[to]
	if a == nil || b == nil || a.dead {
		return false
	}
	if a.left > 0 {
		a.left--
	}
	if a.left == 0 {
		a.dead = true // after this one
		a.left = -1
	}
	if a.of.widest > 0 && size > a.of.widest || b.of.widest > 0 && size > b.of.widest {
		return false
	}
	if b.dead || n.cut[[2]*machine{a.of, b.of}] {
		return false
	}
	kept := (1 - a.of.loss) * (1 - b.of.loss)
	return kept == 1 || n.flow(a.of, b.of).Float64() < kept
}

// flow returns the randomness of the packets from one machine to another: the n-th of them has the
// same luck under the same seed, whatever else is under way. The caller holds n.mu.
func (n *network) flow(from, to *machine) *rand.Rand {
	r, ok := n.flows[[2]*machine{from, to}]
	if !ok {
		h := fnv.New64a()
		fmt.Fprintf(h, "%s %s", from.name, to.name)
		r = rand.New(rand.NewPCG(n.seed, h.Sum64()))
		n.flows[[2]*machine{from, to}] = r
	}
	return r
}

// latency returns how long a packet is under way.
func (n *network) latency(p simnet.Packet) time.Duration {
	n.mu.Lock()
	defer n.mu.Unlock()
	d := delay
	for _, addr := range []net.Addr{p.From, p.To} {
		if w, ok := n.sockets[addr.String()]; ok {
			d += w.of.latency
		}
	}
	return d
}

// set cuts the way between two machines, or heals it.
func (n *network) set(a, b *machine, cut bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.cut[[2]*machine{a, b}], n.cut[[2]*machine{b, a}] = cut, cut
}
