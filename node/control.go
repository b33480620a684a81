package node

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"sync"
	"time"

	"xietong/node/ground/text"
)

// lookEvery is how often a running node looks whether its control socket is there.
const lookEvery = 2 * time.Second

// control listens on the control socket. One that somebody deleted is made again: without it the
// node could be neither asked nor stopped.
type control struct {
	path, dir string
	folder    fs.FileInfo // of dir as it was at first
	log       *slog.Logger

	mu     sync.Mutex
	now    *net.UnixListener
	closed bool
	told   bool // that the socket cannot be made again

	stop    context.CancelFunc
	looking sync.WaitGroup
}

// openControl listens on a Unix socket in the folder dir that the owner alone may open. A socket
// left by a crash is replaced: the lock on the directory is held, so no process listens on it. What
// else goes by its name stays, and is text.SocketTaken.
func openControl(path, dir string, log *slog.Logger) (c *control, err error) {
	c = &control{path: path, dir: dir, log: log}
	if c.folder, err = os.Stat(dir); err != nil {
		return nil, err
	}
	switch info, err := os.Lstat(path); {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return nil, err
	case info.Mode()&(fs.ModeSocket|fs.ModeSymlink) == 0:
		return nil, text.Fail(text.SocketTaken, text.Args{"file": path}, nil)
	default:
		if err := os.Remove(path); err != nil {
			return nil, err
		}
	}
	c.now, err = c.listen()
	return c, err
}

func (c *control) listen() (*net.UnixListener, error) {
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: c.path, Net: "unix"})
	if err != nil {
		return nil, err
	}
	if err := os.Chmod(c.path, 0o600); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return l, nil
}

// watch looks now and then whether the socket is there, until Close.
func (c *control) watch(every time.Duration) {
	ctx, stop := context.WithCancel(context.Background())
	c.stop = stop
	c.looking.Go(func() {
		beat := time.NewTicker(every)
		defer beat.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-beat.C:
				c.look()
			}
		}
	})
}

// look makes the socket again if it is gone. It does not where another folder has the place of the
// data directory: that may be the one of another node.
func (c *control) look() {
	switch info, err := os.Lstat(c.path); {
	case err == nil && info.Mode()&(fs.ModeSocket|fs.ModeSymlink) == 0 && !c.told:
		c.told = true
		c.log.Error("something else has the place of the control socket: move it away, and the socket is made again", "file", c.path)
		return
	case err == nil || !errors.Is(err, fs.ErrNotExist):
		return
	}
	err := error(fs.ErrNotExist)
	if folder, failed := os.Stat(c.dir); failed == nil && os.SameFile(folder, c.folder) {
		err = c.renew()
	}
	switch {
	case err == nil:
		c.told = false
		c.log.Warn("the control socket was deleted, and was made again", "file", c.path)
	case !c.told && !errors.Is(err, net.ErrClosed):
		c.told = true
		c.log.Error("the control socket is gone, and cannot be made again", "file", c.path, "error", err)
	}
}

func (c *control) renew() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return net.ErrClosed
	}
	next, err := c.listen()
	if err != nil {
		return err
	}
	before := c.now
	c.now = next
	before.SetUnlinkOnClose(false) // the name is that of the next one now
	return before.Close()
}

// Accept returns the next connection, whichever socket it came by.
func (c *control) Accept() (net.Conn, error) {
	for {
		c.mu.Lock()
		l := c.now
		c.mu.Unlock()
		conn, err := l.Accept()
		if err == nil || !c.replaced(l) {
			return conn, err
		}
	}
}

func (c *control) replaced(l *net.UnixListener) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now != l
}

// Addr returns the address of the socket.
func (c *control) Addr() net.Addr { return &net.UnixAddr{Name: c.path, Net: "unix"} }

// Close ends the listening, and deletes the socket.
func (c *control) Close() error {
	c.mu.Lock()
	if c.closed {
		c.mu.Unlock()
		return fmt.Errorf("close %s: %w", c.path, net.ErrClosed)
	}
	c.closed = true
	err := c.now.Close()
	c.mu.Unlock()
	if c.stop != nil {
		c.stop()
	}
	c.looking.Wait()
	return err
}
