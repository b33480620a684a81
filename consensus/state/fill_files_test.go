package state

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"xietong/consensus/bundle"
)

// TestFillFiles fills a replica from one whose old entries are in files, and has the stream end
// after every frame. What is filled has its old entries in files from the beginning.
func TestFillFiles(t *testing.T) {
	for cut := 0; ; cut += 2 {
		f := newFillerWith(t, 400, inFilesOf(1))
		c := f.config()
		stream := &cutting{frames: cut}
		_, err := f.fill(c, func(s io.ReadWriter) io.ReadWriter { stream.ReadWriter = s; return stream })
		if err != nil {
			f.grow(100)
			if _, err := f.fill(c, nil); err != nil {
				t.Fatalf("cut after %d frames: %v", cut, err)
			}
		}
		db, m, openErr := openFile(filepath.Join(f.dir, FillFile), poisonRegistry(), true, 0)
		if openErr == nil {
			openErr = db.Close()
		}
		if openErr != nil {
			t.Fatal(openErr)
		}
		if want := f.source.meta.Size/256 - 1; m.filed.Files != want {
			t.Errorf("cut after %d frames: %d files were filled, want %d", cut, m.filed.Files, want)
		}
		f.check()
		if err == nil {
			break
		}
	}
}

// TestFillFilesFaults fails each step also of the files that are written meanwhile.
func TestFillFilesFaults(t *testing.T) { fillFaults(t, 250, inFilesOf(1), 14) }

// TestFillMissesFiles: of what was received before, a file is missing: it begins anew.
func TestFillMissesFiles(t *testing.T) {
	f := newFillerWith(t, 400, inFilesOf(1))
	c := f.config()
	stream := &cutting{frames: 8}
	if _, err := f.fill(c, func(s io.ReadWriter) io.ReadWriter { stream.ReadWriter = s; return stream }); err == nil {
		t.Fatal("it was not cut")
	}
	files := f.files()
	if len(files) == 0 {
		t.Fatal("no files were filled before the end")
	}
	if err := os.Remove(files[0]); err != nil {
		t.Fatal(err)
	}
	if _, err := f.fill(c, nil); err != nil {
		t.Fatal(err)
	}
	f.check()
}

// TestMendsFiles (D24) has a file of old entries be damaged, and another missing, on a replica that
// is then mended from another one while views are open.
func TestMendsFiles(t *testing.T) {
	f := newFillerWith(t, 400, inFilesOf(1))
	if _, err := f.fill(f.config(), nil); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(f.dir, "state.db")
	if err := Install(path, testLog(t)); err != nil {
		t.Fatal(err)
	}
	own, err := Open(path, poisonRegistry(), inFilesOf(1))
	if err != nil {
		t.Fatal(err)
	}
	defer own.Close()
	files := f.files()
	if len(files) < 3 {
		t.Fatalf("got %v", files)
	}
	data := copyOf(t, files[1])
	data[len(data)/2] ^= 1
	putBack(t, data, files[1])
	if err := os.Remove(files[2]); err != nil {
		t.Fatal(err)
	}
	own.files.Forget()
	if found := scrubbed(t, own, 1<<20); len(found) != 2 {
		t.Fatalf("a scrub found %v", found)
	}
	if _, err := f.fill(f.config(), nil); err != nil {
		t.Fatal(err)
	}
	mended := make(chan error, 1)
	err = own.View(func(r *Reader) error {
		index, _ := own.Applied()
		go func() { mended <- own.Mend() }() // it waits for this view
		for own.Damaged() != nil {
			_, _ = r.ProvenLeaf(0)
		}
		if now, _ := own.Applied(); now < index {
			t.Errorf("it went back from %d to %d", index, now)
		}
		_, err := r.ProvenLeaf(0)
		return err
	})
	if err = errors.Join(err, <-mended); err != nil {
		t.Fatal(err)
	}
	if found := scrubbed(t, own, 1<<20); len(found) > 0 {
		t.Errorf("mended: a scrub found %v", found)
	}
	if err := own.View(proveAll); err != nil {
		t.Error(err)
	}
	sameContent(t, content(t, own), content(t, f.source.Store))
}

// TestFillChecksFormerFiles (D26) has a file decay that a filling received which goes on later:
// what is filled is whole, and no damage is forgotten. Meanwhile the stream does not stand still.
func TestFillChecksFormerFiles(t *testing.T) {
	for what, harm := range map[string]func(t *testing.T, path string){
		"decayed": func(t *testing.T, path string) {
			data := copyOf(t, path)
			data[len(data)/2] ^= 1
			putBack(t, data, path)
		},
		"cut off": func(t *testing.T, path string) {
			if err := os.Truncate(path, 5000); err != nil {
				t.Fatal(err)
			}
		},
		"missing": func(t *testing.T, path string) {
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
		},
	} {
		for _, whole := range []bool{false, true} {
			f := newFillerWith(t, 400, inFilesOf(1))
			stream := &cutting{frames: 9}
			_, err := f.fill(f.config(), func(s io.ReadWriter) io.ReadWriter {
				if stream.ReadWriter = s; whole {
					return s
				}
				return stream
			})
			if (err == nil) != whole {
				t.Fatal(err)
			}
			harm(t, f.files()[1])
			f.grow(20)
			if _, err := f.fill(f.config(), nil); err != nil {
				t.Errorf("%s: %v", what, err)
			}
			f.check()
		}
	}
}

// files returns the files of old entries in the folder that is filled.
func (f *filler) files() []string {
	f.Helper()
	all, err := filepath.Glob(filepath.Join(f.dir, FilesFolder, "*"))
	if err != nil {
		f.Fatal(err)
	}
	return all
}

// TestUnprovenLeavesNoFiles (D27) has sources send what was not signed, each another history, at
// once and after an end amid it. What they sent is dropped, with its files; those of the store
// beside stay.
func TestUnprovenLeavesNoFiles(t *testing.T) {
	honest := newFillerWith(t, 400, inFilesOf(1))
	dir := honest.dir
	if _, err := honest.fill(honest.config(), nil); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "state.db")
	if err := Install(path, testLog(t)); err != nil {
		t.Fatal(err)
	}
	own, err := Open(path, poisonRegistry(), inFilesOf(1))
	if err != nil {
		t.Fatal(err)
	}
	defer own.Close()
	want := honest.files()
	unproven := func(Published, [][]byte, uint64) error { return errors.New("not signed") }
	for n, cut := range []bool{false, true, false} {
		f := newFillerWith(t, 400+10*n, inFilesOf(1)) // its ids are others, and so its history
		f.dir = dir
		c := own.Filling("r2", 0)
		c.Check = unproven
		if cut {
			stream := &cutting{frames: 9}
			if _, err := f.fill(c, func(s io.ReadWriter) io.ReadWriter { stream.ReadWriter = s; return stream }); err == nil {
				t.Fatal("it was not cut")
			}
		}
		if _, err := f.fill(c, nil); !errors.Is(err, ErrUnproven) {
			t.Fatal(err)
		}
		if got := f.files(); !slices.Equal(got, want) {
			t.Errorf("%d files are there, and were %d", len(got), len(want))
		}
	}
	honest.grow(10) // its own history: what is there already is not written, and not removed
	c := own.Filling("r2", 0)
	c.Check = unproven
	if _, err := honest.fill(c, nil); !errors.Is(err, ErrUnproven) {
		t.Fatal(err)
	}
	if got := honest.files(); !slices.Equal(got, want) {
		t.Errorf("of its own history %d files are there, and were %d", len(got), len(want))
	}
	if err := own.View(proveAll); err != nil {
		t.Error(err)
	}
}

// TestRoomOfOtherHistories: files of another history are no part of what a source has, nor of what
// is here already.
func TestRoomOfOtherHistories(t *testing.T) {
	f := newFillerWith(t, 400, inFilesOf(1))
	if err := os.MkdirAll(filepath.Join(f.dir, FilesFolder), 0o700); err != nil {
		t.Fatal(err)
	}
	other := func(dir string) {
		name := bundle.ID{Number: 0}.Name()
		if err := os.WriteFile(filepath.Join(dir, FilesFolder, name), make([]byte, 200<<20), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	other(filepath.Dir(f.source.path))
	room := uint64(150 << 20)
	c := f.config()
	c.Room = func() (uint64, error) { return room, nil }
	if _, err := f.fill(c, nil); err != nil {
		t.Errorf("files of another history at the source: %v", err)
	}
	f.check()
	f = newFillerWith(t, 400, inFilesOf(1))
	if err := os.MkdirAll(filepath.Join(f.dir, FilesFolder), 0o700); err != nil {
		t.Fatal(err)
	}
	other(f.dir)
	room = 100 << 10
	c = f.config()
	c.Room = func() (uint64, error) { return room, nil }
	if _, err := f.fill(c, nil); !errors.Is(err, ErrNoRoom) {
		t.Errorf("files of another history here: %v", err)
	}
}

// TestRoomWhileFilled has the disk fill up while entries come: nothing is written for which there
// is no room.
func TestRoomWhileFilled(t *testing.T) {
	f := newFiller(t, 1)
	c := f.config()
	room := uint64(commitFill)
	c.Room, c.step = func() (uint64, error) { return room, nil }, func(_ string, do func() error) error { return do() }
	file, err := openFilling(c)
	if err != nil {
		t.Fatal(err)
	}
	defer file.close()
	for _, row := range []struct {
		room uint64
		want error
	}{{commitFill - 1, ErrNoRoom}, {commitFill, nil}} {
		room, file.len = row.room, commitFill
		if err := file.commitFull(); !errors.Is(err, row.want) {
			t.Errorf("with room for %d bytes: got %v, want %v", row.room, err, row.want)
		}
	}
}
