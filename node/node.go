// Package node is where everything meets: it makes a data directory, opens what stands in it, serves it, and closes it.
//
// A data directory holds
//
//	config.yaml  what the node hosts, and where it listens; written by init with a comment to each key
//	FORMAT       the version of the directory's layout; a directory of another one is refused
//	lock         held by the one process that has the directory open
//	node.sock    the Unix socket of the API, while the node runs
//	j/NAME/      one folder for each hosted jurisdiction (see host)
//
// An open node has one UDP socket, over which its jurisdictions keep the link to their parents and, where it listens, take
// those of their children and whoever knocks at the door.
//
// No business is done here. VerifyReceipt and VerifyData work offline, without a running node.
package node

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"

	"xietong/certs/identity"
	"xietong/exchange/link"
	"xietong/node/api"
	"xietong/node/config"
)

// Options of a node.
type Options struct {
	Logger  *slog.Logger
	Version string
	Now     func() time.Time // nil: time.Now
	// Packets opens the node's one UDP socket at the configured address, or anywhere where it is "". nil: a real one.
	Packets func(listen string) (net.PacketConn, error)
	// Resolve finds HOST:PORT. nil: the system does.
	Resolve func(ctx context.Context, address string) (net.Addr, error)
	// Share is how many jurisdictions share this machine, whether this node hosts them or others do; 0: as many as it hosts.
	Share int
	// Steps, if not nil, is told how long each step of a call between jurisdictions took: the steps of relay, and Step….
	Steps func(step string, took time.Duration)
	// Frames, if not nil, is told the bytes of each message that was sent over a link, and of what came back.
	Frames func(request, answer int)
}

func (o Options) withDefaults() Options {
	if o.Now == nil {
		o.Now = time.Now
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
	ctx     context.Context // ends with a replicaError as its cause where a replica must not go on
	end     context.CancelCauseFunc
	packets net.PacketConn
	socket  *link.Socket
	workers sync.WaitGroup

	adopting sync.Mutex // held while a jurisdiction is added

	mu       sync.RWMutex
	settings config.Config
	hosted   []*hosted // in the order of the configuration
}

// Open opens the data directory: (1) the lock, (2) format and configuration, (3) each jurisdiction, (4) the socket, (5) the
// links. Close closes them in the opposite order.
func Open(ctx context.Context, dir string, o Options) (n *Node, err error) {
	n = &Node{o: o.withDefaults(), dir: dir}
	n.ctx, n.end = context.WithCancelCause(context.WithoutCancel(ctx))
	defer func() {
		if err != nil { // a replica that must stop says why better than whoever waited for it
			err = errors.Join(n.Err(), err, n.Close())
		}
	}()
	if n.unlock, err = lock(dir); err != nil {
		return n, dirError(dir, err)
	}
	if err = checkFormat(dir); err != nil {
		return n, err
	}
	if n.settings, err = readConfig(dir); err != nil {
		return n, err
	}
	for _, c := range n.settings.Jurisdictions {
		h, err := n.open(ctx, c)
		if err != nil {
			return n, dirError(dir, err)
		}
		n.hosted = append(n.hosted, h)
	}
	if err = n.openSocket(); err != nil {
		return n, err
	}
	for _, h := range n.hosted {
		n.start(h)
	}
	return n, nil
}

// Close stops what Open started. It may be called on what was only partly opened.
func (n *Node) Close() error {
	n.end(nil)
	var err error
	if n.socket != nil {
		err = n.socket.Close()
	}
	n.workers.Wait()
	if n.packets != nil {
		err = errors.Join(err, n.packets.Close())
	}
	for _, h := range slices.Backward(n.hosted) {
		err = errors.Join(err, h.host.Close())
	}
	if n.unlock != nil {
		err = errors.Join(err, n.unlock())
	}
	return err
}

// Handler returns the handler of the node's API.
func (n *Node) Handler() http.Handler { return n.timedAPI(api.New(n.o.Version, n.o.Logger, n)) }

// Failed is closed when a replica must not go on; Err then says why.
func (n *Node) Failed() <-chan struct{} { return n.ctx.Done() }

// Err returns why the node must stop, told to a person, or nil.
func (n *Node) Err() error {
	if failed, ok := errors.AsType[*replicaError](context.Cause(n.ctx)); ok {
		return failed.told()
	}
	return nil
}

// of returns a hosted jurisdiction.
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
