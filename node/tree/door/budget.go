package door

import (
	"errors"
	"strconv"
	"time"

	"xietong/certs/identity"
	"xietong/exchange/budget"
	"xietong/node/ground/text"
)

// What a child may present at the door: burst presentations at once, and one more every refill. It
// presents every five minutes, and more often only where the link is refused.
const (
	burst  = 8
	refill = time.Minute
)

// Budget meters what each child presents at the door. Only who has proven to be the child spends
// it, so a stranger can spend nobody's; and it holds no name that is not a child's. Many goroutines
// may use it.
type Budget struct{ rates *budget.Rates }

// NewBudget returns the budget of all children, whole.
func NewBudget() *Budget { // a child is alone in its part, a third
	return &Budget{budget.NewRates(3*burst, 1/refill.Seconds())}
}

// spend takes one presentation from the budget of a child. The error is text.Busy, in the name of
// the jurisdiction whose door it is, where nothing is left.
func (b *Budget) spend(child, of identity.Jurisdiction, now time.Time) error {
	err := b.rates.Spend(1, budget.Payer{Neighbour: child.String()}, now)
	if spent, ok := errors.AsType[*budget.SpentError](err); ok {
		return busy(of, spent)
	}
	return nil
}

func busy(of identity.Jurisdiction, spent *budget.SpentError) error {
	return text.Fail(text.Busy, text.Args{"jurisdiction": of.String(), "again": strconv.FormatInt(spent.Seconds(), 10)}, nil)
}
