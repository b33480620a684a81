package state

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	bolt "go.etcd.io/bbolt"

	"xietong/certs/identity"
)

// database makes a database with buckets, buckets in buckets, long values, and free pages; listed
// says whether its list of free pages is written.
func database(t *testing.T, listed bool) (path string, data []byte) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "db")
	db, err := bolt.Open(path, 0o600, &bolt.Options{NoFreelistSync: !listed, NoSync: true, PageSize: 1 << 10})
	if err != nil {
		t.Fatal(err)
	}
	for round := range 6 {
		err := db.Update(func(tx *bolt.Tx) error {
			for n := range 5 {
				b, err := tx.CreateBucketIfNotExists(fmt.Appendf(nil, "bucket %d", n))
				if err != nil {
					return err
				}
				if _, err = b.CreateBucketIfNotExists([]byte("inner")); err != nil {
					return err
				}
				for i := range 60 {
					key := binary.BigEndian.AppendUint64(nil, uint64(i*7+round))
					if err := b.Put(key, bytes.Repeat([]byte{byte(i)}, i*i%3000)); err != nil {
						return err
					}
					if round > 2 {
						err = errors.Join(err, b.Delete(binary.BigEndian.AppendUint64(nil, uint64(i*7+round-2))))
					}
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if data, err = os.ReadFile(path); err != nil {
		t.Fatal(err)
	}
	return path, data
}

// TestCheckFile: a whole file is well; and whatever bits are changed, or bytes cut off, bbolt opens
// and reads without a panic what CheckFile finds well. bbolt itself is the model: where the two
// disagree, this test dies.
func TestCheckFile(t *testing.T) {
	rounds := 600
	if testing.Short() {
		rounds = 100
	}
	for _, listed := range []bool{true, false} {
		path, data := database(t, listed)
		none := func(string) bool { return false }
		if err := errors.Join(CheckFile(path), checkBuckets(path, none)); err != nil {
			t.Fatalf("the file as it was made, listed %t: %v", listed, err)
		}
		draw, found := rand.New(rand.NewPCG(14, 5)), 0
		for range rounds {
			changed := bytes.Clone(data)
			switch draw.IntN(8) {
			case 0:
				changed = changed[:draw.IntN(len(changed))]
			case 1:
				at := draw.IntN(len(changed)) &^ 511
				clear(changed[at:min(at+1024, len(changed))])
			default: // most bytes of a file are values, so the heads of pages are drawn more often
				changed[draw.IntN(len(changed))&^1023+draw.IntN(40)] ^= 1 << draw.IntN(8)
			}
			if err := os.WriteFile(path, changed, 0o600); err != nil {
				t.Fatal(err)
			}
			if checkBuckets(path, none) != nil {
				found++
				continue
			}
			db, err := bolt.Open(path, 0o600, &bolt.Options{NoFreelistSync: !listed, NoSync: true})
			if err != nil {
				t.Errorf("CheckFile finds it well, bbolt does not: %v", err)
				continue
			}
			whole := CheckFile(path) == nil
			err = db.View(func(tx *bolt.Tx) error {
				if !whole {
					return nil
				}
				for err := range tx.Check() {
					if whole {
						t.Errorf("CheckFile finds every page well, bbolt does not: %v", err)
					}
				}
				return nil
			})
			if err = errors.Join(err, db.Close()); err != nil {
				t.Error(err)
			}
		}
		if found < rounds/20 {
			t.Errorf("listed %t: %d of %d damages were found", listed, found, rounds)
		}
	}
}

// TestCheckFileFindsWholeFilesWell: whatever is written, deleted and written again, each commit of
// bbolt leaves a file that is well.
func TestCheckFileFindsWholeFilesWell(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 3))
	path := filepath.Join(t.TempDir(), "db")
	db, err := bolt.Open(path, 0o600, &bolt.Options{NoFreelistSync: random.IntN(2) == 0, NoSync: true, PageSize: 1 << 10})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for round := range 150 {
		err := db.Update(func(tx *bolt.Tx) error {
			b, err := tx.CreateBucketIfNotExists([]byte("bucket"))
			from, deletes := random.IntN(2000), random.IntN(3) == 0
			for range random.IntN(200) {
				from += random.IntN(10)
				key := fmt.Appendf(nil, "%0*d", 4+from%3*20, from)
				if deletes {
					err = errors.Join(err, b.Delete(key))
				} else {
					err = errors.Join(err, b.Put(key, make([]byte, random.IntN(100))))
				}
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := CheckFile(path); err != nil {
			t.Fatalf("after %d commits: %v", round+1, err)
		}
	}
}

// FuzzCheckPages: no bytes make the check itself panic, or read what is not there.
func FuzzCheckPages(f *testing.F) {
	f.Add([]byte{}, false)
	f.Add(make([]byte, 4096), true)
	f.Fuzz(func(t *testing.T, data []byte, all bool) {
		walks := func(string) bool { return all }
		_ = checkPages(bytes.NewReader(data), int64(len(data)), walks)
	})
}

// TestClearedSectors clears the first sector of one page after the other of a file that was closed
// cleanly: but of the first two, of which each is enough. It is not opened, or a scan finds all
// that there was: it is never short.
func TestClearedSectors(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "state.db")
	s := openStore(t, path)
	for index := uint64(1); index <= 200; index++ {
		s.Apply(index, 1, [][]byte{command(t, kindNote, identity.Message{}, "village")})
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	refused, page := 0, os.Getpagesize()
	for at := 2 * page; at < len(whole); at += page {
		if len(bytes.Trim(whole[at:at+page], "\x00")) == 0 {
			continue // not in use: most of the file
		}
		changed := bytes.Clone(whole)
		clear(changed[at : at+512])
		copied := filepath.Join(dir, "copy.db")
		if err := os.WriteFile(copied, changed, 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := Open(copied, noteRegistry(), Options{})
		if err != nil {
			refused++
			continue
		}
		err = s.View(func(r *Reader) error {
			entries := 0
			r.Scan(bucketLeaf, nil, nil, func(_, _ []byte) bool { entries++; return true })
			if entries != 200 {
				t.Errorf("page at %d: %d of 200 entries", at, entries)
			}
			return nil
		})
		if err = errors.Join(err, s.Close()); err != nil {
			t.Errorf("page at %d: %v", at, err)
		}
	}
	if refused == 0 {
		t.Error("no damage was found")
	}
}
