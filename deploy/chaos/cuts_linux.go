package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"xietong/deploy/chaos/disk"
	"xietong/node/faces/client"
)

// cutting is a run of power cuts.
type cutting struct {
	out      io.Writer
	program  string
	folder   string
	seed     uint64
	cuts     int
	replicas int
	lie      string // of the files of this pattern, fsync does nothing and says that it did; empty: none
	errors   bool   // steps of the disks fail before the power does

	chance *rand.Rand
	group  *group
	disks  []*disk.Disk
	seen   *seen

	mu      sync.Mutex
	written []written // acknowledged
	number  int
	failed  map[string]int
}

// written is an acknowledged write.
type written struct{ key, entry string }

// run makes the cuts, and returns what was lost, or did not come up again.
func (c *cutting) run(ctx context.Context) (err error) {
	c.chance, c.seen, c.failed = rand.New(rand.NewPCG(c.seed, 1)), newSeen(), map[string]int{}
	defer func() {
		if c.group != nil {
			err = errors.Join(err, c.group.close())
		}
		for _, d := range c.disks {
			err = errors.Join(err, d.Unmount())
		}
	}()
	if c.group, err = newGroup(ctx, c.program, c.folder, c.replicas, c.mount); err != nil {
		return err
	}
	if c.lie != "" {
		for _, d := range c.disks {
			d.Have(&disk.Fault{Ops: []disk.Op{disk.OpSync}, Match: c.lie, Lie: true})
		}
	}
	unsynced := 0
	for n := range c.cuts {
		lost, err := c.cut(ctx, n)
		if err != nil {
			return fmt.Errorf("seed %d, cut %d: %w", c.seed, n+1, err)
		}
		unsynced += lost
	}
	fmt.Fprintf(c.out, "seed %d: %d power cuts of %d replicas, %d acknowledged writes, %d changes that were not synced, %d writes of unknown outcome\n",
		c.seed, c.cuts, c.replicas, len(c.written), unsynced, c.seen.unknown)
	if c.errors {
		fmt.Fprintf(c.out, "%d kinds of disk errors\n", len(c.failed))
	}
	return c.seen.judge(ctx, c.group.all())
}

// mount gives a machine a disk.
func (c *cutting) mount(number int) (string, error) {
	dir := filepath.Join(c.folder, fmt.Sprintf("disk%d", number))
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	d := disk.New()
	if err := d.Mount(dir); err != nil {
		return "", err
	}
	c.disks = append(c.disks, d)
	return dir, nil
}

// cut has clients write, and cuts the power of all machines at once in the middle of it, now and
// then once more while they start. Then what was acknowledged must be there.
func (c *cutting) cut(ctx context.Context, n int) (unsynced int, err error) {
	unsynced, err = c.writing(ctx)
	if err != nil {
		return 0, err
	}
	for {
		if n%5 == 0 {
			if err := verify(ctx, c.group.all()); err != nil {
				return 0, err
			}
		}
		for _, m := range c.group.all() {
			if err := m.start(); err != nil {
				return 0, err
			}
		}
		if c.chance.IntN(5) > 0 {
			break
		}
		time.Sleep(time.Duration(c.chance.IntN(300)) * time.Millisecond) // it comes at any moment of the start
		lost, err := c.power()
		if err != nil {
			return 0, err
		}
		unsynced += lost
	}
	if err := c.group.ready(ctx); err != nil {
		return 0, err
	}
	return unsynced, c.check(ctx)
}

// fail has one disk, or all, fail at a step, once or from now on. To wait is a fault, too.
func (c *cutting) fail() {
	pick := func(n int) int { return c.chance.IntN(n) }
	f := disk.Fault{
		Ops:   []disk.Op{[]disk.Op{disk.OpSync, disk.OpWrite, disk.OpSync, disk.OpResize, disk.OpCreate, disk.OpRename, disk.OpRemove, disk.OpRead}[pick(8)]},
		Match: []string{"*.wal", "state.db", "wal-meta.db", ""}[pick(4)],
		Err:   []syscall.Errno{syscall.EIO, syscall.ENOSPC, syscall.EROFS, 0}[pick(4)],
		Skip:  pick(4), Times: pick(2), After: pick(4) == 0,
	}
	if f.Err == 0 {
		f.Slow = 200 * time.Millisecond
	}
	one := pick(2 * len(c.disks)) // beyond the last one: all
	for i, d := range c.disks {
		if same := f; one >= len(c.disks) || i == one {
			d.Have(&same)
		}
	}
	c.failed[fmt.Sprintf("%s of %q: %v", f.Ops[0], f.Match, f.Err)]++
}

// power cuts the power: at one moment nothing is acknowledged any more, then the processes end, and
// what was not synced is lost.
func (c *cutting) power() (unsynced int, err error) {
	for _, d := range c.disks {
		d.Stop()
	}
	var ending sync.WaitGroup
	for _, m := range c.group.all() {
		m.signal(9)
	}
	for i, d := range c.disks {
		if c.errors {
			d.Have()
		}
		lost, err := d.Cut(disk.Loss(c.chance.IntN(3)), c.chance)
		if err != nil {
			return 0, err
		}
		unsynced += lost
		ending.Go(c.group.all()[i].kill)
	}
	ending.Wait()
	return unsynced, nil
}

// writing has clients put new records through all machines, and cuts the power. What is
// acknowledged after that moment was on the disks before.
func (c *cutting) writing(ctx context.Context) (unsynced int, err error) {
	ctx, cancel := context.WithCancel(ctx)
	var clients sync.WaitGroup
	defer clients.Wait()
	defer cancel()
	for i := range 6 {
		m := c.group.all()[i%len(c.group.all())]
		clients.Go(func() {
			for ctx.Err() == nil {
				c.put(ctx, m)
			}
		})
		if i == 0 {
			clients.Go(func() { c.seen.checkpoint(ctx, m) })
		}
	}
	time.Sleep(time.Duration(20+c.chance.IntN(400)) * time.Millisecond)
	if c.errors {
		c.fail()
		time.Sleep(time.Duration(20+c.chance.IntN(400)) * time.Millisecond)
	}
	return c.power()
}

func (c *cutting) put(ctx context.Context, m *machine) {
	c.mu.Lock()
	c.number++
	key := fmt.Sprintf("%d-%d", c.seed, c.number)
	c.mu.Unlock()
	var done client.RecordPut
	err := m.ask(ctx, http.MethodPost, "/v1/datasets/"+dataset+"/records", newKey(), client.PutRecord{Record: record(key, "", key)}, &done)
	if errors.Is(err, client.ErrNotRunning) {
		time.Sleep(time.Millisecond)
		return
	}
	if err != nil {
		c.seen.lost()
		return
	}
	c.seen.wrote(done.Entry, key)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.written = append(c.written, written{key, done.Entry})
}

// record returns a record of the dataset.
func record(key, group, value string) json.RawMessage {
	data, err := json.Marshal(map[string]string{"k": key, "g": group, "v": value})
	if err != nil {
		panic(err) // strings are always encoded
	}
	return data
}

// check reads the newest acknowledged writes, and some older ones.
func (c *cutting) check(ctx context.Context) error {
	all := c.group.all()
	for n := range min(40, len(c.written)) {
		w := c.written[len(c.written)-1-n]
		if n > 20 {
			w = c.written[c.chance.IntN(len(c.written))]
		}
		m := all[c.chance.IntN(len(all))]
		var h client.History
		err := c.group.again(ctx, func() error {
			return m.ask(ctx, http.MethodPost, "/v1/datasets/"+dataset+"/history", newKey(), client.HistoryOf{Key: w.key}, &h)
		})
		if err != nil {
			return fmt.Errorf("%s: read %s, acknowledged as %s: %w", m.name, w.key, w.entry, err)
		}
		if len(h.Versions) != 1 || h.Versions[0].Entry != w.entry {
			return fmt.Errorf("%s: %s was acknowledged as %s, and has the versions %v", m.name, w.key, w.entry, h.Versions)
		}
	}
	return nil
}
