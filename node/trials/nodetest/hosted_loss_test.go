package nodetest

import (
	"errors"
	"slices"
	"testing"
	"time"

	"xietong/node/faces/client"
	"xietong/node/ground/text"
)

// hearWord gives a person's word on a ledger in question until it counts, and returns the refusals
// that came before.
func (n *Node) hearWord(word client.Continuation) (before []string) {
	t := n.tree.T
	t.Helper()
	word.Reason = "the disk is lost"
	n.tree.Within(12*time.Minute, n.Name()+" goes on", func() bool {
		_, err := n.Client("").ContinueLedger(t.Context(), word)
		p, refused := errors.AsType[*client.Problem](err)
		if refused && !slices.Contains(before, p.Code) {
			before = append(before, p.Code)
		}
		ended := refused && p.Code == string(text.LedgerNotInQuestion)
		return err == nil || ended || refused && (p.Code == string(text.LostHeaded) || p.Code == string(text.LostUnseenInside) || p.Code == string(text.LostUnseenHosted))
	})
	return before
}

// revokedSince has a county that runs on its city's node revoke the grant by which the province
// asks it, waits until the province knows that, and returns a backup of the node from before.
func revokedSince(t *testing.T, tree *Tree, province, city, county *Node) (old string) {
	t.Helper()
	offer(t, province)
	offer(t, county)
	if _, err := ask(t, province, county); err != nil {
		t.Fatal(err)
	}
	old = city.backup()
	_, index := grantOf(t, county)
	revoked, err := county.Client("civil-affairs").RevokeGrant(t.Context(), index, client.Revocation{Reason: "test"})
	if err != nil {
		t.Fatal(err)
	}
	addAgencies(t, county, "forestry")
	tree.Within(10*time.Minute, "the province knows it", func() bool {
		got, err := province.Client("").Entries(t.Context(), client.List{At: county.Name(), Kind: "grant revoked"})
		return err == nil && len(got.Entries) == 1 && got.Entries[0].Entry == revoked.Entry
	})
	return old
}

// TestHostedIsPutBack (C38): a county that runs on its city's node is put back with it, to a day
// before a revocation. The province, on another node, has the heads of both. The county is told how
// far those go, and once a person looked, it goes on: what was revoked stays so.
func TestHostedIsPutBack(t *testing.T) {
	Run(t, "guizhou\n  guiyang\n    nanming hosted\n", func(t *testing.T, tree *Tree) {
		province, city, county := tree.Node("guizhou"), tree.Node("guiyang"), tree.Node("nanming")
		old := revokedSince(t, tree, province, city, county)
		city.putBack(old)
		tree.Within(2*time.Minute, "the county is found to be old", func() bool {
			return slices.Contains(alarms(t, county), string(text.CopyBehind)) || slices.Contains(alarms(t, city), string(text.CopyBehind))
		})
		city.hearWord(client.Continuation{Checked: true})
		told := county.hearWord(client.Continuation{})
		if !slices.Contains(told, string(text.LostHeaded)) {
			t.Errorf("before somebody looked: %v", told)
		}
		county.hearWord(client.Continuation{Checked: true})
		tree.Within(5*time.Minute, "it answers again", func() bool {
			_, err := ask(t, province, county)
			p, refused := errors.AsType[*client.Problem](err)
			return err == nil || refused && p.Code == string(text.GrantRevoked)
		})
		_, err := ask(t, province, county)
		refusedAs(t, "what was revoked", err, text.GrantRevoked, "")
		tree.Within(20*time.Minute, "nobody has an alarm", func() bool {
			return len(alarms(t, county))+len(alarms(t, city))+len(alarms(t, province)) == 0
		})
	})
}

// TestHostedHeardLate (C38): the province is away while a county on its city's node is put back,
// and goes on by a person's word. Once the province is back, and before it is answered, what it
// keeps of the county puts that in question again, and what was revoked ends with the next word.
func TestHostedHeardLate(t *testing.T) {
	if testing.Short() {
		t.Skip("minutes of two nodes")
	}
	Run(t, "guizhou\n  guiyang\n    nanming hosted\n", func(t *testing.T, tree *Tree) {
		province, city, county := tree.Node("guizhou"), tree.Node("guiyang"), tree.Node("nanming")
		offer(t, province)
		offer(t, county)
		if _, err := ask(t, province, county); err != nil {
			t.Fatal(err)
		}
		old := city.backup()
		_, index := grantOf(t, county)
		if _, err := county.Client("civil-affairs").RevokeGrant(t.Context(), index, client.Revocation{Reason: "test"}); err != nil {
			t.Fatal(err)
		}
		addAgencies(t, county, "forestry")
		tree.Within(10*time.Minute, "the province knows it", func() bool {
			got, err := province.Client("").Entries(t.Context(), client.List{At: county.Name(), Kind: "grant revoked"})
			return err == nil && len(got.Entries) == 1
		})
		tree.Partition("guizhou", "guiyang")
		city.Stop()
		city.machine.dir = old
		city.Start()
		time.Sleep(11 * time.Minute)
		city.hearWord(client.Continuation{Checked: true})
		if told := county.hearWord(client.Continuation{}); !slices.Contains(told, string(text.LostUnseenHosted)) {
			t.Errorf("while nobody answers: %v", told)
		}
		county.hearWord(client.Continuation{Checked: true})
		tree.Heal("guizhou", "guiyang")
		tree.WaitLinked()
		for range 8 {
			if _, err := ask(t, province, county); err == nil {
				t.Fatal("what was revoked is answered")
			}
			time.Sleep(10 * time.Second)
		}
		city.hearWord(client.Continuation{Checked: true})
		tree.Within(10*time.Minute, "the county is in question again", func() bool { return slices.Contains(alarms(t, county), string(text.CopyBehind)) })
		county.hearWord(client.Continuation{Checked: true})
		tree.Within(10*time.Minute, "what was revoked stays so", func() bool {
			_, err := ask(t, province, county)
			p, refused := errors.AsType[*client.Problem](err)
			return refused && p.Code == string(text.GrantRevoked)
		})
	})
}

// TestHostedUnderTheRoot (C38): where all levels above a county run on its node, nobody outside
// keeps its heads, and whoever has it go on is told so.
func TestHostedUnderTheRoot(t *testing.T) {
	Run(t, "guizhou\n  guiyang hosted\n", func(t *testing.T, tree *Tree) {
		root, city := tree.Node("guizhou"), tree.Node("guiyang")
		root.putBack(root.backup())
		for n, want := range map[*Node]text.Code{root: text.LostUnseenRoot, city: text.LostUnseenInside} {
			_, err := n.Client("").ContinueLedger(t.Context(), client.Continuation{Reason: "the disk is lost"})
			refusedAs(t, n.Name(), err, want, "")
		}
	})
}
