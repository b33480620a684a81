package main

import (
	"errors"
	"math/rand/v2"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"xietong/deploy/chaos/disk"
)

var folder string // of the program that the tests share

func TestMain(m *testing.M) {
	var err error
	if folder, err = os.MkdirTemp("", "xietong-chaos-"); err != nil {
		panic(err)
	}
	code := m.Run()
	_ = os.RemoveAll(folder) // it is below the system's folder
	os.Exit(code)
}

var built = sync.OnceValues(func() (string, error) { return build("", folder, "") })

// program builds the program, once, and skips a test that cannot run here. Where CI runs as root
// nothing is skipped.
func program(t *testing.T) string {
	t.Helper()
	if testing.Short() {
		t.Skip("it runs processes, for a while, in which no race is looked for")
	}
	if err := errors.Join(disk.Possible(), networkPossible()); err != nil {
		if os.Getenv("CI") == "true" && os.Geteuid() == 0 {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	path, err := built()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// TestCuts cuts the power a dozen times in the middle of writes, of one machine, of one whose disk
// fails before, and of three at once: nothing that was acknowledged is lost.
func TestCuts(t *testing.T) {
	path := program(t)
	for _, c := range []*cutting{
		{cuts: 5, replicas: 1, seed: 1}, {cuts: 4, replicas: 1, seed: 2, errors: true}, {cuts: 3, replicas: 3, seed: 3},
	} {
		c.out, c.program, c.folder = t.Output(), path, t.TempDir()
		if err := c.run(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

// TestLies has the disk say that it synced a file, and not do it. Then something is lost, or the
// node says that it is damaged: a run that finds nothing would prove nothing.
func TestLies(t *testing.T) {
	path := program(t)
	for _, row := range []struct{ files, lost, told string }{
		{"*.wal", "acknowledged as", "/wal"}, {"state.db", "acknowledged as", "state.db"}, {"wal-meta.db", "acknowledged as", "wal-meta.db"},
	} {
		t.Run(row.files, func(t *testing.T) {
			c := cutting{out: t.Output(), program: path, folder: t.TempDir(), seed: 3, cuts: 40, replicas: 1, lie: row.files}
			err := c.run(t.Context())
			if err == nil || !strings.Contains(err.Error(), row.lost) && !strings.Contains(err.Error(), row.told) {
				t.Errorf("it was not found: %v", err)
			}
		})
	}
}

// TestFlips changes some bits of a stopped machine. The thousands are for `go run ./deploy/chaos
// -flips 1000 -replicas 1`.
func TestFlips(t *testing.T) {
	f := flipping{out: t.Output(), program: program(t), folder: t.TempDir(), seed: rand.Uint64N(1e6), flips: 8, replicas: 1}
	t.Logf("seed %d", f.seed)
	if err := f.run(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// TestStorm has clients use three replicas and a child under faults, for some seconds. The hours
// are for `go run ./deploy/chaos -for 2h`.
func TestStorm(t *testing.T) {
	s := storm{out: t.Output(), program: program(t), folder: t.TempDir(), seed: 5, lasts: 12 * time.Second, most: 2 * time.Second}
	if err := s.run(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// TestTheModelFindsFaults: a history in which a read shows what was put before the last put, or
// what nobody put, is none of registers, and one with a lost answer may be.
func TestTheModelFindsFaults(t *testing.T) {
	for what, row := range map[string]struct {
		put, shown string
		late       bool
		want       porcupine.CheckResult
	}{
		"the last":   {"b", "b", false, porcupine.Ok},
		"a stale":    {"b", "a", false, porcupine.Illegal},
		"an unknown": {"b", "c", false, porcupine.Illegal},
		"a pending":  {"b", "a", true, porcupine.Ok},
	} {
		h := newHistory()
		h.add(1, op{"k", "a"}, "", h.now(), true)
		h.add(1, op{"k", row.put}, "", h.now(), !row.late)
		h.add(2, op{"k", ""}, row.shown, h.now(), true)
		if got := h.judge(); got != row.want {
			t.Errorf("%s value: %s, want %s", what, got, row.want)
		}
	}
}
