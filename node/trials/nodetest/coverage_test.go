package nodetest

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"xietong/node/faces/client"
)

// A scenario of testdata/coverage is a tree, indented as Run takes it, and then what happens to it,
// a line each:
//
//	offer, withhold NAME…      publishes the dataset with one village; as one that is not shared
//	standard, adopt NAME…      sets the standard entry; adopts it, with two villages
//	stop, start, hang NAME…    ends serving; begins again, and is linked; takes 20 s for a packet
//	count NAME SELECTOR [WORD=…]…
//
// count asks the node of NAME. The indented lines behind it say what the answer tells, each by a
// word and its figures:
//
//	total 3 of 88              villages, counties that are members
//	answered, refused, not-offered, unreachable, late, not-joined: how many, and which, "by" which jurisdiction
//	groups 3                   by prefecture
//	audited NAME…              their sums were audited
//	within 8s                  at most so much later
//
// A state that no line names must be zero, but for answered. A name is the label of a place.
type scenario struct {
	t    *testing.T
	tree *Tree
}

// TestCoverage plays the scenarios: every county of the roster is told in its true state, by a
// jurisdiction that knows it, whatever faults there are.
func TestCoverage(t *testing.T) {
	files, err := filepath.Glob("testdata/coverage/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d scenarios, %v", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			declared, happens, found := strings.Cut(string(data), "\n--\n")
			if !found {
				t.Fatalf("%s: no line -- behind the tree", file)
			}
			Run(t, declared, func(t *testing.T, tree *Tree) { scenario{t, tree}.play(happens) })
		})
	}
}

// play takes one step after the other, each with the indented lines behind it.
func (s scenario) play(happens string) {
	var step string
	var wants []string
	flush := func() {
		if step != "" {
			s.take(step, wants)
		}
		step, wants = "", nil
	}
	for line := range strings.Lines(happens) {
		line, _, _ = strings.Cut(strings.TrimRight(line, "\n"), "#")
		switch {
		case strings.TrimSpace(line) == "":
		case line != strings.TrimLeft(line, " \t"):
			wants = append(wants, strings.TrimSpace(line))
		default:
			flush()
			step = line
		}
	}
	flush()
}

func (s scenario) take(step string, wants []string) {
	s.t.Helper()
	words := strings.Fields(step)
	if words[0] == "count" {
		s.count(step, words[1:], wants)
		return
	}
	do, known := map[string]func(n *Node){
		"offer":    func(n *Node) { offer(s.t, n) },
		"withhold": func(n *Node) { withhold(s.t, n) },
		"standard": func(n *Node) { agencies(s.t, n); s.standard(n) },
		"adopt":    func(n *Node) { agencies(s.t, n); s.adopt(n) },
		"stop":     func(n *Node) { n.Stop(); down(s.tree, words[1]) },
		"start":    func(n *Node) { n.Start() },
		"hang":     func(n *Node) { s.tree.Latency(n.place.name.Label().String(), 20*time.Second) },
	}[words[0]]
	if !known {
		s.t.Fatalf("%q: no step of a scenario", step)
	}
	for _, name := range words[1:] {
		do(s.tree.Node(name))
	}
	if words[0] == "start" {
		s.tree.WaitLinked(words[1:]...)
	}
}

func (s scenario) standard(n *Node) {
	if _, err := n.Client("civil-affairs").PublishStandard(s.t.Context(), villagesStandard); err != nil {
		s.t.Fatal(err)
	}
}

func (s scenario) adopt(n *Node) {
	if _, err := adopt(s.t, n, asIs); err != nil {
		s.t.Fatal(err)
	}
}

// count asks, and compares the answer with the wanted lines.
func (s scenario) count(step string, words, wants []string) {
	s.t.Helper()
	q := counted(s.tree.Node(words[0]), words[1])
	for _, word := range words[2:] {
		switch key, value, _ := strings.Cut(word, "="); key {
		case "wait":
			fmt.Sscan(value, &q.Wait)
		case "level":
			q.Level = value
		default:
			s.t.Fatalf("%q: no word of a count", word)
		}
	}
	began := time.Now()
	got, err := accounted(s.tree.Node(words[0]).Client("water").QueryFederated(s.t.Context(), q))
	if err != nil {
		s.t.Fatalf("%s: %v", step, err)
	}
	if err := s.sound(got); err != nil {
		s.t.Errorf("%s: %v", step, err)
	}
	told := map[string]bool{client.StateAnswered: true}
	for _, want := range wants {
		told[strings.Fields(want)[0]] = true
		if err := s.is(got, strings.Fields(want), time.Since(began)); err != nil {
			s.t.Errorf("%s: want %s: %v", step, want, err)
		}
	}
	for state, n := range got.States {
		if !told[state] && n > 0 {
			s.t.Errorf("%s: %d are %s, want none", step, n, state)
		}
	}
}

// sound checks the rules that hold for every answer: the states add up, the groups too, and the
// audit found nothing.
func (s scenario) sound(got client.FederatedAnswer) error {
	states, groups := uint64(0), uint64(0)
	for _, n := range got.States {
		states += n
	}
	for _, g := range got.Groups {
		groups += g.Count
	}
	missing := uint64(len(got.Missing))
	if got.Whole == nil || got.Whole.Count != got.Total {
		return fmt.Errorf("%d records, and all come to %+v", got.Total, got.Whole)
	}
	if states != got.Members || groups != got.Total || got.Answered+missing != got.Members || got.States[client.StateAnswered] != got.Answered {
		return fmt.Errorf("%v and %d missing of %d members; %v of %d", got.States, missing, got.Members, got.Groups, got.Total)
	}
	if len(got.Lies) > 0 || len(got.Unseen) > 0 {
		return fmt.Errorf("the audit says %v, and did not see %v", got.Lies, got.Unseen)
	}
	return nil
}

// is checks one of the wanted lines.
func (s scenario) is(got client.FederatedAnswer, want []string, took time.Duration) error {
	var n uint64
	if len(want) > 1 {
		fmt.Sscan(want[1], &n)
	}
	switch what := want[0]; what {
	case "total":
		if got.Total != n || fmt.Sprint(got.Members) != want[3] {
			return fmt.Errorf("got %d of %d", got.Total, got.Members)
		}
	case "groups":
		if uint64(len(got.Groups)) != n {
			return fmt.Errorf("got %v", got.Groups)
		}
	case "audited":
		for _, name := range want[1:] {
			if !slices.Contains(got.Audited, s.tree.Node(name).Name()) {
				return fmt.Errorf("got %q", got.Audited)
			}
		}
	case "within":
		if most, err := time.ParseDuration(want[1]); err != nil || took > most {
			return cmp.Or(err, fmt.Errorf("after %s", took))
		}
	default:
		if n != got.States[what] {
			return fmt.Errorf("got %v", got.States)
		}
		return inState(got, what, want[2:])
	}
	return nil
}

// inState checks that the answer tells the named counties in the state, by the jurisdiction behind
// the word "by".
func inState(got client.FederatedAnswer, state string, names []string) error {
	by := ""
	if at := slices.Index(names, "by"); at >= 0 {
		names, by = names[:at], names[at+1]
	}
	for _, name := range names {
		i := slices.IndexFunc(got.Missing, func(m client.MissingMember) bool { return strings.HasPrefix(m.Name, name+".") })
		switch {
		case state == client.StateAnswered && i < 0:
		case state == client.StateAnswered || i < 0:
			return fmt.Errorf("%s: got %+v", name, got.Missing)
		case got.Missing[i].State != state || by != "" && got.Missing[i].By != by:
			return fmt.Errorf("got %+v", got.Missing[i])
		case state == client.StateUnreachable && by != "" && got.Missing[i].LastHeard == "":
			return errors.New("when it was last heard is not told")
		}
	}
	return nil
}
