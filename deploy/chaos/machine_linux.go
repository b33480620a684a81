package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"xietong/certs/identity"
	"xietong/node/faces/client"
)

// machine is a machine that runs the program: a namespace, a data directory and a process.
type machine struct {
	program string
	name    string
	space   string // the network namespace; empty: that of this process
	address string
	dir     string
	number  int
	out     string // file with what the process wrote, of all its lives

	mu  sync.Mutex
	cmd *exec.Cmd // nil: it does not run
	web *http.Client

	// filled is set while its disk is full, and until it is ready after that: it may end by itself
	// some seconds after there is space, when it learns what was not written.
	filled atomic.Bool
}

func newMachine(program, name, space, address, dir, out string, number int) *machine {
	return &machine{
		program: program, name: name, space: space, address: address, dir: dir, number: number, out: out,
		web: &http.Client{Transport: client.Transport(client.Dialer(dir))},
	}
}

// command returns a command of the program on the machine.
func (m *machine) command(ctx context.Context, args ...string) *exec.Cmd {
	args = append([]string{"--data", m.dir}, args...)
	cmd := exec.CommandContext(ctx, m.program, args...)
	if m.space != "" {
		cmd = exec.CommandContext(ctx, "nsenter", append([]string{"--net=/run/netns/" + m.space, m.program}, args...)...)
	}
	cmd.Env = append(os.Environ(), "LANG=C", clockName+"="+m.dir+".clock")
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	return cmd
}

// do runs a command to its end and returns what it printed.
func (m *machine) do(ctx context.Context, input string, args ...string) (string, error) {
	cmd := m.command(ctx, args...)
	var out, complaint bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(input), &out, &complaint
	if err := cmd.Run(); err != nil {
		return out.String(), fmt.Errorf("%s: xietong %s: %w: %s", m.name, strings.Join(args, " "), err, tail(complaint.Bytes(), 2000))
	}
	return out.String(), nil
}

func tail(data []byte, n int) string {
	return strings.TrimSpace(string(data[max(0, len(data)-n):]))
}

// start starts the process, and does not wait until it is ready.
func (m *machine) start() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.cmd != nil {
		return nil
	}
	out, err := os.OpenFile(m.out, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer out.Close()
	cmd := m.command(context.Background(), "serve")
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Start(); err != nil {
		return err
	}
	m.cmd = cmd
	return nil
}

// signal sends the process a signal, if it runs.
func (m *machine) signal(s syscall.Signal) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.cmd != nil {
		_ = m.cmd.Process.Signal(s) // it may have ended by itself
	}
}

// kill ends the process with no chance to write anything, and waits for its end.
func (m *machine) kill() { m.end(syscall.SIGKILL) }

// end sends a signal and waits for the end of the process.
func (m *machine) end(s syscall.Signal) {
	m.signal(s)
	m.mu.Lock()
	cmd := m.cmd
	m.cmd = nil
	m.mu.Unlock()
	if cmd != nil {
		_ = cmd.Wait() // by a signal, or before it by itself: the log has it
	}
	m.web.CloseIdleConnections()
}

// said returns the end of what the process wrote.
func (m *machine) said() string {
	data, _ := os.ReadFile(m.out) // none: it never ran
	return tail(data, 3000)
}

// errEnded is returned for a process that ended by itself.
var errEnded = errors.New("the process ended by itself")

// ended reports whether the process ended by itself.
func (m *machine) ended() bool {
	m.mu.Lock()
	cmd := m.cmd
	m.mu.Unlock()
	if cmd == nil {
		return false
	}
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", cmd.Process.Pid))
	_, state, _ := strings.Cut(string(data), ") ")
	return err != nil || strings.HasPrefix(state, "Z")
}

// ready waits until the machine reads and writes. One whose disk was full is started again.
func (m *machine) ready(ctx context.Context) error {
	for {
		err := m.ask(ctx, http.MethodGet, "/v1/ready", "", nil, nil)
		if err == nil {
			m.filled.Store(false)
			return nil
		}
		if m.ended() && m.filled.Swap(false) {
			m.kill()
			if err := m.start(); err != nil {
				return err
			}
		}
		if m.ended() {
			return fmt.Errorf("%s: %w: %s", m.name, errEnded, m.said())
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s is not ready: %w: %w: %s", m.name, ctx.Err(), err, m.said())
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// refusal is an answer of the API that is no success.
type refusal struct {
	Status int    `json:"status"`
	Code   string `json:"code"`
	Detail string `json:"detail"`
}

func (r *refusal) Error() string { return fmt.Sprintf("%d %s: %s", r.Status, r.Code, r.Detail) }

// ask makes one request, once, under an idempotency key, and reads its answer; no key: "".
func (m *machine) ask(ctx context.Context, method, path, key string, body, answer any) error {
	return m.askAs(ctx, agency, method, path, key, body, answer)
}

func (m *machine) askAs(ctx context.Context, as, method, path, key string, body, answer any) error {
	ctx, cancel := context.WithTimeout(ctx, 8*time.Second)
	defer cancel()
	var sent io.Reader
	if body != nil {
		data, err := json.Marshal(body)
		if err != nil {
			return err
		}
		sent = bytes.NewReader(data)
	}
	req, err := http.NewRequestWithContext(ctx, method, "http://node"+path, sent)
	if err != nil {
		return err
	}
	req.GetBody = nil // net/http must not send it again by itself
	req.Header.Set("Accept-Language", "en")
	req.Header.Set(client.HeaderAgency, as)
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set(client.HeaderIdempotency, key)
	}
	resp, err := m.web.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(io.LimitReader(resp.Body, client.MaxAnswer))
	switch {
	case err != nil:
		return err
	case resp.StatusCode >= 300:
		r := &refusal{Status: resp.StatusCode}
		_ = json.Unmarshal(data, r) // else the status alone is told
		return r
	case answer == nil:
		return nil
	}
	return json.Unmarshal(data, answer)
}

// newKey returns a new idempotency key.
func newKey() string {
	id, err := identity.NewMessage()
	if err != nil {
		panic(err) // the system gives no random bytes
	}
	return id.String()
}

// folders makes the folder of a run, below the system's.
func folders() (string, error) { return os.MkdirTemp("", "xietong-chaos-") }

// build builds the program, unless one is named, with an overlay that only the compiler sees;
// empty: none.
func build(program, folder, overlay string) (string, error) {
	if program != "" {
		return filepath.Abs(program)
	}
	to, args := filepath.Join(folder, "xietong"), []string{"build", "-o", filepath.Join(folder, "xietong")}
	if overlay != "" {
		args = append(args, "-overlay", overlay)
	}
	return to, run("go", append(args, "xietong/cmd/xietong")...)
}
