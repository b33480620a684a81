package group

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"xietong/certs/identity"
	"xietong/consensus/state"
)

// ErrNoSource is returned where no other replica could mend this one.
var ErrNoSource = errors.New("no other replica could give its state")

// mending is a wish that this replica be mended.
type mending struct {
	ctx  context.Context
	done chan<- mended
}

// mended is what came of it.
type mended struct {
	from identity.Replica
	err  error
}

// Mend fills this replica, whose state is damaged, anew from another one, and puts that state in
// place of the damaged one while the group goes on. A leader first hands over. It returns the
// replica from which the state came. The error wraps ErrNoSuccessor where no other can lead, and
// ErrNoSource where no other could give its state.
func (g *Group) Mend(ctx context.Context) (from identity.Replica, err error) {
	if err := g.HandOver(ctx); err != nil {
		return from, fmt.Errorf("mend: %w", err)
	}
	done := make(chan mended, 1)
	select {
	case g.fetching.mend <- mending{ctx, done}:
	case <-ctx.Done():
		return from, fmt.Errorf("mend: %w", ctx.Err())
	case <-g.stop:
		return from, fmt.Errorf("mend: %w", state.ErrClosed)
	}
	m := <-done
	if m.err != nil {
		return m.from, fmt.Errorf("mend: %w", m.err)
	}
	return m.from, nil
}

// MendFiles makes the files of old entries of this replica whole, block by block from all the
// others, and returns how many. It changes nothing else, so a leader goes on leading. The error
// wraps a *state.LackingError where some entries are whole with nobody that answered.
func (g *Group) MendFiles(ctx context.Context) (mended int, err error) {
	if !g.enter() {
		return 0, fmt.Errorf("mend files: %w", state.ErrClosed)
	}
	defer g.workers.Done()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(g.life, cancel)()
	var from []*state.BlockSource
	for _, other := range g.sources() {
		if g.config.Fetch == nil {
			break
		}
		from = append(from, &state.BlockSource{Name: other.String(), Open: func() (io.ReadWriter, error) { return g.openBlocks(ctx, other) }})
	}
	return g.config.Store.MendFiles(ctx, from)
}

// openBlocks opens a stream to another replica, over which blocks are asked for. It ends with ctx,
// or when nothing moves on it.
func (g *Group) openBlocks(ctx context.Context, from identity.Replica) (io.ReadWriter, error) {
	ctx, cancel := context.WithCancel(ctx)
	watch := time.AfterFunc(fetchStall, cancel)
	stream, err := g.config.Fetch(ctx, from)
	if err != nil {
		watch.Stop()
		cancel()
		return nil, fmt.Errorf("reach %s: %w", from, err)
	}
	context.AfterFunc(ctx, func() { watch.Stop(); _ = stream.Close() })
	return moving{stream, watch}, nil
}

// A source that has not applied yet what is applied here, as one that leads since a moment, is
// asked again: as often as mendRounds.
const (
	mendRounds = 10
	mendPause  = time.Second
)

// mendFromAny mends this replica from the first of the others that can.
func (g *Group) mendFromAny(m mending) {
	ctx, cancel := context.WithCancel(m.ctx)
	defer cancel()
	defer context.AfterFunc(g.life, cancel)()
	defer g.dropFilling()
	for round := 1; ; round++ {
		from, err := g.mendOnce(ctx)
		if err == nil || !errors.Is(err, state.ErrBehind) || round == mendRounds {
			m.done <- mended{from, err}
			return
		}
		select {
		case <-time.After(mendPause):
		case <-ctx.Done():
			m.done <- mended{from, errors.Join(err, ctx.Err())}
			return
		}
	}
}

// mendOnce tries each of the others once.
func (g *Group) mendOnce(ctx context.Context) (from identity.Replica, err error) {
	errs := []error{ErrNoSource}
	for _, from := range g.sources() {
		if g.config.Fetch == nil || ctx.Err() != nil {
			break
		}
		if err = g.mendFrom(ctx, from); err == nil {
			return from, nil
		}
		errs = append(errs, fmt.Errorf("%s: %w", from, err))
	}
	return from, errors.Join(errs...)
}

// mendFrom mends this replica from another one. While the rest comes nothing is applied here, so
// that what comes is not behind what is here; raft's log goes on.
func (g *Group) mendFrom(ctx context.Context, from identity.Replica) error {
	held := false
	defer func() {
		if held {
			g.applying.Unlock()
		}
	}()
	return g.fetchFrom(ctx, from, 0, func() uint64 {
		g.applying.Lock()
		held = true
		applied, _ := g.config.Store.Applied()
		return applied
	})
}
