package tree_test

import (
	"bytes"
	"testing"
	"time"

	"xietong/certs/identity"
	"xietong/certs/trust"
	"xietong/consensus/state"
	"xietong/node/ground/book"
	"xietong/node/ground/text"
	"xietong/node/tree"
	. "xietong/node/tree/treetest"
)

const countyName = "nanming.guiyang.guizhou"

// redeems has a child redeem an invitation, with a recovery statement or none, and returns the code
// of the refusal.
func redeems(t *testing.T, parent, child *Party, secret string, statement []byte) text.Code {
	t.Helper()
	r := child.Bring(t, secret)
	r.Recovery = statement
	_, err := tree.Redeem(t.Context(), parent, r, Binding, parent.Clock())
	return Code(err)
}

// epochOf returns the epoch that the parent tells whoever comes with the secret.
func epochOf(t *testing.T, parent *Party, secret string) uint64 {
	t.Helper()
	epoch, err := tree.Epoch(t.Context(), parent, Name(t, countyName), []byte(secret))
	if err != nil {
		t.Fatal(err)
	}
	return epoch
}

// TestEpochIsUsedOnce: entries and receipts are named NAME/log/EPOCH/INDEX, so a ledger that begins
// anew after all keys were lost takes an epoch that none before has had, as the parent tells it:
// after a rekey, after a second one, after a withdrawal, and for whoever redeems a token second
// (S05r).
func TestEpochIsUsedOnce(t *testing.T) {
	city, first := New(t, "guiyang.guizhou"), New(t, countyName)
	city.Invite(t, first, "one", false)
	if got := epochOf(t, city, "one"); got != 1 {
		t.Errorf("the first: told epoch %d, want 1", got)
	}
	first.JoinTo(t, city, "one")
	city.Invite(t, first, "two", true)
	if got := redeems(t, city, New(t, countyName), "two", nil); got != text.EpochOther {
		t.Errorf("a new ledger of the epoch that is endorsed: got %q, want %q", got, text.EpochOther)
	}
	if got := redeems(t, city, NewIn(t, countyName, 19), "two", nil); got != text.EpochOther {
		t.Errorf("a ledger of an epoch far behind the one that was told: got %q, want %q", got, text.EpochOther)
	}
	second := NewIn(t, countyName, epochOf(t, city, "two"))
	if got := redeems(t, city, second, "two", nil); got != "" || second.Log().Epoch() != 2 {
		t.Errorf("epoch %d: got %q", second.Log().Epoch(), got)
	}
	if got := redeems(t, city, second, "two", nil); got != "" {
		t.Errorf("the same again: got %q", got)
	}
	late := NewIn(t, countyName, epochOf(t, city, "two"))
	if got := redeems(t, city, late, "two", nil); got != text.InvitationRedeemed || late.Log().Epoch() != 3 {
		t.Errorf("the same token on another machine, told epoch %d: got %q, want %q", late.Log().Epoch(), got, text.InvitationRedeemed)
	}
	if _, err := tree.Withdraw(t.Context(), city, Message(t), second.Name().Label(), "stolen"); err != nil {
		t.Fatal(err)
	}
	city.Invite(t, second, "three", true)
	for _, epoch := range []uint64{1, 2} {
		if got := redeems(t, city, NewIn(t, countyName, epoch), "three", nil); got != text.EpochOther {
			t.Errorf("epoch %d, used before the withdrawal: got %q, want %q", epoch, got, text.EpochOther)
		}
	}
	if got := redeems(t, city, late, "three", nil); got != "" {
		t.Errorf("epoch 3 after the withdrawal: got %q", got)
	}
	city.Invite(t, second, "four", true)
	if got := redeems(t, city, NewIn(t, countyName, 6), "four", nil); got != "" || epochOf(t, city, "four") != 7 {
		t.Errorf("a ledger that began two epochs that nobody believed: got %q", got)
	}
	if _, err := tree.Epoch(t.Context(), city, late.Name(), []byte("wrong")); Code(err) != text.InvitationUnknown {
		t.Errorf("asked with a wrong secret: got %v, want %s", err, text.InvitationUnknown)
	}
}

// TestEpochOutlivesTheRecord: where the parent's record of the child is damaged, and made anew, the
// epochs that were used are known, and the same keys go on. Where the parent is new, a child that
// comes with a later epoch is taken.
func TestEpochOutlivesTheRecord(t *testing.T) {
	const damage book.Command[[]byte, book.Nothing] = 999
	ruin := "children"
	city := New(t, "guiyang.guizhou", func(r *state.Registry) {
		damage.Handle(r, func(tx *state.Tx, _ []byte) (book.Nothing, error) {
			return book.Nothing{}, tx.Put(ruin, []byte("nanming"), []byte{0xff})
		})
	})
	first := New(t, countyName)
	city.Invite(t, first, "one", false)
	first.JoinTo(t, city, "one")
	for round, secret := range []string{"two", "three"} {
		if _, err := damage.Do(t.Context(), city, book.Request{}, nil); err != nil {
			t.Fatal(err)
		}
		city.Invite(t, first, secret, true)
		if got := redeems(t, city, New(t, countyName), secret, nil); got != text.EpochOther {
			t.Errorf("round %d: a ledger of epoch 1: got %q, want %q", round, got, text.EpochOther)
		}
	}
	if got := redeems(t, city, first, "three", nil); got != "" {
		t.Errorf("the same keys: got %q", got)
	}
	ruin = "child-epochs"
	if _, err := damage.Do(t.Context(), city, book.Request{}, nil); err != nil {
		t.Fatal(err)
	}
	city.Invite(t, first, "four", true)
	if got := epochOf(t, city, "four"); got != 2 {
		t.Errorf("told epoch %d where the record alone knows the one before, want 2", got)
	}
	ruin = "children"
	if _, err := damage.Do(t.Context(), city, book.Request{}, nil); err != nil {
		t.Fatal(err)
	}
	city.Invite(t, first, "five", true)
	if _, err := tree.Epoch(t.Context(), city, first.Name(), []byte("five")); Code(err) != text.ChildDamaged {
		t.Errorf("nothing knows the epochs: got %v, want %s", err, text.ChildDamaged)
	}
	other, third := New(t, "guiyang.guizhou"), NewIn(t, countyName, 3)
	other.Invite(t, third, "one", false)
	if got := redeems(t, other, third, "one", nil); got != "" {
		t.Errorf("a child that has been elsewhere before: got %q", got)
	}
	other.Invite(t, third, "two", true)
	if got := epochOf(t, other, "two"); got != 4 {
		t.Errorf("told epoch %d after 3, want 4", got)
	}
}

// TestEpochsCannotBeUsedUp: whoever has a child's log key cannot take all epochs, so that the child
// could never come back (S05s).
func TestEpochsCannotBeUsedUp(t *testing.T) {
	city, county := New(t, "guiyang.guizhou"), New(t, countyName)
	city.Invite(t, county, "one", false)
	county.JoinTo(t, city, "one")
	for _, row := range []struct {
		epoch uint64
		want  text.Code
	}{{1<<64 - 1, text.EpochOther}, {1 << 40, text.EpochOther}, {3, text.EpochOther}, {2, ""}} {
		sets := county.Follow(t, 2, func(k *trust.KeySet) { k.Epoch = row.epoch })
		shown := county.Show(t, sets, 1)
		if _, _, err := tree.Present(t.Context(), city, shown, AtTheDoor(shown), city.Clock()); Code(err) != row.want {
			t.Errorf("a key set of epoch %d: got %v, want %q", row.epoch, err, row.want)
		}
	}
	greedy := New(t, "guiyang.guizhou")
	far := NewIn(t, countyName, 1<<62)
	greedy.Invite(t, far, "one", false)
	if got := redeems(t, greedy, far, "one", nil); got != text.EpochOther {
		t.Errorf("a first ledger of epoch 2^62: got %q, want %q", got, text.EpochOther)
	}
}

// statementOf is the recovery statement of one party's paper for another's first key set.
func statementOf(t *testing.T, paper, of *Party) []byte {
	t.Helper()
	doc, err := trust.SignRecovery(of.MustPin(t), paper.Paper.Sign)
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

// TestRecoveryStatementOfARedemption: the parent takes the word of the paper of the keys before,
// for the very key set that comes, and of no other; it hands it on with the chain. The paper of
// keys that nobody stood behind does not replace it (S05q).
func TestRecoveryStatementOfARedemption(t *testing.T) {
	city, first, sister := New(t, "guiyang.guizhou"), New(t, countyName), New(t, "yunyan.guiyang.guizhou")
	city.Invite(t, first, "one", false)
	first.JoinTo(t, city, "one")
	city.Invite(t, first, "two", true)
	second := NewIn(t, countyName, 2)
	for what, doc := range map[string][]byte{
		"of an old chain": statementOf(t, first, first), "by the paper of another": statementOf(t, sister, second), "of another's keys": statementOf(t, first, sister),
		"by its own paper": statementOf(t, second, second), "garbage": []byte("garbage"),
	} {
		if got := redeems(t, city, second, "two", doc); got != text.RecoveryOther {
			t.Errorf("a statement %s: got %q, want %q", what, got, text.RecoveryOther)
		}
	}
	if got := redeems(t, city, second, "two", make([]byte, trust.MaxRecoveryLen+1)); got != text.BadRequest {
		t.Errorf("a statement that is too long: got %q, want %q", got, text.BadRequest)
	}
	if got := redeems(t, city, second, "two", nil); got != "" || recoveryOf(t, city, second.Name()) != nil {
		t.Errorf("without a statement: got %q", got)
	}
	late := statementOf(t, first, second) // the paper was found
	if got := redeems(t, city, second, "two", late); got != "" || !bytes.Equal(recoveryOf(t, city, second.Name()), late) {
		t.Errorf("a statement that comes later: got %q, handed on %x", got, recoveryOf(t, city, second.Name()))
	}
	other := New(t, "guiyang.guizhou") // there it is found when the keys were renewed meanwhile
	for _, row := range []struct {
		secret string
		child  *Party
		sets   int
	}{{"one", first, 1}, {"two", second, 1}, {"two", second, 2}} {
		if row.sets == 1 {
			other.Invite(t, row.child, row.secret, row.child == second)
		}
		r := row.child.Bring(t, row.secret)
		if r.KeySets = row.child.Follow(t, row.sets, nil); row.sets == 2 {
			r.Recovery = late
		}
		if _, err := tree.Redeem(t.Context(), other, r, Binding, other.Clock()); err != nil {
			t.Fatal(err)
		}
	}
	if got := recoveryOf(t, other, second.Name()); !bytes.Equal(got, late) {
		t.Errorf("a statement that comes with the next key set: handed on %x", got)
	}
	city.Invite(t, first, "three", true)
	third := NewIn(t, countyName, 3) // by a thief, who has no paper
	if got := redeems(t, city, third, "three", nil); got != "" || recoveryOf(t, city, third.Name()) != nil {
		t.Errorf("keys without a paper: got %q, and the statement for those before is handed on", got)
	}
	city.Invite(t, first, "four", true)
	fourth := NewIn(t, countyName, 4)
	doc := statementOf(t, second, fourth)
	if got := redeems(t, city, fourth, "four", doc); got != "" || !bytes.Equal(recoveryOf(t, city, fourth.Name()), doc) {
		t.Errorf("the paper of the keys before the thief's: got %q", got)
	}
}

// TestThiefsPaperAtTheParent: whoever has a child's log key names a recovery key of its own in the
// next key sets, which the parent endorses. The owner's printed paper still counts, for 72 hours,
// and a statement by the thief's does not take its place (A25).
func TestThiefsPaperAtTheParent(t *testing.T) {
	for _, hours := range []int{0, 71, 72} {
		city, first, thief := New(t, "guiyang.guizhou"), New(t, countyName), NewIn(t, countyName, 7)
		city.Invite(t, first, "one", false)
		first.JoinTo(t, city, "one")
		r := first.Bring(t, "one")
		r.KeySets = first.Follow(t, 3, func(k *trust.KeySet) {
			k.RecoveryKey = thief.Paper.Public()
		})
		if _, err := tree.Redeem(t.Context(), city, r, Binding, city.Clock()); err != nil {
			t.Fatal(err)
		}
		city.SetClock(city.Clock().Add(time.Duration(hours) * time.Hour))
		city.Invite(t, first, "two", true)
		made := NewIn(t, countyName, 2) // by the thief, in whose hands the invitation fell
		if got := redeems(t, city, made, "two", statementOf(t, thief, made)); got != "" {
			t.Errorf("after %d h, by the thief's paper: got %q", hours, got)
		}
		want := text.Code("")
		if hours == 72 {
			want = text.RecoveryOther
		}
		city.Invite(t, first, "three", true)
		second := NewIn(t, countyName, 3)
		if got := redeems(t, city, second, "three", statementOf(t, first, second)); got != want {
			t.Errorf("after %d h, by the printed paper: got %q, want %q", hours, got, want)
		}
	}
}

// TestOlderPaperIsBroughtAfter: the paper was renewed less than 72 hours before all keys were lost.
// The owner brings the new one, by which nobody who knew the keys believes yet, and then the old
// one, which is handed on from then on.
func TestOlderPaperIsBroughtAfter(t *testing.T) {
	city, first, renewed := New(t, "guiyang.guizhou"), New(t, countyName), NewIn(t, countyName, 7)
	city.Invite(t, first, "one", false)
	first.JoinTo(t, city, "one")
	r := first.Bring(t, "one")
	r.KeySets = first.Follow(t, 2, func(k *trust.KeySet) { k.RecoveryKey = renewed.Paper.Public() })
	if _, err := tree.Redeem(t.Context(), city, r, Binding, city.Clock()); err != nil {
		t.Fatal(err)
	}
	city.Invite(t, first, "two", true)
	second := NewIn(t, countyName, 2)
	for what, by := range []*Party{renewed, first} {
		statement := statementOf(t, by, second)
		if got := redeems(t, city, second, "two", statement); got != "" {
			t.Errorf("paper %d: got %q", what, got)
		}
		if !bytes.Equal(recoveryOf(t, city, second.Name()), statement) {
			t.Errorf("paper %d is not handed on", what)
		}
	}
	if redeems(t, city, second, "two", statementOf(t, renewed, second)); !bytes.Equal(recoveryOf(t, city, second.Name()), statementOf(t, first, second)) {
		t.Error("the new paper takes the old one's place again")
	}
}

// recoveryOf returns the recovery statement that a parent hands on with a child's key sets.
func recoveryOf(t *testing.T, parent *Party, child identity.Jurisdiction) []byte {
	t.Helper()
	said, err := tree.NewEndorser(parent, parent.Clock).Say(t.Context(), child.Label())
	if err != nil {
		t.Fatal(err)
	}
	if len(said.Level.Recovery) == 0 {
		return nil
	}
	return said.Level.Recovery
}

// TestLossesOfParentAndChild: a city and its county lose their machines in any order. A city that
// begins anew has forgotten which epochs its county has used; no two ledgers of the county have one
// epoch all the same, and a county that kept its directory goes on in its own (S05w).
func TestLossesOfParentAndChild(t *testing.T) {
	used := map[uint64]string{}
	city, kept := New(t, "guiyang.guizhou"), (*Party)(nil)
	rounds := uint64(1)
	fresh := func(what string) {
		t.Helper()
		city.Invite(t, NewIn(t, countyName, 1), what, true)
		epoch := epochOf(t, city, what)
		if before, again := used[epoch]; again {
			t.Errorf("%s: told epoch %d, which was used: %s", what, epoch, before)
		}
		used[epoch] = what
		kept = NewIn(t, countyName, epoch)
		if got := redeems(t, city, kept, what, nil); got != "" {
			t.Fatalf("%s, epoch %d: got %q", what, epoch, got)
		}
	}
	cityLost := func() { rounds++; city = NewIn(t, "guiyang.guizhou", rounds) }
	fresh("joins")
	fresh("lost once")
	cityLost()
	fresh("lost after the city")
	fresh("lost again")
	cityLost()
	city.Invite(t, kept, "kept", false)
	if got := redeems(t, city, kept, "kept", nil); got != "" {
		t.Errorf("with its directory: got %q", got)
	}
	fresh("lost after it had kept its directory")
	cityLost()
	cityLost()
	fresh("lost after the city was, twice")
}
