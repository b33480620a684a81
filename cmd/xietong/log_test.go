//go:build unix

package main

import (
	"bufio"
	"bytes"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// TestLogThatNobodyReads (D12) serves a node whose log is a pipe that is full, as where the
// collector hangs, and then one that nobody holds any more. The node serves all the same, also what
// makes lines of the log, and stops when it is told to.
func TestLogThatNobodyReads(t *testing.T) {
	for _, gone := range []bool{false, true} {
		dir := filepath.Join(t.TempDir(), "guizhou")
		run := func(args ...string) {
			t.Helper()
			cmd := program(t, append([]string{"--data", dir}, args...)...)
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%q: %v: %s", args, err, out)
			}
		}
		run("init", "guizhou", "--json")
		reader, writer, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		fill(t, writer)
		serve := program(t, "--data", dir, "serve", "--log-level", "debug")
		serve.Stderr = writer
		out, err := serve.StdoutPipe()
		if err == nil {
			err = serve.Start()
		}
		if err != nil {
			t.Fatal(err)
		}
		if line, err := bufio.NewReader(out).ReadString('\n'); err != nil {
			t.Fatalf("%q, %v", line, err)
		}
		writer.Close()
		if gone {
			reader.Close()
		}
		run("agency", "add", "civil-affairs", "民政厅")
		run("keys", "revoke", "--yes")
		run("status")
		if err := serve.Process.Signal(syscall.SIGTERM); err != nil {
			t.Error(err)
		}
		if err := serve.Wait(); err != nil {
			t.Errorf("gone %t: the node ends with %v", gone, err)
		}
		reader.Close()
	}
}

// fill writes to a pipe until it is full.
func fill(t *testing.T, pipe *os.File) {
	t.Helper()
	raw, err := pipe.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	some := bytes.Repeat([]byte{'x'}, 4096)
	err = raw.Write(func(fd uintptr) bool {
		for {
			if _, err := syscall.Write(int(fd), some); err != nil {
				return true
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
}
