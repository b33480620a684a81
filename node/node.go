// Package node puts a node together: it opens a data directory, serves the jurisdictions in it, and
// closes it.
//
// Open goes floor by floor: (1) the directory is locked for this process (see datadir), (2) the one
// UDP socket is opened, which only dials so far, (3) each hosted jurisdiction opens its ledger (see
// host), and reaches its other replicas over that socket, (4) the rooms of each jurisdiction are
// made and put together, (5) the socket takes connections, if the configuration names an address,
// and (6) the background work begins: the links to the parents, and the upkeep of each
// jurisdiction, which runs at the replica that leads. Where a jurisdiction has other replicas, the
// socket takes theirs before (4), because without them nobody may lead; everybody else is told to
// come again. Close goes back the same way.
//
// No business is done here. A room hands in its commands, its operations and its background work,
// and is given the other rooms that it needs. VerifyReceipt and VerifyData work offline, without a
// running node.
package node

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"time"

	"xietong/certs/identity"
	"xietong/consensus/group"
	"xietong/exchange/budget"
	"xietong/exchange/link"
	"xietong/node/business/records"
	"xietong/node/faces/api"
	"xietong/node/ground/config"
	"xietong/node/ground/datadir"
	"xietong/node/ground/host"
	"xietong/node/ground/loglimit"
)

// Options are the options of a node.
type Options struct {
	Logger  *slog.Logger
	Version string
	Now     func() time.Time // nil: time.Now
	// Elapsed and Synced are those of host.Options. They are the system's where Now is nil.
	Elapsed func() time.Duration
	Synced  func() time.Time
	// Packets opens the node's one UDP socket at the configured address or, if that is "", at any
	// free one. nil: a socket of the system.
	Packets func(listen string) (net.PacketConn, error)
	// Resolve finds the addresses of HOST:PORT, in the order in which to try them. nil: the
	// system's resolver finds them.
	Resolve func(ctx context.Context, address string) ([]net.Addr, error)
	// Hosted is how many jurisdictions share this machine, in this node and in others. It counts as
	// at least the number that this node hosts.
	Hosted int
	// Signed is where the largest sizes that were signed are noted if the configuration names no
	// folder; "": nowhere.
	Signed string
	// FileBlocks is that of host.Options; fewer than usual are for tests.
	FileBlocks int
	// Steps, if not nil, receives how long each step of a call between jurisdictions took: the
	// steps of relay, and those named by the constants Step….
	Steps func(step string, took time.Duration)
	// Frames, if not nil, receives two lengths in bytes for each message that was sent over a link:
	// that of the message, and that of all frames that came back.
	Frames func(request, answer int)
}

func (o Options) withDefaults() Options {
	if o.Now == nil {
		o.Now, o.Elapsed, o.Synced = time.Now, host.Elapsed(), host.Synced
	}
	if o.Packets == nil {
		o.Packets = listenUDP
	}
	if o.Resolve == nil {
		o.Resolve = resolveUDP
	}
	return o
}

// Node is an open data directory.
type Node struct {
	o       Options
	dir     string
	unlock  func() error
	ctx     context.Context // its cause is a replicaError once a replica must not go on
	end     context.CancelCauseFunc
	stop    context.CancelFunc // of Serve; nil: the node is not served by it
	limited *slog.Logger       // for lines that others cause
	opened  time.Time
	packets net.PacketConn
	socket  *link.Socket
	workers sync.WaitGroup
	growth  *host.Growth
	slots   *budget.Slots // as many as there are processors
	files   *records.Files

	aside bool // see rehearse

	adding host.Lock // held while a jurisdiction is added, or one's hosting ends

	mu       sync.RWMutex
	settings config.Config
	zone     *time.Location                  // of the settings
	hosted   []*hosted                       // in the order of the configuration
	broken   map[identity.Jurisdiction]error // those of the settings that cannot go on, and why
	closing  bool                            // Close has begun
	ended    []*hosted                       // hosted no more; open until the node closes, because what was asked of them goes on
}

// Open opens the data directory; see the package comment. After an error everything is closed
// again.
func Open(ctx context.Context, dir string, o Options) (n *Node, err error) {
	n = newNode(ctx, dir, o)
	defer func() {
		if err != nil { // a replica that must stop says why better than the step that waited for it
			err = errors.Join(n.Err(), err, n.Close())
		}
	}()
	if n.unlock, err = datadir.Lock(dir); err != nil {
		return n, err
	}
	if err = datadir.CheckFormat(dir); err != nil {
		return n, err
	}
	if err = n.tighten(); err != nil {
		return n, err
	}
	if n.settings, err = datadir.ReadConfig(dir); err != nil {
		return n, err
	}
	if err := datadir.CheckAnyName(dir, filepath.Join(dir, config.FileName), n.settings); err != nil {
		return n, err
	}
	return n, n.openAll(ctx)
}

func newNode(ctx context.Context, dir string, o Options) *Node {
	n := &Node{
		o: o.withDefaults(), dir: dir, growth: host.NewGrowth(func() (uint64, error) { return datadir.FreeSpace(dir) }),
		slots: budget.NewSlots(runtime.GOMAXPROCS(0)), files: records.NewFiles(), broken: map[identity.Jurisdiction]error{},
	}
	n.files.Space = &records.Space{Data: dir, Temporary: os.TempDir(), Reserve: group.DefaultMinFree, Disk: datadir.Disk}
	n.ctx, n.end = context.WithCancelCause(context.WithoutCancel(ctx))
	return n
}

// openAll opens the socket and all jurisdictions by the settings, and starts the background work. A
// node that is opened aside has none; see rehearse.
func (n *Node) openAll(ctx context.Context) error {
	n.limited, n.opened, n.zone = loglimit.New(n.o.Logger), n.o.Now(), n.settings.Zone()
	if err := n.openSocket(); err != nil {
		return err
	}
	n.adding.Lock() // what breaks meanwhile is left out when all is open
	defer n.adding.Unlock()
	if err := n.openHosted(ctx); err != nil || n.aside {
		return err
	}
	for _, h := range n.hosted {
		n.start(h)
	}
	return nil
}

// openHosted opens the jurisdictions, and takes connections. Where one has other replicas, the
// socket takes them before the rooms are made: without them nobody may lead. One that cannot be
// opened hinders no other; the error is that of the last one where none can.
func (n *Node) openHosted(ctx context.Context) error {
	early := false
	for _, c := range n.settings.Jurisdictions {
		h, err := n.open(ctx, c)
		if err != nil {
			if n.broke(c.Name, err); n.ctx.Err() != nil {
				return datadir.Error(n.dir, err)
			}
			continue
		}
		n.mu.Lock()
		n.hosted = append(n.hosted, h)
		n.mu.Unlock()
		early = early || !h.host.Alone()
	}
	if early {
		if err := n.listen(); err != nil {
			return err
		}
	}
	for _, h := range slices.Clone(n.hosted) {
		if err := n.furnish(ctx, h); err != nil {
			n.setAside(h)
			if n.broke(h.settings.Name, err); n.ctx.Err() != nil {
				return datadir.Error(n.dir, err)
			}
			continue
		}
		h.opened()
	}
	if early {
		return nil
	}
	return n.listen()
}

// tighten takes away what others may do with the data directory, and tells it.
func (n *Node) tighten() error {
	changed, err := datadir.Tighten(n.dir)
	if len(changed) > 0 {
		n.o.Logger.Warn("others could read or change the data directory; that was taken away", "first", changed[0], "files", len(changed))
	}
	return datadir.Error(n.dir, err)
}

// Close stops everything that Open started. It may be called on a node that is only partly open.
func (n *Node) Close() error {
	n.mu.Lock()
	n.closing = true
	n.mu.Unlock()
	n.end(nil)
	var err error
	if n.socket != nil {
		err = n.socket.Close()
	}
	n.workers.Wait()
	if n.packets != nil {
		err = errors.Join(err, n.packets.Close())
	}
	for _, h := range slices.Backward(slices.Concat(n.hosted, n.ended)) {
		if failed := h.host.Close(); !n.setAsideBroken(h) { // of one that broke, why was told
			err = errors.Join(err, failed)
		}
	}
	if n.unlock != nil {
		err = errors.Join(err, n.unlock())
	}
	return err
}

// Handler returns the handler of the node's API.
func (n *Node) Handler() http.Handler { return n.timedAPI(api.New(n.o.Version, n.o.Logger, n)) }

// Failed returns a channel that is closed when a replica must not go on, and Err then says why. The
// channel is closed by Close, too.
func (n *Node) Failed() <-chan struct{} { return n.ctx.Done() }

// Err returns why the node must stop, worded for a person; nil if it need not stop.
func (n *Node) Err() error {
	if failed, ok := errors.AsType[*replicaError](context.Cause(n.ctx)); ok {
		return failed.told()
	}
	return nil
}

// Now returns the time by the node's clock.
func (n *Node) Now() time.Time { return n.o.Now() }

// Zone returns the zone in which the node tells times to people.
func (n *Node) Zone() *time.Location { return n.zone }

// Hosted returns the jurisdictions that the node hosts.
func (n *Node) Hosted() []api.Hosted {
	n.mu.RLock()
	defer n.mu.RUnlock()
	faces := make([]api.Hosted, len(n.hosted))
	for i, h := range n.hosted {
		faces[i] = h.face
	}
	return faces
}

// of returns the hosted jurisdiction of the name.
func (n *Node) of(name identity.Jurisdiction) (*hosted, bool) {
	n.mu.RLock()
	defer n.mu.RUnlock()
	for _, h := range n.hosted {
		if h.settings.Name == name {
			return h, true
		}
	}
	return nil, false
}
