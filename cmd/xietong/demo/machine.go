package demo

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"xietong/node"
)

// machine makes and runs nodes.
type machine interface {
	init(ctx context.Context, p *place) (pin string, err error)
	join(ctx context.Context, p *place) (pin string, err error)
	start(ctx context.Context, p *place) (running, error) // returns once the node answers
}

// running is a running node. stop ends the node and waits for it.
type running interface{ stop() error }

// machineOf returns what runs the node of a place. One that has three is run by processes.
func (d *demo) machineOf(p *place) machine {
	if p.code == d.stage.thrice() {
		return apart{d}
	}
	return d.machine
}

// each calls do for 0 to n-1 side by side, at most two calls at once for each processor.
func (d *demo) each(n int, do func(i int) error) error {
	free := make(chan struct{}, 2*runtime.NumCPU())
	failed := make([]error, n)
	var group sync.WaitGroup
	for i := range n {
		free <- struct{}{}
		group.Go(func() {
			defer func() { <-free }()
			failed[i] = do(i)
		})
	}
	group.Wait()
	return errors.Join(failed...)
}

// inside runs all nodes in this process, as each would run alone: with its own data directory,
// socket, keys and ledger.
type inside struct {
	folder  string
	log     *slog.Logger
	share   int
	version string // of the program
}

// crowd has twice as many goroutines run as there are processors. Go counts one that waits for the
// disk as running, so 98 ledgers that are flushed on two processors would leave them idle.
func crowd() { runtime.GOMAXPROCS(2 * runtime.GOMAXPROCS(0)) }

func (m inside) dir(p *place) string { return filepath.Join(m.folder, p.folder) }

func (m inside) init(_ context.Context, p *place) (string, error) {
	made, err := node.Init(m.dir(p), node.InitOptions{Name: p.name, Listen: p.listen})
	return made.Pin, err
}

func (m inside) join(ctx context.Context, p *place) (string, error) {
	made, err := node.Join(ctx, m.dir(p), p.token, node.JoinOptions{Options: node.Options{Logger: m.log, Hosted: m.share}, Listen: p.listen})
	return made.Pin, err
}

// served is a node in this process.
type served struct {
	end   context.CancelFunc
	ended chan error
}

func (m inside) start(ctx context.Context, p *place) (running, error) {
	serving, end := context.WithCancel(context.WithoutCancel(ctx))
	s := served{end: end, ended: make(chan error, 1)}
	ready := make(chan struct{})
	go func() {
		s.ended <- node.Serve(serving, m.dir(p), node.ServeOptions{Logger: m.log, Version: m.version, Hosted: m.share, Ready: func() { close(ready) }})
	}()
	select {
	case <-ready:
		return s, nil
	case err := <-s.ended:
		end()
		return nil, err
	}
}

func (s served) stop() error {
	s.end()
	return <-s.ended
}

// apart runs each node as a process of the binary in the folder.
type apart struct{ d *demo }

func (m apart) init(ctx context.Context, p *place) (string, error) {
	return m.make(ctx, p, "init", p.name) // the roster has the title
}

func (m apart) join(ctx context.Context, p *place) (string, error) {
	return m.make(ctx, p, "join", p.token)
}

// joinReplica makes one more machine of a place.
func (m apart) joinReplica(ctx context.Context, p *place) error {
	_, err := m.make(ctx, p, "replica", "join", p.token)
	return err
}

func (m apart) make(ctx context.Context, p *place, command ...string) (string, error) {
	args := append([]string{"--data", p.folder, "--json"}, command...)
	if p.listen != "" {
		args = append(args, "--listen", p.listen)
	}
	var made struct {
		Pin string `json:"pin"`
	}
	err := m.d.runJSON(ctx, &made, args...)
	return made.Pin, err
}

// process is a node in a process of its own.
type process struct{ *exec.Cmd }

func (m apart) start(ctx context.Context, p *place) (running, error) {
	node := m.d.command(context.WithoutCancel(ctx), "--data", p.folder, "serve")
	log, err := os.OpenFile(m.d.file(p.folder+".log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	defer log.Close() // the process has its own file
	node.Stderr = log
	if err := startBound(node); err != nil {
		return nil, err
	}
	err = poll(ctx, func() (bool, error) {
		_, err := p.as[""].Status(ctx)
		return err == nil, err
	})
	if err != nil {
		told, _ := os.ReadFile(log.Name())
		return nil, errors.Join(err, process{node}.stop(), errors.New(string(told[max(0, len(told)-1000):])))
	}
	return process{node}, nil
}

func (p process) stop() error { return errors.Join(p.Process.Signal(os.Interrupt), p.Wait()) }

// kill ends the process as a loss of power does: the node tells nobody, and closes nothing.
func (p process) kill() error {
	if err := p.Process.Kill(); err != nil {
		return err
	}
	_ = p.Wait() // its error is that it was killed
	return nil
}

// resident returns the memory of the nodes, in MiB; 0: not known.
func (d *demo) resident() (mib uint64) {
	if !d.Processes {
		mib = residentOf(os.Getpid())
	}
	for _, p := range slices.Concat(d.places, d.further) {
		if node, runs := p.node.(process); runs {
			mib += residentOf(node.Process.Pid)
		}
	}
	return mib
}

// residentOf returns the resident memory of a process, in MiB; 0 where the system does not tell it.
func residentOf(pid int) uint64 {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	_, after, _ := strings.Cut(string(status), "VmRSS:")
	var kib uint64
	if _, err := fmt.Sscan(after, &kib); err != nil {
		return 0
	}
	return kib >> 10
}

// poll calls ask until it returns true, at most for readyWithin. The error includes that of the
// last call.
func poll(ctx context.Context, ask func() (bool, error)) error {
	ctx, cancel := context.WithTimeout(ctx, readyWithin)
	defer cancel()
	tick := time.NewTicker(readyPoll)
	defer tick.Stop()
	for {
		yes, err := ask()
		if yes {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return errors.Join(err, ctx.Err())
		}
	}
}
