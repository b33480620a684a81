package node

import (
	"errors"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"

	"xietong/node/ground/text"
)

// TestReplicaAtATakenAddress (N21-19): who joins as a replica at an address that is in use, or that
// this machine has not, is told which process has it, and to give another one.
func TestReplicaAtATakenAddress(t *testing.T) {
	used, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer used.Close()
	address := used.LocalAddr().String()
	_, err = listenUDP(address)
	if f := text.AsFailure(notListened(address, err)); f.Code != text.ListenTakenBy && f.Code != text.ListenUnusable || f.Args["address"] != address {
		t.Errorf("got %v of %v", f, err)
	}
	err = &net.OpError{Op: "listen", Err: os.NewSyscallError("bind", syscall.EADDRNOTAVAIL)}
	f := text.AsFailure(notListened("192.0.2.7:7400", err))
	if told := text.Explain(text.En, f.Code, f.Args); f.Code != text.ListenUnusable || !strings.Contains(told.Do, "--listen") {
		t.Errorf("got %s, %+v", f.Code, told)
	}
	if err := errors.New("other"); notListened("x", err) != err {
		t.Error("another error is changed")
	}
}
