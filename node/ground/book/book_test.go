package book_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/node/ground/book"
	"xietong/node/ground/book/booktest"
	"xietong/node/ground/text"
)

type thing struct {
	_     struct{} `cbor:",toarray"`
	Name  string
	Entry ledger.Ref
}

type nameBody struct {
	_         struct{} `cbor:",toarray"`
	Name      string
	Statement book.Statement
}

const (
	commandName book.Command[nameBody, ledger.Ref] = 2001
	commandOnce book.Command[string, book.Nothing] = 2002
)

var things = book.Bucket[thing]{Name: "things", Max: 64}

func registry() *state.Registry {
	r := state.NewRegistry()
	commandName.Handle(r, func(tx *state.Tx, b nameBody) (ledger.Ref, error) {
		if have, ok := things.Load(tx, []byte("one")); ok && have.Name == b.Name {
			return have.Entry, nil
		}
		if err := things.Save(tx, []byte("one"), thing{Name: b.Name, Entry: book.Next(tx)}); err != nil {
			return ledger.None, err
		}
		return b.Statement.Append(tx, ledger.Head{Kind: ledger.KindAgency})
	})
	commandOnce.HandleOnce(r, func(*state.Tx, string) (done book.Nothing, err error) { return done, nil })
	return r
}

func name(t *testing.T, l book.Ledger, name string) (identity.Entry, error) {
	t.Helper()
	note, err := l.Note("text/plain", []byte(name))
	if err != nil {
		t.Fatal(err)
	}
	return book.Enter(t.Context(), l, commandName, identity.Message{}, nil, nameBody{Name: name, Statement: note})
}

// TestCommand takes a command from its proposer to its handler and back: body, entry, payload,
// result.
func TestCommand(t *testing.T) {
	l := booktest.New(t, "nanming.guiyang.guizhou", registry())
	first, err := name(t, l, "南明区")
	if err != nil || first != l.Log().Entry(0) {
		t.Fatalf("got entry %s, %v, want number 0", first, err)
	}
	if again, err := name(t, l, "南明区"); err != nil || again != first {
		t.Errorf("the same again: got %s, %v, want %s", again, err, first)
	}
	err = l.View(t.Context(), func(r *state.Reader) error {
		payload, err := l.Payload(r, first.Index())
		if string(payload) != "南明区" || r.Size() != 1 {
			t.Errorf("got payload %q of %d entries", payload, r.Size())
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// TestOnce checks that an id that was used before is refused.
func TestOnce(t *testing.T) {
	l := booktest.New(t, "guizhou", registry())
	id, err := identity.NewMessage()
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []state.Code{state.Done, state.CodeSeen} {
		_, err := commandOnce.Do(t.Context(), l, id, nil, "x")
		refusal, _ := errors.AsType[*state.Refusal](err)
		if refusal == nil && want != state.Done || refusal != nil && refusal.Code != want {
			t.Errorf("time %d: got %v, want code %d", i+1, err, want)
		}
	}
}

// TestOneBound checks that every value that Save takes can be read again: a value at the bound is
// read again; a value one byte longer is refused, nothing is written, and the ledger goes on.
func TestOneBound(t *testing.T) {
	for n := range 80 {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			l := booktest.New(t, "guizhou", registry())
			_, err := name(t, l, strings.Repeat("x", n))
			var kept thing
			if readErr := l.View(t.Context(), func(r *state.Reader) error {
				kept, _ = things.Load(r, []byte("one"))
				if (r.Size() == 1) != (err == nil) {
					t.Errorf("%d entries after %v", r.Size(), err)
				}
				return nil
			}); readErr != nil {
				t.Fatal(readErr)
			}
			refusal, refused := errors.AsType[*state.Refusal](err)
			switch {
			case err == nil && len(kept.Name) != n:
				t.Errorf("kept %d bytes of %d", len(kept.Name), n)
			case err != nil && (!refused || text.ByNumber(uint16(refusal.Code)) != text.TooLarge):
				t.Errorf("got %v, want %s", err, text.TooLarge)
			// 4 of the 64 bytes are the head of the array, the head of the text (2) and the entry.
			case (err != nil) != (n > 60):
				t.Errorf("%d bytes: got %v", n, err)
			}
		})
	}
}

// TestCheck checks, without a ledger, that Check refuses the values that Save would refuse.
func TestCheck(t *testing.T) {
	if err := things.Check(thing{Name: strings.Repeat("x", 60)}); err != nil {
		t.Errorf("a value at the bound: %v", err)
	}
	refusal, _ := errors.AsType[*state.Refusal](things.Check(thing{Name: strings.Repeat("x", 61)}))
	if refusal == nil || text.ByNumber(uint16(refusal.Code)) != text.TooLarge || refusal.Args[0] != "things" {
		t.Errorf("one byte more: got %v, want %s", refusal, text.TooLarge)
	}
}

// TestAll checks that All gives the values in the order of their keys, and ends where the loop
// ends.
func TestAll(t *testing.T) {
	memory := map[string][]byte{"things/b": {0x82, 0x61, 'y', 2}, "things/a": {0x82, 0x61, 'x', 1}}
	var got bytes.Buffer
	for key, v := range things.All(fakeReads(memory), nil) {
		fmt.Fprintf(&got, "%s=%s ", key, v.Name)
	}
	if got.String() != "a=x b=y " {
		t.Errorf("got %q", got.String())
	}
	for key := range things.All(fakeReads(memory), nil) {
		if string(key) != "a" {
			t.Errorf("went on to %s", key)
		}
		break
	}
}

// TestDamage checks that a value that cannot be read stops the node, and is not taken for an absent
// value.
func TestDamage(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("a damaged value was read")
		}
	}()
	things.Load(fakeReads{"things/one": {0x82}}, []byte("one"))
}

type fakeReads map[string][]byte

func (f fakeReads) Get(bucket string, key []byte) []byte { return f[bucket+"/"+string(key)] }

func (f fakeReads) Scan(bucket string, _, _ []byte, each func(key, value []byte) bool) {
	for _, key := range []string{"a", "b"} {
		if v := f[bucket+"/"+key]; v != nil && !each([]byte(key), v) {
			return
		}
	}
}
