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
		for _, all := range []bool{false, true} {
			if err := CheckFile(path, all); err != nil {
				t.Fatalf("the file as it was made, listed %t: %v", listed, err)
			}
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
			if CheckFile(path, false) != nil {
				found++
				continue
			}
			db, err := bolt.Open(path, 0o600, &bolt.Options{NoFreelistSync: !listed, NoSync: true})
			if err != nil {
				t.Errorf("CheckFile finds it well, bbolt does not: %v", err)
				continue
			}
			whole := CheckFile(path, true) == nil
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

// FuzzCheckPages: no bytes make the check itself panic, or read what is not there.
func FuzzCheckPages(f *testing.F) {
	f.Add([]byte{}, false)
	f.Add(make([]byte, 4096), true)
	f.Fuzz(func(t *testing.T, data []byte, all bool) {
		_ = checkPages(bytes.NewReader(data), int64(len(data)), all)
	})
}
