package main

import (
	"context"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// listener is a systemd that hears one process.
func listener(t *testing.T, name string) *net.UnixConn {
	t.Helper()
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: name, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

func nextWord(t *testing.T, conn *net.UnixConn) string {
	t.Helper()
	if err := conn.SetReadDeadline(time.Now().Add(30 * time.Second)); err != nil {
		t.Fatal(err)
	}
	word := make([]byte, 4096)
	n, err := conn.Read(word)
	if err != nil {
		t.Fatal(err)
	}
	return string(word[:n])
}

// TestSupervisor: systemd hears that the node is well each time that it answers, hears nothing
// while it does not, and at last that it stops. Its socket is a file or has a name alone.
func TestSupervisor(t *testing.T) {
	for _, name := range []string{filepath.Join(t.TempDir(), "notify"), "@xietong-test-" + strconv.Itoa(os.Getpid())} {
		conn := listener(t, name)
		a := &app{getenv: func(key string) string {
			return map[string]string{"NOTIFY_SOCKET": name, "WATCHDOG_USEC": "40000", "WATCHDOG_PID": strconv.Itoa(os.Getpid())}[key]
		}}
		s, err := a.supervisor()
		if err != nil || s.every != 10*time.Millisecond {
			t.Fatalf("every %s, %v", s.every, err)
		}
		ctx, stop := context.WithCancel(t.Context())
		asked := 0
		s.watch(ctx, func(context.Context) error {
			asked++
			if asked == 2 {
				return errors.New("it does not answer")
			}
			if asked == 4 {
				stop()
			}
			return nil
		})
		s.close()
		for i, want := range []string{"WATCHDOG=1", "WATCHDOG=1", "WATCHDOG=1", "STOPPING=1"} {
			if got := nextWord(t, conn); got != want {
				t.Errorf("word %d: got %q, want %q", i, got, want)
			}
		}
	}
}

// TestServeTellsSystemd: a node that is started as by a unit says that it is ready, goes on saying
// that it answers, and says that it stops.
func TestServeTellsSystemd(t *testing.T) {
	dir := t.TempDir()
	linkProgram(t, filepath.Join(dir, "xietong"))
	conn := listener(t, filepath.Join(dir, "notify"))
	run := func(args ...string) *exec.Cmd {
		c := exec.CommandContext(t.Context(), "./xietong", args...)
		c.Dir = dir
		c.Env = append(os.Environ(), mainEnv+"=1", "LANG=en_US.UTF-8", "XIETONG_DATA=data", "NOTIFY_SOCKET="+conn.LocalAddr().String(), "WATCHDOG_USEC=1000000")
		return c
	}
	if out, err := run("init", "guizhou").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	node := run("serve")
	if err := node.Start(); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"READY=1\nSTATUS=the node is ready, data directory data", "WATCHDOG=1", "WATCHDOG=1"} {
		if got := nextWord(t, conn); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	if err := node.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	word := nextWord(t, conn)
	for word == "WATCHDOG=1" {
		word = nextWord(t, conn)
	}
	if err := node.Wait(); err != nil || word != "STOPPING=1" {
		t.Errorf("the last word was %q; %v", word, err)
	}
}

// TestSupervisorHangs: the question to a node that hangs is given up in time for the next.
func TestSupervisorHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithTimeout(t.Context(), time.Minute)
		defer stop()
		asked := 0
		supervisor{every: 15 * time.Second}.watch(ctx, func(ctx context.Context) error {
			asked++
			<-ctx.Done()
			return ctx.Err()
		})
		if asked < 4 {
			t.Errorf("asked %d times in a minute", asked)
		}
	})
}

// TestNobodySupervises: without systemd, or with a watchdog of another process, nothing is told.
func TestNobodySupervises(t *testing.T) {
	a := &app{getenv: func(string) string { return "" }}
	s, err := a.supervisor()
	if err != nil || s.conn != nil {
		t.Fatalf("%+v, %v", s, err)
	}
	s.tell("READY=1")
	s.close()
	name := filepath.Join(t.TempDir(), "notify")
	listener(t, name)
	for _, env := range []map[string]string{{"NOTIFY_SOCKET": name}, {"NOTIFY_SOCKET": name, "WATCHDOG_USEC": "1000000", "WATCHDOG_PID": "1"}, {"NOTIFY_SOCKET": name, "WATCHDOG_USEC": "soon"}} {
		a.getenv = func(key string) string { return env[key] }
		if s, err := a.supervisor(); err != nil || s.every != 0 {
			t.Errorf("%v: every %s, %v", env, s.every, err)
		}
		s.close()
	}
	a.getenv = func(string) string { return filepath.Join(t.TempDir(), "nobody") }
	if _, err := a.supervisor(); err == nil {
		t.Error("a socket that is not there is dialled")
	}
}
