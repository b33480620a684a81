package usage

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/node/ground/book"
	"xietong/node/ground/book/booktest"
	"xietong/node/ground/failure"
	"xietong/node/ground/text"
)

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func label(s string) identity.Label { return must(identity.ParseLabel(s)) }

func place(s string) identity.Jurisdiction { return must(identity.ParseJurisdiction(s)) }

func agency(of, code string) identity.Agency { return identity.NewAgency(place(of), label(code)) }

const home = "nanming.guiyang.guizhou"

// actor is an agency that asks, or an administrator where it is zero.
type actor identity.Agency

func (a actor) Asks(*state.Reader) (identity.Agency, bool, error) {
	return identity.Agency(a), identity.Agency(a).IsZero(), nil
}

// entered is the command of the tests: it appends the entry of a use.
type entered struct {
	_         struct{} `cbor:",toarray"`
	Provider  identity.Label
	Dataset   identity.Label
	Consumer  identity.Agency
	Find      Found
	Refused   bool
	Grant     ledger.Ref
	Statement book.Statement
}

const (
	commandAsk   book.Command[questioned, ledger.Ref] = 2003
	commandUse   book.Command[entered, ledger.Ref]    = 2001
	commandErase book.Command[uint64, book.Nothing]   = 2002
)

// questioned is the command of the tests that appends the entry of a question.
type questioned struct {
	_         struct{} `cbor:",toarray"`
	Agency    identity.Label
	Dataset   *identity.Label
	Find      FoundAsked
	Refused   bool
	Held      *Held
	Statement book.Statement
}

func applyQuestion(tx *state.Tx, b questioned) (ledger.Ref, error) {
	head := ledger.Head{Kind: ledger.KindAsked, Agency: b.Agency}
	if b.Dataset != nil {
		head.Code = *b.Dataset
	}
	entry, err := b.Statement.Append(tx, head)
	if err != nil {
		return entry, err
	}
	return entry, Asked{b.Agency, head.Code, b.Find, b.Refused, b.Held}.Keep(tx, entry)
}

// room is a ledger in memory with a desk.
type room struct {
	*booktest.Ledger
	desk      *Desk
	providers [][2]identity.Label
}

func open(t testing.TB) *room {
	t.Helper()
	registry := state.NewRegistry()
	Register(registry)
	RegisterAsked(registry)
	commandAsk.Handle(registry, applyQuestion)
	commandUse.Handle(registry, func(tx *state.Tx, b entered) (ledger.Ref, error) {
		kind := ledger.KindAccess
		if b.Refused {
			kind = ledger.KindUseRefused
		}
		entry, err := b.Statement.Append(tx, ledger.Head{Kind: kind, Agency: b.Provider, Code: b.Dataset, About: b.Grant})
		if err != nil {
			return entry, err
		}
		return entry, Use{b.Dataset, b.Consumer, b.Find, b.Refused}.Keep(tx, entry)
	})
	commandErase.Handle(registry, func(tx *state.Tx, n uint64) (done book.Nothing, err error) {
		return done, booktest.Erase(tx, n)
	})
	r := &room{Ledger: booktest.New(t, home, registry)}
	for i := range 4 { // civil-affairs has the even ones, water the odd ones
		r.providers = append(r.providers, [2]identity.Label{label(fmt.Sprintf("dataset-%d", i)), provider(i)})
	}
	r.desk = NewDesk(r, func(_ book.Reads, each func(dataset, provider identity.Label)) {
		for _, p := range r.providers {
			each(p[0], p[1])
		}
	})
	return r
}

func provider(dataset int) identity.Label {
	return label([]string{"civil-affairs", "water"}[dataset%2])
}

// used is one use, as the model has it.
type used struct {
	n        uint64
	at       time.Time
	dataset  int
	consumer identity.Agency
	purpose  string
	rows     uint64
	refused  text.Code
	grant    ledger.Ref
}

// use records a use at the clock.
func (r *room) use(t testing.TB, u used) used {
	t.Helper()
	code := label(fmt.Sprintf("dataset-%d", u.dataset))
	payload := must(json.Marshal(map[string]any{
		"consumer": u.consumer.String(), "dataset": code.String(), "purpose": u.purpose, "operation": "lookup", "rows": u.rows,
		"refused": u.refused, "parameters": "SECRET", "keys": []string{"SECRET"}, "outcome": "SECRET",
	}))
	b := entered{
		Provider: provider(u.dataset), Dataset: code, Consumer: u.consumer, Refused: u.refused != "", Grant: u.grant,
		Statement: must(r.Note("application/json", payload)), Find: Found{},
	}
	if u.purpose != "" {
		b.Find = FindPurpose(r, label(u.purpose))
	}
	ref, err := commandUse.Do(t.Context(), r, book.Request{}, b)
	if err != nil {
		t.Fatal(err)
	}
	u.n, _ = ref.Index()
	u.at = time.UnixMilli(r.Clock.UnixMilli())
	return u
}

// all reads every page of a list, and calls between before each further page.
func all[R any](t testing.TB, read func(Page) ([]R, string, error), limit int, between func()) (rows []R) {
	t.Helper()
	p := Page{Limit: limit}
	for {
		got, cursor, err := read(p)
		if err != nil {
			t.Fatal(err)
		}
		if rows = append(rows, got...); cursor == "" {
			return rows
		}
		if len(got) != limit {
			t.Fatalf("a page of %d rows, of %d, is not the last", len(got), limit)
		}
		p.Cursor = cursor
		between()
	}
}

func refused(t *testing.T, what string, err error, want text.Code) {
	t.Helper()
	if !failure.Is(err, want) {
		t.Errorf("%s: got %v, want %s", what, err, want)
	}
}
