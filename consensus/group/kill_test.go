package group

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/raft"

	"xietong/consensus/state"
)

// kills is how often TestKill kills; 0: 100, or 10 with -short.
var kills = flag.Int("kills", 0, "how often TestKill kills a replica")

const (
	childEnv    = "XIETONG_TEST_CHILD"
	killsPerDir = 20 // kills of one directory, before the next begins with nothing
	checkEvery  = 4  // kills between two replays
	killWithin  = 100 * time.Millisecond

	truncatedLine = "truncated" // of a child, beside the bodies that were acknowledged
)

func isChild() bool { return os.Getenv(childEnv) != "" }

// small makes snapshots, truncations and new files of raft's log happen all the time.
func small(c *raft.Config) {
	quick(c)
	c.SnapshotThreshold, c.TrailingLogs, c.SnapshotInterval = 16, 8, 5*time.Millisecond
}

// child proposes until it is killed, writing each acknowledged body to standard output. It takes
// snapshots all the time.
func child(dir string) {
	n, err := start(dir, 1, nil, replica(1))
	if err == nil {
		err = n.WaitReady(context.Background())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	var out sync.Mutex
	for w := range 8 {
		go func() {
			for i := 0; ; i++ {
				body := fmt.Sprintf("%d-%d-%d", os.Getpid(), w, i)
				if _, err := n.Propose(context.Background(), command(body)); err == nil {
					out.Lock()
					os.Stdout.WriteString(body + "\n")
					out.Unlock()
				}
			}
		}()
	}
	for said := false; ; {
		_ = n.Snapshot()
		if first, err := n.logs.FirstIndex(); err == nil && first > 1 && !said {
			said = true
			out.Lock()
			os.Stdout.WriteString(truncatedLine + "\n")
			out.Unlock()
		}
	}
}

// TestKill kills a replica at random moments, creation, start-up, snapshots and truncations
// included. After each kill the file must be whole from its leaves up. Now and then the replica is
// opened, and must hold every acknowledged entry once. Every other kill comes after something was
// acknowledged and raft's log truncated.
func TestKill(t *testing.T) {
	rounds := *kills
	if rounds == 0 {
		rounds = 100
		if testing.Short() {
			rounds = 10
		}
	}
	var dir string
	var acked map[string]bool
	total, truncated := 0, 0
	for round := range rounds {
		if round%killsPerDir == 0 {
			dir, acked = t.TempDir(), map[string]bool{}
		}
		for body := range strings.FieldsSeq(runAndKill(t, dir, round%2 == 1, rand.N(killWithin))) {
			if body == truncatedLine {
				continue
			}
			acked[body] = true
			total++
		}
		if _, err := os.Stat(filepath.Join(dir, "state.db")); err != nil {
			if len(acked) > 0 {
				t.Fatal("the state is gone")
			}
			continue // killed before it was made
		}
		if _, err := state.Verify(t.Context(), filepath.Join(dir, "state.db"), nil); err != nil {
			t.Fatalf("kill %d: %v", round, err)
		}
		if round%checkEvery == checkEvery-1 || round == rounds-1 {
			if checkKilled(t, dir, round, acked) {
				truncated++
			}
		}
		if t.Failed() {
			t.Fatalf("after kill %d", round)
		}
	}
	if total < rounds/2 || truncated < rounds/checkEvery {
		t.Errorf("%d acknowledged entries and %d truncated logs in %d kills: nothing much could be lost", total, truncated, rounds)
	}
	t.Logf("%d kills, %d acknowledged entries, none lost; raft's log was truncated at %d of the replays", rounds, total, truncated)
}

// checkKilled opens the replica and compares its entries with the acknowledged ones.
func checkKilled(t *testing.T, dir string, round int, acked map[string]bool) (truncated bool) {
	t.Helper()
	n := alone1(t, dir)
	if _, err := n.Propose(t.Context(), command(fmt.Sprintf("replay %d", round))); err != nil {
		t.Fatal(err)
	}
	if err := n.Linearize(t.Context()); err != nil {
		t.Fatal(err)
	}
	first, err := n.logs.FirstIndex()
	if err != nil {
		t.Fatal(err)
	}
	have := map[string]int{}
	for _, body := range entries(t, n.store) {
		have[body]++
	}
	if err := n.close(); err != nil {
		t.Fatal(err)
	}
	for body, count := range have {
		if count != 1 {
			t.Errorf("%s stands %d times", body, count)
		}
	}
	for body := range acked {
		if have[body] == 0 {
			t.Errorf("%s was acknowledged and is lost", body)
		}
	}
	if _, err := state.Verify(t.Context(), filepath.Join(dir, "state.db"), nil); err != nil {
		t.Error(err)
	}
	return first > 1
}

// runAndKill runs the child, kills it after a while, and returns the bodies that the child
// acknowledged, with truncatedLine between them. With late it first waits until one was
// acknowledged, and the log truncated.
func runAndKill(t *testing.T, dir string, late bool, after time.Duration) string {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"="+dir)
	out := heard{enough: make(chan struct{}), is: func(text string) bool {
		return strings.Contains(text, truncatedLine) && strings.Count(text, "\n") > 1
	}}
	var errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if late {
		out.await(t)
	}
	time.Sleep(after) // the moment of the kill is what this test is about
	if err := cmd.Process.Kill(); err != nil {
		t.Fatalf("the child ended by itself: %v %s", err, errs.String())
	}
	cmd.Wait()
	if cmd.ProcessState.Exited() {
		t.Fatalf("the child ended by itself: %s", errs.String())
	}
	text := out.text.String()
	return text[:strings.LastIndex(text, "\n")+1]
}

// heard keeps what a child writes, and closes enough once that is enough.
type heard struct {
	mu     sync.Mutex
	text   bytes.Buffer
	is     func(text string) bool
	enough chan struct{}
}

func (h *heard) Write(p []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.text.Write(p)
	if h.is != nil && h.is(h.text.String()) {
		close(h.enough)
		h.is = nil
	}
	return len(p), nil
}

// startWithin is how long a child may take to be heard, on the slowest of machines.
const startWithin = 2 * time.Minute

// await waits until enough was heard.
func (h *heard) await(t *testing.T) {
	t.Helper()
	select {
	case <-h.enough:
	case <-time.After(startWithin):
		t.Error("the child was not heard")
	}
}
