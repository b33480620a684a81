package main

import (
	"context"
	"errors"
	"math"
	"runtime/debug"
	"runtime/metrics"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

func TestCollector(t *testing.T) {
	const gib = 1 << 30
	for what, c := range map[string]struct {
		m    memory
		want collector
		ours bool
	}{
		"one hosted":             {memory{all: 4 * gib, hosted: 1, live: 10}, collector{400, gib}, true},
		"few hosted":             {memory{all: 4 * gib, hosted: 8}, collector{400, gib}, true},
		"many hosted":            {memory{all: 4 * gib, hosted: 9}, usual, true},
		"not known how many":     {memory{all: 4 * gib}, usual, true},
		"not known how much":     {memory{hosted: 1}, usual, true},
		"much alive":             {memory{all: 4 * gib, hosted: 1, live: 3 * gib}, collector{400, 6 * gib}, true},
		"half of the part alive": {memory{all: 4 * gib, hosted: 1, live: gib / 2}, collector{400, gib}, true},
		"beyond any number":      {memory{all: math.MaxUint64, hosted: 1, live: math.MaxUint64 / 2}, collector{400, math.MaxInt64}, true},
		"GOGC":                   {memory{gogc: "50", all: 4 * gib, hosted: 1}, collector{}, false},
		"GOMEMLIMIT":             {memory{limit: "1GiB", all: 4 * gib, hosted: 1}, collector{}, false},
	} {
		if got, ours := c.m.collector(); got != c.want || ours != c.ours {
			t.Errorf("%s: got %v, %v, want %v, %v", what, got, ours, c.want, c.ours)
		}
	}
}

func TestMemoryOf(t *testing.T) {
	const machine = "MemTotal:       4194304 kB\nMemFree:        1 kB\n"
	const all = 4 << 30
	for what, c := range map[string]struct {
		files map[string]string
		want  uint64
	}{
		"nothing told":   {nil, 0},
		"no cgroup":      {map[string]string{machineFile: machine}, all},
		"other units":    {map[string]string{machineFile: "MemTotal: 4 MB\n"}, 0},
		"no number":      {map[string]string{machineFile: "MemTotal: -1 kB\n"}, 0},
		"a line cut off": {map[string]string{machineFile: "MemTotal:"}, 0},
		"version 2": {map[string]string{
			machineFile: machine, groupFile: "0::/a/b\n", "/sys/fs/cgroup/a/b/memory.max": "1073741824\n",
		}, 1 << 30},
		"version 2, the outer is less": {map[string]string{
			machineFile: machine, groupFile: "0::/a/b\n", "/sys/fs/cgroup/a/b/memory.max": "max\n", "/sys/fs/cgroup/a/memory.max": "512\n",
		}, 512},
		"version 2, no limit": {map[string]string{
			machineFile: machine, groupFile: "0::/\n", "/sys/fs/cgroup/memory.max": "max\n",
		}, all},
		"version 1": {map[string]string{
			machineFile: machine, groupFile: "5:cpu:/x\n4:memory:/docker/c\n0::/\n", "/sys/fs/cgroup/memory/memory.limit_in_bytes": "1024\n",
		}, 1024},
		"version 1, no limit": {map[string]string{
			machineFile: machine, groupFile: "4:memory:/\n", "/sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
		}, all},
		"more than the machine has": {map[string]string{
			machineFile: machine, groupFile: "0::/\n", "/sys/fs/cgroup/memory.max": "8589934592\n",
		}, all},
		"a limit alone": {map[string]string{groupFile: "0::/\n", "/sys/fs/cgroup/memory.max": "2048\n"}, 2048},
		"no form":       {map[string]string{machineFile: machine, groupFile: "memory\n::\n4:memory\n"}, all},
	} {
		if got := memoryOf(func(name string) string { return c.files[name] }); got != c.want {
			t.Errorf("%s: got %d, want %d", what, got, c.want)
		}
	}
}

// TestLimitFiles checks that no path leads out of the folder of the cgroups.
func TestLimitFiles(t *testing.T) {
	got := limitFiles("0::/../a\n")
	if want := []string{"/sys/fs/cgroup/a/memory.max", "/sys/fs/cgroup/memory.max"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// set returns the settings of the collector.
func set() collector {
	s := []metrics.Sample{{Name: "/gc/gogc:percent"}, {Name: "/gc/gomemlimit:bytes"}}
	metrics.Read(s)
	return collector{int(s[0].Value.Uint64()), int64(s[1].Value.Uint64())}
}

// TestKeeper checks that the collector waits once a small number of hosted jurisdictions is known,
// and stops waiting when the number becomes large.
func TestKeeper(t *testing.T) {
	before := set()
	defer debug.SetGCPercent(before.percent)
	defer debug.SetMemoryLimit(before.limit)
	asked := 0
	hosted := func(context.Context) (int, error) {
		if asked++; asked == 1 {
			return 0, errors.New("not open yet")
		}
		return fewHosted, nil
	}
	done := errors.New("done")
	synctest.Test(t, func(t *testing.T) {
		k := &keeper{m: memory{all: 64 << 30}, now: usual}
		err := k.while(t.Context(), hosted, func() error {
			time.Sleep(lookEvery + time.Second)
			if got := set(); got != before {
				t.Errorf("not known yet: got %v, want %v", got, before)
			}
			time.Sleep(3 * lookEvery)
			if got, want := set(), (collector{400, 16 << 30}); got != want {
				t.Errorf("few: got %v, want %v", got, want)
			}
			k.host(fewHosted + 1)
			if got := set(); got != usual {
				t.Errorf("many: got %v, want %v", got, usual)
			}
			return done
		})
		if !errors.Is(err, done) || asked != 2 {
			t.Errorf("got %v after %d questions, want %v after 2", err, asked, done)
		}
	})
}

// TestEnvironmentWins checks that the settings of the collector stay unchanged if the environment
// gives them.
func TestEnvironmentWins(t *testing.T) {
	before := set()
	k := &keeper{m: memory{gogc: "100", all: 64 << 30}, now: usual}
	k.host(1)
	if got := set(); got != before {
		t.Errorf("got %v, want %v", got, before)
	}
}
