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
	things.Keep(r)
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
	return book.Enter(t.Context(), l, commandName, book.Request{}, nameBody{Name: name, Statement: note})
}

// TestCommand takes a command from its proposer to its handler and back: body, entry, payload,
// result.
func TestCommand(t *testing.T) {
	l := booktest.New(t, "nanming.guiyang.guizhou", registry())
	first, err := name(t, l, "南明区")
	if err != nil || first != l.Names().Entry(0) {
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
		_, err := commandOnce.Do(t.Context(), l, book.ByNode(l, id, nil), "x")
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

// TestUnreadableValue keeps values that cannot be read (S01), as a later version of the program or
// a damaged file leaves them. A command and a view that need one are told so, a list leaves it out,
// and everything else goes on.
func TestUnreadableValue(t *testing.T) {
	r := registry()
	r.Register(2003, state.Idempotent, func(tx *state.Tx, body []byte) ([]byte, error) {
		return nil, tx.Put("things", body, bytes.Repeat([]byte{0x82}, 64))
	})
	l := booktest.New(t, "guizhou", r)
	if _, err := name(t, l, "南明区"); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"a", "one"} {
		if _, err := l.Propose(t.Context(), 2003, book.Request{}, []byte(key)); err != nil {
			t.Fatal(err)
		}
		_, err := name(t, l, "云岩区")
		refusal, _ := errors.AsType[*state.Refusal](err)
		if spoilt := refusal != nil && refusal.Code == state.CodeUnreadable; spoilt != (key == "one") {
			t.Errorf("value of %s spoilt: a command got %v", key, err)
		}
	}
	err := l.View(t.Context(), func(r *state.Reader) error {
		things.Load(r, []byte("one"))
		return nil
	})
	if bad, ok := errors.AsType[*state.UnreadableError](err); !ok || string(bad.Key) != "one" {
		t.Errorf("a view got %v", err)
	}
	err = l.View(t.Context(), func(r *state.Reader) error {
		for key, v := range things.All(r, nil) {
			t.Errorf("the list has %s = %v", key, v)
		}
		return nil
	})
	if err != nil {
		t.Errorf("a list got %v", err)
	}
}

// narrow has an encoding that it does not read.
type narrow struct {
	_    struct{}       `cbor:",toarray"`
	Name identity.Label // the zero value is no name
}

// TestNothingUnreadableIsKept checks that Save takes no value that it could not read again, however
// short.
func TestNothingUnreadableIsKept(t *testing.T) {
	b := book.Bucket[narrow]{Name: "narrow", Max: 64}
	if err := b.Check(narrow{}); err == nil {
		t.Error("a value without a name was taken")
	}
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

// TestActIsOfItsHead: an act that a handler would append under another head than the one that was
// signed is refused, whatever that head differs in, and nothing is recorded. A note is signed by
// nobody.
func TestActIsOfItsHead(t *testing.T) {
	code := func(s string) (l identity.Label) {
		l, err := identity.ParseLabel(s)
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	signed := ledger.Head{Kind: ledger.KindRecord, Agency: code("water"), Code: code("villages"), About: ledger.RefTo(0)}
	const enter book.Command[nameBody, ledger.Ref] = 2004
	appended := signed
	r := registry()
	enter.Handle(r, func(tx *state.Tx, b nameBody) (ledger.Ref, error) { return b.Statement.Append(tx, appended) })
	l := booktest.New(t, "guizhou", r)
	if _, err := name(t, l, "南明区"); err != nil { // the entry that the act is about
		t.Fatal(err)
	}
	for what, edit := range map[string]func(*ledger.Head){
		"": func(*ledger.Head) {}, "kind": func(h *ledger.Head) { h.Kind = ledger.KindCatalogueEntry }, "agency": func(h *ledger.Head) { h.Agency = code("tax") },
		"code": func(h *ledger.Head) { h.Code = code("towns") }, "about": func(h *ledger.Head) { h.About = ledger.None },
	} {
		act, err := l.Act(signed, "text/plain", []byte("x"))
		if err != nil {
			t.Fatal(err)
		}
		appended = signed
		edit(&appended)
		before := len(l.Heads(t, 0))
		_, err = book.Enter(t.Context(), l, enter, book.Request{}, nameBody{Statement: act})
		refusal, _ := errors.AsType[*state.Refusal](err)
		refused := refusal != nil && text.ByNumber(uint16(refusal.Code)) == text.ActMoved
		if refused != (what != "") || (len(l.Heads(t, 0)) > before) == refused {
			t.Errorf("another %q: got %v", what, err)
		}
	}
}
