package nodetest

import (
	"errors"
	"strings"
	"testing"
	"time"

	"xietong/node/faces/client"
	"xietong/node/ground/text"
)

const branches = `
	guizhou
	  guiyang
	    nanming
	    yunyan
	  qiandongnan
	    liping
`

// TestAnyToAny asks from everybody to everybody: each answer is recorded once at both ends, and
// nowhere between.
func TestAnyToAny(t *testing.T) {
	Run(t, branches, func(t *testing.T, tree *Tree) {
		for _, n := range tree.nodes {
			offer(t, n)
		}
		for _, from := range tree.nodes {
			for _, at := range tree.nodes {
				if from == at {
					continue
				}
				got, err := ask(t, from, at)
				if err != nil || len(got.Rows) != 1 || !strings.Contains(string(got.Rows[0]), at.Name()) {
					t.Errorf("%s asks %s: %s, %v", from.Name(), at.Name(), got.Rows, err)
				}
				if !strings.HasPrefix(got.Access, at.Name()+"/log/") || !strings.HasPrefix(got.Asked, from.Name()+"/log/") {
					t.Errorf("%s asks %s: recorded as %s and %s", from.Name(), at.Name(), got.Access, got.Asked)
				}
			}
		}
		others := len(tree.nodes) - 1
		for _, n := range tree.nodes {
			if access, asked := len(recorded(n, "access")), len(recorded(n, "asked")); access != others || asked != others {
				t.Errorf("%s: %d accesses and %d questions recorded, want %d each", n.Name(), access, asked, others)
			}
		}
	})
}

// wantRefusal checks the code of a refusal, the hop that gave it (nil: the asker), and the
// jurisdiction that it is about.
func wantRefusal(t *testing.T, what string, err error, code text.Code, by *Node, about string) {
	t.Helper()
	p, ok := errors.AsType[*client.Problem](err)
	called := ""
	if by != nil {
		called = by.place.called().DisplayName
	}
	if !ok || p.Code != string(code) || p.By != called || !strings.Contains(p.Detail, about) {
		t.Errorf("%s: got %v by %q, want %s by %q about %q", what, err, p.By, code, called, about)
	}
}

// TestDrill: a jurisdiction, neighbour or far, refuses a faulty request, says so, and records
// nothing.
func TestDrill(t *testing.T) {
	Run(t, branches, func(t *testing.T, tree *Tree) {
		from := tree.Node("nanming")
		for _, at := range []string{"guiyang", "liping"} {
			to := tree.Node(at)
			for _, fault := range []string{client.FaultAltered, client.FaultStranger} {
				got, err := from.Client("").Drill(t.Context(), client.NewDrill{At: to.Name(), Fault: fault})
				if err != nil || got.By != to.place.called().DisplayName || !strings.Contains(got.Says, from.place.called().DisplayName) {
					t.Errorf("%s to %s: got %+v, %v", fault, at, got, err)
				}
			}
			for _, kind := range []string{"application", "grant", "access"} {
				if got := recorded(to, kind); len(got) > 0 {
					t.Errorf("%s recorded %s of a drill: %q", at, kind, got)
				}
			}
		}
		_, err := from.Client("").Drill(t.Context(), client.NewDrill{At: from.Name(), Fault: client.FaultAltered})
		wantRefusal(t, "oneself", err, text.OwnJurisdiction, nil, from.place.called().DisplayName)
		tree.Node("liping").Stop()
		tree.Within(within, "the link is known to be down", func() bool {
			_, err = from.Client("").Drill(t.Context(), client.NewDrill{At: tree.Node("liping").Name(), Fault: client.FaultAltered})
			return err != nil
		})
		wantRefusal(t, "switched off", err, text.Unreachable, tree.Node("qiandongnan"), "")
	})
}

// TestHopOff switches off each jurisdiction on the way in turn: the hop before it says so.
func TestHopOff(t *testing.T) {
	Run(t, branches, func(t *testing.T, tree *Tree) {
		from, at := tree.Node("nanming"), tree.Node("liping")
		for _, n := range []*Node{from, at} {
			offer(t, n)
		}
		if _, err := ask(t, from, at); err != nil {
			t.Fatal(err)
		}
		for _, row := range []struct{ off, by string }{{"liping", "qiandongnan"}, {"qiandongnan", "guizhou"}, {"guizhou", "guiyang"}, {"guiyang", "nanming"}} {
			off := tree.Node(row.off)
			off.Stop()
			tree.Within(within, "the link is known to be down", func() bool {
				_, err := ask(t, from, at)
				p, ok := errors.AsType[*client.Problem](err)
				return ok && p.Code == string(text.Unreachable) && strings.Contains(p.Detail, off.place.called().DisplayName)
			})
			_, err := ask(t, from, at)
			var by *Node
			if row.by != "nanming" {
				by = tree.Node(row.by)
			}
			wantRefusal(t, row.off+" off", err, text.Unreachable, by, off.place.called().DisplayName)
			off.Start()
			tree.WaitLinked()
		}
		if _, err := ask(t, from, at); err != nil {
			t.Errorf("when all are back: %v", err)
		}
	})
}

// TestWithdrawnFar: when a jurisdiction is withdrawn by its parent, the whole tree believes it no
// more after a few seconds.
func TestWithdrawnFar(t *testing.T) {
	Run(t, branches, func(t *testing.T, tree *Tree) {
		from, at := tree.Node("liping"), tree.Node("nanming")
		for _, n := range []*Node{from, at} {
			offer(t, n)
		}
		for _, pair := range [][2]*Node{{from, at}, {at, from}} {
			if _, err := ask(t, pair[0], pair[1]); err != nil {
				t.Fatal(err)
			}
		}
		parent := tree.Node("guiyang")
		withdrawn(t, parent.Client(""), "nanming", "test")
		time.Sleep(5 * time.Second) // three hops, each after a second at most
		_, err := ask(t, from, at)
		wantRefusal(t, "asking who was withdrawn", err, text.PlaceWithdrawn, parent, "南明")
	})
}

// TestFarKeysRenewed: far jurisdictions believe each other through the months in which both renew
// their keys.
func TestFarKeysRenewed(t *testing.T) {
	Run(t, branches, func(t *testing.T, tree *Tree) {
		from, at := tree.Node("liping"), tree.Node("nanming")
		for _, n := range []*Node{from, at} {
			offer(t, n)
		}
		for month := range 8 {
			for _, pair := range [][2]*Node{{from, at}, {at, from}} {
				if _, err := ask(t, pair[0], pair[1]); err != nil {
					t.Errorf("month %d: %s asks %s: %v", month, pair[0].Name(), pair[1].Name(), err)
				}
			}
			for range 2 {
				tree.Skip(15 * 24 * time.Hour)
				time.Sleep(12 * time.Minute)
			}
			tree.WaitLinked()
		}
		if n := len(at.Entries("key set")); n < 2 {
			t.Errorf("%d key sets: none was renewed", n)
		}
	})
}
