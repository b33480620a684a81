package tree_test

import (
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"xietong/certs/trust"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/node/ground/text"
	"xietong/node/tree"
	"xietong/node/tree/treetest"
)

// holds has the city hold the county for the last of some key sets, and reports whether it did.
func holds(t *testing.T, city, county *treetest.Party, sets [][]byte) bool {
	t.Helper()
	pin, err := trust.PinOf(sets[len(sets)-1])
	if err != nil {
		t.Fatal(err)
	}
	hash := pin.Hash()
	head := ledger.Head{Kind: ledger.KindEndorsement, Code: county.Name().Label(), To: uint64(len(sets)), Root: tlog.Hash(hash)}
	var size uint64
	err = city.View(t.Context(), func(r *state.Reader) error { size = r.Size(); return nil })
	if err != nil {
		t.Fatal(err)
	}
	held, err := tree.Hold(t.Context(), city, treetest.Message(t), city.Log().Entry(77), head, size-1, "lost")
	if err != nil {
		t.Fatal(err)
	}
	return held
}

// isHeld reports whether the city holds the county.
func isHeld(t *testing.T, city, county *treetest.Party) (held bool) {
	t.Helper()
	err := city.View(t.Context(), func(r *state.Reader) error {
		_, held = tree.HeldOf(r, county.Name().Label())
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return held
}

// TestHeldChild: of a child that is held none of the key sets from before counts, whoever shows
// them, and none but the one that was endorsed last ends it.
func TestHeldChild(t *testing.T) {
	city, county := joined(t)
	label := county.Name().Label()
	sets := county.Follow(t, 3, nil)
	others := county.Follow(t, 3, func(k *trust.KeySet) { k.DecryptionKey = append([]byte{1}, k.DecryptionKey[1:]...) })
	if holds(t, city, county, sets[:1]) || isHeld(t, city, county) {
		t.Fatal("it is held for the key set that is endorsed")
	}
	if !holds(t, city, county, sets) || holds(t, city, county, sets) {
		t.Fatal("it is not held, or twice")
	}
	endorser := tree.NewEndorser(city, city.Clock)
	for what, row := range map[string]struct {
		sets [][]byte
		want text.Code
	}{
		"those of before":           {sets[:1], text.KeySetOld},
		"not as far":                {sets[:2], text.ChildHeld},
		"others, as a thief's":      {others, text.KeySetsForked},
		"others, not as far":        {others[:2], text.ChildHeld},
		"others, with its own last": {[][]byte{sets[0], others[1], sets[2]}, text.NotPossessed},
	} {
		p := county.Show(t, row.sets, 1)
		_, _, err := tree.Present(t.Context(), city, p, treetest.AtTheDoor(p), city.Clock().Add(tree.RenewEvery))
		if got := treetest.Code(err); got != row.want {
			t.Errorf("%s: got %v, want %s", what, err, row.want)
		}
		if _, err := endorser.Say(t.Context(), label); treetest.Code(err) != text.NotEndorsed {
			t.Errorf("%s: its standing is said: %v", what, err)
		}
		if _, err := endorser.Sets(t.Context(), label, 1); treetest.Code(err) != text.NotEndorsed {
			t.Errorf("%s: its key sets are told: %v", what, err)
		}
	}
	if _, err := tree.Redeem(t.Context(), city, county.Bring(t, "one"), treetest.Binding, city.Clock()); treetest.Code(err) != text.ChildHeld {
		t.Errorf("the old invitation: %v", err)
	}
	city.Restart(t)
	p := county.Show(t, sets, 1)
	if _, fresh, err := tree.Present(t.Context(), city, p, treetest.AtTheDoor(p), city.Clock()); err != nil || !fresh || isHeld(t, city, county) {
		t.Errorf("its own: fresh %t, %v", fresh, err)
	}
	if got := city.Child(t, label.String()); got.Number != 3 {
		t.Errorf("number %d is endorsed", got.Number)
	}
}

// TestHeldChildOnAnotherMachine: in what is lost the child moved to another machine, so that nobody
// has the log key from before. It proves itself by the one that was endorsed last.
func TestHeldChildOnAnotherMachine(t *testing.T) {
	city, county := joined(t)
	moved := treetest.New(t, "nanming.guiyang.guizhou")
	sets := county.Follow(t, 2, func(k *trust.KeySet) { k.Replicas = []trust.ReplicaKeys{moved.Keys.Keys()} })
	if !holds(t, city, county, sets) {
		t.Fatal("it is not held")
	}
	by := func(p *treetest.Party) text.Code {
		shown := p.Show(t, sets, 1)
		_, _, err := tree.Present(t.Context(), city, shown, treetest.AtTheDoor(shown), city.Clock())
		return treetest.Code(err)
	}
	if got := by(county); got != text.NotPossessed {
		t.Errorf("the machine of before: %q", got)
	}
	if got := by(moved); got != "" {
		t.Errorf("the one after it: %q", got)
	}
}

// TestJoinedInWhatIsLost: who joined in what is lost is awaited, until it is invited and comes, or
// the invitation is taken back. One that had begun anew by invitation comes in the same way, with
// the directory that it has.
func TestJoinedInWhatIsLost(t *testing.T) {
	city, county := treetest.New(t, "guiyang.guizhou"), treetest.New(t, "nanming.guiyang.guizhou")
	sets := county.Follow(t, 1, nil)
	await := func() {
		t.Helper()
		if !holds(t, city, county, sets) {
			t.Fatal("it is not held")
		}
	}
	await()
	city.Invite(t, county, "one", false)
	if _, err := tree.Cancel(t.Context(), city, treetest.Message(t), county.Name().Label(), "gone"); err != nil || isHeld(t, city, county) {
		t.Fatalf("taken back: %v", err)
	}
	await()
	city.Invite(t, county, "two", false)
	if _, err := tree.Redeem(t.Context(), city, county.Bring(t, "two"), treetest.Binding, city.Clock()); err != nil || isHeld(t, city, county) {
		t.Fatalf("it comes: %v", err)
	}
	anew := treetest.NewIn(t, "nanming.guiyang.guizhou", 9)
	if !holds(t, city, anew, anew.Follow(t, 1, nil)) {
		t.Fatal("one that began anew is not held")
	}
	city.Invite(t, anew, "three", true)
	if _, err := tree.Redeem(t.Context(), city, anew.Bring(t, "three"), treetest.Binding, city.Clock()); err != nil || isHeld(t, city, anew) {
		t.Errorf("one that began anew comes: %v", err)
	}
}

// TestHeldChildOpensNoEpochs: whoever shows the key set that a child is held for opens with what
// comes behind it no other epoch than one that is not held: one at most with each key set
// (docs/security.md, C19).
func TestHeldChildOpensNoEpochs(t *testing.T) {
	for what, row := range map[string]struct {
		held, behind uint64 // the epochs of number 2, for which it is held, and of number 3
		want         text.Code
	}{
		"the same":                       {1, 1, ""},
		"the next":                       {1, 2, ""},
		"the one after it":               {1, 3, text.EpochOther},
		"one of another of the parent's": {1, 513, text.EpochOther},
		"all that there are":             {1, 1 << 62, text.EpochOther},
		"it had come back in what is lost, and goes on": {300, 300, ""},
		"it had come back, and opens one of the others": {300, 301, text.EpochOther},
		"held for one that the parent could not give":   {513, 513, text.EpochOther},
	} {
		city, county := joined(t)
		sets := county.Follow(t, 3, func(k *trust.KeySet) { k.Epoch = []uint64{row.held, row.behind}[k.Number-2] })
		if !holds(t, city, county, sets[:2]) {
			t.Fatal("it is not held")
		}
		p := county.Show(t, sets, 1)
		_, _, err := tree.Present(t.Context(), city, p, treetest.AtTheDoor(p), city.Clock())
		if got := treetest.Code(err); got != row.want || isHeld(t, city, county) != (row.want != "") {
			t.Errorf("%s: got %q, held: %t, want %q", what, got, isHeld(t, city, county), row.want)
		}
		city.Invite(t, county, "anew", true)
		if _, err := tree.Epoch(t.Context(), city, county.Name(), []byte("anew")); err != nil {
			t.Errorf("%s: it cannot come back: %v", what, err)
		}
	}
}

// TestInvitationFromBefore (C21): an invitation that is open in what was put back may have been
// redeemed in what is lost. Whoever has its line is let in by it only with the keys that were
// endorsed last; by one that a person made since, with others, too.
func TestInvitationFromBefore(t *testing.T) {
	const name = "nanming.guiyang.guizhou"
	for what, rekey := range map[string]bool{"it joined in what is lost": false, "it began anew in what is lost": true} {
		city, before := treetest.New(t, "guiyang.guizhou"), treetest.New(t, name)
		own, thief := before, treetest.New(t, name)
		if rekey {
			city.Invite(t, before, "first", false)
			before.JoinTo(t, city, "first")
			own, thief = treetest.NewIn(t, name, 2), treetest.NewIn(t, name, 2)
		}
		city.Invite(t, own, "line", rekey)
		sets := own.Follow(t, 3, nil)
		if !holds(t, city, own, sets) {
			t.Fatal("it is not held")
		}
		brings := func(p *treetest.Party, line string, sets [][]byte) text.Code {
			r := p.Bring(t, line)
			if sets != nil {
				r.KeySets = sets
			}
			_, err := tree.Redeem(t.Context(), city, r, treetest.Binding, city.Clock())
			return treetest.Code(err)
		}
		for who, got := range map[string]text.Code{
			"a thief of the line": brings(thief, "line", nil), "the child, not as far": brings(own, "line", sets[:2]),
		} {
			if got != text.ChildHeld || !isHeld(t, city, own) {
				t.Errorf("%s: %s: %q", what, who, got)
			}
		}
		if got := brings(own, "line", sets); got != "" || isHeld(t, city, own) {
			t.Errorf("%s: the child: %q", what, got)
		}
		if !holds(t, city, own, own.Follow(t, 4, nil)) {
			t.Fatal("it is not held once more")
		}
		city.Invite(t, own, "since", true)
		epoch, err := tree.Epoch(t.Context(), city, own.Name(), []byte("since"))
		if err != nil {
			t.Fatal(err)
		}
		if got := brings(treetest.NewIn(t, name, epoch), "since", nil); got != "" || isHeld(t, city, own) {
			t.Errorf("%s: another, invited since: %q", what, got)
		}
	}
}
