package state

import (
	"bytes"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"
	"golang.org/x/mod/sumdb/tlog"
	"pgregory.net/rapid"

	"xietong/certs/identity"
	"xietong/consensus/ledger"
)

const kindWrite = 1003

// writeRegistry knows a command that puts "bucket key value", or deletes "bucket key", and appends an entry.
func writeRegistry() *Registry {
	r := noteRegistry()
	r.Register(kindWrite, Idempotent, func(tx *Tx, body []byte) ([]byte, error) {
		words := bytes.Fields(body)
		if _, err := tx.Append(ledger.Head{Kind: ledger.KindRecord}, ledger.PlainEvidence(ledger.Commit(body)), body); err != nil {
			return nil, err
		}
		if len(words) == 2 {
			return nil, tx.Delete(string(words[0]), words[1])
		}
		return nil, tx.Put(string(words[0]), words[1], words[2])
	})
	return r
}

// model is what a store should show: "bucket key" -> value, and how many entries.
type model struct {
	pairs map[string]string
	size  uint64
}

func (m *model) write(body string) {
	words := strings.Fields(body)
	m.size++
	if len(words) == 2 {
		delete(m.pairs, words[0]+" "+words[1])
	} else {
		m.pairs[words[0]+" "+words[1]] = words[2]
	}
}

func (m *model) clone() *model {
	c := &model{pairs: map[string]string{}, size: m.size}
	for k, v := range m.pairs {
		c.pairs[k] = v
	}
	return c
}

// scan is what Scan should give.
func (m *model) scan(bucket, prefix, from string) (found []string) {
	for k, v := range m.pairs {
		name, key, _ := strings.Cut(k, " ")
		if name == bucket && strings.HasPrefix(key, prefix) && key >= from {
			found = append(found, key+"="+v)
		}
	}
	slices.Sort(found)
	return found
}

var (
	testBuckets = []string{"w", "w2", "x"}
	testKeys    = []string{"a", "aa", "ab", "b", "ba", "c"}
)

// check compares a reader with what it should show: every key, every scan, the highest key, the entries and their root.
func (m *model) check(r *Reader) error {
	for _, bucket := range testBuckets {
		for _, key := range testKeys {
			got := r.Get(bucket, []byte(key))
			if want, ok := m.pairs[bucket+" "+key]; (got != nil) != ok || string(got) != want {
				return fmt.Errorf("%s %s: got %q, want %q %v", bucket, key, got, want, ok)
			}
			for _, prefix := range []string{"", "a", "b", "z"} {
				var got []string
				r.Scan(bucket, []byte(prefix), []byte(key), func(k, v []byte) bool {
					got = append(got, string(k)+"="+string(v))
					return true
				})
				if want := m.scan(bucket, prefix, key); !slices.Equal(got, want) {
					return fmt.Errorf("scan %s, prefix %q from %q: got %q, want %q", bucket, prefix, key, got, want)
				}
			}
		}
	}
	if r.Size() != m.size {
		return fmt.Errorf("got %d entries, want %d", r.Size(), m.size)
	}
	return checkRoot(r)
}

// checkRoot derives the root of the reader's entries anew.
func checkRoot(r *Reader) error {
	tiles := memTiles{}
	for i := range r.Size() {
		leaf := r.Leaf(i)
		if leaf == nil {
			return fmt.Errorf("entry %d of %d is not there", i, r.Size())
		}
		if err := tiles.grow(i, []tlog.Hash{ledger.LeafHash(leaf)}); err != nil {
			return err
		}
	}
	want, err := ledger.Root(r.Size(), tiles)
	if err != nil {
		return err
	}
	if got, err := r.RootAt(r.Size()); err != nil || got != want {
		return fmt.Errorf("root of %d entries: got %x, want %x, %v", r.Size(), got, want, err)
	}
	return nil
}

// TestReadersSeeWhatIsApplied draws writes, commits and restarts. Readers must show all that was applied and nothing else: at
// any time, also while a commit is being written, before the file has it and after; and a reader that was begun earlier goes
// on showing what it showed then.
func TestReadersSeeWhatIsApplied(t *testing.T) {
	dir, log, runs := t.TempDir(), testLog(t), 0
	rapid.Check(t, func(t *rapid.T) {
		runs++
		path := filepath.Join(dir, fmt.Sprint(runs))
		if err := Create(path, log); err != nil {
			t.Fatal(err)
		}
		m, index, closing := &model{pairs: map[string]string{}}, uint64(0), false
		var s *Store
		see := func(what string) {
			if err := s.View(m.check); err != nil {
				t.Fatalf("%s: %v", what, err)
			}
		}
		write := func() {
			body := rapid.SampledFrom(testBuckets).Draw(t, "bucket") + " " + rapid.SampledFrom(testKeys).Draw(t, "key")
			if rapid.Bool().Draw(t, "put") {
				body += " " + rapid.SampledFrom([]string{"1", "2"}).Draw(t, "value")
			}
			index++
			data, err := Command{Kind: kindWrite, Time: 1, Body: []byte(body)}.Encode()
			if err != nil {
				t.Fatal(err)
			}
			s.Apply(index, 1, [][]byte{data})
			m.write(body)
		}
		commit := func(tx *bolt.Tx) error { // what may happen while a commit is on its way
			if closing {
				return tx.Commit()
			}
			see("before the file has it")
			if rapid.Bool().Draw(t, "write before") {
				write()
				see("written while the file is")
			}
			err := tx.Commit()
			see("after the file has it")
			if rapid.Bool().Draw(t, "write after") {
				write()
			}
			see("before it is dropped")
			return err
		}
		open := func() {
			var err error
			if s, err = Open(path, writeRegistry(), Options{FlushEvery: 1 << 50, commit: commit}); err != nil {
				t.Fatal(err)
			}
		}
		open()
		defer func() { closing = true; s.Close() }()
		for range rapid.IntRange(1, 12).Draw(t, "steps") {
			switch rapid.SampledFrom([]string{"write", "write", "flush", "hold", "restart"}).Draw(t, "step") {
			case "write":
				write()
				see("written")
			case "flush":
				s.Flush()
				see("flushed")
			case "hold":
				then := m.clone()
				err := s.View(func(r *Reader) error {
					write()
					s.Flush()
					write()
					return then.check(r)
				})
				if err != nil {
					t.Fatalf("held: %v", err)
				}
				see("after it was held")
			case "restart":
				closing = true
				if err := s.Close(); err != nil {
					t.Fatal(err)
				}
				closing = false
				open()
				see("restarted")
			}
		}
	})
}

// TestReadersWhileItGrows applies, commits and reads side by side: whatever size a reader finds, root, newest leaf and what was
// put with it are those of that size.
func TestReadersWhileItGrows(t *testing.T) {
	const entries = 3000
	path := filepath.Join(t.TempDir(), "state.db")
	if err := Create(path, testLog(t)); err != nil {
		t.Fatal(err)
	}
	s, err := Open(path, writeRegistry(), Options{FlushEvery: 100 * time.Microsecond})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	roots := grownRoots(t, entries)
	look := func(r *Reader) error {
		got, err := r.RootAt(r.Size())
		if err != nil || got != roots[r.Size()] {
			return fmt.Errorf("root of %d entries: got %x, want %x, %v", r.Size(), got, roots[r.Size()], err)
		}
		if n := r.Size(); n > 0 && (r.Leaf(n-1) == nil || string(r.Get("w", []byte("newest"))) != fmt.Sprint(n-1)) {
			return fmt.Errorf("of %d entries the newest is %q", n, r.Get("w", []byte("newest")))
		}
		return nil
	}
	var readers sync.WaitGroup
	done := make(chan struct{})
	for range 3 {
		readers.Go(func() {
			for {
				if err := s.View(look); err != nil {
					t.Error(err)
					return
				}
				select {
				case <-done:
					return
				default:
				}
			}
		})
	}
	for i := range uint64(entries) {
		s.Apply(i+1, 1, [][]byte{growing(t, i)})
	}
	close(done)
	readers.Wait()
	if got := size(t, s); got != entries {
		t.Errorf("got %d entries, want %d", got, entries)
	}
}

// growing is the command of entry i.
func growing(t testing.TB, i uint64) []byte {
	return command(t, kindWrite, identity.Message{}, fmt.Sprintf("w newest %d", i))
}

// grownRoots are the roots of a ledger at every size, from one to which nothing else happens.
func grownRoots(t testing.TB, entries uint64) []tlog.Hash {
	path := filepath.Join(t.TempDir(), "state.db")
	if err := Create(path, testLog(t)); err != nil {
		t.Fatal(err)
	}
	s, err := Open(path, writeRegistry(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	tiles, roots := memTiles{}, make([]tlog.Hash, entries+1)
	roots[0], _ = ledger.Root(0, tiles)
	for i := range entries {
		s.Apply(i+1, 1, [][]byte{growing(t, i)})
		var leaf []byte
		if err := s.View(func(r *Reader) error { leaf = r.Leaf(i); return nil }); err != nil {
			t.Fatal(err)
		}
		err := tiles.grow(i, []tlog.Hash{ledger.LeafHash(leaf)})
		if err == nil {
			roots[i+1], err = ledger.Root(i+1, tiles)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return roots
}
