package records

import (
	"strings"
	"testing"

	"xietong/node/ground/book"
	"xietong/node/ground/table"
)

// TestUnchangedIsAnswered: a request that changed nothing is answered as the first time when it
// comes again, as after a lost answer, whatever others wrote between; it does not undo that.
func TestUnchangedIsAnswered(t *testing.T) {
	for what, ask := range map[string]func(l book.Ledger, desk *Desk) func() any{
		"a put": func(_ book.Ledger, desk *Desk) func() any {
			id, record := newID(), `{"code":"`+villageKey(0)+`","name":"a"}`
			put(t, desk, record)
			return func() any {
				got, err := desk.Put(t.Context(), id, civil, code, []byte(record))
				if err != nil || !got.Unchanged {
					t.Errorf("got %+v, %v", got, err)
				}
				return got
			}
		},
		"an import": func(_ book.Ledger, desk *Desk) func() any {
			file, _ := villageFile("a", "a")
			how := Reading{Wish: table.Wish{Format: "csv"}}
			c, err := desk.Check(t.Context(), civil, code, how, strings.NewReader(file))
			if err != nil {
				t.Fatal(err)
			}
			id := newID()
			return func() any {
				got, err := desk.Load(t.Context(), id, civil, code, File{Reading: how, Hash: c.Hash, Rows: c.Rows, Good: c.Good, Plan: c.Plan}, strings.NewReader(file), nil)
				if err != nil || !got.Unchanged {
					t.Errorf("got %+v, %v", got, err)
				}
				return got
			}
		},
	} {
		t.Run(what, func(t *testing.T) {
			l, desk := open(t)
			whole, f := villageFile("a", "a", "a")
			load(t, desk, whole, f)
			put(t, desk, `{"code":"520102016009","name":"x"}`) // so that the file was not the last change
			again := ask(l, desk)
			entries := len(l.Heads(t, 0))
			first := again()
			if len(l.Heads(t, 0)) != entries {
				t.Error("it wrote an entry")
			}
			put(t, desk, `{"code":"`+villageKey(0)+`","name":"b"}`)
			entries = len(l.Heads(t, 0))
			if second := again(); second != first {
				t.Errorf("again: got %+v, want %+v", second, first)
			}
			if got := namesNow(t, l)["0"]; got != "b" || len(l.Heads(t, 0)) != entries {
				t.Errorf("the record is %q by now, want b", got)
			}
		})
	}
}

// TestUnchangedIsOfItsRequest: under the id of a request that changed nothing no other comes in.
func TestUnchangedIsOfItsRequest(t *testing.T) {
	_, desk := open(t)
	put(t, desk, `{"code":"`+villageKey(0)+`","name":"a"}`)
	id := newID()
	if _, err := desk.Put(t.Context(), id, civil, code, []byte(`{"code":"`+villageKey(0)+`","name":"a"}`)); err != nil {
		t.Fatal(err)
	}
	if _, err := desk.Put(t.Context(), id, civil, code, []byte(`{"code":"`+villageKey(0)+`","name":"b"}`)); err == nil {
		t.Error("another record came in under the id")
	}
}
