package state

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	bolt "go.etcd.io/bbolt"

	"xietong/certs/identity"
	"xietong/consensus/ledger"
)

// filler is a source and the folder that is filled from it.
type filler struct {
	*testing.T
	source  *marked
	dir     string
	index   uint64  // the next raft entry of the source
	options Options // of both
}

func newFiller(t *testing.T, entries int) *filler { return newFillerWith(t, entries, Options{}) }

func newFillerWith(t *testing.T, entries int, o Options) *filler {
	f := &filler{T: t, source: newMarkedWith(t, filepath.Join(t.TempDir(), "state.db"), o), dir: t.TempDir(), index: 1, options: o}
	f.grow(entries)
	if o.Unmoving {
		f.source.moveAll()
	}
	return f
}

// grow writes entries, and values that change, into the source, with a mark and a checkpoint on the
// way.
func (f *filler) grow(entries int) {
	f.Helper()
	for i := range entries {
		bodies := []string{fmt.Sprintf("w %d %s", i%97, strings.Repeat("v", i%200+1)), fmt.Sprintf("x %d %d", i%10, i)}
		if i%10 == 9 {
			bodies = append(bodies, fmt.Sprintf("w %d", i%97))
		}
		f.source.write(f.index, bodies...)
		f.source.Apply(f.index+1, 1, [][]byte{command(f.T, kindOnce, newID(f.T), fmt.Sprint("once ", i))})
		f.index += 2
		if i == entries/2 {
			f.source.publish(f.index)
			f.index += 2
		}
	}
	f.source.Apply(f.index, 1, [][]byte{command(f.T, KindMark, identity.Message{}, string(wanted))})
	f.index++
}

func (f *filler) serve() Source {
	return Source{Store: f.source.Store, Configuration: func(*Reader) ([]byte, uint64, error) {
		return []byte("configuration"), 1, nil
	}}
}

func (f *filler) config() FillConfig {
	return FillConfig{Dir: f.dir, Log: testLog(f.T), Registry: poisonRegistry(), Source: "r2", FileBlocks: f.options.FileBlocks}
}

// fill fills from the source, over a stream that change may replace by another one.
func (f *filler) fill(c FillConfig, change func(io.ReadWriter) io.ReadWriter) (Filled, error) {
	f.Helper()
	mine, theirs := net.Pipe()
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = f.serve().Serve(context.Background(), theirs) // the filler tells what went wrong
		theirs.Close()
	}()
	stream := io.ReadWriter(mine)
	if change != nil {
		stream = change(mine)
	}
	got, err := Fill(f.Context(), stream, c)
	mine.Close()
	<-served
	return got, err
}

// content is everything in a state, but what is of one replica.
func content(t testing.TB, s *Store) map[string]string {
	t.Helper()
	s.Flush()
	all := map[string]string{}
	err := s.View(func(r *Reader) error {
		for index := range r.Size() {
			all[fmt.Sprintf("%s %x", bucketLeaf, be64(index))] = string(r.Leaf(index))
		}
		for n := range (r.Size() + 255) / 256 {
			id := ledger.TileID{N: n}
			tile, err := r.Tile(id)
			if all[fmt.Sprintf("%s %x", bucketTile, tileKey(id))] = string(tile); err != nil {
				return err
			}
		}
		for _, b := range s.registry.Buckets() {
			r.Scan(b.Name, nil, nil, func(k, v []byte) bool {
				of, _, _ := sumOf(k)
				inFiles := []string{bucketLeaf, bucketTile} // as much of them as was moved
				switch {
				case slices.Contains(inFiles, b.Name) && (b.Name == bucketLeaf || k[0] == 0):
				case b.Name == bucketSums && (of == bucketMeta || slices.Contains(inFiles, of)):
				case b.Name == bucketMeta && (string(k) == string(keyRaft) || string(k) == string(keyFiles)):
				default:
					all[fmt.Sprintf("%s %x", b.Name, k)] = string(v)
				}
				return true
			})
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func sameContent(t testing.TB, got, want map[string]string) {
	t.Helper()
	for k, v := range want {
		if got[k] != v {
			t.Errorf("%s: got %x, want %x", k, got[k], v)
		}
	}
	for k := range got {
		if _, ok := want[k]; !ok {
			t.Errorf("%s is there", k)
		}
	}
}

// check installs what was filled, and compares it with the source, now and after both went on.
func (f *filler) check() {
	f.Helper()
	path := filepath.Join(f.dir, "state.db")
	if err := Install(path, testLog(f.T)); err != nil {
		f.Fatal(err)
	}
	s, err := Open(path, poisonRegistry(), f.options)
	if err != nil {
		f.Fatal(err)
	}
	defer s.Close()
	sameContent(f.T, content(f.T, s), content(f.T, f.source.Store))
	if found := scrubbed(f.T, s, 1<<20); len(found) > 0 || s.Damaged() != nil {
		f.Errorf("a scrub found %v, %v", found, s.Damaged())
	}
	index, term := f.source.Applied()
	if m, ok, err := s.Marker(); err != nil || !ok || m.Index != index || m.Term != term || string(m.Configuration) != "configuration" {
		f.Errorf("marker: got %+v, %v, %v", m, ok, err)
	}
	copied := &marked{f.T, s}
	f.source.write(f.index, "x a 1", "w b", "w 5 6")
	copied.write(f.index, "x a 1", "w b", "w 5 6")
	if got, want := copied.note(f.index+1), f.source.note(f.index+1); !got.Same(want) {
		f.Errorf("got mark %+v, want %+v", got, want)
	}
	f.index += 2
	sameContent(f.T, content(f.T, s), content(f.T, f.source.Store))
	if err := s.Close(); err != nil {
		f.Error(err)
	}
	if _, err := Verify(f.Context(), path, nil); err != nil {
		f.Error(err)
	}
	if _, err := os.Stat(filepath.Join(f.dir, FillFile)); !errors.Is(err, os.ErrNotExist) {
		f.Errorf("the filled file is left: %v", err)
	}
}

// TestFill fills a new replica from another one, of some sizes, the source's newest commands
// committed or not.
func TestFill(t *testing.T) {
	for _, entries := range []int{0, 1, 300} {
		for _, flush := range []bool{false, true} {
			t.Run(fmt.Sprint(entries, flush), func(t *testing.T) {
				f := newFiller(t, entries)
				if flush {
					f.source.Flush()
				}
				c := f.config()
				var told uint64
				c.Check = func(p Published, _ [][]byte, _ uint64) error {
					if (p.Note != nil) != (entries > 0) {
						t.Errorf("checked %+v", p)
					}
					return nil
				}
				c.Progress = func(done, total uint64) { told = done }
				got, err := f.fill(c, nil)
				if err != nil {
					t.Fatal(err)
				}
				if index, term := f.source.Applied(); got.Index != index || got.Term != term || got.Size != f.source.meta.Size || told != got.Size {
					t.Errorf("got %+v and was told %d, want %d of term %d", got, told, index, term)
				}
				f.check()
			})
		}
	}
}

// TestEveryBucketHasItsShare: what is not said to be otherwise is copied, and what is said is of a
// bucket that there is.
func TestEveryBucketHasItsShare(t *testing.T) {
	r := NewRegistry()
	for name := range shares {
		if _, ok := r.buckets[name]; !ok {
			t.Errorf("no bucket is named %q", name)
		}
	}
	if got, want := fmt.Sprint(r.copied()), "[checkpoints epochs expiry former-keysets keysets lines marks seen seq]"; got != want {
		t.Errorf("copied are %s, want %s", got, want)
	}
}

// TestNothingImmutableIsDeleted: ranges of entries are copied at several moments.
func TestNothingImmutableIsDeleted(t *testing.T) {
	tx := newTx(NewRegistry(), &meta{Log: testLog(t)})
	for name, s := range shares {
		if err := tx.Delete(name, be64(1)); (err != nil) != (s == isImmutable) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// TestMarksAreFoundAnew: a source that noted a wrong root, because its tree was damaged then, does
// not hand it on.
func TestMarksAreFoundAnew(t *testing.T) {
	f := newFiller(t, 20)
	want := content(t, f.source.Store)
	f.source.Flush()
	err := f.source.db.Update(func(tx *bolt.Tx) error {
		b := keptIn(bucketMarks, tx.Bucket([]byte(bucketMarks)))
		k, v := b.Cursor().Last()
		v, _ = b.open(k, v)
		wrong := bytes.Clone(v)
		i := bytes.LastIndex(wrong[:len(wrong)-34], []byte{0x58, 0x20}) // the root is the one before the digest
		wrong[i+5] ^= 1
		w := poisonRegistry().newFileWriter(tx)
		return errors.Join(w.write(&pair{bucket: bucketMarks, key: bytes.Clone(k), value: wrong}), w.end())
	})
	if err != nil {
		t.Fatal(err)
	}
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
	sameContent(t, content(t, s), want)
}

// cutting is a stream that ends after so many frames were read.
type cutting struct {
	io.ReadWriter
	frames int
	read   []byte // the frames that were read
	left   int    // bytes of the frame that is being read
}

func (c *cutting) Read(p []byte) (int, error) {
	if c.left == 0 {
		if c.frames == 0 {
			return 0, io.EOF
		}
		c.frames--
		head := make([]byte, frameHeadLen)
		if _, err := io.ReadFull(c.ReadWriter, head); err != nil {
			return 0, err
		}
		c.left = int(head[0])<<24 | int(head[1])<<16 | int(head[2])<<8 | int(head[3])
		c.read = append(c.read, head...)
		return copy(p, head), nil
	}
	n, err := c.ReadWriter.Read(p[:min(len(p), c.left)])
	c.left -= n
	c.read = append(c.read, p[:n]...)
	return n, err
}

// answers returns the frames with which the source answers one filling.
func (f *filler) answers(c FillConfig) (frames [][]byte) {
	f.Helper()
	stream := &cutting{frames: 1 << 30}
	if _, err := f.fill(c, func(s io.ReadWriter) io.ReadWriter { stream.ReadWriter = s; return stream }); err != nil {
		f.Fatal(err)
	}
	for rest := stream.read; len(rest) > 0; {
		n := frameHeadLen + (int(rest[0])<<24 | int(rest[1])<<16 | int(rest[2])<<8 | int(rest[3]))
		frames, rest = append(frames, rest[:n]), rest[n:]
	}
	return frames
}

// TestFillGoesOn ends the stream after every frame, while the source is written. The next filling,
// from another replica, goes on with the entries that are lacking.
func TestFillGoesOn(t *testing.T) {
	for cut := 0; ; cut++ {
		f := newFiller(t, 200)
		c := f.config()
		stream := &cutting{frames: cut}
		_, err := f.fill(c, func(s io.ReadWriter) io.ReadWriter { stream.ReadWriter = s; return stream })
		if err == nil {
			if cut < 5 {
				t.Errorf("whole after %d frames", cut)
			}
			break
		}
		if !strings.Contains(err.Error(), "from r2") {
			t.Errorf("got %v", err)
		}
		if _, err := Open(filepath.Join(f.dir, FillFile), poisonRegistry(), Options{}); err == nil {
			t.Fatalf("cut after %d frames: taken for a state", cut)
		}
		f.grow(10)
		first := uint64(1 << 62)
		c.Progress = func(done, _ uint64) { first = min(first, done) }
		if _, err := f.fill(c, nil); err != nil {
			t.Fatalf("cut after %d frames: %v", cut, err)
		}
		if cut > 2 && first < 600 {
			t.Errorf("cut after %d frames: went on at %d", cut, first)
		}
		f.check()
	}
}

// TestFillInManyRounds: entries that come while others are received are asked for again, and what
// then still comes goes with the rest.
func TestFillInManyRounds(t *testing.T) {
	f := newFiller(t, 10)
	c, rounds := f.config(), 0
	f.source.Flush()
	grown := func() {
		var many [][]byte
		for i := range fewEntries {
			many = append(many, command(t, kindNote, identity.Message{}, fmt.Sprint("note ", i)))
		}
		f.source.Apply(f.index, 1, many)
		f.index++
	}
	grown()
	_, err := f.fill(c, func(s io.ReadWriter) io.ReadWriter {
		return &asking{s, func() {
			if rounds++; rounds > 1 {
				grown()
			}
		}}
	})
	if err != nil {
		t.Fatal(err)
	}
	if rounds != fillRounds+1 {
		t.Errorf("asked %d times, want %d", rounds, fillRounds+1)
	}
	f.check()
}

// asking is a stream that says when something is asked.
type asking struct {
	io.ReadWriter
	asked func()
}

func (a *asking) Write(p []byte) (int, error) {
	a.asked()
	return a.ReadWriter.Write(p)
}

// TestFillFaults fails each step of writing, either not done or done and reported as failed. No
// file is taken for a state that is none, and the next filling ends well.
func TestFillFaults(t *testing.T) { fillFaults(t, 60, Options{}, 4) }

func fillFaults(t *testing.T, entries int, o Options, least int) {
	t.Helper()
	steps := 0
	for at := 0; ; at++ {
		met := false
		for _, done := range []bool{false, true} {
			f := newFillerWith(t, entries, o)
			c, n, failed := f.config(), 0, ""
			c.step = func(name string, do func() error) error {
				if n++; n-1 != at {
					return do()
				}
				failed = name
				if done {
					return errors.Join(do(), errDisk)
				}
				return errDisk
			}
			_, err := f.fill(c, nil)
			if failed == "" {
				if err != nil {
					t.Fatal(err)
				}
				continue
			}
			met = true
			if !errors.Is(err, errDisk) {
				t.Errorf("%s: got %v", failed, err)
			}
			s, err := Open(filepath.Join(f.dir, FillFile), poisonRegistry(), Options{})
			if whole := failed == "check" || failed == "become" && done; (err == nil) != whole {
				t.Errorf("%s, done %v: opened: %v", failed, done, err)
			}
			if err == nil {
				s.Close()
			}
			f.grow(5)
			if _, err := f.fill(f.config(), nil); err != nil {
				t.Errorf("%s, done %v: %v", failed, done, err)
				continue
			}
			f.check()
		}
		if !met {
			break
		}
		steps++
	}
	if steps < least {
		t.Errorf("%d steps were met", steps)
	}
}

// TestFillAfterDamage: a file that was being filled and is damaged, or was filled for another
// ledger, is made anew.
func TestFillAfterDamage(t *testing.T) {
	for name, harm := range map[string]func(path string) error{
		"cut off": func(path string) error { return os.Truncate(path, 3*4096) },
		"empty":   func(path string) error { return os.Truncate(path, 0) },
		"foreign": func(path string) error { return os.WriteFile(path, bytes.Repeat([]byte("x"), 20_000), 0o600) },
		"of another epoch": func(path string) error {
			log, err := identity.ParseLog("nanming.guiyang.guizhou/log/2")
			if err == nil {
				err = errors.Join(os.Remove(path), Create(path, log))
			}
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFiller(t, 60)
			c := f.config()
			stream := &cutting{frames: 4}
			if _, err := f.fill(c, func(s io.ReadWriter) io.ReadWriter { stream.ReadWriter = s; return stream }); err == nil {
				t.Fatal("it was not cut")
			}
			if err := harm(filepath.Join(f.dir, FillFile)); err != nil {
				t.Fatal(err)
			}
			if _, err := f.fill(c, nil); err != nil {
				t.Fatal(err)
			}
			f.check()
		})
	}
}
