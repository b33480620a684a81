package nodetest

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"xietong/certs/trust"
	"xietong/exchange/link"
	"xietong/node/faces/client"
	"xietong/node/ground/text"
)

// saidOf returns the codes of what a node tells of its own keys: in keys status, in status and in
// tree, which must be the same.
func saidOf(t *testing.T, n *Node) []string {
	t.Helper()
	keys, err := n.Client("").Keys(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	status, err := n.Client("").Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	view, err := n.Client("").Tree(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	codes := func(c client.Check) (all []string) {
		for _, a := range c.Alarms {
			all = append(all, a.Code)
		}
		return all
	}
	here := codes(keys.Check)
	for _, j := range status.Jurisdictions {
		if got := codes(j.Check); j.Name == n.Name() && !slices.Equal(got, here) {
			t.Errorf("%s: status tells %q, keys status %q", n.Name(), got, here)
		}
	}
	if got := codes(view.Check); !slices.Equal(got, here) {
		t.Errorf("%s: tree tells %q, keys status %q", n.Name(), got, here)
	}
	return here
}

// isTold wants a node to tell what its parent says, and nowhere that it is endorsed.
func isTold(t *testing.T, tree *Tree, n *Node, code text.Code) client.Alarm {
	t.Helper()
	tree.Within(2*time.Minute, n.Name()+" is told "+string(code), func() bool {
		return slices.Equal(saidOf(t, n), []string{string(code)})
	})
	keys, err := n.Client("").Keys(t.Context())
	if err != nil || keys.Endorsement == nil || keys.Endorsement.Denied != string(code) {
		t.Fatalf("%s tells the endorsement %+v, %v", n.Name(), keys.Endorsement, err)
	}
	want := client.ParentDenies
	if code == text.KeysSuperseded || code == text.KeySetOld {
		want = client.ParentOthers
	}
	view, err := n.Client("").Tree(t.Context())
	if err != nil || view.Parent.State != want || view.Parent.Until != "" || view.Parent.Alarm != "" {
		t.Errorf("%s tells of its parent %+v, %v", n.Name(), view.Parent, err)
	}
	return keys.Check.Alarms[0]
}

// TestWithdrawnChildIsTold: a county whose endorsement was withdrawn is told so, and by whom,
// within seconds; and is back with its keys and its ledger after it was invited again.
func TestWithdrawnChildIsTold(t *testing.T) {
	Run(t, "guizhou\n  guiyang\n    nanming", func(t *testing.T, tree *Tree) {
		city, county := tree.Node("guiyang"), tree.Node("nanming")
		before := pinAt(t, county)
		withdrawn(t, city.Client(""), "南明区", "撤并")
		isTold(t, tree, county, text.EndorsementWithdrawn)
		returns(t, tree, county, before)
	})
}

// pinAt returns the pin of a node's newest key set.
func pinAt(t *testing.T, n *Node) string {
	t.Helper()
	status, err := n.Client("").Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return status.Jurisdictions[0].Pin
}

// returns has a node come back as its texts say: the parent invites it, and it joins in the same
// directory.
func returns(t *testing.T, tree *Tree, n *Node, pin string) {
	t.Helper()
	v := n.Invite()
	n.Stop()
	if _, err := n.Join(v.Token); err != nil {
		t.Fatal(err)
	}
	n.Start()
	tree.WaitLinked()
	if got := saidOf(t, n); len(got) != 0 {
		t.Errorf("back again, it tells %q", got)
	}
	if got := pinAt(t, n); got != pin {
		t.Errorf("back again, its keys are %s, want %s", got, pin)
	}
}

// TestChildOfALostParentIsTold: a city loses its machine and comes back. Its county is told that
// the city vouches for it no more, and comes back as it is told, with its keys and its ledger.
func TestChildOfALostParentIsTold(t *testing.T) {
	Run(t, "guizhou\n  guiyang\n    nanming", func(t *testing.T, tree *Tree) {
		city, county := tree.Node("guiyang"), tree.Node("nanming")
		before := pinAt(t, county)
		comesAnew(t, tree, city)
		isTold(t, tree, county, text.EndorsementUnknown)
		city.Stop()
		county.Restart() // and tells it on, though it can ask nobody
		isTold(t, tree, county, text.EndorsementUnknown)
		city.Start()
		returns(t, tree, county, before)
	})
}

// TestOldMachineIsTold: the machine of a county that was lost is found, and started after its
// successor joined. It tells that the parent endorses other keys, and since when; and the parent
// tells that the old keys are in use.
func TestOldMachineIsTold(t *testing.T) {
	Run(t, "guizhou\n  guiyang\n    nanming", func(t *testing.T, tree *Tree) {
		city, county := tree.Node("guiyang"), tree.Node("nanming")
		old := county.machine.dir
		county.Stop()
		county.Lose()
		v, err := city.Client("").Invite(t.Context(), client.NewInvitation{Name: "南明区", Rekey: true})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := county.Join(v.Token); err != nil {
			t.Fatal(err)
		}
		county.Start()
		tree.WaitLinked()
		fresh := pinAt(t, county)
		county.Stop()
		county.machine.dir = old
		county.Start()
		got := isTold(t, tree, county, text.KeysSuperseded)
		want, err := trust.ParsePin(fresh)
		if err != nil || got.Args["fingerprint"] != want.Fingerprint() || got.Args["since"] == "" || got.Args["jurisdiction"] != "贵阳市" {
			t.Errorf("it tells %+v, %v, want %s", got, err, want.Fingerprint())
		}
		view, err := city.Client("").Tree(t.Context())
		if err != nil || view.Children[0].Alarm != string(text.KeysSuperseded) {
			t.Errorf("the parent tells %+v, %v", view.Children, err)
		}
	})
}

// TestNobodyElseDenies: whoever answers at the address of a city, under its name and with keys that
// nobody endorsed, does not make its county tell that the city endorses it no more (S05x).
func TestNobodyElseDenies(t *testing.T) {
	Run(t, "guizhou\n  guiyang\n    nanming", func(t *testing.T, tree *Tree) {
		city, county := tree.Node("guiyang"), tree.Node("nanming")
		city.Stop()
		city.Lose()
		city.init()
		city.Start()
		time.Sleep(10 * time.Minute)
		if up, _ := county.Links(); up.Linked || up.Why != string(link.NotTrusted) || up.State != client.ChildJoined {
			t.Errorf("the county tells of its parent %+v", up)
		}
		keys, err := county.Client("").Keys(t.Context())
		if err != nil || len(saidOf(t, county)) != 0 || keys.Endorsement.Denied != "" {
			t.Errorf("got %+v, %v", keys, err)
		}
	})
}

// TestOldCopyIsTold: a county is started from a copy of its directory that is older than its last
// key set. It tells that its parent knows a later one, and not that its own is endorsed.
func TestOldCopyIsTold(t *testing.T) {
	Run(t, "guizhou\n  guiyang\n    nanming", func(t *testing.T, tree *Tree) {
		county := tree.Node("nanming")
		county.Stop()
		old := filepath.Join(t.TempDir(), "old")
		if err := os.CopyFS(old, os.DirFS(county.machine.dir)); err != nil {
			t.Fatal(err)
		}
		county.Start()
		tree.WaitLinked()
		if _, err := county.Client("").NewKeys(t.Context(), client.NewKeys{Revoke: true}); err != nil {
			t.Fatal(err)
		}
		tree.Within(10*time.Minute, "the new keys are in use", func() bool {
			k, err := county.Client("").Keys(t.Context())
			return err == nil && k.KeySets[0].State == client.KeysInUse
		})
		county.Stop()
		county.machine.dir = old
		county.Start()
		isTold(t, tree, county, text.KeySetOld)
		tree.Partition("nanming", "guiyang")
		county.Kill()
		county.Start() // nobody says it once more
		if got := alarms(t, county); !slices.Contains(got, string(text.KeysOutrun)) {
			t.Errorf("the old copy has the alarms %s", got)
		}
		for _, checked := range []bool{false, true} {
			_, err := county.Client("").ContinueLedger(t.Context(), client.Continuation{Reason: "the disk is lost", Checked: checked})
			refusedAs(t, "a word for the old copy", err, text.LostKeys, "")
		}
	})
}
