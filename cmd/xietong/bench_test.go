package main

import (
	"encoding/json"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"
)

// newReal returns a workbench on package node itself; the processes that it starts are this test as
// the binary.
func newReal(t *testing.T, lang string) *workbench {
	t.Helper()
	t.Setenv(mainEnv, "1")
	t.Setenv("GORACE", "atexit_sleep_ms=0") // otherwise each process with the race detector ends a second later
	b := newWorkbench(t, lang)
	b.app.node = theNode
	return b
}

// measurements reads the lines of a benchmark with --json, and checks that they have these keys and
// no others.
func measurements(t *testing.T, out string) (whats []string) {
	t.Helper()
	for d := json.NewDecoder(strings.NewReader(out)); ; {
		var m map[string]any
		if err := d.Decode(&m); err == io.EOF {
			return whats
		} else if err != nil {
			t.Fatalf("%v in %q", err, out)
		}
		want := []string{"clients", "p50_us", "p99_us", "per_s", "replicas", "what"}
		if what := m["what"]; what == "query" || what == "hop" || what == "first" {
			want = slices.Insert(want, 1, "cpu_us")
		}
		if keys := slices.Sorted(maps.Keys(m)); !slices.Equal(keys, want) {
			t.Errorf("keys %q, want %q", keys, want)
		}
		for _, key := range want[:len(want)-1] {
			if n, ok := m[key].(float64); !ok || n <= 0 {
				t.Errorf("%s is %v", key, m[key])
			}
		}
		what, _ := m["what"].(string)
		whats = append(whats, what)
	}
}

func TestBenchLedger(t *testing.T) {
	b := newReal(t, "en_US.UTF-8")
	code, stdout, stderr := b.run("bench", "ledger", "--clients", "2", "--size", "1000", "--seconds", "0.2")
	for _, want := range []string{"access records of 1000 bytes", "\nappend  2 ", "\nfsync   1 ", " the rate of the plain file", "\nverified from scratch: the "} {
		if !strings.Contains(stdout, want) {
			t.Errorf("no %q in:\n%s", want, stdout)
		}
	}
	if code != exitDone {
		t.Errorf("exit %d, %s", code, stderr)
	}
	code, stdout, stderr = b.run("bench", "ledger", "--json", "--clients", "3", "--replicas", "3", "--seconds", "0.1")
	if got := measurements(t, stdout); code != exitDone || stderr != "" || !slices.Equal(got, []string{"append", "fsync"}) {
		t.Errorf("exit %d, %q, %s", code, got, stderr)
	}
}

func TestBenchQuery(t *testing.T) {
	b := newReal(t, "en_US.UTF-8")
	code, stdout, stderr := b.run("bench", "query", "--clients", "1,3", "--seconds", "0.2")
	for _, want := range []string{
		"province > city > county", "\nquery        1 ", "\none hop      1 ", "\necho         1 ", "\nquery        3 ", "\necho         3 ", "\nfirst query  1 ", "\nclients: 3    p50 is ",
		"mean time of each step", "\nask-record ", "\npass ", "\nuse-record ", "\nsum ", "\nin no step ", "\ntotal ", "\nclients: 1    the steps ",
	} {
		if !strings.Contains(stdout, want) {
			t.Errorf("no %q in:\n%s", want, stdout)
		}
	}
	if code != exitDone { // standard error shows the current measurement
		t.Errorf("exit %d, %s", code, stderr)
	}
	code, stdout, stderr = b.run("bench", "query", "--json", "--clients", "2", "--seconds", "0.1")
	if got := measurements(t, stdout); code != exitDone || stderr != "" || !slices.Equal(got, []string{"query", "hop", "echo", "first"}) {
		t.Errorf("exit %d, %q, %s", code, got, stderr)
	}
}

func TestBenchHostile(t *testing.T) {
	b := newReal(t, "en_US.UTF-8")
	code, stdout, stderr := b.run("bench", "hostile", "--json", "--clients", "1", "--seconds", "0.1")
	if got := measurements(t, stdout); code != exitDone || stderr != "" || !slices.Equal(got, []string{"alone", "beside", "control", "hostile"}) {
		t.Errorf("exit %d, %q, %s", code, got, stderr)
	}
}

// TestBenchUsage checks the refusals of the benchmarks, and that the help does not show the verbs
// that they run for themselves.
func TestBenchUsage(t *testing.T) {
	b := newWorkbench(t, "en_US.UTF-8")
	for line, want := range map[string]string{
		"bench ledger --replicas 6":        `error: the flag --replicas cannot be "6"`,
		"bench ledger --clients 0":         `error: the flag --clients cannot be "0"`,
		"bench ledger --clients 1,2":       `error: the flag --clients cannot be "1,2"`,
		"bench ledger --size 1000000":      `error: the flag --size cannot be "1000000"`,
		"bench ledger --size 8":            `error: the flag --size cannot be "8"`,
		"bench ledger --seconds -1":        `error: the flag --seconds cannot be "-1"`,
		"bench query --clients 1,,64":      `error: the flag --clients cannot be ""`,
		"bench query --clients 65":         `error: the flag --clients cannot be "65"`,
		"bench query --seconds NaN":        `error: the flag --seconds cannot be "NaN"`,
		"bench query --seconds 0.0000001":  `error: the flag --seconds cannot be "0.0000001"`,
		"bench query --seconds 1000000000": `error: the flag --seconds cannot be "1000000000"`,
	} {
		code, stdout, stderr := b.run(strings.Fields(line)...)
		if code != exitUsage || stdout != "" || !strings.Contains(stderr, want) {
			t.Errorf("%s: exit %d, stdout %q, stderr:\n%swant\n%s", line, code, stdout, stderr, want)
		}
	}
	_, help, _ := b.run("bench", "--help")
	if !strings.Contains(help, "ledger ") || !strings.Contains(help, "query ") || strings.Contains(help, "  node") || strings.Contains(help, "  echo") || strings.Contains(help, "  spin") {
		t.Errorf("the help says:\n%s", help)
	}
}
