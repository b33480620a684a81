package group

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"xietong/consensus/state"
)

// flip changes a word in the state file of a replica that does not run, wherever it stands there.
func (x *fetched) flip(n uint32, word string) {
	x.Helper()
	path := filepath.Join(x.dir(n), "state.db")
	data, err := os.ReadFile(path)
	if err != nil {
		x.Fatal(err)
	}
	other := []byte(word)
	other[len(other)/2] ^= 1
	if !bytes.Contains(data, []byte(word)) {
		x.Fatalf("the state of replica %d does not have %q", n, word)
	}
	if err := os.WriteFile(path, bytes.ReplaceAll(data, []byte(word), other), 0o600); err != nil {
		x.Fatal(err)
	}
}

// decay returns what a scrub of a replica finds.
func (n *node) decay(t *testing.T) (found error) {
	t.Helper()
	c := n.store.Scrub()
	for more := true; more; {
		var err error
		more, err = c.Next(1 << 10)
		found = errors.Join(found, err)
	}
	return found
}

// TestMend damages the state of a follower, and of the leader, and mends each from the others while
// writes go on. A leader hands over first. What is mended stays so after a restart.
func TestMend(t *testing.T) {
	for _, leads := range []bool{false, true} {
		inFetched(t, func(t *testing.T, x *fetched) {
			x.up(1, 2, 3)
			leader := x.leader()
			var written []string
			for i := range 40 {
				written = append(written, long("before", i))
				x.put(leader, written[i])
			}
			n := x.others(leader)[0].number()
			if leads {
				n = leader.number()
			}
			x.reached(x.nodes[n], leader)
			x.down(n)
			x.flip(n, long("before", 7))
			x.back(n)
			hurt := x.nodes[n]
			if leads {
				x.leads(n)
			} else {
				x.leader()
			}
			if hurt.decay(t) == nil || hurt.store.Damaged() == nil {
				t.Fatal("a scrub found nothing")
			}
			done := make(chan error, 1)
			go func() { _, err := hurt.Mend(t.Context()); done <- err }()
			for i := range 60 {
				written = append(written, long("on", i))
				if leader = x.leader(); leader == hurt && i > 40 {
					t.Error("the damaged replica leads")
				}
				for _, err := leader.Propose(t.Context(), command(written[len(written)-1])); errors.Is(err, ErrNotDone); {
					time.Sleep(10 * time.Millisecond) // leadership is being handed over
					leader = x.leader()
					_, err = leader.Propose(t.Context(), command(written[len(written)-1]))
				}
				time.Sleep(10 * time.Millisecond)
			}
			if err := <-done; err != nil {
				t.Fatalf("%v\n%s", err, hurt.log.String())
			}
			if err := hurt.decay(t); err != nil || hurt.store.Damaged() != nil {
				t.Errorf("mended: a scrub finds %v", err)
			}
			x.agree(x.leader(), written)
			x.down(n)
			x.back(n)
			x.put(x.leader(), "after")
			x.agree(x.leader(), append(written, "after"))
		})
	}
}

// leads has a replica lead.
func (x *fetched) leads(n uint32) *node {
	x.Helper()
	for range 100 {
		now := x.leader()
		if now.number() == n {
			return now
		}
		id, address := x.nodes[n].self(), x.nodes[n].transport.LocalAddr()
		_ = now.raft.LeadershipTransferToServer(id, address).Error() // it is tried again
		time.Sleep(time.Second)
	}
	x.Fatalf("replica %d does not lead", n)
	return nil
}

// TestMendFromNobody: alone, and where the others are damaged themselves, nothing is replaced, and
// the error says so.
func TestMendFromNobody(t *testing.T) {
	inFetched(t, func(t *testing.T, x *fetched) {
		x.up(1, 2, 3)
		leader := x.leader()
		for i := range 20 {
			x.put(leader, long("before", i))
		}
		for _, n := range x.others(leader) {
			x.reached(n, leader)
			x.down(n.number())
			x.flip(n.number(), long("before", 7))
			x.back(n.number())
		}
		leader = x.leader()
		n := x.others(leader)[0]
		x.down(leader.number())
		if _, err := n.Mend(x.within(time.Minute)); !errors.Is(err, ErrNoSource) && !errors.Is(err, ErrNoSuccessor) {
			t.Errorf("got %v", err)
		}
		if _, ok := errors.AsType[*state.DecayError](n.decay(t)); !ok {
			t.Error("the damage is told no more")
		}
	})
}
