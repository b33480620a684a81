package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"sync"
	"time"

	"xietong/node/faces/client"
	"xietong/node/ground/text"
)

// How long a command waits for a node that is starting.
const (
	startGrace  = time.Second      // for a process that was started just before, to take its directory
	startTold   = time.Second      // before a person is told what is waited for
	startWithin = 10 * time.Second // at most
	startLook   = 20 * time.Millisecond
)

// errStarting is wrapped where a process holds the data directory and does not serve in time.
var errStarting = errors.New("node does not serve yet")

// patience dials a node, and waits for one that is starting: its process holds the data directory,
// and does not listen yet. Where nobody holds it, the wait is startGrace, since a shell runs
// `serve &` and the next command at once.
type patience struct {
	to   func(ctx context.Context, network, address string) (net.Conn, error)
	node bool        // whether the directory is that of a node
	held func() bool // whether a process holds it
	tell func()      // what is waited for
}

// patience returns how this run dials its node.
func (a *app) patience() patience {
	var once sync.Once
	_, err := os.Stat(filepath.Join(a.data, "FORMAT"))
	return patience{
		to: client.Dialer(a.data), node: err == nil, held: func() bool { return a.node.held(a.data) },
		tell: func() {
			once.Do(func() {
				if !a.jsonOnly {
					a.line(a.stderr, a.t(text.CLIStarting, nil))
				}
			})
		},
	}
}

// dial opens a connection to the node. The error wraps client.ErrNotRunning where no process holds
// the directory, and errStarting where one does.
func (p patience) dial(ctx context.Context, network, address string) (net.Conn, error) {
	for began := time.Now(); ; {
		conn, err := p.to(ctx, network, address)
		if !p.node || !errors.Is(err, client.ErrNotRunning) {
			return conn, err
		}
		switch waited, held := time.Since(began), p.held(); {
		case !held && waited >= startGrace:
			return nil, err
		case waited >= startWithin:
			return nil, fmt.Errorf("%w: %w", errStarting, err)
		case held && waited >= startTold:
			p.tell()
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(startLook):
		}
	}
}
