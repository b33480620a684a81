package main

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestDemoLeavesNothing breaks the demo off: nobody reads its output any more, it is interrupted
// while it begins, and it is killed. Its nodes end with it each time, and but for a kill its data
// are gone and a person is told so.
func TestDemoLeavesNothing(t *testing.T) {
	t.Setenv(mainEnv, "1")
	t.Setenv("LANG", "C")
	for _, test := range []struct {
		name  string
		lines int // after which
		end   func(demo *exec.Cmd, output *os.File) error
		told  string
		kept  bool
	}{
		{"unread", 2, func(_ *exec.Cmd, output *os.File) error { return output.Close() }, "nobody reads the output of the demo", false},
		{"interrupted", 1, func(demo *exec.Cmd, _ *os.File) error { return demo.Process.Signal(os.Interrupt) }, "error: interrupted", false},
		{"ended", 2, func(demo *exec.Cmd, _ *os.File) error { return demo.Process.Signal(syscall.SIGTERM) }, "error: interrupted", false},
		{"killed", 3, func(demo *exec.Cmd, _ *os.File) error { return demo.Process.Kill() }, "", true},
	} {
		t.Run(test.name, func(t *testing.T) {
			shared := t.TempDir()
			t.Setenv("TMPDIR", shared)
			reader, writer, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			defer reader.Close()
			var told bytes.Buffer
			cmd := exec.Command(os.Args[0], "demo", "--exit", "--processes")
			cmd.Stdout, cmd.Stderr = writer, &told
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			_ = writer.Close()
			lines := bufio.NewScanner(reader)
			for range test.lines {
				lines.Scan()
			}
			if err := test.end(cmd, reader); err != nil {
				t.Fatal(err)
			}
			err = cmd.Wait()
			if code := cmd.ProcessState.ExitCode(); !test.kept && code != exitFailed {
				t.Errorf("it ended with %v:\n%s", err, told.String())
			}
			if !strings.Contains(told.String(), test.told) || !test.kept && !strings.Contains(told.String(), "its data are gone") {
				t.Errorf("it told:\n%s", told.String())
			}
			left := childrenIn(shared)
			for i := 0; test.kept && len(left) > 0 && i < 1000; i++ { // the system tells them
				time.Sleep(10 * time.Millisecond) // real processes
				left = childrenIn(shared)
			}
			if len(left) > 0 {
				t.Errorf("these run on: %s", left)
			}
			if left, err := filepath.Glob(filepath.Join(shared, "*")); err != nil || len(left) > 0 != test.kept {
				t.Errorf("it left %s, %v", left, err)
			}
		})
	}
}

// childrenIn returns the command lines of processes that run in a folder of another one.
func childrenIn(shared string) (all []string) {
	processes, _ := filepath.Glob("/proc/[0-9]*")
	for _, p := range processes {
		if in, err := os.Readlink(filepath.Join(p, "cwd")); err != nil || !strings.HasPrefix(in, shared) {
			continue
		}
		line, _ := os.ReadFile(filepath.Join(p, "cmdline"))
		all = append(all, fmt.Sprintf("%s: %s", filepath.Base(p), bytes.ReplaceAll(line, []byte{0}, []byte(" "))))
	}
	return all
}
