package relay

import (
	"testing"
	"time"
)

// TestForgottenIsRefused (D17b): a message that may have been served, and forgotten, while the
// clock was ahead is refused as one that is over, though it is in time.
func TestForgottenIsRefused(t *testing.T) {
	w := newWorld(t)
	asked, forgets := 0, true
	local := w.local(t, city)
	local.Forgotten = func(issued, expires time.Time) bool {
		asked++
		if h := w.draft(t).Header; !issued.Equal(h.Issued) || !expires.Equal(h.Expires) {
			t.Errorf("asked of a message from %s to %s", issued, expires)
		}
		return forgets
	}
	w.relays[city] = New(local)
	for _, forgets = range []bool{true, false} {
		w.served = nil
		reply, _, err := w.serve(t, county, w.draft(t).frame(t))
		if err != nil {
			t.Fatal(err)
		}
		if refused := reply.Problem != nil && Code(reply.Problem.Code) == MessageExpired; refused != forgets || len(w.served) == 0 != forgets {
			t.Errorf("forgotten %t: got %+v, served %d times", forgets, reply.Problem, len(w.served))
		}
	}
	if asked != 2 {
		t.Errorf("asked %d times", asked)
	}
}
