package nodetest

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"xietong/node/faces/client"
	"xietong/node/ground/text"
)

// putBack stops a node and has it start again from a copy that was made before.
func (n *Node) putBack(old string) {
	n.tree.T.Helper()
	n.Stop()
	n.machine.dir = old
	n.Start()
	n.tree.WaitLinked()
}

// backup stops a node, copies its data directory, and starts it again where it was. It returns the
// copy.
func (n *Node) backup() string {
	n.tree.T.Helper()
	n.Stop()
	newest := n.machine.dir
	n.moved()
	old := n.machine.dir
	n.machine.dir = newest
	n.Start()
	n.tree.WaitLinked()
	return old
}

// TestAnOldBackupGoesOn: a county, a city and the root are put back from backups that are older
// than what their neighbours saw. By a person's word each goes on in a new epoch, answers as before
// and is witnessed again; its parent and its children follow it by themselves.
func TestAnOldBackupGoesOn(t *testing.T) {
	Run(t, "guizhou\n  guiyang\n    nanming\n", func(t *testing.T, tree *Tree) {
		root, city, county := tree.Node("guizhou"), tree.Node("guiyang"), tree.Node("nanming")
		all := []*Node{root, city, county}
		for _, n := range all {
			offer(t, n)
		}
		for _, row := range []struct{ lost, asker *Node }{{county, root}, {city, county}, {root, county}} {
			n := row.lost
			old := n.backup()
			if _, err := n.Client("").AddAgency(t.Context(), client.NewAgency{Code: "forestry", Title: "林业局"}); err != nil {
				t.Fatal(err)
			}
			tree.Within(5*time.Minute, "what is lost was seen", func() bool { return n.seenWhole() })
			n.putBack(old)
			tree.Within(time.Minute, "the backup is found to be old", func() bool {
				return slices.Contains(alarms(t, n), string(text.CopyBehind))
			})
			addAgencies(t, n, "parks")
			was := n.Entries("agency added")
			told := was[len(was)-1].Entry
			word := client.Continuation{Reason: "the disk is lost"}
			if _, err := n.Client("").ContinueLedger(t.Context(), word); err != nil {
				refusedAs(t, "before somebody checked", err, text.LostUnknown, "")
				word.Checked = true
				if _, err := n.Client("").ContinueLedger(t.Context(), word); err != nil {
					t.Fatal(err)
				}
			}
			otherName(t, n, told)
			tree.Within(15*time.Minute, n.Name()+" answers again", func() bool {
				_, err := ask(t, row.asker, n)
				return err == nil
			})
			tree.Within(15*time.Minute, n.Name()+" is witnessed in its epoch", func() bool { return n.seenWhole() })
			for _, other := range all {
				tree.Within(15*time.Minute, other.Name()+" has no alarm", func() bool {
					return len(slices.DeleteFunc(alarms(t, other), func(code string) bool { return code == string(text.RootUnsaved) })) == 0
				})
			}
			for _, to := range all {
				if to != row.asker {
					if _, err := ask(t, row.asker, to); err != nil {
						t.Errorf("%s asks %s after %s went on: %v", row.asker.Name(), to.Name(), n.Name(), err)
					}
				}
			}
		}
	})
}

// otherName checks that an entry that was told while the ledger was in question is found by the
// name that it has in the new epoch, which the refusal of the one that was told says.
func otherName(t *testing.T, n *Node, told string) {
	t.Helper()
	_, err := n.Client("").ReceiptOf(t.Context(), told)
	p, ok := errors.AsType[*client.Problem](err)
	next := strings.Replace(told, "/log/1/", "/log/2/", 1)
	if !ok || p.Code != string(text.EntryRenamed) || !strings.Contains(p.Detail, next) {
		t.Errorf("%s, told while in question: %v, want %s", told, err, next)
	}
	if got, err := n.Client("").EntryOf(t.Context(), next); err != nil || got.KindName != "agency added" {
		t.Errorf("%s: %+v, %v", next, got, err)
	}
}

// seenWhole reports whether every neighbour of the node has witnessed the newest agency and the
// newest epoch.
func (n *Node) seenWhole() bool {
	var last uint64
	for _, kind := range []string{"agency added", "epoch begun"} {
		for _, e := range n.Entries(kind) {
			last = max(last, e.Index)
		}
	}
	tree, err := n.Client("").Tree(n.tree.T.Context())
	if err != nil {
		return false
	}
	all := tree.Children
	if tree.Parent != nil {
		all = append(all, *tree.Parent)
	}
	return !slices.ContainsFunc(all, func(of client.Neighbour) bool { return of.Linked && of.Cosigned <= last })
}

// TestWhatEndedEndsAgain (C07): a city revokes a grant, withdraws a dataset, ends an agency, and
// withdraws a child; then it is put back to a day before that, and goes on. Before it answers
// anybody, all of it has ended again; what was not touched stands, and no person had to look.
func TestWhatEndedEndsAgain(t *testing.T) {
	Run(t, "guizhou\n  guiyang\n    nanming\n    yunyan\n", func(t *testing.T, tree *Tree) {
		city, county := tree.Node("guiyang"), tree.Node("nanming")
		standsAll(t, city, county)
		old := city.backup()
		endEverything(t, city)
		tree.Within(10*time.Minute, "what is lost was seen", func() bool { return city.seenWhole() })
		risen := time.Now().Add(3 * time.Minute)
		tree.Within(4*time.Minute, "its heads have gone up", func() bool { return time.Now().After(risen) })
		city.putBack(old)
		tree.Within(time.Minute, "the backup is found to be old", func() bool {
			return slices.Contains(alarms(t, city), string(text.CopyBehind))
		})
		if got := standing(t, city); got != "live streets forestry joined" {
			t.Fatalf("put back, there is %s", got)
		}
		if _, err := city.Client("").ContinueLedger(t.Context(), client.Continuation{Reason: "the disk is lost"}); err != nil {
			t.Fatal(err)
		}
		if got := standing(t, city); got != "revoked - - withdrawn" {
			t.Errorf("there is %s", got)
		}
		province := tree.Node("guizhou")
		tree.Within(15*time.Minute, "the heads of the new epoch have gone up, from its begin", func() bool {
			got, err := province.Client("").Entries(t.Context(), client.List{At: "guiyang.guizhou", Limit: 200})
			if err != nil || got.Known == nil || !strings.HasSuffix(got.Known.Log, "/log/2") {
				return false
			}
			lost := 0
			for _, e := range got.Entries {
				if e.Lost {
					lost++
				}
			}
			return int(got.Known.Acts) == len(got.Entries)-lost && got.Known.Acts > 0 && lost > 0
		})
		tree.Within(15*time.Minute, "the county is told", func() bool {
			_, err := ask(t, county, city)
			p, ok := errors.AsType[*client.Problem](err)
			return ok && p.Code == string(text.GrantRevoked)
		})
	})
}

// TestSetBackAndRestarted (A18-3): a city is set back in its place, records more than was revoked
// while nobody reaches it, and is restarted before it is found. What ended in the lost entries ends
// again, though other entries stand in their places by now; those get names of the new epoch, and
// whoever kept the first ones finds no fork.
func TestSetBackAndRestarted(t *testing.T) {
	Run(t, "guizhou\n  guiyang\n    nanming\n    yunyan\n", func(t *testing.T, tree *Tree) {
		city, county, province := tree.Node("guiyang"), tree.Node("nanming"), tree.Node("guizhou")
		standsAll(t, city, county)
		tree.Within(10*time.Minute, "all is seen", func() bool { return city.seenWhole() })
		old := city.backup()
		tree.WaitLinked()
		endEverything(t, city)
		for i := range 9 {
			addAgencies(t, city, fmt.Sprintf("a%d", i))
		}
		tree.Within(10*time.Minute, "what is lost was seen", func() bool { return city.seenWhole() })
		tree.risen(province, city)
		city.Stop()
		setBack(t, old, city.machine.dir)
		others := []string{"guizhou", "nanming", "yunyan"}
		for _, o := range others {
			tree.Partition("guiyang", o)
		}
		city.Start()
		for i := range 9 {
			addAgencies(t, city, fmt.Sprintf("b%d", i))
		}
		city.Kill()
		city.Start()
		for _, o := range others {
			tree.Heal("guiyang", o)
		}
		tree.WaitLinked("guiyang")
		tree.Within(5*time.Minute, "the backup is found to be old", func() bool {
			got := alarms(t, city)
			return slices.Contains(got, string(text.CopyBehind)) || slices.Contains(got, string(text.CopyForked))
		})
		tree.Within(10*time.Minute, "it goes on", func() bool {
			_, err := city.Client("").ContinueLedger(t.Context(), client.Continuation{Reason: "the disk is lost"})
			if err != nil {
				t.Logf("continue: %v", err)
			}
			return err == nil
		})
		if got := standing(t, city); got != "revoked - - withdrawn" {
			t.Errorf("afterwards: %s", got)
		}
		tree.Within(15*time.Minute, "the new epoch is witnessed", func() bool { return city.seenWhole() })
		for _, n := range []*Node{city, province} {
			for _, code := range []text.Code{text.OwnForked, text.LedgerForked, text.EpochUnproven, text.CopyForked, text.CopyBehind} {
				if got := alarms(t, n); slices.Contains(got, string(code)) {
					t.Errorf("%s has the alarms %s", n.Name(), got)
				}
			}
		}
	})
}

// grantOf returns the only grant that another jurisdiction has of the node's villages.
func grantOf(t *testing.T, n *Node) (client.Grant, uint64) {
	t.Helper()
	listed, err := n.Client("civil-affairs").Grants(t.Context(), client.WantedGrants{})
	if err != nil || len(listed.Grants) != 1 {
		t.Fatalf("got %+v, %v, want one grant", listed.Grants, err)
	}
	g := listed.Grants[0]
	index, err := strconv.ParseUint(g.Grant[strings.LastIndexByte(g.Grant, '/')+1:], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return g, index
}

// standsAll makes what standing tells of.
func standsAll(t *testing.T, city, county *Node) {
	t.Helper()
	offer(t, city)
	offer(t, county)
	here := city.Client("civil-affairs")
	if _, err := here.AddAgency(t.Context(), client.NewAgency{Code: "forestry", Title: "林业局"}); err != nil {
		t.Fatal(err)
	}
	if _, err := here.PublishDataset(t.Context(), client.NewDataset{
		Code: "streets", Title: "街巷名录", Agency: "civil-affairs", Category: client.Unconditional, Purposes: []client.Purpose{{Code: "statistics", Title: "统计"}},
		Key: "code", NotSecret: true, Schema: json.RawMessage(`{"type":"object","required":["code"],"properties":{"code":{"type":"string"}}}`),
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := ask(t, county, city); err != nil {
		t.Fatal(err)
	}
}

// endEverything ends what standing tells of.
func endEverything(t *testing.T, n *Node) {
	t.Helper()
	_, index := grantOf(t, n)
	_, err := n.Client("civil-affairs").RevokeGrant(t.Context(), index, client.Revocation{Reason: "test"})
	if err != nil {
		t.Fatal(err)
	}
	w := client.Withdrawing{Reason: "test"}
	plan, err := n.Client("civil-affairs").PlanWithdrawal(t.Context(), "streets")
	if err == nil {
		w.Plan = plan.Hash
		_, err = n.Client("civil-affairs").WithdrawDataset(t.Context(), "streets", w)
	}
	if err != nil {
		t.Fatal(err)
	}
	end := client.EndOfAgency{Reason: "test"}
	if plan, err = n.Client("").PlanAgencyEnd(t.Context(), "forestry", end); err == nil {
		end.Plan = plan.Hash
		_, err = n.Client("").EndAgency(t.Context(), "forestry", end)
	}
	if err != nil {
		t.Fatal(err)
	}
	withdrawn(t, n.Client(""), "yunyan."+n.Name(), "test")
}

// standing tells of a grant, a dataset, an agency and a child, whether they stand.
func standing(t *testing.T, n *Node) string {
	t.Helper()
	g, _ := grantOf(t, n)
	datasets, err := n.Client("").Datasets(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	agencies, err := n.Client("").Agencies(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	tree, err := n.Client("").Tree(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	dataset, agency, child := "-", "-", "-"
	for _, d := range datasets {
		if d.Code == "streets" && d.Withdrawn == nil {
			dataset = d.Code
		}
	}
	for _, a := range agencies {
		if a.Code == "forestry" && a.Ended == nil {
			agency = a.Code
		}
	}
	for _, c := range tree.Children {
		if strings.HasPrefix(c.Name, "yunyan.") {
			child = c.State
		}
	}
	return fmt.Sprintf("%s %s %s %s", g.State, dataset, agency, child)
}

// TestAllReplicasMoved: the directories of all three replicas are copied to other places, and the
// originals are gone. None may vote until a person gave their word on most of them, also where the
// first words find nobody who leads; then they go on.
func TestAllReplicasMoved(t *testing.T) {
	Run(t, "guizhou", func(t *testing.T, tree *Tree) {
		first := tree.Node("guizhou")
		all := []*Node{first, first.Further(), first.Further()}
		offer(t, first)
		for _, n := range all {
			n.Stop()
			n.moved()
		}
		for _, n := range all {
			n.Start()
		}
		word := client.Continuation{Reason: "moved to another room", Newest: true}
		for range 3 {
			for _, n := range all {
				_, _ = n.Client("").ContinueLedger(t.Context(), word) // nobody leads at first
			}
		}
		tree.Within(2*time.Minute, "they go on", func() bool {
			return !slices.ContainsFunc(all, func(n *Node) bool { return slices.Contains(alarms(t, n), string(text.ReplicaInQuestion)) })
		})
		for i, n := range all {
			if _, err := n.Client("").AddAgency(t.Context(), client.NewAgency{Code: fmt.Sprint("forestry-", i+1), Title: "林业局"}); err != nil {
				t.Errorf("replica %d: %v", i+1, err)
			}
		}
	})
}

// TestTheLastMinute (W17): a county revokes a grant and is told so; two seconds later its machine
// is lost. A backup from before that, in which all is that its city kept a minute ago, is put back:
// the city was shown the revocation, so the backup is found to be old, and answers nobody until a
// person's word. The city has its head by then: it is made again.
func TestTheLastMinute(t *testing.T) {
	Run(t, pair, func(t *testing.T, tree *Tree) {
		city, county := tree.Node("guiyang"), tree.Node("nanming")
		offer(t, city)
		offer(t, county)
		if _, err := ask(t, city, county); err != nil {
			t.Fatal(err)
		}
		addAgencies(t, county, "forestry") // which is kept: the next within the minute is not
		time.Sleep(2 * time.Second)
		old := county.backup()
		_, index := grantOf(t, county)
		if _, err := county.Client("civil-affairs").RevokeGrant(t.Context(), index, client.Revocation{Reason: "test"}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Second)
		county.Kill()
		county.putBack(old)
		tree.Within(time.Minute, "the backup is found to be old", func() bool {
			return slices.Contains(alarms(t, county), string(text.CopyBehind))
		})
		for range 15 {
			_, err := ask(t, city, county)
			refusedAs(t, "before a person's word", err, text.BeingVerified, "")
			time.Sleep(time.Minute)
		}
		if _, err := county.Client("").ContinueLedger(t.Context(), client.Continuation{Reason: "the disk is lost"}); err != nil {
			t.Fatal(err)
		}
		tree.Within(5*time.Minute, "it answers nobody by the grant", func() bool {
			_, err := ask(t, city, county)
			return codeOf(err) == text.GrantRevoked
		})
	})
}
