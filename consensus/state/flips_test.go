package state

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"maps"
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
//
// One flip is none of these: of the newest meta page of the database. The file is then as it was
// before the last commit, as after a power cut amid that commit, from which nobody could tell it;
// and what that commit had is applied again from raft's log.
func TestFlips(t *testing.T) {
	f := newFlipper(t)
	var written []int
	for i, b := range f.whole {
		if b != 0 {
			written = append(written, i)
		}
	}
	for range *flips {
		f.flip(written[f.random.IntN(len(written))])
	}
	t.Logf("of %d flips %d were refused at opening, %d found by the scrub, %d undid a commit; the rest were in no use", *flips, f.refused, f.found, f.undid)
}

// TestFlipsOfWhereThingsStand (D19) changes a bit of each byte by which the database finds its
// pages: of the two meta pages, one of which is enough, and of the list of free pages, by which it
// would write over what is in use.
func TestFlipsOfWhereThingsStand(t *testing.T) {
	f := newFlipper(t)
	for at := range pageHeader + boltMetaLen {
		f.flip(at)
		f.flip(int(f.pages.page) + at)
	}
	if f.undid < boltMetaLen/2 || f.refused == 0 || f.pages.freelist == noList {
		t.Errorf("of the meta pages: %d flips undid a commit, %d were refused", f.undid, f.refused)
	}
	list := int(f.pages.freelist) * int(f.pages.page)
	for at := range pageHeader {
		f.flip(list + at)
	}
	decisive := 0
	for n := range int(f.whole[list+10]) {
		for bit := range 6 {
			f.flipBit(list+pageHeader+8*n, bit)
			if checkBuckets(f.path, poisonRegistry().walked(wholeUpTo+1)) != nil {
				decisive++
			}
		}
	}
	if decisive == 0 {
		t.Error("of the list of free pages of a large file: no flip was refused")
	}
}

// flipper changes bits of a state file.
type flipper struct {
	*testing.T
	random                *rand.Rand
	whole                 []byte
	pages                 *pages
	path                  string            // of the copy
	index                 uint64            // of the raft entry that the last commit has
	before, after, later  map[string]string // that commit, and more
	refused, found, undid int
}

func (f *flipper) last(x *marked) { x.write(f.index, "big a 1", "big b 2", "big c 3", "x 3") }

func newFlipper(t *testing.T) *flipper {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	path := filepath.Join(t.TempDir(), "state.db")
	grown := &filler{T: t, source: newMarked(t, path), index: 1}
	grown.grow(60)
	f := &flipper{T: t, random: rand.New(rand.NewPCG(seed, 2)), path: filepath.Join(t.TempDir(), "state.db"), index: grown.index}
	f.before = content(t, grown.source.Store)
	f.last(grown.source)
	f.after = content(t, grown.source.Store)
	err := grown.source.Close()
	if err == nil {
		f.whole, err = os.ReadFile(path)
	}
	if err == nil {
		f.pages, err = readBoltMeta(bytes.NewReader(f.whole), int64(len(f.whole)))
	}
	if err != nil {
		t.Fatal(err)
	}
	f.whole = f.whole[:int64(f.pages.number)*f.pages.page] // behind it is what was allocated
	if err := os.WriteFile(f.path, f.whole, 0o600); err != nil {
		t.Fatal(err)
	}
	f.later = f.goesOn("the file as it was")
	return f
}

// flip changes a bit of a byte, and opens the file.
func (f *flipper) flip(at int) {
	f.flipBit(at, f.random.IntN(8))
}

func (f *flipper) flipBit(at, bit int) {
	what := f.write(at, bit)
	s, err := Open(f.path, poisonRegistry(), Options{Fatal: func(err error) { f.Errorf("%s: %v", what, err) }})
	if err != nil {
		if _, ok := errors.AsType[*DamageError](err); !ok {
			f.Errorf("%s: got %v, want a *DamageError", what, err)
		}
		f.refused++
		return
	}
	found := f.judge(what, s)
	if err := s.Close(); err != nil {
		f.Errorf("%s: closed: %v", what, err)
	}
	if !found && !maps.Equal(f.goesOn(what), f.later) {
		f.Errorf("%s: later it is not as it was", what)
	}
}

func (f *flipper) write(at, bit int) (what string) {
	changed := bytes.Clone(f.whole)
	changed[at] ^= 1 << bit
	if err := os.WriteFile(f.path, changed, 0o600); err != nil {
		f.Fatal(err)
	}
	return fmt.Sprintf("bit %d of byte %d", bit, at)
}

// judge reports whether the scrub finds something in a file that was opened.
func (f *flipper) judge(what string, s *Store) bool {
	want := f.after
	if index, _ := s.Applied(); index != f.index {
		want = f.before
		f.undid++
	}
	decayed := s.flipped(f.T, want)
	names := scrubbed(f.T, s, 1<<10)
	if len(names) == 0 && len(decayed) > 0 {
		f.Errorf("%s: no scrub finds that %v is not as it was", what, decayed)
	}
	for _, name := range decayed {
		if s.registry.decides(name) {
			f.Errorf("%s: %s was opened, and is not as it was", what, name)
		}
	}
	f.found += min(len(names), 1)
	return len(names) > 0
}

// goesOn gives a file in which nothing was found what raft's log has since, and more, opens it once
// more, and returns what it holds.
func (f *flipper) goesOn(what string) (all map[string]string) {
	for again := range 2 {
		s, err := Open(f.path, poisonRegistry(), Options{Fatal: func(err error) { f.Errorf("%s: %v", what, err) }})
		if err != nil {
			f.Errorf("%s: opened again: %v", what, err)
			return nil
		}
		s.db.NoSync = true // nobody cuts the power
		x := &marked{f.T, s}
		for n := uint64(0); again == 0 && n < 6; n++ {
			f.last(x)
			x.write(f.index+n+1, fmt.Sprintf("x %d more", n), fmt.Sprintf("w %d", n))
			s.Flush()
		}
		all = content(f.T, s)
		if found := scrubbed(f.T, s, 1<<20); len(found) > 0 {
			f.Errorf("%s: later the scrub found %v", what, found)
		}
		if err := s.Close(); err != nil {
			f.Errorf("%s: closed again: %v", what, err)
		}
	}
	return all
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
