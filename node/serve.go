package node

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"xietong/consensus/group"
	"xietong/node/faces/api"
	"xietong/node/faces/client"
	"xietong/node/ground/datadir"
)

// ServeOptions are the options of Serve.
type ServeOptions struct {
	Logger  *slog.Logger
	Version string
	Hosted  int    // see Options
	Signed  string // see Options
	Ready   func() // called once the socket answers

	Steps  func(step string, took time.Duration) // see Options
	Frames func(request, answer int)             // see Options
}

// Serve opens the data directory and serves its API on the Unix socket until ctx ends; requests
// that are running then have five seconds to finish, and are ended then, which is no error. If a
// replica must not go on, because its state is unknown or is not that of the majority, Serve ends
// at once with an error that says so.
func Serve(ctx context.Context, dir string, o ServeOptions) (err error) {
	n, err := Open(ctx, dir, Options{Logger: o.Logger, Version: o.Version, Hosted: o.Hosted, Signed: o.Signed, Steps: o.Steps, Frames: o.Frames})
	if err != nil {
		return err
	}
	defer func() {
		failed := n.Err() // before closing ends it for another reason
		if err = errors.Join(failed, err, n.Close()); err == nil {
			n.o.Logger.Info("node stopped", "pid", os.Getpid())
		}
	}()
	ctx, n.stop = context.WithCancel(ctx)
	defer n.stop()
	path, release, err := client.SocketPath(dir)
	if err != nil {
		return fmt.Errorf("serve: %w", err)
	}
	defer release()
	return n.serveSocket(ctx, path, o.Ready)
}

// Stop ends Serve, as the end of its context does; false: the node is not served by Serve.
func (n *Node) Stop() bool {
	if n.stop != nil {
		n.stop()
	}
	return n.stop != nil
}

// Machine tells of the process and of the disk of the data directory.
func (n *Node) Machine() (api.Machine, error) {
	m := api.Machine{Since: n.opened, Data: n.dir, Settings: n.configuration(), Reserve: group.DefaultMinFree}
	if whole, err := filepath.Abs(n.dir); err == nil {
		m.Data = whole
	}
	var err, failed error
	m.Used, err = datadir.Used(n.dir)
	m.Free, failed = datadir.FreeSpace(n.dir)
	return m, errors.Join(err, failed)
}

// serveSocket serves the API on the control socket.
func (n *Node) serveSocket(ctx context.Context, path string, ready func()) error {
	listener, err := openControl(path, n.dir, n.o.Logger)
	if err != nil {
		return fmt.Errorf("serve: %w", err)
	}
	listener.watch(lookEvery)
	n.o.Logger.Info("node serves", "pid", os.Getpid())
	if ready != nil {
		ready() // whoever connects from here on is served
	}
	return api.Serve(ctx, api.Serving{Listener: listener, Handler: n.Handler(), Failed: n.Failed(), Logger: n.limited})
}
