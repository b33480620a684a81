package state

import (
	"errors"
	"fmt"
	"path/filepath"
	"testing"

	"xietong/certs/canon"
	"xietong/certs/identity"
	"xietong/consensus/ledger"
)

// set publishes key set number that lists the replicas.
func (x *marked) set(index, number uint64, replicas ...uint32) {
	x.Helper()
	change := KeySetChange{Number: number, Signed: []byte("set"), Evidence: ledger.PlainEvidence(ledger.Commit([]byte("set")))}
	for _, n := range replicas {
		change.Replicas = append(change.Replicas, replicaOf(x.T, n))
	}
	x.must(index, KindKeySet, change)
}

// line applies a line of a replica, with keys that nobody checks.
func (x *marked) line(index uint64, by uint32, m Mark) {
	x.Helper()
	c, err := m.Checkpoint(testLog(x.T))
	if err != nil {
		x.Fatal(err)
	}
	note := fmt.Sprintf("%s\n%d\n\n— %s r%d\n", c.Log, c.Size, c.Log, by)
	x.must(index, KindCheckpointLine, CheckpointLine{Replica: replicaOf(x.T, by), Mark: m, Note: []byte(note), State: []byte("signature")})
}

func (x *marked) must(index uint64, kind Kind, body any) {
	x.Helper()
	data, err := canon.Marshal(body)
	if err != nil {
		x.Fatal(err)
	}
	if got := x.Apply(index, 1, [][]byte{command(x.T, kind, identity.Message{}, string(data))}); len(got) != 1 || got[0].Code != Done {
		x.Fatalf("command %d: got %+v", kind, got)
	}
}

func replicaOf(t *testing.T, n uint32) identity.Replica {
	t.Helper()
	r, err := identity.NewReplica(n)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// covered returns the size of the newest published checkpoint, and how many signed it.
func (x *marked) covered() (size uint64, lines int) {
	x.Helper()
	err := x.View(func(r *Reader) error {
		p, _ := r.Published()
		size, lines = p.Mark.Size, len(p.Lines)
		return nil
	})
	if err != nil {
		x.Error(err)
	}
	return size, lines
}

// TestLinesOfTheSetInForce takes a ledger from one replica to three and to another three. A
// checkpoint is published by a majority of the key set in force at its mark: neither a line of a
// replica that it does not list counts, nor one that comes twice, and a later set changes nothing
// for marks before it.
func TestLinesOfTheSetInForce(t *testing.T) {
	x := newMarked(t, filepath.Join(t.TempDir(), "state.db"))
	x.set(1, 1, 1)
	alone := x.note(2)
	x.set(3, 2, 1, 2, 3)
	three := x.note(4)
	for i, step := range []struct {
		by     uint32
		m      Mark
		size   uint64
		signed int
	}{
		{by: 2, m: alone},
		{by: 1, m: three},
		{by: 4, m: three},
		{by: 1, m: three},
		{by: 1, m: alone, size: 1, signed: 1},
		{by: 3, m: three, size: 2, signed: 2},
		{by: 4, m: three, size: 2, signed: 2},
		{by: 2, m: three, size: 2, signed: 3},
		{by: 1, m: alone, size: 2, signed: 3},
	} {
		x.line(uint64(6+i), step.by, step.m)
		if size, lines := x.covered(); size != step.size || lines != step.signed {
			t.Errorf("step %d: %d entries with %d lines, want %d with %d", i, size, lines, step.size, step.signed)
		}
	}
	x.set(30, 3, 2, 3, 4)
	other := x.note(31)
	x.line(32, 1, other)
	x.line(33, 4, other)
	if size, _ := x.covered(); size != 2 {
		t.Errorf("%d entries are covered by r4 and r1, which is listed no more", size)
	}
	x.line(34, 2, other)
	if size, lines := x.covered(); size != 3 || lines != 2 {
		t.Errorf("%d entries with %d lines, want 3 with 2", size, lines)
	}
	err := x.View(func(r *Reader) error {
		for size, want := range []uint64{0, 1, 2, 3, 3} {
			if got := r.InForce(uint64(size)); got != want {
				t.Errorf("at %d entries number %d is in force, want %d", size, got, want)
			}
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// TestAnotherMarkEndsTheReplica: a replica that found something else than the majority signed goes
// on no more.
func TestAnotherMarkEndsTheReplica(t *testing.T) {
	x := newMarked(t, filepath.Join(t.TempDir(), "state.db"))
	x.set(1, 1, 1, 2, 3)
	theirs := x.note(2)
	theirs.Digest = append([]byte{theirs.Digest[0] ^ 1}, theirs.Digest[1:]...)
	x.line(3, 2, theirs)
	defer func() {
		if f, _ := recover().(fatal); !errors.Is(f.err, ErrDiverged) {
			t.Errorf("got %v, want %v", f.err, ErrDiverged)
		}
	}()
	x.line(4, 3, theirs)
}

// TestSameProposalAgain proposes a command once more under the same name: it has the answer of the
// first time in any mode, is applied once, and is no request that came twice; under another name it
// is one.
func TestSameProposalAgain(t *testing.T) {
	s := openStore(t, filepath.Join(t.TempDir(), "state.db"))
	index := uint64(0)
	apply := func(kind Kind, id identity.Message, name string) Result {
		data, err := Command{Kind: kind, ID: id, Expires: 1000, Body: []byte("x"), Proposal: []byte(name)}.Encode()
		if err != nil {
			t.Fatal(err)
		}
		index++
		return s.Apply(index, 1, [][]byte{data})[0]
	}
	for _, kind := range []Kind{kindNote, kindOnce} {
		id, before := newID(t), size(t, s)
		first, again := apply(kind, id, "one"), apply(kind, id, "one")
		if first.Code != Done || again.Code != Done || again.Replayed || string(again.Data) != string(first.Data) {
			t.Errorf("kind %d: got %+v and %+v", kind, first, again)
		}
		for _, name := range []string{"two", ""} {
			if got := apply(kind, id, name); got.Code == Done && !got.Replayed {
				t.Errorf("kind %d: proposed as %q: got %+v", kind, name, got)
			}
		}
		if got := size(t, s) - before; got != 1 {
			t.Errorf("kind %d: %d entries", kind, got)
		}
	}
	if _, err := (Command{Kind: kindNote, Proposal: make([]byte, MaxProposalLen+1)}).Encode(); err == nil {
		t.Error("a name that is too long is taken")
	}
}
