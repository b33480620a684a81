package relay

import (
	"testing"

	"xietong/certs/identity"
)

// TestHearsay: of a place that is not in the tree its parent tells why, and the place itself, if it
// was in the tree once. What anybody else tells, or of another's entry, is hearsay, and no absence.
func TestHearsay(t *testing.T) {
	const parent, place, entry = "guiyang.guizhou", "nanming.guiyang.guizhou", "guiyang.guizhou/log/1/7"
	for _, row := range []struct {
		code Code
		at   string
		args []string
		true bool
	}{
		{PlaceNotJoined, parent, []string{place, parent}, true},
		{PlaceInvited, parent, []string{place, parent, "2026-12-01T00:00:00Z"}, true},
		{PlaceWithdrawn, parent, []string{place, parent, entry, ""}, true},
		{PlaceWithdrawn, parent, []string{place, parent}, true},
		{PlaceExpired, parent, []string{place, parent, "2026-12-01T00:00:00Z"}, true},
		{PlaceWithdrawn, place, []string{place, parent, entry}, true},
		{PlaceExpired, place, []string{place, parent}, true},
		{Unreachable, "guizhou", []string{place, NotEndorsed}, true},

		{PlaceNotJoined, place, []string{place, parent}, false},
		{PlaceInvited, place, []string{place, parent}, false},
		{PlaceWithdrawn, "guizhou", []string{place, parent, entry}, false},
		{PlaceWithdrawn, "zunyi.guizhou", []string{place, parent, entry}, false},
		{PlaceWithdrawn, "a.nanming.guiyang.guizhou", []string{place, parent, entry}, false},
		{PlaceWithdrawn, parent, []string{place, "guizhou", "guizhou/log/1/7"}, false},
		{PlaceWithdrawn, "guizhou", []string{place, "guizhou", "guizhou/log/1/7"}, false},
		{PlaceWithdrawn, parent, []string{place, parent, "guizhou/log/1/7"}, false},
		{PlaceWithdrawn, parent, []string{place, parent, "yesterday"}, false},
		{PlaceExpired, parent, []string{"guizhou", parent}, false},
		{PlaceNotJoined, parent, []string{"no place", parent}, false},
		{PlaceNotJoined, parent, []string{place}, false},
		{PlaceNotJoined, parent, nil, false},
	} {
		at, err := identity.ParseJurisdiction(row.at)
		if err != nil {
			t.Fatal(err)
		}
		p := &Problem{At: at, Code: uint16(row.code), Args: row.args}
		if p.Absent() != row.true || p.Hearsay() == row.true {
			t.Errorf("%d of %q by %s: absent %t, hearsay %t", row.code, row.args, row.at, p.Absent(), p.Hearsay())
		}
	}
	if p := (&Problem{Code: uint16(Late)}); p.Hearsay() || p.Absent() {
		t.Error("who is late is told to be absent")
	}
}
