package main

import (
	"fmt"
	"testing"

	"xietong/node/faces/client"
)

// TestLostAnswerIsNoStoppedNode: of a command whose answer was lost nobody reads that the node is
// not running, as if nothing had happened.
func TestLostAnswerIsNoStoppedNode(t *testing.T) {
	b := newWorkbench(t, "C")
	for _, last := range []error{client.ErrNotRunning, client.ErrSocket, &client.Problem{Code: "busy", Status: 503}} {
		p, code := b.app.explain(fmt.Errorf("%w: %w", client.ErrUnknownOutcome, last))
		if code != exitFailed || p.Code != "outcome-unknown" || p.Do == "" {
			t.Errorf("then %v: got %+v, exit %d, want exit %d", last, p, code, exitFailed)
		}
	}
}
