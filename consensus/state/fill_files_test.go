package state

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
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
	files, err := filepath.Glob(filepath.Join(f.dir, FilesFolder, "*"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no files were filled before the end: %v", err)
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
	files, err := filepath.Glob(filepath.Join(f.dir, FilesFolder, "*"))
	if err != nil || len(files) < 3 {
		t.Fatalf("got %v, %v", files, err)
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
