package api

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"xietong/consensus/group"
	"xietong/node/client"
	"xietong/node/host"
	"xietong/node/text"
)

// TestGroundProblemsAreTold: what the ground refuses reaches the person with its figures, in both languages.
func TestGroundProblemsAreTold(t *testing.T) {
	s := &server{logger: slog.New(slog.DiscardHandler)}
	for _, row := range []struct {
		err  error
		code text.Code
		want []string
	}{
		{
			fmt.Errorf("propose: %w: %w", group.ErrNotDone, &group.SpaceError{Dir: "data", Free: 3 << 20, Needed: 64 << 20}),
			text.DiskFull, []string{"data", "3 MiB", "64 MiB"},
		},
		{
			fmt.Errorf("propose: %w", &host.ClockError{Behind: 6*time.Minute + time.Millisecond, Ledger: time.UnixMilli(0)}),
			text.ClockSetBack, []string{"6m0s", "1970-01-01T00:00:00Z"},
		},
	} {
		for _, language := range []string{"zh", "en"} {
			p, ok := s.refuse(Caller{Language: language}, row.err).(*client.Problem)
			if !ok || p.Code != string(row.code) {
				t.Errorf("%v: got %+v, want %s", row.err, p, row.code)
				continue
			}
			told := p.Detail + " " + p.Where
			for _, want := range row.want {
				if !strings.Contains(told, want) || strings.Contains(told, "{") {
					t.Errorf("%s: %q does not say %s", row.code, told, want)
				}
			}
		}
	}
}
