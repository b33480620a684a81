package tree_test

import (
	"errors"
	"testing"

	"xietong/certs/identity"
	"xietong/node/ground/text"
	"xietong/node/tree"
	"xietong/node/tree/treetest"
)

// TestWithdrawnAsShown: a child that comes with other keys, or for whose place an invitation for
// others waits, after somebody was shown it, is not cut off unseen.
func TestWithdrawnAsShown(t *testing.T) {
	for what, changes := range map[string]func(t *testing.T, city, other *treetest.Party){
		"joined with other keys": func(t *testing.T, city, other *treetest.Party) {
			city.Invite(t, other, "two", true)
			if _, err := tree.Redeem(t.Context(), city, other.Bring(t, "two"), treetest.Binding, city.Clock()); err != nil {
				t.Fatal(err)
			}
		},
		"others are invited": func(t *testing.T, city, other *treetest.Party) { city.Invite(t, other, "two", true) },
	} {
		t.Run(what, func(t *testing.T) {
			city, county, other := treetest.New(t, "guiyang.guizhou"), treetest.New(t, "nanming.guiyang.guizhou"), treetest.NewIn(t, "nanming.guiyang.guizhou", 2)
			city.Invite(t, county, "one", false)
			if _, err := tree.Redeem(t.Context(), city, county.Bring(t, "one"), treetest.Binding, city.Clock()); err != nil {
				t.Fatal(err)
			}
			_, err := tree.WithdrawShown(t.Context(), city, treetest.Message(t), county.Name().Label(), "merged", func(tree.Child) error {
				changes(t, city, other)
				return nil
			})
			if treetest.Code(err) != text.PlanMoved || !city.Child(t, "nanming").Joined() {
				t.Errorf("got %v, want %s", err, text.PlanMoved)
			}
		})
	}
}

// TestWithdrawnAgain: the same request again has its answer, also where the child came back since,
// and is not cut off a second time.
func TestWithdrawnAgain(t *testing.T) {
	city, county := treetest.New(t, "guiyang.guizhou"), treetest.New(t, "nanming.guiyang.guizhou")
	join := func(secret string) {
		city.Invite(t, county, secret, false)
		if _, err := tree.Redeem(t.Context(), city, county.Bring(t, secret), treetest.Binding, city.Clock()); err != nil {
			t.Fatal(err)
		}
	}
	id := treetest.Message(t)
	withdraw := func(moved error) (identity.Entry, error) {
		return tree.WithdrawShown(t.Context(), city, id, county.Name().Label(), "merged", func(tree.Child) error { return moved })
	}
	join("one")
	first, err := withdraw(nil)
	if err != nil {
		t.Fatal(err)
	}
	join("two")
	if again, err := withdraw(errors.New("the plan moved")); err != nil || again != first {
		t.Errorf("got %s, %v, want %s", again, err, first)
	}
	if !city.Child(t, "nanming").Joined() {
		t.Error("it was cut off again")
	}
}

// TestCancelledAsShown: an invitation that is made after somebody was shown another, or that was
// used meanwhile, is not taken back unseen. The same request again has its answer.
func TestCancelledAsShown(t *testing.T) {
	city, county := treetest.New(t, "guiyang.guizhou"), treetest.New(t, "nanming.guiyang.guizhou")
	cancel := func(id identity.Message, meanwhile func()) (identity.Entry, error) {
		return tree.CancelShown(t.Context(), city, id, county.Name().Label(), "astray", func(tree.Child) error { meanwhile(); return nil })
	}
	city.Invite(t, county, "one", false)
	if _, err := cancel(treetest.Message(t), func() { city.Invite(t, county, "two", false) }); treetest.Code(err) != text.PlanMoved || !city.Child(t, "nanming").Open() {
		t.Errorf("another waits: got %v, want %s", err, text.PlanMoved)
	}
	id := treetest.Message(t)
	first, err := cancel(id, func() {})
	if err != nil || city.Child(t, "nanming").Open() {
		t.Fatalf("as shown: %v", err)
	}
	city.Invite(t, county, "three", false)
	if again, err := cancel(id, func() { t.Error("shown again") }); err != nil || again != first || !city.Child(t, "nanming").Open() {
		t.Errorf("again: got %s, %v, want %s, and the later one open", again, err, first)
	}
	_, err = cancel(treetest.Message(t), func() {
		if _, err := tree.Redeem(t.Context(), city, county.Bring(t, "three"), treetest.Binding, city.Clock()); err != nil {
			t.Fatal(err)
		}
	})
	if treetest.Code(err) != text.NoInvitation || !city.Child(t, "nanming").Joined() {
		t.Errorf("used meanwhile: got %v, want %s", err, text.NoInvitation)
	}
}
