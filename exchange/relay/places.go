package relay

import (
	"errors"
	"strconv"

	"xietong/exchange/budget"
)

// busy returns the problem of a payer that has no more room here; err says until when, if that is
// known.
func (r *Relay) busy(err error) *Problem {
	spent, ok := errors.AsType[*budget.SpentError](err)
	if !ok {
		spent = &budget.SpentError{} // a place is free again as soon as something is answered
	}
	return r.refuse(Busy, err, r.l.Name.String(), strconv.FormatInt(spent.Seconds(), 10))
}
