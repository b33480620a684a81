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
	"testing"
	"time"

	"xietong/certs/identity"
	"xietong/consensus/bundle"
)

// three are three replicas of one history, whose old entries are in files of two blocks.
type three struct {
	*testing.T
	all     []*filedTwins
	streams []io.Closer
}

func newThree(t *testing.T) *three {
	x := &three{T: t}
	for range 3 {
		one := newTwins(t, 2)
		one.grow(2100)
		one.moveAll()
		if got := len(one.files()); got != 3 {
			t.Fatalf("got %d files", got)
		}
		x.all = append(x.all, one)
	}
	t.Cleanup(x.end)
	return x
}

// harm changes a byte of a block of a file of one replica; block -1: of what the file says of
// itself, -2: the file is taken away, -3: of the tile of block 1.
func (x *three) harm(n, file, block int) {
	x.Helper()
	id := x.all[n].idOf(file)
	path := x.all[n].Store.files.Path(id)
	data := copyOf(x.T, path)
	var err error
	switch at := len(data); block {
	case -2:
		err = os.Remove(path)
	case -3:
		data[at/2+200] ^= 4
		putBack(x.T, data, path)
	default:
		data[[]int{60, at / 4, at - 10}[block+1]] ^= 4 // the halves are of much the same length
		putBack(x.T, data, path)
	}
	if err != nil {
		x.Fatal(err)
	}
	x.all[n].Store.files.Forget()
	if x.all[n].Store.files.With(id, (*bundle.File).Check) == nil {
		x.Fatalf("replica %d, file %d, block %d is whole", n, file, block)
	}
	scrubbed(x.T, x.all[n].Store, 1<<20)
}

func (x *filedTwins) idOf(file int) (id bundle.ID) {
	x.Helper()
	if err := x.View(func(r *Reader) (err error) { id, err = r.fileOf(uint64(file)); return err }); err != nil {
		x.Fatal(err)
	}
	return id
}

// sources are the other replicas, but for those that are away.
func (x *three) sources(n int, away ...int) (from []*BlockSource) {
	for i := range x.all {
		if i == n {
			continue
		}
		from = append(from, &BlockSource{Name: fmt.Sprint("r", i), Open: func() (io.ReadWriter, error) {
			if slices.Contains(away, i) {
				return nil, errors.New("it is away")
			}
			return x.open(func(s io.ReadWriter) { _ = Source{Store: x.all[i].Store}.Serve(context.Background(), s) }), nil
		}})
	}
	return from
}

func (x *three) open(serve func(io.ReadWriter)) io.ReadWriter {
	mine, theirs := net.Pipe()
	x.streams = append(x.streams, mine)
	go func() { serve(theirs); theirs.Close() }()
	return mine
}

func (x *three) end() {
	for _, s := range x.streams {
		s.Close()
	}
}

// whole checks that a replica has all of its files, and shows what was recorded.
func (x *three) whole(n int) {
	x.Helper()
	if damage, files := x.all[n].Damaged(), x.all[n].DamagedFiles(); damage != nil || len(files) > 0 {
		x.Errorf("replica %d: %v, %v", n, damage, files)
	}
	x.all[n].same()
}

// TestMendFilesOfScatteredDamage (D29) has files of old entries be damaged on three replicas in all
// ways in which each block is whole on one of them: each is mended by what is left of it and by the
// others, in any order.
func TestMendFilesOfScatteredDamage(t *testing.T) {
	x := newThree(t)
	for name, harms := range map[string][][3]int{
		"another file on each":        {{0, 0, 0}, {1, 1, -2}, {2, 2, 1}},
		"another block of one file":   {{0, 1, 0}, {1, 1, 1}},
		"one block on two of three":   {{0, 1, 0}, {1, 1, 0}},
		"one file, no head, and gone": {{0, 1, -1}, {1, 1, -2}},
		"all of two":                  {{0, 0, -2}, {0, 1, -2}, {0, 2, -2}, {1, 0, -2}, {1, 1, 0}, {1, 2, -1}},
		"a tile alone, of all":        {{0, 1, -3}, {1, 1, -3}, {2, 1, -3}},
	} {
		t.Run(name, func(t *testing.T) {
			for _, h := range harms {
				x.harm(h[0], h[1], h[2])
			}
			for n := range x.all {
				want := len(x.all[n].DamagedFiles())
				if got, err := x.all[n].MendFiles(t.Context(), x.sources(n)); err != nil || got != want {
					t.Errorf("replica %d: mended %d of %d, %v", n, got, want, err)
				}
				x.whole(n)
			}
		})
	}
}

// TestMendFilesThatNobodyHas: a block is damaged on all replicas: each says which entries these are
// and whom it asked, and mends whatever else it can. Where one is away it does not say that nobody
// has them. Once a person has put the file back on one, the others take it from there.
func TestMendFilesThatNobodyHas(t *testing.T) {
	x := newThree(t)
	path := x.all[0].files()[1]
	data := copyOf(t, path)
	for n := range x.all {
		x.harm(n, 1, 1)
		x.harm(n, n, 0)
	}
	for n := range x.all {
		for _, away := range []int{(n + 1) % 3, -1} {
			_, err := x.all[n].MendFiles(t.Context(), x.sources(n, away))
			lacking, ok := errors.AsType[*LackingError](err)
			if !ok || len(lacking.Files) == 0 || lacking.Ranges[len(lacking.Ranges)-1] != (Range{768, 1024}) && lacking.Ranges[0] != (Range{768, 1024}) {
				t.Fatalf("replica %d: %v", n, err)
			}
			if (away >= 0) != (len(lacking.Away) == 1) || len(lacking.Away)+len(lacking.Asked) != 2 {
				t.Errorf("replica %d: asked %v, away %v", n, lacking.Asked, lacking.Away)
			}
			if away < 0 && (len(lacking.Files) != 1 || filepath.Base(lacking.Files[0]) != filepath.Base(path)) {
				t.Errorf("replica %d lacks %v", n, lacking.Files)
			}
			if got := x.all[n].Damaged(); got == nil || x.all[n].DamagedBeside() != nil {
				t.Errorf("replica %d tells %v, beside %v", n, got, x.all[n].DamagedBeside())
			}
		}
	}
	putBack(t, data, path)
	for n := range x.all {
		if got, err := x.all[n].MendFiles(t.Context(), x.sources(n)); err != nil || got != 1 {
			t.Errorf("replica %d: mended %d, %v", n, got, err)
		}
		x.whole(n)
	}
}

// TestMendFilesFromLiars: whatever a source sends, no other entry comes into a file; the one behind
// it is asked.
func TestMendFilesFromLiars(t *testing.T) {
	x := newThree(t)
	otherLog, err := identity.ParseLog("nanming.guiyang.guizhou/log/2")
	if err != nil {
		t.Fatal(err)
	}
	send := func(a askBlock, o offer, change func(e *entries), w *frameWriter) error {
		var e entries
		err := x.all[1].View(func(r *Reader) error {
			for index := a.Block * bundle.BlockLen; index < (a.Block+1)*bundle.BlockLen; index++ {
				e.Entries = append(e.Entries, entry{Leaf: r.Leaf(index), Sealed: [][]byte{}})
			}
			e.From = a.Block * bundle.BlockLen
			return nil
		})
		change(&e)
		return errors.Join(err, w.write(messageOffer, o), w.write(messageEntry, e), w.end())
	}
	for name, lie := range map[string]func(a askBlock, o offer, w *frameWriter) error{
		"another entry": func(a askBlock, o offer, w *frameWriter) error {
			return send(a, o, func(e *entries) { e.Entries[7].Leaf[3] ^= 1 }, w)
		},
		"two in turn": func(a askBlock, o offer, w *frameWriter) error {
			return send(a, o, func(e *entries) { e.Entries[0], e.Entries[1] = e.Entries[1], e.Entries[0] }, w)
		},
		"one less": func(a askBlock, o offer, w *frameWriter) error {
			return send(a, o, func(e *entries) { e.Entries = e.Entries[1:] }, w)
		},
		"one more": func(a askBlock, o offer, w *frameWriter) error {
			return send(a, o, func(e *entries) { e.Entries = append(e.Entries, e.Entries[0]) }, w)
		},
		"others": func(a askBlock, o offer, w *frameWriter) error { return send(a, o, func(e *entries) { e.From++ }, w) },
		"more bytes": func(a askBlock, o offer, w *frameWriter) error {
			o.Bytes = 100
			return send(a, o, func(*entries) {}, w)
		},
		"no end":     func(_ askBlock, o offer, w *frameWriter) error { o.Bytes = 1 << 60; return w.write(messageOffer, o) },
		"no entries": func(_ askBlock, o offer, w *frameWriter) error { return errors.Join(w.write(messageOffer, o), w.end()) },
		"another log": func(_ askBlock, o offer, w *frameWriter) error {
			o.Log = otherLog
			return w.write(messageOffer, o)
		},
		"another kind": func(_ askBlock, o offer, w *frameWriter) error { return w.write(messageStill, still{}) },
	} {
		t.Run(name, func(t *testing.T) {
			x.harm(0, 1, 1)
			liar := &BlockSource{Name: "liar", Open: func() (io.ReadWriter, error) {
				return x.open(func(s io.ReadWriter) {
					from, w := newFrameReader(s), newFrameWriter(s)
					for {
						var a askBlock
						if from.readAs(messageAskBlock, &a) != nil {
							return
						}
						o := offer{Format: Format, Log: a.Log, Size: 2000, Bytes: 1 << 20}
						if a.Look {
							_ = w.write(messageOffer, o)
						} else if w.sum.Reset(); lie(a, o, w) != nil {
							return
						}
					}
				}), nil
			}}
			before := copyOf(t, x.all[0].files()[1])
			if got, err := x.all[0].MendFiles(t.Context(), []*BlockSource{liar}); err == nil || got != 0 {
				t.Errorf("mended %d, %v", got, err)
			}
			if after := copyOf(t, x.all[0].files()[1]); string(after) != string(before) {
				t.Error("it was written")
			}
			liar.away, liar.from = nil, nil
			if got, err := x.all[0].MendFiles(t.Context(), append([]*BlockSource{liar}, x.sources(0)...)); err != nil || got != 1 {
				t.Errorf("with another source: mended %d, %v", got, err)
			}
			x.whole(0)
		})
	}
}

// TestMendFilesOverShortStreams: a stream that ends after each answer, as one that was not used for
// a while does, is opened anew; who never answers is away.
func TestMendFilesOverShortStreams(t *testing.T) {
	x := newThree(t)
	opened := 0
	short := &BlockSource{Name: "short", Open: func() (io.ReadWriter, error) {
		opened++
		return x.open(func(s io.ReadWriter) {
			a := answers{Source: Source{Store: x.all[1].Store}, to: s}
			if kind, data, err := newFrameReader(s).read(); err == nil {
				_ = a.take(context.Background(), kind, data)
			}
		}), nil
	}}
	silent := &BlockSource{Name: "silent", Open: func() (io.ReadWriter, error) { return x.open(func(io.ReadWriter) {}), nil }}
	x.harm(0, 1, -2)
	if got, err := x.all[0].MendFiles(t.Context(), []*BlockSource{silent, short}); err != nil || got != 1 {
		t.Errorf("mended %d, %v", got, err)
	}
	if opened != 4 || silent.away == nil { // a look and the leaves, of two blocks
		t.Errorf("opened %d streams; of who is silent: %v", opened, silent.away)
	}
	x.whole(0)
}

// both is a stream of which one side is given.
type both struct {
	io.Reader
	io.Writer
}

// FuzzBlocks reads any bytes as questions and as answers: neither ends the process, and no leaf
// comes of an answer that is not the one of the tree.
func FuzzBlocks(f *testing.F) {
	path := filepath.Join(f.TempDir(), "state.db")
	err := Create(path, testLog(f))
	if err != nil {
		f.Fatal(err)
	}
	s, err := Open(path, poisonRegistry(), inFilesOf(1))
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = s.Close() })
	for index := range uint64(900) {
		s.Apply(index+1, 1, [][]byte{command(f, kindWrite, identity.Message{}, "w 1 v")})
	}
	s.Flush()
	for more := true; more && err == nil; {
		more, err = s.move(func(time.Duration) error { return nil })
	}
	if files := s.meta.filed.Files; err != nil || files == 0 {
		f.Fatalf("%d files, %v", files, err)
	}
	b, a, err := s.ownBlock(1)
	var question, answer bytes.Buffer
	w := newFrameWriter(&answer)
	err = errors.Join(err, newFrameWriter(&question).write(messageAskBlock, a), w.write(messageOffer, offer{Log: a.Log, Bytes: 1 << 20}), sendBlock(w, bundle.BlockLen, b.Leaves))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(question.Bytes())
	f.Add(answer.Bytes())
	f.Fuzz(func(t *testing.T, data []byte) {
		_ = Source{Store: s}.Serve(t.Context(), both{bytes.NewReader(data), io.Discard})
		from := &BlockSource{Open: func() (io.ReadWriter, error) { return both{bytes.NewReader(data), io.Discard}, nil }}
		if leaves := from.take(a); leaves != nil && !slices.EqualFunc(leaves, b.Leaves, bytes.Equal) {
			t.Error("other leaves were taken")
		}
	})
}
