package group

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
)

// TestRemovedIsQuiet (N21-45): once it is known that a replica was removed, what raft tries in vain
// is no error of its log any more.
func TestRemovedIsQuiet(t *testing.T) {
	var told bytes.Buffer
	out := false
	l := adaptLogger(slog.New(slog.NewTextHandler(&told, nil)), nil, func() bool { return out })
	l.Error("failed to make requestVote RPC")
	if out = true; !strings.Contains(told.String(), "requestVote") {
		t.Errorf("before: %q", told.String())
	}
	told.Reset()
	l.Error("failed to make requestVote RPC")
	if told.Len() > 0 {
		t.Errorf("after: %q", told.String())
	}
}
