package state

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	bolt "go.etcd.io/bbolt"

	"xietong/certs/identity"
	"xietong/consensus/ledger"
)

// inRaw changes the file behind the program's back, as it stands on the disk.
func inRaw(t *testing.T, path string, change func(tx *bolt.Tx) error) {
	t.Helper()
	db, err := bolt.Open(path, 0o600, &bolt.Options{NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(db.Update(change), db.Close()); err != nil {
		t.Fatal(err)
	}
}

// scrubbed makes one round, in pages of so many bytes, and returns what it found.
func scrubbed(t *testing.T, s *Store, size int) (found []*DecayError) {
	t.Helper()
	c := s.Scrub()
	for more := true; more; {
		var err error
		more, err = c.Next(size)
		decay, ok := errors.AsType[*DecayError](err)
		if err != nil && !ok {
			t.Fatal(err)
		}
		if ok {
			found = append(found, decay)
		}
	}
	return found
}

// TestSumsAreOfTheContent writes, deletes, refuses and commits at random, with a scrub going round
// meanwhile. After each step what is kept is what its sums say, also when the file is opened anew.
func TestSumsAreOfTheContent(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 1))
	path := filepath.Join(t.TempDir(), "state.db")
	x := newMarked(t, path)
	round := x.Scrub()
	for index := uint64(1); index < 3000; index++ {
		body := fmt.Sprintf("%s %c%d", []string{"x", "w2", "big", "big", "big", "big"}[random.IntN(6)], 'a'+rune(random.IntN(2)), random.IntN(200))
		switch random.IntN(4) {
		case 0: // deleted
		case 1:
			body = "!a late refusal"
		default:
			body += fmt.Sprintf(" %d", random.IntN(1000))
		}
		x.write(index, body)
		switch random.IntN(8) {
		case 0:
			x.Flush()
		case 1, 2:
			x.Flush()
			more, err := round.Next(1 + random.IntN(60))
			if err != nil {
				t.Fatalf("at %d: %v", index, err)
			}
			if !more || round.now != nil && round.now.bucket == bucketLeaf && random.IntN(4) > 0 {
				round = x.Scrub()
			}
		case 3:
			x.Apply(index+1, 1, [][]byte{command(t, KindMark, identity.Message{}, string(wanted))})
			index++
		}
	}
	if found := scrubbed(t, x.Store, 100); len(found) > 0 {
		t.Errorf("a scrub of what is whole found %v", found)
	}
	if err := x.Close(); err != nil {
		t.Fatal(err)
	}
	s, err := Open(path, poisonRegistry(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if found := scrubbed(t, s, 1<<20); len(found) > 0 {
		t.Errorf("after a restart: a scrub found %v", found)
	}
}

// TestWhatDecayedIsFound (D08, H2) changes and removes pairs of every bucket, one at a time. Where
// the pair decides the file is not opened; any other is found by the scrub, or by opening, and
// named.
func TestWhatDecayedIsFound(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.db")
	f := &filler{T: t, source: newMarked(t, path), index: 1}
	f.grow(12)
	f.source.write(f.index, "big a 1", "big b 2")
	if err := f.source.Close(); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	registry := poisonRegistry()
	for _, b := range registry.Buckets() {
		if b.Name == bucketSums {
			continue
		}
		pairs := pairsIn(t, path, b.Name)
		for _, n := range slices.Compact([]int{0, pairs / 2}) {
			if pairs == 0 {
				break
			}
			for what, change := range map[string]func(b *bolt.Bucket, k, v []byte) error{
				"missing": func(b *bolt.Bucket, k, _ []byte) error { return b.Delete(k) },
				"flipped": func(b *bolt.Bucket, k, v []byte) error {
					v = append([]byte{}, v...)
					v[n%len(v)] ^= 8
					return b.Put(k, v)
				},
				"renamed": func(b *bolt.Bucket, k, v []byte) error {
					other, v := append([]byte{}, k...), append([]byte{}, v...)
					other[len(k)-1] ^= 128
					return errors.Join(b.Delete(k), b.Put(other, v))
				},
			} {
				copied := filepath.Join(t.TempDir(), "state.db")
				if err := os.WriteFile(copied, whole, 0o600); err != nil {
					t.Fatal(err)
				}
				inRaw(t, copied, func(tx *bolt.Tx) error {
					b := tx.Bucket([]byte(b.Name))
					c := b.Cursor()
					k, v := c.First()
					for range n {
						k, v = c.Next()
					}
					return change(b, append([]byte{}, k...), append([]byte{}, v...))
				})
				if _, err := Verify(t.Context(), copied, nil); err == nil {
					t.Errorf("pair %d of %s %s: verified", n, b.Name, what)
				}
				found := decayIn(t, copied)
				if found == nil || found.Bucket != b.Name && found.Bucket != bucketMeta {
					t.Errorf("pair %d of %s %s: got %v", n, b.Name, what, found)
				}
			}
		}
	}
}

// decayIn opens a file, and scrubs it where it opens. What decides must be found by the opening.
func decayIn(t *testing.T, path string) *DecayError {
	t.Helper()
	s, err := Open(path, poisonRegistry(), Options{})
	if damage, ok := errors.AsType[*DamageError](err); ok {
		decay, ok := errors.AsType[*DecayError](err)
		if !ok {
			return &DecayError{Bucket: bucketMeta}
		}
		if damage.File != path {
			t.Errorf("got damage of %q", damage.File)
		}
		return decay
	}
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	found := scrubbed(t, s, 1<<20)
	if len(found) == 0 {
		return nil
	}
	if s.registry.decides(found[0].Bucket) {
		t.Errorf("the file was opened: %v", found[0])
	}
	if s.Damaged() == nil {
		t.Error("the store does not say that it is damaged")
	}
	return found[0]
}

func pairsIn(t *testing.T, path, bucket string) (n int) {
	t.Helper()
	inRaw(t, path, func(tx *bolt.Tx) error {
		if b := tx.Bucket([]byte(bucket)); b != nil {
			n = b.Stats().KeyN
		}
		return nil
	})
	return n
}

// TestFilledWithoutAValue (D08c) fills from a source that sends true entries, the true checkpoint
// and digest, and leaves one value out, as it might a revocation. At the next mark the replica
// finds another digest than the others, and ends.
func TestFilledWithoutAValue(t *testing.T) {
	f := newFiller(t, 50)
	left := "w 3"
	source := f.source
	forged := newMarked(t, filepath.Join(t.TempDir(), "state.db"))
	if err := forged.copyBut(source, left); err != nil {
		t.Fatal(err)
	}
	f.source = forged
	if _, err := f.fill(f.config(), nil); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(f.dir, "state.db")
	if err := Install(path, testLog(t)); err != nil {
		t.Fatal(err)
	}
	s, err := Open(path, poisonRegistry(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	filled := &marked{t, s}
	for _, x := range []*marked{source, filled} {
		x.write(f.index, "x a 1")
	}
	got, want := filled.note(f.index+1), source.note(f.index+1)
	if got.Same(want) || string(got.Root) != string(want.Root) {
		t.Errorf("got %+v without %q, beside %+v", got, left, want)
	}
}

// copyBut makes a store hold what another one does, but for one pair, and say of itself what the
// other one says.
func (x *marked) copyBut(from *marked, left string) error {
	return from.View(func(r *Reader) (err error) {
		x.mu.Lock()
		defer x.mu.Unlock()
		x.begin()
		x.meta, x.meta.contents = r.meta, contents{}
		for i := range r.Size() {
			x.open.fresh = append(x.open.fresh, ledger.LeafHash(r.Leaf(i)))
			err = errors.Join(err, x.open.Put(bucketLeaf, be64(i), r.Leaf(i)))
			if sealed := r.Sealed(i); sealed != nil {
				err = errors.Join(err, x.open.Put(bucketSealed, be64(i), sealed))
			}
		}
		for _, name := range from.registry.copied() {
			r.Scan(name, nil, nil, func(k, v []byte) bool {
				if name+" "+string(k) != left {
					err = errors.Join(err, x.open.Put(name, k, v))
				}
				return err == nil
			})
		}
		return err
	})
}

// TestValueThatIsNotAsWritten: it is given to nobody, and the store says that it is damaged.
func TestValueThatIsNotAsWritten(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.db")
	x := newMarked(t, path)
	x.write(1, "big a 1", "big b 2")
	if err := x.Close(); err != nil {
		t.Fatal(err)
	}
	inRaw(t, path, func(tx *bolt.Tx) error {
		b := tx.Bucket([]byte("big"))
		v := append([]byte{}, b.Get([]byte("a"))...)
		v[0] ^= 1
		return b.Put([]byte("a"), v)
	})
	s, err := Open(path, poisonRegistry(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	err = s.View(func(r *Reader) error {
		var got []string
		r.Scan("big", nil, nil, func(k, v []byte) bool { got = append(got, string(k)+"="+string(v)); return true })
		if fmt.Sprint(got) != "[a= b=2]" {
			t.Errorf("got %v", got)
		}
		r.Get("big", []byte("a"))
		return nil
	})
	if bad, ok := errors.AsType[*UnreadableError](err); !ok || bad.Bucket != "big" || s.Damaged() == nil {
		t.Errorf("got %v, damaged %v", err, s.Damaged())
	}
}
