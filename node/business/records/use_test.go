package records

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"xietong/consensus/state"
	"xietong/node/business/catalog"
	"xietong/node/business/sharing"
	"xietong/node/ground/book"
	"xietong/node/ground/text"
)

// TestMovedBeforeRecorded changes, one by one, the things that a use is decided on. Each change
// comes after the use was decided and read, and before it is recorded. The record is then refused,
// so nothing is answered, and nothing is written. A plain write changes none of these things, and
// the use is recorded.
func TestMovedBeforeRecorded(t *testing.T) {
	for name, row := range map[string]struct {
		move func(context.Context, book.Ledger, *Desk, sharing.Permit) error
		want text.Code
	}{
		"nothing": {func(context.Context, book.Ledger, *Desk, sharing.Permit) error { return nil }, ""},
		"a plain write": {func(ctx context.Context, _ book.Ledger, d *Desk, _ sharing.Permit) error {
			_, err := d.Put(ctx, newID(), civil, code, []byte(`{"code":"520102016002","name":"新华路社区"}`))
			return err
		}, ""},
		"the grant revoked": {func(ctx context.Context, l book.Ledger, _ *Desk, p sharing.Permit) error {
			grant, _ := p.Grant.Index()
			_, err := sharing.Revoke(ctx, l, newID(), civil, grant, "r")
			return err
		}, text.GrantRevoked},
		"the catalogue entry published anew": {func(ctx context.Context, l book.Ledger, _ *Desk, _ sharing.Permit) error {
			return republish(ctx, l)
		}, text.DatasetMoved},
		"a record retracted": {func(ctx context.Context, _ book.Ledger, d *Desk, _ sharing.Permit) error {
			_, err := d.Retract(ctx, newID(), civil, code, "520102016001", "r")
			return err
		}, text.DatasetMoved},
	} {
		t.Run(name, func(t *testing.T) {
			l, desk := open(t)
			q := Question{Dataset: code, Key: "520102016001", Purpose: "statistics", Application: applied}
			s, permit := decided(t, l, desk, catalog.Local("water"), q)
			if s.answer.Count != 1 {
				t.Fatalf("read: %d rows", s.answer.Count)
			}
			if err := row.move(t.Context(), l, desk, permit); err != nil {
				t.Fatal(err)
			}
			before := sizeOf(t, l)
			_, err := sharing.RecordUse(t.Context(), l, newID(), permit, s.access())
			if row.want == "" {
				if err != nil {
					t.Errorf("got %v, want it recorded", err)
				}
				return
			}
			refusedAs(t, name, err, row.want)
			if after := sizeOf(t, l); after != before {
				t.Errorf("a refused use left %d entries", after-before)
			}
		})
	}
}

// TestReplayed sends the same request id twice, also after a restart. A use is answered once. A
// repeated act gets its first result again, and a different act under its id is refused.
func TestReplayed(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "j")
	h, desk, err := openDesk(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	use, act := newID(), newID()
	record := func(n int) []byte { return fmt.Appendf(nil, `{"code":"52010201600%d","name":"x"}`, n) }
	first, err := desk.Put(t.Context(), act, civil, code, record(1))
	if err != nil {
		t.Fatal(err)
	}
	q := Question{Dataset: code, Key: "520102016001", Purpose: "statistics", Application: applied}
	q.Application.Until = time.Now().AddDate(1, 0, 0).Format(time.RFC3339)
	claim := Claim{Dataset: code, Key: q.Key, Field: "name", Value: json.RawMessage(`"x"`), Purpose: q.Purpose, Application: q.Application}
	answered, err := desk.Query(t.Context(), use, catalog.Local("water"), q)
	if err != nil {
		t.Fatal(err)
	}
	for _, restarted := range []bool{false, true} {
		if restarted {
			if err := h.Close(); err != nil {
				t.Fatal(err)
			}
			if h, desk, err = openDesk(dir, nil); err != nil {
				t.Fatal(err)
			}
		}
		again, err := desk.Query(t.Context(), use, catalog.Local("water"), q)
		if err != nil || again.Access != answered.Access || again.Count != answered.Count {
			t.Errorf("the query again: got %+v, %v, want %+v", again, err, answered)
		}
		_, err = desk.Verify(t.Context(), use, catalog.Local("water"), claim)
		refusedAs(t, "a verification under its id", err, text.IDReused)
		if again, err := desk.Put(t.Context(), act, civil, code, record(1)); err != nil || again != first {
			t.Errorf("the put again: got %+v, %v, want %+v", again, err, first)
		}
		_, err = desk.Put(t.Context(), act, civil, code, record(2))
		refusedAs(t, "another put under its id", err, text.IDReused)
	}
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestLateIndex adds a field to the index after records were put, and checks that the answer does
// not leave them out.
func TestLateIndex(t *testing.T) {
	l, desk := open(t)
	var p catalog.Published
	err := l.View(t.Context(), func(r *state.Reader) (err error) {
		p, err = catalog.Dataset(r, code)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	p.Indexed = append(p.Indexed, "name")
	if _, err := catalog.Publish(t.Context(), l, newID(), civil, p.Entry); err != nil {
		t.Fatal(err)
	}
	q := Question{
		Dataset: code, Purpose: "statistics", Application: applied, Where: map[string]json.RawMessage{"name": json.RawMessage(`"纪念塔社区"`)},
	}
	answer, err := desk.Query(t.Context(), newID(), catalog.Local("water"), q)
	if err != nil || answer.Count != 1 {
		t.Errorf("got %d records, %v, want the one from before the field was indexed", answer.Count, err)
	}
	p.Key = "name"
	_, err = catalog.Publish(t.Context(), l, newID(), civil, p.Entry)
	refusedAs(t, "another key", err, text.KeyChanged)
}

// TestFrontier compares the root of an import's rows with the root of the tree of the same leaves.
func TestFrontier(t *testing.T) {
	l, desk := open(t)
	data, f := file(0)
	done, err := desk.Load(t.Context(), newID(), civil, code, f, bytes.NewReader(data), nil)
	if err != nil {
		t.Fatal(err)
	}
	err = l.View(t.Context(), func(r *state.Reader) error {
		s, _ := importAt(r, done.Opened.Index())
		var hashes [][32]byte
		for _, in := range stagedRanges(r, done.Opened.Index(), s.Done) {
			for i := range in[1] {
				hashes = append(hashes, leafHash(r.Leaf(in[0]+i)))
			}
		}
		if got, want := rootOf(s.Frontier), treeRoot(hashes); got != want || len(hashes) != importRows {
			t.Errorf("%d rows: got root %x, want %x", len(hashes), got, want)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// treeRoot is the definition of RFC 9162 §2.1.1, word for word.
func treeRoot(leaves [][32]byte) [32]byte {
	if len(leaves) == 1 {
		return leaves[0]
	}
	k := 1
	for k*2 < len(leaves) {
		k *= 2
	}
	left, right := treeRoot(leaves[:k]), treeRoot(leaves[k:])
	return sha256.Sum256(append(append([]byte{1}, left[:]...), right[:]...))
}

func leafHash(leaf []byte) [32]byte { return sha256.Sum256(append([]byte{0}, leaf...)) }

// TestChangedFile loads another file than the one that was checked. Nothing of it is visible, and
// the right file can be loaded afterwards.
func TestChangedFile(t *testing.T) {
	l, desk := open(t)
	data, f := file(1)
	other, _ := file(2)
	short := data[:len(data)/2]
	for name, loaded := range map[string][]byte{"other rows": other, "cut off": short[:bytes.LastIndexByte(short, '\n')+1]} {
		_, err := desk.Load(t.Context(), newID(), civil, code, f, bytes.NewReader(loaded), nil)
		refusedAs(t, name, err, text.FileChanged)
	}
	wrong := f
	wrong.Good--
	_, err := desk.Load(t.Context(), newID(), civil, code, wrong, bytes.NewReader(data), nil)
	refusedAs(t, "a bad row that was not asked to be left out", err, text.RowsRejected)
	wrong.KeepGood = true
	_, err = desk.Load(t.Context(), newID(), civil, code, wrong, bytes.NewReader(data), nil)
	refusedAs(t, "more good rows than the check found", err, text.FileChanged)
	if n := visibleRows(t, l); n != 1 {
		t.Errorf("%d records are visible after refused imports, want the one that was put", n)
	}
	if _, err := desk.Load(t.Context(), newID(), civil, code, f, bytes.NewReader(data), nil); err != nil {
		t.Fatal(err)
	}
	if n := visibleRows(t, l); n != 1+importRows {
		t.Errorf("%d records are visible, want %d", n, 1+importRows)
	}
}

// TestImportOutlivedByItsSchema stages half an import, publishes the catalogue entry anew, and
// loads the file again. The old half is given up, and the whole file is checked with the new entry.
func TestImportOutlivedByItsSchema(t *testing.T) {
	l, desk := open(t)
	data, f := file(3)
	ctx, cancel := context.WithCancel(t.Context())
	_, err := desk.Load(ctx, newID(), civil, code, f, bytes.NewReader(data), func(done, _ uint64) { cancel() })
	if err == nil {
		t.Fatal("the load was to be interrupted")
	}
	if err := republish(t.Context(), l); err != nil {
		t.Fatal(err)
	}
	done, err := desk.Load(t.Context(), newID(), civil, code, f, bytes.NewReader(data), nil)
	if err != nil || done.Rows != importRows {
		t.Fatalf("got %+v, %v", done, err)
	}
	if n := visibleRows(t, l); n != 1+importRows {
		t.Errorf("%d records are visible, want %d", n, 1+importRows)
	}
	err = l.View(t.Context(), func(r *state.Reader) error {
		if left, ok := unfinished(r, code); ok {
			t.Errorf("import %d is still open", left)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
