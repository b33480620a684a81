package catalog

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"xietong/node/ground/loglimit"
)

// TestLinesOfOneBranch, of A32: what jurisdictions of one branch do leaves out no line about
// another.
func TestLinesOfOneBranch(t *testing.T) {
	var out bytes.Buffer
	own := jurisdiction(t, "nanming.guiyang.guizhou")
	l := NewLists(own, nil, time.Now, loglimit.New(slog.New(slog.NewTextHandler(&out, nil))).With("jurisdiction", own.String()))
	for i := range 2 * loglimit.AtOnce {
		l.alarm(jurisdiction(t, fmt.Sprintf("x%d.huichuan.zunyi.guizhou", i)), "an agency asks that is not listed", "water")
	}
	if got := strings.Count(out.String(), "not listed"); got > loglimit.AtOnce {
		t.Errorf("%d lines about one branch, want %d", got, loglimit.AtOnce)
	}
	l.alarm(jurisdiction(t, "kaiyang.guiyang.guizhou"), "an agency asks that is not listed", "water")
	if !strings.Contains(out.String(), "of=kaiyang.guiyang.guizhou") {
		t.Error("the line about another branch is left out")
	}
}
