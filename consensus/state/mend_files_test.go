package state

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	bolt "go.etcd.io/bbolt"

	"xietong/consensus/ledger"
)

// decay changes a byte of a value in the file, and not its checksum.
func decay(t *testing.T, path, bucket string, key []byte) {
	t.Helper()
	db, err := bolt.Open(path, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	err = db.Update(func(tx *bolt.Tx) error {
		b := tx.Bucket([]byte(bucket))
		stored := append([]byte(nil), b.Get(key)...)
		stored[3] ^= 1
		return b.Put(key, stored)
	})
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
}

// TestMendTreeAboveFiles (D25) has the tile be damaged that says which files are the ledger's, by a
// disk and by a hand that puts the sum right: entries and files are whole, and the tree is derived
// from them, also where files of another history lie beside them. Where a file is missing, too, it
// is named.
func TestMendTreeAboveFiles(t *testing.T) {
	top := tileKey(ledger.TileID{Level: 1})
	for name, harm := range map[string]func(t *testing.T, path string){
		"decayed": func(t *testing.T, path string) { decay(t, path, bucketTile, top) },
		"edited": func(t *testing.T, path string) {
			edit(t, path, bucketTile, top, func(data []byte) []byte { data[3] ^= 1; return data })
		},
		"gone": func(t *testing.T, path string) { edit(t, path, bucketTile, top, func([]byte) []byte { return nil }) },
		"cut": func(t *testing.T, path string) {
			edit(t, path, bucketTile, top, func(data []byte) []byte { return data[:32] })
		},
	} {
		t.Run(name, func(t *testing.T) {
			x := newTwins(t, 1)
			x.grow(1300)
			x.moveAll()
			if err := x.Close(); err != nil {
				t.Fatal(err)
			}
			first := x.files()[0]
			whole := copyOf(t, first)
			putBack(t, whole, first[:len(first)-8]+"01234567") // of another history, as it were
			harm(t, x.path)
			x.opens(inFilesOf(1))
			if n, err := x.MendTree(t.Context()); err != nil || n != 1 {
				t.Errorf("mended %d, %v", n, err)
			}
			x.same()
			if err := x.View((*Reader).CheckTree); err != nil || x.Damaged() != nil {
				t.Errorf("it is told that %v, %v", err, x.Damaged())
			}
			if err := errors.Join(x.Close(), os.Remove(first)); err != nil {
				t.Fatal(err)
			}
			harm(t, x.path)
			x.opens(inFilesOf(1))
			_, err := x.MendTree(t.Context())
			if damage, ok := errors.AsType[*DamageError](err); !ok || name == "decayed" && filepath.Dir(damage.File) != filepath.Dir(first) {
				t.Errorf("with a file missing: %v", err)
			}
		})
	}
}

// TestMendTreeOfWholeFiles is TestMendTreeAboveFiles for files as they are outside of tests:
// the tile below says the name also where two histories have files.
func TestMendTreeOfWholeFiles(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.db")
	x := &filedTwins{marked: newMarkedWith(t, path, inFilesOf(0)), path: path}
	bodies := make([]string, 2048)
	for i := range bodies {
		bodies[i] = fmt.Sprintf("w %d v", i)
	}
	for index := range uint64(2 * 32) {
		x.write(index+1, bodies...)
	}
	x.moveAll()
	if err := x.Close(); err != nil {
		t.Fatal(err)
	}
	files := x.files()
	if len(files) != 1 {
		t.Fatalf("got %d files", len(files))
	}
	if err := os.Link(files[0], files[0][:len(files[0])-8]+"01234567"); err != nil { // of another history, as it were
		t.Fatal(err)
	}
	top := tileKey(ledger.TileID{Level: 2})
	for _, harm := range []func(data []byte) []byte{
		func(data []byte) []byte { data[3] ^= 1; return data },
		func([]byte) []byte { return nil },
	} {
		edit(t, path, bucketTile, top, harm)
		x.opens(inFilesOf(0))
		if n, err := x.MendTree(t.Context()); err != nil || n != 1 {
			t.Errorf("mended %d, %v", n, err)
		}
		if err := x.View((*Reader).CheckTree); err != nil || x.Damaged() != nil {
			t.Errorf("it is told that %v, %v", err, x.Damaged())
		}
		if err := x.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := Verify(t.Context(), path, nil); err != nil {
		t.Error(err)
	}
	if err := os.Remove(files[0]); err != nil {
		t.Fatal(err)
	}
	edit(t, path, bucketTile, top, func([]byte) []byte { return nil })
	x.opens(inFilesOf(0))
	_, err := x.MendTree(t.Context())
	if damage, ok := errors.AsType[*DamageError](err); !ok || damage.File != files[0] {
		t.Errorf("with a file missing: %v, want one that names %s", err, files[0])
	}
}

// TestCheckTree has a full tile of each level be damaged, which nothing reads at an opening.
func TestCheckTree(t *testing.T) {
	for _, files := range []bool{false, true} {
		x := newTwins(t, 1)
		x.grow(1300)
		if files {
			x.moveAll()
		}
		if err := x.View((*Reader).CheckTree); err != nil {
			t.Errorf("of a tree that is whole: %v", err)
		}
		if err := x.Close(); err != nil {
			t.Fatal(err)
		}
		decay(t, x.path, bucketTile, tileKey(ledger.TileID{N: 4}))
		x.opens(inFilesOf(1))
		root := func(r *Reader) error { _, err := r.RootAt(r.Size()); return err }
		if err := x.View(root); err != nil {
			t.Errorf("of what is signed over: %v", err)
		}
		if _, ok := errors.AsType[*DamageError](x.View((*Reader).CheckTree)); !ok {
			t.Error("nothing is told")
		}
		if n, err := x.MendTree(t.Context()); err != nil || n != 1 {
			t.Errorf("mended %d, %v", n, err)
		}
		x.same()
	}
}
