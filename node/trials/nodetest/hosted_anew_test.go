package nodetest

import (
	"encoding/hex"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"xietong/node"
	"xietong/node/faces/client"
	"xietong/node/ground/host"
	"xietong/node/ground/text"
)

// goesOnHere has a county that its city's node hosts go on there with new keys.
func (n *Node) goesOnHere(recovery []byte, only bool) (client.HostedPlace, error) {
	return n.parent.Client("").AddHosted(n.tree.T.Context(), client.NewHosted{
		Name: n.place.called().DisplayName, Rekey: true, Reason: "the node was lost twice", Recovery: recovery, KeysOnly: only,
	})
}

// confirmedBy has the level above the parent confirm the newest keys of a county, so that nobody
// waits.
func (n *Node) confirmedBy(above *Node) {
	t := n.tree.T
	t.Helper()
	name := n.place.called().DisplayName
	n.tree.Within(20*time.Minute, "its keys can be confirmed", func() bool {
		shown, err := above.Client("").ToConfirm(t.Context(), name)
		if err == nil {
			_, err = above.Client("").Confirm(t.Context(), name, client.NewConfirmation{Fingerprint: shown.Fingerprint, Reason: "called"})
		}
		return err == nil
	})
}

// works waits until the province and a county that its city hosts ask one another, under what
// counts, and what was revoked stays so.
func works(t *testing.T, tree *Tree, province, county *Node) {
	t.Helper()
	tree.Within(20*time.Minute, "it answers that the grant ended", func() bool {
		_, err := ask(t, province, county)
		if err == nil {
			t.Fatal("what was revoked is answered")
		}
		return problem(err).Code == string(text.GrantRevoked)
	})
	tree.Within(20*time.Minute, "it asks", func() bool {
		_, err := ask(t, county, province)
		return err == nil
	})
}

// named returns the entries of a ledger by their names, and fails where one of those was another's.
func (n *Node) named(before map[string]string) map[string]string {
	n.tree.T.Helper()
	names := map[string]string{}
	for _, e := range n.Entries("") {
		if names[e.Entry] = e.LeafHash; before[e.Entry] != "" && before[e.Entry] != e.LeafHash {
			n.tree.T.Errorf("the name %s is given twice", e.Entry)
		}
	}
	return names
}

// lostBy returns what a ledger says of the newest epoch that it began for lost entries.
func lostBy(t *testing.T, n *Node) client.Lost {
	t.Helper()
	got, err := n.Client("").Tree(t.Context())
	if err != nil || len(got.Lost) == 0 {
		t.Fatalf("it says that it lost %+v, %v", got.Lost, err)
	}
	return got.Lost[len(got.Lost)-1]
}

// TestHostedIsLostTwice (C48): a node that hosts a county is lost, goes on from a backup, and is
// lost again with the same backup. The keys of both count no more. The city goes on by an
// invitation, and then the county, on the running node: in its ledger, in an epoch that nobody had,
// with what the province keeps of both its logs as what is lost. What was revoked ends again.
func TestHostedIsLostTwice(t *testing.T) {
	Run(t, "guizhou\n  guiyang listen\n    nanming hosted\n", func(t *testing.T, tree *Tree) {
		province, city, county := tree.Node("guizhou"), tree.Node("guiyang"), tree.Node("nanming")
		old := revokedSince(t, tree, province, city, county)
		again := city.copyOf(old)
		city.putBack(old)
		city.hearWord(client.Continuation{Checked: true})
		county.hearWord(client.Continuation{})
		county.hearWord(client.Continuation{Checked: true})
		addAgencies(t, county, "fire")
		works(t, tree, province, county)
		names, lost := county.named(nil), lostBy(t, county)
		time.Sleep(10 * time.Minute)
		city.Stop()
		city.machine.dir = again
		city.Start()
		tree.Within(15*time.Minute, "the city is told that its keys are old", func() bool { return slices.Contains(alarms(t, city), string(text.KeysOutrun)) })
		if _, err := county.goesOnHere(nil, false); problem(err).Code != string(text.BeingVerified) {
			t.Errorf("while the city is in question: got %v, want %s", err, text.BeingVerified)
		}
		city.Stop()
		if _, err := city.goOn(city.rekey(), nil); err != nil {
			t.Fatal(err)
		}
		city.Start()
		tree.WaitLinked("guiyang")
		city.hearWord(client.Continuation{Checked: true})
		tree.Within(12*time.Minute, "the county is told that its keys are lost", func() bool {
			_, err := county.Client("").ContinueLedger(t.Context(), client.Continuation{Reason: "again", Checked: true})
			return problem(err).Code == string(text.LostKeysHosted)
		})
		made, err := county.goesOnHere(nil, false)
		if err != nil || made.Epoch < 3 {
			t.Fatalf("got %+v, %v, want another epoch", made, err)
		}
		if again, err := county.goesOnHere(nil, false); err != nil || again.Pin != made.Pin {
			t.Errorf("the same again: got %+v, %v, want %+v", again, err, made)
		}
		if got := lostBy(t, county); got.To < lost.To || got.Settled {
			t.Errorf("it says that it lost %+v, of which the province has the heads before %d", got, lost.To)
		}
		county.hearWord(client.Continuation{Checked: true})
		county.confirmedBy(province)
		works(t, tree, province, county)
		county.named(names)
		tree.Within(20*time.Minute, "nobody has an alarm", func() bool {
			return len(alarms(t, county))+len(alarms(t, city))+len(alarms(t, province)) == 0
		})
		if _, err := county.goesOnHere(nil, false); problem(err).Code != string(text.HostKeysCount) {
			t.Errorf("where the keys count: got %v, want %s", err, text.HostKeysCount)
		}
	})
}

// TestHostedFromBeforeItsKeys (C48): a node is put back from before a county that it hosts changed
// its keys. Nobody has those any more. The county goes on with others, and a person looks through
// it.
func TestHostedFromBeforeItsKeys(t *testing.T) {
	Run(t, "guizhou\n  guiyang listen\n    nanming hosted\n", func(t *testing.T, tree *Tree) {
		province, city, county := tree.Node("guizhou"), tree.Node("guiyang"), tree.Node("nanming")
		for _, n := range []*Node{province, county} {
			offer(t, n)
		}
		if _, err := ask(t, province, county); err != nil {
			t.Fatal(err)
		}
		old := city.backup()
		time.Sleep(2 * time.Hour)
		if _, err := county.Client("").NewKeys(t.Context(), client.NewKeys{Revoke: true}); err != nil {
			t.Fatal(err)
		}
		tree.Within(time.Hour, "the new keys are in use", func() bool {
			keys, err := county.Client("").Keys(t.Context())
			return err == nil && keys.KeySets[0].State == client.KeysInUse && keys.KeySets[0].Number > 1
		})
		addAgencies(t, county, "forestry")
		time.Sleep(15 * time.Minute)
		city.putBack(old)
		city.hearWord(client.Continuation{Checked: true})
		tree.Within(12*time.Minute, "the county can go on", func() bool {
			_, err := county.goesOnHere(nil, false)
			return err == nil
		})
		county.hearWord(client.Continuation{Checked: true})
		county.confirmedBy(province)
		for _, pair := range [][2]*Node{{province, county}, {county, province}} {
			tree.Within(20*time.Minute, pair[0].Name()+" asks "+pair[1].Name(), func() bool {
				_, err := ask(t, pair[0], pair[1])
				return err == nil
			})
		}
	})
}

// closedAs returns why a place that a node hosts is not open.
func closedAs(t *testing.T, of, place *Node) string {
	t.Helper()
	c := client.Dial("", client.Options{Language: "en", Transport: client.Transport(of.machine.dial)})
	defer c.Close()
	status, err := c.Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range status.Ended {
		if e.Name == place.Name() {
			return e.Why.Code
		}
	}
	return ""
}

// TestHostedGoesOnAfterKills (C48): the node is killed while a county that it hosts goes on with
// new keys: once they are made, and once they are endorsed and nobody has noted it. It is served
// without the county, and the same request goes on with the same keys, with its paper too.
func TestHostedGoesOnAfterKills(t *testing.T) {
	Run(t, "guizhou\n  guiyang listen\n    nanming hosted\n", func(t *testing.T, tree *Tree) {
		province, city, county := tree.Node("guizhou"), tree.Node("guiyang"), tree.Node("nanming")
		paper, err := node.NewPaper()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := county.Client("").NewKeys(t.Context(), client.NewKeys{RecoveryKey: hex.EncodeToString(paper.Public())}); err != nil {
			t.Fatal(err)
		}
		tree.Within(2*time.Hour, "the paper counts", func() bool {
			keys, err := county.Client("").Keys(t.Context())
			return err == nil && keys.KeySets[0].State == client.KeysInUse && keys.KeySets[0].Number > 1
		})
		old := revokedSince(t, tree, province, city, county)
		city.putBack(old)
		city.hearWord(client.Continuation{Checked: true})
		made, err := county.goesOnHere(nil, true)
		if err != nil {
			t.Fatal(err)
		}
		begun := filepath.Join(host.Folder(city.machine.dir, county.place.name), "anew")
		note, err := os.ReadFile(begun)
		if err != nil {
			t.Fatal(err)
		}
		for _, what := range []string{"once the keys are made", "once they are endorsed too"} {
			city.Kill()
			if err := os.WriteFile(begun, note, 0o600); err != nil {
				t.Fatal(err)
			}
			city.Start()
			tree.WaitLinked("guiyang")
			if got := closedAs(t, city, county); got != string(text.KeysUnendorsedHosted) {
				t.Errorf("%s: it is closed as %q, want %s", what, got, text.KeysUnendorsedHosted)
			}
			statement, err := node.SignRecovery(made.Pin, paper)
			if err != nil {
				t.Fatal(err)
			}
			tree.Within(10*time.Minute, what+", it goes on", func() bool {
				got, err := county.goesOnHere(statement, false)
				if err == nil && (got.Pin != made.Pin || !got.Recovered) {
					t.Errorf("%s: got %+v, want pin %s", what, got, made.Pin)
				}
				return err == nil
			})
		}
		county.hearWord(client.Continuation{Checked: true})
		county.confirmedBy(province) // the paper is younger than three days
		works(t, tree, province, county)
	})
}
