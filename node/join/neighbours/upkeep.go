package neighbours

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"xietong/certs/identity"
	"xietong/certs/trust"
	"xietong/node/book"
	"xietong/node/join"
	"xietong/node/text"
)

// How often the jurisdiction looks after its standing, and asks its parent how that is (DESIGN: what is known of a
// jurisdiction is at most ten minutes old where a link is up).
const (
	lookEvery    = time.Minute
	presentEvery = 10 * time.Minute
	withinRound  = 30 * time.Second
	// againAfter is how long an attempt that came to nothing is not repeated, twice as long after each: a parent that is away is
	// asked by many, and one that has withdrawn its child is asked for ever.
	againAfter = 20 * time.Second
)

// Keys is what keeps the jurisdiction's keys and its chain; *host.Host is one.
type Keys interface {
	book.Ledger
	Jurisdiction
	KeySets(ctx context.Context) ([][]byte, error)
	RenewKeys(ctx context.Context, known func(number uint64) bool) error
	SetAbove(ctx context.Context, root trust.Pin, levels []trust.Level) ([]trust.Link, error)
}

// Upkeep looks after the standing of one hosted jurisdiction: its keys are renewed, and presented to its parent, which renews
// its endorsement.
type Upkeep struct {
	Table *Table
	Keys  Keys
	// Reach gives a way to the parent: the link, or the door where there is none or it is not trusted yet.
	Reach func(ctx context.Context, parent identity.Jurisdiction) (way join.Asker, done func(), err error)
	// Changed is told when the table was derived anew.
	Changed func()
	// Roster looks after the roster: by asking the parent, or at a root, where way is nil, by publishing the first. nil: nobody does.
	Roster func(ctx context.Context, way join.Asker) error

	mu        sync.Mutex
	acked     map[identity.Jurisdiction]uint64 // numbers of our key set that neighbours know
	presented time.Time
	tried     time.Time
	vain      int // attempts that came to nothing, since one did not
	poke      chan struct{}
}

// NewUpkeep returns the upkeep of a table's jurisdiction. Reach and Changed must be set before Run.
func NewUpkeep(t *Table, keys Keys) *Upkeep {
	return &Upkeep{Table: t, Keys: keys, acked: map[identity.Jurisdiction]uint64{}, poke: make(chan struct{}, 1)}
}

// Run looks after everything at once and then every minute, until ctx ends.
func (u *Upkeep) Run(ctx context.Context) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for ctx.Err() == nil {
		round, cancel := context.WithTimeout(ctx, withinRound)
		if err := u.round(round); err != nil && ctx.Err() == nil {
			u.Table.logger.Warn("upkeep came to nothing", "error", err)
		}
		cancel()
		select {
		case <-tick.C:
		case <-u.poke:
		case <-ctx.Done():
		}
	}
}

// Poke has the jurisdiction present itself soon: its link was refused, or somebody knows that something has changed.
func (u *Upkeep) Poke() {
	u.mu.Lock()
	u.presented, u.vain = time.Time{}, 0
	u.mu.Unlock()
	select {
	case u.poke <- struct{}{}:
	default:
	}
}

// Acked keeps the number of our own key set that a neighbour says it knows.
func (u *Upkeep) Acked(by identity.Jurisdiction, number uint64) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.acked[by] = max(u.acked[by], number)
}

// known reports whether every neighbour knows the number of our key set.
func (u *Upkeep) known(number uint64) bool {
	u.Table.mu.RLock()
	names := u.Table.names()
	u.Table.mu.RUnlock()
	u.mu.Lock()
	defer u.mu.Unlock()
	for _, name := range names {
		if u.acked[name] < number {
			return false
		}
	}
	return true
}

// round does what is due: (1) own keys, (2) the table, (3) the parent and the roster. Each is tried whatever became of those before it.
func (u *Upkeep) round(ctx context.Context) error {
	now := u.Table.now()
	err := u.Keys.RenewKeys(ctx, u.known)
	err = errors.Join(err, u.refresh(ctx))
	parent, joined := u.Table.Parent()
	switch {
	case joined && u.due(parent, now):
		err = errors.Join(err, u.present(ctx, parent))
	case !joined && u.Roster != nil && len(u.Table.Neighbours()) > 0:
		err = errors.Join(err, u.Roster(ctx, nil))
	}
	return err
}

func (u *Upkeep) refresh(ctx context.Context) error {
	err := u.Table.Refresh(ctx)
	u.Changed()
	return err
}

// due reports whether the parent should be asked now.
func (u *Upkeep) due(parent identity.Jurisdiction, now time.Time) bool {
	number := u.Table.Number()
	heard, _ := u.Table.LastHello(parent)
	u.mu.Lock()
	defer u.mu.Unlock()
	news := u.acked[parent] < number || heard.Number > u.Table.newest(parent)
	if now.Sub(u.presented) < presentEvery && !news || u.vain > 0 && now.Sub(u.tried).Abs() < min(againAfter<<min(u.vain-1, 8), presentEvery) {
		return false
	}
	u.tried, u.vain = now, u.vain+1
	return true
}

// newest returns the number of the newest key set that we know of a neighbour.
func (t *Table) newest(name identity.Jurisdiction) uint64 {
	n, ok := t.of(name)
	if !ok || len(n.KeySets) == 0 {
		return 0
	}
	return n.KeySets[len(n.KeySets)-1].Number
}

// present shows the parent our key sets and keeps the chain that it answers with: verified down to our own keys, so an
// endorsement that we did not ask for is not taken, and is told.
func (u *Upkeep) present(ctx context.Context, parent identity.Jurisdiction) error {
	way, done, err := u.Reach(ctx, parent)
	if err != nil {
		return err
	}
	defer done()
	sets, err := u.Keys.KeySets(ctx)
	if err != nil {
		return err
	}
	number := uint64(len(sets))
	levels, err := join.AskPresent(ctx, way, u.Keys.Name(), u.Table.newest(parent), sets)
	if err != nil {
		// A later key set than ours is not of this ledger either: it was published before ours was put back to an older state,
		// or by somebody who has our keys.
		if f, ok := errors.AsType[*text.Failure](err); ok && (f.Code == text.InvitationRedeemed || f.Code == text.KeySetOld) {
			u.Table.logger.Error("parent vouches for other keys under our name", "peer", parent.String(), "code", string(f.Code))
		}
		return err
	}
	_, root, err := u.Keys.Chain(ctx)
	if err != nil {
		return err
	}
	if _, err := u.Keys.SetAbove(ctx, root, levels); err != nil {
		u.Table.logger.Error("parent vouches for other keys under our name", "peer", parent.String(), "error", err)
		return fmt.Errorf("take chain from %s: %w", parent, err)
	}
	u.mu.Lock()
	u.presented, u.vain = u.Table.now(), 0
	u.acked[parent] = max(u.acked[parent], number)
	u.mu.Unlock()
	err = u.refresh(ctx)
	if u.Roster != nil {
		err = errors.Join(err, u.Roster(ctx, way))
	}
	return err
}
