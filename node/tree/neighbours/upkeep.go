package neighbours

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"time"

	"xietong/certs/identity"
	"xietong/certs/trust"
	"xietong/node/ground/book"
	"xietong/node/ground/host"
	"xietong/node/ground/text"
	"xietong/node/tree"
	"xietong/node/tree/door"
)

// How often the jurisdiction looks after its standing, and asks its parent about it (what is said
// of a jurisdiction is asked for anew at ten minutes; what it shows of itself is half as old).
const (
	lookEvery    = time.Minute
	presentEvery = 5 * time.Minute
	withinRound  = 30 * time.Second
	// againAfter is the pause after a failed attempt. Each further failure doubles it, up to
	// presentEvery: a parent that is away is asked by many, and a parent that has withdrawn its
	// child is asked for ever.
	againAfter = 20 * time.Second
	// askAgain is how long Anew lets pass before it asks again.
	askAgain = 2 * time.Second
	// toldEvery is the least pause between two rounds that news of neighbours cause. What is told
	// meanwhile is followed at its end.
	toldEvery = 5 * time.Second
)

// Keys keeps the jurisdiction's keys and its chain; *host.Host is one.
type Keys interface {
	book.Ledger
	Jurisdiction
	KeySets(ctx context.Context) ([][]byte, error)
	// Endorsed returns the parent's endorsement that was seen last; nil: there is no parent.
	Endorsed(ctx context.Context) (*trust.Endorsement, error)
	Replica() identity.Replica
	SignLog(message []byte) []byte
	RenewKeys(ctx context.Context, known func(number uint64) bool) error
	SetAbove(ctx context.Context, root trust.Pin, levels []trust.Level) ([]trust.Link, error)
	// Deny keeps the parent's word that it does not endorse these keys, until SetAbove.
	Deny(code string, args []string) error
	// Outrun is told a key set that is said to follow one that is here. What it does not prove by
	// itself stops nobody.
	Outrun(shown []byte) error
}

// Upkeep looks after the standing of one hosted jurisdiction: its keys are renewed, and presented
// to its parent, which renews its endorsement.
type Upkeep struct {
	o     UpkeepOptions
	table *Table
	keys  Keys

	mu        sync.Mutex
	acked     map[identity.Jurisdiction]uint64 // number of our key set that each neighbour knows
	presented time.Time
	tried     time.Time
	vain      int       // failed attempts since the last that succeeded
	futile    int       // attempts that succeeded, and brought no link, since Poke
	told      bool      // a neighbour told news that were not followed yet
	followed  time.Time // when news were followed last
	poke      chan struct{}
	news      chan struct{}

	asking chan struct{} // full while Anew asks; guards asked
	asked  time.Time
}

// UpkeepOptions are the means by which an Upkeep works.
type UpkeepOptions struct {
	// Reach returns a way to the parent: the link, or the door where there is no link or it is not
	// trusted yet. done releases the way.
	Reach func(ctx context.Context, parent identity.Jurisdiction) (way door.Asker, done func(), err error)
	// Proves verifies that the other end of a way is the parent, so that what comes over it is the
	// parent's own word. nil: it always is.
	Proves func(ctx context.Context, way door.Asker, parent identity.Jurisdiction) error
	// Changed is called after each attempt to derive the table anew, also where the attempt failed
	// or nothing had changed. It must not be nil.
	Changed func()
	// Roster looks after the roster: it asks the parent or, at a root, where way is nil, publishes
	// the first. more reports that it got on and did not end, and wants to go on soon. nil: the
	// roster is not looked after.
	Roster func(ctx context.Context, way door.Asker) (more bool, err error)
	// Reached keeps where the parent says that it is reached. nil: it is not kept.
	Reached func(ctx context.Context, parent identity.Jurisdiction, addresses []string) error
}

// NewUpkeep returns the upkeep of a table's jurisdiction.
func NewUpkeep(t *Table, keys Keys, o UpkeepOptions) *Upkeep {
	return &Upkeep{
		o: o, table: t, keys: keys, acked: map[identity.Jurisdiction]uint64{},
		poke: make(chan struct{}, 1), news: make(chan struct{}, 1), asking: make(chan struct{}, 1),
	}
}

// Run looks after everything at once, and then every minute, after each Poke, and soon after Told,
// until ctx ends.
func (u *Upkeep) Run(ctx context.Context) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for ctx.Err() == nil {
		round, cancel := context.WithTimeout(ctx, withinRound)
		if err := u.round(round); err != nil && ctx.Err() == nil {
			u.table.logger.Warn("upkeep came to nothing", "error", err)
		}
		cancel()
		for !u.wait(ctx, tick) {
		}
	}
}

// wait waits for the next round; false: only for news, of which there were none so far.
func (u *Upkeep) wait(ctx context.Context, tick *time.Ticker) bool {
	var follow <-chan time.Time
	if pause, told := u.pause(); told {
		timer := time.NewTimer(pause)
		defer timer.Stop()
		follow = timer.C
	}
	select {
	case <-u.news:
		return false
	case <-tick.C:
	case <-u.poke:
	case <-follow:
	case <-ctx.Done():
	}
	return true
}

// Poke has the jurisdiction present itself soon. It is for a caller that knows that the link was
// refused, or that something has changed.
func (u *Upkeep) Poke() {
	u.mu.Lock()
	u.presented, u.vain, u.futile = time.Time{}, 0, 0
	u.mu.Unlock()
	u.wake()
}

// Refused has the jurisdiction present itself again where it did so with success, and the link was
// refused all the same: one side has changed its keys once more since. It does so at once the first
// time, and then after pauses like those after a failed attempt, until Poke.
func (u *Upkeep) Refused() {
	u.mu.Lock()
	succeeded := u.vain == 0 && !u.presented.IsZero()
	if succeeded {
		u.presented, u.vain = time.Time{}, u.futile
		u.futile++
	}
	u.mu.Unlock()
	if succeeded {
		u.wake()
	}
}

// wake begins the next round now.
func (u *Upkeep) wake() {
	select {
	case u.poke <- struct{}{}:
	default:
	}
}

// Anew presents the jurisdiction to its parent now, and so learns the parent's newest key sets,
// unless that was done a moment ago. It is for a caller that met a key of the parent that it does
// not know.
func (u *Upkeep) Anew(ctx context.Context) error {
	select {
	case u.asking <- struct{}{}:
		defer func() { <-u.asking }()
	case <-ctx.Done():
		return ctx.Err()
	}
	if now := u.table.now(); now.Sub(u.asked).Abs() < askAgain {
		return nil
	}
	parent, joined := u.table.Parent()
	if !joined {
		return nil
	}
	err := u.present(ctx, parent)
	u.asked = u.table.now()
	return err
}

// Acked keeps the number of our own key set that a neighbour says it knows.
func (u *Upkeep) Acked(by identity.Jurisdiction, number uint64) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.acked[by] = max(u.acked[by], number)
}

// known reports whether every neighbour knows our key set of that number.
func (u *Upkeep) known(number uint64) bool {
	names := u.table.Neighbours()
	u.mu.Lock()
	defer u.mu.Unlock()
	for _, name := range names {
		if u.acked[name] < number {
			return false
		}
	}
	return true
}

// round does the work that is due: (1) our own keys, (2) the table, (3) the parent and the roster.
// Each is tried even where one before it failed.
func (u *Upkeep) round(ctx context.Context) error {
	u.follow()
	now := u.table.now()
	err := u.keys.RenewKeys(ctx, u.known)
	err = errors.Join(err, u.refresh(ctx))
	parent, joined := u.table.Parent()
	if heard, _ := u.table.LastHello(parent); joined && u.o.Reached != nil {
		err = errors.Join(err, u.o.Reached(ctx, parent, heard.Addresses))
	}
	switch {
	case joined && u.due(parent, now):
		// What the parent endorsed just now is used just now.
		err = errors.Join(err, u.present(ctx, parent), u.keys.RenewKeys(ctx, u.known))
	case !joined && len(u.table.Neighbours()) > 0:
		err = errors.Join(err, u.roster(ctx, nil))
	}
	return err
}

func (u *Upkeep) refresh(ctx context.Context) error {
	err := u.table.Refresh(ctx)
	u.o.Changed()
	return err
}

// due reports whether the parent should be asked now. Where it should, due counts the attempt as
// failed, until present sets the count back.
func (u *Upkeep) due(parent identity.Jurisdiction, now time.Time) bool {
	number := u.table.Number()
	heard, _ := u.table.LastHello(parent)
	u.mu.Lock()
	defer u.mu.Unlock()
	news := u.acked[parent] < number || heard.Number > u.table.newest(parent)
	if now.Sub(u.presented).Abs() < presentEvery && !news || u.vain > 0 && now.Sub(u.tried).Abs() < min(againAfter<<min(u.vain-1, 8), presentEvery) {
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

// mostAtOnce is how many presentations one round makes, where the parent lacks many key sets.
const mostAtOnce = tree.MostADay / trust.MaxHanded

// present shows the parent the key sets that it has not endorsed yet, as many at once as it takes,
// and keeps the chain of its answer. The chain is verified down to our own keys, so an endorsement
// of other keys is not taken, and is an alarm.
func (u *Upkeep) present(ctx context.Context, parent identity.Jurisdiction) error {
	way, done, err := u.o.Reach(ctx, parent)
	if err != nil {
		return err
	}
	defer done()
	if err := u.proven(ctx, way, parent); err != nil {
		if errors.Is(err, ErrOldKeys) {
			u.table.Alarm(parent, text.ParentKeysOld, err)
		}
		return err
	}
	number, err := u.show(ctx, way, parent)
	if err != nil {
		return err
	}
	u.table.Over(parent)
	u.mu.Lock()
	u.presented, u.vain = u.table.now(), 0
	u.acked[parent] = max(u.acked[parent], number)
	u.mu.Unlock()
	return errors.Join(u.refresh(ctx), u.roster(ctx, way))
}

// show presents what the parent has not endorsed yet, and returns the number that it has endorsed
// then.
func (u *Upkeep) show(ctx context.Context, way door.Asker, parent identity.Jurisdiction) (number uint64, err error) {
	e, err := u.keys.Endorsed(ctx)
	if err != nil {
		return 0, err
	}
	if e != nil {
		number = e.Number
	}
	for range mostAtOnce {
		sets, err := u.keys.KeySets(ctx)
		if err != nil {
			return 0, err
		}
		after := number
		number, err = u.showAfter(ctx, way, parent, sets, after)
		if errors.Is(err, trust.ErrStanding) { // signed just before the parent's keys changed: it says another now
			number, err = u.showAfter(ctx, way, parent, sets, after)
		}
		if err != nil || number == uint64(len(sets)) {
			return number, err
		}
	}
	return number, nil
}

// showAfter presents key sets after a number, and returns the number that the parent has endorsed
// then. Where the parent wants to be shown what comes after another number, that is this number: it
// knows fewer than we thought, because its ledger was put back to an older state, or more than one
// presentation holds.
func (u *Upkeep) showAfter(ctx context.Context, way door.Asker, parent identity.Jurisdiction, sets [][]byte, after uint64) (uint64, error) {
	at := max(1, min(after, uint64(len(sets))))
	pin, err := trust.PinOf(sets[at-1])
	if err != nil {
		return 0, err
	}
	hash, fresh := pin.Hash(), sets[at:]
	levels, err := door.AskPresent(ctx, way, tree.Presentation{
		Child: u.keys.Name(), After: at, Hash: hash[:], KeySets: append([][]byte{}, fresh[:trust.Some(fresh)]...), Replica: u.keys.Replica(),
	}, u.table.newest(parent), u.keys.SignLog)
	if f, ok := errors.AsType[*text.Failure](err); ok {
		switch f.Code {
		case text.KeySetsWanted:
			if knows, err := strconv.ParseUint(f.Args["number"], 10, 64); err == nil && knows > 0 && knows != at && knows <= uint64(len(sets)) {
				return knows, nil
			}
		case text.KeySetsForked, text.KeySetOld, text.ChainLong:
			// A later key set than ours is not of this ledger either: it was published before our
			// ledger was put back to an older state, or by somebody who has our keys.
			u.table.Alarm(parent, f.Code, err)
			if r, ok := errors.AsType[*door.Refused](err); ok && len(r.With) > 0 {
				err = errors.Join(err, u.keys.Outrun(r.With))
			}
		}
		if slices.Contains(denials, f.Code) {
			err = errors.Join(err, u.keys.Deny(string(f.Code), u.denial(parent, f)))
		}
	}
	if err != nil {
		return 0, err
	}
	_, root, err := u.keys.Chain(ctx)
	if err != nil {
		return 0, err
	}
	chain, err := u.keys.SetAbove(ctx, root, levels)
	switch _, long := errors.AsType[*host.ChainError](err); {
	case long:
		u.table.Alarm(parent, text.ChainLong, err)
	case errors.Is(err, host.ErrNotAbove) && errors.Is(err, trust.ErrInvalid) && parent == u.table.Root():
		u.table.Alarm(parent, text.ParentKeysOld, err)
	case errors.Is(err, host.ErrNotAbove) && errors.Is(err, trust.ErrInvalid):
		u.table.Alarm(parent, text.KeySetsForked, err)
	}
	if err != nil {
		return 0, fmt.Errorf("take chain from %s: %w", parent, err)
	}
	return chain[len(chain)-1].Endorsement.Number, nil
}
