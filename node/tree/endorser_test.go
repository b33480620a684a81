package tree_test

import (
	"bytes"
	"testing"
	"time"

	"xietong/certs/trust"
	"xietong/consensus/ledger"
	"xietong/node/ground/host"
	"xietong/node/ground/text"
	"xietong/node/tree"
	"xietong/node/tree/treetest"
)

// TestEndorserSays: an endorser says which endorsement is in force, and at once that it was
// withdrawn; it signs once a second for a child, and its words verify by its key sets (S09).
func TestEndorserSays(t *testing.T) {
	city, county := treetest.New(t, "guiyang.guizhou"), treetest.New(t, "nanming.guiyang.guizhou")
	e, label := tree.NewEndorser(city, city.Clock), county.Name().Label()
	if _, err := e.Say(t.Context(), label); treetest.Code(err) != text.NotEndorsed {
		t.Errorf("nobody: got %v", err)
	}
	city.Invite(t, county, "one", false)
	if _, err := e.Say(t.Context(), label); treetest.Code(err) != text.NotEndorsed {
		t.Errorf("invited: got %v", err)
	}
	county.JoinTo(t, city, "one")
	say := func() (tree.Said, trust.Link) {
		t.Helper()
		said, err := e.Say(t.Context(), label)
		if err != nil {
			t.Fatal(err)
		}
		levels, root, err := city.Chain(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		levels[0].Endorsement, levels[0].Standing = said.Proof, said.Standing
		links, err := trust.Descend(root, append(levels, said.Level), ledger.VerifyEndorsement)
		if err != nil {
			t.Fatal(err)
		}
		return said, links[1]
	}
	first, link := say()
	if at := link.Standing.At(); link.Standing.Withdrawn() || at.Sub(city.Clock()).Abs() > time.Millisecond {
		t.Errorf("got %+v", link.Standing)
	}
	city.SetClock(city.Clock().Add(time.Second / 2))
	if again, _ := say(); !bytes.Equal(again.Standing, first.Standing) {
		t.Error("signed twice in a second")
	}
	city.SetClock(city.Clock().Add(time.Second))
	second, later := say()
	if bytes.Equal(second.Standing, first.Standing) || later.Standing.Time <= link.Standing.Time {
		t.Error("said the same after a second and a half")
	}
	if _, err := tree.Withdraw(t.Context(), city, treetest.Message(t), label, "stolen"); err != nil {
		t.Fatal(err)
	}
	said, link := say()
	if index, _ := said.Child.Withdrawn.Index(); !link.Standing.Withdrawn() || link.Standing.Entry != index {
		t.Errorf("withdrawn: got %+v, want that entry %d withdrew", link.Standing, index)
	}
	city.Invite(t, county, "two", false)
	county.JoinTo(t, city, "two")
	if _, link = say(); link.Standing.Withdrawn() {
		t.Error("endorsed anew, and said to be withdrawn")
	}
}

// TestSaidByKeysThatCount (A12): within a second after the endorser revoked its keys, it says
// nothing again that they signed.
func TestSaidByKeysThatCount(t *testing.T) {
	city, county := treetest.New(t, "guiyang.guizhou"), treetest.New(t, "nanming.guiyang.guizhou")
	city.Invite(t, county, "one", false)
	county.JoinTo(t, city, "one")
	e := tree.NewEndorser(city, city.Clock)
	if _, err := e.Say(t.Context(), county.Name().Label()); err != nil {
		t.Fatal(err)
	}
	if _, err := city.NewKeys(t.Context(), treetest.Message(t), host.Change{Revoke: true}); err != nil {
		t.Fatal(err)
	}
	if err := city.RenewKeys(t.Context(), func(uint64) bool { return true }); err != nil || city.KeysInUse() != 2 {
		t.Fatalf("got %v; in use are keys %d, want 2", err, city.KeysInUse())
	}
	said, err := e.Say(t.Context(), county.Name().Label())
	if err != nil {
		t.Fatal(err)
	}
	levels, root, err := city.Chain(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	levels[0].Endorsement, levels[0].Standing = said.Proof, said.Standing
	if _, err := trust.Descend(root, append(levels, said.Level), ledger.VerifyEndorsement); err != nil {
		t.Errorf("said after the revocation: %v", err)
	}
}
