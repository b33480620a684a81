package relay

import (
	"errors"
	"strconv"
	"sync"

	"xietong/certs/identity"
	"xietong/exchange/budget"
)

// toward has the places toward each neighbour. A request goes to neighbours only, so there are no
// more of them than this jurisdiction has.
type toward struct {
	mu sync.Mutex
	to map[identity.Jurisdiction]*budget.Places
}

// enter takes a place toward a neighbour, and reports whether there was one for the payer.
func (t *toward) enter(next identity.Jurisdiction, p budget.Payer) (leave func(), ok bool) {
	t.mu.Lock()
	places := t.to[next]
	if places == nil {
		places = budget.NewPlaces(MaxToward)
		t.to[next] = places
	}
	t.mu.Unlock()
	return places.Enter(p)
}

// busy returns the problem of a payer that has no more room here; err says until when, if that is
// known.
func (r *Relay) busy(err error) *Problem {
	spent, ok := errors.AsType[*budget.SpentError](err)
	if !ok {
		spent = &budget.SpentError{} // a place is free again as soon as something is answered
	}
	return r.refuse(Busy, err, r.l.Name.String(), strconv.FormatInt(spent.Seconds(), 10))
}
