package group

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hashicorp/raft"
	"xietong/certs/canon"
	"xietong/consensus/state"
)

// Bounds of proposing.
const (
	maxPack     = 1024      // commands in one raft entry
	maxPackLen  = 512 << 10 // bytes of commands in one raft entry, before the last one
	maxEntryLen = 2 << 20   // bytes of a raft entry
	tryAbove    = 4 << 10   // bytes; a longer command is tried on the state before it is replicated
	applyWithin = 10 * time.Second
	spaceEvery  = time.Second // how often the free disk space is looked at
)

// proposal is one command on its way.
type proposal struct {
	data []byte
	room int         // bytes that were admitted
	done chan answer // buffered: the proposer never waits for its caller
}

type answer struct {
	result state.Result
	err    error
}

// Propose replicates a command and returns its result once it is applied. A refusal by the state is
// a result, not an error. Every error wraps ErrNotDone or ErrUnknownOutcome.
func (g *Group) Propose(ctx context.Context, c state.Command) (state.Result, error) {
	room, err := len(c.Asked)+len(c.Body), ctx.Err()
	if err == nil {
		err = g.admission.take(c.Kind, room)
	}
	if err != nil {
		return state.Result{}, fmt.Errorf("propose: %w: %w", ErrNotDone, err)
	}
	p, refused, err := g.prepare(c, room)
	if p == nil {
		g.admission.give(room)
		return refused, err
	}
	select {
	case g.proposals <- p: // it has room for everything that is admitted
	case <-g.stop:
		g.answer(p, answer{err: fmt.Errorf("propose: %w: %w", ErrNotDone, state.ErrClosed)})
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

// prepare encodes a command and tries it. It returns no proposal for a command that is refused.
func (g *Group) prepare(c state.Command, room int) (p *proposal, refused state.Result, err error) {
	data, err := c.Encode()
	if err != nil {
		return nil, refused, fmt.Errorf("propose: %w: %w", ErrNotDone, err)
	}
	if refused, err := g.try(data); err != nil || refused.Code != state.Done {
		return nil, refused, err
	}
	return &proposal{data: data, room: room, done: make(chan answer, 1)}, state.Result{}, nil
}

// answer answers a proposal, which is under way no more.
func (g *Group) answer(p *proposal, a answer) {
	g.admission.give(p.room)
	p.done <- a
}

// try returns the refusal of a long command that cannot be applied, so that it is not replicated:
// on what is long a handler may fail, and a handler that is ended by the runtime (memory, stack)
// would end every replica, at every start. A short command is not tried, because that would cost as
// much as applying it; where its handler fails it is refused at its place in the log.
func (g *Group) try(command []byte) (refused state.Result, err error) {
	if len(command) <= tryAbove {
		return state.Result{}, nil
	}
	if refused, err = g.config.Store.Try(command); err != nil {
		return state.Result{}, fmt.Errorf("propose: %w: %w", ErrNotDone, err)
	}
	return refused, nil
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
			g.answerAll(pack, fmt.Errorf("propose: %w: %w", ErrNotDone, err))
			select {
			case g.full <- struct{}{}:
			default: // it is known
			}
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
			g.answerAll([]*proposal{p}, fmt.Errorf("propose: %w: %w", ErrNotDone, state.ErrClosed))
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
		g.answerAll(pack, fmt.Errorf("propose: %w: %w", ErrNotDone, err))
		return
	}
	if !g.sent.add(len(data), g.stop) {
		g.answerAll(pack, fmt.Errorf("propose: %w: %w", ErrNotDone, state.ErrClosed))
		return
	}
	future := g.raft.Apply(data, applyWithin)
	g.workers.Go(func() {
		err := future.Error()
		g.sent.done(len(data))
		if err != nil {
			g.answerAll(pack, fmt.Errorf("propose: %w", classify(err)))
			return
		}
		results, _ := future.Response().([]state.Result)
		if len(results) != len(pack) {
			g.answerAll(pack, fmt.Errorf("propose: %w: %d results for %d commands", ErrUnknownOutcome, len(results), len(pack)))
			return
		}
		for i, p := range pack {
			g.answer(p, answer{result: results[i]})
		}
	})
}

func (g *Group) answerAll(pack []*proposal, err error) {
	for _, p := range pack {
		g.answer(p, answer{err: err})
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

// Space returns the *SpaceError with which commands are refused for lack of disk space, or nil.
func (g *Group) Space() error { return enoughSpace(g.config.Dir, g.config.MinFree) }

func enoughSpace(dir string, minFree uint64) error {
	free, err := freeSpace(dir)
	if err != nil {
		return fmt.Errorf("look at free space: %w", err)
	}
	if free < minFree {
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
