package state

import (
	"errors"
	"io"
	"os"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// silence measures the longest time for which nothing came on a stream.
type silence struct {
	io.ReadWriter
	longest time.Duration
}

func (s *silence) Read(p []byte) (int, error) {
	began := time.Now()
	n, err := s.ReadWriter.Read(p)
	s.longest = max(s.longest, time.Since(began))
	return n, err
}

// TestSlowSource (D28) fills from a source whose disk needs many minutes for what it reads before
// it offers something, as that of a large ledger does. It is never silent for long; of a source
// that hangs nothing is heard.
func TestSlowSource(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var slow atomic.Bool
		var parts atomic.Int64
		o := inFilesOf(1)
		o.reading = func() {
			if parts.Add(1); slow.Load() {
				time.Sleep(2 * time.Second)
			}
		}
		f := newFillerWith(t, 400, o)
		slow.Store(true)
		var stream *silence
		began := time.Now()
		_, err := f.fill(f.config(), func(s io.ReadWriter) io.ReadWriter { stream = &silence{ReadWriter: s}; return stream })
		if err != nil {
			t.Fatal(err)
		}
		if took := time.Since(began); took < 3*time.Minute || stream.longest > stillEvery+2*time.Second {
			t.Errorf("of %s, for which %d parts were read, nothing was heard for %s", took, parts.Load(), stream.longest)
		}
		slow.Store(false)
		f.check()
	})
}

// TestSourceReadsOnce: what does not change is read before the entries are offered, and not again
// with the rest, while which the asker may apply nothing.
func TestSourceReadsOnce(t *testing.T) {
	var parts atomic.Int64
	o := Options{reading: func() { parts.Add(1) }}
	f := newFillerWith(t, 400, o)
	f.source.Flush()
	var before, all int64
	c := f.config()
	c.Rest = func() uint64 { before = parts.Load(); return 0 }
	if _, err := f.fill(c, nil); err != nil {
		t.Fatal(err)
	}
	err := f.source.View(func(r *Reader) error {
		return new(meta).compare(r.file, func(bucket string, _ bool) bool { return stays(bucket) }, func(int) error { all++; return nil })
	})
	if before == 0 || before != all || err != nil {
		t.Errorf("%d parts were read before the rest was asked for, want %d: %v", before, all, err)
	}
	f.check()
}

// TestSourceOnDamagedPage: a page of the file of a source is damaged while it runs. It refuses, and
// serves on.
func TestSourceOnDamagedPage(t *testing.T) {
	refusals := 0
	f := newFiller(t, 300)
	f.source.Flush()
	file, err := os.OpenFile(f.source.path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for _, page := range fullPages(t, f.source.Store) {
		whole := make([]byte, 4096)
		_, err := file.ReadAt(whole, page*4096)
		if _, writeErr := file.WriteAt(make([]byte, 4096), page*4096); errors.Join(err, writeErr) != nil {
			t.Fatal(err, writeErr)
		}
		if _, err := f.fill(f.config(), nil); err != nil {
			refusals++
		}
		if _, err := file.WriteAt(whole, page*4096); err != nil {
			t.Fatal(err)
		}
	}
	if refusals == 0 {
		t.Error("no page was met")
	}
	if _, err := f.fill(f.config(), nil); err != nil {
		t.Fatal(err)
	}
	f.check()
}
