package sharing_test

import (
	"context"
	"testing"

	"xietong/certs/canon"
	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/exchange/envelope"
	"xietong/exchange/relay"
	"xietong/node/business/sharing"
	"xietong/node/ground/book"
	"xietong/node/ground/book/booktest"
	"xietong/node/ground/failure"
	"xietong/node/ground/operation/operationtest"
	"xietong/node/ground/text"
)

// prover is a ledger that gives the same receipt for every entry.
type prover struct {
	*booktest.Ledger
	asked []uint64
}

func (p *prover) Receipt(_ context.Context, index uint64) ([]byte, error) {
	p.asked = append(p.asked, index)
	return []byte("receipt"), nil
}

// enter makes an entry that records no use.
const enter book.Command[entered, ledger.Ref] = 999

type entered struct {
	_         struct{} `cbor:",toarray"`
	Statement book.Statement
}

// newCity returns the ledger of a city, which has one entry, and a county that asks it for
// receipts.
func newCity(t *testing.T) (*prover, *operationtest.Pair) {
	t.Helper()
	registry := state.NewRegistry()
	enter.Handle(registry, func(tx *state.Tx, b entered) (ledger.Ref, error) {
		return b.Statement.Append(tx, ledger.Head{Kind: ledger.KindEndorsement})
	})
	city := &prover{Ledger: booktest.New(t, operationtest.City, registry)}
	note, err := city.Note("text/plain", []byte("what is no use"))
	if err == nil {
		_, err = book.Enter(t.Context(), city, enter, book.Request{}, entered{Statement: note})
	}
	if err != nil {
		t.Fatal(err)
	}
	operations := relay.NewRegistry()
	sharing.NewDesk(city, func(book.Reads, identity.Label) (s sharing.DatasetState, ok bool) { return s, false }).Serve(operations)
	return city, operationtest.New(t, operations)
}

func named(t *testing.T, s string) identity.Label {
	t.Helper()
	l, err := identity.ParseLabel(s)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// TestMalformedReceipts checks that a call for a receipt is refused if it names no entry.
func TestMalformedReceipts(t *testing.T) {
	city, county := newCity(t)
	for what, parameters := range map[string]map[int]string{
		"no entry": {}, "an entry of no form": {1: "7"}, "an empty entry": {1: ""},
		"something more": {1: city.Names().Entry(0).String(), 2: "x"},
	} {
		data, err := canon.Marshal(parameters)
		if err != nil {
			t.Fatal(err)
		}
		_, err = county.Send(t, envelope.Call{Operation: named(t, "receipt"), Parameters: data})
		if !failure.Is(err, text.BadRequest) {
			t.Errorf("%s: got %v, want %s", what, err, text.BadRequest)
		}
	}
	if len(city.asked) > 0 {
		t.Errorf("the receipts of %v were asked for", city.asked)
	}
}

// TestNoReceipts checks that an entry that records no use by the asker is refused like one that
// does not exist.
func TestNoReceipts(t *testing.T) {
	city, county := newCity(t)
	other, err := identity.NewLog(county.County, 1)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range []identity.Entry{city.Names().Entry(0), city.Names().Entry(1), city.Names().Entry(1 << 40), other.Entry(0)} {
		got, err := sharing.Remote{Caller: county}.Receipt(t.Context(), county.Asking(t), e)
		f := failure.Of(err)
		if err == nil || f.Code != text.NotFound || f.Args["where"] != e.String() || f.Args["what"] != "entry" || got.Receipt != nil {
			t.Errorf("%s: got %+v, %v, want %s", e, got, err, text.NotFound)
		}
	}
	if len(city.asked) > 0 {
		t.Errorf("the receipts of %v were asked for", city.asked)
	}
}
