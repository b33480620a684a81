package state

import (
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"
)

// listed reports whether the newest commit in the file has the list of free pages: of the two meta
// pages of bbolt, that of the higher transaction says so.
func listed(t *testing.T, path string) bool {
	_, has := newestCommit(t, path)
	return has
}

// newestCommit returns the number of the newest commit, and whether it has the list.
func newestCommit(t *testing.T, path string) (number uint64, listed bool) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	size := int(binary.NativeEndian.Uint32(data[16+8:]))
	newest, list := uint64(0), uint64(0)
	for at := 0; at <= size; at += size {
		meta := data[at+16:]
		if txid := binary.NativeEndian.Uint64(meta[48:]); txid >= newest {
			newest, list = txid, binary.NativeEndian.Uint64(meta[32:])
		}
	}
	return newest, list != math.MaxUint64
}

// TestFreePagesAreListed checks that a store that comes to rest, or is closed, has the list of its
// free pages in the file, so that opening it does not walk over all pages; and that a short commit
// does not write a long list.
func TestFreePagesAreListed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.db")
	if err := Create(path, testLog(t)); err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		s, err := Open(path, noteRegistry(), Options{Fatal: func(err error) { panic(fatal{err}) }, shortList: 1})
		if err != nil {
			t.Fatal(err)
		}
		index := uint64(0)
		note := func(n int) {
			t.Helper()
			var all [][]byte
			for i := range n {
				all = append(all, command(t, kindNote, newID(t), fmt.Sprint(i)))
			}
			index++
			s.Apply(index, 1, all)
			s.Flush()
		}
		if note(3000); !listed(t, path) {
			t.Error("a long commit did not write the list")
		}
		reader, err := s.db.Begin(false) // what is free from here on may not be used yet
		if err != nil {
			t.Fatal(err)
		}
		for range 300 {
			note(10)
		}
		if err := reader.Rollback(); err != nil {
			t.Fatal(err)
		}
		if note(1); listed(t, path) {
			t.Error("a short commit wrote a long list")
		}
		if time.Sleep(flushRarely + 2*restAfter); !listed(t, path) {
			t.Error("at rest the list is not written")
		}
		before, _ := newestCommit(t, path)
		for range 60 { // it never rests
			index++
			s.Apply(index, 1, [][]byte{command(t, kindNote, newID(t), "x")})
			if time.Sleep(restAfter / 2); !listed(t, path) {
				t.Fatal("a file whose list is long is without it while little is written")
			}
		}
		if after, _ := newestCommit(t, path); after < before+2 || after > before+4 {
			t.Errorf("%d commits in half a minute, each with a long list, want one each %s", after-before, flushRarely)
		}
		note(1)
		if err := s.Close(); err != nil || !listed(t, path) {
			t.Errorf("closed: the list is not written, %v", err)
		}
		if s, err = Open(path, noteRegistry(), Options{}); err != nil {
			t.Fatal(err)
		}
		if n := size(t, s); n != 6062 {
			t.Errorf("opened by the list: %d entries", n)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
}
