package neighbours

import (
	"log/slog"
	"strings"
	"testing"
	"time"

	"xietong/certs/identity"
	"xietong/node/ground/text"
)

// TestAlarmIsLoggedAgain: what stays a reason for alarm is logged every hour, and what is another
// one at once.
func TestAlarmIsLoggedAgain(t *testing.T) {
	c, log := newClock(), &strings.Builder{}
	table := New(nil, c.Now, slog.New(slog.NewTextHandler(log, nil)))
	county, err := identity.ParseJurisdiction("nanming.guiyang.guizhou")
	if err != nil {
		t.Fatal(err)
	}
	logged := func() int { return strings.Count(log.String(), "needs a look") }
	for range 125 { // minutes
		table.Alarm(county, text.ChildDamaged, nil)
		c.pass(time.Minute)
	}
	if logged() != 3 {
		t.Errorf("an alarm of two hours is logged %d times, want 3", logged())
	}
	table.Alarm(county, text.KeySetsForked, nil)
	if a, ok := table.Alarmed(county); logged() != 4 || !ok || a.Code != text.KeySetsForked || !a.At.Equal(c.Now()) {
		t.Errorf("another one: %d lines, %+v", logged(), a)
	}
	if table.Over(county); len(table.alarms) != 0 {
		t.Error("it is over, and kept")
	}
	table.Alarm(county, text.InvitationRedeemed, nil)
	if first, second := table.AllOver(), table.AllOver(); first != 1 || second != 0 {
		t.Errorf("acknowledged: %d alarms ended, then %d, want 1 and 0", first, second)
	}
}
