// Package group is the raft group in which the replicas of a jurisdiction agree on its records.
//
// A group has one replica or several; the code assumes no number. The leader packs many proposed
// commands into one raft entry, answers each command once it is applied, and gives linearizable
// reads. The group keeps raft's snapshots as markers in the state's own file. It never looks into a
// command or into the ledger, and holds no key.
//
// What is under way is bounded, in commands and in bytes: more is refused early, with ErrBusy.
//
// Every error of Propose is one of two: ErrNotDone (nothing happened; repeat at will) or
// ErrUnknownOutcome (the command may yet be applied; repeat it with the same id, which the state
// recognises).
package group

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/raft"

	"xietong/certs/identity"
	"xietong/consensus/state"
)

// Errors of proposing and reading.
var (
	// ErrNotDone is returned when a command was certainly not proposed.
	ErrNotDone = errors.New("not done")
	// ErrUnknownOutcome is returned when a command may yet be applied: repeat it with the same id.
	ErrUnknownOutcome = errors.New("outcome unknown")
	// ErrNotLeader is returned, with ErrNotDone, by a replica that is not the leader.
	ErrNotLeader = errors.New("this replica is not the leader")
	// ErrDiskFull is returned, with ErrNotDone, when too little space is left to take commands
	// safely.
	ErrDiskFull = errors.New("too little disk space left")
)

// Settings of raft; the reasons are in docs/architecture.md.
const (
	walSegment       = 16 << 20 // bytes of one file of raft's log, divided among the groups that share the machine
	leastSegment     = 1 << 20  // bytes
	maxAppendEntries = 512
	trailingLogs     = 10_240
	trailingAlone    = 1024 // of a group of one, in which nobody has to catch up
	snapshotEvery    = 256
	snapshotPause    = 10 * time.Second
	transportTimeout = 10 * time.Second
	maxPool          = 3
	aloneTimeout     = time.Second // how often a leader without followers looks whether it still leads; newRaft does not wait that long
	// DefaultMinFree is the disk space, in bytes, below which no command is taken.
	DefaultMinFree = 64 << 20
)

// Config describes the group to open.
type Config struct {
	Jurisdiction identity.Jurisdiction
	Replica      identity.Replica
	Dir          string // holds the folder wal
	Store        *state.Store
	Stream       raft.StreamLayer // nil: a group of one, which has no connections
	Logger       *slog.Logger
	MinFree      uint64 // bytes; 0: DefaultMinFree
	Hosted       int    // how many groups share this machine's disk; 0: one
	// Mark is of the ledger's keystore. Raft's log keeps it, and is refused beside any other; nil:
	// none is compared.
	Mark []byte
	// Fatal is called, once, when a write of raft's log failed, and should end the process: the
	// next start repairs the log. If it returns, the group takes no command any more and can only
	// be closed. Fatal must not call the group. The default panics.
	Fatal func(error)
	// Tune changes raft's settings, and Segment is the size of a file of raft's log, in bytes; for
	// tests.
	Tune    func(*raft.Config)
	Segment int
	onDisk  func(logStore) logStore // what raft keeps on disk, as tests have it fail
}

// segment returns the size of a file of raft's log, in bytes. The library allocates each file at
// its full size before it uses the file, so a group that shares a disk with many takes less.
func (c Config) segment() int {
	if c.Segment > 0 {
		return c.Segment
	}
	return max(walSegment/max(c.Hosted, 1), leastSegment)
}

// Group is one replica's membership in its jurisdiction's raft group.
type Group struct {
	config    Config
	raft      *raft.Raft
	logs      logStore
	failing   *failing // raft's log
	transport *raft.NetworkTransport
	proposals chan *proposal
	admission admission
	sent      *sent
	stop      chan struct{}
	closed    chan struct{} // closed after stop, when every proposal is answered
	workers   sync.WaitGroup

	acked atomic.Uint64 // highest raft index of a command that was answered, or that was applied when a term began

	readyMu sync.Mutex
	ready   uint64        // the term of this leader before which everything is applied here; 0: none
	readied chan struct{} // closed, and replaced, when ready changes
}

// Open starts this replica, whose log was bootstrapped. It does not wait for a leader: see
// WaitReady. The error wraps ErrNoLog or ErrLogMismatch when raft's log is missing or does not
// belong to the state.
func Open(c Config) (*Group, error) {
	if c.MinFree == 0 {
		c.MinFree = DefaultMinFree
	}
	path := filepath.Join(c.Dir, walFolder)
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("open group: %w: %s", ErrNoLog, path)
	}
	failing := newFailing(c.Fatal)
	logs, err := openWatched(path, c, failing)
	if err != nil {
		return nil, fmt.Errorf("open group: %w", err)
	}
	g := &Group{
		config: c, logs: logs, failing: failing, transport: newTransport(c),
		proposals: make(chan *proposal, maxUnderWay), sent: newSent(), stop: make(chan struct{}), closed: make(chan struct{}), readied: make(chan struct{}),
	}
	leadership := make(chan bool, 16)
	rc := raftConfig(c)
	rc.NotifyCh = leadership
	if g.raft, err = newRaft(rc, c, logs, g.transport); err != nil {
		return nil, fmt.Errorf("open group: %w", errors.Join(err, g.transport.Close(), logs.Close()))
	}
	g.workers.Go(g.proposeLoop)
	g.workers.Go(func() { g.watchLeadership(leadership) })
	return g, nil
}

// openWatched opens the log of the group, which tells failing of the first write that failed.
func openWatched(path string, c Config, failing *failing) (logStore, error) {
	logs, err := openLog(path, c, failing)
	if err != nil {
		return nil, err
	}
	used := c.logOf(logs, failing)
	if err = checkLog(logs, c); err == nil {
		err = checkEntries(used, c.Store)
	}
	if err == nil {
		err = beginAnew(used, c)
	}
	if err == nil {
		err = keepMark(logs, c.Mark)
	}
	if err != nil {
		return nil, errors.Join(err, logs.Close())
	}
	return used, nil
}

// newRaft starts raft. A replica that is alone need not wait for a heartbeat, because no other
// replica can send one. It starts with a longer timeout and then shortens the timeout: raft then
// looks at once whether the timeout is over, and the replica elects itself.
func newRaft(rc *raft.Config, c Config, logs logStore, transport *raft.NetworkTransport) (*raft.Raft, error) {
	if c.Stream != nil {
		return raft.NewRaft(rc, fsm{c.Store}, logs, logs, snapshots{c.Store}, transport)
	}
	rc.HeartbeatTimeout += time.Millisecond
	rc.ElectionTimeout += time.Millisecond
	r, err := raft.NewRaft(rc, fsm{c.Store}, logs, logs, snapshots{c.Store}, transport)
	if err != nil {
		return nil, err
	}
	now := r.ReloadableConfig()
	now.HeartbeatTimeout -= time.Millisecond
	now.ElectionTimeout -= time.Millisecond
	if err := r.ReloadConfig(now); err != nil {
		return nil, errors.Join(err, r.Shutdown().Error())
	}
	return r, nil
}

func raftConfig(c Config) *raft.Config {
	rc := raft.DefaultConfig()
	rc.LocalID = raft.ServerID(c.Replica.String())
	rc.MaxAppendEntries = maxAppendEntries
	rc.BatchApplyCh = true
	rc.TrailingLogs = trailingLogs
	rc.SnapshotThreshold, rc.SnapshotInterval = snapshotEvery, snapshotPause
	rc.NoLegacyTelemetry = true
	rc.Logger = adaptLogger(c.Logger.With("jurisdiction", c.Jurisdiction.String(), "replica", c.Replica.String()), c.Stream == nil)
	if c.Stream == nil { // no other replica can lead: waiting for a heartbeat would only make the start slow
		rc.HeartbeatTimeout, rc.ElectionTimeout, rc.LeaderLeaseTimeout = aloneTimeout, aloneTimeout, aloneTimeout
		rc.TrailingLogs = trailingAlone
	}
	if c.Tune != nil {
		c.Tune(rc)
	}
	return rc
}

func newTransport(c Config) *raft.NetworkTransport {
	stream := c.Stream
	if stream == nil {
		stream = newAlone(c.Replica)
	}
	return raft.NewNetworkTransportWithConfig(&raft.NetworkTransportConfig{
		Stream: stream, MaxPool: maxPool, Timeout: transportTimeout, Logger: adaptLogger(c.Logger, c.Stream == nil),
		MsgpackUseNewTimeFormat: true,
	})
}

// watchLeadership marks the term ready once everything before it is applied here. A leadership that
// was lost and regained unnoticed has a new term, which is not ready.
func (g *Group) watchLeadership(leads <-chan bool) {
	for {
		select {
		case leading := <-leads:
			if leading {
				g.establish()
			}
		case <-g.stop:
			return
		}
	}
}

func (g *Group) establish() {
	term := g.raft.CurrentTerm()
	if err := g.raft.Barrier(0).Error(); err != nil {
		return // leadership was lost again; the next one comes as a new message
	}
	applied, _ := g.config.Store.Applied()
	g.raiseAcked(applied)
	g.readyMu.Lock()
	defer g.readyMu.Unlock()
	g.ready = term
	close(g.readied)
	g.readied = make(chan struct{})
}

func (g *Group) raiseAcked(index uint64) {
	for {
		have := g.acked.Load()
		if have >= index || g.acked.CompareAndSwap(have, index) {
			return
		}
	}
}

// isReady reports whether this replica leads and has applied everything before its term.
func (g *Group) isReady() (term uint64, ok bool) {
	g.readyMu.Lock()
	defer g.readyMu.Unlock()
	term = g.raft.CurrentTerm()
	return term, g.ready == term && g.raft.State() == raft.Leader
}

// Leads reports whether this replica is the leader and has applied everything before its term.
func (g *Group) Leads() bool {
	_, ok := g.isReady()
	return ok
}

// WaitReady waits until Leads is true. The error wraps state.ErrClosed when the group closes before
// that, state.ErrFailed when a write of raft's log fails, or the error of ctx.
func (g *Group) WaitReady(ctx context.Context) error {
	for {
		g.readyMu.Lock()
		readied := g.readied
		g.readyMu.Unlock()
		if err := g.failing.first(); err != nil { // also while raft has not noticed, and leads
			return fmt.Errorf("wait for leadership: %w: %w", state.ErrFailed, err)
		}
		if g.Leads() {
			return nil
		}
		select {
		case <-readied:
		case <-g.failing.dead:
		case <-g.stop:
			return fmt.Errorf("wait for leadership: %w", state.ErrClosed)
		case <-ctx.Done():
			return fmt.Errorf("wait for leadership: %w", ctx.Err())
		}
	}
}

// Linearize returns when View of the store shows every command that was acknowledged before the
// call: (1) the term must be ready, so every command that earlier leaders acknowledged is applied
// here, (2) it reads the index of the last command that this leader answered, (3) the other
// replicas confirm that this one still leads in the same term, which a replica that is alone need
// not ask, (4) it waits until that index is applied here. Raft's own commit index will not do: it
// counts entries that never reach the state. Every error wraps ErrNotDone.
func (g *Group) Linearize(ctx context.Context) error {
	term, ok := g.isReady()
	if !ok {
		return fmt.Errorf("read: %w: %w", ErrNotDone, ErrNotLeader)
	}
	index := g.acked.Load()
	if err := g.stillLeads(term); err != nil {
		return fmt.Errorf("read: %w: %w", ErrNotDone, err)
	}
	if err := g.config.Store.WaitApplied(ctx, index); err != nil {
		return fmt.Errorf("read: %w: %w", ErrNotDone, err)
	}
	return nil
}

// stillLeads asks the other replicas whether this one still leads in term. Raft asks them between
// two writes of its log. A group of one asks no replica.
func (g *Group) stillLeads(term uint64) error {
	if g.config.Stream == nil {
		return nil
	}
	if err := g.raft.VerifyLeader().Error(); err != nil {
		return err
	}
	if now, ok := g.isReady(); !ok || now != term {
		return ErrNotLeader
	}
	return nil
}

// Snapshot takes a snapshot now and truncates raft's log. It returns nil when there is nothing new.
func (g *Group) Snapshot() error {
	err := g.raft.Snapshot().Error()
	if errors.Is(err, raft.ErrNothingNewToSnapshot) {
		return nil
	}
	return err
}

// Close stops this replica and waits for all its goroutines: (1) no command is proposed any more
// and every proposal is answered, (2) raft stops, (3) its streams close, (4) its log closes. Raft
// stops second because it never answers commands that are still queued when it shuts down. The
// store stays open: it is the caller's. Close must be called once only.
func (g *Group) Close() error {
	close(g.stop)
	g.workers.Wait()
	close(g.closed)
	err := g.raft.Shutdown().Error()
	g.transport.CloseStreams() // Close alone leaves the pooled streams open
	return errors.Join(err, g.transport.Close(), g.logs.Close())
}
