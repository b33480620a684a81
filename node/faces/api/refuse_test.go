package api

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"xietong/consensus/group"
	"xietong/node/faces/client"
	"xietong/node/ground/host"
	"xietong/node/ground/text"
	"xietong/node/ground/zone"
)

// TestGroundProblemsAreTold checks that the refusals of the ground reach a person in both
// languages, with their figures.
func TestGroundProblemsAreTold(t *testing.T) {
	s := open(t).server
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
			fmt.Errorf("propose: %w", &host.ClockError{Ahead: -6 * time.Minute, Ledger: time.UnixMilli(0), Beyond: true}),
			text.ClockSetBack, []string{"6", text.At(time.UnixMilli(0), zone.Home)},
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
