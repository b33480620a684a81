package neighbours

import (
	"strings"
	"testing"
	"time"

	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/node/ground/text"
	"xietong/node/tree"
)

// TestHeldIsNotSaidToAwaitAnInvitation (B19-16): of a child whose joining is lost nobody is told
// that it was invited and did not join, nor that it was never invited.
func TestHeldIsNotSaidToAwaitAnInvitation(t *testing.T) {
	for _, invited := range []bool{true, false} {
		c := newClock()
		city, county := newParty(t, "guiyang.guizhou", c), newParty(t, "nanming.guiyang.guizhou", c)
		message := func() identity.Message {
			m, err := identity.NewMessage()
			if err != nil {
				t.Fatal(err)
			}
			return m
		}
		if invited {
			place := tree.Place{Name: county.Name(), Code: "520102", Level: "county", DisplayName: "南明区", ShortName: "南明区"}
			if _, err := tree.Invite(t.Context(), city, message(), tree.Invitation{Place: place, Secret: tree.SecretHash([]byte("s")), Until: c.Now().Add(time.Hour)}); err != nil {
				t.Fatal(err)
			}
		}
		lost := ledger.Head{Kind: ledger.KindEndorsement, Code: county.Name().Label(), To: 1}
		held, err := tree.Hold(t.Context(), city, message(), city.Names().Entry(70), lost, 60, "lost")
		if err != nil || !held {
			t.Fatal(held, err)
		}
		city.refresh(t)
		if got := city.table.Absent(county.Name()); got.Code != text.Unreachable {
			t.Errorf("invited %t: got %s", invited, got.Code)
		}
	}
}

// TestAbsent: why a child is not there is the last thing that the ledger says of it: an invitation
// that was taken back does not make a child that was withdrawn one that never joined.
func TestAbsent(t *testing.T) {
	c := newClock()
	city, county := newParty(t, "guiyang.guizhou", c), newParty(t, "nanming.guiyang.guizhou", c)
	label := county.Name().Label()
	id := func() identity.Message {
		m, err := identity.NewMessage()
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	invite := func() error {
		place := tree.Place{Name: county.Name(), Code: "520102", Level: "county", DisplayName: "南明区", ShortName: "南明区"}
		_, err := tree.Invite(t.Context(), city, id(), tree.Invitation{Place: place, Secret: tree.SecretHash([]byte("s")), Until: c.Now().Add(time.Hour)})
		return err
	}
	cancel := func() error {
		_, err := tree.Cancel(t.Context(), city, id(), label, "mistyped")
		return err
	}
	for _, step := range []struct {
		what string
		do   func() error
		want text.Code
	}{
		{"nothing", func() error { return nil }, text.PlaceNotJoined},
		{"invited", invite, text.PlaceInvited},
		{"cancelled", cancel, text.PlaceNotJoined},
		{"joined and withdrawn", func() error {
			joinTo(t, city, county, c)
			_, err := tree.Withdraw(t.Context(), city, id(), label, "merged")
			return err
		}, text.PlaceWithdrawn},
		{"invited anew", invite, text.PlaceWithdrawn},
		{"and cancelled", cancel, text.PlaceWithdrawn},
	} {
		if err := step.do(); err != nil {
			t.Fatalf("%s: %v", step.what, err)
		}
		city.refresh(t)
		if got := city.table.Absent(county.Name()); got.Code != step.want {
			t.Errorf("%s: got %s, want %s", step.what, got.Code, step.want)
		} else if waits := got.Args["until"] != ""; waits != strings.HasPrefix(step.what, "invited") {
			t.Errorf("%s: an invitation that waits until %q is told", step.what, got.Args["until"])
		}
	}
}
