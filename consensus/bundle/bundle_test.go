package bundle

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"xietong/consensus/ledger"
)

// made returns which file holds some entries, and its blocks.
func made(number uint64, blocks int, what string) (ID, func(int) (Block, error)) {
	id := ID{Number: number, Blocks: blocks}
	all, roots := make([]Block, blocks), []byte(nil)
	for n := range all {
		for i := range BlockLen {
			leaf := fmt.Appendf(nil, "%s %d", what, id.First()+uint64(n*BlockLen+i))
			hash := ledger.LeafHash(leaf)
			all[n].Leaves, all[n].Tile = append(all[n].Leaves, leaf), append(all[n].Tile, hash[:]...)
		}
		root := ledger.Subroot(all[n].Tile)
		roots = append(roots, root[:]...)
	}
	id.Root = ledger.Subroot(roots)
	return id, func(n int) (Block, error) { return all[n], nil }
}

// inMemory is a file in memory.
type inMemory struct{ data []byte }

func (m *inMemory) WriteAt(p []byte, at int64) (int, error) {
	if short := int(at) + len(p) - len(m.data); short > 0 {
		m.data = append(m.data, make([]byte, short)...)
	}
	return copy(m.data[at:], p), nil
}

func written(t testing.TB, id ID, blocks func(int) (Block, error)) []byte {
	t.Helper()
	var m inMemory
	if err := Write(&m, id, blocks); err != nil {
		t.Fatal(err)
	}
	return m.data
}

func opens(data []byte, id ID) (*File, error) {
	return Open(bytes.NewReader(data), int64(len(data)), id)
}

// TestRoundTrip reads back what was written, and compares the example of the package comment with
// the real file.
func TestRoundTrip(t *testing.T) {
	id, blocks := made(12, MaxBlocks, "entry")
	data := written(t, id, blocks)
	f, err := opens(data, id)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Check(); err != nil || f.Size() != int64(len(data)) {
		t.Errorf("got %v, %d bytes of %d", err, f.Size(), len(data))
	}
	for _, n := range []int{0, 1, 255} {
		want, _ := blocks(n)
		tile, err := f.Tile(n)
		leaves, leavesErr := f.Leaves(n)
		if err != nil || leavesErr != nil {
			t.Fatal(err, leavesErr)
		}
		if !bytes.Equal(tile, want.Tile) {
			t.Errorf("block %d: the tile is another", n)
		}
		for i := range BlockLen {
			if !bytes.Equal(leaves.Leaf(i), want.Leaves[i]) {
				t.Fatalf("block %d: leaf %d is %q, want %q", n, i, leaves.Leaf(i), want.Leaves[i])
			}
		}
	}
	source, err := os.ReadFile("bundle.go")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(source), "//\t"+id.Name()+"\n") {
		t.Errorf("the package comment has another example than %s", id.Name())
	}
}

// TestEveryFlipIsTold changes each byte of a file, and cuts the file off at each. No part that can
// be read is another than it was.
func TestEveryFlipIsTold(t *testing.T) {
	id, blocks := made(3, 2, "e")
	whole := written(t, id, blocks)
	for at := range whole {
		changed := bytes.Clone(whole)
		changed[at] ^= 1 << (at % 8)
		f, err := opens(changed, id)
		if err == nil {
			err = f.Check()
		}
		if !errors.Is(err, ErrNotAsWritten) {
			t.Fatalf("byte %d changed: got %v", at, err)
		}
		if f != nil {
			unchanged(t, f, blocks, at)
		}
		if at%97 == 0 {
			if _, err := opens(whole[:at], id); !errors.Is(err, ErrNotAsWritten) {
				t.Fatalf("cut off at %d: got %v", at, err)
			}
		}
	}
	if _, err := opens(append(bytes.Clone(whole), 0), id); !errors.Is(err, ErrNotAsWritten) {
		t.Errorf("a byte more: got %v", err)
	}
}

// unchanged checks that what can be read of a file is what was written.
func unchanged(t *testing.T, f *File, blocks func(int) (Block, error), at int) {
	t.Helper()
	for n := range f.rows {
		want, _ := blocks(n)
		if tile, err := f.Tile(n); err == nil && !bytes.Equal(tile, want.Tile) {
			t.Fatalf("byte %d changed: tile %d is shown as another", at, n)
		}
		leaves, err := f.Leaves(n)
		for i := 0; err == nil && i < BlockLen; i++ {
			if !bytes.Equal(leaves.Leaf(i), want.Leaves[i]) {
				t.Fatalf("byte %d changed: leaf %d of block %d is shown as another", at, i, n)
			}
		}
	}
}

// TestAnotherFile takes no file, and no block, for another: not of another number, root or number
// of blocks, and no block in the place of another, though the sums of its bytes are right.
func TestAnotherFile(t *testing.T) {
	id, blocks := made(3, 2, "e")
	whole := written(t, id, blocks)
	other, _ := made(3, 2, "f")
	next, _ := made(4, 2, "e")
	for _, want := range []ID{other, next, {Number: 3, Blocks: 4, Root: id.Root}, {Number: 3, Blocks: 1, Root: id.Root}} {
		if _, err := opens(whole, want); !errors.Is(err, ErrNotAsWritten) {
			t.Errorf("%v: got %v", want, err)
		}
	}
	f, err := opens(whole, id)
	if err != nil {
		t.Fatal(err)
	}
	f.rows[0].at, f.rows[0].tile, f.rows[0].sum = f.rows[1].at, f.rows[1].tile, f.rows[1].sum
	if _, err := f.Tile(0); !errors.Is(err, ErrNotAsWritten) {
		t.Errorf("the second tile in the place of the first: got %v", err)
	}
	lying := written(t, id, func(n int) (Block, error) { return blocks(1 - n) }) // its sums are right
	if f, err = opens(lying, id); err == nil {
		err = f.Check()
	}
	if !errors.Is(err, ErrNotAsWritten) {
		t.Errorf("blocks that do not give the root: got %v", err)
	}
	second, _ := blocks(1)
	lying = written(t, id, func(n int) (Block, error) {
		b, err := blocks(n)
		return Block{Tile: b.Tile, Leaves: second.Leaves}, err
	})
	if f, err = opens(lying, id); err == nil {
		err = f.Check()
	}
	if bad, ok := errors.AsType[*LeafError](err); !ok || bad.Index != 3*512 {
		t.Errorf("leaves that are not those of the tile: got %v", err)
	}
}

// FuzzOpen reads any bytes as a file of one block: it is refused, or its parts are within it.
func FuzzOpen(f *testing.F) {
	id, blocks := made(0, 1, "e")
	f.Add(written(f, id, blocks))
	f.Fuzz(func(t *testing.T, data []byte) {
		if file, err := opens(data, id); err == nil {
			_, _ = file.Tile(0)
			if leaves, err := file.Leaves(0); err == nil {
				for i := range BlockLen {
					_ = leaves.Leaf(i)
				}
			}
			if file.Check() == nil && !bytes.Equal(data, written(t, id, blocks)) {
				t.Error("another file gives the same root")
			}
		}
	})
}

// TestFolder writes files and reads them from several goroutines, more than stay open.
func TestFolder(t *testing.T) {
	dir := At(filepath.Join(t.TempDir(), "files"))
	ids := make([]ID, 2*mostOpen)
	for n := range ids {
		id, blocks := made(uint64(n), 1, "e")
		if err := dir.Put(id, blocks); err != nil {
			t.Fatal(err)
		}
		ids[n] = id
	}
	var all sync.WaitGroup
	for g := range 4 {
		all.Go(func() {
			for n := range 200 {
				id := ids[(n*7+g)%len(ids)]
				err := dir.With(id, func(f *File) error {
					l, err := f.Leaves(0)
					if err == nil && string(l.Leaf(5)) != fmt.Sprint("e ", id.First()+5) {
						err = fmt.Errorf("file %d: leaf 5 is %q", id.Number, l.Leaf(5))
					}
					return err
				})
				if err != nil {
					t.Error(err)
				}
				if n%50 == 0 {
					dir.Forget()
				}
			}
		})
	}
	all.Wait()
	if len(dir.open) > mostOpen {
		t.Errorf("%d files are open", len(dir.open))
	}
	missing, _ := made(99, 1, "e")
	if err := dir.With(missing, nil); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file that is missing: got %v", err)
	}
	one, _ := made(0, 1, "e")
	names, err := dir.Names()
	if err != nil || dir.Bytes(names) <= dir.Bytes(map[string]bool{one.Name(): true}) || dir.Bytes(map[string]bool{missing.Name(): true}) > 0 {
		t.Errorf("of %d files there are %d bytes, %v", len(names), dir.Bytes(names), err)
	}
	dir.Forget()
}

// TestPutAgain replaces a file that is damaged, leaves one that is whole, and writes none whose
// blocks are not those of its root.
func TestPutAgain(t *testing.T) {
	dir := At(filepath.Join(t.TempDir(), "files"))
	id, blocks := made(0, 2, "e")
	if err := dir.Put(id, blocks); err != nil {
		t.Fatal(err)
	}
	if err := dir.Put(id, func(int) (Block, error) { return Block{}, errors.New("asked again") }); err != nil {
		t.Errorf("a file that is there: got %v", err)
	}
	data, err := os.ReadFile(dir.Path(id))
	if err != nil {
		t.Fatal(err)
	}
	data[len(data)-1] ^= 1
	if err := os.WriteFile(dir.Path(id), data, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := dir.Put(id, blocks); err != nil {
		t.Fatal(err)
	}
	if err := dir.With(id, (*File).Check); err != nil {
		t.Errorf("a file that was damaged: got %v", err)
	}
	dir.Forget()
	other, _ := made(1, 2, "e")
	if err := dir.Put(other, blocks); !errors.Is(err, ErrNotAsWritten) {
		t.Errorf("blocks of another root: got %v", err)
	}
	if names, _ := filepath.Glob(filepath.Join(dir.path, "*")); len(names) != 1 {
		t.Errorf("the folder has %v", names)
	}
}

// TestPutFaults ends a writing before and after each of its steps. Under its name there is a whole
// file or none, and the next writing makes it.
func TestPutFaults(t *testing.T) {
	broken := errors.New("broken")
	for _, done := range []bool{false, true} {
		for _, at := range []string{"write", "flush", "rename", "list"} {
			dir := At(filepath.Join(t.TempDir(), "files"))
			dir.Step = func(name string, do func() error) error {
				if name != at {
					return do()
				}
				if done {
					return errors.Join(do(), broken)
				}
				return broken
			}
			id, blocks := made(0, 1, "e")
			if err := dir.Put(id, blocks); !errors.Is(err, broken) {
				t.Errorf("%s: got %v", at, err)
			}
			if err := dir.With(id, (*File).Check); err != nil && !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("%s, done %v: there is %v", at, done, err)
			}
			dir.Forget()
			dir.Step = nil
			if err := errors.Join(dir.Sweep(), dir.Put(id, blocks), dir.With(id, (*File).Check)); err != nil {
				t.Errorf("%s, done %v: again %v", at, done, err)
			}
			dir.Forget()
			if names, _ := filepath.Glob(filepath.Join(dir.path, "*")); len(names) != 1 {
				t.Errorf("%s, done %v: the folder has %v", at, done, names)
			}
		}
	}
}
