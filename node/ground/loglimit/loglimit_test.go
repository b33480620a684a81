package loglimit

import (
	"bytes"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// TestFloodOfLines: a neighbour that has ten thousand calls refused makes few lines, which tell how
// many there were; the lines about others and about other things come all the same.
func TestFloodOfLines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		l := New(slog.New(slog.NewTextHandler(&out, nil)))
		city := l.With("jurisdiction", "guiyang.guizhou")
		lines := func(want string) int {
			defer out.Reset()
			n := strings.Count(out.String(), want)
			return n
		}
		var all sync.WaitGroup
		for n := range 10_000 {
			all.Go(func() { city.Info("call refused", "peer", "nanming.guiyang.guizhou", "request", n) })
		}
		all.Wait()
		if got := lines("call refused"); got != AtOnce {
			t.Errorf("%d lines of 10,000, want %d", got, AtOnce)
		}
		city.Info("call refused", "peer", "yunyan.guiyang.guizhou")
		city.Warn("link closed", "peer", "nanming.guiyang.guizhou")
		l.With("jurisdiction", "bijie.guizhou").Info("call refused", "peer", "nanming.guiyang.guizhou")
		if got := lines("level="); got != 3 {
			t.Errorf("%d lines about others and other things, want 3", got)
		}
		time.Sleep(Every)
		city.Info("call refused", "peer", "nanming.guiyang.guizhou")
		if got := lines("left_out=9980"); got != 1 {
			t.Error("the next line does not tell how many were left out")
		}
		city.Info("call refused", "peer", "nanming.guiyang.guizhou")
		if got := lines("call refused"); got != 0 {
			t.Errorf("%d lines within the minute, want none", got)
		}
		time.Sleep(time.Hour)
		for range 100 {
			city.Info("call refused", "peer", "nanming.guiyang.guizhou")
		}
		if got := lines("call refused"); got != AtOnce {
			t.Errorf("%d lines after an hour, want %d", got, AtOnce)
		}
	})
}
