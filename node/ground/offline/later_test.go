package offline

import (
	"maps"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/node/ground/text"
)

// appends appends an entry of the node.
func (g *grown) appends(t testing.TB, h ledger.Head) {
	t.Helper()
	h.Seq, h.Time = g.own+1, 1795482900000
	g.own++
	leaf, err := ledger.Leaf{Head: h, Evidence: ledger.PlainEvidence(ledger.Commitment{1})}.Encode()
	if err != nil {
		t.Fatal(err)
	}
	grew, err := ledger.Append(uint64(len(g.leaves)), []tlog.Hash{ledger.LeafHash(leaf)}, g)
	if err != nil {
		t.Fatal(err)
	}
	g.leaves = append(g.leaves, leaf)
	maps.Copy(g.tiles, grew.Tiles)
	g.size = grew.Size
}

// begins has a log go on in the next epoch.
func (g *grown) begins(t testing.TB, from, to uint64) {
	t.Helper()
	log, err := identity.NewLog(g.log.Jurisdiction(), g.log.Epoch()+1)
	if err != nil {
		t.Fatal(err)
	}
	g.log = log
	g.appends(t, ledger.Head{Kind: ledger.KindEpoch, Epoch: log.Epoch(), From: from, To: to, Root: tlog.Hash{1}})
}

// TestVerifyExportOfALaterEpoch: whoever kept a checkpoint of an epoch before verifies by it that a
// later one goes on from there, under the same keys. What of that is lost must be named, and what
// was changed is found.
func TestVerifyExportOfALaterEpoch(t *testing.T) {
	first := newGrown(t, "nanming.guiyang.guizhou", 1, 300, 280, 9)
	made := func(forked uint64, lose func(*grown)) (dir string, rules Named) {
		g := newGrown(t, "nanming.guiyang.guizhou", 1, 280, forked, 1)
		before := g.policy("")
		lose(g)
		dir = filepath.Join(t.TempDir(), "log")
		g.export(t, dir, g.size)
		lines := string(before.Data)
		if g.log.Epoch() > 1 {
			lines += string(g.policy("").Data)
		}
		return dir, Named{"policy.txt", []byte(lines + noWitness)}
	}
	once := func(g *grown) { g.begins(t, 280, 300) }
	whole, rules := made(280, once)
	few, _ := made(280, func(g *grown) { g.begins(t, 280, 290) })
	more, _ := made(280, func(g *grown) {
		g.begins(t, 280, 290)
		g.appends(t, ledger.Head{Kind: ledger.KindEpoch, Epoch: 2, From: 280, To: 300, Root: tlog.Hash{2}})
	})
	twice, both := made(280, func(g *grown) { once(g); g.begins(t, 281, 400) })
	changed, _ := made(100, once)
	silent, _ := made(280, func(g *grown) { g.log, _ = identity.NewLog(g.log.Jurisdiction(), 2) })
	alone := filepath.Join(whole, checkpointFile)
	for name, tc := range map[string]struct {
		path   string
		policy Named
		kept   uint64
		want   text.Code // "": it verifies
	}{
		"all that was kept is there":       {whole, rules, 280, ""},
		"less was kept":                    {whole, rules, 100, ""},
		"nothing was kept":                 {whole, rules, 0, ""},
		"what was kept is lost in part":    {whole, rules, 300, text.KeptLost},
		"more is lost than is named":       {few, rules, 300, text.NotConsistent},
		"more is lost, and is named later": {more, rules, 300, text.KeptLost},
		"two epochs":                       {twice, both, 280, ""},
		"what was kept was changed":        {changed, rules, 200, text.NotConsistent},
		"what was kept before that":        {changed, rules, 90, ""},
		"no entry began the epoch":         {silent, rules, 280, text.NotConsistent},
		"a checkpoint alone":               {alone, rules, 280, text.NotConsistent},
	} {
		kept := &Named{"kept", first.note(t, tc.kept, 1)}
		r, err := VerifyExport(t.Context(), tc.path, tc.policy, kept, nil)
		if tc.want != "" {
			failsWith(t, err, tc.want)
		} else if err != nil || r.Since == nil || *r.Since != tc.kept || !strings.HasSuffix(r.SinceLog, "/log/1") {
			t.Errorf("%s: got %+v, %v", name, r, err)
		}
	}
}
