package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"github.com/anishathalye/porcupine"

	"xietong/node/faces/client"
)

// storm is a run of clients under faults.
type storm struct {
	out     io.Writer
	program string
	folder  string
	seed    uint64
	lasts   time.Duration
	most    time.Duration // a fault lasts at most
	clocks  bool          // the program was built so that its clock can be moved

	mounted []string
}

// diskLen is how large the disk of a machine is.
const diskLen = 1 << 30

// run runs the storm, and returns what did not hold.
func (s *storm) run(ctx context.Context) (err error) {
	g, err := newGroup(ctx, s.program, s.folder, 3, s.mount)
	if g != nil {
		defer func() {
			err = errors.Join(err, g.close())
			for _, dir := range s.mounted {
				err = errors.Join(err, syscall.Unmount(dir, 0))
			}
		}()
	}
	if err != nil {
		return err
	}
	g.clocks = s.clocks
	child, err := g.below(ctx)
	if err != nil {
		return err
	}
	defer child.kill()

	c := &crowd{history: newHistory(), seen: newSeen(), group: g, child: child, seed: s.seed, rest: s.rest()}
	working, stop := context.WithCancel(ctx)
	worked := make(chan struct{})
	go func() {
		defer close(worked)
		c.run(working)
	}()
	t := &troubles{ctx: ctx, group: g, chance: rand.New(rand.NewPCG(s.seed, 2)), most: s.most}
	err = t.run(time.Now().Add(s.lasts), c.history, func(line string, args ...any) { fmt.Fprintf(s.out, line+"\n", args...) })
	stop()
	<-worked
	if err != nil {
		return err
	}
	return s.judge(ctx, c, t)
}

// rest is how long a client does nothing after each request. In half an hour all of them write as
// much as half a disk holds; in a longer run they take their time.
func (s *storm) rest() time.Duration { return 50 * time.Millisecond * (s.lasts / (30 * time.Minute)) }

// mount gives a machine a disk that can be filled.
func (s *storm) mount(number int) (string, error) {
	dir := filepath.Join(s.folder, fmt.Sprintf("disk%d", number))
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	if err := syscall.Mount("xietong-chaos", dir, "tmpfs", 0, fmt.Sprintf("size=%d,mode=700", diskLen)); err != nil {
		return "", err
	}
	s.mounted = append(s.mounted, dir)
	return dir, nil
}

// judge judges the run, and prints its counts.
func (s *storm) judge(ctx context.Context, c *crowd, t *troubles) error {
	fmt.Fprintf(s.out, "seed %d: %d operations, %d of them during a fault, %d reads through a follower, %d by the child and %d refused to it for a revoked grant, %d lists, %d writes sent again, %d of unknown outcome, %d checkpoints, %d receipts\n",
		s.seed, len(c.ops), c.overlapping(), c.followed, c.below, c.barred, c.lists, c.replayed, c.unknown, len(c.seen.checkpoints), len(c.seen.receipts))
	for _, kind := range slices.Sorted(maps.Keys(t.made)) {
		fmt.Fprintf(s.out, "  %3d %s\n", t.made[kind], kind)
	}
	for _, code := range slices.Sorted(maps.Keys(c.refused)) {
		fmt.Fprintf(s.out, "  %5d attempts met: %s\n", c.refused[code], code)
	}
	errs := []error{c.seen.judge(ctx, c.group.all()), c.seen.judgeReceipts(ctx, c.group)}
	if result := c.history.judge(); result != porcupine.Ok {
		errs = append(errs, fmt.Errorf("the history of the records is %s:%s", result, c.history.wrong()))
	}
	for _, m := range c.group.all() {
		m.end(syscall.SIGTERM)
	}
	errs = append(errs, verify(ctx, c.group.all()))
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("seed %d: %w", s.seed, err)
	}
	return nil
}

// below makes a child of the jurisdiction on a machine of its own, which has joined and is linked.
func (g *group) below(ctx context.Context) (*machine, error) {
	out, err := g.all()[0].do(ctx, "", "invite", "贵阳市", "--yes", "--json")
	if err != nil {
		return nil, err
	}
	token, err := belowToken(out)
	if err != nil {
		return nil, err
	}
	m, err := g.add()
	if err != nil {
		return nil, err
	}
	g.forget(m)
	if _, err := m.do(ctx, token+"\n", "join", "-"); err != nil {
		return nil, err
	}
	if err := errors.Join(m.start(), m.ready(ctx)); err != nil {
		return m, err
	}
	return m, m.ask(ctx, http.MethodPost, "/v1/agencies", newKey(), client.NewAgency{Code: agency, Title: "民政局"}, nil)
}

// forget has a machine be none of the replicas.
func (g *group) forget(m *machine) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.machines = slices.DeleteFunc(g.machines, func(other *machine) bool { return other == m })
}
