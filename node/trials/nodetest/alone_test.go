package nodetest

import (
	"cmp"
	"slices"
	"testing"
	"time"

	"xietong/consensus/state"
	"xietong/node"
	"xietong/node/faces/client"
	"xietong/node/ground/host"
	"xietong/node/ground/text"
)

// rekey invites a place anew, which comes with other keys.
func (n *Node) rekey() string {
	t := n.tree.T
	t.Helper()
	made, err := n.parent.Client("").Invite(t.Context(), client.NewInvitation{Name: n.place.called().DisplayName, Rekey: true})
	if err != nil {
		t.Fatal(err)
	}
	return made.Token
}

// goOn has the node, which does not run, go on in its ledger with new keys, alone.
func (n *Node) goOn(token string, before *node.Paper) (node.JoinResult, error) {
	return node.Join(n.tree.T.Context(), n.machine.dir, token, node.JoinOptions{
		Options: n.machine.options(), Listen: n.listen(), Recovery: before, Alone: "the other machines burnt",
	})
}

// goneOn has the node, which is called so in its tree and does not run, go on alone by an
// invitation of its parent, and waits until it is linked and its epoch is settled.
func (n *Node) goneOn(called string) {
	t := n.tree.T
	t.Helper()
	if _, err := n.goOn(n.rekey(), nil); err != nil {
		t.Fatal(err)
	}
	n.Start()
	n.tree.WaitLinked(called)
	n.tree.Within(15*time.Minute, "the epoch is settled", func() bool {
		return !slices.Contains(alarms(t, n), string(text.EpochUnsettled))
	})
}

// TestTheLastReplicaGoesOn (Q02): two of three machines of a city are gone for good. The one that
// is left goes on in the same ledger, by the invitation of the parent alone: it answers, asks and
// is witnessed as before, nothing that was recorded is lost, and two more replicas come in. Those
// that were thought gone come back, and are told that they are out.
func TestTheLastReplicaGoesOn(t *testing.T) {
	Run(t, "guizhou\n  guiyang listen\n    nanming\n", func(t *testing.T, tree *Tree) {
		root, city, county := tree.Node("guizhou"), tree.Node("guiyang"), tree.Node("nanming")
		pin := rootPin(t, root)
		two, three := city.Further(), city.Further()
		for _, n := range []*Node{root, city, county} {
			offer(t, n)
		}
		if _, err := ask(t, county, city); err != nil {
			t.Fatal(err)
		}
		before := city.Entries("")
		tree.Within(10*time.Minute, "the city is witnessed", func() bool { return city.seenWhole() })
		for _, n := range []*Node{city, two, three} {
			n.Kill()
		}
		time.Sleep(time.Minute)
		city.goneOn("guiyang")
		for _, pair := range [][2]*Node{{county, city}, {root, city}, {city, root}, {city, county}} {
			tree.Within(15*time.Minute, pair[0].Name()+" asks "+pair[1].Name(), func() bool {
				_, err := ask(t, pair[0], pair[1])
				return err == nil
			})
		}
		tree.Within(15*time.Minute, "the city is witnessed in its epoch", func() bool { return city.seenWhole() })
		after := city.Entries("")
		for i, e := range before {
			if after[i].Entry != e.Entry {
				t.Errorf("entry %s is %s now", e.Entry, after[i].Entry)
			}
			if e.KindName != "access" { // what the county did, it may see
				continue
			}
			if got, err := county.Client("water").EntryOf(t.Context(), e.Entry); err != nil || got.Entry != e.Entry {
				t.Errorf("entry %s is %s for the county, %v", e.Entry, got.Entry, err)
			}
		}
		for _, e := range after {
			receipt, err := city.Client("").Receipt(t.Context(), e.Index)
			var r node.ReceiptReport
			if err == nil {
				r, err = node.VerifyReceipt(receipt.Receipt, nil, pin)
			}
			if err != nil {
				t.Errorf("receipt of %s (%s): %v", e.Entry, e.KindName, err)
			}
			if name := cmp.Or(r.Entry, r.Stated, e.Entry); name != e.Entry || r.About != "" && r.About != e.About {
				t.Errorf("the receipt of %s (%s) names %s, about %s, want %s", e.Entry, e.KindName, name, r.About, e.About)
			}
		}
		two.Start()
		tree.Within(5*time.Minute, "one that comes back by itself is told", func() bool {
			return slices.Contains(alarms(t, two), string(text.ReplicaWasRemoved))
		})
		three.Start()
		tree.Within(5*time.Minute, "the other one is told", func() bool {
			return slices.Contains(alarms(t, three), string(text.ReplicaWasRemoved))
		})
		if _, err := ask(t, two, root); err == nil {
			t.Error("those that came back are answered")
		}
		if _, err := ask(t, county, city); err != nil {
			t.Errorf("those that came back disturb: %v", err)
		}
		two.Stop()
		three.Stop()
		city.Further()
		city.Further()
		if got, err := city.Client("").Replicas(t.Context()); err != nil || got.Voters != 3 {
			t.Errorf("got %+v, %v, want three replicas", got, err)
		}
	})
}

// TestOneOfThreeProvesNothing (Q01): who has one of the machines, and the invitation with which
// another one went on, goes on alone, too. It is refused, and nothing is changed; with new keys
// that the parent has not endorsed the folder is not opened.
func TestOneOfThreeProvesNothing(t *testing.T) {
	Run(t, "guizhou\n  guiyang listen\n", func(t *testing.T, tree *Tree) {
		root, city := tree.Node("guizhou"), tree.Node("guiyang")
		offer(t, root)
		thief := city.Further()
		offer(t, city)
		city.Kill()
		thief.Kill()
		token := city.rekey()
		if _, err := city.goOn(token, nil); err != nil {
			t.Fatal(err)
		}
		city.Start()
		tree.WaitLinked("guiyang")
		folder := host.Folder(thief.machine.dir, city.place.name)
		if _, err := thief.goOn(token, nil); text.AsFailure(err).Code != text.InvitationRedeemed {
			t.Errorf("with the invitation of another: got %v, want %s", err, text.InvitationRedeemed)
		}
		if begun, err := host.Unendorsed(folder); begun || err != nil {
			t.Errorf("something is changed: %v, %v", begun, err)
		}
		if _, err := city.goOn(token, nil); text.AsFailure(err).Code != text.DirInUse {
			t.Errorf("while it runs: got %v, want %s", err, text.DirInUse)
		}
		mine := func(*state.Reader, bool) (*host.Anew, error) {
			return &host.Anew{Now: thief.machine.now(), Epoch: 9, Parent: root.place.name, Reason: "mine"}, nil
		}
		if _, err := host.BeginAnew(folder, city.place.name, state.NewRegistry(), mine); err != nil {
			t.Fatal(err)
		}
		if err := thief.machine.start(t.Context()); text.AsFailure(err).Code != text.KeysUnendorsed {
			t.Errorf("with keys of its own: got %v, want %s", err, text.KeysUnendorsed)
		}
		if _, err := ask(t, root, city); err != nil {
			t.Error(err)
		}
		city.Stop()
		if again, err := city.goOn(token, nil); err != nil || again.Epoch != 2 {
			t.Errorf("the same command again: got %+v, %v, want epoch 2", again, err)
		}
	})
}

// TestLostKeysGoOn: a city is put back to a day before its newest keys, which nobody has any more.
// It goes on in the ledger that it has, with other keys; as nobody can read what the lost keys
// signed, a person looks through it. Then it answers and asks as before, and its data directory
// verifies.
func TestLostKeysGoOn(t *testing.T) {
	Run(t, "guizhou\n  guiyang\n    nanming\n", func(t *testing.T, tree *Tree) {
		root, city, county := tree.Node("guizhou"), tree.Node("guiyang"), tree.Node("nanming")
		for _, n := range []*Node{root, city, county} {
			offer(t, n)
		}
		old := city.backup()
		time.Sleep(2 * time.Hour)
		if _, err := city.Client("").NewKeys(t.Context(), client.NewKeys{Revoke: true}); err != nil {
			t.Fatal(err)
		}
		tree.Within(time.Hour, "the new keys are in use", func() bool {
			keys, err := city.Client("").Keys(t.Context())
			return err == nil && keys.KeySets[0].State == client.KeysInUse && keys.KeySets[0].Number > 1
		})
		if _, err := city.Client("").AddAgency(t.Context(), client.NewAgency{Code: "forestry", Title: "林业局"}); err != nil {
			t.Fatal(err)
		}
		tree.Within(15*time.Minute, "what is lost was seen", func() bool { return city.seenWhole() })
		city.Stop()
		city.machine.dir = old
		city.Start()
		tree.Within(15*time.Minute, "its keys are told to be old", func() bool {
			return slices.Contains(alarms(t, city), string(text.KeysOutrun))
		})
		city.Stop()
		if _, err := city.goOn(city.rekey(), nil); err != nil {
			t.Fatal(err)
		}
		city.Start()
		tree.WaitLinked("guiyang")
		if !slices.Contains(alarms(t, city), string(text.EpochUnsettled)) {
			t.Error("it goes on though nobody knows what ended")
		}
		if _, err := ask(t, county, city); err == nil {
			t.Error("it answers though nobody knows what ended")
		}
		word := client.Continuation{Reason: "we looked through it", Checked: true}
		tree.Within(15*time.Minute, "a person's word settles it", func() bool {
			_, _ = city.Client("").ContinueLedger(t.Context(), word)
			return !slices.Contains(alarms(t, city), string(text.EpochUnsettled))
		})
		for _, pair := range [][2]*Node{{county, city}, {root, city}, {city, root}, {city, county}} {
			tree.Within(15*time.Minute, pair[0].Name()+" asks "+pair[1].Name(), func() bool {
				_, err := ask(t, pair[0], pair[1])
				return err == nil
			})
		}
		tree.Within(15*time.Minute, "it is witnessed in its epoch", func() bool { return city.seenWhole() })
		city.Stop()
		if report, err := node.VerifyData(t.Context(), city.machine.dir, "", nil); err != nil || report.Refused != nil {
			t.Errorf("got %+v, %v", report, err)
		}
	})
}

// TestGoesOnAfterCuts: the connection to the parent breaks ever later while the last replica goes
// on. The same command goes on each time, and in the end there is one new chain.
func TestGoesOnAfterCuts(t *testing.T) {
	Run(t, "guizhou\n  guiyang listen\n", func(t *testing.T, tree *Tree) {
		root, city := tree.Node("guizhou"), tree.Node("guiyang")
		two := city.Further()
		offer(t, root)
		offer(t, city)
		city.Kill()
		two.Kill()
		token, folder := city.rekey(), host.Folder(city.machine.dir, city.place.name)
		cut, begun := 0, 0
		for ; ; cut++ {
			tree.net.mu.Lock()
			city.machine.dieAfter = 4 + 2*cut
			tree.net.mu.Unlock()
			if _, err := city.goOn(token, nil); err == nil {
				break
			}
			if is, err := host.Unendorsed(folder); is && err == nil {
				begun++
			}
		}
		if cut < 4 || begun == 0 {
			t.Errorf("it was cut %d times, %d of them after something was begun", cut, begun)
		}
		city.Start()
		tree.WaitLinked("guiyang")
		if got := len(city.Entries("epoch begun")); got != 1 {
			t.Errorf("%d epochs were begun, want one", got)
		}
		tree.Within(15*time.Minute, "it answers", func() bool {
			_, err := ask(t, root, city)
			return err == nil
		})
	})
}

// TestGoesOnWithPaper: with the recovery key from before others believe the new keys at once; with
// another one the parent does not take them, and the right one goes on.
func TestGoesOnWithPaper(t *testing.T) {
	Run(t, "guizhou\n  guiyang absent\n", func(t *testing.T, tree *Tree) {
		city := tree.Node("guiyang")
		var d drawer
		if _, err := city.JoinWith(city.Invite().Token, d.show, nil); err != nil {
			t.Fatal(err)
		}
		city.Start()
		tree.WaitLinked("guiyang")
		city.Stop()
		token := city.rekey()
		wrong, err := node.NewPaper()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := city.goOn(token, wrong); text.AsFailure(err).Code != text.RecoveryOther {
			t.Errorf("another paper: got %v, want %s", err, text.RecoveryOther)
		}
		if err := city.machine.start(t.Context()); text.AsFailure(err).Code != text.KeysUnendorsed {
			t.Errorf("before it is endorsed: got %v, want %s", err, text.KeysUnendorsed)
		}
		made, err := city.goOn(token, d.paper(t))
		if err != nil || !made.Recovered || made.Epoch != 2 || made.Papered {
			t.Fatalf("got %+v, %v, want epoch 2, recovered, and no new paper", made, err)
		}
		if again, err := city.goOn(token, d.paper(t)); err != nil || again.Pin != made.Pin || again.Epoch != 2 {
			t.Errorf("the same command again: got %+v, %v, want %+v", again, err, made)
		}
		city.Start()
		tree.WaitLinked("guiyang")
		tree.Within(15*time.Minute, "nobody waits", func() bool {
			keys, err := city.Client("").Keys(t.Context())
			return err == nil && keys.Check.Unvouched == "" && keys.Endorsement != nil && keys.Endorsement.Denied == ""
		})
	})
}

// TestWhatTheOthersEndedEndsAgain: the replica that is left was away when the others revoked a
// grant, and then burnt. Nobody has to say so: the parent saw it, and the grant ends again before
// anybody is answered.
func TestWhatTheOthersEndedEndsAgain(t *testing.T) {
	Run(t, "guizhou\n  guiyang listen\n    nanming\n", func(t *testing.T, tree *Tree) {
		city, county := tree.Node("guiyang"), tree.Node("nanming")
		two, three := city.Further(), city.Further()
		offer(t, city)
		offer(t, county)
		if _, err := ask(t, county, city); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		city.Kill()
		tree.leaderOf(two, three)
		_, index := grantOf(t, two)
		if _, err := two.Client("civil-affairs").RevokeGrant(t.Context(), index, client.Revocation{Reason: "test"}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Minute) // it is witnessed, and its heads have gone up
		two.Kill()
		three.Kill()
		city.goneOn("guiyang")
		if g, _ := grantOf(t, city); g.State != "revoked" {
			t.Errorf("the grant is %s", g.State)
		}
		if _, err := ask(t, county, city); err == nil {
			t.Error("what was revoked is answered")
		}
	})
}
