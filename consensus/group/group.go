// Package group is the raft group with which a jurisdiction agrees on what it recorded.
//
// It has one replica or several; nothing here assumes one. It proposes commands to the leader, many in one raft entry,
// answers when they are applied, gives linearizable reads, and keeps raft's snapshots as markers in the state's own
// file. It never looks into a command or into the ledger, and holds no key.
//
// An error of Propose is one of two: ErrNotDone (nothing happened; repeat at will) or ErrUnknownOutcome (it may yet
// happen; repeat with the same id, which the state recognises).
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
	wal "github.com/hashicorp/raft-wal"

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
	// ErrDiskFull is returned, with ErrNotDone, when too little space is left to take commands safely.
	ErrDiskFull = errors.New("too little disk space left")
)

// Settings of raft; the reasons are in docs/architecture.md.
const (
	walSegment       = 16 << 20 // bytes that a file of raft's log is made with, of all groups that share the machine
	leastSegment     = 1 << 20  // bytes
	maxAppendEntries = 512
	trailingLogs     = 10_240
	snapshotEvery    = 8_192
	transportTimeout = 10 * time.Second
	maxPool          = 3
	aloneTimeout     = time.Second // how often a leader without followers looks whether it still leads; it starts at once
	// DefaultMinFree is the disk space, in bytes, below which no command is taken.
	DefaultMinFree = 64 << 20
)

// Config says which group to open.
type Config struct {
	Jurisdiction identity.Jurisdiction
	Replica      identity.Replica
	Dir          string // holds the folder wal
	Store        *state.Store
	Stream       raft.StreamLayer // nil: a group of one, which talks to nobody
	Logger       *slog.Logger
	MinFree      uint64 // bytes; 0: DefaultMinFree
	Share        int    // how many groups share this machine's disk; 0: one
	// Tune changes raft's settings, and Segment is the size of a file of raft's log, in bytes; for tests.
	Tune    func(*raft.Config)
	Segment int
}

// segment returns the size of a file of raft's log: each is written full of zeros before it is used, so where many groups share
// a disk, each takes less.
func (c Config) segment() int {
	if c.Segment > 0 {
		return c.Segment
	}
	return max(walSegment/max(c.Share, 1), leastSegment)
}

// Group is one replica's membership in its jurisdiction's raft group.
type Group struct {
	config    Config
	raft      *raft.Raft
	logs      *wal.WAL
	transport *raft.NetworkTransport
	proposals chan *proposal
	stop      chan struct{}
	closed    chan struct{} // closed when whatever was proposed is answered, after stop
	workers   sync.WaitGroup

	acked atomic.Uint64 // highest raft index of a command that was answered, or that was applied when a term began

	readyMu sync.Mutex
	ready   uint64        // the term in which this leader has applied all that came before it; 0: none
	readied chan struct{} // closed, and replaced, when ready changes
}

// Open starts this replica, whose log was bootstrapped. It does not wait for a leader: see WaitReady.
func Open(c Config) (*Group, error) {
	if c.MinFree == 0 {
		c.MinFree = DefaultMinFree
	}
	path := filepath.Join(c.Dir, walFolder)
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("open group: %w: %s", ErrNoLog, path)
	}
	logs, err := openLog(path, c.segment())
	if err != nil {
		return nil, fmt.Errorf("open group: %w", err)
	}
	if err := checkLog(logs, c.Store); err != nil {
		return nil, errors.Join(fmt.Errorf("open group: %w", err), logs.Close())
	}
	g := &Group{
		config: c, logs: logs, transport: newTransport(c),
		proposals: make(chan *proposal, maxQueued), stop: make(chan struct{}), closed: make(chan struct{}), readied: make(chan struct{}),
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

// newRaft starts raft. Alone, this replica need not wait for a heartbeat that nobody can send: told of a shorter timeout,
// raft looks at once whether it is over, and elects itself.
func newRaft(rc *raft.Config, c Config, logs *wal.WAL, transport *raft.NetworkTransport) (*raft.Raft, error) {
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
	rc.SnapshotThreshold = snapshotEvery
	rc.NoLegacyTelemetry = true
	rc.Logger = adaptLogger(c.Logger.With("jurisdiction", c.Jurisdiction.String(), "replica", c.Replica.String()), c.Stream == nil)
	if c.Stream == nil { // nobody else can lead: waiting for a heartbeat would only make the start slow
		rc.HeartbeatTimeout, rc.ElectionTimeout, rc.LeaderLeaseTimeout = aloneTimeout, aloneTimeout, aloneTimeout
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

// watchLeadership marks the term ready once everything before it is applied here; a lost and regained leadership that
// was not noticed between is a new term, and so not ready.
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

// isReady reports whether this replica leads and has applied all that came before its term.
func (g *Group) isReady() (term uint64, ok bool) {
	g.readyMu.Lock()
	defer g.readyMu.Unlock()
	term = g.raft.CurrentTerm()
	return term, g.ready == term && g.raft.State() == raft.Leader
}

// Leads reports whether this replica is the leader and ready.
func (g *Group) Leads() bool {
	_, ok := g.isReady()
	return ok
}

// WaitReady waits until this replica leads and is ready.
func (g *Group) WaitReady(ctx context.Context) error {
	for {
		g.readyMu.Lock()
		readied := g.readied
		g.readyMu.Unlock()
		if g.Leads() {
			return nil
		}
		select {
		case <-readied:
		case <-g.stop:
			return fmt.Errorf("wait for leadership: %w", state.ErrClosed)
		case <-ctx.Done():
			return fmt.Errorf("wait for leadership: %w", ctx.Err())
		}
	}
}

// Linearize returns when View of the store shows everything that was acknowledged before it was called: (1) the term is
// ready, so all that earlier leaders acknowledged is applied here, (2) the index of the last command that this leader
// answered is read, (3) this replica is still the leader of that term, which a replica that is alone need not ask: nobody
// else can lead; (4) that index is applied here. Raft's own commit index will not do: it counts entries that never reach the
// state.
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

// stillLeads has the other replicas say that this one leads. Raft asks them between two writes of its log.
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

// Snapshot takes a snapshot now and truncates raft's log. Having nothing new is no error.
func (g *Group) Snapshot() error {
	err := g.raft.Snapshot().Error()
	if errors.Is(err, raft.ErrNothingNewToSnapshot) {
		return nil
	}
	return err
}

// Close stops this replica and waits for all that it started: (1) nothing more is proposed, and what was is answered, (2)
// raft, (3) its streams, (4) its log. Raft never answers what is still queued when it shuts down, so it comes second. The
// store stays open: it is the caller's.
func (g *Group) Close() error {
	close(g.stop)
	g.workers.Wait()
	close(g.closed)
	err := g.raft.Shutdown().Error()
	g.transport.CloseStreams() // Close alone leaves the pooled streams open
	return errors.Join(err, g.transport.Close(), g.logs.Close())
}
