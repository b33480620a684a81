package state

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"
	"go.uber.org/goleak"

	"xietong/certs/canon"
	"xietong/certs/identity"
	"xietong/consensus/ledger"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const kindNote, kindOnce = 1000, 1001

// noteRegistry knows a command that appends one entry and may be repeated, and one that may be
// applied once.
func noteRegistry() *Registry {
	r := NewRegistry()
	add := func(tx *Tx, body []byte) ([]byte, error) {
		if len(body) == 0 {
			return nil, &Refusal{Code: 99, Args: []string{"empty"}}
		}
		index, err := tx.Append(ledger.Head{Kind: ledger.KindRecord}, ledger.PlainEvidence(ledger.Commit(body)), body)
		return be64(index), err
	}
	r.Keep(Bucket{Name: "x", MaxKey: 16, MaxValue: 16})
	r.Register(kindNote, Idempotent, add)
	r.Register(kindOnce, Once, add)
	r.Register(kindSigners, Idempotent, func(tx *Tx, _ []byte) ([]byte, error) {
		replica, err := identity.NewReplica(1)
		if err != nil {
			return nil, err
		}
		value, err := canon.Marshal(keySet{Replicas: []identity.Replica{replica}, Signed: []byte("set")})
		return nil, errors.Join(err, tx.Put(bucketKeySets, be64(1), value))
	})
	return r
}

// kindSigners keeps a key set that lists r1, without an entry.
const kindSigners Kind = 903

func testLog(t testing.TB) identity.Log {
	t.Helper()
	log, err := identity.ParseLog("nanming.guiyang.guizhou/log/1")
	if err != nil {
		t.Fatal(err)
	}
	return log
}

// fatal is the value with which the Fatal of the tests panics.
type fatal struct{ err error }

func openStore(t testing.TB, path string) *Store {
	t.Helper()
	if _, err := os.Stat(path); err != nil {
		if err := Create(path, testLog(t)); err != nil {
			t.Fatal(err)
		}
	}
	s, err := Open(path, noteRegistry(), Options{Fatal: func(err error) { panic(fatal{err}) }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func command(t testing.TB, kind Kind, id identity.Message, body string) []byte {
	t.Helper()
	data, err := Command{Kind: kind, ID: id, Clock: 1000, Expires: 5000, Body: []byte(body)}.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func newID(t testing.TB) identity.Message {
	t.Helper()
	id, err := identity.NewMessage()
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func size(t *testing.T, s *Store) (n uint64) {
	t.Helper()
	s.Flush()
	if err := s.View(func(r *Reader) error { n = r.Size(); return nil }); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestNothingIsAppliedTwice(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.db")
	s := openStore(t, path)
	for index := uint64(1); index <= 5; index++ {
		s.Apply(index, 1, [][]byte{command(t, kindNote, identity.Message{}, "a"), command(t, kindNote, identity.Message{}, "b")})
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = openStore(t, path)
	for index := uint64(1); index <= 6; index++ {
		got := s.Apply(index, 1, [][]byte{command(t, kindNote, identity.Message{}, "a")})
		if (got != nil) != (index == 6) {
			t.Errorf("raft entry %d after a restart: got %v", index, got)
		}
	}
	if got := size(t, s); got != 11 {
		t.Errorf("got %d entries, want 11", got)
	}
}

func TestIDs(t *testing.T) {
	s := openStore(t, filepath.Join(t.TempDir(), "state.db"))
	a, b := newID(t), newID(t)
	index := uint64(0)
	apply := func(kind Kind, id identity.Message, body string) Result {
		index++
		return s.Apply(index, 1, [][]byte{command(t, kind, id, body)})[0]
	}
	for i, row := range []struct {
		kind Kind
		id   identity.Message
		body string
		want Result
	}{
		{kindNote, a, "x", Result{Data: be64(0)}},
		{kindNote, a, "x", Result{Data: be64(0), Replayed: true}},
		{kindNote, a, "y", Result{Code: CodeIDReused}},
		{kindOnce, a, "x", Result{Code: CodeIDReused}}, // another kind is another request
		{kindOnce, b, "x", Result{Data: be64(1)}},
		{kindOnce, b, "x", Result{Code: CodeSeen}},
		{kindOnce, b, "y", Result{Code: CodeIDReused}},
		{kindNote, newID(t), "", Result{Code: 99}},
	} {
		got := apply(row.kind, row.id, row.body)
		if got.Code != row.want.Code || string(got.Data) != string(row.want.Data) || got.Replayed != row.want.Replayed {
			t.Errorf("row %d: got %+v, want %+v", i, got, row.want)
		}
	}
	if got := size(t, s); got != 2 {
		t.Errorf("got %d entries, want 2", got)
	}
}

// TestIDsAreForgottenLate checks that a replay is refused at every moment: an id that ended is
// refused as late before it may be forgotten.
func TestIDsAreForgottenLate(t *testing.T) {
	s := openStore(t, filepath.Join(t.TempDir(), "state.db"))
	id := newID(t)
	at := func(index, now, expires uint64) Result {
		data, err := Command{Kind: kindOnce, ID: id, Clock: now, Expires: expires, Body: []byte("x")}.Encode()
		if err != nil {
			t.Fatal(err)
		}
		return s.Apply(index, 1, [][]byte{data})[0]
	}
	const expires = 5000
	for i, row := range []struct {
		now  uint64
		want Code
	}{
		{1000, Done}, {1000, CodeSeen}, {expires + 1, CodeSeen}, {expires + ForgetAfter, CodeSeen},
		{expires + ForgetAfter + 1, CodeSeen}, {expires + ForgetAfter + MaxBack, CodeSeen},
		{expires + ForgetAfter + 1 + 2*MaxBack, CodeExpired}, {expires + ForgetAfter + 1 + MaxBack, CodeExpired},
	} {
		if got := at(uint64(i+1), row.now, expires); got.Code != row.want {
			t.Errorf("row %d: got code %d, want %d", i, got.Code, row.want)
		}
	}
	last := uint64(expires + ForgetAfter + 1 + 2*MaxBack)
	if got := at(100, last, last+MaxIDLife+1); got.Code != CodeExpired {
		t.Errorf("to be remembered for more than 30 days: got code %d, want %d", got.Code, CodeExpired)
	}
}

func TestUnknownStateIsFatal(t *testing.T) {
	for what, data := range map[string][]byte{
		"unknown kind":            command(t, 9999, identity.Message{}, "x"),
		"undecodable":             {0xff},
		"a line that is not ours": command(t, KindCheckpointLine, identity.Message{}, "\x84\x62r1\x84\x01\x01\x40\x40\x40\x40"),
	} {
		t.Run(what, func(t *testing.T) {
			s := openStore(t, filepath.Join(t.TempDir(), "state.db"))
			defer func() {
				if _, ok := recover().(fatal); !ok {
					t.Error("the node would have gone on")
				}
			}()
			s.Apply(1, 1, [][]byte{command(t, kindSigners, identity.Message{}, ""), data})
		})
	}
}

func TestReadersWait(t *testing.T) {
	s := openStore(t, filepath.Join(t.TempDir(), "state.db"))
	s.Apply(1, 1, [][]byte{command(t, kindNote, identity.Message{}, "a")})
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := s.WaitApplied(ctx, 1); err != nil {
		t.Fatal(err)
	}
	cancel()
	if err := s.WaitApplied(ctx, 2); !errors.Is(err, context.Canceled) {
		t.Errorf("an index to come: got %v, want context.Canceled", err)
	}
}

func TestOpenRefuses(t *testing.T) {
	dir := t.TempDir()
	if _, err := Open(filepath.Join(dir, "none"), NewRegistry(), Options{}); !errors.Is(err, ErrNoState) {
		t.Errorf("no file: got %v, want ErrNoState", err)
	}
	path := filepath.Join(dir, "state.db")
	s := openStore(t, path)
	if err := Create(path, testLog(t)); err == nil {
		t.Error("an existing file was made anew")
	}
	if _, err := Open(path, NewRegistry(), Options{}); !errors.Is(err, ErrInUse) {
		t.Errorf("in use: got %v, want ErrInUse", err)
	}
	s.Close()
	edit(t, path, bucketMeta, keyState, func([]byte) []byte {
		return append([]byte{0x83, 0x6d}, append([]byte(metaKind), Format+1, 0x00)...)
	})
	if _, err := Open(path, NewRegistry(), Options{}); !errors.Is(err, ErrNewerFormat) {
		t.Errorf("a format to come: got %v, want ErrNewerFormat", err)
	}
	edit(t, path, bucketMeta, keyState, func([]byte) []byte {
		return append([]byte{0x83, 0x6d}, append([]byte(metaKind), Format-1, 0x00)...)
	})
	if _, err := Open(path, NewRegistry(), Options{}); !errors.Is(err, ErrOlderFormat) {
		t.Errorf("a format before: got %v, want ErrOlderFormat", err)
	}
	edit(t, path, bucketMeta, keyState, func([]byte) []byte { return nil })
	if _, err := Open(path, NewRegistry(), Options{}); err == nil {
		t.Error("a file without meta was opened")
	}
}

// edit changes one value behind the program's back, with its checksum.
func edit(t *testing.T, path, bucket string, key []byte, change func([]byte) []byte) {
	t.Helper()
	db, err := bolt.Open(path, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	err = db.Update(func(tx *bolt.Tx) error {
		b := keptIn(bucket, tx.Bucket([]byte(bucket)))
		before, _ := b.open(key, b.Get(key))
		value := change(append([]byte(nil), before...))
		if value == nil {
			return b.Delete(key)
		}
		return b.Put(key, b.seal(nil, key, value))
	})
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
}

// TestVerifyNamesTheFirstBadEntry changes one thing at a time in a ledger of 600 entries.
func TestVerifyNamesTheFirstBadEntry(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.db")
	s := openStore(t, path)
	for index := uint64(1); index <= 600; index++ {
		s.Apply(index, 1, [][]byte{command(t, kindNote, identity.Message{}, "village")})
	}
	s.Close()
	report, err := Verify(t.Context(), path, nil)
	if err != nil || report.Entries != 600 {
		t.Fatalf("untouched: got %+v, %v", report, err)
	}
	flip := func(v []byte) []byte { v[len(v)-1] ^= 1; return v }
	for what, row := range map[string]struct {
		bucket string
		key    []byte
		change func([]byte) []byte
		want   uint64
	}{
		"a leaf changed":      {bucketLeaf, be64(300), flip, 300},
		"a leaf removed":      {bucketLeaf, be64(301), func([]byte) []byte { return nil }, 301},
		"a leaf hash changed": {bucketTile, tileKey(ledger.TileID{Level: 0, N: 1}), flip, 511},
		"a leaf added":        {bucketLeaf, be64(600), func([]byte) []byte { return []byte{1} }, 600},
	} {
		saved := read(t, path, row.bucket, row.key)
		edit(t, path, row.bucket, row.key, row.change)
		_, err := Verify(t.Context(), path, nil)
		var bad *BadEntryError
		if !errors.As(err, &bad) || bad.Index != row.want {
			t.Errorf("%s: got %v, want entry %d named", what, err, row.want)
		}
		edit(t, path, row.bucket, row.key, func([]byte) []byte { return saved })
	}
	edit(t, path, bucketTile, tileKey(ledger.TileID{Level: 1, N: 0}), flip)
	if _, err := Verify(t.Context(), path, nil); err == nil {
		t.Error("an upper tile was changed and not noticed")
	}
}

func read(t *testing.T, path, bucket string, key []byte) []byte {
	t.Helper()
	db, err := bolt.Open(path, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var value []byte
	db.View(func(tx *bolt.Tx) error { value = reads{file: tx}.Get(bucket, key); return nil })
	return value
}
