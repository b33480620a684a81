package group

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"github.com/hashicorp/raft"

	"xietong/certs/identity"
	"xietong/consensus/state"
)

// Times of fetching.
const (
	fetchStall   = time.Minute // a stream on which nothing came so long is closed
	fetchPause   = time.Second // after all sources failed, doubled each time
	fetchPauses  = 30 * time.Second
	keepFilling  = 10 * time.Minute // after a start, for which a file that is half filled is kept
	serveAtOnce  = 2                // replicas that are filled from this one
	keepServed   = time.Minute      // after one was filled, until when it follows
	termInterval = 20 * time.Millisecond
)

// FillingError is an ErrFetchNeeded of a replica that is being filled.
type FillingError struct {
	Index   uint64 // of raft, that it must reach
	Percent uint64 // of the entries that are here
}

func (e *FillingError) Error() string {
	return fmt.Sprintf("this replica lacks what raft's log no longer has, up to %d, and is being filled from another, %d %%", e.Index, e.Percent)
}

// Is makes errors.Is(e, ErrFetchNeeded) true.
func (e *FillingError) Is(target error) bool { return target == ErrFetchNeeded }

// fetching is how far this replica is with being filled in place, and who is filled from it.
type fetching struct {
	wake    chan struct{} // has room for one: more is wanted
	serving chan struct{} // holds one for each that is filled from here
	mend    chan mending  // asks for a mending

	mu          sync.Mutex
	served      time.Time // when the last one was filled
	want        uint64    // raft index
	done, total uint64    // entries
}

func newFetching() *fetching {
	return &fetching{wake: make(chan struct{}, 1), mend: make(chan mending), serving: make(chan struct{}, serveAtOnce)}
}

// need notes the raft index that the state must reach, and returns how far the filling is.
func (f *fetching) need(index uint64) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.want = max(f.want, index)
	select {
	case f.wake <- struct{}{}:
	default: // the worker knows
	}
	return f.state(index)
}

func (f *fetching) state(index uint64) *FillingError {
	return &FillingError{Index: index, Percent: f.done * 100 / max(f.total, 1)}
}

func (f *fetching) wanted() uint64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.want
}

func (f *fetching) progress(done, total uint64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.done, f.total = done, total
}

// snapshots returns where raft keeps its snapshots.
func (g *Group) snapshots() *snapshots {
	s := &snapshots{store: g.config.Store, logs: g.logs, behind: g.noteBehind}
	if g.config.Fetch != nil {
		s.need = g.fetching.need
	}
	return s
}

// fetchLoop fills this replica from another one whenever it lags behind the leader's log.
func (g *Group) fetchLoop() {
	left := time.NewTimer(keepFilling)
	defer left.Stop()
	for {
		select {
		case <-g.fetching.wake:
			g.fetchWanted()
		case m := <-g.fetching.mend:
			g.mendFromAny(m)
		case <-left.C:
			g.dropFilling()
		case <-g.stop:
			return
		}
	}
}

// dropFilling removes a file that was half filled and is not needed.
func (g *Group) dropFilling() {
	if err := state.RemoveFilling(g.config.Store.Filling("", 0)); err != nil {
		g.config.Logger.Warn("what was filled cannot be removed", "error", err)
	}
}

// fetchWanted fills this replica until it has reached what is wanted.
func (g *Group) fetchWanted() {
	for pause := fetchPause; ; pause = min(2*pause, fetchPauses) {
		want := g.fetching.wanted()
		if applied, _ := g.config.Store.Applied(); applied >= want || g.ahead.error() != nil {
			g.dropFilling()
			return
		}
		if g.fetchFromAny(want) {
			continue
		}
		select {
		case <-time.After(pause):
		case <-g.stop:
			return
		}
	}
}

// fetchFromAny fills this replica from the first of the others that can.
func (g *Group) fetchFromAny(want uint64) bool {
	for _, from := range g.sources() {
		err := g.fetchFrom(g.life, from, want, nil)
		if g.life.Err() != nil {
			return false
		}
		if err == nil {
			g.config.Logger.Info("this replica was filled from another", "from", from.String(), "index", want)
			return true
		}
		g.config.Logger.Warn("this replica could not be filled", "from", from.String(), "error", err)
	}
	return false
}

// sources returns the other replicas, the leader first.
func (g *Group) sources() (all []identity.Replica) {
	leader, _ := g.Leader()
	members, err := g.Members()
	if err != nil {
		g.config.Logger.Warn("the other replicas are not known", "error", err)
	}
	for _, m := range members {
		if m.Replica != g.config.Replica {
			all = append(all, m.Replica)
		}
	}
	slices.SortStableFunc(all, func(a, b identity.Replica) int {
		switch leader {
		case a:
			return -1
		case b:
			return 1
		}
		return 0
	})
	return all
}

// fetchFrom fills this replica from another one and puts the new state in place of the old one, in
// use. hold, if not nil, ends applying before the rest is received; see mend.
func (g *Group) fetchFrom(ctx context.Context, from identity.Replica, want uint64, hold func() uint64) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	watch := time.AfterFunc(fetchStall, cancel)
	defer watch.Stop()
	stream, err := g.config.Fetch(ctx, from)
	if err != nil {
		return fmt.Errorf("reach %s: %w", from, err)
	}
	defer stream.Close()
	defer context.AfterFunc(ctx, func() { _ = stream.Close() })()
	c := g.config.Store.Filling(from.String(), want)
	c.Room, c.Check, c.Progress, c.Rest = g.room, g.config.CheckFilled, g.fetching.progress, hold
	filled, err := state.Fill(ctx, moving{stream, watch}, c)
	if err != nil && ctx.Err() != nil {
		err = fmt.Errorf("nothing came for %s: %w", fetchStall, err)
	}
	if err != nil {
		return err
	}
	if err := g.reachTerm(filled.Term); err != nil {
		return err
	}
	if g.raft.State() == raft.Leader {
		return errors.New("this replica leads by now, and follows nobody")
	}
	if err := g.ahead.fits(from, filled); err != nil {
		return err
	}
	if hold != nil {
		return g.config.Store.Mend()
	}
	return g.config.Store.Swap()
}

// moving is a stream that is closed when nothing moves on it.
type moving struct {
	io.ReadWriter
	watch *time.Timer
}

func (m moving) Read(p []byte) (int, error) {
	n, err := m.ReadWriter.Read(p)
	m.watch.Reset(fetchStall)
	return n, err
}

func (m moving) Write(p []byte) (int, error) {
	n, err := m.ReadWriter.Write(p)
	m.watch.Reset(fetchStall)
	return n, err
}

// reachTerm waits until this replica knows the term of the state that was filled: raft's log must
// not be of an earlier term than the state, or the next start takes it for another one's.
func (g *Group) reachTerm(term uint64) error {
	for end := time.Now().Add(fetchStall); g.raft.CurrentTerm() < term; {
		if time.Now().After(end) {
			return fmt.Errorf("what was filled is of term %d, and no leader of it is heard", term)
		}
		select {
		case <-time.After(termInterval):
		case <-g.stop:
			return state.ErrClosed
		}
	}
	return nil
}

// room returns how many bytes of disk space may be used for what comes and goes. Twice what
// commands need is left to them, here and in the groups beside.
func (g *Group) room() (uint64, error) { return Room(g.config.Dir, g.config.MinFree) }

// Room returns how many bytes of disk space may be used beside what commands need in a folder,
// where they need minFree; 0: DefaultMinFree.
func Room(dir string, minFree uint64) (uint64, error) {
	free, err := freeSpace(dir)
	return free - min(free, 2*cmp.Or(minFree, DefaultMinFree)), err
}

// Filling returns how far this replica is with being filled from another; nil: it need not be.
func (g *Group) Filling() *FillingError {
	f := g.fetching
	f.mu.Lock()
	defer f.mu.Unlock()
	if applied, _ := g.config.Store.Applied(); applied >= f.want {
		return nil
	}
	return f.state(f.want)
}

// Serve fills another replica of the jurisdiction, whose stream it is, from this one, and closes
// the stream. It returns ErrBusy where as many are filled as may be.
func (g *Group) Serve(ctx context.Context, stream io.ReadWriteCloser) (err error) {
	defer func() { err = errors.Join(err, stream.Close()) }()
	select {
	case g.fetching.serving <- struct{}{}:
		defer g.served()
		g.adapt()
	default:
		return fmt.Errorf("fill another replica: %w", ErrBusy)
	}
	if !g.enter() {
		return fmt.Errorf("fill another replica: %w", state.ErrClosed)
	}
	defer g.workers.Done()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(g.life, cancel)()
	watch := time.AfterFunc(fetchStall, cancel)
	defer watch.Stop()
	defer context.AfterFunc(ctx, func() { _ = stream.Close() })()
	source := state.Source{Store: g.config.Store, Configuration: g.configurationOf, Room: g.room}
	return source.Serve(ctx, moving{stream, watch})
}

// trailingServed is what the log of a replica keeps behind a snapshot while another one is filled
// from it: who was filled follows from there.
const trailingServed = 8 * trailingLogs

// serves reports whether a replica is filled from this one, or was a moment ago.
func (f *fetching) serves() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.serving) > 0 || !f.served.IsZero() && time.Since(f.served) < keepServed
}

// served ends the filling of another replica.
func (g *Group) served() {
	g.fetching.mu.Lock()
	g.fetching.served = time.Now()
	g.fetching.mu.Unlock()
	<-g.fetching.serving
	time.AfterFunc(keepServed, g.adapt)
}

// adapt has this replica's settings follow what it is now.
func (g *Group) adapt() {
	select {
	case g.members.changed <- struct{}{}:
	default: // it is known
	}
}

// enter makes the caller one of the workers, for which Close waits, until it says that it is done;
// false: the group closes.
func (g *Group) enter() bool {
	g.ending.RLock()
	defer g.ending.RUnlock()
	if g.life.Err() != nil {
		return false
	}
	g.workers.Add(1)
	return true
}

// configurationOf returns the group's configuration as it was where a view is.
func (g *Group) configurationOf(r *state.Reader) (configuration []byte, at uint64, err error) {
	return g.configurationAt(r.Applied(), r.Marker)
}

// configurationAt returns the group's configuration as it was at an index that was applied: the
// newest up to it that the marker or raft's log has.
func (g *Group) configurationAt(index uint64, marker func() (state.Marker, bool, error)) (configuration []byte, at uint64, err error) {
	m, ok, err := marker()
	if err != nil {
		return nil, 0, err
	}
	from, err := g.logs.FirstIndex()
	if ok && m.ConfigurationIndex <= index {
		configuration, at, from = m.Configuration, m.ConfigurationIndex, m.Index+1
	}
	for ; err == nil && from <= index; from++ {
		var l raft.Log
		if err = g.logs.GetLog(from, &l); err == nil && l.Type == raft.LogConfiguration {
			configuration, at = l.Data, from
		}
	}
	if err == nil && configuration == nil {
		err = fmt.Errorf("raft's log has no configuration at %d", index)
	}
	return configuration, at, err
}
