package main

import (
	"strings"
	"testing"

	"xietong/node/faces/client"
	"xietong/node/ground/text"
)

// TestOtherDashes (N21-34): a flag behind the dashes of an input method or a word processor is
// taken for no command: the flag is named.
func TestOtherDashes(t *testing.T) {
	b := newWorkbench(t, "C")
	for _, typed := range []string{"—data", "－－data", "–data", "―dat"} {
		code, _, stderr := b.run(typed, "gz", "status")
		if code != exitUsage || !strings.Contains(stderr, "did you mean: xietong --data") {
			t.Errorf("%s: exit %d, %s", typed, code, stderr)
		}
	}
	if _, _, stderr := b.run("—nothing"); strings.Contains(stderr, "did you mean") {
		t.Errorf("a dash and nothing known: %s", stderr)
	}
}

// TestClockOffsets (N21-30): a clock that agrees is not ahead by 0 s, and none is ahead by less
// than nothing.
func TestClockOffsets(t *testing.T) {
	for offset, want := range map[float64]string{
		1.25: "The clock of Cardiff is ahead of this one by 1.3s\n", -3: "The clock of Cardiff is behind this one by 3s\n", -0.02: "The clock of Cardiff agrees with this one\n",
	} {
		var told strings.Builder
		a := &app{lang: text.En, stdout: &told, getenv: func(string) string { return "" }}
		if a.sayOffset(client.ClockOffset{DisplayName: "Cardiff", Offset: offset}); told.String() != want {
			t.Errorf("%v: got %q, want %q", offset, told.String(), want)
		}
	}
}
