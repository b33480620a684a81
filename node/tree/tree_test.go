package tree_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"xietong/certs/identity"
	"xietong/certs/trust"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/node/ground/host"
	"xietong/node/ground/text"
	"xietong/node/tree"
	"xietong/node/tree/treetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestThreeLevels joins a county to a city to a province, and proves an entry of the county from
// the province's pin alone.
func TestThreeLevels(t *testing.T) {
	province, city, county := treetest.New(t, "guizhou"), treetest.New(t, "guiyang.guizhou"), treetest.New(t, "nanming.guiyang.guizhou")
	joinTo := func(parent, child *treetest.Party) []trust.Link {
		parent.Invite(t, child, "secret", false)
		index, err := tree.Redeem(t.Context(), parent, child.Bring(t, "secret"), treetest.Binding, parent.Clock())
		if err != nil {
			t.Fatal(err)
		}
		levels, root := parent.Above(t, index)
		chain, err := child.SetAbove(t.Context(), root, levels)
		if err != nil {
			t.Fatal(err)
		}
		up := tree.Upstream{Parent: parent.Name(), RootPin: root.String(), Addresses: []string{"192.0.2.7:7400"}}
		if _, err := tree.Record(t.Context(), child, up); err != nil {
			t.Fatal(err)
		}
		return chain
	}
	joinTo(province, city)
	chain := joinTo(city, county)
	if len(chain) != 3 || chain[2].Endorsement.DisplayName != "南明区" || !chain[2].InForce(uint64(time.Now().UnixMilli()), 0) {
		t.Errorf("chain: got %+v", chain)
	}
	if err := county.Close(); err != nil { // the chain outlives a restart without the parent
		t.Fatal(err)
	}
	county.Open(t)
	receipt, err := county.Receipt(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	root, err := province.Pin()
	if err != nil {
		t.Fatal(err)
	}
	v, err := ledger.VerifyReceipt(receipt, nil, root)
	if err != nil || len(v.Chain) != 3 || v.Leaf.Head.Kind != ledger.KindJoined {
		t.Errorf("got %+v, %v, want the county's entry \"joined\"", v, err)
	}
	other, err := treetest.New(t, "guizhou").Pin()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ledger.VerifyReceipt(receipt, nil, other); !errors.Is(err, ledger.ErrNotProven) {
		t.Errorf("another tree's root: got %v, want ErrNotProven", err)
	}
}

// TestInvitationIsForOne checks who may redeem an invitation, and who may not.
func TestInvitationIsForOne(t *testing.T) {
	city, county, thief := treetest.New(t, "guiyang.guizhou"), treetest.New(t, "nanming.guiyang.guizhou"), treetest.NewIn(t, "nanming.guiyang.guizhou", 2)
	yunyan := treetest.New(t, "yunyan.guiyang.guizhou")
	redeem := func(r tree.Redemption, b [32]byte, at time.Time) (identity.Entry, text.Code) {
		index, err := tree.Redeem(t.Context(), city, r, b, at)
		return index, treetest.Code(err)
	}
	refused := func(what string, r tree.Redemption, want text.Code) {
		t.Helper()
		if _, got := redeem(r, treetest.Binding, city.Clock()); got != want {
			t.Errorf("%s: got %q, want %q", what, got, want)
		}
	}
	refused("before any invitation", county.Bring(t, "one"), text.InvitationUnknown)
	city.Invite(t, county, "one", false)
	refused("another secret", county.Bring(t, "two"), text.InvitationUnknown)
	refused("another name", yunyan.Bring(t, "one"), text.InvitationUnknown)
	posing := yunyan.Bring(t, "one")
	posing.Child = county.Name()
	refused("another's key set under the name", posing, text.ChildMismatch)
	unproven := county.Bring(t, "one")
	unproven.Possession[0] ^= 1
	refused("a signature that does not fit", unproven, text.NotPossessed)
	copied := county.Bring(t, "one")
	copied.Replica, _ = identity.NewReplica(2)
	refused("a replica that is not listed", copied, text.NotPossessed)
	bare := county.Bring(t, "one")
	bare.KeySets = nil
	refused("no key set", bare, text.NotPossessed)
	if _, got := redeem(county.Bring(t, "one"), [32]byte{9}, city.Clock()); got != text.NotPossessed {
		t.Errorf("over another connection: got %q, want %q", got, text.NotPossessed)
	}

	first, got := redeem(county.Bring(t, "one"), treetest.Binding, city.Clock())
	if got != "" {
		t.Fatalf("the invited: got %q", got)
	}
	again, got := redeem(county.Bring(t, "one"), treetest.Binding, city.Clock())
	if got != "" || again != first {
		t.Errorf("the same again: got entry %s, %q, want %s", again, got, first)
	}
	refused("a second key set", thief.Bring(t, "one"), text.InvitationRedeemed)
	city.SetClock(city.Clock().Add(48 * time.Hour))
	if again, got = redeem(county.Bring(t, "one"), treetest.Binding, city.Clock()); got != "" || again != first {
		t.Errorf("the same after the end: got entry %s, %q, want %s", again, got, first)
	}
	if _, err := tree.Invite(t.Context(), city, treetest.Message(t), tree.Invitation{
		Place: tree.Place{Name: county.Name(), DisplayName: "南明区"}, Until: city.Clock().Add(time.Hour),
	}); treetest.Code(err) != text.AlreadyJoined {
		t.Errorf("invited again: got %v, want %s", err, text.AlreadyJoined)
	}
	for bad, want := range map[tree.Place]text.Code{
		{DisplayName: "南\x1b[31m明"}: text.NotText, {DisplayName: "a", ShortName: "\x07"}: text.NotText, {DisplayName: "a", Level: "\x07"}: text.NotText,
		{DisplayName: "南明区\u2800"}: text.NameDisguised, {DisplayName: "a", ShortName: "⽔"}: text.NameDisguised, {DisplayName: "a", Code: "5\u00a0"}: text.NameDisguised,
	} {
		bad.Name = county.Name()
		_, err := tree.Invite(t.Context(), city, treetest.Message(t), tree.Invitation{Place: bad, Until: city.Clock().Add(time.Hour)})
		if treetest.Code(err) != want {
			t.Errorf("%q: got %v, want %s", bad, err, want)
		}
	}
	if _, err := tree.Withdraw(t.Context(), city, treetest.Message(t), county.Name().Label(), "\x1b"); treetest.Code(err) != text.NotText {
		t.Errorf("withdrawn for a reason with control characters: got %v, want %s", err, text.NotText)
	}
	city.Invite(t, county, "three", true)
	if _, got = redeem(thief.Bring(t, "three"), treetest.Binding, city.Clock()); got != "" {
		t.Errorf("new keys after rekey: got %q", got)
	}
	refused("the old keys after rekey", county.Bring(t, "three"), text.InvitationRedeemed)
}

func TestInvitationEnds(t *testing.T) {
	city, county := treetest.New(t, "guiyang.guizhou"), treetest.New(t, "nanming.guiyang.guizhou")
	city.Invite(t, county, "one", false)
	city.SetClock(city.Clock().Add(24*time.Hour + time.Second))
	if _, err := tree.Redeem(t.Context(), city, county.Bring(t, "one"), treetest.Binding, city.Clock()); treetest.Code(err) != text.InvitationExpired {
		t.Errorf("got %v, want %s", err, text.InvitationExpired)
	}
	city.Invite(t, county, "two", false)
	if _, err := tree.Redeem(t.Context(), city, county.Bring(t, "one"), treetest.Binding, city.Clock()); treetest.Code(err) != text.InvitationUnknown {
		t.Errorf("the one that was replaced: got %v, want %s", err, text.InvitationUnknown)
	}
	if _, err := tree.Redeem(t.Context(), city, county.Bring(t, "two"), treetest.Binding, city.Clock()); err != nil {
		t.Error(err)
	}
}

// TestRenewAndWithdraw checks that the endorsement of a child that presents itself is renewed
// daily, but not after a withdrawal.
func TestRenewAndWithdraw(t *testing.T) {
	city, county := treetest.New(t, "guiyang.guizhou"), treetest.New(t, "nanming.guiyang.guizhou")
	city.Invite(t, county, "one", false)
	first, err := tree.Redeem(t.Context(), city, county.Bring(t, "one"), treetest.Binding, city.Clock())
	if err != nil {
		t.Fatal(err)
	}
	start := city.Clock()
	for _, step := range []struct {
		after time.Duration
		want  int
	}{{tree.RenewEvery - time.Second, 0}, {tree.RenewEvery, 1}, {tree.RenewEvery + time.Hour, 0}, {2 * tree.RenewEvery, 1}} {
		city.SetClock(start.Add(step.after))
		before := city.Child(t, "nanming").Endorsement
		index, _, err := tree.Present(t.Context(), city, show(t, county), tree.Proof{}, city.Clock())
		if renewed := ledger.RefTo(index.Index()) > before; err != nil || renewed != (step.want > 0) {
			t.Errorf("after %s: entry %s after %s, %v, want %d new", step.after, index, before.In(city.Names()), err, step.want)
		}
	}
	child := city.Child(t, "nanming")
	if child.Endorsement.In(city.Names()) == first || child.NotAfter != uint64(city.Clock().Add(trust.EndorsementTerm).UnixMilli()) {
		t.Errorf("got entry %s until %d", child.Endorsement.In(city.Names()), child.NotAfter)
	}
	index, err := tree.Withdraw(t.Context(), city, treetest.Message(t), county.Name().Label(), "merged into 云岩区")
	if err != nil {
		t.Fatal(err)
	}
	if again, err := tree.Withdraw(t.Context(), city, treetest.Message(t), county.Name().Label(), "merged into 云岩区"); err != nil || again != index {
		t.Errorf("withdrawn twice: got entry %s, %v, want %s", again, err, index)
	}
	city.SetClock(city.Clock().Add(2 * tree.RenewEvery))
	if _, _, err := tree.Present(t.Context(), city, show(t, county), tree.Proof{}, city.Clock()); treetest.Code(err) != text.EndorsementWithdrawn {
		t.Errorf("renewed after withdrawal: got %v, want %s", err, text.EndorsementWithdrawn)
	}
	if city.Child(t, "nanming").Joined() {
		t.Error("still joined after withdrawal")
	}
	city.SetClock(start) // within the time of the invitation
	if _, err := tree.Redeem(t.Context(), city, county.Bring(t, "one"), treetest.Binding, city.Clock()); treetest.Code(err) != text.InvitationUnknown {
		t.Errorf("the old invitation after withdrawal: got %v, want %s", err, text.InvitationUnknown)
	}
	city.SetClock(start.Add(5 * tree.RenewEvery))
	city.Invite(t, county, "two", false)
	if _, err := tree.Redeem(t.Context(), city, county.Bring(t, "two"), treetest.Binding, city.Clock()); err != nil || !city.Child(t, "nanming").Joined() {
		t.Errorf("invited anew: got %v", err)
	}
	if _, err := tree.Withdraw(t.Context(), city, treetest.Message(t), treetest.Label(t, "yunyan"), "?"); treetest.Code(err) != text.NotEndorsed {
		t.Errorf("a stranger withdrawn: got %v, want %s", err, text.NotEndorsed)
	}
}

// TestOneTree checks that a jurisdiction joins one tree, once, and takes no chain that is not its
// own.
func TestOneTree(t *testing.T) {
	city, county := treetest.New(t, "guiyang.guizhou"), treetest.New(t, "nanming.guiyang.guizhou")
	up := tree.Upstream{Parent: city.Name(), RootPin: "guizhou/keys/1/" + strings.Repeat("0", 64), Addresses: []string{"192.0.2.7:7400"}}
	first, err := tree.Record(t.Context(), county, up)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := tree.Record(t.Context(), county, up); err != nil || again != first {
		t.Errorf("the same again: got entry %s, %v, want %s", again, err, first)
	}
	up.RootPin = "guizhou/keys/1/" + strings.Repeat("1", 64)
	if _, err := tree.Record(t.Context(), county, up); treetest.Code(err) != text.OtherTree {
		t.Errorf("another root: got %v, want %s", err, text.OtherTree)
	}
	levels, root, err := city.Chain(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := county.SetAbove(t.Context(), root, levels); !errors.Is(err, host.ErrNotAbove) {
		t.Errorf("a chain without an endorsement: got %v, want ErrNotAbove", err)
	}
	if _, err := county.SetAbove(t.Context(), root, nil); !errors.Is(err, host.ErrNotAbove) {
		t.Errorf("no chain: got %v, want ErrNotAbove", err)
	}
}

// TestPresent checks the answer to the key sets that a child presents, and that presenting them
// does not bind a pending invitation for other keys.
func TestPresent(t *testing.T) {
	city, county, thief := treetest.New(t, "guiyang.guizhou"), treetest.New(t, "nanming.guiyang.guizhou"), treetest.NewIn(t, "nanming.guiyang.guizhou", 2)
	present := func(p *treetest.Party) (identity.Entry, text.Code) {
		index, _, err := tree.Present(t.Context(), city, show(t, p), tree.Proof{}, city.Clock())
		return index, treetest.Code(err)
	}
	if _, got := present(county); got != text.EndorsementUnknown {
		t.Errorf("before it joined: got %q, want %s", got, text.EndorsementUnknown)
	}
	city.Invite(t, county, "one", false)
	first, err := tree.Redeem(t.Context(), city, county.Bring(t, "one"), treetest.Binding, city.Clock())
	if err != nil {
		t.Fatal(err)
	}
	if index, got := present(county); got != "" || index != first {
		t.Errorf("nothing new: got entry %s, %q, want %s", index, got, first)
	}
	if _, got := present(thief); got != text.KeySetsForked {
		t.Errorf("another's key sets: got %q, want %s", got, text.KeySetsForked)
	}
	city.SetClock(city.Clock().Add(tree.RenewEvery))
	second, got := present(county)
	if got != "" || second.Index() <= first.Index() {
		t.Errorf("a day later: got entry %s, %q, want a new one", second, got)
	}
	city.Invite(t, county, "two", true)
	if _, got := present(thief); got != text.KeySetsForked {
		t.Errorf("another's key sets without the new secret: got %q, want %s", got, text.InvitationRedeemed)
	}
	if index, got := present(county); got != "" || index != second {
		t.Errorf("the old keys while the invitation is open: got entry %s, %q, want %s", index, got, second)
	}
	city.SetClock(city.Clock().Add(tree.RenewEvery))
	if _, got := present(county); got != "" {
		t.Errorf("renewed while the invitation is open: got %q", got)
	}
	if renewal, before := lastHead(t, city, 1), lastHead(t, city, 3); renewal.Kind != ledger.KindEndorsement || renewal.About != before.About {
		t.Errorf("the renewal is of kind %d, by invitation %v, want that of the one before, %v", renewal.Kind, renewal.About, before.About)
	}
	if _, err := tree.Redeem(t.Context(), city, thief.Bring(t, "two"), treetest.Binding, city.Clock()); err != nil {
		t.Errorf("the new keys after that: got %v", err)
	}
	if _, got := present(county); got != text.KeysSuperseded {
		t.Errorf("the old keys: got %q, want %s", got, text.KeysSuperseded)
	}
	if _, err := tree.Withdraw(t.Context(), city, treetest.Message(t), county.Name().Label(), "merged"); err != nil {
		t.Fatal(err)
	}
	if _, got := present(thief); got != text.EndorsementWithdrawn {
		t.Errorf("after the withdrawal: got %q, want %s", got, text.EndorsementWithdrawn)
	}
}

// lastHead returns the head of the last entry of a ledger, or of one some entries before.
func lastHead(t *testing.T, p *treetest.Party, back uint64) (h ledger.Head) {
	t.Helper()
	err := p.View(t.Context(), func(r *state.Reader) error {
		leaf, err := ledger.DecodeLeaf(r.Leaf(r.Size() - back))
		h = leaf.Head
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// show returns what a jurisdiction presents that has the key sets of its ledger and knows that
// number 1 is endorsed.
func show(t *testing.T, p *treetest.Party) tree.Presentation {
	t.Helper()
	return p.Show(t, p.Bring(t, "").KeySets, 1)
}
