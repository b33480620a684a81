package state

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
)

// flips is how many bits TestFlips changes, one at a time.
var flips = flag.Int("flips", 40, "how many single bits TestFlips changes")

// TestFlips (D08b) changes one random bit of a state file that nobody has open. The file is
// refused, as damaged, or what decides is as it was; and whatever else is not as it was the scrub
// finds, and a view does not show another value. Nothing panics.
func TestFlips(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 2))
	path := filepath.Join(t.TempDir(), "state.db")
	f := &filler{T: t, source: newMarked(t, path), index: 1}
	f.grow(60)
	f.source.write(f.index, "big a 1", "big b 2", "big c 3")
	want := content(t, f.source.Store)
	if err := f.source.Close(); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	pages, err := readBoltMeta(bytes.NewReader(whole), int64(len(whole)))
	if err != nil {
		t.Fatal(err)
	}
	whole = whole[:int64(pages.number)*pages.page] // behind it is what was allocated
	var written []int
	for i, b := range whole {
		if b != 0 {
			written = append(written, i)
		}
	}
	refused, found, copied := 0, 0, filepath.Join(t.TempDir(), "state.db")
	for range *flips {
		at, bit := written[random.IntN(len(written))], byte(1)<<random.IntN(8)
		changed := append([]byte{}, whole...)
		changed[at] ^= bit
		if err := os.WriteFile(copied, changed, 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := Open(copied, poisonRegistry(), Options{})
		if err != nil {
			if _, ok := errors.AsType[*DamageError](err); !ok {
				t.Errorf("bit %x of byte %d: got %v, want a *DamageError", bit, at, err)
			}
			refused++
			continue
		}
		decayed := s.flipped(t, want)
		if names := scrubbed(t, s, 1<<10); len(names) > 0 {
			found++
		} else if len(decayed) > 0 {
			t.Errorf("bit %x of byte %d: no scrub finds that %v is not as it was", bit, at, decayed)
		}
		for _, name := range decayed {
			if s.registry.decides(name) {
				t.Errorf("bit %x of byte %d: %s was opened, and is not as it was", bit, at, name)
			}
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
	t.Logf("of %d flips %d were refused at opening, %d found by the scrub; the rest were in no use", *flips, refused, found)
}

// flipped returns the buckets that do not show what they did. None shows another value.
func (s *Store) flipped(t *testing.T, want map[string]string) (names []string) {
	for _, b := range s.registry.Buckets() {
		if b.Name == bucketSums || b.Name == bucketMeta {
			continue
		}
		had := 0
		for key := range want {
			if len(key) > len(b.Name) && key[:len(b.Name)+1] == b.Name+" " {
				had++
			}
		}
		same := true
		err := s.View(func(r *Reader) error {
			r.Scan(b.Name, nil, nil, func(k, v []byte) bool {
				had--
				before, known := want[fmt.Sprintf("%s %x", b.Name, k)]
				if len(v) > 0 && known && before != string(v) {
					t.Errorf("%s shows another value under %x", b.Name, k)
				}
				same = same && known && before == string(v)
				return true
			})
			return nil
		})
		if err != nil || !same || had != 0 {
			names = append(names, b.Name)
		}
	}
	return names
}
