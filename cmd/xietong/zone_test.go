package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"xietong/node"
	"xietong/node/ground/zone"
)

// terminals are zones of the machine under which the same command tells the same bytes.
var terminals = []string{"UTC", "America/New_York", "Asia/Urumqi"}

// underZone makes a zone that of the machine, until the test ends.
func underZone(t *testing.T, name string) {
	t.Helper()
	in, err := zone.Load(name)
	if err != nil {
		t.Fatal(err)
	}
	machine := time.Local
	time.Local = in
	t.Cleanup(func() { time.Local = machine })
}

// TestZoneOfTheTerminal (U-B14) runs the session of TestGolden under several zones of the terminal:
// every byte is the same.
func TestZoneOfTheTerminal(t *testing.T) {
	for _, terminal := range terminals {
		t.Run(terminal, func(t *testing.T) {
			underZone(t, terminal)
			compare(t, filepath.Join("testdata", "zh.golden"), goldenSession(t, "zh_CN.UTF-8"))
		})
	}
}

// TestZoneOfTheNode (U-B14) gives a real node another zone: its days end there, its times are told
// there, in answers and in errors, under every zone of the terminal; what machines read is in UTC.
func TestZoneOfTheNode(t *testing.T) {
	if raced {
		t.Skip("sets the zone of the process while its node runs")
	}
	c := newClerksIn(t, "en_US.UTF-8", "America/New_York")
	c.does("--in guiyang.guizhou host add 南明区")
	for _, agency := range []string{"civil-affairs", "housing"} {
		c.does("--in nanming.guiyang.guizhou agency add " + agency + " " + agency)
	}
	c.dataset("villages", "conditional")
	for i, terminal := range terminals {
		underZone(t, terminal)
		day := []string{"2028-12-31", "2029-07-01", "2030-12-31"}[i]
		ends, utc := day+" 23:59:59 -05:00", []string{"2029-01-01T04:59:59Z", "2029-07-02T03:59:59Z", "2031-01-01T04:59:59Z"}[i]
		if i == 1 {
			ends = day + " 23:59:59 -04:00" // in summer
		}
		give := "grant give villages housing --purpose statistics --basis b --paper p --until "
		if told := c.does(provider + give + day); !strings.Contains(told, ends) {
			t.Errorf("under %s: got %s, want %s", terminal, told, ends)
		}
		if told := c.does(provider + "--json grant list"); !strings.Contains(told, utc) {
			t.Errorf("under %s: got %s, want %s", terminal, told, utc)
		}
		if told := c.refused("bad-request", provider+give+"2020-01-01"); !strings.Contains(told, " -05:00, and within 5 years") && !strings.Contains(told, " -04:00, and within 5 years") {
			t.Errorf("under %s: got %s", terminal, told)
		}
		renewed := housing + "--json query villages --purpose statistics" + applies + "2034-01-01"
		if _, _, told := c.run(renewed); strings.Contains(told, utc) || !strings.Contains(told, ends) {
			t.Errorf("under %s: got %s, want %s", terminal, told, ends)
		}
		for _, line := range []string{"status", "config show"} {
			if told := c.does(line); !strings.Contains(told, "America/New_York") {
				t.Errorf("under %s: %s tells no zone: %s", terminal, line, told)
			}
		}
		if told := c.does(provider + "use list --from 2026-01-01"); !strings.Contains(told, "from 2026-01-01 00:00:00 -05:00 on") {
			t.Errorf("under %s: got %s", terminal, told)
		}
	}
}

// TestZoneFlag has a node made in a zone, and refuses what is none with the one that may be meant.
func TestZoneFlag(t *testing.T) {
	b := newWorkbench(t, "zh_CN.UTF-8")
	b.app.node = theNode
	b.app.node.keepSecrets = nil
	b.dir = filepath.Join(t.TempDir(), "d")
	for _, line := range []string{"init x --time-zone Asia/Beijing", "join xt1-x --time-zone asia/shanghai", "init x --time-zone +08:00"} {
		code, _, stderr := b.run(strings.Fields(line)...)
		if code != exitUsage || !strings.Contains(stderr, "--time-zone") || !strings.Contains(stderr, "是否应为 Asia/Shanghai") {
			t.Errorf("%s: got %d %s", line, code, stderr)
		}
	}
	if code, _, stderr := b.run("init", "x", "--time-zone", ""); code != exitUsage || !strings.Contains(stderr, "--time-zone 不能为空") {
		t.Errorf("an empty one: got %d %s", code, stderr)
	}
	if code, _, stderr := b.run("init", "guizhou", "--time-zone", "Asia/Urumqi"); code != exitDone {
		t.Fatalf("got %d %s", code, stderr)
	}
	file := filepath.Join(b.dir, "config.yaml")
	data, err := os.ReadFile(file)
	if err != nil || !strings.Contains(string(data), "time_zone: \"Asia/Urumqi\"\n") {
		t.Errorf("got %s, %v", data, err)
	}
	if read, err := node.ReadSettings(b.dir, ""); err != nil || read.TimeZone != "Asia/Urumqi" {
		t.Errorf("got %+v, %v", read, err)
	}
	putFile(t, file, strings.Replace(string(data), "Asia/Urumqi", "Asia/Urumchi", 1))
	code, _, stderr := b.run("config", "check")
	if code != exitFailed || !strings.Contains(stderr, "time_zone") || !strings.Contains(stderr, "是否应为 Asia/Urumqi") || !strings.Contains(stderr, "第 5 行") {
		t.Errorf("got %d %s", code, stderr)
	}
}
