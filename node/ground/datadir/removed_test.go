package datadir

import (
	"fmt"
	"testing"

	"xietong/certs/identity"
	"xietong/node/ground/host"
	"xietong/node/ground/text"
)

// TestRemovedIsTold: a replica that was removed, and is started again, says that, and what to do.
func TestRemovedIsTold(t *testing.T) {
	r, err := identity.ParseReplica("r2")
	if err != nil {
		t.Fatal(err)
	}
	f := text.AsFailure(Error("one", fmt.Errorf("open: %w", &host.RemovedError{Replica: r, Number: 4})))
	if f.Code != text.ReplicaWasRemoved || f.Args["replica"] != "r2" {
		t.Errorf("got %v", f)
	}
}
