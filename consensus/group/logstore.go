package group

import (
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/raft"
	wal "github.com/hashicorp/raft-wal"
)

// ErrLogFailed is wrapped in what Config.Fatal is told: raft's log takes nothing any more, until it
// is opened again.
var ErrLogFailed = errors.New("write raft's log")

// logStore is what raft keeps on disk: its log, and its term and vote.
type logStore interface {
	raft.LogStore
	raft.MonotonicLogStore
	raft.StableStore
	io.Closer
}

// guarded is a log that is read and closed one after the other. A leader measures its log in a
// goroutine that raft does not wait for when it ends, and raft-wal panics where it is read while it
// is closed.
type guarded struct {
	logStore
	mu     sync.RWMutex // held while it is read by those, or closed
	closed bool
}

// FirstIndex implements raft.LogStore.
func (g *guarded) FirstIndex() (first uint64, err error) {
	err = g.read(func() (err error) { first, err = g.logStore.FirstIndex(); return err })
	return first, err
}

// GetLog implements raft.LogStore.
func (g *guarded) GetLog(index uint64, l *raft.Log) error {
	return g.read(func() error { return g.logStore.GetLog(index, l) })
}

func (g *guarded) read(from func() error) error {
	g.mu.RLock()
	defer g.mu.RUnlock()
	if g.closed {
		return wal.ErrClosed
	}
	return from()
}

// Close implements io.Closer.
func (g *guarded) Close() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.closed = true
	return g.logStore.Close()
}

// failing notes the first write of raft's log that failed, and tells Config.Fatal of it, once. The
// log is used no more after it, although a later write might succeed: (1) after a failed flush the
// system may have dropped what was written, and says so to the first who asks, never again; (2)
// where raft-wal could not begin its next file, or cut the log off, its list of files on disk is
// already another than the one in memory, so that it refuses every entry, or puts entries where the
// next opening will not look. An opening reads what is on disk, and repairs it. No entry is lost by
// that: none is acknowledged before its write succeeded.
type failing struct {
	fatal func(error)
	dead  chan struct{} // closed after the first failure

	mu  sync.Mutex
	err error // the first failure; nil: none
}

func newFailing(fatal func(error)) *failing {
	if fatal == nil {
		fatal = func(err error) { panic(err) }
	}
	return &failing{fatal: fatal, dead: make(chan struct{})}
}

// first returns the first failure, or nil.
func (f *failing) first() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.err
}

// note returns the error of a write. A log that was closed has not failed.
func (f *failing) note(err error) error {
	if err == nil || errors.Is(err, wal.ErrClosed) {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.err == nil {
		f.err = fmt.Errorf("%w: %w", ErrLogFailed, err)
		close(f.dead)
		f.fatal(f.err)
	}
	return f.err
}

// write writes to the log, unless a write failed before.
func (f *failing) write(do func() error) error {
	if err := f.first(); err != nil {
		return err
	}
	return f.note(do())
}

// watched is raft's log, which takes nothing any more after a write that failed.
type watched struct {
	logStore
	failing *failing
}

// StoreLog implements raft.LogStore.
func (w watched) StoreLog(l *raft.Log) error { return w.StoreLogs([]*raft.Log{l}) }

// StoreLogs implements raft.LogStore.
func (w watched) StoreLogs(logs []*raft.Log) error {
	return w.failing.write(func() error { return w.logStore.StoreLogs(logs) })
}

// DeleteRange implements raft.LogStore.
func (w watched) DeleteRange(first, last uint64) error {
	return w.failing.write(func() error { return w.logStore.DeleteRange(first, last) })
}

// Set implements raft.StableStore.
func (w watched) Set(key, value []byte) error { return w.failing.note(w.logStore.Set(key, value)) }

// SetUint64 implements raft.StableStore. Terms and votes are kept also after a write of the log
// failed: they have a file of their own, and raft, which goes on until it is closed, ends the
// process by a panic where its term is not kept.
func (w watched) SetUint64(key []byte, value uint64) error {
	return w.failing.note(w.logStore.SetUint64(key, value))
}

// openWatched opens the log of the group, which tells failing of the first write that failed.
func openWatched(path string, c Config, failing *failing) (marked, error) {
	logs, err := openLog(path, c, failing)
	if err != nil {
		return marked{}, err
	}
	used := c.logOf(logs, failing)
	if err = checkLog(logs, c); err == nil {
		err = checkEntries(used, c.Store)
	}
	if err == nil {
		err = beginAnew(used, c)
	}
	if err == nil {
		err = checkTerm(used, c.Store)
	}
	if err == nil {
		err = keepMark(logs, c.Mark)
	}
	if err != nil {
		return marked{}, errors.Join(err, logs.Close())
	}
	return marked{used, c.Store}, nil
}

// rotationFailed is what raft-wal logs when it could not begin its next file.
const rotationFailed = "rotate error"

// rotationLogger is the logger of raft-wal. The library begins its next file in a goroutine, and
// says in its log alone why it could not; the next write is told "segment is sealed", and no cause.
// So the logger notes the error that it is given.
type rotationLogger struct {
	hclog.Logger
	failing *failing
}

// Error implements hclog.Logger.
func (r rotationLogger) Error(msg string, args ...any) {
	r.Logger.Error(msg, args...)
	for _, arg := range args {
		if err, ok := arg.(error); ok && msg == rotationFailed {
			_ = r.failing.note(err) // the library goes on by itself
		}
	}
}
