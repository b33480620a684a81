package chains

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"xietong/certs/identity"
	"xietong/node/tree/door"
)

// TestNewsStayInTheirBranch (A05): two counties of different cities each tell 64 names that they
// make up, again and again. Nobody is told of anything but what lies below the two; everybody keeps
// the chains of all others, and has no reason to present itself.
func TestNewsStayInTheirBranch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, append(branches, "tongzi.zunyi.guizhou")...)
		w.finds("yunyan.guiyang.guizhou", "tongzi.zunyi.guizhou")
		w.finds("tongzi.zunyi.guizhou", "yunyan.guiyang.guizhou")
		ctx, cancel := context.WithCancel(t.Context())
		var running sync.WaitGroup
		for _, p := range w.places {
			running.Go(func() { p.store.Run(ctx) })
		}
		defer running.Wait()
		defer cancel()
		for n := range 40 {
			for city, county := range map[string]string{"guiyang.guizhou": "nanming.guiyang.guizhou", "zunyi.guizhou": "meitan.zunyi.guizhou"} {
				var names []identity.Jurisdiction
				for i := range door.MaxStale {
					names = append(names, named(t, fmt.Sprintf("x%d-%d.%s", n, i, county)))
				}
				if err := door.AskStale(t.Context(), carried{w, county, city}, names); err != nil {
					t.Fatal(err)
				}
			}
			time.Sleep(250 * time.Millisecond)
		}
		for who, p := range w.places {
			if p.poked != 0 {
				t.Errorf("%s was told %d times of what stands above it", who, p.poked)
			}
		}
		for at, of := range map[string]string{"yunyan.guiyang.guizhou": "tongzi.zunyi.guizhou", "tongzi.zunyi.guizhou": "yunyan.guiyang.guizhou"} {
			if w.at(at).store.kept[named(t, of)] == nil {
				t.Errorf("%s has forgotten the chain of %s", at, of)
			}
		}
	})
}

// carried is the door.Asker of one place to a neighbour.
type carried struct {
	w        *world
	from, to string
}

func (c carried) Exchange(ctx context.Context, frame []byte) ([]byte, error) {
	return c.w.carry(ctx, named(c.w.t, c.from), named(c.w.t, c.to), frame)
}
