package replicas

import (
	"context"
	"errors"
	"testing"
	"time"

	"xietong/node/ground/host"
)

// TestALagIsNoLoss (C37): a follower that lacks what a neighbour saw does not take it for lost
// while it has not caught up; once it has, it has that, too.
func TestALagIsNoLoss(t *testing.T) {
	in := &network{ends: map[end]*lines{}}
	r1 := first(t, in)
	all := []*machine{r1}
	defer func() {
		for _, m := range all {
			m.down()
		}
	}()
	for range 2 {
		m := further(t, in, r1)
		all = append(all, m)
		if err := SetStage(t.Context(), r1.Host, newID(t), m.replica, Voting); err != nil {
			t.Fatal(err)
		}
		eventually(t, "it votes and signs", func() bool { return m.voters() == len(all) && m.KeysInUse() == uint64(len(all)) })
	}
	eventually(t, "the first leads", func() bool { return r1.Leads() })
	r3 := all[2]
	in.cut(end{r1.replica, "raft"}, r3.replica)
	for range 3 {
		if _, err := r1.note(t.Context(), "meanwhile"); err != nil {
			t.Fatal(err)
		}
	}
	f, err := r1.Follow(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	city, _ := county(t).Parent()
	seen := host.Seen{By: city, Checkpoint: f.Checkpoint, Note: f.Signed, At: time.Now()}
	soon, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	err = r3.Compare(soon, seen)
	if more, ok := errors.AsType[*host.MoreSeenError](err); !ok || more.Err == nil || r3.Questioned() != nil {
		t.Errorf("cut off: got %v, in question %v", err, r3.Questioned())
	}
	in.mu.Lock()
	in.cuts = nil
	in.mu.Unlock()
	eventually(t, "it has caught up", func() bool { return r3.Compare(t.Context(), seen) == nil })
	if r3.Questioned() != nil {
		t.Errorf("it caught up: %v", r3.Questioned())
	}
}
