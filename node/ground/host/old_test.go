package host

import (
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"xietong/consensus/ledger"
	"xietong/consensus/state"
)

// old is a jurisdiction whose old entries lie in files of a block each, and were signed.
type old struct {
	*testing.T
	dir   string
	files []string // in their order
	*Host
}

func newOld(t *testing.T) *old {
	t.Helper()
	o := &old{T: t, dir: t.TempDir()}
	h := open(t, o.dir)
	o.Host = h
	for range 800 {
		add(t, h)
	}
	if _, _, err := h.Checkpoint(t.Context()); err != nil {
		t.Fatal(err)
	}
	o.again()
	for len(o.files) < 2 {
		o.files, _ = filepath.Glob(filepath.Join(o.dir, state.FilesFolder, "0*"))
		time.Sleep(time.Second)
	}
	return o
}

// tries opens it anew, after something was done to its folder.
func (o *old) tries(harm func()) (err error) {
	o.Helper()
	if err := o.Host.Close(); err != nil {
		o.Fatal(err)
	}
	harm()
	name := o.Host.Name()
	h, err := Open(o.Context(), o.dir, name, Options{Registry: flipping(), Logger: slog.New(slog.DiscardHandler), Now: time.Now, FileBlocks: 1})
	if err == nil {
		o.Host = h
		o.Cleanup(func() { _ = h.Close() })
	}
	return err
}

func (o *old) again() {
	o.Helper()
	if err := o.tries(func() {}); err != nil {
		o.Fatal(err)
	}
}

// TestOpensWithoutOldEntries has a file of old entries be missing, damaged, cut off and longer: the
// first, in which the first key set is, and all. The jurisdiction opens, says what is damaged, and
// records and signs on.
func TestOpensWithoutOldEntries(t *testing.T) { synctest.Test(t, opensWithoutOldEntries) }

func opensWithoutOldEntries(t *testing.T) {
	o := newOld(t)
	whole := map[string][]byte{}
	for _, path := range o.files {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		whole[path] = data
	}
	for what, harmed := range map[string]func(data []byte) []byte{
		"missing": nil,
		"flipped": func(data []byte) []byte { data[200+256*32] ^= 1; return data },
		"cut off": func(data []byte) []byte { return data[:len(data)/2] },
		"longer":  func(data []byte) []byte { return append(data, 0) },
		"empty":   func([]byte) []byte { return nil },
	} {
		for _, files := range [][]string{o.files[:1], o.files} {
			err := o.tries(func() {
				for path, data := range whole {
					if err := os.WriteFile(path, data, 0o600); err != nil {
						t.Fatal(err)
					}
				}
				for _, path := range files {
					err := os.Remove(path)
					if harmed != nil {
						err = os.WriteFile(path, harmed(append([]byte(nil), whole[path]...)), 0o600)
					}
					if err != nil {
						t.Fatal(err)
					}
				}
			})
			if err != nil {
				t.Fatalf("%s: it does not open: %v", what, err)
			}
			if damage := o.told(); damage == nil || damage.File != files[0] {
				t.Errorf("%s: it tells %v", what, damage)
			} else if what != "flipped" && !slices.Equal(damage.Files, files) {
				t.Errorf("%s: it names %v, want %v", what, damage.Files, files)
			}
			add(t, o.Host)
			if _, _, err := o.Checkpoint(t.Context()); err != nil {
				t.Errorf("%s: %v", what, err)
			}
			if err := o.RenewKeys(t.Context(), func(uint64) bool { return true }); err != nil {
				t.Errorf("%s: %v", what, err)
			}
			if _, err := o.Receipt(t.Context(), 700); err != nil {
				t.Errorf("%s: %v", what, err)
			}
		}
	}
}

// TestOpensWithDamagedTree has tiles of the tree be damaged while old entries lie in files: the one
// that names the files, and one that is full, which nothing reads at an opening. Each is derived
// anew, of one replica alone, too, as nothing that was recorded is damaged.
func TestOpensWithDamagedTree(t *testing.T) { synctest.Test(t, opensWithDamagedTree) }

func opensWithDamagedTree(t *testing.T) {
	o := newOld(t)
	for _, key := range [][]byte{append([]byte{1}, make([]byte, 8)...), append(make([]byte, 8), 2)} {
		var tile []byte
		if err := o.Look(func(r *state.Reader) (err error) {
			tile, err = r.Tile(ledger.TileID{Level: int(key[0]), N: uint64(key[8])})
			return err
		}); err != nil {
			t.Fatal(err)
		}
		if err := o.tries(func() { flip(t, o.dir, tile, 40) }); err != nil {
			t.Fatal(err)
		}
		if err := o.Look((*state.Reader).CheckTree); err != nil {
			t.Errorf("tile %x: %v", key, err)
		}
		for index := uint64(0); index < 800; index += 100 {
			if _, err := o.Receipt(t.Context(), index); err != nil {
				t.Errorf("tile %x: receipt %d: %v", key, index, err)
			}
		}
		if damage := o.told(); damage != nil {
			t.Errorf("tile %x: it tells %v", key, damage)
		}
	}
}

// TestTimesOfOldEntries has the file be damaged in which some entries are while the jurisdiction is
// open: their times cannot be told, and what stands beside is shown.
func TestTimesOfOldEntries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOld(t)
		if err := o.tries(func() {
			if err := os.Truncate(o.files[0], 5000); err != nil {
				t.Fatal(err)
			}
		}); err != nil {
			t.Fatal(err)
		}
		told := map[bool]int{}
		err := o.Look(func(r *state.Reader) error {
			for index := uint64(0); index < 800; index += 100 {
				_, err := TimeAt(r, index)
				told[err == nil]++
			}
			return nil
		})
		if err != nil || told[false] != 3 || told[true] != 5 {
			t.Errorf("times were told %v, %v", told, err)
		}
	})
}

// TestALookMovesNothing (R21-17): whoever looks into a folder before deciding to go on there moves
// no old entries, though there is something to move.
func TestALookMovesNothing(t *testing.T) { synctest.Test(t, aLookMovesNothing) }

func aLookMovesNothing(t *testing.T) {
	dir := t.TempDir()
	h := open(t, dir)
	for range 800 {
		add(t, h)
	}
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	files := func() int {
		all, _ := filepath.Glob(filepath.Join(dir, state.FilesFolder, "0*"))
		return len(all)
	}
	s, err := state.Open(filepath.Join(dir, stateFile), testRegistry(), state.Options{FileBlocks: 1, Room: func() (uint64, error) {
		return uint64(1-min(files(), 1)) << 40, nil // for one file
	}})
	if err != nil {
		t.Fatal(err)
	}
	time.Sleep(time.Minute)
	if err := s.Close(); err != nil || files() != 1 {
		t.Fatalf("%d files, %v", files(), err)
	}
	_, err = BeginAnew(dir, h.Name(), testRegistry(), func(*state.Reader, bool) (*Anew, error) {
		time.Sleep(time.Minute)
		return nil, nil
	})
	if err != nil || files() != 1 {
		t.Errorf("a look left %d files of 1, %v", files(), err)
	}
}
