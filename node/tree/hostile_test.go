package tree_test

import (
	"bytes"
	"context"
	"errors"
	"strconv"
	"sync"
	"testing"
	"time"

	"xietong/certs/identity"
	"xietong/certs/trust"
	"xietong/consensus/state"
	"xietong/node/ground/book"
	"xietong/node/ground/text"
	"xietong/node/tree"
	"xietong/node/tree/treetest"
)

// joined returns a city and a county that has joined it.
func joined(t *testing.T, also ...func(*state.Registry)) (city, county *treetest.Party) {
	t.Helper()
	city, county = treetest.New(t, "guiyang.guizhou", also...), treetest.New(t, "nanming.guiyang.guizhou")
	city.Invite(t, county, "one", false)
	if _, err := tree.Redeem(t.Context(), city, county.Bring(t, "one"), treetest.Binding, city.Clock()); err != nil {
		t.Fatal(err)
	}
	return city, county
}

// over presents over the child's own link.
func over(t *testing.T, l book.Ledger, p tree.Presentation, at time.Time) (fresh bool, code text.Code) {
	t.Helper()
	_, fresh, err := tree.Present(t.Context(), l, p, tree.Proof{}, at)
	return fresh, treetest.Code(err)
}

// TestChainWithoutEnd has a child bring a new key set every other hour for weeks. Each is taken,
// and what a step writes does not grow with the steps before it (S01, S21).
func TestChainWithoutEnd(t *testing.T) {
	city, county := joined(t)
	sets := county.Follow(t, 200, nil)
	for i := 1; i < len(sets); i++ {
		city.SetClock(city.Clock().Add(2 * time.Hour))
		if fresh, code := over(t, city, county.Show(t, sets[:i+1], i), city.Clock()); code != "" || !fresh {
			t.Fatalf("key set %d: got %q, new %t", i+1, code, fresh)
		}
	}
	city.Restart(t)
	child := city.Child(t, "nanming")
	err := city.View(t.Context(), func(r *state.Reader) error {
		believed, err := child.Believed(r)
		if err != nil || len(believed) != trust.MaxHanded || believed[len(believed)-1].Number != 200 {
			t.Errorf("%d key sets are believed, %v", len(believed), err)
		}
		if most := len(r.Get("children", []byte("nanming"))); most > 1<<10 {
			t.Errorf("the record of the child has %d bytes", most)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestKeySetsAtOnce (S01b) checks how many key sets a child may bring at once and in a day, and
// that the parent serves on (S01).
func TestKeySetsAtOnce(t *testing.T) {
	city, county := joined(t)
	sets := county.Follow(t, 100, nil)
	if _, code := over(t, city, county.Show(t, sets[:18], 1), city.Clock()); code != text.BadRequest {
		t.Errorf("17 at once: got %q", code)
	}
	known := 1
	for range 20 {
		next := min(known+trust.MaxHanded, len(sets))
		_, code := over(t, city, county.Show(t, sets[:next], known), city.Clock())
		if code == text.KeySetsTooMany {
			break
		}
		if code != "" {
			t.Fatalf("up to %d: got %q", next, code)
		}
		known = next
	}
	if known-1 > tree.MostADay || known-1 < tree.MostADay-trust.MaxHanded {
		t.Errorf("%d key sets were taken in a day, want at most %d", known-1, tree.MostADay)
	}
	city.Restart(t)
	if fresh, code := over(t, city, county.Show(t, sets[:known], known), city.Clock()); code != "" || fresh {
		t.Errorf("shown again: got %q, new %t", code, fresh)
	}
	city.SetClock(city.Clock().Add(24 * time.Hour))
	if _, code := over(t, city, county.Show(t, sets[:known+1], known), city.Clock()); code != "" {
		t.Errorf("the next day: got %q", code)
	}
}

// TestJoinsWithManyKeySets: a jurisdiction that has stood alone for long joins with the first of
// its key sets, and presents the others after that. It may bring the first again at any time.
func TestJoinsWithManyKeySets(t *testing.T) {
	city, county := treetest.New(t, "guiyang.guizhou"), treetest.New(t, "nanming.guiyang.guizhou")
	sets := county.Follow(t, 40, nil)
	city.Invite(t, county, "one", false)
	brings := county.Bring(t, "one")
	brings.KeySets = sets
	if _, err := tree.Redeem(t.Context(), city, brings, treetest.Binding, city.Clock()); treetest.Code(err) != text.BadRequest {
		t.Errorf("all at once: got %v", err)
	}
	brings.KeySets = sets[:trust.Some(sets)]
	first, err := tree.Redeem(t.Context(), city, brings, treetest.Binding, city.Clock())
	if err != nil {
		t.Fatal(err)
	}
	if again, err := tree.Redeem(t.Context(), city, brings, treetest.Binding, city.Clock()); err != nil || again != first {
		t.Errorf("again: got %s, %v, want %s", again, err, first)
	}
	for _, upTo := range []int{32, 40} {
		if _, code := over(t, city, county.Show(t, sets[:upTo], int(city.Child(t, "nanming").Number)), city.Clock()); code != "" {
			t.Errorf("up to number %d: got %q", upTo, code)
		}
	}
	if again, err := tree.Redeem(t.Context(), city, brings, treetest.Binding, city.Clock()); err != nil || again == first {
		t.Errorf("the first key sets once more: got %s, %v, want the newest endorsement", again, err)
	}
	if c := city.Child(t, "nanming"); c.Number != 40 {
		t.Errorf("number %d is endorsed", c.Number)
	}
}

// TestDamagedChild (S01c): a record that cannot be read takes one child out of service, and not the
// node (S01). A new invitation with rekey mends it.
func TestDamagedChild(t *testing.T) {
	const damage book.Command[[]string, book.Nothing] = 999
	city, county := joined(t, func(r *state.Registry) {
		damage.Handle(r, func(tx *state.Tx, at []string) (book.Nothing, error) {
			return book.Nothing{}, tx.Put(at[0], []byte(at[1]), []byte{0x80})
		})
	})
	sister := treetest.New(t, "yunyan.guiyang.guizhou")
	city.InviteAs(t, tree.Place{Name: sister.Name(), DisplayName: "云岩区"}, "two", false)
	sister.JoinTo(t, city, "two")
	if _, err := damage.Do(t.Context(), city, book.Request{}, []string{"children", "nanming"}); err != nil {
		t.Fatal(err)
	}
	city.Restart(t)
	err := city.View(t.Context(), func(r *state.Reader) error {
		all := tree.Children(r)
		if len(all) != 2 || !all[0].Damaged || all[0].Place.Name != county.Name() || all[0].Joined() || !all[1].Joined() {
			t.Errorf("got %+v", all)
		}
		if !tree.Withdrawn(r, city.Name(), county.Name()) || tree.Withdrawn(r, city.Name(), sister.Name()) {
			t.Error("what is not refused, or refused beside it")
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, code := over(t, city, show(t, county), city.Clock()); code != text.ChildDamaged {
		t.Errorf("the damaged one presents itself: got %q", code)
	}
	if _, err := tree.Withdraw(t.Context(), city, treetest.Message(t), county.Name().Label(), "?"); treetest.Code(err) != text.ChildDamaged {
		t.Errorf("withdrawn: got %v", err)
	}
	city.Invite(t, county, "three", true)
	if _, err := tree.Redeem(t.Context(), city, county.Bring(t, "three"), treetest.Binding, city.Clock()); err != nil {
		t.Errorf("invited anew: %v", err)
	}
}

// TestStrangerIsReadNothing: what a stranger brings to the door is not parsed before number and
// hash are compared and possession is proven (S11).
func TestStrangerIsReadNothing(t *testing.T) {
	city, county := joined(t)
	thief := treetest.New(t, "nanming.guiyang.guizhou")
	garbage := [][]byte{{1, 2, 3}}
	public := show(t, county)
	forged := show(t, thief)
	forged.KeySets = garbage
	unproven := public
	unproven.KeySets, unproven.Possession = garbage, thief.Keys.SignLog(tree.PresentInput(treetest.Binding, public.Hash))
	spent := 0
	for what, row := range map[string]struct {
		shown tree.Presentation
		want  text.Code
	}{"other keys": {forged, text.KeySetsForked}, "the county's hash, without its key": {unproven, text.NotPossessed}} {
		proof := treetest.AtTheDoor(row.shown)
		proof.Spend = func() error { spent++; return nil }
		_, _, err := tree.Present(t.Context(), city, row.shown, proof, city.Clock())
		if treetest.Code(err) != row.want || errors.Is(err, trust.ErrInvalid) || spent > 0 {
			t.Errorf("%s: got %v, %d spent of the county's budget; want %s, nothing read and nothing spent", what, err, spent, row.want)
		}
	}
	proof := treetest.AtTheDoor(public)
	proof.Spend = func() error { spent++; return nil }
	before := city.Child(t, "nanming").Endorsement
	if _, fresh, err := tree.Present(t.Context(), city, public, proof, city.Clock()); err != nil || fresh || spent != 1 || city.Child(t, "nanming").Endorsement != before {
		t.Errorf("the county, with nothing new: new %t, %v, %d spent", fresh, err, spent)
	}
}

// TestDeadChildIsNotKeptAlive: a stranger shows the public key sets of a county that is gone, every
// day for two months (S25).
func TestDeadChildIsNotKeptAlive(t *testing.T) {
	city, county := joined(t)
	public := show(t, county)
	public.Possession = make([]byte, 64)
	for range 62 {
		city.SetClock(city.Clock().Add(24 * time.Hour))
		if _, _, err := tree.Present(t.Context(), city, public, treetest.AtTheDoor(public), city.Clock()); treetest.Code(err) != text.NotPossessed {
			t.Fatalf("got %v", err)
		}
	}
	if c := city.Child(t, "nanming"); int64(c.NotAfter) > city.Clock().UnixMilli() {
		t.Errorf("endorsed until %s, 62 days after it was last heard", time.UnixMilli(int64(c.NotAfter)))
	}
}

// racing lets another command go first, between what a room has read and what it proposes.
type racing struct {
	book.Ledger
	once  sync.Once
	first func()
}

func (r *racing) Note(contentType string, payload []byte) (book.Statement, error) {
	r.once.Do(r.first)
	return r.Ledger.Note(contentType, payload)
}

// TestTwoPresentationsAtOnce (S14b): whoever has the county's keys presents another number 2 at the
// same moment. The second is refused where the command is applied; which of the two is the
// county's, the refusal cannot know, and says so loudly (S14).
func TestTwoPresentationsAtOnce(t *testing.T) {
	city, county := joined(t)
	sets, fork := county.Follow(t, 2, nil), county.Follow(t, 2, func(k *trust.KeySet) { k.Epoch++ })
	var first text.Code
	r := &racing{Ledger: city, first: func() {
		_, _, err := tree.Present(context.WithoutCancel(t.Context()), city, county.Show(t, sets, 1), tree.Proof{}, city.Clock())
		first = treetest.Code(err)
	}}
	if _, code := over(t, r, county.Show(t, fork, 1), city.Clock()); first != "" || code != text.KeySetsForked {
		t.Errorf("got %q and %q, want that the second is %s", first, code, text.KeySetsForked)
	}
	r = &racing{Ledger: city, first: func() {
		_, _, err := tree.Present(context.WithoutCancel(t.Context()), city, county.Show(t, county.Follow(t, 3, nil), 2), tree.Proof{}, city.Clock())
		first = treetest.Code(err)
	}}
	if fresh, code := over(t, r, county.Show(t, county.Follow(t, 3, nil), 2), city.Clock()); first != "" || code != "" {
		t.Errorf("the same twice at once: got %q and %q, new %t", first, code, fresh)
	}
}

// TestFork: keys that were in force before cannot take the name over from those that were endorsed
// after them, whichever number the presentation begins with (S14). The answer has the key set that
// was endorsed in that place.
func TestFork(t *testing.T) {
	city, county := joined(t)
	sets := county.Follow(t, 3, nil)
	fork := county.Follow(t, 4, func(k *trust.KeySet) { k.Epoch = 2 })
	if _, code := over(t, city, county.Show(t, sets, 1), city.Clock()); code != "" {
		t.Fatal(code)
	}
	for what, row := range map[string]struct {
		shown tree.Presentation
		want  text.Code
		by    []byte // what proves it
	}{
		"from number 1":          {county.Show(t, fork, 1), text.KeySetsForked, sets[1]},
		"from number 2":          {county.Show(t, fork, 2), text.KeySetsForked, sets[1]},
		"from number 3":          {county.Show(t, fork, 3), text.KeySetsForked, sets[2]},
		"from number 4":          {county.Show(t, fork, 4), text.KeySetsWanted, nil},
		"before the endorsed":    {county.Show(t, sets[:2], 1), text.KeySetsWanted, nil},
		"before it, and nothing": {county.Show(t, sets[:1], 1), text.KeySetOld, sets[1]},
	} {
		_, _, err := tree.Present(t.Context(), city, row.shown, tree.Proof{}, city.Clock())
		if code := treetest.Code(err); code != row.want {
			t.Errorf("%s: got %q, want %s", what, code, row.want)
		}
		if proven, ok := errors.AsType[*tree.ProvenError](err); ok != (row.by != nil) || ok && !bytes.Equal(proven.By, row.by) {
			t.Errorf("%s: it shows %+v", what, proven)
		}
	}
	if c := city.Child(t, "nanming"); c.Number != 3 {
		t.Errorf("number %d is endorsed", c.Number)
	}
}

// TestFarBehind: a county that lost sight of what was endorsed shows all that came after the number
// it remembers, as many at once as one presentation holds, and catches up without an alarm.
func TestFarBehind(t *testing.T) {
	city, county := joined(t)
	sets := county.Follow(t, 40, nil)
	for _, upTo := range []int{16, 32, 40} {
		if _, code := over(t, city, county.Show(t, sets[:upTo], max(1, upTo-16)), city.Clock()); code != "" {
			t.Fatalf("up to %d: %s", upTo, code)
		}
	}
	for after := 1; after < 33; after += 16 {
		_, _, err := tree.Present(t.Context(), city, county.Show(t, sets[:after+16], after), tree.Proof{}, city.Clock())
		f, ok := errors.AsType[*text.Failure](err)
		if !ok || f.Code != text.KeySetsWanted || f.Args["number"] != strconv.Itoa(after+16) {
			t.Fatalf("after %d: got %v, want that what comes after %d is wanted", after, err, after+16)
		}
	}
	if _, code := over(t, city, county.Show(t, sets, 33), city.Clock()); code != "" {
		t.Errorf("the rest: %s", code)
	}
}

// TestPendingRekeyEndsWithWithdrawal: an invitation for other keys, a withdrawal and an invitation
// without rekey do not add up to one for any keys.
func TestPendingRekeyEndsWithWithdrawal(t *testing.T) {
	city, county := joined(t)
	thief := treetest.New(t, "nanming.guiyang.guizhou")
	city.Invite(t, county, "two", true)
	if _, err := tree.Withdraw(t.Context(), city, treetest.Message(t), county.Name().Label(), "stolen"); err != nil {
		t.Fatal(err)
	}
	city.Invite(t, county, "three", false)
	if _, err := tree.Redeem(t.Context(), city, thief.Bring(t, "three"), treetest.Binding, city.Clock()); treetest.Code(err) != text.InvitationRedeemed {
		t.Errorf("other keys: got %v, want %s", err, text.InvitationRedeemed)
	}
	if _, err := tree.Redeem(t.Context(), city, county.Bring(t, "three"), treetest.Binding, city.Clock()); err != nil {
		t.Errorf("the same keys: %v", err)
	}
}

// TestKnockingTellsNothing: whoever knocks with a wrong secret learns neither which name is invited
// nor what the place is called.
func TestKnockingTellsNothing(t *testing.T) {
	city, county := joined(t)
	stranger := treetest.New(t, "yunyan.guiyang.guizhou")
	other := stranger.Bring(t, "one")
	var told []string
	for _, r := range []tree.Redemption{county.Bring(t, "wrong"), stranger.Bring(t, "wrong"), other} {
		_, err := tree.Redeem(t.Context(), city, r, treetest.Binding, city.Clock())
		f := text.AsFailure(err)
		told = append(told, string(f.Code)+f.Args["jurisdiction"]+f.Args["name"]+f.Args["claimed"])
	}
	if told[0] != told[1] || told[1] != told[2] {
		t.Errorf("got %q, want the same three times", told)
	}
}

// TestInvitationIsTakenBack (S26b): an invitation that came to the wrong hands is cancelled, where
// the child never joined as where it was withdrawn. A withdrawal ends none: there is nothing to
// withdraw.
func TestInvitationIsTakenBack(t *testing.T) {
	for _, joined := range []bool{true, false} {
		city, county := treetest.New(t, "guiyang.guizhou"), treetest.New(t, "nanming.guiyang.guizhou")
		label := county.Name().Label()
		ends := func(end func(context.Context, book.Ledger, identity.Message, identity.Label, string) (identity.Entry, error), why string) identity.Entry {
			t.Helper()
			entry, err := end(t.Context(), city, treetest.Message(t), label, why)
			if err != nil {
				t.Fatal(err)
			}
			return entry
		}
		if city.Invite(t, county, "one", false); joined {
			if _, err := tree.Redeem(t.Context(), city, county.Bring(t, "one"), treetest.Binding, city.Clock()); err != nil {
				t.Fatal(err)
			}
			first := ends(tree.Withdraw, "stolen")
			city.Invite(t, county, "two", true)
			if second := ends(tree.Withdraw, "again"); second != first || !city.Child(t, label.String()).Open() {
				t.Errorf("withdrawn again: entry %s after %s, want the same, and the invitation good", second, first)
			}
		}
		ends(tree.Cancel, "sent to the wrong person")
		thief := treetest.NewIn(t, "nanming.guiyang.guizhou", 2)
		for _, secret := range []string{"one", "two"} {
			want := text.InvitationUnknown
			if joined == (secret == "two") { // what was cancelled is told as that, to whoever has its secret
				want = text.InvitationCancelled
			}
			if entry, err := tree.Redeem(t.Context(), city, thief.Bring(t, secret), treetest.Binding, city.Clock()); treetest.Code(err) != want {
				t.Errorf("joined %t, %s: redeemed as %s, %v, want %s", joined, secret, entry, err, want)
			}
		}
	}
}
