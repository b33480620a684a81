package group

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
	"github.com/hashicorp/raft"

	"xietong/consensus/state"
)

const bucketRegisters = "registers"

// registers is a state of registers: the command "key value" writes one.
func registers() *state.Registry {
	r := state.NewRegistry()
	r.Keep(state.Bucket{Name: bucketRegisters, MaxKey: 8, MaxValue: 16})
	r.Register(kindNote, state.Idempotent, func(tx *state.Tx, body []byte) ([]byte, error) {
		key, value, _ := bytes.Cut(body, []byte(" "))
		return nil, tx.Put(bucketRegisters, key, value)
	})
	return r
}

// op is what a client asked: a write, or a read if value is empty.
type op struct{ key, value string }

// register is what a history of one register must be like.
var register = porcupine.Model{
	Partition: func(history []porcupine.Operation) (parts [][]porcupine.Operation) {
		of := map[string]int{}
		for _, o := range history {
			key := o.Input.(op).key
			if _, ok := of[key]; !ok {
				of[key] = len(parts)
				parts = append(parts, nil)
			}
			parts[of[key]] = append(parts[of[key]], o)
		}
		return parts
	},
	Init: func() any { return "" },
	Step: func(now, in, out any) (bool, any) {
		if o := in.(op); o.value != "" {
			return true, o.value
		}
		return now == out, now
	},
}

// reader is how a client reads at a linearizable point: at names the replica that is asked for the
// index, and shows the one whose state is looked at.
type reader func(ctx context.Context, at, shows *node) error

// byIndex is the right way: ReadIndex at a leader, Reached at any replica.
func byIndex(ctx context.Context, at, shows *node) error {
	index, err := at.ReadIndex(ctx)
	if err != nil {
		return err
	}
	return shows.Reached(ctx, index)
}

// history is the clients of a cluster and what they saw.
type history struct {
	*cluster
	read  reader
	stop  chan struct{}
	began time.Time

	mu       sync.Mutex // guards nodes of the cluster, too
	ops      []porcupine.Operation
	values   int
	followed int // reads at a replica that did not lead
	unknown  int
}

// pick returns a replica that believes it leads, the frozen one rather than another, and any.
func (h *history) pick() (leads, any *node) {
	h.mu.Lock()
	defer h.mu.Unlock()
	var all []*node
	for _, nd := range h.nodes {
		all = append(all, nd)
		if nd.raft.State() == raft.Leader && (leads == nil || rand.N(2) == 0) {
			leads = nd
		}
	}
	if len(all) == 0 {
		return nil, nil
	}
	return leads, all[rand.N(len(all))]
}

func (h *history) client(id int) {
	for {
		select {
		case <-h.stop:
			return
		case <-time.After(time.Duration(5+rand.N(20)) * time.Millisecond):
		}
		at, shows := h.pick()
		if at == nil {
			continue
		}
		key := fmt.Sprint("k", rand.N(4))
		ctx, cancel := context.WithTimeout(context.Background(), time.Duration(100<<rand.N(7))*time.Millisecond)
		if rand.N(3) == 0 {
			h.write(ctx, id, at, key)
		} else {
			h.look(ctx, id, at, shows, key)
		}
		cancel()
	}
}

func (h *history) write(ctx context.Context, id int, at *node, key string) {
	h.mu.Lock()
	h.values++
	o := op{key, fmt.Sprint(h.values)}
	h.mu.Unlock()
	call := time.Since(h.began)
	_, err := at.Propose(ctx, command(o.key+" "+o.value))
	end := int64(time.Since(h.began))
	if errors.Is(err, ErrNotDone) {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if err != nil {
		h.unknown++
		end = math.MaxInt64 // it may happen at any later time
	}
	h.ops = append(h.ops, porcupine.Operation{ClientId: id, Input: o, Call: int64(call), Return: end})
}

func (h *history) look(ctx context.Context, id int, at, shows *node, key string) {
	if rand.N(2) == 0 {
		shows = at
	}
	call := time.Since(h.began)
	if h.read(ctx, at, shows) != nil {
		return
	}
	var value string
	err := shows.store.View(func(r *state.Reader) error {
		value = string(r.Get(bucketRegisters, []byte(key)))
		return nil
	})
	if err != nil {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if shows != at {
		h.followed++
	}
	h.ops = append(h.ops, porcupine.Operation{ClientId: id, Input: op{key: key}, Output: value, Call: int64(call), Return: int64(time.Since(h.began))})
}

// faults makes one fault after another, each of a kind, for as long as it takes the others to
// elect.
func (h *history) faults(kinds string) {
	for _, kind := range kinds {
		time.Sleep(500 * time.Millisecond)
		leader, other := h.pick()
		if leader == nil {
			continue
		}
		r := leader.config.Replica
		switch kind {
		case 'p': // a partition: the leader alone
			h.network.sever(r, h.voters...)
		case 'q': // a partition: a follower alone
			if other != leader {
				h.network.sever(other.config.Replica, h.voters...)
			}
		case 'f': // the leader stands still, and does not know
			h.network.freeze(h.patient(leader).config.Replica)
		case 'h':
			_ = leader.HandOver(h.within(time.Second))
		case 'k': // the leader ends
			h.mu.Lock()
			delete(h.nodes, leader.number())
			h.mu.Unlock()
			if err := leader.close(); err != nil {
				h.Error(err)
			}
		}
		time.Sleep(4500 * time.Millisecond)
		h.network.thaw()
		h.network.heal()
		h.mu.Lock()
		for n := uint32(1); n <= 3; n++ {
			if h.nodes[n] == nil {
				h.up(n)
			}
		}
		h.mu.Unlock()
	}
}

// patient makes r1 lead, if it can be.
func (h *history) patient(leader *node) *node {
	id, address := names(replica(1))
	if err := leader.raft.LeadershipTransferToServer(id, address).Error(); err != nil {
		return leader // r1 leads, or is behind
	}
	leader = h.leader()
	time.Sleep(time.Duration(100+rand.N(20)) * time.Millisecond) // reads are under way
	return leader
}

// run runs a history and returns what the checker says of it.
func run(t *testing.T, read reader, kinds string) (result porcupine.CheckResult) {
	t.Helper()
	inCluster(t, 3, func(t *testing.T, c *cluster) {
		h := &history{cluster: c, read: read, stop: make(chan struct{}), began: time.Now()}
		c.registry, c.network.delay = registers, 5*time.Millisecond
		c.tune = patient
		c.up(1, 2, 3)
		c.leader()
		var work sync.WaitGroup
		for id := range 16 {
			work.Go(func() { h.client(id) })
		}
		h.faults(kinds)
		time.Sleep(500 * time.Millisecond)
		close(h.stop)
		work.Wait()
		result = porcupine.CheckOperationsTimeout(register, h.ops, time.Minute)
		t.Logf("%s: %d operations, %d of them read where another led, %d with an unknown outcome: %s", kinds, len(h.ops), h.followed, h.unknown, result)
		if least := 50 * len(kinds); len(h.ops) < least || h.followed < least/10 {
			t.Errorf("fewer than %d operations: nothing much could go wrong", least)
		}
	})
	return result
}

// patient lets r1 lead for longer than the others wait for it, as one whose process stands still
// does, with its clocks: its network is frozen for less than that.
func patient(n uint32, c *raft.Config) {
	c.HeartbeatTimeout, c.ElectionTimeout, c.LeaderLeaseTimeout = 1500*time.Millisecond, 1500*time.Millisecond, time.Second
	if n == 1 {
		c.HeartbeatTimeout, c.ElectionTimeout, c.LeaderLeaseTimeout = 6*time.Second, 6*time.Second, 6*time.Second
	}
}

// TestHistories runs clients against three replicas, under each kind of fault, and has a checker
// say whether what they saw is what one register would have shown.
func TestHistories(t *testing.T) {
	kinds := strings.Split("pfkhqf", "")
	if testing.Short() {
		kinds = kinds[:4]
	}
	rand.Shuffle(len(kinds), func(i, j int) { kinds[i], kinds[j] = kinds[j], kinds[i] })
	if got := run(t, byIndex, strings.Join(kinds, "")); got != porcupine.Ok {
		t.Errorf("the history is %s", got)
	}
}

// TestHistoriesFindStaleReads plants wrong reads, which the histories must find.
func TestHistoriesFindStaleReads(t *testing.T) {
	if testing.Short() {
		t.Skip("several histories")
	}
	early := &earlyRounds{under: map[*node]*round{}}
	for what, read := range map[string]reader{
		"nobody is asked": func(ctx context.Context, at, shows *node) error {
			return shows.Reached(ctx, at.store.LastEntry().Index)
		},
		"a follower waits for no index":     func(ctx context.Context, at, _ *node) error { _, err := at.ReadIndex(ctx); return err },
		"a round is shared that has begun":  early.read,
		"older answers count, as with raft": verified,
	} {
		t.Run(what, func(t *testing.T) {
			for range 20 { // about every second one finds it
				if run(t, read, "ff") == porcupine.Illegal {
					return
				}
			}
			t.Error("no history found it")
		})
	}
}

// verified asks as raft does by itself.
func verified(ctx context.Context, at, shows *node) error {
	if _, ok := at.isReady(); !ok {
		return ErrNotLeader
	}
	if err := at.applyCommitted(ctx); err != nil {
		return err
	}
	index := at.store.LastEntry().Index
	if err := at.await(ctx, func() error { return at.raft.VerifyLeader().Error() }); err != nil {
		return err
	}
	return shows.Reached(ctx, index)
}

// earlyRounds lets a read join a round that is under way.
type earlyRounds struct {
	mu    sync.Mutex
	under map[*node]*round
}

func (e *earlyRounds) read(ctx context.Context, at, shows *node) error {
	term, ok := at.isReady()
	if !ok {
		return ErrNotLeader
	}
	if err := at.applyCommitted(ctx); err != nil {
		return err
	}
	index := at.store.LastEntry().Index
	r := e.join(at, term)
	select {
	case <-r.done:
	case <-ctx.Done():
		return ctx.Err()
	}
	if r.err != nil {
		return r.err
	}
	return shows.Reached(ctx, index)
}

func (e *earlyRounds) join(at *node, term uint64) *round {
	e.mu.Lock()
	defer e.mu.Unlock()
	r := e.under[at]
	if r != nil {
		return r
	}
	r = &round{done: make(chan struct{})}
	e.under[at] = r
	go func() {
		r.err = at.await(context.Background(), func() error { return at.confirm(term) })
		e.mu.Lock()
		delete(e.under, at)
		e.mu.Unlock()
		close(r.done)
	}()
	return r
}
