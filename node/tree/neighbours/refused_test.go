package neighbours

import (
	"context"
	"slices"
	"testing"
	"time"

	"xietong/certs/identity"
	"xietong/node/tree/door"
)

// TestRefusedAllTheSame: the parent refuses the link once in a quarter of a minute, though the
// child presents itself with success. It does so again at once, and then after longer and longer
// pauses, up to presentEvery; after Poke from the start again. A parent that does not answer is
// asked no sooner for it.
func TestRefusedAllTheSame(t *testing.T) {
	c := newClock()
	city, county := newParty(t, "guiyang.guizhou", c), newParty(t, "nanming.guiyang.guizhou", c)
	joinTo(t, city, county, c)
	var asked []int // seconds after the first
	began, reach, away := c.Now(), county.upkeep.o.Reach, false
	county.upkeep.o.Reach = func(ctx context.Context, parent identity.Jurisdiction) (door.Asker, func(), error) {
		asked = append(asked, int(c.Now().Sub(began).Seconds()))
		if away {
			return nil, nil, context.DeadlineExceeded
		}
		return reach(ctx, parent)
	}
	for _, row := range []struct {
		what string
		away bool
		want []int
	}{
		{"the door answers", false, []int{0, 0, 30, 75, 165, 330, 630, 930}},
		{"from the start", false, []int{0, 0, 30, 75, 165, 330, 630, 930}},
		{"the door does not answer", true, []int{0, 30, 75, 165, 330, 630, 930}},
	} {
		asked, began, away = nil, c.Now(), row.away
		county.upkeep.Poke()
		county.upkeep.round(t.Context())
		for c.Now().Sub(began) < 1000*time.Second {
			county.upkeep.Refused()
			county.upkeep.round(t.Context())
			c.pass(15 * time.Second)
		}
		if !slices.Equal(asked, row.want) {
			t.Errorf("%s: presented itself after %v seconds, want %v", row.what, asked, row.want)
		}
	}
}
