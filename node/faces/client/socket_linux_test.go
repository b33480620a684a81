package client

import (
	"net"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"testing/synctest"
)

// TestQueueOfTheSocket: more clients wait at the socket than the system queues, which refuses the
// rest. Whoever was refused is in as soon as there is room.
func TestQueueOfTheSocket(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, SocketName)
	fd, err := syscall.Socket(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Bind(fd, &syscall.SockaddrUnix{Name: path}); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Listen(fd, 0); err != nil {
		t.Fatal(err)
	}
	file := os.NewFile(uintptr(fd), path)
	defer file.Close()
	listener, err := net.FileListener(file)
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	first, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close()
	if c, err := net.Dial("unix", path); err == nil {
		c.Close()
		t.Fatal("the queue of the system holds two")
	}
	synctest.Test(t, func(t *testing.T) {
		dialled := make(chan error)
		go func() {
			c, err := Dialer(dir)(t.Context(), "", "")
			if err == nil {
				c.Close()
			}
			dialled <- err
		}()
		synctest.Wait() // until it was refused
		c, err := listener.Accept()
		if err != nil {
			t.Fatal(err)
		}
		c.Close()
		if err := <-dialled; err != nil {
			t.Error(err)
		}
	})
}
