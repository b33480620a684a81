package witness

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"fmt"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"xietong/certs/canon"
	"xietong/certs/identity"
	"xietong/certs/trust"
	"xietong/consensus/ledger"
)

// signer is a replica with a log key.
type signer struct{ key ed25519.PrivateKey }

func (s signer) LogPublic() ed25519.PublicKey  { return s.key.Public().(ed25519.PublicKey) }
func (s signer) SignLog(message []byte) []byte { return ed25519.Sign(s.key, message) }

type tiles map[ledger.TileID][]byte

func (m tiles) Tile(id ledger.TileID) ([]byte, error) { return m[id], nil }

// tree is a log of three replicas.
type tree struct {
	t     testing.TB
	log   identity.Log
	keys  trust.KeySet
	by    []signer
	tiles tiles
	size  uint64
}

func newTree(t testing.TB, name string, epoch uint64) *tree {
	t.Helper()
	j, err := identity.ParseJurisdiction(name)
	if err != nil {
		t.Fatal(err)
	}
	f := &tree{t: t, tiles: tiles{}, keys: trust.KeySet{Name: j, Epoch: epoch, Number: 1}}
	if f.log, err = identity.NewLog(j, epoch); err != nil {
		t.Fatal(err)
	}
	for n := range 3 {
		s := signer{ed25519.NewKeyFromSeed(bytes.Repeat([]byte{byte(n), name[0]}, 16))}
		r, err := identity.NewReplica(uint32(n + 1))
		if err != nil {
			t.Fatal(err)
		}
		f.by = append(f.by, s)
		f.keys.Replicas = append(f.keys.Replicas, trust.ReplicaKeys{Replica: r, LogKey: s.LogPublic()})
	}
	return f
}

// copied returns another tree that begins as this one.
func (f *tree) copied() *tree {
	other := *f
	other.tiles = tiles{}
	for id, tile := range f.tiles {
		other.tiles[id] = bytes.Clone(tile)
	}
	return &other
}

// grow appends n leaves, which differ by what is said.
func (f *tree) grow(n int, says string) {
	f.t.Helper()
	for range n {
		leaf := tlog.RecordHash(fmt.Appendf(nil, "%s %d", says, f.size))
		grown, err := ledger.Append(f.size, []tlog.Hash{leaf}, f.tiles)
		if err != nil {
			f.t.Fatal(err)
		}
		f.size = grown.Size
		for id, tile := range grown.Tiles {
			f.tiles[id] = tile
		}
	}
}

func (f *tree) root(size uint64) tlog.Hash {
	f.t.Helper()
	if size == 0 {
		return tlog.Hash{}
	}
	root, err := ledger.Root(size, f.tiles)
	if err != nil {
		f.t.Fatal(err)
	}
	return root
}

func (f *tree) at(size uint64) *ledger.Checkpoint {
	if size == 0 {
		return nil
	}
	return &ledger.Checkpoint{Log: f.log, Size: size, Root: f.root(size)}
}

// note is signed by the first replicas.
func (f *tree) note(size uint64, replicas int) []byte {
	f.t.Helper()
	var notes [][]byte
	for _, s := range f.by[:replicas] {
		signed, err := ledger.SignCheckpoint(*f.at(size), s)
		if err != nil {
			f.t.Fatal(err)
		}
		notes = append(notes, signed)
	}
	merged, err := ledger.MergeNotes(notes...)
	if err != nil {
		f.t.Fatal(err)
	}
	return merged
}

func (f *tree) offer(old, size uint64) Offer {
	f.t.Helper()
	g := ledger.Growth{Old: old, Note: f.note(size, 2)}
	if old > 0 && old < size {
		path, err := ledger.ProveConsistency(old, size, f.tiles)
		if err != nil {
			f.t.Fatal(err)
		}
		g.Path = path
	}
	return Offer{Growth: g.Encode(), Was: f.root(old)}
}

func (f *tree) open(o Offer) (Shown, error) {
	return Open(o, f.log.Jurisdiction(), []trust.KeySet{f.keys})
}

// TestJudge gives the rule every relation of what is kept to what is shown. The evidence of each
// fork is verified by a stranger, and is none against a log that has one history.
func TestJudge(t *testing.T) {
	f := newTree(t, "nanming.guiyang.guizhou", 1)
	f.grow(8, "true")
	forged := f.copied()
	forged.grow(5, "forged")
	f.grow(5, "true")
	restored := f.copied() // shows what it had before
	for _, tc := range []struct {
		name            string
		kept, old, size uint64
		by              *tree
		want            Verdict
	}{
		{"the first", 0, 0, 5, f, Larger},
		{"the first, with a proof", 0, 3, 5, f, Elsewhere},
		{"larger", 5, 5, 13, f, Larger},
		{"by one", 12, 12, 13, f, Larger},
		{"from a power of two", 8, 8, 13, f, Larger},
		{"the same", 13, 13, 13, f, Same},
		{"the same, from elsewhere", 13, 4, 13, f, Same},
		{"from a smaller one than is kept", 7, 5, 13, f, Elsewhere},
		{"from nothing", 7, 0, 13, f, Elsewhere},
		{"from a larger one than is kept", 7, 9, 13, f, Elsewhere},
		{"smaller", 13, 5, 9, restored, Behind},
		{"another tree of the same size", 13, 8, 13, forged, Forked},
		{"another tree that is smaller", 13, 8, 10, forged, Behind},
		{"another tree that is larger", 10, 10, 13, forged, Forked},
		{"a tree that was the same up to what is kept", 8, 8, 13, forged, Larger},
	} {
		s, err := f.open(tc.by.offer(tc.old, tc.size))
		if err != nil {
			t.Fatalf("%s: %v", tc.name, err)
		}
		got, err := Judge(f.at(tc.kept), s)
		if err != nil || got != tc.want {
			t.Errorf("%s: got %d, %v, want %d", tc.name, got, err, tc.want)
		}
		if tc.kept == 0 {
			continue
		}
		evidence := ForkOf(f.note(tc.kept, 3), s, *f.at(tc.kept)).Encode()
		_, _, err = OpenFork(evidence, f.log.Jurisdiction(), []trust.KeySet{f.keys})
		if (err == nil) != (tc.want == Forked) {
			t.Errorf("%s: the evidence of a fork: %v", tc.name, err)
		}
	}
}

// TestNothingIsProvenByGarbage: a proof that does not hold is refused, and is no fork of whoever
// shows it.
func TestNothingIsProvenByGarbage(t *testing.T) {
	f := newTree(t, "nanming.guiyang.guizhou", 1)
	f.grow(13, "true")
	other := newTree(t, "yunyan.guiyang.guizhou", 1)
	other.grow(13, "true")
	anew := newTree(t, "nanming.guiyang.guizhou", 2)
	anew.grow(13, "true")
	few := f.offer(5, 13)
	few.Growth = ledger.Growth{Old: 5, Note: f.note(13, 1)}.Encode()
	long := f.offer(5, 13)
	long.Growth = append(long.Growth, make([]byte, MaxOfferLen)...)
	for name, o := range map[string]Offer{
		"of another log": other.offer(5, 13), "of an epoch whose keys are not believed": anew.offer(5, 13),
		"by a minority": few, "too long": long, "empty": {},
	} {
		if s, err := f.open(o); !errors.Is(err, ledger.ErrNotProven) && !errors.Is(err, ledger.ErrMalformed) {
			t.Errorf("an offer %s: got %+v, %v", name, s.Checkpoint, err)
		}
	}
	for name, edit := range map[string]func(*Shown){
		"no proof":           func(s *Shown) { s.Growth.Path = nil },
		"a shorter proof":    func(s *Shown) { s.Growth.Path = s.Growth.Path[1:] },
		"a longer proof":     func(s *Shown) { s.Growth.Path = append(s.Growth.Path, tlog.Hash{}) },
		"another hash":       func(s *Shown) { s.Growth.Path[1][7] ^= 1 },
		"another older root": func(s *Shown) { s.Was[0] ^= 1 },
	} {
		s, err := f.open(f.offer(5, 13))
		if err != nil {
			t.Fatal(err)
		}
		edit(&s)
		if got, err := Judge(f.at(5), s); !errors.Is(err, ledger.ErrNotProven) {
			t.Errorf("%s: got %d, %v", name, got, err)
		}
	}
	s, err := f.open(f.offer(0, 13))
	if err != nil {
		t.Fatal(err)
	}
	s.Was[3] = 1
	if got, err := Judge(nil, s); !errors.Is(err, ledger.ErrNotProven) {
		t.Errorf("a root of nothing: got %d, %v", got, err)
	}
	if got, err := Judge(anew.at(5), s); !errors.Is(err, ledger.ErrNotProven) {
		t.Errorf("against another log: got %d, %v", got, err)
	}
}

// TestHugeSize: a size that no tree has proves nothing, and costs nothing.
func TestHugeSize(t *testing.T) {
	f := newTree(t, "nanming.guiyang.guizhou", 1)
	f.grow(3, "true")
	for _, size := range []uint64{0, identity.MaxIndex + 1, 1 << 62} {
		var notes [][]byte
		for _, s := range f.by {
			signed, err := ledger.SignCheckpoint(ledger.Checkpoint{Log: f.log, Size: size}, s)
			if err != nil {
				t.Fatal(err)
			}
			notes = append(notes, signed)
		}
		note, err := ledger.MergeNotes(notes...)
		if err != nil {
			t.Fatal(err)
		}
		if s, err := f.open(Offer{Growth: ledger.Growth{Note: note}.Encode()}); !errors.Is(err, ledger.ErrMalformed) {
			t.Errorf("%d entries: got %+v, %v", size, s.Checkpoint, err)
		}
	}
}

// TestEveryByte flips each byte of an offer and of the evidence of a fork: none of them is taken.
func TestEveryByte(t *testing.T) {
	f := newTree(t, "nanming.guiyang.guizhou", 1)
	f.grow(10, "true")
	forged := f.copied()
	f.grow(2, "true")
	forged.grow(3, "forged")
	shown, err := f.open(forged.offer(12, 13))
	if err != nil {
		t.Fatal(err)
	}
	evidence := ForkOf(f.note(12, 2), shown, *f.at(12)).Encode()
	offer, err := canon.Marshal(f.offer(5, 12))
	if err != nil {
		t.Fatal(err)
	}
	takes := func(data []byte) error {
		var o Offer
		if err := canon.Unmarshal(data, MaxForkLen, &o); err != nil {
			return err
		}
		s, err := f.open(o)
		if err == nil {
			var v Verdict
			if v, err = Judge(f.at(5), s); v != Larger && err == nil {
				err = errors.New("another verdict")
			}
		}
		return err
	}
	proves := func(data []byte) error {
		_, _, err := OpenFork(data, f.log.Jurisdiction(), []trust.KeySet{f.keys})
		return err
	}
	everyByte(t, "offer", offer, takes)
	everyByte(t, "fork", evidence, proves)
}

// everyByte flips each byte of data, and checks that what is taken as it is is not taken then.
func everyByte(t *testing.T, name string, data []byte, take func([]byte) error) {
	t.Helper()
	if err := take(data); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	for i := range data {
		bad := bytes.Clone(data)
		bad[i] ^= 0x20
		if take(bad) == nil {
			t.Errorf("%s: byte %d of %d may be another", name, i, len(bad))
		}
	}
}

// FuzzOpenFork: whatever comes is read, or refused as what it is.
func FuzzOpenFork(f *testing.F) {
	tr := newTree(f, "nanming.guiyang.guizhou", 1)
	tr.grow(10, "true")
	forged := tr.copied()
	tr.grow(2, "true")
	forged.grow(3, "forged")
	shown, err := tr.open(forged.offer(12, 13))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(ForkOf(tr.note(12, 2), shown, *tr.at(12)).Encode())
	f.Add([]byte{0x82, 0x40, 0x82, 0x40, 0x40})
	f.Fuzz(func(t *testing.T, data []byte) {
		kept, shown, err := OpenFork(data, tr.log.Jurisdiction(), []trust.KeySet{tr.keys})
		switch {
		case err != nil && !errors.Is(err, ledger.ErrMalformed) && !errors.Is(err, ledger.ErrNotProven):
			t.Errorf("got %v", err)
		case err == nil && kept == shown:
			t.Errorf("%+v forks from itself", kept)
		}
	})
}
