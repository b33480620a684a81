// Package group is the raft group in which the replicas of a jurisdiction agree on its records.
//
// A group has one replica or several; the code assumes no number. The leader packs many proposed
// commands into one raft entry, answers each command once it is applied, and gives linearizable
// reads. The group keeps raft's snapshots as markers in the state's own file: a replica that lags
// behind raft's log is filled from another one, over a stream beside raft. It never looks into a
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
	"io"
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
	// DefaultMinFree is the disk space, in bytes, below which no command is taken.
	DefaultMinFree = 64 << 20
)

// Config describes the group to open.
type Config struct {
	Jurisdiction identity.Jurisdiction
	Replica      identity.Replica
	Dir          string // holds the folder wal
	Store        *state.Store
	Streams      Streams // to the other replicas; the group closes them. nil: none can be reached
	Logger       *slog.Logger
	MinFree      uint64 // bytes; 0: DefaultMinFree
	Hosted       int    // how many groups share this machine's disk; 0: one
	// Mark is of the ledger's keystore. Raft's log keeps it, and is refused beside any other; nil:
	// none is compared.
	Mark []byte
	// Fetch opens a stream to another replica, whose Serve answers on it; nil: this replica cannot
	// be filled in place. CheckFilled verifies the checkpoint of what came; see state.FillConfig.
	Fetch       func(ctx context.Context, from identity.Replica) (io.ReadWriteCloser, error)
	CheckFilled func(p state.Published, keySets [][]byte, inForce uint64) error
	// Mute reports whether this replica votes for nobody and asks for no votes, because it may have
	// forgotten for whom it voted; nil: it never does. One that alone has a vote needs nobody's.
	Mute func() bool
	// Out reports whether it is known that this replica was removed: what raft tries in vain then
	// is logged no more. nil: it is not.
	Out func() bool
	// Ahead is told, once, that this replica follows nobody any more, because it has applied what
	// the one that leads does not have. It must not call the group. nil: nobody is told.
	Ahead func(*AheadError)
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
	ahead     *ahead
	transport *transport
	proposals chan *proposal
	admission admission
	sent      *sent
	rounds    *rounds
	full      chan struct{} // has room for one: a command was refused for lack of space
	stop      <-chan struct{}
	closed    chan struct{} // closed after stop, when every proposal is answered
	workers   sync.WaitGroup
	life      context.Context // ends when Close begins; stop is its channel
	end       context.CancelFunc
	ending    sync.RWMutex // held by who adds a worker, and by Close while it ends life

	consumed atomic.Uint64 // highest raft index of a configuration or barrier before which everything is applied here
	members  *membership
	fetching *fetching
	lease    time.Duration // raft's: for so long a leader may be silent

	reloading sync.Mutex // held while raft's settings are changed
	applying  sync.Mutex // held while an entry is applied, and while a damaged state is replaced

	readyMu sync.Mutex
	ready   uint64        // the term of this leader before which everything is applied here; 0: none
	leads   time.Time     // since when that term is ready
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
	log, err := openWatched(path, c, failing)
	if err != nil {
		return nil, fmt.Errorf("open group: %w", err)
	}
	logs := keeping{log, &ahead{store: c.Store, logs: log, tell: c.Ahead}}
	alone := new(atomic.Bool)
	g := &Group{
		config: c, logs: logs, failing: failing, ahead: logs.ahead, transport: newTransport(c, adaptLogger(c.Logger, alone, c.Out), failing, logs.ahead),
		proposals: make(chan *proposal, maxUnderWay), sent: newSent(), rounds: newRounds(), full: make(chan struct{}, 1), fetching: newFetching(),
		closed: make(chan struct{}), readied: make(chan struct{}),
	}
	g.life, g.end = context.WithCancel(context.Background())
	g.stop = g.life.Done()
	if err = g.start(alone); err != nil {
		g.end()
		return nil, fmt.Errorf("open group: %w", errors.Join(err, g.transport.Close(), logs.Close()))
	}
	return g, nil
}

// start starts raft and the workers. A replica that alone has a vote need not wait for a heartbeat,
// because no other replica can send one. Its timeouts, which were longer by almost nothing, are
// shortened, at which raft looks at once whether one is over, and the replica elects itself.
func (g *Group) start(alone *atomic.Bool) (err error) {
	if g.members, err = g.openMembership(alone); err != nil {
		return err
	}
	leadership := make(chan bool, 16)
	rc := raftConfig(g.config, alone, trailingLogs)
	rc.NotifyCh = leadership
	g.lease = rc.LeaderLeaseTimeout
	rc.HeartbeatTimeout += time.Millisecond
	rc.ElectionTimeout += time.Millisecond
	machine := machine{fsm{g.config.Store}, g}
	stored, err := g.logs.GetUint64(termKey)
	if err != nil {
		return err
	}
	g.transport.began(func() uint64 { return stored }, nil)
	if g.raft, err = raft.NewRaft(rc, machine, g.logs, g.logs, g.snapshots(), g.transport); err != nil {
		return err
	}
	g.transport.began(g.raft.CurrentTerm, g.leadsIn)
	g.transport.knows(g.raft.Stats)
	g.transport.answers.knows(g.raft.CommitIndex)
	g.ahead.knows(g.raft.CommitIndex)
	if err = g.settle(); err == nil && alone.Load() {
		err = g.reload(func(c *raft.ReloadableConfig) {
			c.HeartbeatTimeout -= time.Millisecond
			c.ElectionTimeout -= time.Millisecond
		})
	}
	if err != nil {
		return errors.Join(err, g.raft.Shutdown().Error())
	}
	g.workers.Go(g.proposeLoop)
	g.workers.Go(g.roundsLoop)
	g.workers.Go(g.tend)
	g.workers.Go(g.fetchLoop)
	g.workers.Go(g.missLeader)
	g.workers.Go(func() { g.watchLeadership(leadership) })
	return nil
}

func raftConfig(c Config, alone *atomic.Bool, trailing uint64) *raft.Config {
	rc := raft.DefaultConfig()
	rc.LocalID = raft.ServerID(c.Replica.String())
	rc.MaxAppendEntries = maxAppendEntries
	rc.BatchApplyCh = true
	rc.TrailingLogs = trailing
	rc.SnapshotThreshold, rc.SnapshotInterval = snapshotEvery, snapshotPause
	rc.NoLegacyTelemetry = true
	rc.Logger = adaptLogger(c.Logger.With("jurisdiction", c.Jurisdiction.String(), "replica", c.Replica.String()), alone, c.Out)
	if c.Tune != nil {
		c.Tune(rc)
	}
	return rc
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
	if err := g.barrier(); err != nil {
		return // leadership was lost again; the next one comes as a new message
	}
	g.readyMu.Lock()
	defer g.readyMu.Unlock()
	g.ready, g.leads = term, time.Now()
	close(g.readied)
	g.readied = make(chan struct{})
}

// barrier waits until everything that raft's log has now is applied here. Only the leader can.
func (g *Group) barrier() error {
	future := g.raft.Barrier(0)
	if err := future.Error(); err != nil {
		return err
	}
	if at, ok := future.(raft.IndexFuture); ok {
		g.consume(at.Index())
	}
	return nil
}

// consume notes that everything up to a raft index is applied here.
func (g *Group) consume(index uint64) {
	for have := g.consumed.Load(); have < index; have = g.consumed.Load() {
		if g.consumed.CompareAndSwap(have, index) {
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

// LastIndex returns the index of the last entry that raft's log or the state has here.
func (g *Group) LastIndex() uint64 { return g.raft.LastIndex() }

// Leads reports whether this replica is the leader and has applied everything before its term.
func (g *Group) Leads() bool {
	_, ok := g.isReady()
	return ok
}

// WaitReady waits until Leads is true. The error wraps state.ErrClosed when the group closes before
// that, state.ErrFailed when a write of raft's log fails, or the error of ctx.
func (g *Group) WaitReady(ctx context.Context) error { return g.wait(ctx, nil, g.Leads) }

// wait waits until is holds, which it looks at when this replica becomes ready and when something
// is observed.
func (g *Group) wait(ctx context.Context, observed <-chan raft.Observation, is func() bool) error {
	for {
		g.readyMu.Lock()
		readied := g.readied
		g.readyMu.Unlock()
		if err := g.failing.first(); err != nil { // also while raft has not noticed, and leads
			return fmt.Errorf("wait for leadership: %w: %w", state.ErrFailed, err)
		}
		if is() {
			return nil
		}
		select {
		case <-readied:
		case <-observed:
		case <-g.failing.dead:
		case <-g.stop:
			return fmt.Errorf("wait for leadership: %w", state.ErrClosed)
		case <-ctx.Done():
			return fmt.Errorf("wait for leadership: %w", ctx.Err())
		}
	}
}

// Snapshot takes a snapshot now and truncates raft's log. It returns nil when there is nothing new.
func (g *Group) Snapshot() error {
	err := g.raft.Snapshot().Error()
	if errors.Is(err, raft.ErrNothingNewToSnapshot) {
		return nil
	}
	return err
}

// await runs do, which asks raft, and returns its error, or that of ctx if it ends before.
func (g *Group) await(ctx context.Context, do func() error) error {
	g.ending.RLock()
	if g.life.Err() != nil {
		g.ending.RUnlock()
		return fmt.Errorf("%w: %w", ErrNotDone, state.ErrClosed)
	}
	done := make(chan error, 1)
	g.workers.Go(func() { done <- do() })
	g.ending.RUnlock()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return fmt.Errorf("%w: %w", ErrUnknownOutcome, ctx.Err())
	}
}

// closeWithin is how long Close waits for the others to confirm what was proposed.
const closeWithin = 2 * time.Second

// Close stops this replica and waits for all its goroutines: (1) no command is proposed any more
// and every proposal is answered; for a leader that the others hear, and whose entries they do not
// store, the streams close after a while, so that it notices, (2) raft is told to stop, (3) its
// streams close, so that it waits for no other replica, (4) raft has stopped, (5) its log closes.
// Raft stops after (1) because it never answers commands that are still queued when it shuts down.
// The store stays open: it is the caller's. Close must be called once only.
func (g *Group) Close() error {
	g.ending.Lock()
	g.end()
	g.ending.Unlock()
	answered := make(chan struct{})
	go func() {
		g.workers.Wait()
		close(answered)
	}()
	select {
	case <-answered:
	case <-time.After(closeWithin):
		_ = g.transport.Close() // its error comes again below
		<-answered
	}
	close(g.closed)
	stopped := g.raft.Shutdown()
	return errors.Join(g.transport.Close(), stopped.Error(), g.logs.Close())
}
