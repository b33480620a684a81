package bench

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"time"
)

const (
	startWithin  = 30 * time.Second
	answerWithin = 10 * time.Second // beyond the requested time
	maxLine      = 64 << 20         // bytes; the echo writes one number for each request
	maxErrors    = 4 << 10          // bytes that are kept of a process's standard error
)

// ErrProcess is returned if a process of the benchmark ends early, fails, or does not answer in
// time.
var ErrProcess = errors.New("a process of the benchmark is of no use")

// process is this same binary in another process, which ends when its standard input ends.
type process struct {
	cmd   *exec.Cmd
	in    io.WriteCloser
	lines chan []byte // of its standard output; closed at its end
	errs  tail
}

// run starts a process in the folder.
func run(ctx context.Context, folder string, args ...string) (*process, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	p := &process{cmd: exec.CommandContext(ctx, self, args...), lines: make(chan []byte, 1)}
	p.cmd.Dir, p.cmd.Stderr = folder, &p.errs
	if p.in, err = p.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		defer close(p.lines)
		all := bufio.NewScanner(out)
		all.Buffer(nil, maxLine)
		for all.Scan() {
			p.lines <- bytes.Clone(all.Bytes())
		}
	}()
	return p, nil
}

// line returns the next line of the process.
func (p *process) line(ctx context.Context, within time.Duration) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	select {
	case line, ok := <-p.lines:
		if ok {
			return line, nil
		}
		return nil, fmt.Errorf("%w: %q ended: %s", ErrProcess, p.cmd.Args[1:], p.errs.text())
	case <-ctx.Done():
		return nil, fmt.Errorf("%w: %q: %w: %s", ErrProcess, p.cmd.Args[1:], ctx.Err(), p.errs.text())
	}
}

// ask writes a line to the process, and reads its answer, a line of JSON.
func (p *process) ask(ctx context.Context, question string, within time.Duration, answer any) error {
	if _, err := fmt.Fprintln(p.in, question); err != nil {
		return fmt.Errorf("%w: %w: %s", ErrProcess, err, p.errs.text())
	}
	line, err := p.line(ctx, within)
	if err == nil {
		err = json.Unmarshal(line, answer)
	}
	return err
}

// close ends the process and waits for it. It kills a process that does not end within startWithin.
func (p *process) close() error {
	defer time.AfterFunc(startWithin, func() { _ = p.cmd.Process.Kill() }).Stop()
	err := p.in.Close()
	for range p.lines { // drops the remaining lines; Wait may be called only after them
	}
	if waited := p.cmd.Wait(); waited != nil {
		err = errors.Join(err, fmt.Errorf("%w: %q: %w: %s", ErrProcess, p.cmd.Args[1:], waited, p.errs.text()))
	}
	return err
}

// processes are closed in the reverse order of their start: the lower before the upper.
type processes []*process

func (all processes) close() error {
	var err error
	for i := range all {
		err = errors.Join(err, all[len(all)-1-i].close())
	}
	return err
}

// tail keeps the last maxErrors bytes that are written to it.
type tail struct {
	mu   sync.Mutex
	last []byte
}

func (t *tail) Write(data []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.last = append(t.last, data...)
	t.last = t.last[max(0, len(t.last)-maxErrors):]
	return len(data), nil
}

func (t *tail) text() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(bytes.TrimSpace(t.last))
}
