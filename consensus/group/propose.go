package group

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hashicorp/raft"
	"golang.org/x/sys/unix"

	"xietong/certs/canon"
	"xietong/consensus/state"
)

// Bounds of proposing.
const (
	maxQueued   = 4096      // commands that wait to be proposed; more wait with their callers
	maxPack     = 1024      // commands in one raft entry
	maxPackLen  = 512 << 10 // bytes of commands in one raft entry; a longer command stands alone
	maxEntryLen = 2 << 20   // bytes of a raft entry
	applyWithin = 10 * time.Second
	spaceEvery  = time.Second // how often the free disk space is looked at
)

// proposal is one command on its way.
type proposal struct {
	data []byte
	done chan answer // buffered: the proposer never waits for its caller
}

type answer struct {
	result state.Result
	err    error
}

// Propose replicates a command and returns its result once it is applied. A refusal by the state is
// a result, not an error. Every error wraps ErrNotDone or ErrUnknownOutcome.
func (g *Group) Propose(ctx context.Context, c state.Command) (state.Result, error) {
	data, err := c.Encode()
	if err != nil {
		return state.Result{}, fmt.Errorf("propose: %w: %w", ErrNotDone, err)
	}
	p := &proposal{data: data, done: make(chan answer, 1)}
	select {
	case g.proposals <- p:
	case <-g.stop:
		return state.Result{}, fmt.Errorf("propose: %w: %w", ErrNotDone, state.ErrClosed)
	case <-ctx.Done():
		return state.Result{}, fmt.Errorf("propose: %w: %w", ErrNotDone, ctx.Err())
	}
	select {
	case a := <-p.done:
		return a.result, a.err
	case <-g.closed:
		select {
		case a := <-p.done:
			return a.result, a.err
		default: // it was queued while the group closed, and no worker took it
			return state.Result{}, fmt.Errorf("propose: %w: %w", ErrNotDone, state.ErrClosed)
		}
	case <-ctx.Done():
		return state.Result{}, fmt.Errorf("propose: %w: %w", ErrUnknownOutcome, ctx.Err())
	}
}

// proposeLoop packs the waiting proposals into raft entries. It hands each entry to raft and does
// not wait for the answer, so that raft writes several entries at once; a goroutine for each entry
// waits.
func (g *Group) proposeLoop() {
	var space spaceCheck
	for {
		var first *proposal
		select {
		case first = <-g.proposals:
		case <-g.stop:
			g.refuseQueued()
			return
		}
		pack := g.gather(first)
		if err := space.check(g.config.Dir, g.config.MinFree); err != nil {
			answerAll(pack, fmt.Errorf("propose: %w: %w", ErrNotDone, err))
			continue
		}
		g.send(pack)
	}
}

// gather takes first and the proposals that wait, up to the bounds of one raft entry.
func (g *Group) gather(first *proposal) []*proposal {
	pack, size := []*proposal{first}, len(first.data)
	for len(pack) < maxPack && size < maxPackLen {
		select {
		case p := <-g.proposals:
			pack, size = append(pack, p), size+len(p.data)
		default:
			return pack
		}
	}
	return pack
}

func (g *Group) refuseQueued() {
	for {
		select {
		case p := <-g.proposals:
			answerAll([]*proposal{p}, fmt.Errorf("propose: %w: %w", ErrNotDone, state.ErrClosed))
		default:
			return
		}
	}
}

func (g *Group) send(pack []*proposal) {
	commands := make([][]byte, len(pack))
	for i, p := range pack {
		commands[i] = p.data
	}
	data, err := canon.Marshal(commands)
	if err != nil {
		answerAll(pack, fmt.Errorf("propose: %w: %w", ErrNotDone, err))
		return
	}
	future := g.raft.Apply(data, applyWithin)
	g.workers.Go(func() {
		if err := future.Error(); err != nil {
			answerAll(pack, fmt.Errorf("propose: %w", classify(err)))
			return
		}
		results, _ := future.Response().([]state.Result)
		if len(results) != len(pack) {
			answerAll(pack, fmt.Errorf("propose: %w: %d results for %d commands", ErrUnknownOutcome, len(results), len(pack)))
			return
		}
		g.raiseAcked(future.Index())
		for i, p := range pack {
			p.done <- answer{result: results[i]}
		}
	})
}

func answerAll(pack []*proposal, err error) {
	for _, p := range pack {
		p.done <- answer{err: err}
	}
}

// classify returns ErrNotDone for an error of raft after which the command was certainly not
// proposed, and ErrUnknownOutcome for any other.
func classify(err error) error {
	switch {
	case errors.Is(err, raft.ErrNotLeader), errors.Is(err, raft.ErrLeadershipTransferInProgress):
		return fmt.Errorf("%w: %w: %w", ErrNotDone, ErrNotLeader, err)
	case errors.Is(err, raft.ErrEnqueueTimeout):
		return fmt.Errorf("%w: %w", ErrNotDone, err)
	}
	return fmt.Errorf("%w: %w", ErrUnknownOutcome, err)
}

// spaceCheck looks at the free disk space now and then, so that commands are refused on a full disk
// before they are proposed: a commit that failed for lack of space would end the process.
type spaceCheck struct {
	at  time.Time
	err error
}

func (s *spaceCheck) check(dir string, minFree uint64) error {
	if now := time.Now(); now.Sub(s.at) >= spaceEvery {
		s.at, s.err = now, enoughSpace(dir, minFree)
	}
	return s.err
}

func enoughSpace(dir string, minFree uint64) error {
	var fs unix.Statfs_t
	if err := unix.Statfs(dir, &fs); err != nil {
		return fmt.Errorf("look at free space: %w", err)
	}
	if free := fs.Bavail * uint64(fs.Bsize); free < minFree {
		return &SpaceError{Dir: dir, Free: free, Needed: minFree}
	}
	return nil
}

// SpaceError is an ErrDiskFull with its figures, in bytes.
type SpaceError struct {
	Dir          string
	Free, Needed uint64
}

func (e *SpaceError) Error() string {
	return fmt.Sprintf("%v: %d bytes free, %d needed", ErrDiskFull, e.Free, e.Needed)
}

// Is makes errors.Is(e, ErrDiskFull) true.
func (e *SpaceError) Is(target error) bool { return target == ErrDiskFull }
