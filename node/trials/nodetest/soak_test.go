package nodetest

import (
	"flag"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"xietong/node/faces/client"
)

var minutes = flag.Int("minutes", 20, "virtual minutes of TestFederatedFaults")

// settled is the time after its last fault in which a node need not be reached yet: a silent link
// is noticed after 45 seconds, and dialled again after a pause that grows to half a minute.
const settled = 3 * time.Minute

// faults are the faults of a tree, the present ones and the times at which the past ones ended.
type faults struct {
	tree *Tree
	rand *rand.Rand
	now  map[string]string    // by node: stopped, killed, cut off, lossy
	over map[string]time.Time // when the last one of the node ended
}

// next begins a fault or ends one.
func (f *faults) next() {
	names := []string{"guiyang", "qiandongnan", "bijie", "nanming", "yunyan", "liping", "kaili", "weining"}
	name := names[f.rand.IntN(len(names))]
	n := f.tree.Node(name)
	if what, bad := f.now[name]; bad {
		f.end(n, name, what)
		return
	}
	if len(f.now) == 3 { // so that somebody answers
		return
	}
	what := []string{"stopped", "killed", "cut off", "lossy"}[f.rand.IntN(4)]
	f.now[name] = what
	switch what {
	case "stopped":
		n.Stop()
	case "killed":
		n.Kill()
	case "cut off":
		f.tree.Partition(name, n.parent.Name())
	case "lossy":
		f.tree.Loss(name, 0.3)
	}
}

func (f *faults) end(n *Node, name, what string) {
	switch what {
	case "stopped", "killed":
		n.Start()
	case "cut off":
		f.tree.Heal(name, n.parent.Name())
	case "lossy":
		f.tree.Loss(name, 0)
	}
	delete(f.now, name)
	f.over[name] = time.Now()
}

// near reports whether the node, or one above it, had a fault lately, and whether one of them
// cannot answer now.
func (f *faults) near(n *Node) (lately, away bool) {
	for ; n.parent != nil; n = n.parent {
		name := n.place.name.Label().String()
		what, bad := f.now[name]
		lately = lately || bad || time.Since(f.over[name]) < settled
		away = away || bad && what != "lossy"
	}
	return lately, away
}

func (f *faults) runs(name string) bool {
	what := f.now[name]
	return what != "stopped" && what != "killed"
}

// TestFederatedFaults counts over a province for -minutes of virtual time, while nodes stop, are
// killed, are cut off and lose packets. A county that is told as answered has recorded that use,
// once; a county that is told as missing had a fault lately; and the number is that of the counties
// that answered.
func TestFederatedFaults(t *testing.T) {
	seed, err := strconv.ParseUint(os.Getenv(seedEnv), 10, 64)
	if err != nil {
		seed = rand.Uint64()
	}
	counties := []string{"nanming", "yunyan", "liping", "kaili", "weining"}
	Run(t, province, func(t *testing.T, tree *Tree) {
		f := &faults{tree, rand.New(rand.NewPCG(seed, 1)), map[string]string{}, map[string]time.Time{}}
		for _, name := range append(slices.Clone(counties), "guizhou") {
			offer(t, tree.Node(name))
		}
		told, queries := map[string]int{}, 0
		for end := time.Now().Add(time.Duration(*minutes) * time.Minute); time.Now().Before(end); queries++ {
			f.next()
			time.Sleep(time.Duration(f.rand.IntN(240)) * time.Second)
			asker := tree.Node("guizhou")
			if name := counties[f.rand.IntN(len(counties))]; f.rand.IntN(2) == 0 {
				if lately, _ := f.near(tree.Node(name)); !lately {
					asker = tree.Node(name)
				}
			}
			f.query(t, asker, counties, told)
		}
		for name, what := range maps.Clone(f.now) {
			f.end(tree.Node(name), name, what)
		}
		tree.WaitLinked()
		if told[client.StateAnswered] == 0 || *minutes > 120 && told[client.StateUnreachable] == 0 {
			t.Errorf("nothing was tried: %v", told)
		}
		t.Logf("%d queries; counties were %v", queries, told)
	})
	if t.Failed() {
		t.Logf("the same faults come with %s=%d", seedEnv, seed)
	}
}

// query asks once, and checks that the answer is true of each county.
func (f *faults) query(t *testing.T, asker *Node, counties []string, told map[string]int) {
	t.Helper()
	before := map[string]int{}
	for _, name := range counties {
		if f.runs(name) {
			before[name] = len(recorded(f.tree.Node(name), "access"))
		}
	}
	got, err := accounted(asker.Client("water").QueryFederated(t.Context(), counted(asker, "**.guizhou")))
	if err != nil {
		t.Errorf("%s asks with %v: %v", asker.Name(), f.now, err)
		return
	}
	sum := uint64(0)
	for _, n := range got.States {
		sum += n
	}
	if got.Members != 88 || sum != 88 || got.Total != got.Answered || len(got.Lies) > 0 {
		t.Errorf("%s asks with %v: total %d of %d answered of %d, %v, lies %v", asker.Name(), f.now, got.Total, got.Answered, got.Members, got.States, got.Lies)
	}
	answered := uint64(0)
	for _, name := range counties {
		n := f.tree.Node(name)
		state := client.StateAnswered
		for _, m := range got.Missing {
			if m.Name == n.Name() {
				state = m.State
				if m.Itself && strings.Contains(m.Why, "key sets cannot be had") { // of the asker, by whom a fault cut off
					state = client.StateUnreachable
				}
			}
		}
		told[state]++
		lately, away := f.near(n)
		used := 0
		if f.runs(name) {
			used = len(recorded(n, "access")) - before[name]
		}
		if state == client.StateAnswered {
			answered++
		}
		switch {
		case state == client.StateAnswered && (away || used != 1):
			t.Errorf("%s is told as answered with %v, and recorded %d uses", name, f.now, used)
		case state != client.StateAnswered && !lately:
			t.Errorf("%s is told as %s, and nothing is the matter: %v", name, state, f.now)
		case state != client.StateAnswered && state != client.StateUnreachable && state != client.StateLate:
			t.Errorf("%s is told as %s", name, state)
		case used > 1:
			t.Errorf("%s recorded %d uses of one question", name, used)
		}
	}
	if answered != got.Answered {
		t.Errorf("%d counties answered, and %d are told", answered, got.Answered)
	}
}
