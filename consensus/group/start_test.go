package group

import (
	"strings"
	"testing"
)

// TestStartAloneWarnsOfNothing: a start at which all is well says nothing that an operator would look into.
func TestStartAloneWarnsOfNothing(t *testing.T) {
	dir := t.TempDir()
	for range 2 {
		n := alone1(t, dir)
		if err := n.close(); err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(n.log.String()) {
			if strings.Contains(line, "level=WARN") || strings.Contains(line, "level=ERROR") {
				t.Errorf("logged: %s", line)
			}
		}
	}
}

// BenchmarkOpen measures from nothing open to ready, with an existing directory of 1,000 entries.
func BenchmarkOpen(b *testing.B) {
	dir := b.TempDir()
	n, err := start(dir, 1, nil, replica(1))
	if err != nil {
		b.Fatal(err)
	}
	if err := n.WaitReady(b.Context()); err != nil {
		b.Fatal(err)
	}
	for range 1000 {
		if _, err := n.Propose(b.Context(), command("village")); err != nil {
			b.Fatal(err)
		}
	}
	if err := n.close(); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if n, err = start(dir, 1, nil, replica(1)); err != nil {
			b.Fatal(err)
		}
		if err := n.WaitReady(b.Context()); err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		if err := n.close(); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
}
