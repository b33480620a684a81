package join

import (
	"testing"

	"xietong/consensus/state"
)

// TestWithdrawn holds whose endorsement hangs on which withdrawal.
func TestWithdrawn(t *testing.T) {
	city, county := newParty(t, "guiyang.guizhou"), newParty(t, "nanming.guiyang.guizhou")
	check := func(when string, want map[string]bool) {
		t.Helper()
		err := city.View(t.Context(), func(r *state.Reader) error {
			for _, of := range []string{"nanming.guiyang.guizhou", "town.nanming.guiyang.guizhou", "yunyan.guiyang.guizhou", "guiyang.guizhou", "guizhou", "yunnan"} {
				if got := Withdrawn(r, city.Name(), name(t, of)); got != want[of] {
					t.Errorf("%s, %s: got %t, want %t", when, of, got, want[of])
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	check("before any invitation", nil)
	city.invite(t, county, "one", false)
	check("invited", nil)
	if _, err := Redeem(t.Context(), city, county.bring(t, "one"), binding, city.clock()); err != nil {
		t.Fatal(err)
	}
	check("endorsed", nil)
	if _, err := Withdraw(t.Context(), city, message(t), county.Name().Label(), "merged"); err != nil {
		t.Fatal(err)
	}
	gone := map[string]bool{"nanming.guiyang.guizhou": true, "town.nanming.guiyang.guizhou": true}
	check("withdrawn", gone)
	city.invite(t, county, "two", false)
	check("invited anew", gone)
	if _, err := Redeem(t.Context(), city, county.bring(t, "two"), binding, city.clock()); err != nil {
		t.Fatal(err)
	}
	check("endorsed anew", nil)
}
