package node

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"os"
	"runtime"
	"strings"
	"sync"
	"time"

	"xietong/node/ground/config"
	"xietong/node/ground/datadir"
	"xietong/node/ground/offline"
	"xietong/node/ground/text"
)

// rehearse opens one jurisdiction of a data directory as Open does, with what it makes of the files
// kept in memory and in a folder that is removed again: nothing in the directory changes, nobody is
// reached, and nothing is signed that leaves the process. The error is the one with which a start
// refuses the directory, but for what is wrong with addresses and ports.
func rehearse(ctx context.Context, dir string, c config.Config, of config.Jurisdiction) (err error) {
	if err := datadir.CheckLock(dir); err != nil {
		return err
	}
	beside, remove, err := datadir.Beside(dir, of.Name)
	if err != nil {
		return datadir.Error(dir, err)
	}
	defer func() { err = errors.Join(err, remove()) }()
	n := newNode(ctx, beside, Options{Logger: slog.New(slog.DiscardHandler), Packets: func(string) (net.PacketConn, error) { return newDeaf(), nil }})
	n.aside = true
	n.settings = c
	n.settings.Jurisdictions, n.settings.SignedSizes = []config.Jurisdiction{of}, ""
	err = n.openAll(ctx)
	return inPlace(errors.Join(n.Err(), err, n.Close()), beside, dir)
}

// refuses returns why a start refuses a jurisdiction, for the report of offline.VerifyData. Where
// no node runs, as on Windows, nothing does.
func refuses(ctx context.Context, dir string, c config.Config, of config.Jurisdiction) *offline.Refusal {
	if runtime.GOOS != "linux" {
		return nil
	}
	err := rehearse(ctx, dir, c, of)
	if err == nil {
		return nil
	}
	f := text.AsFailure(err)
	return &offline.Refusal{Code: f.Code, Args: f.Args, Err: f.Err}
}

var _ offline.Start = refuses

// inPlace returns an error about a folder that was made beside as one about the data directory.
func inPlace(err error, beside, dir string) error {
	f, ok := errors.AsType[*text.Failure](err)
	if !ok {
		return err
	}
	args := text.Args{}
	for k, v := range f.Args {
		args[k] = strings.ReplaceAll(v, beside, dir)
	}
	return text.Fail(f.Code, args, f.Err)
}

// deaf is a socket over which nothing comes and nothing goes.
type deaf struct {
	mu     sync.Mutex
	ended  chan struct{} // closed when the deadline for reading is past
	closed bool
}

func newDeaf() *deaf { return &deaf{ended: make(chan struct{})} }

// ReadFrom waits until the socket is closed.
func (d *deaf) ReadFrom([]byte) (int, net.Addr, error) {
	d.mu.Lock()
	ended := d.ended
	d.mu.Unlock()
	<-ended
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return 0, nil, io.EOF
	}
	return 0, nil, os.ErrDeadlineExceeded
}

// WriteTo loses what it is given.
func (d *deaf) WriteTo(p []byte, _ net.Addr) (int, error) { return len(p), nil }

// Close ends whoever reads.
func (d *deaf) Close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.end()
	d.closed = true
	return nil
}

func (d *deaf) end() {
	select {
	case <-d.ended:
	default:
		close(d.ended)
	}
}

// LocalAddr returns an address at which nobody is.
func (d *deaf) LocalAddr() net.Addr { return &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1} }

// SetDeadline is SetReadDeadline: nobody waits to write.
func (d *deaf) SetDeadline(t time.Time) error { return d.SetReadDeadline(t) }

// SetReadDeadline ends whoever reads, where the time is past.
func (d *deaf) SetReadDeadline(t time.Time) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if t.IsZero() {
		if !d.closed {
			d.ended = make(chan struct{})
		}
	} else if !t.After(time.Now()) {
		d.end()
	}
	return nil
}

// SetReadBuffer does nothing.
func (d *deaf) SetReadBuffer(int) error { return nil }

// SetWriteBuffer does nothing.
func (d *deaf) SetWriteBuffer(int) error { return nil }

// SetWriteDeadline does nothing.
func (d *deaf) SetWriteDeadline(time.Time) error { return nil }
