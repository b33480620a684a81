package witnessing

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"xietong/certs/identity"
	"xietong/certs/trust"
	"xietong/consensus/state"
	"xietong/node/ground/text"
)

// hosts has places run on one node.
func (w *world) hosts(names ...string) {
	for _, name := range names {
		w.at(name).on = names[0]
	}
}

// TestHeadsOfHosted (B21-12): the heads of a place that runs on its parent's node, and of one below
// it there, go up past that node, while nobody on it witnesses them; all is still after.
func TestHeadsOfHosted(t *testing.T) {
	w := newWorld(t, four...)
	nation, city, county, town := w.at(four[0]), w.at(four[1]), w.at(four[2]), w.at(four[3])
	w.hosts(four[1:]...)
	town.does(3)
	for range 2 {
		county.does(200)
		for range 8 {
			w.round()
		}
		for _, below := range []*place{city, county, town} {
			nation.checkKnown(below)
		}
		city.checkKnown(county)
		town.does(2)
	}
	for _, p := range []*place{county, town} {
		parent, _ := p.parent()
		if v := p.of(w.places[parent]); v.Cosigned > 0 {
			t.Errorf("%s was cosigned on its own node: %+v", p.name, v)
		}
	}
	for range 6 {
		w.round()
	}
	asked := 0
	for _, p := range w.places {
		p.answers = func(operation string, content []byte) []byte { asked++; return content }
	}
	w.round()
	w.round()
	if asked > 0 {
		t.Errorf("nothing happened, and places were asked %d times", asked)
	}
	for _, p := range w.places {
		if f := p.findings(); len(f) > 0 {
			t.Errorf("%s finds %+v", p.name, f)
		}
	}
}

// TestHostedUnderRoot: where all levels above run on the node, the heads would not leave it, and
// none are kept.
func TestHostedUnderRoot(t *testing.T) {
	w := newWorld(t, three...)
	w.hosts(three...)
	w.at(three[2]).does(3)
	w.round()
	w.round()
	for _, p := range w.places {
		p.read(func(r *state.Reader) {
			if all := known(r, identity.Jurisdiction{}); len(all) > 0 {
				t.Errorf("%s keeps heads of %d logs", p.name, len(all))
			}
		})
		if seen, err := p.desk.SeenAbove(t.Context()); len(seen) > 0 || err != nil {
			t.Errorf("%s: above is seen %v, %v", p.name, seen, err)
		}
	}
}

// TestSeenAbove (B21-12): after a loss of the node a hosted place learns from the level above what
// that keeps, also of another history than its own, and gets the acts back; the level above does
// not know where the ledger ended.
func TestSeenAbove(t *testing.T) {
	w := newWorld(t, three...)
	province, city, county := w.at(three[0]), w.at(three[1]), w.at(three[2])
	w.hosts(three[1:]...)
	county.does(400)
	for range 4 {
		w.round()
	}
	cityBefore, countyBefore, from := city.copied(), county.copied(), county.size()
	county.does(60)
	for range 4 {
		w.round()
	}
	want, upTo, root := county.acts(from), county.size(), must2(county.desk.rootAt(t.Context(), county.size()))(t)
	county.does(1)
	city.becomes(cityBefore)
	county.becomes(countyBefore)
	see := func(what string) Seen {
		t.Helper()
		seen := must2(county.desk.SeenAbove(t.Context()))(t)
		if len(seen) != 1 {
			t.Fatalf("%s: got %v", what, seen)
		}
		if c := seen[0].Checkpoint; c.Log != county.Log() || c.Size != upTo || c.Root != root || !seen[0].Headed || seen[0].By != province.name {
			t.Errorf("%s: got %+v, want %d entries with root %s", what, seen[0], upTo, root)
		}
		return seen[0]
	}
	lost := see("put back")
	for _, at := range []uint64{0, from} {
		acts, same, err := county.desk.Heads(t.Context(), lost, at)
		if err != nil || len(acts) != len(want) || same.UpTo != from {
			t.Errorf("from %d: got %d acts, %+v, %v, want %d", at, len(acts), same, err, len(want))
		}
	}
	county.does(100) // another history, which is longer
	see("went on")

	for what, change := range map[string]func() []trust.KeySet{
		"keys of before": func() []trust.KeySet { k := city.keys(); return append(county.keys(), k[0]) },
		"one of two replicas": func() []trust.KeySet {
			k := county.keys()
			k[0].Replicas = append(k[0].Replicas, city.keys()[0].Replicas...)
			return k
		},
	} {
		county.desk.o.Own = keyed{county.desk.o.Own, change}
		if seen, err := county.desk.SeenAbove(t.Context()); len(seen) > 0 || err != nil {
			t.Errorf("%s: got %v, %v", what, seen, err)
		}
		county.desk.o.Own = county.Host
	}
	province.down.Store(true)
	if seen, err := county.desk.SeenAbove(t.Context()); len(seen) > 0 || code(err) != text.Unreachable {
		t.Errorf("nobody answers: got %v, %v", seen, err)
	}
}

// TestSeenAboveWithAGap (R23-8): a hosted place went on twice, the second time before the heads of
// its second epoch had come, and is put back to before both. The level above says of which epochs
// it has heads, and is asked for no other.
func TestSeenAboveWithAGap(t *testing.T) {
	for _, between := range []bool{true, false} {
		w := newWorld(t, three...)
		province, city, county := w.at(three[0]), w.at(three[1]), w.at(three[2])
		w.hosts(three[1:]...)
		county.does(4)
		rounds := func(n int) {
			for range n {
				w.round()
			}
		}
		rounds(4)
		backup := county.copied()
		county.rewrites(city, county.size())
		if between { // the heads of the second epoch go up
			rounds(4)
		}
		county.rewrites(city, county.size())
		county.does(10)
		rounds(6)
		third := county.Log()
		must2(0, errors.Join(county.Close(), os.RemoveAll(filepath.Join(county.dir, "certs")), setBack(backup, county.dir)))(t)
		county.open()
		asked := map[string]int{}
		province.answers = func(operation string, content []byte) []byte { asked[operation]++; return content }
		seen, err := county.desk.SeenAbove(t.Context())
		var of []uint64
		for _, s := range seen {
			of = append(of, s.Checkpoint.Log.Epoch())
		}
		if err != nil || !slices.Contains(of, third.Epoch()) {
			t.Errorf("with the heads of epoch 2 above %t: got those of %v, %v, want %s", between, of, err, third)
		}
		if asked["heads-logs"] != 1 || asked["heads"] > 8 {
			t.Errorf("with the heads of epoch 2 above %t: asked %v", between, asked)
		}
	}
}

// keyed is a jurisdiction with other key sets.
type keyed struct {
	Own
	sets func() []trust.KeySet
}

func (k keyed) KeySetsIn(uint64, uint64) ([]trust.KeySet, error) { return k.sets(), nil }
