package state

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"
	"golang.org/x/mod/sumdb/tlog"

	"xietong/consensus/bundle"
	"xietong/consensus/ledger"
)

// inFilesOf are options of a store that moves its entries into files of so many blocks when a test
// says so.
func inFilesOf(blocks int) Options { return Options{FileBlocks: blocks, Unmoving: true} }

// moveAll moves what can be moved.
func (x *marked) moveAll() {
	x.Helper()
	if err := x.tryMove(); err != nil {
		x.Fatal(err)
	}
}

func (x *marked) tryMove() error {
	x.Flush()
	for {
		if more, err := x.move(func(time.Duration) error { return nil }); err != nil || !more {
			return err
		}
	}
}

// filed is a store whose old entries are in files, and its twin, whose entries are not.
type filedTwins struct {
	*marked
	twin  *marked
	index uint64
	path  string
}

func newTwins(t *testing.T, blocks int) *filedTwins {
	path := filepath.Join(t.TempDir(), "state.db")
	return &filedTwins{
		marked: newMarkedWith(t, path, inFilesOf(blocks)), twin: newMarked(t, filepath.Join(t.TempDir(), "state.db")), index: 1, path: path,
	}
}

// grow writes the same entries into both.
func (x *filedTwins) grow(entries int) {
	x.Helper()
	for range entries / 10 {
		var bodies []string
		for i := range 10 {
			bodies = append(bodies, fmt.Sprintf("w %d %s", i, strings.Repeat("v", int(x.index)%50+1)))
		}
		x.write(x.index, bodies...)
		x.twin.write(x.index, bodies...)
		x.index++
	}
}

// same checks that both show the same, that every entry is proven, and that a scrub finds nothing.
func (x *filedTwins) same() {
	x.Helper()
	sameContent(x.T, content(x.T, x.Store), content(x.T, x.twin.Store))
	if found := scrubbed(x.T, x.Store, 4<<10); len(found) > 0 {
		x.Errorf("a scrub found %v", found)
	}
	if err := x.View(proveAll); err != nil {
		x.Error(err)
	}
}

// proveAll proves every entry of a view.
func proveAll(r *Reader) error {
	root, err := r.RootAt(r.Size())
	if err != nil {
		return err
	}
	for index := range r.Size() {
		leaf, err := r.ProvenLeaf(index)
		if err != nil {
			return err
		}
		proof, err := ledger.ProveInclusion(index, r.Size(), r)
		if err == nil {
			err = tlog.CheckRecord(proof, int64(r.Size()), root, int64(index), ledger.LeafHash(leaf))
		}
		if err != nil {
			return fmt.Errorf("entry %d: %w", index, err)
		}
	}
	return nil
}

// reopen closes the store and opens it anew.
func (x *filedTwins) reopen(o Options) {
	x.Helper()
	if err := x.Close(); err != nil {
		x.Fatal(err)
	}
	x.opens(o)
}

func (x *filedTwins) opens(o Options) {
	x.Helper()
	s, err := Open(x.path, poisonRegistry(), o)
	if err != nil {
		x.Fatal(err)
	}
	x.Cleanup(func() { _ = s.Close() })
	x.marked = &marked{x.T, s}
}

func (x *filedTwins) files() []string {
	all, err := filepath.Glob(filepath.Join(filepath.Dir(x.path), FilesFolder, "*"))
	if err != nil {
		x.Fatal(err)
	}
	return all
}

// firstIn returns the first entry and the first tile of level 0 in the state file.
func (x *filedTwins) firstIn() (block uint64) {
	x.Helper()
	if err := x.db.View(func(tx *bolt.Tx) error { block = firstBlock(tx); return nil }); err != nil {
		x.Fatal(err)
	}
	return block
}

// TestOldEntriesAreInFiles moves entries as they come, with restarts between. What is shown is what
// a store shows that moved none; the state file has the newest files' worth, and `ledger verify`
// reads both.
func TestOldEntriesAreInFiles(t *testing.T) {
	for _, blocks := range []int{1, 2} {
		x := newTwins(t, blocks)
		for range 4 {
			x.grow(490)
			x.moveAll()
			x.same()
			o := inFilesOf(blocks)
			if x.meta.filed.Files > 0 {
				o.FileBlocks = 8 // which is asked for no more
			}
			x.reopen(o)
		}
		size, width := x.meta.Size, uint64(blocks*256)
		want := size/width - 1
		if x.meta.filed != (filed{Files: want, Blocks: uint64(blocks)}) || len(x.files()) != int(want) {
			t.Errorf("of %d entries %+v are in files, and there are %d", size, x.meta.filed, len(x.files()))
		}
		if got := x.firstIn(); got != want*uint64(blocks) {
			t.Errorf("the state file begins with block %d, want %d", got, want*uint64(blocks))
		}
		if err := x.Close(); err != nil {
			t.Fatal(err)
		}
		got, err := Verify(t.Context(), x.path, nil, func(r *Reader) {
			if err := proveAll(r); err != nil {
				t.Error(err)
			}
		})
		if err != nil || got.Entries != size || len(got.Sealed) != firstSealed {
			t.Errorf("verify: got %d entries, %d sealed, %v", got.Entries, len(got.Sealed), err)
		}
		if err := Look(x.path, proveAll); err != nil {
			t.Error(err)
		}
	}
}

// TestFilesAreNoPartOfTheDigest: a mark of a store with files is that of one without: they are no
// part of what replicas agree on.
func TestFilesAreNoPartOfTheDigest(t *testing.T) {
	x := newTwins(t, 1)
	x.grow(1000)
	x.moveAll()
	if got, want := x.note(x.index), x.twin.note(x.index); !got.Same(want) {
		t.Errorf("got mark %+v, want %+v", got, want)
	}
}

// TestMovedWhileRead reads all the time, and writes, while the mover of the store works. Each view
// finds every entry, and a scrub finds nothing.
func TestMovedWhileRead(t *testing.T) {
	x := newTwins(t, 1)
	x.reopen(Options{FileBlocks: 1})
	var done atomic.Bool
	var readers sync.WaitGroup
	defer readers.Wait()
	defer done.Store(true)
	for range 2 {
		readers.Go(func() {
			for !done.Load() {
				err := x.View(func(r *Reader) error {
					for index := range r.Size() {
						if _, err := r.ProvenLeaf(index); err != nil {
							return err
						}
					}
					return nil
				})
				if err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	readers.Go(func() {
		for round := x.Scrub(); !done.Load(); {
			more, err := round.Next(1 << 10)
			if err != nil {
				t.Error(err)
				return
			}
			if !more {
				round = x.Scrub()
			}
		}
	})
	for range 20 {
		x.grow(100)
		x.Flush()
	}
	for x.firstIn() < x.meta.Size/256-1 && !t.Failed() { // it moves by itself
		x.Flush()
	}
	done.Store(true)
	readers.Wait()
	x.same()
}

// TestMoveFaults fails each step of moving, and each commit, either not done or done and reported
// as failed, as where the power is cut there. Every entry is found after that, and what was left to
// do is done.
func TestMoveFaults(t *testing.T) {
	met := map[string]bool{}
	for at := 0; ; at++ {
		reached := false
		for _, done := range []bool{false, true} {
			x := newTwins(t, 1)
			x.grow(780)
			var n int
			fails := func(name string, do func() error) error {
				if n++; n-1 != at {
					return do()
				}
				met[name], reached = true, true
				if done {
					return errors.Join(do(), errDisk)
				}
				return errDisk
			}
			x.reopen(Options{FileBlocks: 1, Unmoving: true, Fatal: func(error) {}, commit: func(tx *bolt.Tx) error {
				err := fails("commit", tx.Commit)
				if tx.DB() != nil {
					err = errors.Join(err, tx.Rollback())
				}
				return err
			}})
			x.Store.files.Step = fails
			err := x.tryMove()
			if n > at && err == nil {
				t.Errorf("step %d, done %v: no error", at, done)
			}
			_ = x.Close() // it may have failed
			x.opens(inFilesOf(1))
			if err := x.View(proveAll); err != nil {
				t.Errorf("step %d, done %v: %v", at, done, err)
			}
			x.moveAll()
			x.same()
			if len(x.files()) != 2 || x.firstIn() != 2 {
				t.Errorf("step %d, done %v: then %d files, the state file begins with block %d", at, done, len(x.files()), x.firstIn())
			}
		}
		if !reached {
			break
		}
	}
	if got := slices.Sorted(maps.Keys(met)); !slices.Equal(got, []string{"commit", "flush", "list", "rename", "write"}) {
		t.Errorf("these steps were met: %v", got)
	}
}

// TestNoRoomForFiles: while the disk is low nothing is moved, and the store serves on.
func TestNoRoomForFiles(t *testing.T) {
	x := newTwins(t, 1)
	x.grow(1000)
	room := uint64(1 << 10)
	o := inFilesOf(1)
	o.Room = func() (uint64, error) { return room, nil }
	x.reopen(o)
	if err := x.tryMove(); !errors.Is(err, ErrNoRoom) || len(x.files()) > 0 {
		t.Errorf("got %v and %v", err, x.files())
	}
	x.same()
	room = 1 << 30
	x.moveAll()
	x.same()
	if len(x.files()) == 0 {
		t.Error("nothing was moved where there is room again")
	}
}

// TestFlippedFile (D21) changes a byte of each part of each file, and removes each. What is read is
// what was written, or damage that names the file; a scrub finds it, and the store serves on.
func TestFlippedFile(t *testing.T) {
	x := newTwins(t, 2)
	x.grow(1600)
	x.moveAll()
	for n, path := range x.files() {
		whole, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for at := 0; at < len(whole); at += 1 + len(whole)/16 {
			changed := bytes.Clone(whole)
			changed[at] ^= 0x10
			x.hurts(n, fmt.Sprintf("file %d, byte %d", n, at), path, changed)
		}
		x.hurts(n, fmt.Sprintf("file %d cut off", n), path, whole[:len(whole)/2])
		x.hurts(n, fmt.Sprintf("file %d missing", n), path, nil)
		if err := os.WriteFile(path, whole, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	x.reopen(inFilesOf(1))
	x.same()
}

// hurts has a file be another, and reads.
func (x *filedTwins) hurts(n int, what, path string, data []byte) {
	x.Helper()
	err := os.Remove(path)
	if data != nil {
		err = os.WriteFile(path, data, 0o600)
	}
	if err != nil {
		x.Fatal(err)
	}
	x.Store.files.Forget()
	x.harmed.forget()
	told := false
	for index := uint64(0); index < x.meta.Size; index += 3 {
		var leaf, want []byte
		err := x.View(func(r *Reader) (err error) { leaf, err = r.ProvenLeaf(index); return err })
		if damage, ok := errors.AsType[*DamageError](err); ok && damage.File == path {
			told = true
			continue
		}
		if err != nil {
			x.Fatalf("%s: entry %d: %v", what, index, err)
		}
		if err := x.twin.View(func(r *Reader) error { want = r.Leaf(index); return nil }); err != nil || !bytes.Equal(leaf, want) {
			x.Fatalf("%s: entry %d is shown as another", what, index)
		}
	}
	if damage := x.Damaged(); !told || damage == nil || damage.File != path {
		x.Errorf("%s: no view told it: %v", what, damage)
	}
	found := scrubbed(x.T, x.Store, 1<<10)
	first := be64(uint64(n) * 512)
	if len(found) == 0 || found[0].Bucket != bucketLeaf || bytes.Compare(found[0].Keys[0], first) < 0 {
		x.Errorf("%s: a scrub found %v", what, found)
	}
	if data == nil && (len(found) != 1 || found[0].Written != 512 || found[0].Pairs != 0) {
		x.Errorf("%s: a scrub found %+v", what, found)
	}
	x.reopen(inFilesOf(1))
	if data == nil && x.Damaged() == nil {
		x.Errorf("%s: opening did not tell", what)
	}
	x.grow(10)
}

// TestFilesOfAnotherHistory (D22) sets the state file back to an older one, as a backup does, and
// goes on otherwise, with the files of before lying there; then puts the newer one back. Each reads
// its own.
func TestFilesOfAnotherHistory(t *testing.T) {
	x := newTwins(t, 1)
	x.grow(600)
	x.moveAll()
	before := content(t, x.Store)
	if err := x.Close(); err != nil {
		t.Fatal(err)
	}
	older := copyOf(t, x.path)
	x.opens(inFilesOf(1))
	x.grow(1000)
	x.moveAll()
	newer := content(t, x.Store)
	if err := x.Close(); err != nil {
		t.Fatal(err)
	}
	later := copyOf(t, x.path)
	putBack(t, older, x.path)
	x.opens(inFilesOf(1))
	sameContent(t, content(t, x.Store), before)
	for range 120 {
		index, _ := x.Applied()
		x.write(index+1, "x other 1", "w other 2", "x other 3", "w other 4", "x o 5", "x o 6")
	}
	x.moveAll()
	if found := scrubbed(t, x.Store, 4<<10); len(found) > 0 || x.Damaged() != nil {
		t.Errorf("a scrub found %v, and %v", found, x.Damaged())
	}
	if err := x.View(proveAll); err != nil {
		t.Error(err)
	}
	if err := x.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := Verify(t.Context(), x.path, nil); err != nil {
		t.Error(err)
	}
	putBack(t, later, x.path)
	x.opens(inFilesOf(1))
	sameContent(t, content(t, x.Store), newer)
}

func copyOf(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func putBack(t *testing.T, data []byte, path string) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestStateFileAlone (D23) opens a state file that was copied without its files: it says at once
// which are missing, and takes entries.
func TestStateFileAlone(t *testing.T) {
	x := newTwins(t, 1)
	x.grow(1000)
	x.moveAll()
	if err := x.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(filepath.Join(filepath.Dir(x.path), FilesFolder)); err != nil {
		t.Fatal(err)
	}
	x.opens(inFilesOf(1))
	damage := x.Damaged()
	if damage == nil || !errors.Is(damage, os.ErrNotExist) || !strings.Contains(damage.File, FilesFolder) {
		t.Errorf("opening told %v", damage)
	}
	x.grow(300)
	x.moveAll() // what came since
	if err := x.View(func(r *Reader) error { _, err := r.ProvenLeaf(r.Size() - 1); return err }); err != nil {
		t.Error(err)
	}
	if err := x.Close(); err != nil {
		t.Fatal(err)
	}
	_, err := Verify(t.Context(), x.path, nil)
	if bad, ok := errors.AsType[*BadEntryError](err); !ok || bad.Index != 0 {
		t.Errorf("verify: got %v", err)
	}
}

// TestMendTreeInFiles has tiles in files be damaged, and derives them from the leaves.
func TestMendTreeInFiles(t *testing.T) {
	x := newTwins(t, 2)
	x.grow(1300)
	x.moveAll()
	path := x.files()[0]
	data := copyOf(t, path)
	data[64+2*12+4+100] ^= 1 // a hash in the first tile
	putBack(t, data, path)
	x.reopen(inFilesOf(1))
	if found := scrubbed(t, x.Store, 1<<20); len(found) != 1 {
		t.Fatalf("a scrub found %v", found)
	}
	if n, err := x.MendTree(t.Context()); err != nil || n != 1 {
		t.Errorf("mended %d, %v", n, err)
	}
	x.same()
	if x.Damaged() != nil {
		t.Errorf("it is told that %v", x.Damaged())
	}
	data = copyOf(t, path)
	data[len(data)-1] ^= 1 // a leaf
	putBack(t, data, path)
	x.reopen(inFilesOf(1))
	if _, err := x.MendTree(t.Context()); err == nil {
		t.Error("leaves that are damaged were taken for what was recorded")
	}
}

// TestLyingFile has a file hold other entries under the right name and with the right sums, as
// whoever can write the disk may make one. The scrub and `ledger verify` find it.
func TestLyingFile(t *testing.T) {
	x := newTwins(t, 1)
	x.grow(800)
	x.moveAll()
	path := x.files()[0]
	id := bundle.ID{Blocks: 1}
	err := x.View(func(r *Reader) (err error) { id, err = r.meta.filed.fileID(0, r); return err })
	if err != nil {
		t.Fatal(err)
	}
	var b bundle.Block
	for i := range bundle.BlockLen {
		leaf := fmt.Appendf(nil, "another %d", i)
		hash := ledger.LeafHash(leaf)
		b.Leaves, b.Tile = append(b.Leaves, leaf), append(b.Tile, hash[:]...)
	}
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	err = bundle.Write(file, id, func(int) (bundle.Block, error) { return b, nil })
	if err = errors.Join(err, file.Close()); err != nil {
		t.Fatal(err)
	}
	x.Store.files.Forget()
	if found := scrubbed(t, x.Store, 1<<20); len(found) != 1 {
		t.Errorf("a scrub found %v", found)
	}
	if err := x.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := Verify(t.Context(), x.path, nil); err == nil {
		t.Error("verify found nothing")
	}
}

// TestNotesItsOwnFiles: while a file was written, the state became that of another history, as one
// that is swapped does. The file is not noted: its entries are not those of the tree.
func TestNotesItsOwnFiles(t *testing.T) {
	x := newTwins(t, 1)
	x.grow(600)
	x.Flush()
	at := filed{Blocks: 1}
	var id bundle.ID
	if err := x.View(func(r *Reader) (err error) { id, err = at.fileID(0, r); return err }); err != nil {
		t.Fatal(err)
	}
	if _, err := x.writeFile(at, func(time.Duration) error { return nil }); err != nil {
		t.Fatal(err)
	}
	other, next := id, id
	other.Root[0], next.Number = other.Root[0]^1, 1
	putBack(t, copyOf(t, x.Store.files.Path(id)), x.Store.files.Path(other))
	for _, row := range []struct {
		id   bundle.ID
		want bool
	}{{other, false}, {next, false}, {id, true}} {
		noted, err := x.noteFile(at, row.id)
		if err != nil || noted != row.want || (x.meta.filed.Files == 1) != row.want {
			t.Errorf("%s: noted %v, %v, and %d files, want %v", row.id.Name(), noted, err, x.meta.filed.Files, row.want)
		}
	}
}
