package failure

import (
	"slices"
	"strings"
	"testing"

	"xietong/certs/identity"
	"xietong/exchange/relay"
	"xietong/node/ground/text"
)

// TestHearsayIsTold: a hop that says that a place was withdrawn, or not renewed, and is neither the
// place nor its parent, is told as who says so, and its words not at all. That a place never joined
// it may say, but not in the name of another than the parent, nor as the place itself.
func TestHearsayIsTold(t *testing.T) {
	name := func(s string) identity.Jurisdiction {
		j, err := identity.ParseJurisdiction(s)
		if err != nil {
			t.Fatal(err)
		}
		return j
	}
	never := []relay.Code{relay.PlaceNotJoined, relay.PlaceInvited}
	for _, number := range append(never, relay.PlaceWithdrawn, relay.PlaceExpired) {
		args := []string{"zunyi.guizhou", "guizhou", "", ""}
		if f := Of(&relay.Problem{At: name("guizhou"), Code: uint16(number), Args: args}); f.Code != text.ByNumber(uint16(number)) {
			t.Errorf("%d by the parent is told as %s", number, f.Code)
		}
		f := Of(&relay.Problem{At: name("guiyang.guizhou"), Code: uint16(number), Args: args})
		if slices.Contains(never, number) {
			if f.Code != text.ByNumber(uint16(number)) || f.Args["by"] != "guizhou" {
				t.Errorf("%d by another is told as %s %v", number, f.Code, f.Args)
			}
			args[1] = "guiyang.guizhou"
			f = Of(&relay.Problem{At: name("guiyang.guizhou"), Code: uint16(number), Args: args})
			own := Of(&relay.Problem{At: name("zunyi.guizhou"), Code: uint16(number), Args: []string{"zunyi.guizhou", "guizhou", ""}})
			if own.Code != text.PlaceHearsay {
				t.Errorf("%d by the place itself is told as %s", number, own.Code)
			}
		}
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
