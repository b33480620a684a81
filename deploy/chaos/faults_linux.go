package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"xietong/node/faces/client"
)

// fault is what may happen to a group. begin makes it, and returns how it ends.
type fault struct {
	name  string
	begin func(t *troubles) (end func() error, err error)
}

// troubles makes one fault after the other.
type troubles struct {
	ctx    context.Context
	group  *group
	chance *rand.Rand
	most   time.Duration
	made   map[string]int
}

// of returns the machine that leads, or one that does not.
func (t *troubles) of(leads bool) *machine {
	all, leader := t.group.all(), t.group.leader(t.ctx)
	if leads && leader != nil {
		return leader
	}
	others := slices.DeleteFunc(all, func(m *machine) bool { return m == leader })
	if len(others) == 0 {
		return leader
	}
	return others[t.chance.IntN(len(others))]
}

// faults are all kinds.
var faults = []fault{
	{"the leader is killed", func(t *troubles) (func() error, error) { return t.kill(t.of(true)) }},
	{"a follower is killed", func(t *troubles) (func() error, error) { return t.kill(t.of(false)) }},
	{"all are killed", func(t *troubles) (func() error, error) { return t.kill(t.group.all()...) }},
	{"the leader stands still", func(t *troubles) (func() error, error) { return t.halt(t.of(true)) }},
	{"a follower stands still", func(t *troubles) (func() error, error) { return t.halt(t.of(false)) }},
	{"the leader is cut off", func(t *troubles) (func() error, error) { return t.sever(t.of(true)) }},
	{"a follower is cut off", func(t *troubles) (func() error, error) { return t.sever(t.of(false)) }},
	{"the link of the leader flaps", func(t *troubles) (func() error, error) { return t.flap(t.of(true)) }},
	{"the link of a follower flaps", func(t *troubles) (func() error, error) { return t.flap(t.of(false)) }},
	{"packets of the leader are lost", func(t *troubles) (func() error, error) { return t.lose(t.of(true)) }},
	{"packets of a follower are lost", func(t *troubles) (func() error, error) { return t.lose(t.of(false)) }},
	{"the disk of the leader is full", func(t *troubles) (func() error, error) { return t.fill(t.of(true)) }},
	{"a machine is replaced", func(t *troubles) (func() error, error) { return t.replace(t.of(t.chance.IntN(2) == 0)) }},
	{"the clock of the leader jumps", func(t *troubles) (func() error, error) { return t.jump(t.of(true)) }},
	{"the clock of a follower jumps", func(t *troubles) (func() error, error) { return t.jump(t.of(false)) }},
}

func nothing() error { return nil }

func (t *troubles) kill(all ...*machine) (func() error, error) {
	for _, m := range all {
		m.signal(syscall.SIGKILL)
	}
	for _, m := range all {
		m.kill()
	}
	return func() error {
		var errs []error
		for _, m := range all {
			errs = append(errs, m.start())
		}
		return errors.Join(errs...)
	}, nil
}

func (t *troubles) halt(m *machine) (func() error, error) {
	m.signal(syscall.SIGSTOP)
	return func() error { m.signal(syscall.SIGCONT); return nil }, nil
}

func (t *troubles) sever(m *machine) (func() error, error) {
	return func() error { return t.group.network.mend(m.number) }, t.group.network.cut(m.number)
}

// flap takes a machine off the network and back, many times a second: bursts of packets are lost,
// and what waits comes late.
func (t *troubles) flap(m *machine) (func() error, error) {
	over, flapped := make(chan struct{}), make(chan error, 1)
	pauses := rand.New(rand.NewPCG(t.chance.Uint64(), 3))
	go func() {
		for {
			select {
			case <-over:
				flapped <- t.group.network.mend(m.number)
				return
			case <-time.After(time.Duration(20+pauses.IntN(150)) * time.Millisecond):
			}
			if err := t.group.network.cut(m.number); err != nil {
				flapped <- err
				return
			}
			time.Sleep(time.Duration(10+pauses.IntN(100)) * time.Millisecond)
			if err := t.group.network.mend(m.number); err != nil {
				flapped <- err
				return
			}
		}
	}()
	return func() error {
		close(over)
		return <-flapped
	}, nil
}

func (t *troubles) lose(m *machine) (func() error, error) {
	if !t.group.network.canLose(m.number) {
		return nil, errSkipped
	}
	return func() error { return t.group.network.keep(m.number) }, t.group.network.lose(m.number)
}

// fill fills the disk of a machine, all but a little. A replica that cannot keep what is agreed
// ends by itself then, and says that it starts again once there is space: see ready.
func (t *troubles) fill(m *machine) (func() error, error) {
	path := filepath.Join(filepath.Dir(m.dir), "filler")
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	end := func() error { return os.Remove(path) }
	m.filled.Store(true)
	for range 20 { // the machine takes space, too
		var disk syscall.Statfs_t
		if err := syscall.Fstatfs(int(f.Fd()), &disk); err != nil {
			return nil, errors.Join(err, end())
		}
		if disk.Blocks*uint64(disk.Bsize) > diskLen { // it is not a disk of our own
			return nil, errors.Join(errSkipped, end())
		}
		err = syscall.Fallocate(int(f.Fd()), 0, 0, int64(max(disk.Bavail, 65)-64)*int64(disk.Bsize))
		if err == nil {
			return end, nil
		}
	}
	return nil, errors.Join(err, end())
}

// replace takes a machine out for good, and invites another, as docs/three-machines.md says. The
// first machine stays: the child dials the one that invited it, and knows no other.
func (t *troubles) replace(m *machine) (func() error, error) {
	if m.number == 1 {
		return nil, errSkipped
	}
	by := slices.DeleteFunc(t.group.all(), func(other *machine) bool { return other == m })[0]
	var list client.Replicas
	if err := m.ask(t.ctx, http.MethodGet, "/v1/replicas", "", nil, &list); err != nil {
		return nil, err
	}
	name := ""
	for _, r := range list.Replicas {
		if r.Here {
			name = r.Replica
		}
	}
	err := t.group.again(t.ctx, func() error {
		_, err := by.do(t.ctx, "", "replica", "remove", name, "--yes")
		if gone := t.isGone(by, name); gone {
			return nil
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	if err = t.group.drop(m); err == nil {
		_, err = t.group.grow(t.ctx, by)
	}
	return nothing, err
}

// isGone reports whether a replica is listed no more.
func (t *troubles) isGone(by *machine, name string) bool {
	var list client.Replicas
	err := by.ask(t.ctx, http.MethodGet, "/v1/replicas", "", nil, &list)
	return err == nil && !slices.ContainsFunc(list.Replicas, func(r client.Replica) bool { return r.Replica == name })
}

// drop forgets a machine, ends it, and frees its disk for those that come after it.
func (g *group) drop(m *machine) error {
	g.forget(m)
	m.kill()
	return os.RemoveAll(m.dir)
}

// jump moves the clock of a machine, by up to three days in either direction.
func (t *troubles) jump(m *machine) (func() error, error) {
	if !t.group.clocks {
		return nil, errSkipped
	}
	by := t.chance.Int64N(6*24*3600) - 3*24*3600
	path := m.dir + ".clock"
	return func() error { return os.WriteFile(path, []byte("0"), 0o600) }, os.WriteFile(path, []byte(fmt.Sprint(by)), 0o600)
}

// errSkipped is returned for a fault that cannot be made here.
var errSkipped = errors.New("it cannot be made here")

// run makes faults until the time is up. After each the group comes back, or the run has failed.
func (t *troubles) run(until time.Time, h *history, say func(string, ...any)) error {
	t.made = map[string]int{}
	order := t.chance.Perm(len(faults))
	for n := 0; time.Now().Before(until); n++ {
		f := faults[order[n%len(order)]]
		from := h.now()
		end, err := f.begin(t)
		if errors.Is(err, errSkipped) {
			t.made["not made: "+f.name]++
			pause(t.ctx, time.Millisecond)
			continue
		}
		if err != nil {
			return fmt.Errorf("%s: %w", f.name, err)
		}
		pause(t.ctx, time.Second+time.Duration(t.chance.Int64N(int64(t.most))))
		if err := end(); err != nil {
			return fmt.Errorf("%s: end: %w", f.name, err)
		}
		to := h.now()
		t.made[f.name]++
		if err := t.group.ready(t.ctx); err != nil {
			return fmt.Errorf("after %q: %w", f.name, err)
		}
		h.mu.Lock()
		h.faults = append(h.faults, span{from, to})
		h.mu.Unlock()
		say("%6.1f s %s for %.1f s, ready after %.1f s", from.Seconds(), f.name, (to - from).Seconds(), (h.now() - to).Seconds())
		pause(t.ctx, time.Duration(500+t.chance.IntN(1500))*time.Millisecond)
	}
	return nil
}

// belowToken is what invite prints.
func belowToken(out string) (string, error) {
	var invited struct{ Token string }
	err := json.Unmarshal([]byte(out), &invited)
	return invited.Token, err
}
