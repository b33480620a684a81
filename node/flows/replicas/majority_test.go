package replicas

import (
	"errors"
	"slices"
	"testing"
	"time"

	"xietong/node/ground/host"
)

// TestNoMajorityIsToldSoon (NW14): where most replicas are away, the first that writes waits for
// another leader, and whoever comes after is told at once that there is none. It is over as soon as
// one is back.
func TestNoMajorityIsToldSoon(t *testing.T) { inBubble(t, noMajority) }

func noMajority(t *testing.T) {
	all := withClocks(t, 3)
	left := leaderOf(t, all)
	dead := slices.DeleteFunc(slices.Clone(all), func(m *machine) bool { return m == left })
	for _, m := range dead {
		m.down()
	}
	for try, most := range []time.Duration{11 * time.Second, 2 * time.Second, 2 * time.Second} {
		began := time.Now()
		if _, err := left.note(t.Context(), "too few"); !errors.Is(err, host.ErrNoLeader) {
			t.Errorf("try %d: got %v, want %v", try, err, host.ErrNoLeader)
		}
		if took := time.Since(began); took > most {
			t.Errorf("try %d: told after %s", try, took)
		}
	}
	for _, m := range dead {
		m.up()
	}
	leaderOf(t, all)
	eventually(t, "it is written through the one that was alone", func() bool {
		_, err := left.note(t.Context(), "again")
		return err == nil
	})
}
