package replicas

import (
	"fmt"
	"io"
	"os"
	"syscall"
	"testing"

	"xietong/node/ground/text"
)

// TestNotFilled (B21-18): whoever cannot be filled, because all others break off, is told which
// they are, and to look at them; what is wrong with this machine is told as that.
func TestNotFilled(t *testing.T) {
	a := &attempt{welcome: welcome{Others: []other{{Replica: replicaOf(t, 1)}, {Replica: replicaOf(t, 2)}}}}
	a.t.Replica = replicaOf(t, 5)
	err := a.notFilled(fmt.Errorf("fill: %w", io.ErrUnexpectedEOF))
	if f := text.AsFailure(err); f.Code != text.ReplicaNotFilled || f.Args["by"] != "r1, r2" || f.Args["replica"] != "r5" {
		t.Errorf("got %v", err)
	}
	full := &os.PathError{Op: "write", Path: "x", Err: syscall.ENOSPC}
	if err := a.notFilled(full); err != full {
		t.Errorf("got %v", err)
	}
}
