package state

import (
	"bytes"
	"fmt"
	"path/filepath"
	"testing"

	"xietong/certs/canon"
	"xietong/certs/identity"
	"xietong/consensus/ledger"
)

// epochBody is a change to an epoch; the entries from one index to another are lost.
func epochBody(t *testing.T, epoch, from, to, number uint64) string {
	t.Helper()
	evidence := ledger.PlainEvidence(ledger.Commit([]byte("lost")))
	r1, err := identity.NewReplica(1)
	if err != nil {
		t.Fatal(err)
	}
	body, err := canon.Marshal(EpochChange{
		Epoch: epoch, From: from, To: to, Root: bytes.Repeat([]byte{7}, 32), Known: []byte{}, Evidence: evidence, Sealed: []byte{},
		KeySet: KeySetChange{Number: number, Replicas: []identity.Replica{r1}, Signed: []byte("set"), Evidence: evidence, Sealed: []byte{}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// TestEntriesKeepTheirNames: an entry has the name of the epoch in which it was made, also after
// later losses that reach further back, and after a restart; what was lost is not here, whoever
// names it.
func TestEntriesKeepTheirNames(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.db")
	s := openStore(t, path)
	index := uint64(0)
	apply := func(kind Kind, body string) Result {
		index++
		return s.Apply(index, 1, [][]byte{command(t, kind, identity.Message{}, body)})[0]
	}
	notes := func(n int) {
		for range n {
			apply(kindNote, "a")
		}
	}
	notes(10)
	if got := apply(KindEpoch, epochBody(t, 2, 8, 20, 1)); got.Code != Done || !bytes.Equal(got.Data, be64(10)) {
		t.Fatalf("got %+v, want entry 10", got)
	}
	notes(3) // 12 to 14
	apply(KindEpoch, epochBody(t, 5, 13, 30, 2))
	apply(KindEpoch, epochBody(t, 6, 9, 40, 3)) // a copy from before that, and from before the one before
	s.Flush()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = openStore(t, path)
	names := s.Names()
	if got := names.First().Epoch(); got != 1 {
		t.Errorf("the first epoch is %d, want 1", got)
	}
	for i, want := range map[uint64]uint64{0: 1, 7: 1, 8: 2, 9: 6, 10: 6, 12: 6, 13: 6, 15: 6, 40: 6} {
		if got := names.Entry(i); got.Log().Epoch() != want || got.Index() != i {
			t.Errorf("entry %d is named %s, want epoch %d", i, got, want)
		}
	}
	for name, want := range map[string]bool{
		"nanming.guiyang.guizhou/log/1/7": true, "nanming.guiyang.guizhou/log/2/7": false, "nanming.guiyang.guizhou/log/1/8": false,
		"nanming.guiyang.guizhou/log/2/8": true, "nanming.guiyang.guizhou/log/6/9": true, "nanming.guiyang.guizhou/log/2/9": false,
		"yunyan.guiyang.guizhou/log/1/7": false,
	} {
		if e, err := identity.ParseEntry(name); err != nil || names.Has(e) != want {
			t.Errorf("%s: %v, want %v (%v)", name, names.Has(e), want, err)
		}
	}
	renamed(t, s)
}

// renamed checks that what was told while the ledger was in question is found by its name of now,
// and nothing else by a name of an epoch that is over.
func renamed(t *testing.T, s *Store) {
	t.Helper()
	for name, want := range map[string]string{
		"nanming.guiyang.guizhou/log/1/7": "", "nanming.guiyang.guizhou/log/1/8": "nanming.guiyang.guizhou/log/2/8",
		"nanming.guiyang.guizhou/log/1/9": "nanming.guiyang.guizhou/log/6/9", "nanming.guiyang.guizhou/log/1/10": "",
		"nanming.guiyang.guizhou/log/5/13": "nanming.guiyang.guizhou/log/6/13", "nanming.guiyang.guizhou/log/4/8": "",
		"nanming.guiyang.guizhou/log/2/7": "nanming.guiyang.guizhou/log/1/7", "nanming.guiyang.guizhou/log/6/7": "nanming.guiyang.guizhou/log/1/7",
		"nanming.guiyang.guizhou/log/6/8": "nanming.guiyang.guizhou/log/2/8",
	} {
		e, err := identity.ParseEntry(name)
		if err != nil {
			t.Fatal(err)
		}
		err = s.View(func(r *Reader) error {
			if now, ok := r.Renamed(e); ok != (want != "") || ok && now.String() != want {
				t.Errorf("%s: %s, %t, want %q", name, now, ok, want)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// TestEpochBeginsAnew: what was signed before counts no more, a mark finds another digest in each
// epoch, and a line of a mark from before is dropped. An epoch is never used twice.
func TestEpochBeginsAnew(t *testing.T) {
	x, other := newMarked(t, filepath.Join(t.TempDir(), "state.db")), newMarked(t, filepath.Join(t.TempDir(), "state.db"))
	for _, s := range []*marked{x, other} {
		s.write(1, "x a 1")
	}
	before := x.note(2)
	for n, s := range []*marked{x, other} {
		body := epochBody(t, uint64(2+n), 1, 5, 1)
		if got := s.Apply(3, 1, [][]byte{command(t, KindEpoch, identity.Message{}, body)}); got[0].Code != Done {
			t.Fatalf("got %+v", got)
		}
	}
	err := x.View(func(r *Reader) error {
		if _, published := r.Published(); published {
			t.Error("a checkpoint of the epoch before is the newest")
		}
		if _, ok := r.LastMark(); ok {
			t.Error("a mark of the epoch before is kept")
		}
		if got, want := fmt.Sprint(r.Epochs()), "[{2 1 1 1 5 false false [] 1}]"; got != want {
			t.Errorf("epochs are %s, want %s", got, want)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if one, two := x.note(4), other.note(4); one.Same(two) || one.Size != before.Size+2 || bytes.Equal(one.Digest, two.Digest) {
		t.Errorf("two epochs are alike: %+v, %+v", one, two)
	}
	r1, err := identity.NewReplica(1)
	if err != nil {
		t.Fatal(err)
	}
	late, err := canon.Marshal(CheckpointLine{Replica: r1, Mark: before, Note: []byte("note"), State: []byte("state")})
	if err != nil {
		t.Fatal(err)
	}
	again := epochBody(t, 2, 1, 9, 2)
	got := x.Apply(5, 1, [][]byte{
		command(t, KindCheckpointLine, identity.Message{}, string(late)),
		command(t, KindEpoch, identity.Message{}, again),
		command(t, KindEpoch, identity.Message{}, epochBody(t, 3, 9, 8, 2)),
		command(t, KindEpoch, identity.Message{}, epochBody(t, 3, 1, 9, 3)),
	})
	for n, want := range []Code{Done, CodeIDReused, CodeFailed, CodeIDReused} {
		if got[n].Code != want {
			t.Errorf("command %d: got %+v, want code %d", n, got[n], want)
		}
	}
	if err := x.View(func(r *Reader) error {
		if r.Signed(before, r1) || r.Log().Epoch() != 2 || len(r.KeySets()) != 1 {
			t.Errorf("epoch %d, %d key sets, the late line kept: %v", r.Log().Epoch(), len(r.KeySets()), r.Signed(before, r1))
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}

// TestEpochFits: the most that is kept of how an epoch began can be read again, and more is
// refused.
func TestEpochFits(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.db")
	s := openStore(t, path)
	s.Apply(1, 1, [][]byte{command(t, kindNote, identity.Message{}, "a")})
	begin := func(index, epoch uint64, known int) Code {
		var b EpochChange
		if err := canon.Unmarshal([]byte(epochBody(t, epoch, 0, identity.MaxIndex, epoch-1)), MaxCommandLen, &b); err != nil {
			t.Fatal(err)
		}
		b.Known = make([]byte, known)
		body, err := canon.Marshal(b)
		if err != nil {
			t.Fatal(err)
		}
		return s.Apply(index, 1, [][]byte{command(t, KindEpoch, identity.Message{}, string(body))})[0].Code
	}
	if got := begin(2, 2, MaxKnownLen); got != Done {
		t.Errorf("the most: code %d", got)
	}
	if got := begin(3, 3, MaxKnownLen+1); got != CodeFailed {
		t.Errorf("more: code %d", got)
	}
	s.Flush()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = openStore(t, path)
	if err := s.View(func(r *Reader) error {
		if all := r.Epochs(); len(all) != 1 || len(all[0].Known) != MaxKnownLen || all[0].To != identity.MaxIndex {
			t.Errorf("got %d epochs", len(all))
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}
