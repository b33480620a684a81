package tree_test

import (
	"testing"

	"xietong/consensus/ledger"
	"xietong/node/ground/text"
	"xietong/node/tree"
	"xietong/node/tree/treetest"
)

// TestCancel checks that to take an invitation back ends the invitation and nothing else, and that
// a withdrawal does not stand for it.
func TestCancel(t *testing.T) {
	city, county, thief := treetest.New(t, "guiyang.guizhou"), treetest.New(t, "nanming.guiyang.guizhou"), treetest.NewIn(t, "nanming.guiyang.guizhou", 2)
	label := county.Name().Label()
	cancel := func() text.Code {
		_, err := tree.Cancel(t.Context(), city, treetest.Message(t), label, "mistyped")
		return treetest.Code(err)
	}
	withdraw := func() text.Code {
		_, err := tree.Withdraw(t.Context(), city, treetest.Message(t), label, "mistyped")
		return treetest.Code(err)
	}
	redeem := func(p *treetest.Party, secret string) text.Code {
		_, err := tree.Redeem(t.Context(), city, p.Bring(t, secret), treetest.Binding, city.Clock())
		return treetest.Code(err)
	}
	invite := func(secret string, rekey bool) func() text.Code {
		return func() text.Code { city.Invite(t, county, secret, rekey); return "" }
	}
	for i, step := range []struct {
		what         string
		do           func() text.Code
		want         text.Code
		open, joined bool
	}{
		{"cancel, before any", cancel, text.NotEndorsed, false, false},
		{"withdraw, before any", withdraw, text.NotEndorsed, false, false},
		{"invite", invite("one", false), "", true, false},
		{"withdraw the invited", withdraw, text.InvitedOnly, true, false},
		{"cancel", cancel, "", false, false},
		{"cancel again", cancel, text.NoInvitation, false, false},
		{"withdraw the cancelled", withdraw, text.NotEndorsed, false, false},
		{"redeem what was cancelled", func() text.Code { return redeem(county, "one") }, text.InvitationCancelled, false, false},
		{"redeem with another secret", func() text.Code { return redeem(county, "none") }, text.InvitationUnknown, false, false},
		{"invite again", invite("two", false), "", true, false},
		{"redeem", func() text.Code { return redeem(county, "two") }, "", false, true},
		{"cancel what was used", cancel, text.NoInvitation, false, true},
		{"invite for other keys", invite("three", true), "", true, true},
		{"cancel that", cancel, "", false, true},
		{"redeem that", func() text.Code { return redeem(thief, "three") }, text.InvitationCancelled, false, true},
		{"withdraw", withdraw, "", false, false},
		{"cancel the withdrawn", cancel, text.NoInvitation, false, false},
		{"invite the withdrawn", invite("four", false), "", true, false},
		{"cancel that too", cancel, "", false, false},
		{"withdraw again", withdraw, "", false, false},
	} {
		if got := step.do(); got != step.want {
			t.Fatalf("%d %s: got %q, want %q", i, step.what, got, step.want)
		}
		if i < 2 {
			continue
		}
		c := city.Child(t, "nanming")
		if c.Open() != step.open || c.Joined() != step.joined {
			t.Fatalf("%d %s: open %t, joined %t, want %t, %t", i, step.what, c.Open(), c.Joined(), step.open, step.joined)
		}
	}
	if c := city.Child(t, "nanming"); c.Withdrawn == ledger.None || c.Cancelled < c.Withdrawn {
		t.Errorf("withdrawn in %d, cancelled in %d", c.Withdrawn, c.Cancelled)
	}
}
