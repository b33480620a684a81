package api

import (
	"log/slog"
	"testing"
)

// TestDescriptionIsMadeLate: a node that nobody asks has no description of its API.
func TestDescriptionIsMadeLate(t *testing.T) {
	logger := slog.New(slog.DiscardHandler)
	if n := testing.AllocsPerRun(3, func() { New("test", logger, nil) }); n > 1000 {
		t.Errorf("%.0f allocations before anybody asks", n)
	}
}
