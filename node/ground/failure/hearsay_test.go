package failure

import (
	"strings"
	"testing"

	"xietong/certs/identity"
	"xietong/exchange/relay"
	"xietong/node/ground/text"
)

// TestHearsayIsTold: a hop that says why a place is not in the tree, and is neither the place nor
// its parent, is told as who says so, and its words not at all.
func TestHearsayIsTold(t *testing.T) {
	name := func(s string) identity.Jurisdiction {
		j, err := identity.ParseJurisdiction(s)
		if err != nil {
			t.Fatal(err)
		}
		return j
	}
	for _, number := range []relay.Code{relay.PlaceNotJoined, relay.PlaceInvited, relay.PlaceWithdrawn, relay.PlaceExpired} {
		args := []string{"zunyi.guizhou", "guizhou", "", ""}
		if f := Of(&relay.Problem{At: name("guizhou"), Code: uint16(number), Args: args}); f.Code != text.ByNumber(uint16(number)) {
			t.Errorf("%d by the parent is told as %s", number, f.Code)
		}
		f := Of(&relay.Problem{At: name("guiyang.guizhou"), Code: uint16(number), Args: args})
		if f.Code != text.PlaceHearsay || f.Args["jurisdiction"] != "zunyi.guizhou" || f.Args["by"] != "guiyang.guizhou" {
			t.Errorf("%d by another is told as %s %v", number, f.Code, f.Args)
		}
		if again, values := Told(f); again != 473 || len(values) != 2 {
			t.Errorf("it is told on as %d %q", again, values)
		}
	}
	f := Of(&relay.Problem{At: name("guiyang.guizhou"), Code: 357, Args: []string{"`reboot`", "guizhou"}})
	if told := text.Explain(text.Zh, f.Code, f.Args); strings.Contains(told.What, "reboot") || !strings.Contains(told.What, "没有证明") {
		t.Errorf("got %+v", told)
	}
}
