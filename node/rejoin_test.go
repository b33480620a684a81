package node

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"xietong/node/faces/client"
	"xietong/node/ground/datadir"
	"xietong/node/ground/host"
	"xietong/node/ground/text"
	"xietong/node/tree/invitation"
)

// TestOthersInvitation (A50): a jurisdiction that has joined is given an invitation by a stranger,
// whose root has the same name. It is refused with its cause, and what the jurisdiction believes of
// its root stays as it was: it goes on below its parent.
func TestOthersInvitation(t *testing.T) {
	_, parent := city(t)
	_, stranger := city(t)
	dir := filepath.Join(t.TempDir(), "nanming")
	if _, err := Join(t.Context(), dir, invited(t, parent, "南明区").Token, quiet()); err != nil {
		t.Fatal(err)
	}
	chain := filepath.Join(host.Folder(dir, mustName(t, "nanming.guiyang.guizhou")), "chain")
	before, err := os.ReadFile(chain)
	if err != nil {
		t.Fatal(err)
	}
	_, err = Join(t.Context(), dir, invited(t, stranger, "南明区").Token, quiet())
	if text.AsFailure(err).Code != text.OtherTree {
		t.Errorf("got %v, want %s", err, text.OtherTree)
	}
	if after, err := os.ReadFile(chain); err != nil || !bytes.Equal(after, before) {
		t.Errorf("the kept chain is another: %v", err)
	}
	serve(t, dir)
	linked(t, dial(t, dir, "en"), "guiyang.guizhou")
}

// TestInvitationOfOtherNames (A55): whoever hands an invitation on writes another name, code or
// level into it. It is refused, in words of what was endorsed, and with the right one the same
// directory joins by what its parent endorsed, and with the keys that it has.
func TestInvitationOfOtherNames(t *testing.T) {
	_, c := city(t)
	dir := filepath.Join(t.TempDir(), "nanming")
	right := invited(t, c, "南明区").Token
	for what, change := range map[string]func(*invitation.Token){
		"遵义市":        func(t *invitation.Token) { t.DisplayName = "遵义市" },
		"520300":     func(t *invitation.Token) { t.Code = "520300" },
		"prefecture": func(t *invitation.Token) { t.Level = "prefecture" },
	} {
		token := got(invitation.Parse(right))(t)
		change(&token)
		_, err := Join(t.Context(), dir, got(token.Encode())(t), quiet())
		if f := text.AsFailure(err); f.Code != text.InvitationOther || f.Args["invited"] != what || f.Args["parent"] != "贵阳市" {
			t.Errorf("%s: got %v", what, err)
		}
	}
	made := got(Join(t.Context(), dir, right, quiet()))(t)
	config := got(datadir.ReadConfig(dir))(t).Jurisdictions
	if len(config) != 1 || config[0].DisplayName != "南明区" || config[0].Code != "520102" || config[0].Level != "county" || made.DisplayName != "南明区" {
		t.Errorf("got %+v, configured as %+v", made, config)
	}
}

// TestInvitationOfUnseenNames: an invitation whose names break the line, or have what nobody sees,
// is none.
func TestInvitationOfUnseenNames(t *testing.T) {
	_, c := city(t)
	token := got(invitation.Parse(invited(t, c, "南明区").Token))(t)
	for _, name := range []string{"南明\u202e区", "南明\n区", "南明\u200b区", ""} {
		token.DisplayName = name
		if line, err := token.Encode(); !errors.Is(err, invitation.ErrInvalid) {
			t.Errorf("%q: got %q, %v", name, line, err)
		}
	}
}

// got returns a value, which must have come without an error.
func got[T any](v T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// TestJoinsAgainAfterRenewal: the root has other keys than when the jurisdiction joined, and
// invites it anew with them. It is the same root, and the pin that was kept first stays.
func TestJoinsAgainAfterRenewal(t *testing.T) {
	_, c := city(t)
	dir := filepath.Join(t.TempDir(), "nanming")
	first, err := Join(t.Context(), dir, invited(t, c, "南明区").Token, quiet())
	if err != nil {
		t.Fatal(err)
	}
	must(t)(c.NewKeys(t.Context(), client.NewKeys{Revoke: true}))
	withdrawn(t, c, "南明区", "演练")
	again, err := Join(t.Context(), dir, invited(t, c, "南明区").Token, quiet())
	if err != nil || again.Root != first.Root {
		t.Fatalf("got %+v, %v, want the root %s", again, err, first.Root)
	}
	serve(t, dir)
	linked(t, dial(t, dir, "en"), "guiyang.guizhou")
}

// TestNothingEndsUnseen (A56): over HTTP as on the command line nobody is cut off, and no
// invitation is taken back, before somebody was told what that does: without the plan the request
// is refused, and nothing is changed.
func TestNothingEndsUnseen(t *testing.T) {
	dir, c := city(t)
	invited(t, c, "南明区")
	got(c.AddHosted(t.Context(), client.NewHosted{Name: "云岩区"}))(t)
	here := client.Dial(dir, client.Options{In: "云岩区"})
	t.Cleanup(func() { here.Close() })
	c = client.Dial(dir, client.Options{In: "贵阳市"})
	t.Cleanup(func() { c.Close() })
	for what, end := range map[string]func(plan string) error{
		"cancel": func(plan string) error {
			_, err := c.CancelInvitation(t.Context(), "南明区", client.Cancellation{Reason: "误发", Plan: plan})
			return err
		},
		"withdraw": func(plan string) error {
			_, err := c.Withdraw(t.Context(), "云岩区", client.Withdrawal{Reason: "撤并", Plan: plan})
			return err
		},
		"host end": func(plan string) error {
			_, err := here.EndHosting(t.Context(), client.HostingEnd{Reason: "撤并", Plan: plan})
			return err
		},
	} {
		for plan, want := range map[string]text.Code{"": text.EndPlanNeeded, "x": text.PlanMoved} {
			if p, ok := errors.AsType[*client.Problem](end(plan)); !ok || p.Code != string(want) {
				t.Errorf("%s with the plan %q: got %v, want %s", what, plan, p, want)
			}
		}
	}
	tree := got(c.Tree(t.Context()))(t)
	states := map[string]string{}
	for _, child := range tree.Children {
		states[child.DisplayName] = child.State
	}
	if states["南明区"] != client.ChildInvited || states["云岩区"] != client.ChildJoined {
		t.Errorf("something ended: %v", states)
	}
}

// withdrawn has a child withdrawn by its parent, as the plan says.
func withdrawn(t *testing.T, parent *client.Client, child, reason string) client.Entered {
	t.Helper()
	plan, err := parent.WithdrawalPlan(t.Context(), child)
	if err != nil {
		t.Fatal(err)
	}
	done, err := parent.Withdraw(t.Context(), child, client.Withdrawal{Reason: reason, Plan: plan.Hash})
	if err != nil {
		t.Fatal(err)
	}
	return done
}
