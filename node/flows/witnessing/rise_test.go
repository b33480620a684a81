package witnessing

import (
	"context"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"xietong/consensus/ledger"
	"xietong/node/ground/text"
)

// rising is a tree in which heads go up at once.
type rising struct {
	*world
	all sync.WaitGroup
	end func()
}

// rise has every place watch its ledger, and send heads up.
func rise(t *testing.T, names ...string) *rising {
	t.Helper()
	w := &rising{world: newWorld(t, names...)}
	ctx, end := context.WithCancel(t.Context())
	for _, p := range w.places {
		p.says(1)
	}
	for range 6 {
		w.round()
	}
	for _, p := range w.places {
		w.all.Go(func() { p.desk.watch(ctx) })
		w.all.Go(func() { p.desk.Rise(ctx) })
	}
	w.end = func() { end(); w.all.Wait() }
	return w
}

// TestActsGoUpAtOnce: the heads of what a town decides are known on every level above within the
// second; what is no act waits for the minute.
func TestActsGoUpAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := rise(t, four...)
		defer w.end()
		nation, city, county, town := w.at(four[0]), w.at(four[1]), w.at(four[2]), w.at(four[3])
		time.Sleep(time.Hour)
		for range 3 {
			time.Sleep(10 * time.Minute)
			town.does(1)
			time.Sleep(time.Second)
			for _, above := range []*place{county, city, nation} {
				if k, acts := above.knows(town.Log()); len(acts) == 0 || acts[len(acts)-1] != town.size()-1 {
					t.Errorf("a second later %s knows %d of %d entries of the town: %v", above.name, k.To, town.size(), acts)
				}
			}
		}
		before, _ := county.knows(town.Log())
		time.Sleep(10 * time.Minute)
		town.says(5)
		time.Sleep(10 * time.Second)
		if k, _ := county.knows(town.Log()); k.To != before.To {
			t.Errorf("what is no act went up at once: %d entries, of which %d were known", k.To, before.To)
		}
	})
}

// TestFloodOfActs (C43): a town that decides something every moment has the county keep ten of its
// checkpoints at once, and then no more than one a minute beside the one that it keeps anyhow. What
// another town decides goes up at once all the while, and all is known with the minute.
func TestFloodOfActs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := rise(t, append(four, "huaxi.nanming.guiyang.guizhou")...)
		defer w.end()
		county, town, other := w.at(four[2]), w.at(four[3]), w.at("huaxi.nanming.guiyang.guizhou")
		time.Sleep(time.Hour)
		logged := func() int { return len(county.heads(ledger.KindWitnessed)) }
		before := logged()
		const minutes = 10
		for range minutes * 60 {
			town.does(1)
			time.Sleep(time.Second)
		}
		if got := logged() - before; got < actsAtOnce || got > actsAtOnce+2*minutes {
			t.Errorf("the county wrote %d entries in %d minutes", got, minutes)
		} else {
			t.Logf("the county wrote %d entries in %d minutes", got, minutes)
		}
		other.does(1)
		time.Sleep(time.Second)
		county.checkKnown(other)
		for range 3 {
			w.round()
		}
		county.checkKnown(town)
	})
}

// TestParentIsAway: while the parent is away nobody asks it, an act waits for nothing, and once it
// is back the heads go up within the minute, without a round.
func TestParentIsAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := rise(t, three...)
		defer w.end()
		city, county := w.at(three[1]), w.at(three[2])
		city.down.Store(true)
		time.Sleep(time.Hour)
		for range 50 {
			began := time.Now()
			county.does(1)
			if took := time.Since(began); took > 100*time.Millisecond {
				t.Errorf("an act took %s", took)
			}
			time.Sleep(3 * time.Second)
		}
		city.down.Store(false)
		time.Sleep(every + time.Second)
		city.checkKnown(county)
	})
}

// TestOlderParent: a parent that does not know that acts go up at once gets them with the minute.
func TestOlderParent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := rise(t, three...)
		defer w.end()
		city, county := w.at(three[1]), w.at(three[2])
		county.refuses = func(operation string) error {
			if operation == string(operationAct) {
				return text.Fail(text.UnknownOperation, text.Args{"operation": operation, "jurisdiction": city.name.String()}, nil)
			}
			return nil
		}
		county.does(1)
		time.Sleep(time.Second)
		if seen := must2(county.desk.LargestBy(t.Context(), city.name))(t); len(seen) != 1 || seen[0].Checkpoint.Size != county.size() {
			t.Errorf("it saw %+v, want %d entries", seen, county.size())
		}
		w.round()
		w.round()
		city.checkKnown(county)
	})
}

// TestPutBackParentIsAskedAnew: a parent that has forgotten what it had is asked, and sent all.
func TestPutBackParentIsAskedAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := rise(t, three...)
		defer w.end()
		city, county := w.at(three[1]), w.at(three[2])
		time.Sleep(time.Hour)
		county.does(1)
		time.Sleep(time.Second)
		city.checkKnown(county)
		county.desk.rising.Lock()
		for log := range county.desk.parentHas.at {
			county.desk.parentHas.at[log] = span{From: 0, To: county.size() + 7}
		}
		county.desk.rising.Unlock()
		time.Sleep(time.Hour)
		county.does(3)
		time.Sleep(time.Minute)
		for range 2 {
			w.round()
		}
		city.checkKnown(county)
	})
}

// TestFloodBelowSilencesNobody (C43): a town decides something every second. What another one
// decides, and its county, is known at the city at once all the same.
func TestFloodBelowSilencesNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const huaxi = "huaxi.nanming.guiyang.guizhou"
		w := rise(t, append(slices.Clone(four), huaxi)...)
		defer w.end()
		city, county, town, other := w.at(four[1]), w.at(four[2]), w.at(four[3]), w.at(huaxi)
		time.Sleep(time.Hour)
		for range 3 * 60 {
			town.does(1)
			time.Sleep(time.Second)
		}
		for _, by := range []*place{other, county} {
			by.does(1)
			want, took := by.size(), time.Duration(0)
			for ; took < time.Minute; took += time.Second {
				if k, _ := city.knows(by.Log()); k.To >= want {
					break
				}
				town.does(1)
				time.Sleep(time.Second)
			}
			if took > 5*time.Second {
				t.Errorf("an act of %s is known at the city after %s", by.name, took)
			}
		}
	})
}
