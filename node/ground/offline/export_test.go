package offline

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/node/ground/text"
)

// logKey is the log key of a replica in a test.
type logKey struct{ ed25519.PrivateKey }

func (k logKey) LogPublic() ed25519.PublicKey  { return k.Public().(ed25519.PublicKey) }
func (k logKey) SignLog(message []byte) []byte { return ed25519.Sign(k.PrivateKey, message) }

// grown is a log of a test: its source shows the first size entries.
type grown struct {
	log    identity.Log
	keys   []logKey
	leaves [][]byte
	tiles  map[ledger.TileID][]byte
	size   uint64
	own    uint64             // entries of the node
	asked  int                // how often leaves were asked for
	fails  func(n int) error  // nil: never
	page   int                // leaves at once; 0: a bundle
	change func(leaf *[]byte) // what the source makes of a leaf; nil: nothing
}

func (g *grown) Tile(id ledger.TileID) ([]byte, error) { return g.tiles[id], nil }

// newGrown makes a log of so many entries. fork is in every entry from the given index on.
func newGrown(t testing.TB, name string, replicas int, entries, forked uint64, fork byte) *grown {
	t.Helper()
	j, err := identity.ParseJurisdiction(name)
	if err != nil {
		t.Fatal(err)
	}
	g := &grown{tiles: map[ledger.TileID][]byte{}, size: entries}
	if g.log, err = identity.NewLog(j, 1); err != nil {
		t.Fatal(err)
	}
	for i := range replicas {
		g.keys = append(g.keys, logKey{ed25519.NewKeyFromSeed(bytes.Repeat([]byte{byte(i), name[0]}, 16))})
	}
	agency, _ := identity.ParseLabel("civil-affairs")
	code, _ := identity.ParseLabel("villages")
	for i := range entries {
		c := ledger.Commitment{byte(i), byte(i >> 8)}
		if i >= forked {
			c[31] = fork
		}
		leaf, err := ledger.Leaf{Head: ledger.Head{Kind: ledger.KindRecord, Agency: agency, Code: code, Seq: i + 1, Time: 1795482000000 + i}, Evidence: ledger.PlainEvidence(c)}.Encode()
		if err != nil {
			t.Fatal(err)
		}
		g.leaves = append(g.leaves, leaf)
		grew, err := ledger.Append(i, []tlog.Hash{ledger.LeafHash(leaf)}, g)
		if err != nil {
			t.Fatal(err)
		}
		maps.Copy(g.tiles, grew.Tiles)
	}
	return g
}

// note returns the checkpoint of so many entries, with the lines of so many replicas.
func (g *grown) note(t testing.TB, size uint64, lines int) []byte {
	t.Helper()
	root, err := ledger.Root(size, g)
	if err != nil {
		t.Fatal(err)
	}
	var notes [][]byte
	for _, k := range g.keys[:lines] {
		signed, err := ledger.SignCheckpoint(ledger.Checkpoint{Log: g.log, Size: size, Root: root}, k)
		if err != nil {
			t.Fatal(err)
		}
		notes = append(notes, signed)
	}
	merged, err := ledger.MergeNotes(notes...)
	if err != nil {
		t.Fatal(err)
	}
	return merged
}

type shown struct {
	*grown
	t testing.TB
}

func (s shown) Growth(_ context.Context, since uint64) (out []byte, err error) {
	growth := ledger.Growth{Old: since, Note: s.note(s.t, s.size, len(s.keys))}
	if since > 0 {
		growth.Path, err = ledger.ProveConsistency(since, s.size, s.grown)
	}
	return growth.Encode(), err
}

func (s shown) Leaves(_ context.Context, from uint64) (out [][]byte, err error) {
	if s.asked++; s.fails != nil {
		err = s.fails(s.asked)
	}
	most := uint64(ledger.TileWidth)
	if s.page > 0 {
		most = uint64(s.page)
	}
	for _, leaf := range s.leaves[min(from, uint64(len(s.leaves))):min(from+most, uint64(len(s.leaves)))] {
		if leaf = bytes.Clone(leaf); s.change != nil {
			s.change(&leaf)
		}
		out = append(out, leaf)
	}
	return out, err
}

// witnessed is a source of which the first size entries are witnessed.
type witnessed struct {
	shown
	newest uint64
}

func (w witnessed) Newest(_ context.Context, since uint64) ([]byte, error) {
	if since > w.newest {
		since = 0
	}
	var path []tlog.Hash
	var err error
	if since > 0 {
		path, err = ledger.ProveConsistency(since, w.newest, w.grown)
	}
	return ledger.Growth{Old: since, Note: w.note(w.t, w.newest, len(w.keys)), Path: path}.Encode(), err
}

// TestWitnessedIsOlder (N21-16): a checkpoint that was witnessed some minutes ago has fewer entries
// than an export of now. That is told as what it is, and nobody is accused; where the ledger itself
// does not go on from the export, it is.
func TestWitnessedIsOlder(t *testing.T) {
	g, dir := newGrown(t, "nanming.guiyang.guizhou", 1, 600, 600, 0), t.TempDir()
	g.export(t, dir, 500)
	before := files(t, dir)
	late := newGrown(t, "nanming.guiyang.guizhou", 1, 600, 499, 1)
	for name, row := range map[string]struct {
		src    *grown
		newest uint64
		want   text.Code
	}{
		"older": {g, 600, text.WitnessedBehind}, "older, and nothing since": {g, 500, text.WitnessedBehind},
		"set back": {g, 499, text.ExportForked}, "forked since": {late, 600, text.ExportForked},
	} {
		row.src.size = 300
		_, err := Export(t.Context(), witnessed{shown{row.src, t}, row.newest}, dir, nil)
		args := failsWith(t, err, row.want)
		if args["number"] != "500" || args["count"] != "300" || !maps.Equal(before, files(t, dir)) {
			t.Errorf("%s: got %v, or the directory changed", name, args)
		}
	}
	g.size = 600
	if _, err := Export(t.Context(), witnessed{shown{g, t}, 600}, dir, nil); err != nil {
		t.Errorf("once it is witnessed: %v", err)
	}
}

// policy returns a policy of the log's keys with other lines.
func (g *grown) policy(lines string) Named {
	var b strings.Builder
	for _, k := range g.keys {
		fmt.Fprintf(&b, "log %s\n", ledger.VerifierKey(g.log, k.LogPublic()))
	}
	return Named{"policy.txt", []byte(b.String() + lines)}
}

const noWitness = "quorum none\n"

// export exports the first size entries.
func (g *grown) export(t *testing.T, dir string, size uint64) ExportReport {
	t.Helper()
	g.size = size
	r, err := Export(t.Context(), shown{g, t}, dir, nil)
	if err != nil {
		t.Fatalf("export %d entries: %v", size, err)
	}
	return r
}

// files returns the files below a folder with their content.
func files(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		name, _ := filepath.Rel(dir, path)
		all[filepath.ToSlash(name)] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// TestExportGrows exports a log again and again while it grows over the borders of tiles: what is
// there is always what one export at the end would give, beside partial files of checkpoints
// before, each verifies, and each goes on from every one before.
func TestExportGrows(t *testing.T) {
	g := newGrown(t, "nanming.guiyang.guizhou", 3, 800, 800, 0)
	g.page = 100
	dir := t.TempDir()
	var notes [][]byte
	var before uint64
	for _, size := range []uint64{0, 1, 2, 200, 255, 256, 257, 257, 511, 512, 700, 800} {
		r := g.export(t, dir, size)
		if r.Since != before || r.Size != size {
			t.Errorf("got %+v, want since %d", r, before)
		}
		got, once := files(t, dir), t.TempDir()
		g.export(t, once, size)
		for name, want := range files(t, once) {
			if got[name] != want {
				t.Errorf("%d entries: %s differs from that of one export", size, name)
			}
		}
		for name := range got {
			full, partial := strings.CutSuffix(filepath.ToSlash(filepath.Dir(name)), ".p")
			if _, there := got[full]; partial && there || strings.Contains(name, pendingName) {
				t.Errorf("%d entries: %s is still there", size, name)
			}
		}
		for _, note := range append(notes, nil) {
			var kept *Named
			if note != nil {
				kept = &Named{"kept", note}
			}
			v, err := VerifyExport(t.Context(), dir, g.policy(noWitness), kept, nil)
			if err != nil || v.Size != size || v.Signed != 3 || v.Keys != 3 || (kept != nil) != (v.Since != nil) {
				t.Fatalf("%d entries: got %+v, %v", size, v, err)
			}
		}
		notes, before = append(notes, g.note(t, size, 1)), size
	}
	if g.asked = 0; g.export(t, dir, 800).Files != 1 || g.asked != 1 { // the note; the leaves of the partial bundle
		t.Errorf("nothing is new, and leaves were asked for %d times", g.asked)
	}
}

// failsWith checks that an error is a failure of the code, and returns its values.
func failsWith(t *testing.T, err error, code text.Code) text.Args {
	t.Helper()
	f, ok := errors.AsType[*text.Failure](err)
	if !ok || f.Code != code {
		t.Fatalf("got %v, want %s", err, code)
	}
	if reason := f.Args["reason"]; reason != "" && !text.Known(reason) {
		t.Errorf("nobody has words for %q", reason)
	}
	return f.Args
}

// TestEveryExportedFileCounts changes every file of an export in several ways: verification fails
// each time.
func TestEveryExportedFileCounts(t *testing.T) {
	g := newGrown(t, "nanming.guiyang.guizhou", 1, 600, 600, 0)
	dir := t.TempDir()
	g.export(t, dir, 600)
	verify := func() error {
		_, err := VerifyExport(t.Context(), dir, g.policy(noWitness), nil, nil)
		return err
	}
	all := files(t, dir)
	if len(all) != 1+3+3+1 {
		t.Fatalf("got %v", slices.Sorted(maps.Keys(all)))
	}
	for name, content := range all {
		path := filepath.Join(dir, name)
		flip := func(i int) string { b := []byte(content); b[i] ^= 4; return string(b) }
		for what, bad := range map[string]string{
			"first byte": flip(0), "middle byte": flip(len(content) / 2), "last byte": flip(len(content) - 1), "cut": content[:len(content)-1], "longer": content + "\x00", "empty": "",
		} {
			if err := os.WriteFile(path, []byte(bad), 0o600); err != nil {
				t.Fatal(err)
			}
			want := text.ExportFault
			if f, ok := errors.AsType[*text.Failure](verify()); ok && name == checkpointFile && f.Code == text.PolicyNoKey { // another log, or another key
				want = text.PolicyNoKey
			}
			failsWith(t, verify(), want)
			_ = what
		}
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		if file := failsWith(t, verify(), text.ExportFault)["file"]; file != path && !strings.HasPrefix(path, file+".p") { // the full one was looked for, too
			t.Errorf("%s is missing, and %s is named", path, file)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := verify(); err != nil {
		t.Error(err)
	}
}

// TestExportIsInterrupted stops an export at every file, which is written, or is not, and at every
// question to the source: what is there verifies as what it was before, and the next export brings
// it to its end, whatever was left.
func TestExportIsInterrupted(t *testing.T) {
	g := newGrown(t, "nanming.guiyang.guizhou", 1, 800, 800, 0)
	errFails := errors.New("fails")
	for _, old := range []uint64{0, 300} {
		for _, kind := range []string{"not done", "done", "source"} {
			for at := 1; ; at++ {
				dir := t.TempDir()
				if old > 0 {
					g.export(t, dir, old)
				}
				n := 0
				e := &exporter{src: shown{g, t}, dir: dir, edge: map[ledger.TileID][]byte{}, touched: map[string]bool{}}
				e.keep = func(dir, name string, data []byte) error {
					if n++; n != at || kind == "source" {
						return keepFile(dir, name, data)
					}
					if kind == "done" {
						return errors.Join(keepFile(dir, name, data), errFails)
					}
					return errors.Join(os.WriteFile(filepath.Join(dir, pendingName+"1"), data[:len(data)/2], 0o600), errFails)
				}
				g.size, g.asked, g.fails = 800, 0, nil
				if kind == "source" {
					g.fails = func(asked int) error {
						if asked == at {
							return errFails
						}
						return nil
					}
				}
				_, err := e.run(t.Context())
				g.fails = nil
				if err == nil {
					if at < 4 {
						t.Fatalf("%s: no fault was met at %d", kind, at)
					}
					break
				}
				if !errors.Is(err, errFails) {
					t.Fatalf("%s at %d: got %v", kind, at, err)
				}
				v, err := VerifyExport(t.Context(), dir, g.policy(noWitness), nil, nil)
				written := kind == "done" && v.Size == 800 // the last file is the checkpoint
				if old > 0 && (err != nil || v.Size != old && !written) || old == 0 && !written && err == nil {
					t.Fatalf("%s at %d: it verifies as %+v, %v", kind, at, v, err)
				}
				g.export(t, dir, 800)
				if v, err := VerifyExport(t.Context(), dir, g.policy(noWitness), nil, nil); err != nil || v.Size != 800 {
					t.Fatalf("%s at %d: got %+v, %v", kind, at, v, err)
				}
				for name := range files(t, dir) {
					if strings.Contains(name, pendingName) {
						t.Errorf("%s at %d: %s is left", kind, at, name)
					}
				}
			}
		}
	}
}

// TestExportResumes: what an interrupted export has whole is not asked for again.
func TestExportResumes(t *testing.T) {
	g := newGrown(t, "nanming.guiyang.guizhou", 1, 800, 800, 0)
	dir := t.TempDir()
	g.fails = func(asked int) error {
		if asked == 3 {
			return errors.New("fails")
		}
		return nil
	}
	if _, err := Export(t.Context(), shown{g, t}, dir, nil); err == nil {
		t.Fatal("no fault was met")
	}
	g.asked, g.fails = 0, nil
	if g.export(t, dir, 800); g.asked != 2 {
		t.Errorf("leaves were asked for %d times, want 2: for the last full bundle and the partial one", g.asked)
	}
}

// TestExportRefuses (L07b) gives exports a directory or a source that is not theirs: each is
// refused, and what is there stays as it is.
func TestExportRefuses(t *testing.T) {
	g := newGrown(t, "nanming.guiyang.guizhou", 1, 600, 600, 0)
	dir := t.TempDir()
	g.export(t, dir, 500)
	before := files(t, dir)
	other := newGrown(t, "yunyan.guiyang.guizhou", 1, 600, 600, 0)
	early, late := newGrown(t, "nanming.guiyang.guizhou", 1, 600, 3, 1), newGrown(t, "nanming.guiyang.guizhou", 1, 600, 499, 1)
	short, same := newGrown(t, "nanming.guiyang.guizhou", 1, 600, 600, 0), newGrown(t, "nanming.guiyang.guizhou", 1, 500, 3, 1)
	short.size = 499
	for name, tc := range map[string]struct {
		src  *grown
		want text.Code
	}{
		"another log": {other, text.ExportOther}, "forked early": {early, text.ExportForked}, "forked late": {late, text.ExportForked},
		"shorter": {short, text.ExportForked}, "as long and forked": {same, text.ExportForked},
	} {
		_, err := Export(t.Context(), shown{tc.src, t}, dir, nil)
		failsWith(t, err, tc.want)
		if after := files(t, dir); !maps.Equal(before, after) {
			t.Errorf("%s: the directory changed", name)
		}
	}
	g.size, g.change = 600, func(leaf *[]byte) { (*leaf)[len(*leaf)-1] ^= 1 }
	_, err := Export(t.Context(), shown{g, t}, t.TempDir(), nil)
	failsWith(t, err, text.ExportFault)
	g.change, g.leaves = nil, g.leaves[:550]
	_, err = Export(t.Context(), shown{g, t}, t.TempDir(), nil)
	failsWith(t, err, text.ExportFault)
	for name, content := range map[string]string{"tile/entries/000.p/1": "x", "tile/0/000.p/1": strings.Repeat("x", 32)} {
		g, dir := newGrown(t, "nanming.guiyang.guizhou", 1, 1, 1, 0), t.TempDir()
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := Export(t.Context(), shown{g, t}, dir, nil)
		if args := failsWith(t, err, text.ExportDiffers); args["file"] != path {
			t.Errorf("got %v", args)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, checkpointFile), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = Export(t.Context(), shown{g, t}, dir, nil)
	failsWith(t, err, text.ExportFault)
}
