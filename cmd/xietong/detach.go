package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"

	"xietong/node"
	"xietong/node/faces/client"
	"xietong/node/ground/text"
)

// `serve --detach` starts this program once more as a process of its own, which serves and writes
// its log to serve.log in the data directory. The first process waits for one line on a pipe, which
// says that the node is ready, or why it is not, and ends with it.

// The log of a detached node: two files of at most maxLog bytes each.
const (
	logName    = "serve.log"
	formerLog  = "serve.log.1"
	maxLog     = 16 << 20
	maxSaid    = 64 << 10           // bytes of the line
	detachedFD = "XIETONG_DETACHED" // in the environment of the second process: the number of the pipe
)

// said is the line: how the start ended.
type said struct {
	Problem *client.Problem `json:"problem,omitempty"` // nil: the node is ready
	Exit    int             `json:"exit"`
}

// errNoWord is the error of a detached process that ended without its line.
var errNoWord = errors.New("the process ended before it was ready")

// startFailed is the failure of the detached process, as it told it.
type startFailed struct{ said }

func (e *startFailed) Error() string { return e.Problem.Detail }

// detach starts the second process and waits until it serves.
func (a *app) detach(ctx context.Context, args ...string) error {
	if err := node.CheckDir(a.data); err != nil { // before serve.log changes a directory that is not served
		return err
	}
	a.stopped = text.CLIDetachStoppedDo
	log, err := openLog(a.data)
	if err != nil {
		return err
	}
	defer log.Close() // the process has its own
	reader, writer, err := os.Pipe()
	if err != nil {
		return err
	}
	defer reader.Close()
	self, err := os.Executable()
	if err != nil {
		return err
	}
	cmd := exec.Command(self, append([]string{"--data", a.data, "serve"}, args...)...)
	cmd.Env = append(os.Environ(), detachedFD+"=3")
	cmd.ExtraFiles, cmd.Stdout, cmd.Stderr = []*os.File{writer}, log, log
	cmd.SysProcAttr = ownSession()
	err = cmd.Start()
	writer.Close()
	if err != nil {
		return err
	}
	return a.detached(ctx, cmd, reader)
}

// detached waits for the line of the second process, and tells what came of it.
func (a *app) detached(ctx context.Context, cmd *exec.Cmd, reader io.Reader) error {
	stop := context.AfterFunc(ctx, func() { _ = cmd.Process.Signal(syscall.SIGTERM) }) // nobody waits for it
	defer stop()
	var s said
	line, _ := bufio.NewReader(io.LimitReader(reader, maxSaid)).ReadBytes('\n')
	if err := json.Unmarshal(line, &s); err != nil || s.Problem != nil {
		ended := cmd.Wait()
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case s.Problem != nil:
			return &startFailed{s}
		}
		return text.Fail(text.DetachedEnded, text.Args{"file": filepath.Join(a.data, logName)}, errors.Join(errNoWord, ended))
	}
	pid := cmd.Process.Pid
	if err := cmd.Process.Release(); err != nil {
		return err
	}
	if a.jsonOnly {
		return printJSON(a.stdout, map[string]any{"pid": pid, "data": a.data, "log": filepath.Join(a.data, logName)})
	}
	a.say(text.CLIDetached, text.Args{"dir": a.data, "pid": strconv.Itoa(pid), "log": filepath.Join(a.data, logName)})
	a.say(text.CLIDetachedStop, text.Args{"dir": a.data})
	return nil
}

// parent returns the pipe to the process that waits for this one, and nil where this one was not
// detached. The log goes on in serve.log.
func (a *app) parent() (io.WriteCloser, error) {
	fd, err := strconv.Atoi(a.getenv(detachedFD))
	if err != nil {
		return nil, nil
	}
	closeOnExec(fd)
	log, err := openLog(a.data)
	if err != nil {
		return nil, err
	}
	a.stderr = &turning{dir: a.data, file: log, follow: func(f *os.File) error { return sameFile(f, os.Stderr) }}
	return os.NewFile(uintptr(fd), "parent"), nil
}

// tell says how the start ended. A parent that has gone hears nothing.
func (a *app) tellParent(to io.WriteCloser, err error) {
	var s said
	if err != nil {
		p, code := a.explain(err)
		s = said{&p, code}
	}
	_ = json.NewEncoder(to).Encode(s)
	_ = to.Close()
}

func openLog(dir string) (*os.File, error) {
	return os.OpenFile(filepath.Join(dir, logName), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
}

// turning writes a log of bounded size: what is full is kept as the former one, in place of that
// before it. The standard error of the process, to which the runtime writes, goes along. One
// goroutine uses it.
type turning struct {
	dir    string
	file   *os.File
	follow func(*os.File) error // sends the standard error of the process to the file
}

func (t *turning) Write(line []byte) (int, error) {
	info, err := t.file.Stat()
	if err == nil && info.Size() > 0 && info.Size()+int64(len(line)) > maxLog {
		t.turn()
	}
	return t.file.Write(line)
}

// turn begins a new file. Where that fails, the old one goes on.
func (t *turning) turn() {
	if os.Rename(filepath.Join(t.dir, logName), filepath.Join(t.dir, formerLog)) != nil {
		return
	}
	next, err := openLog(t.dir)
	if err != nil {
		return
	}
	if t.follow(next) == nil {
		_ = t.file.Close()
		t.file = next
	}
}
