package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"xietong/node/faces/client"
	"xietong/node/ground/text"
)

// TestPatience checks how long a command waits for a node that does not listen yet.
func TestPatience(t *testing.T) {
	never := time.Hour
	for _, row := range []struct {
		name             string
		node             bool
		held, up         time.Duration // when a process takes the directory, and when it listens
		freed            time.Duration // when it lets go again
		took             time.Duration
		told, ok, starts bool
	}{
		{name: "no node there", took: 0, held: never, up: never, freed: never},
		{name: "nobody starts it", node: true, held: never, up: never, freed: never, took: time.Second},
		{name: "started just before", node: true, held: 300 * time.Millisecond, up: 700 * time.Millisecond, freed: never, took: 700 * time.Millisecond, ok: true},
		{name: "starts slowly", node: true, up: 5 * time.Second, freed: never, took: 5 * time.Second, told: true, ok: true},
		{name: "does not come", node: true, up: never, freed: never, took: 10 * time.Second, told: true, starts: true},
		{name: "fails", node: true, up: never, freed: 3 * time.Second, took: 3 * time.Second, told: true},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began, told := time.Now(), 0
				p := patience{
					node: row.node, tell: func() { told++ },
					held: func() bool { at := time.Since(began); return at >= row.held && at < row.freed },
					to: func(context.Context, string, string) (net.Conn, error) {
						if time.Since(began) >= row.up {
							return &net.UnixConn{}, nil
						}
						return nil, fmt.Errorf("%w: nobody listens", client.ErrNotRunning)
					},
				}
				_, err := p.dial(t.Context(), "", "")
				if took := time.Since(began); (err == nil) != row.ok || errors.Is(err, errStarting) != row.starts || took < row.took || took > row.took+2*startLook {
					t.Errorf("got %v after %s, want it after %s", err, took, row.took)
				}
				if (told > 0) != row.told {
					t.Errorf("told %d times", told)
				}
			})
		})
	}
}

// TestDetached starts a node in the background, and stops it; what ends its start is told by the
// command that started it.
func TestDetached(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "guizhou")
	run := func(code int, want string, args ...string) []byte {
		t.Helper()
		cmd := program(t, append([]string{"--data", dir}, args...)...)
		out, err := cmd.CombinedOutput()
		if got := cmd.ProcessState.ExitCode(); got != code || !strings.Contains(string(out), want) {
			t.Errorf("%q: %v, want exit %d with %q\n%s", args, err, code, want, out)
		}
		return out
	}
	run(exitFailed, "there is no such data directory", "serve", "--detach")
	run(exitDone, "", "init", "guizhou", "--json")
	format := filepath.Join(dir, "FORMAT")
	now, err := os.ReadFile(format)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(format, []byte("6\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	run(exitFailed, "the data directory has format 6", "serve", "--detach")
	run(exitUnreachable, "the data directory has format 6", "status")
	if _, err := os.Stat(filepath.Join(dir, logName)); err == nil {
		t.Error("nothing was to be changed, and there is a log")
	}
	if err := os.WriteFile(format, now, 0o600); err != nil {
		t.Fatal(err)
	}
	run(exitUsage, "the flag --log-level cannot be", "serve", "--detach", "--log-level", "loud")
	var made struct{ PID int }
	if err := json.Unmarshal(run(exitDone, "", "serve", "--detach", "--json"), &made); err != nil || made.PID == 0 {
		t.Fatal(err, made)
	}
	run(exitDone, "", "agency", "add", "water", "水利厅")
	run(exitFailed, "another process is using the data directory", "serve", "--detach")
	run(exitFailed, `"code":"dir-in-use"`, "serve", "--detach", "--json")
	run(exitDone, fmt.Sprintf("the node has stopped (process %d)", made.PID), "stop")
	run(exitUnreachable, "the node is not running", "stop")
	log, err := os.ReadFile(filepath.Join(dir, logName))
	for _, line := range []string{"node serves", "node stops", "node stopped"} {
		if !bytes.Contains(log, []byte(line)) {
			t.Errorf("the log has no %q: %v\n%s", line, err, log)
		}
	}
}

// TestDisplacedSocket: where something else has the place of the socket of a running node, the
// command says so, and what it says to do works.
func TestDisplacedSocket(t *testing.T) {
	b := newWorkbench(t, "C")
	path := filepath.Join(b.dir, client.SocketName)
	code := func() string {
		p, exit := b.app.explain(fmt.Errorf("%w: nobody listens", errStarting))
		if exit != exitUnreachable {
			t.Errorf("exit %d", exit)
		}
		return p.Code
	}
	b.app.data = b.dir
	_ = os.Remove(path)
	if got := code(); got != string(text.NodeStarting) {
		t.Errorf("no socket: got %s", got)
	}
	if err := os.Mkdir(path, 0o700); err != nil {
		t.Fatal(err)
	}
	if got := code(); got != string(text.SocketReplaced) {
		t.Errorf("a folder: got %s", got)
	}
}

// TestHangUp: the terminal that closes ends a command, and a node in it, as Ctrl-C does.
func TestHangUp(t *testing.T) {
	if signal.Ignored(syscall.SIGHUP) {
		t.Skip("the tests run under nohup, where a terminal that closes ends nothing")
	}
	ctx := untilSignal(t.Context())
	self, err := os.FindProcess(os.Getpid())
	if err == nil {
		err = self.Signal(syscall.SIGHUP)
	}
	if err != nil {
		t.Fatal(err)
	}
	<-ctx.Done()
}

// TestLogTurns checks that the log of a detached node is bounded, and that the former one is kept.
func TestLogTurns(t *testing.T) {
	dir := t.TempDir()
	file, err := openLog(dir)
	if err != nil {
		t.Fatal(err)
	}
	log := &turning{dir: dir, file: file, follow: func(*os.File) error { return nil }}
	line := bytes.Repeat([]byte("x"), 1<<20)
	for range 40 {
		if _, err := log.Write(line); err != nil {
			t.Fatal(err)
		}
	}
	for name, want := range map[string]int64{logName: 8 << 20, formerLog: maxLog} {
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Size() != want {
			t.Errorf("%s: %v, %v, want %d bytes", name, info, err, want)
		}
	}
	if err := log.file.Close(); err != nil {
		t.Error(err)
	}
}

// program is a command of this program, which ends with the test, and within a minute.
func program(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, os.Args[0], args...)
	cmd.Env = append(os.Environ(), mainEnv+"=1", "LANG=C")
	cmd.Stdin = strings.NewReader("")
	return cmd
}
