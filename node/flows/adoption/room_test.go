package adoption

import (
	"context"
	"encoding/json"
	"errors"
	"testing"

	"xietong/certs/canon"
	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/exchange/envelope"
	"xietong/node/business/catalog"
	"xietong/node/business/records"
	"xietong/node/business/sharing"
	"xietong/node/flows/anywhere"
	"xietong/node/ground/book/booktest"
	"xietong/node/ground/failure"
	"xietong/node/ground/operation"
	"xietong/node/ground/policy"
	"xietong/node/ground/text"
)

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func label(s string) identity.Label { return must(identity.ParseLabel(s)) }

func newID() identity.Message { return must(identity.NewMessage()) }

const (
	county   = "nanming.guiyang.guizhou"
	city     = "guiyang.guizhou"
	province = "guizhou"
)

var (
	civil    = catalog.Local("civil-affairs")
	villages = label("villages")
)

// hosted is a ledger in memory, as the rooms above book need it.
type hosted struct{ *booktest.Ledger }

func (hosted) Receipt(context.Context, uint64) (receipt, preimage []byte, err error) {
	return nil, nil, errors.New("no receipts here")
}

// newLedger returns the ledger of a jurisdiction with two agencies.
func newLedger(t *testing.T, name string) hosted {
	t.Helper()
	registry := state.NewRegistry()
	catalog.Register(registry, records.LastChange)
	records.Register(registry)
	sharing.Register(registry, records.DatasetState, nil)
	Register(registry, records.LastChange)
	l := hosted{booktest.New(t, name, registry)}
	for _, code := range []string{"civil-affairs", "water"} {
		if _, err := catalog.AddAgency(t.Context(), l, newID(), catalog.Agency{Code: label(code), Title: code}); err != nil {
			t.Fatal(err)
		}
	}
	return l
}

// errAway is the error of asking a jurisdiction that cannot be reached.
var errAway = text.Fail(text.NotReady, text.Args{"reason": "away"}, nil)

// tree is a caller that reads the standards of the jurisdictions above, as they serve them.
type tree struct {
	above map[string]hosted
	asked []string
}

func (*tree) Use(context.Context, operation.Asking, identity.Label, envelope.Call, func([]byte) (operation.Told, error)) (operation.Recorded, error) {
	panic("reading a standard is no use of data")
}

// document is an element of the list of standards.
type document struct {
	_       struct{} `cbor:",toarray"`
	Code    identity.Label
	Entry   identity.Entry
	Version uint64
	JSON    []byte
	Ended   *string // nil: it holds
}

func (w *tree) Read(ctx context.Context, a operation.Asking, call envelope.Call) ([]byte, error) {
	w.asked = append(w.asked, a.To.String())
	l, ok := w.above[a.To.String()]
	if !ok {
		return nil, errAway
	}
	var wanted struct {
		Code identity.Label `cbor:"1,keyasint,omitzero"`
	}
	if err := canon.Unmarshal(call.Parameters, operation.MaxParameters, &wanted); err != nil {
		return nil, err
	}
	var page struct {
		Documents []document `cbor:"1,keyasint,omitempty"`
	}
	err := l.View(ctx, func(r *state.Reader) error {
		s, err := catalog.StandardOf(r, wanted.Code)
		if s != nil {
			page.Documents = []document{{Code: s.Code, Entry: s.At, Version: s.Version, JSON: s.Document}}
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return canon.Marshal(page)
}

// world is a county with the city and the province above it. The city has set a standard entry.
type world struct {
	county hosted
	tree   *tree
	desk   *Desk
	set    catalog.SetStandard
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{county: newLedger(t, county), tree: &tree{above: map[string]hosted{}}}
	w.tree.above[city], w.tree.above[province] = newLedger(t, city), newLedger(t, province)
	kept := records.NewDesk(w.county)
	w.desk = New(w.county, func() string { return "county" }, anywhere.New(w.county, kept, nil, w.tree), kept)
	w.set = w.setStandard(t, city, standard())
	return w
}

func (w *world) setStandard(t *testing.T, at string, s catalog.Standard) catalog.SetStandard {
	t.Helper()
	set, err := catalog.PublishStandard(t.Context(), w.tree.above[at], newID(), civil, s)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

const schema = `{"type":"object","required":["code"],"properties":{"code":{"type":"string"},"sex":{"type":"string"},
	"income":{"type":"number"},"age":{"type":"integer"}}}`

// standard is the entry that the counties of the city are to offer: others may add the incomes up
// by sex.
func standard() catalog.Standard {
	return catalog.Standard{Level: "county", Entry: catalog.Entry{
		Code: villages, Title: "名录", Agency: label("civil-affairs"), Category: "unconditional", Key: "code",
		Purposes: []catalog.Purpose{{Code: label("statistics"), Title: "统计"}, {Code: label("residence-check"), Title: "核验"}},
		Schema:   json.RawMessage(schema), UpdateCycle: "monthly", NotSecret: true,
		Counts: []identity.Label{label("statistics")}, GroupBy: []string{"sex"}, SmallestCell: 10,
		Measures: policy.Measures{"income": {"sum", "average"}, "age": {"maximum"}},
	}}
}

// adopting is the entry that adopts the standard as it is set.
func (w *world) adopting() catalog.Entry {
	e := standard().Entry
	e.Standard = w.set.At.String()
	return e
}

// publish publishes an entry at the county, whatever its plan is.
func (w *world) publish(t *testing.T, e catalog.Entry) (catalog.Published, error) {
	t.Helper()
	return w.publishAs(t, newID(), e)
}

func (w *world) publishAs(t *testing.T, id identity.Message, e catalog.Entry) (catalog.Published, error) {
	t.Helper()
	plan, err := w.desk.Plan(t.Context(), civil, e, identity.Entry{})
	if err != nil {
		return catalog.Published{}, err
	}
	return w.desk.Publish(t.Context(), id, civil, e, Agreed{Plan: plan.Hash, LeaveOut: true})
}

func (w *world) mustPublish(t *testing.T, e catalog.Entry) catalog.Published {
	t.Helper()
	p, err := w.publish(t, e)
	if err != nil {
		t.Fatalf("publish: %v", err)
	}
	return p
}

// grants returns the endless grants of the county.
func (w *world) grants(t *testing.T) (all []sharing.Grant) {
	t.Helper()
	err := w.county.View(t.Context(), func(r *state.Reader) error {
		for _, g := range sharing.Grants(r) {
			if !g.Endless || g.Consumer.String() != "spiffe://guiyang.guizhou/agency/civil-affairs" {
				t.Errorf("got the grant %+v, want an endless one of the agency that set the standard", g)
			}
			all = append(all, g)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// refused demands a refusal with the code that left no entry in the county's ledger, and returns
// its values.
func (w *world) refused(t *testing.T, what string, err error, want text.Code) text.Args {
	t.Helper()
	if !failure.Is(err, want) {
		t.Errorf("%s: got %v, want %s", what, err, want)
		return nil
	}
	for _, head := range w.county.Heads(t, 0) {
		if head.Kind != ledger.KindAgency {
			t.Errorf("%s: what was refused left an entry %s", what, head.Kind)
		}
	}
	return failure.Of(err).Args
}
