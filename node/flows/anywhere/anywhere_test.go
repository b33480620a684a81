package anywhere_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/exchange/gather"
	"xietong/node/business/catalog"
	"xietong/node/business/records"
	"xietong/node/business/sharing"
	"xietong/node/flows/callstest"
	"xietong/node/ground/failure"
	"xietong/node/ground/operation"
	"xietong/node/ground/rows"
	"xietong/node/ground/text"
)

// TestRevoked: the provider ends a grant of another jurisdiction's agency, and no other.
func TestRevoked(t *testing.T) {
	w := newWorld(t)
	grants := map[identity.Label]identity.Entry{}
	for _, agency := range []identity.Label{water, civil} {
		got, err := w.County.Ask.Query(t.Context(), newID(), by(agency), guiyang, lookup())
		if err != nil || !got.GrantedNow {
			t.Fatalf("%s: granted now %t, %v", agency, got.GrantedNow, err)
		}
		grants[agency] = got.Grant
	}
	if _, err := sharing.Revoke(t.Context(), w.City, newID(), by(civil), grants[water].Index(), "不再需要"); err != nil {
		t.Fatal(err)
	}
	_, err := w.County.Ask.Query(t.Context(), newID(), by(water), guiyang, lookup())
	refused(t, "after the revocation", err, text.GrantRevoked)
	if args := failure.Of(err).Args; args["grant"] != grants[water].String() || args["dataset"] != "villages" {
		t.Errorf("got %v", args)
	}
	got, err := w.County.Ask.Query(t.Context(), newID(), by(civil), guiyang, lookup())
	if err != nil || got.Grant != grants[civil] || got.GrantedNow {
		t.Errorf("the other agency: got %+v, %v", got.Use, err)
	}
}

// TestNamesakes: the provider of the city and the agency of the county have one code, and are two
// agencies at both ends.
func TestNamesakes(t *testing.T) {
	w := newWorld(t)
	q := lookup()
	q.Application = sharing.Application{}
	if got, err := w.City.Ask.Query(t.Context(), newID(), by(civil), guiyang, q); err != nil || !got.Grant.IsZero() {
		t.Fatalf("the provider: %+v, %v", got.Use, err)
	}
	_, err := w.County.Ask.Query(t.Context(), newID(), by(civil), guiyang, q)
	refused(t, "the namesake", err, text.BasisNeeded)
	got, err := w.County.Ask.Query(t.Context(), newID(), by(civil), guiyang, lookup())
	if err != nil || !got.GrantedNow {
		t.Fatalf("the namesake applies: %+v, %v", got.Use, err)
	}
	if head, _ := w.City.SaidAt(t, got.Access); head.Agency != civil || head.About.In(w.City.Names()) != got.Grant {
		t.Errorf("the access record has the head %+v", head)
	}
	holder := identity.NewAgency(nanming, civil)
	if all := w.City.GrantsOf(t, holder); len(all) != 1 || all[0].Consumer != holder {
		t.Errorf("got %+v", all)
	}
}

// TestReceipts: an agency of another jurisdiction gets the receipts of its own uses, and of what is
// told to anybody; it learns nothing of any other entry.
func TestReceipts(t *testing.T) {
	w := newWorld(t)
	q := lookup()
	local, err := w.City.Ask.Query(t.Context(), newID(), by(water), guiyang, q)
	if err != nil {
		t.Fatal(err)
	}
	q.Evidence = []byte("signed there")
	others := catalog.Foreign(identity.NewAgency(nanming, civil))
	if _, err := w.City.Records.Query(t.Context(), newID(), others, q); err != nil {
		t.Fatal(err)
	}
	own, err := w.County.Ask.Query(t.Context(), newID(), by(water), guiyang, lookup())
	if err != nil {
		t.Fatal(err)
	}
	entry := w.City.Log().Entry
	mine := []identity.Entry{own.Access, own.Grant, entry(own.Grant.Index() - 1)}
	for _, e := range mine {
		_, err := w.County.Ask.Receipt(t.Context(), by(civil), e)
		refused(t, "a use of another agency of the county", err, text.NotFound)
	}
	const public = 6 // the key set, two agencies and three catalogue entries come first
	for index := range w.City.Size(t) + 2 {
		got, err := w.County.Ask.Receipt(t.Context(), by(water), entry(index))
		if index < public || slices.Contains(mine, entry(index)) {
			if _, failed := ledger.VerifyReceipt(got.Receipt, got.Preimage, must(w.City.Pin())); err != nil || failed != nil {
				t.Errorf("entry %d: got %v, %v", index, err, failed)
			}
			continue
		}
		refused(t, fmt.Sprintf("entry %d (the local use is %s)", index, local.Access), err, text.NotFound)
		if args := failure.Of(err).Args; args["where"] != entry(index).String() || got.Receipt != nil {
			t.Errorf("entry %d: got %v", index, args)
		}
	}
	asking := operation.Asking{ID: newID(), To: guiyang, By: by(water)}
	_, err = sharing.Remote{Caller: w.County.Engine}.Receipt(t.Context(), asking, w.County.Names().Entry(own.Access.Index()))
	refused(t, "an entry of another ledger", err, text.NotFound)
}

// TestLongAnswer: an answer that would be too long for a message ends with a cursor, which works
// for the asking agency alone.
func TestLongAnswer(t *testing.T) {
	w := newWorld(t)
	const more = 40
	for n := 2; n <= 1+more; n++ {
		w.City.Put(t, villages, village(n, strings.Repeat("长", 14_000)))
	}
	q := lookup()
	q.Key, q.Limit = "", records.MaxLimit
	seen, answers := map[string]bool{}, 0
	for first := true; first || q.Cursor != ""; first = false {
		got, err := w.County.Ask.Query(t.Context(), newID(), by(water), guiyang, q)
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range got.Rows {
			seen[string(row)] = true
		}
		q.Cursor = got.Cursor
		answers++
		if q.Cursor != "" {
			_, err = w.County.Ask.Query(t.Context(), newID(), by(civil), guiyang, q)
			refused(t, "the cursor of another agency", err, text.BadCursor)
		}
	}
	if len(seen) != 1+more || answers < 3 {
		t.Errorf("got %d records in %d answers, want %d in three or more", len(seen), answers, 1+more)
	}
	q.Measure = gather.Measure{Function: gather.Count}
	got, err := w.County.Ask.Query(t.Context(), newID(), by(water), guiyang, q)
	if err != nil || got.Count != 1+more || got.Rows != nil || got.Scanned != 0 {
		t.Errorf("counted: got %d, looked at %d, %v", got.Count, got.Scanned, err)
	}
}

// TestDatasets reads the catalogue entries that a clerk must know to ask well, in as many answers
// as they take.
func TestDatasets(t *testing.T) {
	w := newWorld(t)
	before := w.County.Size(t) + w.City.Size(t)
	all, err := w.County.Ask.Datasets(t.Context(), by(water), guiyang)
	if err != nil || len(all) != 3 {
		t.Fatalf("got %d datasets, %v", len(all), err)
	}
	if got := w.County.Size(t) + w.City.Size(t); got != before {
		t.Errorf("%d entries were made", got-before)
	}
	if got := all[0]; got.Code != label("fingerprints") || got.Category != "not-shared" || got.Citation == "" {
		t.Errorf("got %+v", got)
	}
	last := all[2]
	if last.Code != villages || last.Title != "目录 villages" || last.Agency != civil || last.Version != 1 || last.Key != "code" {
		t.Errorf("got %+v", last)
	}
	if want := []catalog.Purpose{{Code: label(purpose), Title: "居住地核验"}, {Code: label("statistics"), Title: "统计"}}; !slices.Equal(last.Purposes, want) {
		t.Errorf("got the purposes %v, want %v", last.Purposes, want)
	}
	want := []rows.Field{
		{Name: "code", Type: rows.String}, {Name: "households", Type: rows.Integer, Nullable: true}, {Name: "name", Type: rows.String},
	}
	same := func(a, b rows.Field) bool { return a.Name == b.Name && a.Type == b.Type && a.Nullable == b.Nullable }
	if got := must(rows.Compile(last.Schema, last.Key, last.Indexed)).Fields(); !slices.EqualFunc(got, want, same) {
		t.Errorf("got the fields %v, want %v", got, want)
	}
	if head, _ := w.City.SaidAt(t, last.At); head.Kind != ledger.KindCatalogueEntry {
		t.Errorf("%s is of kind %s", last.At, head.Kind)
	}
}

// TestOwn: a question to one's own jurisdiction is answered alike, without a call.
func TestOwn(t *testing.T) {
	w := newWorld(t)
	there, err := w.County.Ask.Datasets(t.Context(), by(water), guiyang)
	if err != nil {
		t.Fatal(err)
	}
	here, err := w.City.Ask.Datasets(t.Context(), by(water), guiyang)
	if err != nil || len(here) != len(there) {
		t.Fatalf("got %d datasets, %v, want %d", len(here), err, len(there))
	}
	for i, d := range here {
		if d.At != there[i].At || string(d.Document) != string(there[i].Document) || d.Version != there[i].Version {
			t.Errorf("%s: got %s here, %s there", d.Code, d.Document, there[i].Document)
		}
	}
	before := len(w.Frames())
	claim := records.Claim{Dataset: villages, Key: "520102016001", Field: "name", Value: []byte(`"别处"`), Purpose: purpose}
	claim.Application = applied
	got, err := w.City.Ask.Verify(t.Context(), newID(), by(water), guiyang, claim)
	if err != nil || got.Outcome != records.No || !got.Asked.IsZero() {
		t.Errorf("a claim: got %+v, %v", got, err)
	}
	r, err := w.City.Ask.Receipt(t.Context(), by(water), got.Access)
	if err == nil {
		_, err = ledger.VerifyReceipt(r.Receipt, r.Preimage, must(w.City.Pin()))
	}
	if err != nil || r.Entry != got.Access {
		t.Errorf("the receipt of %s: got %s, %v", got.Access, r.Entry, err)
	}
	another := must(identity.NewLog(guiyang, 2))
	for _, none := range []identity.Entry{w.City.Names().Entry(w.City.Size(t) + 1), another.Entry(got.Access.Index())} {
		r, err := w.City.Ask.Receipt(t.Context(), by(water), none)
		if f := refused(t, "the receipt of no entry", err, text.NotFound); f.Args["where"] != none.String() || r.Receipt != nil {
			t.Errorf("got %v, want %s", f.Args, none)
		}
	}
	if after := len(w.Frames()); after != before {
		t.Errorf("%d requests were sent", after-before)
	}
}

// TestLongestEntries: the longest entry that can be published is read from elsewhere as it was
// signed, and a byte more cannot be published.
func TestLongestEntries(t *testing.T) {
	w := newWorld(t)
	longest := callstest.Dataset("longest")
	longest.UpdateCycle = strings.Repeat("x", catalog.MaxEntryLen-len(must(longest.Encode()))+len(longest.UpdateCycle))
	published := w.City.Publish(t, longest)
	w.City.Publish(t, callstest.Dataset("one-more"))
	longest.UpdateCycle += "x"
	_, err := w.City.Adoption.Plan(t.Context(), by(civil), longest, identity.Entry{})
	refused(t, "a byte more", err, text.EntryInvalid)
	all, err := w.County.Ask.Datasets(t.Context(), by(water), guiyang)
	if err != nil || len(all) != 5 {
		t.Fatalf("got %d datasets, %v, want 5", len(all), err)
	}
	_, signed := w.City.EntryAt(t, published.At)
	at := slices.IndexFunc(all, func(p catalog.Published) bool { return p.At == published.At })
	if at < 0 || string(all[at].Document) != string(signed) || len(signed) != catalog.MaxEntryLen {
		t.Errorf("it is entry %d of the catalogue, and %d bytes", at, len(signed))
	}
}

// TestStandards: the jurisdiction that set a standard and the one below it read the same.
func TestStandards(t *testing.T) {
	w := newWorld(t)
	s := catalog.Standard{Level: "county", Entry: callstest.Dataset("towns")}
	set, err := catalog.PublishStandard(t.Context(), w.City.Host, newID(), by(civil), s)
	if err != nil {
		t.Fatal(err)
	}
	before := w.City.Size(t) + w.County.Size(t)
	for _, p := range w.Places {
		got, err := p.Ask.Standard(t.Context(), by(water), guiyang, s.Code)
		if err != nil || got.At != set.At || got.Version != 1 || string(got.Document) != string(set.Document) || got.Level != "county" {
			t.Errorf("%s: got %+v, %v", p.Name(), got, err)
		}
		all, err := p.Ask.Standards(t.Context(), by(water), guiyang)
		if err != nil || len(all) != 1 || all[0].At != set.At {
			t.Errorf("%s: got %+v, %v", p.Name(), all, err)
		}
		_, err = p.Ask.Standard(t.Context(), by(water), guiyang, villages)
		if f := refused(t, p.Name().String(), err, text.NoStandard); f.Args["jurisdiction"] != guiyang.String() || f.Args["dataset"] != "villages" {
			t.Errorf("%s: got %v", p.Name(), f.Args)
		}
	}
	if after := w.City.Size(t) + w.County.Size(t); after != before {
		t.Errorf("%d entries were made", after-before)
	}
}
