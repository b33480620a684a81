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

// writeRegistry knows a command that puts "bucket key value", or deletes "bucket key", and appends
// an entry.
func writeRegistry() *Registry {
	r := noteRegistry()
	r.Keep(Bucket{Name: "w", MaxKey: 64, MaxValue: 64 << 10}, Bucket{Name: "w2", MaxKey: 64, MaxValue: 64},
		Bucket{Name: "big", MaxKey: 64, MaxValue: 64, Large: true})
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

// model is the content that a store should show: "bucket key" -> value, and the number of entries.
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

// scan returns the pairs that Scan should give.
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

// check compares a reader with the model: every key, every scan, the highest key, the entries and
// their root.
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

// TestReadersSeeWhatIsApplied draws writes, commits and restarts. At any time readers must show all
// that was applied and nothing else, also while a commit is being written, both before and after
// the file has it. A reader that was begun earlier must go on showing the state of its beginning.
func TestReadersSeeWhatIsApplied(t *testing.T) {
	dir, log, runs := t.TempDir(), testLog(t), 0
	rapid.Check(t, func(t *rapid.T) {
		runs++
		path := filepath.Join(dir, fmt.Sprint(runs))
		if err := Create(path, log); err != nil {
			t.Fatal(err)
		}
		l := &layers{T: t, path: path, model: &model{pairs: map[string]string{}}}
		l.open()
		defer l.close()
		for range rapid.IntRange(1, 12).Draw(t, "steps") {
			switch rapid.SampledFrom([]string{"write", "write", "flush", "hold", "restart"}).Draw(t, "step") {
			case "write":
				l.write()
				l.see("written")
			case "flush":
				l.store.Flush()
				l.see("flushed")
			case "hold":
				l.hold()
				l.see("after it was held")
			case "restart":
				if err := l.close(); err != nil {
					t.Fatal(err)
				}
				l.open()
				l.see("restarted")
			}
		}
	})
}

// layers is a store whose commits stop on their way, beside a model of what was applied.
type layers struct {
	*rapid.T
	path    string
	store   *Store
	model   *model
	index   uint64
	closing bool
}

func (l *layers) open() {
	var err error
	l.closing = false
	if l.store, err = Open(l.path, writeRegistry(), Options{FlushEvery: 1 << 50, commit: l.commit}); err != nil {
		l.Fatal(err)
	}
}

func (l *layers) close() error {
	l.closing = true
	return l.store.Close()
}

func (l *layers) see(what string) {
	if err := l.store.View(l.model.check); err != nil {
		l.Fatalf("%s: %v", what, err)
	}
}

func (l *layers) write() {
	body := rapid.SampledFrom(testBuckets).Draw(l.T, "bucket") + " " + rapid.SampledFrom(testKeys).Draw(l.T, "key")
	if rapid.Bool().Draw(l.T, "put") {
		body += " " + rapid.SampledFrom([]string{"1", "2"}).Draw(l.T, "value")
	}
	l.index++
	data, err := Command{Kind: kindWrite, Clock: 1, Body: []byte(body)}.Encode()
	if err != nil {
		l.Fatal(err)
	}
	l.store.Apply(l.index, 1, [][]byte{data})
	l.model.write(body)
}

// commit does what may happen while a commit is on its way.
func (l *layers) commit(tx *bolt.Tx) error {
	if l.closing {
		return tx.Commit()
	}
	l.see("before the file has it")
	if rapid.Bool().Draw(l.T, "write before") {
		l.write()
		l.see("written while the file is")
	}
	err := tx.Commit()
	l.see("after the file has it")
	if rapid.Bool().Draw(l.T, "write after") {
		l.write()
	}
	l.see("before it is dropped")
	return err
}

// hold writes and flushes while a reader goes on with what it saw when it began.
func (l *layers) hold() {
	then := l.model.clone()
	err := l.store.View(func(r *Reader) error {
		l.write()
		l.store.Flush()
		l.write()
		return then.check(r)
	})
	if err != nil {
		l.Fatalf("held: %v", err)
	}
}

// TestReadersWhileItGrows applies, commits and reads side by side: whatever size a reader finds,
// its root, its newest leaf and the value that was put with that leaf are those of this size.
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

// growing returns the command of entry i.
func growing(t testing.TB, i uint64) []byte {
	return command(t, kindWrite, identity.Message{}, fmt.Sprintf("w newest %d", i))
}

// grownRoots returns the root of a ledger at every size, from a store in which nothing else
// happens.
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
