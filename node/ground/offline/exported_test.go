package offline

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"xietong/certs/identity"
	"xietong/certs/trust"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/node/ground/text"
)

// TestVerifyExportRefuses (L07) gives what does not verify, and compares the code and what is
// named.
func TestVerifyExportRefuses(t *testing.T) {
	g := newGrown(t, "nanming.guiyang.guizhou", 1, 300, 300, 0)
	dir := filepath.Join(t.TempDir(), "log")
	g.export(t, dir, 280)
	growth := func(since, size uint64) []byte {
		g.size = size
		data, err := shown{g, t}.Growth(t.Context(), since)
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	alone := written(t, "note", g.note(t, 280, 1))
	proof := written(t, "growth", growth(256, 280))
	forked := newGrown(t, "nanming.guiyang.guizhou", 1, 300, 3, 1)
	strange := newGrown(t, "yunyan.guiyang.guizhou", 1, 2, 2, 0)
	rules := g.policy(noWitness)
	before := *g // the same keys, of another epoch
	before.log, _ = identity.NewLog(g.log.Jurisdiction(), 9)
	both := Named{"policy.txt", append(bytes.TrimSuffix(rules.Data, []byte(noWitness)), strange.policy(noWitness).Data...)}
	for name, tc := range map[string]struct {
		path   string
		policy Named
		kept   []byte
		want   text.Code // "": it verifies
		file   string
	}{
		"the directory": {dir, rules, nil, "", ""}, "the note": {alone, rules, nil, "", ""}, "the growth": {proof, rules, nil, "", ""},
		"since an empty log": {dir, rules, g.note(t, 0, 1), "", ""}, "since itself": {dir, rules, g.note(t, 280, 1), "", ""},
		"since a growth": {dir, rules, growth(3, 100), "", ""}, "a growth since": {proof, rules, g.note(t, 256, 1), "", ""},
		"a note since itself": {alone, rules, g.note(t, 280, 1), "", ""}, "a note since nothing": {alone, rules, g.note(t, 0, 1), "", ""},
		"a growth since itself": {proof, rules, g.note(t, 280, 1), "", ""}, "a growth since nothing": {proof, rules, g.note(t, 0, 1), "", ""},
		"a note since another":             {alone, rules, g.note(t, 256, 1), text.ProofMissing, alone},
		"a growth since another":           {proof, rules, g.note(t, 255, 1), text.ProofMissing, proof},
		"a growth since a fork as long":    {proof, rules, forked.note(t, 280, 1), text.NotConsistent, proof},
		"a growth since a longer one":      {proof, rules, g.note(t, 300, 1), text.NotConsistent, proof},
		"a growth since a fork":            {proof, rules, forked.note(t, 256, 1), text.NotConsistent, proof},
		"since a fork":                     {dir, rules, forked.note(t, 256, 1), text.NotConsistent, filepath.Join(dir, checkpointFile)},
		"since a fork as long":             {dir, rules, forked.note(t, 280, 1), text.NotConsistent, filepath.Join(dir, checkpointFile)},
		"since a longer one":               {dir, rules, g.note(t, 300, 1), text.NotConsistent, filepath.Join(dir, checkpointFile)},
		"since another log":                {dir, both, strange.note(t, 2, 1), text.NotConsistent, filepath.Join(dir, checkpointFile)},
		"since what nobody signed":         {dir, rules, strange.note(t, 2, 1), text.PolicyNoKey, "kept"},
		"since nonsense":                   {dir, rules, []byte("x"), text.ExportFault, "kept"},
		"by the policy of an epoch before": {dir, before.policy(noWitness), nil, text.PolicyNoKey, filepath.Join(dir, checkpointFile)},
		"by another's policy":              {dir, strange.policy(noWitness), nil, text.PolicyNoKey, filepath.Join(dir, checkpointFile)},
		"by a bad policy":                  {dir, Named{"policy.txt", []byte("quorum x\n")}, nil, text.PolicyFault, "policy.txt"},
		"an empty directory":               {t.TempDir(), rules, nil, text.ExportFault, ""},
		"no checkpoint":                    {written(t, "x", []byte("hello")), rules, nil, text.ExportFault, ""},
		"a bad proof":                      {written(t, "x", growth(256, 280)[5:]), rules, nil, text.ExportFault, ""},
	} {
		var kept *Named
		if tc.kept != nil {
			kept = &Named{"kept", tc.kept}
		}
		_, err := VerifyExport(t.Context(), tc.path, tc.policy, kept, nil)
		f, _ := errors.AsType[*text.Failure](err)
		switch {
		case tc.want == "" && err == nil:
		case tc.want == "" || f == nil || f.Code != tc.want || tc.file != "" && f.Args["file"] != tc.file:
			t.Errorf("%s: got %v, want %q of %s", name, err, tc.want, tc.file)
		default:
			failsWith(t, err, tc.want)
		}
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := VerifyExport(ended, dir, rules, nil, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// TestExportData exports the ledger of a data directory that no node uses, and verifies it by a
// policy of the log key in its key set. A damaged leaf is named, and nothing verifies.
func TestExportData(t *testing.T) {
	data, file := filled(t)
	dir := filepath.Join(t.TempDir(), "log")
	r, err := ExportData(t.Context(), data, "", dir, nil)
	if err != nil || r.Size != 4 || r.Log != nanming+"/log/1" {
		t.Fatalf("got %+v, %v", r, err)
	}
	var rules string
	err = state.Look(file, func(r *state.Reader) error {
		sets := r.KeySets()
		pin, err := trust.PinOf(sets[0])
		if err != nil {
			return err
		}
		walked, err := trust.Walk(pin, sets)
		if err != nil {
			return err
		}
		rules = "log " + ledger.VerifierKey(r.Log(), walked[0].Replicas[0].LogKey) + "\nquorum none\n"
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	v, err := VerifyExport(t.Context(), dir, Named{"policy.txt", []byte(rules)}, nil, nil)
	if err != nil || v.Root != r.Root || v.Kinds["agency added"] != 3 {
		t.Errorf("got %+v, %v", v, err)
	}
	if again, err := ExportData(t.Context(), data, "", dir, nil); err != nil || again.Since != 4 || again.Files != 1 {
		t.Errorf("got %+v, %v", again, err)
	}
	whole, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	refused := 0
	for at := 0; ; at++ { // the name of an agency stands in its leaf, and in other values
		next := bytes.Index(whole[at:], []byte("education"))
		if next < 0 {
			break
		}
		at += next
		bad := bytes.Clone(whole)
		bad[at] ^= 1
		if err := os.WriteFile(file, bad, 0o600); err != nil {
			t.Fatal(err)
		}
		other := filepath.Join(t.TempDir(), "log")
		if r, err := ExportData(t.Context(), data, "", other, nil); err == nil && r.Root == v.Root {
			continue // it stands in no leaf
		} else if f, ok := errors.AsType[*text.Failure](err); !ok || f.Code != text.PartDamaged && f.Code != text.DataUnsound {
			t.Errorf("byte %d: got %v", at, err)
		}
		if _, err := VerifyExport(t.Context(), other, Named{"policy.txt", []byte(rules)}, nil, nil); err == nil {
			t.Errorf("byte %d: it verifies", at)
		}
		refused++
	}
	if refused == 0 {
		t.Error("no change was in a leaf")
	}
	if _, err := ExportData(t.Context(), t.TempDir(), "", dir, nil); err == nil {
		t.Error("a directory that is no node's was exported")
	}
}
