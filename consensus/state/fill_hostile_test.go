package state

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"xietong/certs/canon"
	"xietong/certs/identity"
	"xietong/consensus/ledger"
)

// scripted is a source that sends what it likes, whatever it is asked.
type scripted struct{ io.Reader }

func (scripted) Write(p []byte) (int, error) { return len(p), nil }

// refused gives a filler frames, which it must refuse, and returns the error.
func (f *filler) refused(what string, c FillConfig, frames io.Reader) error {
	f.Helper()
	_, err := Fill(f.Context(), scripted{frames}, c)
	if err == nil {
		f.Errorf("%s: taken", what)
		return nil
	}
	if !strings.Contains(err.Error(), "fill state from r2: ") {
		f.Errorf("%s: got %v, want the source named", what, err)
	}
	if s, err := Open(filepath.Join(f.dir, FillFile), poisonRegistry(), Options{}); err == nil {
		f.Errorf("%s: the file is taken for a state", what)
		s.Close()
	}
	if err := RemoveFilling(f.config()); err != nil {
		f.Error(err)
	}
	return err
}

func joined(frames [][]byte) io.Reader { return bytes.NewReader(bytes.Join(frames, nil)) }

// TestHostileFrames changes what an honest source sent, frame by frame.
func TestHostileFrames(t *testing.T) {
	f := newFiller(t, 250)
	c := f.config()
	frames := f.answers(c)
	if err := RemoveFilling(f.config()); err != nil {
		t.Fatal(err)
	}
	if len(frames) < 11 {
		t.Fatalf("%d frames", len(frames))
	}
	for i, frame := range frames {
		with := func(changed ...[]byte) io.Reader {
			return joined(append(append(append([][]byte{}, frames[:i]...), changed...), frames[i+1:]...))
		}
		at := func(what string) string { return fmt.Sprintf("frame %d %s", i, what) }
		for _, bit := range []int{5, len(frame) / 2, len(frame) - 1} {
			flipped := bytes.Clone(frame)
			flipped[bit] ^= 1
			f.refused(at(fmt.Sprintf("flipped at %d", bit)), c, with(flipped))
			if bit >= frameHeadLen && frame[frameHeadLen] != messageOffer { // by somebody who can make a checksum; an offer says what it likes
				f.refused(at(fmt.Sprintf("flipped at %d, summed", bit)), c, with(summedFrame(flipped[frameHeadLen:])))
			}
		}
		f.refused(at("cut"), c, joined(append(append([][]byte{}, frames[:i]...), frame[:len(frame)/2])))
		f.refused(at("the last"), c, joined(frames[:i]))
		f.refused(at("left out"), c, with())
		if i+1 < len(frames) { // behind the end nothing is read
			f.refused(at("twice"), c, with(frame, frame))
			f.refused(at("without end"), c, io.MultiReader(joined(frames[:i]), &repeated{frame: frame}))
			swapped := append([][]byte{}, frames...)
			swapped[i], swapped[i+1] = swapped[i+1], swapped[i]
			f.refused(at("after the next"), c, joined(swapped))
		}
		long := bytes.Clone(frame)
		binary.BigEndian.PutUint32(long, MaxFrameLen+1)
		f.refused(at("too long"), c, with(long))
	}
	if _, err := Fill(t.Context(), scripted{joined(frames)}, c); err != nil {
		t.Fatalf("unchanged: %v", err)
	}
	f.check()
}

// repeated repeats a frame for ever.
type repeated struct {
	frame []byte
	at    int
}

func (r *repeated) Read(p []byte) (int, error) {
	n := copy(p, r.frame[r.at:])
	r.at = (r.at + n) % len(r.frame)
	return n, nil
}

func summedFrame(message []byte) []byte {
	frame := binary.BigEndian.AppendUint32(nil, uint32(len(message)))
	frame = binary.BigEndian.AppendUint32(frame, crc32.Checksum(message, castagnoli))
	return append(frame, message...)
}

// liar is a source that says what it likes, with right checksums and sums.
type liar struct {
	testing.TB
	out bytes.Buffer
	w   *frameWriter
}

func newLiar(t testing.TB) *liar {
	l := &liar{TB: t}
	l.w = newFrameWriter(&l.out)
	return l
}

func (l *liar) say(kind byte, v any) *liar {
	l.Helper()
	if err := l.w.write(kind, v); err != nil {
		l.Fatal(err)
	}
	return l
}

func (l *liar) end() *liar {
	l.Helper()
	if err := l.w.end(); err != nil {
		l.Fatal(err)
	}
	l.w = newFrameWriter(&l.out)
	return l
}

// stills says so often that it reads.
func stills(l *liar, times uint64) *liar {
	for n := range times {
		l.say(messageStill, still{Read: n + 1})
	}
	return l
}

// TestHostileSource gives a filler whole answers that are wrong in one thing.
func TestHostileSource(t *testing.T) {
	f := newFiller(t, 0)
	other, err := identity.ParseLog("nanming.guiyang.guizhou/log/2")
	if err != nil {
		t.Fatal(err)
	}
	good := offer{Format: Format, Log: testLog(t), Bytes: 1 << 20}
	change := func(do func(*offer)) offer {
		o := good
		do(&o)
		return o
	}
	leaf := entry{Leaf: []byte("leaf"), Sealed: [][]byte{}}
	one := func(bucket string, keys ...string) pairs {
		p := pairs{Bucket: bucket}
		for _, k := range keys {
			p.Pairs = append(p.Pairs, keyValue{Key: []byte(k), Value: []byte{1}})
		}
		return p
	}
	two := change(func(o *offer) { o.Size = 2 })
	rest := func(o offer) *liar { return newLiar(t).say(messageOffer, good).end().say(messageOffer, o) }
	three := change(func(o *offer) { o.Pairs = 3 })
	for what, row := range map[string]struct {
		liar *liar
		want error // nil: any
	}{
		"another epoch":          {newLiar(t).say(messageOffer, change(func(o *offer) { o.Log = other })), ErrOtherLog},
		"an older format":        {newLiar(t).say(messageOffer, change(func(o *offer) { o.Format = Format - 1 })), ErrOlderFormat},
		"a newer format":         {newLiar(t).say(messageOffer, change(func(o *offer) { o.Format = Format + 1 })), ErrNewerFormat},
		"it is behind":           {newLiar(t).say(messageOffer, change(func(o *offer) { o.Refused = refusedBehind })), ErrBehind},
		"other entries":          {newLiar(t).say(messageOffer, change(func(o *offer) { o.Refused = refusedEntries })), ErrOtherEntries},
		"an unknown refusal":     {newLiar(t).say(messageOffer, change(func(o *offer) { o.Refused = 99 })), nil},
		"too much":               {newLiar(t).say(messageOffer, change(func(o *offer) { o.Bytes = 1 << 40 })), ErrNoRoom},
		"it reads for ever":      {stills(newLiar(t), maxStills+1), errFrame},
		"it reads nothing":       {newLiar(t).say(messageStill, still{}), errFrame},
		"it reads no more":       {newLiar(t).say(messageStill, still{Read: 2}).say(messageStill, still{Read: 2}), errFrame},
		"it reads what it sends": {newLiar(t).say(messageOffer, two).say(messageStill, still{Read: 2}), errFrame},
		"entries not offered":    {newLiar(t).say(messageOffer, good).say(messageEntry, entries{Entries: []entry{leaf}}).end(), errFrame},
		"more than offered":      {newLiar(t).say(messageOffer, change(func(o *offer) { o.Size, o.Bytes = 2, 10 })).say(messageEntry, entries{Entries: []entry{leaf, leaf}}).end(), errFrame},
		"no entries":             {newLiar(t).say(messageOffer, two).say(messageEntry, entries{}).end(), errFrame},
		"entries from elsewhere": {newLiar(t).say(messageOffer, two).say(messageEntry, entries{From: 1, Entries: []entry{leaf}}).end(), errFrame},
		"too few entries":        {newLiar(t).say(messageOffer, two).say(messageEntry, entries{Entries: []entry{leaf}}).end(), errFrame},
		"an empty leaf":          {newLiar(t).say(messageOffer, two).say(messageEntry, entries{Entries: []entry{{Sealed: [][]byte{}}, leaf}}).end(), errFrame},
		"two ciphertexts":        {newLiar(t).say(messageOffer, two).say(messageEntry, entries{Entries: []entry{{Leaf: []byte("l"), Sealed: [][]byte{{1}, {2}}}, leaf}}).end(), errFrame},
		"a leaf too long":        {newLiar(t).say(messageOffer, two).say(messageEntry, entries{Entries: []entry{{Leaf: make([]byte, 1<<16), Sealed: [][]byte{}}, leaf}}).end(), nil},
		"pairs among entries":    {newLiar(t).say(messageOffer, change(func(o *offer) { o.Pairs = 3 })).say(messagePairs, one("seq", "a", "b", "c")).end(), errFrame},
		"entries after pairs":    {rest(change(func(o *offer) { o.Size, o.Pairs = 1, 1 })).say(messagePairs, one("seq", "a")).say(messageEntry, entries{Entries: []entry{leaf}}).end(), errFrame},
		"keys out of order":      {rest(three).say(messagePairs, one("seq", "a", "c", "b")).end(), errFrame},
		"a key twice":            {rest(three).say(messagePairs, one("seq", "a", "b")).say(messagePairs, one("seq", "b")).end(), errFrame},
		"buckets out of order":   {rest(three).say(messagePairs, one("seq", "a")).say(messagePairs, one("seen", "a", "b")).end(), errFrame},
		"no such bucket":         {rest(three).say(messagePairs, one("nobody's", "a", "b", "c")).end(), nil},
		"a bucket without name":  {rest(three).say(messagePairs, one("", "a", "b", "c")).end(), nil},
		"the position itself":    {rest(three).say(messagePairs, one(bucketMeta, "raft", "state", "x")).end(), errFrame},
		"the entries as pairs":   {rest(three).say(messagePairs, one(bucketLeaf, "a", "b", "c")).end(), errFrame},
		"the tree":               {rest(three).say(messagePairs, one(bucketTile, "a", "b", "c")).end(), errFrame},
		"a key too long":         {rest(three).say(messagePairs, one("keysets", "a", "b", "more than 8")).end(), nil},
		"no pairs":               {rest(three).say(messagePairs, one("seq")).end(), errFrame},
		"too many pairs":         {rest(three).say(messagePairs, one("seq", "a", "b", "c", "d")).end(), errFrame},
		"too few pairs":          {rest(three).say(messagePairs, one("seq", "a", "b")).end(), errFrame},
		"an unknown message":     {rest(three).say(77, one("seq", "a", "b")).end(), errFrame},
		"another ledger's state": {f.ends(t, good, func(m *meta, _ *offer) { m.Log = other }), errFrame},
		"another size":           {f.ends(t, good, func(m *meta, _ *offer) { m.Size++ }), errFrame},
		"another kind of state":  {f.ends(t, good, func(m *meta, _ *offer) { m.Kind = "?" }), errFrame},
		"no digest":              {f.ends(t, good, func(m *meta, _ *offer) { m.Digest = nil }), errFrame},
		"behind what it said":    {f.ends(t, good, func(m *meta, _ *offer) { m.Index = 4 }), ErrBehind},
		"a later configuration":  {f.ends(t, good, func(_ *meta, o *offer) { o.ConfigurationIndex = 1 << 50 }), errFrame},
		"no position":            {f.ends(t, good, func(_ *meta, o *offer) { o.Meta = []byte{0x80} }), nil},
		"a broken key set":       {f.ends(t, good, nil, one("keysets", "12345678")), ErrUnproven},
		"a broken checkpoint":    {f.ends(t, good, nil, one("checkpoints", "12345678")), ErrUnproven},
		"a broken mark":          {f.ends(t, good, nil, one("marks", "12345678")), ErrUnproven},
	} {
		c := f.config()
		c.Least = 5
		c.Room = func() (uint64, error) { return 1 << 30, nil }
		if err := f.refused(what, c, &row.liar.out); row.want != nil && !errors.Is(err, row.want) {
			t.Errorf("%s: got %v, want %v", what, err, row.want)
		}
	}
}

// ends answers with an empty ledger and the given pairs, and with a position that was changed.
func (f *filler) ends(t testing.TB, o offer, change func(*meta, *offer), all ...pairs) *liar {
	l := newLiar(t).say(messageOffer, o).end()
	m := meta{Kind: metaKind, Format: Format, Log: testLog(t), Index: 9, Term: 1, Digest: digestOf(testLog(t))}
	if change != nil {
		change(&m, &o)
	}
	if o.Meta == nil {
		data, err := canon.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		o.Meta = data
	}
	if o.Clock == nil {
		data, err := canon.Marshal(clock{Now: m.Time})
		if err != nil {
			t.Fatal(err)
		}
		o.Clock = data
	}
	o.Pairs = uint64(len(all))
	l.say(messageOffer, o)
	for _, p := range all {
		l.say(messagePairs, p)
	}
	return l.end()
}

// TestUnprovenEntries: a source whose entries are not those that were signed, wherever they differ,
// is refused once they are all there, and nothing of it is kept. So is one whose checkpoint the
// caller refuses.
func TestUnprovenEntries(t *testing.T) {
	for name, row := range map[string]struct {
		at    uint64
		check error
	}{"the first entry": {at: 0}, "the last that was signed": {at: 150}, "the checkpoint": {at: 1 << 40, check: errors.New("no majority signed it")}} {
		t.Run(name, func(t *testing.T) {
			f := newFiller(t, 100)
			forged := newMarked(t, filepath.Join(t.TempDir(), "state.db"))
			if err := f.source.View(func(r *Reader) error {
				forged.mu.Lock()
				defer forged.mu.Unlock()
				forged.begin()
				forged.meta, forged.meta.contents = r.meta, contents{}
				for i := range r.Size() {
					leaf := r.Leaf(i)
					if i == row.at {
						leaf = r.Leaf(i + 1)
					}
					forged.open.fresh = append(forged.open.fresh, ledger.LeafHash(leaf))
					if err := forged.open.Put(bucketLeaf, be64(i), leaf); err != nil {
						return err
					}
				}
				for _, name := range f.source.registry.copied() {
					r.Scan(name, nil, nil, func(k, v []byte) bool { return forged.open.Put(name, k, v) == nil })
				}
				return nil
			}); err != nil {
				t.Fatal(err)
			}
			honest := f.source
			f.source = forged
			c := f.config()
			c.Check = func(Published, [][]byte, uint64) error { return row.check }
			_, err := f.fill(c, nil)
			if !errors.Is(err, ErrUnproven) || row.check != nil && !errors.Is(err, row.check) {
				t.Errorf("got %v, want ErrUnproven", err)
			}
			if _, err := os.Stat(filepath.Join(f.dir, FillFile)); !errors.Is(err, os.ErrNotExist) {
				t.Errorf("what it sent is left: %v", err)
			}
			f.source = honest
			if _, err := f.fill(f.config(), nil); err != nil {
				t.Fatal(err)
			}
			f.check()
		})
	}
}

// TestOtherEntries: after some entries of one source came, another one with other entries refuses
// to go on. They are dropped, and the next filling begins anew.
func TestOtherEntries(t *testing.T) {
	f := newFiller(t, 60)
	stream := &cutting{frames: 4}
	if _, err := f.fill(f.config(), func(s io.ReadWriter) io.ReadWriter { stream.ReadWriter = s; return stream }); err == nil {
		t.Fatal("it was not cut")
	}
	g := newFiller(t, 0)
	g.source.write(1, "x a 1", "x b 2")
	for i := range uint64(100) {
		g.source.write(2+i, "w a 1", "w b 2")
	}
	g.index, g.dir = 200, f.dir
	if _, err := g.fill(g.config(), nil); !errors.Is(err, ErrOtherEntries) {
		t.Fatalf("got %v, want ErrOtherEntries", err)
	}
	if _, err := g.fill(g.config(), nil); err != nil {
		t.Fatal(err)
	}
	g.check()
}

// TestSourceRefuses: a source hands nothing to whoever asks for another ledger, or with another
// version, or for more than it has.
func TestSourceRefuses(t *testing.T) {
	f := newFiller(t, 20)
	other, err := identity.ParseLog("huaxi.guiyang.guizhou/log/1")
	if err != nil {
		t.Fatal(err)
	}
	empty, err := ledger.Root(0, memTiles{})
	if err != nil {
		t.Fatal(err)
	}
	for name, row := range map[string]struct {
		change func(*ask)
		want   uint64
	}{
		"another jurisdiction": {func(a *ask) { a.Log = other }, refusedLog},
		"another version":      {func(a *ask) { a.Version++ }, refusedVersion},
		"another format":       {func(a *ask) { a.Format-- }, refusedVersion},
		"more than there is":   {func(a *ask) { a.Have = 1 << 40 }, refusedBehind},
		"later than it is":     {func(a *ask) { a.Least = 1 << 40 }, refusedBehind},
		"other entries":        {func(a *ask) { a.Have = 3 }, refusedEntries},
	} {
		t.Run(name, func(t *testing.T) {
			a := ask{Version: fillVersion, Format: Format, Log: testLog(t), Root: empty[:]}
			row.change(&a)
			for _, rest := range []bool{false, true} {
				a.Rest = rest
				var in, out bytes.Buffer
				if err := newFrameWriter(&in).write(messageAsk, a); err != nil {
					t.Fatal(err)
				}
				if err := f.serve().Serve(t.Context(), struct {
					io.Reader
					io.Writer
				}{&in, &out}); err != nil {
					t.Fatal(err)
				}
				var o offer
				r := newFrameReader(&out)
				if err := r.readAs(messageOffer, &o); err != nil || o.Refused != row.want || o.Log != testLog(t) || len(o.Meta) != 0 {
					t.Errorf("rest %v: got %+v, %v, want refusal %d", rest, o, err, row.want)
				}
				if _, _, err := r.read(); !errors.Is(err, io.EOF) {
					t.Errorf("rest %v: it sends more", rest)
				}
			}
		})
	}
	s := f.serve()
	s.Room = func() (uint64, error) { return 1000, nil }
	var in, out bytes.Buffer
	if err := newFrameWriter(&in).write(messageAsk, ask{Version: fillVersion, Format: Format, Log: testLog(t), Root: empty[:], Rest: true}); err != nil {
		t.Fatal(err)
	}
	if err := s.Serve(t.Context(), struct {
		io.Reader
		io.Writer
	}{&in, &out}); err != nil {
		t.Fatal(err)
	}
	var o offer
	if err := newFrameReader(&out).readAs(messageOffer, &o); err != nil || o.Refused != refusedUnwell {
		t.Errorf("without room for the rest: got %+v, %v", o, err)
	}
}
