package neighbours

import (
	"context"
	"testing"

	"xietong/node/tree/door"
)

// TestRosterGoesOn: where a part of the roster came, the jurisdiction presents itself again soon,
// so that the rest comes; otherwise it does not.
func TestRosterGoesOn(t *testing.T) {
	c := newClock()
	for _, more := range []bool{true, false} {
		p := newParty(t, "nanming.guiyang.guizhou", c)
		p.upkeep.o.Roster = func(context.Context, door.Asker) (bool, error) { return more, nil }
		if err := p.upkeep.roster(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		if _, told := p.upkeep.pause(); told != more {
			t.Errorf("more %t: it goes on: %t", more, told)
		}
	}
}
