package host

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"xietong/certs/identity"
	"xietong/exchange/budget"
)

const (
	// A growthPart-th of the free disk is what all others together may have this node write within
	// a day: those who do not operate it. What is free shrinks with it, so they never fill the
	// disk.
	growthPart = 10
	growthLook = time.Minute // how often the free disk is looked at,
	growthSoon = time.Second // and where it has no room for what somebody wants
	growthDay  = 24 * time.Hour
	// growthCost is about how many bytes of disk a byte of a command costs: raft's log, the state,
	// and the tree.
	growthCost = 3
)

// Growth bounds what others make the ledgers of this node grow by. There is one for a node, because
// its ledgers share a disk. Whatever becomes an entry comes through Host.Propose, which spends
// here; who pays is in the context (see budget). The agencies of this node's own jurisdictions
// spend nothing here: they are those who operate it, and the disk is theirs to fill.
type Growth struct {
	rate *budget.Rate
	free func() (uint64, error) // bytes of the disk
	mu   sync.Mutex
	next time.Time // when the free disk is looked at
}

// NewGrowth returns the budget of a node on a disk of which free tells how many bytes are free.
func NewGrowth(free func() (uint64, error)) *Growth {
	return &Growth{rate: budget.NewRate(0, 0), free: free}
}

// GrowthError is returned by Propose, which then did nothing, for a payer who has made the ledgers
// of this node grow by as much as it may for now.
type GrowthError struct {
	At    identity.Jurisdiction
	Spent *budget.SpentError
	// Full reports that it is the disk that has no room, whatever the payer spent: all that may be
	// spent in a day is too little. It is looked at again soon.
	Full bool
}

func (e *GrowthError) Error() string {
	return fmt.Sprintf("%s grows by no more for now: %v", e.At, e.Spent)
}

// spend takes the bytes of a command of whoever pays for the work of ctx. A nil Growth bounds
// nothing.
func (g *Growth) spend(ctx context.Context, at identity.Jurisdiction, command int, now time.Time) error {
	p, paid := budget.PayerOf(ctx)
	if g == nil || !paid || p.Neighbour == budget.Local {
		return nil
	}
	if err := g.look(now); err != nil {
		return err
	}
	err := g.rate.Spend(float64(command*growthCost), p, now)
	if spent, ok := errors.AsType[*budget.SpentError](err); ok {
		full := spent.Again >= growthDay
		if full {
			g.lookSoon(now)
		}
		return &GrowthError{At: at, Spent: spent, Full: full}
	}
	return nil
}

// look looks at the free disk, if it is time to.
func (g *Growth) look(now time.Time) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if now.Before(g.next) {
		return nil
	}
	free, err := g.free()
	if err != nil {
		return fmt.Errorf("look at free space: %w", err)
	}
	most := float64(free) / growthPart
	g.rate.Resize(most, most/growthDay.Seconds(), now)
	g.next = now.Add(growthLook)
	return nil
}

// lookSoon has the free disk be looked at before its time.
func (g *Growth) lookSoon(now time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if soon := now.Add(growthSoon); soon.Before(g.next) {
		g.next = soon
	}
}
