package relay

import (
	"context"
	"errors"
	"testing"

	"xietong/certs/identity"
)

// TestUnheardOfANeighbour (C37): what a neighbour brings is not run while it has not said what it
// saw; who brought it is asked about, and what for. It is told so, and served once that is over.
func TestUnheardOfANeighbour(t *testing.T) {
	w := newWorld(t)
	local := w.local(t, city)
	problem := local.Problem
	local.Problem = func(err error) (uint16, []string) {
		if errors.Is(err, errUnheard) {
			return 557, []string{city, county}
		}
		return problem(err)
	}
	holds := true
	local.Unheard = func(_ context.Context, peer identity.Jurisdiction, operation string) error {
		if peer != name(t, county) || operation != query(t).Operation.String() {
			t.Errorf("asked about %s of %s", operation, peer)
		}
		if holds {
			return errUnheard
		}
		return nil
	}
	w.relays[city] = New(local)
	for _, holds = range []bool{true, false} {
		w.served = nil
		reply, _, err := w.serve(t, county, w.draft(t).frame(t))
		if err != nil {
			t.Fatal(err)
		}
		if refused := reply.Problem != nil && reply.Problem.Code == 557; refused != holds || len(w.served) == 0 != holds {
			t.Errorf("held up %t: got %+v, served %d times", holds, reply.Problem, len(w.served))
		}
	}
}

var errUnheard = errors.New("it has not said what it saw")
