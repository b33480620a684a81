package nodetest

import (
	"slices"
	"sync"
	"testing"
	"time"

	"xietong/node/faces/client"
	"xietong/node/ground/failure"
	"xietong/node/ground/text"
)

// TestARootFromBeforeItsKeys (S14o): a root is put back from a backup of before it revoked
// its keys, which a thief has. Its children, who know the newer ones, refuse it and show it what it
// lacks, at once or after a person had it go on while it was cut off. It says that its keys are
// old, answers nobody, and no word has it go on, also after restarts; the children say whose keys
// are old. Once the newest directory is in its place again, all deal with one another.
func TestARootFromBeforeItsKeys(t *testing.T) {
	for _, cut := range []bool{false, true} {
		Run(t, "guizhou listen\n  guiyang listen\n    nanming\n", func(t *testing.T, tree *Tree) {
			root, city := tree.Node("guizhou"), tree.Node("guiyang")
			offer(t, root)
			offer(t, city)
			old := root.backup()
			newKeys(t, tree, root, true)
			time.Sleep(20 * time.Minute)
			if !slices.Contains(alarms(t, root), string(text.RootUnsaved)) {
				t.Errorf("after its keys changed the root tells %v, want %s", alarms(t, root), text.RootUnsaved)
			}
			newest := root.machine.dir
			root.Kill()
			root.machine.dir = old
			tree.net.set(root.machine, city.machine, cut)
			root.Start()
			goOn := func() error {
				_, err := root.Client("").ContinueLedger(t.Context(), client.Continuation{Reason: "the disk failed", Checked: true})
				return err
			}
			want := text.KeysOutrunRoot
			if cut {
				time.Sleep(11 * time.Minute)
				if err := goOn(); err != nil {
					t.Fatal(err)
				}
				tree.net.set(root.machine, city.machine, false)
				want = text.KeysBesideRoot
			}
			isOld := func() bool {
				return slices.Contains(alarms(t, root), string(want)) && slices.Contains(alarms(t, city), string(text.ParentKeysOld))
			}
			tree.Within(10*time.Minute, "both say it", isOld)
			for _, n := range []*Node{root, city, root} {
				if seen, err := city.Client("").Tree(t.Context()); err != nil || seen.Parent.Linked || seen.Parent.Alarm != string(text.ParentKeysOld) {
					t.Errorf("the city's parent: got %+v, %v", seen.Parent, err)
				}
				if err := goOn(); codeOf(err) != text.LostKeysRoot {
					t.Errorf("a word once more: got %v, want %s", err, text.LostKeysRoot)
				}
				if _, err := ask(t, city, root); err == nil {
					t.Error("the city is answered by the old keys")
				}
				n.Restart()
				tree.Within(10*time.Minute, "both say it again", isOld)
			}
			root.Kill()
			root.machine.dir = newest
			root.Start()
			tree.Within(15*time.Minute, "all deal with one another", func() bool {
				_, up := ask(t, city, root)
				_, down := ask(t, root, city)
				return up == nil && down == nil
			})
			tree.Within(10*time.Minute, "nobody says it any more", func() bool {
				return !slices.Contains(alarms(t, root), string(text.RootUnsaved)) && !slices.Contains(alarms(t, root), string(want)) && !slices.Contains(alarms(t, city), string(text.ParentKeysOld))
			})
		})
	}
}

// TestAGroupOfTheRootFromBeforeItsKeys (S14o): all machines of a root are put back so, and a person
// says of each that it is the newest. Of the others the keys did not change, and a child is linked
// to one: each is shown what it lacks all the same. With the newest directories all goes on.
func TestAGroupOfTheRootFromBeforeItsKeys(t *testing.T) {
	Run(t, "guizhou listen\n  guiyang\n", func(t *testing.T, tree *Tree) {
		one, city := tree.Node("guizhou"), tree.Node("guiyang")
		all := []*Node{one, one.Further(), one.Further()}
		offer(t, one)
		offer(t, city)
		time.Sleep(2 * time.Minute) // the city hears where the others are
		var old, newest []string
		for _, n := range all {
			n.Stop()
		}
		for _, n := range all {
			newest = append(newest, n.machine.dir)
			n.moved()
			old = append(old, n.machine.dir)
		}
		in := func(dirs []string) {
			for i, n := range all {
				n.Kill()
				n.machine.dir = dirs[i]
			}
			for _, n := range all {
				n.Start()
			}
		}
		in(newest)
		tree.leaderOf(all...)
		newKeys(t, tree, one, true)
		time.Sleep(10 * time.Minute)
		in(old)
		var saying sync.WaitGroup
		for _, n := range all {
			saying.Go(func() {
				_, err := n.Client("").ContinueLedger(t.Context(), client.Continuation{Reason: "all were moved", Newest: true})
				if err != nil {
					t.Error(err)
				}
			})
		}
		saying.Wait()
		tree.Within(10*time.Minute, "each machine says it, and the city", func() bool {
			return slices.Contains(alarms(t, city), string(text.ParentKeysOld)) && !slices.ContainsFunc(all, func(n *Node) bool {
				return !slices.Contains(alarms(t, n), string(text.KeysOutrunRoot))
			})
		})
		if _, err := ask(t, city, one); err == nil {
			t.Error("the city is answered")
		}
		in(newest)
		tree.Within(15*time.Minute, "all deal with one another", func() bool {
			_, up := ask(t, city, one)
			_, down := ask(t, one, city)
			return up == nil && down == nil && !slices.Contains(alarms(t, city), string(text.ParentKeysOld))
		})
	})
}

// TestATreeBegunAnew: where the newest keys of a root are gone with every copy from after their
// change, docs/operating.md has the tree begin anew: with a root of the same name in an empty
// directory, which invites each child, and children that join in empty directories. In its old
// directory a child takes no other root.
func TestATreeBegunAnew(t *testing.T) {
	Run(t, "guizhou listen\n  guiyang listen\n    nanming\n", func(t *testing.T, tree *Tree) {
		root, city, county := tree.Node("guizhou"), tree.Node("guiyang"), tree.Node("nanming")
		for _, n := range []*Node{city, county} {
			n.Stop()
		}
		root.Stop()
		root.Lose()
		root.init()
		root.Start()
		if _, err := city.Join(city.Invite().Token); !failure.Is(err, text.OtherTree) {
			t.Errorf("in the old directory: got %v, want %s", err, text.OtherTree)
		}
		for _, n := range []*Node{city, county} {
			n.Lose()
			if _, err := n.Join(n.Invite().Token); err != nil {
				t.Fatalf("%s joins: %v", n.Name(), err)
			}
			n.Start()
		}
		tree.WaitLinked()
		for _, n := range []*Node{root, city, county} {
			offer(t, n)
		}
		if _, err := ask(t, root, county); err != nil {
			t.Errorf("the new root asks the county: %v", err)
		}
	})
}
