package nodetest

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"xietong/node/faces/client"
	"xietong/node/ground/text"
)

var anyLosses = flag.Int("any-losses", 0, "how often TestLossOfAnyReplica kills a replica; 0: four times")

// side is the replicas of a jurisdiction.
type side []*Node

// running returns the replicas that run, first the one at a place.
func (s side) running(at int) (all []*Node) {
	for i := range s {
		n := s[(at+i)%len(s)]
		n.machine.mu.Lock()
		if n.machine.node != nil {
			all = append(all, n)
		}
		n.machine.mu.Unlock()
	}
	return all
}

// through does what is asked through one replica, and through another one, under the same key,
// where the first died meanwhile. Where the answer was lost with the first, it is asked for anew.
func (s side) through(at int, do func(n *Node, key string) error) error {
	var tried []*Node
	key, err := client.NewKey()
	for err == nil {
		next := slices.DeleteFunc(s.running(at), func(n *Node) bool { return slices.Contains(tried, n) })
		if len(next) == 0 {
			return errors.New("no replica runs")
		}
		err = do(next[0], key)
		p, answered := errors.AsType[*client.Problem](err)
		switch {
		case answered && len(tried) > 0 && p.Code == string(text.IDSeen):
			key, err = client.NewKey()
		case err == nil || answered || slices.Contains(s.running(at), next[0]):
			return err
		default:
			tried, err = append(tried, next[0]), nil
		}
	}
	return err
}

// TestLossOfAnyReplica kills any replica of three above and three below, while a client asks from
// above, another one from below, and a third one writes below: nobody sees an error, and 99 of 100
// wait no longer than three seconds.
func TestLossOfAnyReplica(t *testing.T) {
	if testing.Short() && *anyLosses == 0 {
		t.Skip("a minute of work")
	}
	Run(t, "guizhou\n  guiyang\n    nanming listen", func(t *testing.T, tree *Tree) {
		city, county := side{tree.Node("guiyang")}, side{tree.Node("nanming")}
		for range 2 {
			city = append(city, city[0].Further())
			county = append(county, county[0].Further())
		}
		offer(t, city[0])
		offer(t, county[0])
		time.Sleep(3 * time.Minute) // a round of upkeep: each side knows the other's replicas
		if above, below := county.linked(city), city.linked(county); len(above) != 3 || len(below) != 3 {
			t.Errorf("the links lead to %v above and %v below, want to three each", above, below)
		}
		var took []time.Duration
		luck := rand.New(rand.NewPCG(tree.net.seed, 15))
		for i := range max(*anyLosses, 4) {
			s := []side{city, county}[luck.IntN(2)]
			took = append(took, loseAny(t, tree, city, county, s[luck.IntN(3)], i, luck)...)
		}
		slices.Sort(took)
		at := func(p int) time.Duration { return took[(len(took)-1)*p/100].Round(time.Millisecond) }
		t.Logf("%d requests during kills: p50 %s, p99 %s, max %s", len(took), at(50), at(99), at(100))
		if at(99) > 3*time.Second || at(100) > 6*time.Second {
			t.Errorf("p99 is %s, the longest took %s", at(99), at(100))
		}
	})
}

// linked returns the addresses of the other side that the replicas are linked to.
func (s side) linked(to side) map[string]bool {
	all := map[string]bool{}
	for _, n := range s.running(0) {
		n.machine.mu.Lock()
		if l := n.machine.node.Link(n.place.name, to[0].place.name); l.Up {
			all[l.Address] = true
		}
		n.machine.mu.Unlock()
	}
	return all
}

// loseAny kills a replica, and returns how long those waited who asked or wrote when it died. It
// comes back.
func loseAny(t *testing.T, tree *Tree, city, county side, dies *Node, number int, luck *rand.Rand) (took []time.Duration) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	type done struct {
		what string
		took time.Duration
		err  error
	}
	results := make(chan done)
	run := func(what string, at int, s side, do func(n *Node, key string) error) {
		go func() {
			for _, pause := range []time.Duration{0, 50 * time.Millisecond} { // one is under way when it dies, one begins after
				time.Sleep(pause)
				began := time.Now()
				err := s.through(at, do)
				results <- done{fmt.Sprintf("%s through %d", what, at+1), time.Since(began), err}
			}
		}()
	}
	at := luck.IntN(3)
	for i := range 3 {
		run("down", i, city, func(n *Node, key string) error { return askUnder(ctx, n, county[0], key) })
		run("up", i, county, func(n *Node, key string) error { return askUnder(ctx, n, city[0], key) })
	}
	writers := slices.DeleteFunc(slices.Clone(county), func(n *Node) bool { return n == dies })
	run("write", at, writers, func(n *Node, key string) error {
		_, err := n.Client("").AddAgency(ctx, client.NewAgency{Code: "a-" + key, Title: "民政局"})
		return err
	})
	time.Sleep(time.Duration(luck.IntN(20)) * time.Millisecond)
	dies.Kill()
	for range 14 {
		d := <-results
		took = append(took, d.took)
		if d.err != nil {
			t.Errorf("kill %d, of %s: %s: %v after %s", number, dies.machine.name, d.what, d.err, d.took)
		}
	}
	dies.Start()
	time.Sleep(90 * time.Second) // it catches up, and is linked again
	return took
}

// askUnder asks for the village at another node, under a key.
func askUnder(ctx context.Context, from, at *Node, key string) error {
	_, err := from.Client("water").QueryUnder(ctx, key, client.Query{At: at.Name(), Dataset: "villages", Key: "1", Use: client.Use{
		Purpose: "statistics", Basis: "《统计法》", Scenario: "村情统计", Scope: "全部村", Method: "query", Until: "2028-12-31T00:00:00+08:00",
	}})
	return err
}
