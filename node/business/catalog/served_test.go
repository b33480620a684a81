package catalog_test

import (
	"bytes"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"

	"xietong/certs/canon"
	"xietong/certs/identity"
	"xietong/consensus/state"
	"xietong/exchange/envelope"
	"xietong/exchange/relay"
	"xietong/node/business/catalog"
	"xietong/node/ground/book/booktest"
	"xietong/node/ground/failure"
	"xietong/node/ground/operation/operationtest"
	"xietong/node/ground/policy"
	"xietong/node/ground/text"
)

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func named(s string) identity.Label { return must(identity.ParseLabel(s)) }

func newID() identity.Message { return must(identity.NewMessage()) }

// newCity returns the ledger of a city that has an agency, and a county that reads its catalogue.
func newCity(t *testing.T) (*booktest.Ledger, *operationtest.Pair) {
	t.Helper()
	registry := state.NewRegistry()
	catalog.Register(registry, nil)
	city := booktest.New(t, operationtest.City, registry)
	agency := catalog.Agency{Code: named("civil-affairs"), Title: "民政局"}
	if _, err := catalog.AddAgency(t.Context(), city, identity.Message{}, agency); err != nil {
		t.Fatal(err)
	}
	operations := relay.NewRegistry()
	catalog.Serve(operations, city)
	return city, operationtest.New(t, operations)
}

// dataset is an entry of the civil affairs agency.
func dataset(code string) catalog.Entry {
	return catalog.Entry{
		Code: named(code), Title: "名录 " + code, Agency: named("civil-affairs"), Category: "unconditional", Key: "code",
		Purposes: []catalog.Purpose{{Code: named("statistics"), Title: "统计"}}, UpdateCycle: "monthly", NotSecret: true,
		Schema:   []byte(`{ "type": "object", "properties": { "code": {"type": "string"}, "income": {"type": "number"} } }`),
		Measures: policy.Measures{"income": {"sum", "average"}}, GroupBy: []string{"code"}, SmallestCell: 3,
	}
}

// publish publishes the entry.
func publish(t *testing.T, in *booktest.Ledger, e catalog.Entry) catalog.Published {
	t.Helper()
	p, err := catalog.Publish(t.Context(), in, newID(), catalog.Local("civil-affairs"), e)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// payload returns the payload of an entry of the ledger, as it was signed.
func payload(t *testing.T, in *booktest.Ledger, e identity.Entry) (content []byte) {
	t.Helper()
	err := in.View(t.Context(), func(r *state.Reader) (err error) {
		content, err = in.Payload(r, e.Index())
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// TestAsSigned checks that a document that is read from another jurisdiction is byte for byte the
// one that was signed there, in its newest version.
func TestAsSigned(t *testing.T) {
	city, county := newCity(t)
	first := publish(t, city, dataset("villages"))
	later := dataset("villages")
	later.Title = "村（居）委会名录 <新>"
	publish(t, city, later)
	towns := publish(t, city, dataset("towns"))
	s, err := catalog.PublishStandard(t.Context(), city, newID(), catalog.Local(""), catalog.Standard{Level: "county", Entry: dataset("roads")})
	if err != nil {
		t.Fatal(err)
	}
	before := city.Proposals.Load()
	got, err := catalog.Remote{Caller: county}.Datasets(t.Context(), county.Asking(t))
	if err != nil || len(got) != 2 || got[0].At != towns.At || got[1].At == first.At || got[1].Version != 2 {
		t.Fatalf("got %+v, %v", got, err)
	}
	for _, d := range got {
		if signed := payload(t, city, d.At); !bytes.Equal(d.Document, signed) {
			t.Errorf("%s: got\n%s, want\n%s", d.Code, d.Document, signed)
		}
		if again, err := d.Encode(); err != nil || !bytes.Equal(again, d.Document) {
			t.Errorf("%s is written again as\n%s, %v, want\n%s", d.Code, again, err, d.Document)
		}
	}
	if d := got[1]; d.Title != later.Title || !d.Measures.Equal(later.Measures) || d.SmallestCell != 3 {
		t.Errorf("got %+v, want %+v", d.Entry, later)
	}
	standards, err := catalog.Remote{Caller: county}.Standards(t.Context(), county.Asking(t), identity.Label{})
	if err != nil || len(standards) != 1 || standards[0].At != s.At || !bytes.Equal(standards[0].Document, payload(t, city, s.At)) {
		t.Errorf("got %+v, %v", standards, err)
	}
	if made := city.Proposals.Load() - before; made != 0 {
		t.Errorf("%d commands were proposed", made)
	}
}

// long is an entry so long that a few of them fill a result.
func long(code string) catalog.Entry {
	e := dataset(code)
	e.UpdateCycle = strings.Repeat("x", 160<<10)
	return e
}

// TestLongCatalogue reads a catalogue that is longer than a message, in as many results as it
// takes.
func TestLongCatalogue(t *testing.T) {
	city, county := newCity(t)
	var want []string
	for n := range 12 {
		want = append(want, publish(t, city, long(fmt.Sprintf("long-%02d", n))).Code.String())
	}
	want = append(want, publish(t, city, dataset("villages")).Code.String())
	all, err := catalog.Remote{Caller: county}.Datasets(t.Context(), county.Asking(t))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, d := range all {
		got = append(got, d.Code.String())
	}
	if !slices.Equal(got, want) || county.Sent.Load() < 3 {
		t.Errorf("got %q in %d results, want %q in three or more", got, county.Sent.Load(), want)
	}
}

// TestLongStandards reads standard entries in several results, and one of them in one.
func TestLongStandards(t *testing.T) {
	city, county := newCity(t)
	for n := range 12 {
		publishStandard(t, city, long(fmt.Sprintf("long-%02d", n)))
	}
	all, err := catalog.Remote{Caller: county}.Standards(t.Context(), county.Asking(t), identity.Label{})
	if err != nil || len(all) != 12 || all[11].Code != named("long-11") || county.Sent.Load() < 3 {
		t.Errorf("got %d standards in %d results, %v", len(all), county.Sent.Load(), err)
	}
	before := county.Sent.Load()
	one, err := catalog.Remote{Caller: county}.Standard(t.Context(), county.Asking(t), named("long-06"))
	if err != nil || one.Code != named("long-06") || county.Sent.Load() != before+1 {
		t.Errorf("got %s in %d results, %v", one.Code, county.Sent.Load()-before, err)
	}
	_, err = catalog.Remote{Caller: county}.Standard(t.Context(), county.Asking(t), named("villages"))
	if !failure.Is(err, text.NoStandard) {
		t.Errorf("one that is not set: got %v, want %s", err, text.NoStandard)
	}
}

// A06: a question for one entry must not have the whole catalogue copied and decoded: 120 of them
// took 2.5 GiB and every processor of a city with 2,000 entries.
func TestOneEntryOfALongCatalogue(t *testing.T) {
	city, county := newCity(t)
	for n := range 40 {
		publishStandard(t, city, long(fmt.Sprintf("long-%02d", n)))
	}
	publishStandard(t, city, dataset("roads"))
	remote := catalog.Remote{Caller: county}
	ask := func() {
		if _, err := remote.Standard(t.Context(), county.Asking(t), named("roads")); err != nil {
			t.Fatal(err)
		}
	}
	ask()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	ask()
	runtime.ReadMemStats(&after)
	if got := after.TotalAlloc - before.TotalAlloc; got > 1<<20 {
		t.Errorf("%d KiB are allocated for an entry of 1 KiB, want at most 1024", got>>10)
	}
}

func publishStandard(t *testing.T, in *booktest.Ledger, e catalog.Entry) {
	t.Helper()
	if _, err := catalog.PublishStandard(t.Context(), in, newID(), catalog.Local(""), catalog.Standard{Level: "county", Entry: e}); err != nil {
		t.Fatal(err)
	}
}

// TestMalformedCalls checks that a malformed call for a catalogue is refused.
func TestMalformedCalls(t *testing.T) {
	_, county := newCity(t)
	for _, name := range []string{"datasets", "standards"} {
		for what, parameters := range map[string][]byte{
			"nothing":            {},
			"a code of no label": must(canon.Marshal(map[int]string{1: "Not a label"})),
			"another field":      must(canon.Marshal(map[int]string{3: "villages"})),
			"an empty code":      must(canon.Marshal(map[int]string{1: ""})),
		} {
			_, err := county.Send(t, envelope.Call{Operation: named(name), Parameters: parameters})
			if !failure.Is(err, text.BadRequest) {
				t.Errorf("%s, %s: got %v, want %s", name, what, err, text.BadRequest)
			}
		}
		if _, err := county.Send(t, envelope.Call{Operation: named(name), Parameters: []byte{0xa0}}); err != nil {
			t.Errorf("%s of everything, for nobody: got %v", name, err)
		}
	}
}

// TestHeldIsToldAsHeld (B19-14): another jurisdiction is told of what is held that it is, and for
// which lost entry, and not that it was withdrawn.
func TestHeldIsToldAsHeld(t *testing.T) {
	city, county := newCity(t)
	e := dataset("villages")
	if _, err := catalog.Publish(t.Context(), city, newID(), catalog.Actor{}, e); err != nil {
		t.Fatal(err)
	}
	if _, err := catalog.PublishStandard(t.Context(), city, newID(), catalog.Actor{}, catalog.Standard{Entry: e, Level: "county"}); err != nil {
		t.Fatal(err)
	}
	lost := city.Names().Entry(77)
	for _, what := range []string{catalog.HeldDataset, catalog.HeldStandard} {
		if held, err := catalog.Hold(t.Context(), city, newID(), what, e.Code, lost, 0, identity.MaxIndex); err != nil || !held {
			t.Fatal(held, err)
		}
	}
	remote := catalog.Remote{Caller: county}
	_, err := remote.Standard(t.Context(), county.Asking(t), e.Code)
	if f := failure.Of(err); f.Code != text.StandardHeld || f.Args["entry"] != lost.String() {
		t.Errorf("whoever adopts it is told %v", err)
	}
	all, err := remote.Datasets(t.Context(), county.Asking(t))
	if err != nil || len(all) != 1 || all[0].Withdrawn == nil || all[0].Withdrawn.Ended() || all[0].Withdrawn.Lost != lost {
		t.Errorf("the list has %+v, %v", all, err)
	}
}
