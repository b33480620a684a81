package records

import (
	"context"
	"errors"
	"testing"

	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/exchange/gather"
	"xietong/node/business/catalog"
	"xietong/node/business/sharing"
	"xietong/node/ground/book"
	"xietong/node/ground/book/booktest"
	"xietong/node/ground/table"
	"xietong/node/ground/text"
)

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

var (
	agency  = must(identity.ParseLabel("civil-affairs"))
	civil   = catalog.Local("civil-affairs")
	code    = must(identity.ParseLabel("villages"))
	nanming = must(identity.ParseJurisdiction("nanming.guiyang.guizhou"))
	guiyang = must(identity.ParseJurisdiction("guiyang.guizhou"))
	water   = identity.NewAgency(nanming, must(identity.ParseLabel("water")))
	// namesake is another agency with the code of the provider.
	namesake = identity.NewAgency(guiyang, agency)

	applied = sharing.Application{Basis: "b", Scenario: "s", Scope: "s", Method: "m", Until: "2027-11-24T09:00:00Z"}
	counted = gather.Measure{Function: gather.Count}
)

const villageSchema = `{"type":"object","required":["code","name"],"properties":{
	"code":{"type":"string","pattern":"^[0-9]{12}$"},"name":{"type":"string"},"township":{"type":"string"}}}`

// asCSV is how most tests read a file.
var asCSV = Reading{Wish: table.Wish{Format: "csv"}, Missing: MissingClear}

func newID() identity.Message { return must(identity.NewMessage()) }

// commandErase erases a payload as a later version will: the sealed bytes go, the entry stays.
const commandErase book.Command[uint64, book.Nothing] = 2001

// commandDecay replaces the sealed payload of an entry, as a disk may.
const commandDecay book.Command[uint64, book.Nothing] = 2002

// commandSpoil puts a value that no command writes, as a disk may.
const commandSpoil book.Command[spoilBody, book.Nothing] = 2003

type spoilBody struct {
	_          struct{} `cbor:",toarray"`
	Bucket     string
	Key, Value []byte
}

// commands returns the commands of the rooms that the tests need.
func commands() *state.Registry {
	registry := state.NewRegistry()
	catalog.Register(registry, LastChange)
	Register(registry)
	sharing.Register(registry, DatasetState, nil)
	commandErase.Handle(registry, func(tx *state.Tx, index uint64) (book.Nothing, error) {
		return book.Nothing{}, booktest.Erase(tx, index)
	})
	commandDecay.Handle(registry, func(tx *state.Tx, index uint64) (book.Nothing, error) {
		return book.Nothing{}, tx.Put("sealed", book.Be64(index), []byte("decayed"))
	})
	commandSpoil.Handle(registry, func(tx *state.Tx, b spoilBody) (book.Nothing, error) {
		return book.Nothing{}, tx.Put(b.Bucket, b.Key, b.Value)
	})
	return registry
}

// publish adds the agencies and publishes the dataset, unless it is there.
func publish(l book.Ledger) error {
	ctx, have := context.Background(), false
	err := l.View(ctx, func(r *state.Reader) error {
		_, _, have = catalog.Version(r, code)
		return nil
	})
	if err != nil || have {
		return err
	}
	for _, a := range []catalog.Agency{{Code: agency, Title: "民政局"}, {Code: water.Code(), Title: "水务局"}} {
		if _, err := catalog.AddAgency(ctx, l, identity.Message{}, a); err != nil {
			return err
		}
	}
	_, err = catalog.Publish(ctx, l, identity.Message{}, civil, villages())
	return err
}

// villages is the catalogue entry of the dataset that most tests use.
func villages() catalog.Entry {
	return catalog.Entry{
		Code: code, Title: "村（居）委会名录", Agency: agency, Category: "unconditional", Key: "code", Indexed: []string{"township"},
		Purposes: []catalog.Purpose{{Code: must(identity.ParseLabel("statistics")), Title: "统计"}},
		Schema:   []byte(villageSchema), NotSecret: true,
	}
}

// open returns a ledger in memory with the dataset and one record, and its desk.
func open(t testing.TB) (*booktest.Ledger, *Desk) {
	t.Helper()
	l := booktest.New(t, nanming.String(), commands())
	if err := publish(l); err != nil {
		t.Fatal(err)
	}
	desk := NewDesk(l)
	put(t, desk, `{"code":"520102016001","name":"纪念塔社区"}`)
	return l, desk
}

func put(t testing.TB, desk *Desk, record string) identity.Entry {
	t.Helper()
	done, err := desk.Put(t.Context(), newID(), civil, code, []byte(record))
	if err != nil {
		t.Fatalf("put %s: %v", record, err)
	}
	return done.Entry
}

// republish publishes the dataset once more, under another title.
func republish(ctx context.Context, l book.Ledger) error {
	var p catalog.Published
	err := l.View(ctx, func(r *state.Reader) (err error) {
		p, err = catalog.Dataset(r, code)
		return err
	})
	if err != nil {
		return err
	}
	p.Title += "（新）"
	_, err = catalog.Publish(ctx, l, newID(), civil, p.Entry)
	return err
}

// decided decides about a question, files an application where one is needed, and reads the answer.
// Only the record of the use is still missing.
func decided(t *testing.T, l book.Ledger, desk *Desk, by catalog.Actor, q Question) (*search, sharing.Permit) {
	t.Helper()
	s, apply := &search{desk: desk, by: by, asked: q}, false
	var permit sharing.Permit
	err := l.View(t.Context(), func(r *state.Reader) (err error) {
		permit, apply, err = s.decide(r)
		return err
	})
	if err == nil && apply {
		permit, err = permit.Apply(t.Context(), l, nil)
	}
	if err == nil {
		err = l.View(t.Context(), func(r *state.Reader) error { return s.read(t.Context(), r, permit) })
	}
	if err != nil {
		t.Fatal(err)
	}
	return s, permit
}

// refusedAs checks that the use or act was refused with the code, by the handler or before it.
func refusedAs(t *testing.T, what string, err error, want text.Code) {
	t.Helper()
	var refusal *state.Refusal
	if errors.As(err, &refusal) {
		if got := text.ByNumber(uint16(refusal.Code)); got != want {
			t.Errorf("%s: refused as %s, want %s", what, got, want)
		}
		return
	}
	if f, ok := errors.AsType[*text.Failure](err); !ok || f.Code != want {
		t.Errorf("%s: got %v, want %s", what, err, want)
	}
}

func reading(t *testing.T, l book.Ledger, f func(*state.Reader)) {
	t.Helper()
	if err := l.View(t.Context(), func(r *state.Reader) error { f(r); return nil }); err != nil {
		t.Fatal(err)
	}
}

func sizeOf(t *testing.T, l book.Ledger) (size uint64) {
	t.Helper()
	reading(t, l, func(r *state.Reader) { size = r.Size() })
	return size
}

func visibleRows(t *testing.T, l book.Ledger) (n int) {
	t.Helper()
	reading(t, l, func(r *state.Reader) {
		newView(r).all(code, nil, onward, func(found) bool { n++; return true })
	})
	return n
}

// entryAt returns the leaf and the payload of an entry.
func entryAt(t *testing.T, l book.Ledger, index uint64) (leaf ledger.Leaf, payload []byte) {
	t.Helper()
	err := l.View(t.Context(), func(r *state.Reader) (err error) {
		if leaf, err = ledger.DecodeLeaf(r.Leaf(index)); err == nil {
			payload, err = l.Payload(r, index)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return leaf, payload
}

// onward is the step of a walk that nothing ends.
func onward() bool { return true }

// publishFit publishes a later version as one that takes every record, so that none is checked when
// it is read.
func publishFit(ctx context.Context, l book.Ledger, e catalog.Entry) (catalog.Published, error) {
	e, p, before, err := catalog.Prepare(ctx, l, civil, e)
	if err != nil || before.Is(p) {
		return before, err
	}
	p.Checked = &catalog.Checked{Version: before.Version, Fit: true}
	err = l.View(ctx, func(r *state.Reader) error {
		p.Checked.Records = LastChange(r, e.Code)
		return nil
	})
	if err != nil {
		return catalog.Published{}, err
	}
	result, err := catalog.Propose(ctx, l, book.By(identity.NewAgency(l.Name(), e.Agency), newID(), p.Document), p)
	return catalog.Published{Entry: e, Version: result.Version, At: result.Entry.In(l.Names()), Document: p.Document}, err
}
