package state

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"xietong/certs/canon"
	"xietong/certs/identity"
	"xietong/consensus/ledger"
)

// wanted is the body of KindMark.
var wanted = []byte{0x80}

// note applies a mark and returns what the store found.
func (x *marked) note(index uint64) (m Mark) {
	x.Helper()
	got := x.Apply(index, 1, [][]byte{command(x.T, KindMark, identity.Message{}, string(wanted))})
	if len(got) != 1 || got[0].Code != Done {
		x.Fatalf("mark: got %+v", got)
	}
	if err := canon.Unmarshal(got[0].Data, MaxResultLen, &m); err != nil {
		x.Fatal(err)
	}
	return m
}

// marked is a store whose marks are looked at.
type marked struct {
	*testing.T
	*Store
}

func newMarked(t *testing.T, path string) *marked { return newMarkedWith(t, path, Options{}) }

func newMarkedWith(t *testing.T, path string, o Options) *marked {
	t.Helper()
	if err := Create(path, testLog(t)); err != nil {
		t.Fatal(err)
	}
	o.Fatal = func(err error) { panic(fatal{err}) }
	s, err := Open(path, poisonRegistry(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return &marked{t, s}
}

// TestDigestTellsWhatWasWritten applies nearly the same commands to two stores. What they find at a
// mark is the same where the same was written in the same order, however it was packed and
// committed, and another wherever a single write differs, beside the entries too (H2).
func TestDigestTellsWhatWasWritten(t *testing.T) {
	all := []string{"x a 1", "w b 2", "x a 3", "w2 c 4", "x a"}
	for name, row := range map[string]struct {
		commands []string
		each     bool // a raft entry, and a commit, for each command
		same     bool
	}{
		"the same":                   {commands: all, same: true},
		"packed in another way":      {commands: all, each: true, same: true},
		"with one that is refused":   {commands: []string{"x a 1", "w b 2", "!a late refusal", "x a 3", "w2 c 4", "!an index too far", "x a"}, same: true},
		"another value":              {commands: []string{"x a 1", "w b 2", "x a 3", "w2 c 5", "x a"}},
		"another value, overwritten": {commands: []string{"x a 2", "w b 2", "x a 3", "w2 c 4", "x a"}},
		"another key":                {commands: []string{"x a 1", "w b 2", "x a 3", "w2 d 4", "x a"}},
		"another bucket":             {commands: []string{"x a 1", "x b 2", "x a 3", "w2 c 4", "x a"}},
		"another order":              {commands: []string{"w b 2", "x a 1", "x a 3", "w2 c 4", "x a"}},
		"not deleted":                {commands: []string{"x a 1", "w b 2", "x a 3", "w2 c 4", "x b"}},
		"one less":                   {commands: []string{"x a 1", "w b 2", "x a 3", "x a"}},
	} {
		t.Run(name, func(t *testing.T) {
			one, other := newMarked(t, filepath.Join(t.TempDir(), "state.db")), newMarked(t, filepath.Join(t.TempDir(), "state.db"))
			one.write(1, all...)
			if row.each {
				for i, c := range row.commands {
					other.write(uint64(i+1), c)
					other.Flush()
				}
			} else {
				other.write(1, row.commands...)
			}
			got, want := other.note(100), one.note(100)
			if bytes.Equal(got.Digest, want.Digest) != row.same || got.Same(want) != row.same {
				t.Errorf("got %x, beside %x", got.Digest, want.Digest)
			}
		})
	}
}

// write applies commands in one raft entry; "!name" is a poison.
func (x *marked) write(index uint64, bodies ...string) {
	var commands [][]byte
	for _, b := range bodies {
		if name, poison := bytes.CutPrefix([]byte(b), []byte("!")); poison {
			commands = append(commands, command(x.T, kindPoison, identity.Message{}, string(name)))
		} else {
			commands = append(commands, command(x.T, kindWrite, identity.Message{}, b))
		}
	}
	x.Apply(index, 1, commands)
}

// TestDigestSurvivesARestart: the digest goes on from what the file has, and each epoch begins with
// another.
func TestDigestSurvivesARestart(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.db")
	restarted, other := newMarked(t, path), newMarked(t, filepath.Join(t.TempDir(), "state.db"))
	for _, x := range []*marked{restarted, other} {
		x.write(1, "x a 1")
	}
	if err := restarted.Close(); err != nil {
		t.Fatal(err)
	}
	s, err := Open(path, poisonRegistry(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	restarted = &marked{t, s}
	for _, x := range []*marked{restarted, other} {
		x.write(2, "x a 2")
	}
	if got, want := restarted.note(3), other.note(3); !got.Same(want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	next, err := identity.ParseLog("nanming.guiyang.guizhou/log/2")
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Equal(digestOf(next), digestOf(testLog(t))) {
		t.Error("two epochs begin alike")
	}
}

// TestMarkIsOnePlace: a second mark in a raft entry is the first, and so is one over the same
// entries in a later raft entry, so that what nobody signs does not pile up. A mark over a ledger
// that is covered whole notes nothing.
func TestMarkIsOnePlace(t *testing.T) {
	x := newMarked(t, filepath.Join(t.TempDir(), "state.db"))
	twice := command(t, KindMark, identity.Message{}, string(wanted))
	got := x.Apply(1, 1, [][]byte{twice})
	if len(got) != 1 || got[0].Code != Done || len(got[0].Data) != 0 {
		t.Errorf("of an empty ledger: got %+v, want nothing", got)
	}
	got = x.Apply(2, 1, [][]byte{command(t, kindWrite, identity.Message{}, "x a 1"), twice, command(t, kindWrite, identity.Message{}, "x a 2"), twice})
	if len(got) != 4 || !bytes.Equal(got[1].Data, got[3].Data) || len(got[1].Data) == 0 {
		t.Fatalf("twice in one entry: got %+v", got)
	}
	first := x.note(3)
	for index := uint64(4); index < 50; index++ {
		if m := x.note(index); !m.Same(first) {
			t.Errorf("again: got %+v, want %+v", m, first)
		}
	}
	err := x.View(func(r *Reader) error {
		kept := 0
		r.Scan(bucketMarks, nil, nil, func(_, _ []byte) bool { kept++; return true })
		if kept != 2 { // of one entry, and of two
			t.Errorf("%d marks are kept", kept)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// publish signs, with keys that nobody checks, what the store found at a mark.
func (x *marked) publish(index uint64) Mark {
	x.Helper()
	m := x.note(index)
	c, err := m.Checkpoint(testLog(x.T))
	if err != nil {
		x.Fatal(err)
	}
	text := fmt.Sprintf("%s\n%d\n\n— %s x\n", c.Log, c.Size, c.Log)
	replica, err := identity.NewReplica(1)
	if err != nil {
		x.Fatal(err)
	}
	body, err := canon.Marshal(CheckpointLine{Replica: replica, Mark: m, Note: []byte(text), State: []byte("signature")})
	if err != nil {
		x.Fatal(err)
	}
	if got := x.Apply(index+1, 1, [][]byte{command(x.T, kindSigners, identity.Message{}, ""), command(x.T, KindCheckpointLine, identity.Message{}, string(body))}); len(got) != 2 || got[1].Code != Done {
		x.Fatalf("line: got %+v", got)
	}
	return m
}

// TestTreeGoesOnFromWhatWasSigned (H1) flips single bits of the stored tree after a checkpoint of
// 605 entries was signed. Either the entries that follow go on from what was signed, or nothing may
// be signed over them.
func TestTreeGoesOnFromWhatWasSigned(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "state.db")
	x := newMarked(t, path)
	for i := range 605 {
		x.write(uint64(i+1), fmt.Sprintf("x a %d", i%10))
	}
	signed := x.publish(1000)
	check := func(s *Store) error {
		s.Apply(2000, 1, [][]byte{command(t, kindWrite, identity.Message{}, "x b 1")})
		m := (&marked{t, s}).note(2001)
		return s.View(func(r *Reader) error { return r.GoesOn(m.Size, m.Root) })
	}
	if err := x.Close(); err != nil {
		t.Fatal(err)
	}
	flipped := 0
	for _, row := range []struct {
		tile ledger.TileID
		at   int // of the hash
	}{{ledger.TileID{N: 2}, 0}, {ledger.TileID{N: 2}, 92}, {ledger.TileID{Level: 1}, 1}, {ledger.TileID{N: 9}, 0}} {
		copied := filepath.Join(dir, fmt.Sprintf("copy%d.db", flipped))
		data, err := os.ReadFile(path)
		if err = errors.Join(err, os.WriteFile(copied, data, 0o600)); err != nil {
			t.Fatal(err)
		}
		present := true
		edit(t, copied, bucketTile, tileKey(row.tile), func(tile []byte) []byte {
			if present = len(tile) > 0; present {
				tile[row.at*tlog.HashSize] ^= 1
			}
			return tile
		})
		s, err := Open(copied, poisonRegistry(), Options{})
		if err != nil {
			t.Fatal(err)
		}
		_, damaged := errors.AsType[*DamageError](check(s))
		if damaged != present {
			t.Errorf("tile %+v: damage told: %v, want %v", row.tile, damaged, present)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		flipped++
	}
	if signed.Size != 605 {
		t.Errorf("signed %d entries", signed.Size)
	}
}

// TestDigestKnowsNoCommit: the digest is the same whenever a replica commits, and so writes its
// tiles: after two marks, too, which make tiles in the middle of a transaction.
func TestDigestKnowsNoCommit(t *testing.T) {
	one, other := newMarked(t, filepath.Join(t.TempDir(), "state.db")), newMarked(t, filepath.Join(t.TempDir(), "state.db"))
	for index := uint64(1); index < 20; index += 2 {
		for _, x := range []*marked{one, other} {
			x.write(index, fmt.Sprintf("x a %d", index), "w b 2")
		}
		if index%4 == 1 {
			other.Flush()
		}
		if got, want := other.note(index+1), one.note(index+1); !got.Same(want) {
			t.Errorf("mark at %d: got %x, want %x", index+1, got.Digest, want.Digest)
		}
	}
}

// TestMarkAfterMending: what a replica noted while its tree was damaged, and nobody signed, is not
// what it notes after the tree was mended; its digest is that of a replica that was never damaged.
func TestMarkAfterMending(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.db")
	x, other := newMarked(t, path), newMarked(t, filepath.Join(t.TempDir(), "state.db"))
	for _, x := range []*marked{x, other} {
		x.write(1, "x a 1", "w b 2")
		x.publish(2)
		x.write(4, "x a 2")
	}
	if err := x.Close(); err != nil {
		t.Fatal(err)
	}
	edit(t, path, bucketTile, tileKey(ledger.TileID{}), func(data []byte) []byte { data[3] ^= 1; return data })
	s, err := Open(path, poisonRegistry(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	x = &marked{t, s}
	damaged := x.note(5)
	if _, err := s.MendTree(t.Context()); err != nil {
		t.Fatal(err)
	}
	other.note(5)
	right := other.note(6)
	if again := x.note(6); bytes.Equal(again.Root, damaged.Root) || !bytes.Equal(again.Root, right.Root) {
		t.Errorf("noted %x, damaged %x, want %x", again.Root, damaged.Root, right.Root)
	}
	for _, x := range []*marked{x, other} {
		x.write(7, "x a 3")
	}
	if got, want := x.note(8), other.note(8); !got.Same(want) {
		t.Errorf("after it: got %+v, want %+v", got, want)
	}
}

// TestMendTree: a damaged tree is derived anew where the entries are what was signed, in full tiles
// and at the edge, and goes on; where an entry is not, nothing is mended.
func TestMendTree(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "state.db")
	x := newMarked(t, path)
	for i := range 605 {
		x.write(uint64(i+1), fmt.Sprintf("x a %d", i%10))
	}
	x.publish(1000)
	x.write(1002, "x b 1")
	if err := x.Close(); err != nil {
		t.Fatal(err)
	}
	for _, tile := range []ledger.TileID{{N: 0}, {N: 2}, {Level: 1}} {
		edit(t, path, bucketTile, tileKey(tile), func(data []byte) []byte { data[3] ^= 1; return data })
	}
	s, err := Open(path, poisonRegistry(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if mended, err := s.MendTree(t.Context()); err != nil || mended != 3 {
		t.Errorf("got %d, %v, want 3 tiles", mended, err)
	}
	(&marked{t, s}).write(1003, "x b 2")
	if m := (&marked{t, s}).note(1004); s.View(func(r *Reader) error { return errors.Join(r.GoesOn(m.Size, m.Root), checkRoot(r)) }) != nil {
		t.Error("the mended tree does not go on")
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	edit(t, path, bucketLeaf, be64(7), func(data []byte) []byte { data[len(data)-1] ^= 1; return data })
	edit(t, path, bucketTile, tileKey(ledger.TileID{N: 0}), func(data []byte) []byte { data[3] ^= 1; return data })
	if s, err = Open(path, poisonRegistry(), Options{}); err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	mended, err := s.MendTree(t.Context())
	if _, damaged := errors.AsType[*DamageError](err); !damaged || mended != 0 {
		t.Errorf("of damaged entries: got %d, %v", mended, err)
	}
}
