package group

import (
	"context"
	"errors"
	"fmt"

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

// mendFromAny mends this replica from the first of the others that can.
func (g *Group) mendFromAny(m mending) {
	ctx, cancel := context.WithCancel(m.ctx)
	defer cancel()
	defer context.AfterFunc(g.life, cancel)()
	errs := []error{ErrNoSource}
	if g.config.Fetch == nil {
		m.done <- mended{err: ErrNoSource}
		return
	}
	for _, from := range g.sources() {
		err := g.mendFrom(ctx, from)
		if err == nil {
			m.done <- mended{from: from}
			return
		}
		errs = append(errs, fmt.Errorf("%s: %w", from, err))
		if ctx.Err() != nil {
			break
		}
	}
	g.dropFilling()
	m.done <- mended{err: errors.Join(errs...)}
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
