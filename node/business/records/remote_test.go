package records

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/node/business/catalog"
	"xietong/node/business/sharing"
	"xietong/node/ground/text"
)

// TestStatedBy compares how the uses of two agencies are stated. The application of an agency of
// this jurisdiction is its own signed act. The application of an agency of another jurisdiction is
// a note of the node, which carries the request that the origin signed, and so does the access
// record. Nothing else differs.
func TestStatedBy(t *testing.T) {
	l, desk := open(t)
	q := Question{Dataset: code, Key: "520102016001", Purpose: "statistics", Application: applied}
	words := fmt.Sprintf(`"basis":"b","scenario":"s","scope":"s","method":"m","until":"%s"`, applied.Until)
	for _, row := range []struct {
		consumer identity.Agency
		evidence []byte
		agency   identity.Label // in the application's head
		more     string         // at the end of both payloads
	}{
		{water, nil, water.Code(), ``},
		{namesake, []byte("signed there"), identity.Label{}, `,"request":"c2lnbmVkIHRoZXJl"`},
	} {
		q.Evidence = row.evidence
		got, err := desk.Query(t.Context(), newID(), catalog.Foreign(row.consumer), q)
		if err != nil || !got.GrantedNow || len(got.Rows) != 1 {
			t.Fatalf("%s: got %d rows, granted now %t, %v", row.consumer, len(got.Rows), got.GrantedNow, err)
		}
		begin := fmt.Sprintf(`{"consumer":"%s","dataset":"villages","version":1,"purpose":"statistics",`, row.consumer)
		leaf, payload := entryAt(t, l, got.Grant.Index()-1)
		if leaf.Head.Kind != ledger.KindApplication || leaf.Head.Agency != row.agency || leaf.Evidence.Signed() != (row.evidence == nil) {
			t.Errorf("%s: the application has the head %+v and is signed: %t", row.consumer, leaf.Head, leaf.Evidence.Signed())
		}
		if want := begin + words + row.more + `}`; string(payload) != want {
			t.Errorf("%s: the application says\n%s, want\n%s", row.consumer, payload, want)
		}
		leaf, payload = entryAt(t, l, got.Access.Index())
		if leaf.Head.Kind != ledger.KindAccess || leaf.Head.Agency != agency || leaf.Head.About.In(l.Names()) != got.Grant {
			t.Errorf("%s: the access record has the head %+v", row.consumer, leaf.Head)
		}
		if end := fmt.Sprintf(`"rows":1,"as_of":%d%s}`, got.AsOf, row.more); !bytes.HasPrefix(payload, []byte(begin)) || !bytes.HasSuffix(payload, []byte(end)) {
			t.Errorf("%s: the access record says\n%s, want it to end with\n%s", row.consumer, payload, end)
		}
	}
}

// TestEvidenceIsNeeded checks that no use is recorded in the name of another jurisdiction without
// its signature.
func TestEvidenceIsNeeded(t *testing.T) {
	l, desk := open(t)
	before := sizeOf(t, l)
	q := Question{Dataset: code, Key: "520102016001", Purpose: "statistics", Application: applied}
	if _, err := desk.Query(t.Context(), newID(), catalog.Foreign(namesake), q); err == nil {
		t.Error("another jurisdiction's use without evidence was answered")
	}
	q.Evidence = []byte("x")
	if _, err := desk.Query(t.Context(), newID(), catalog.Foreign(water), q); err == nil {
		t.Error("a use of this jurisdiction with evidence was answered")
	}
	if after := sizeOf(t, l); after != before {
		t.Errorf("%d entries were made", after-before)
	}
}

// TestNamesake checks that an agency of another jurisdiction with the code of the provider is not
// taken for the provider. It needs a grant, sees its own grants only, and has a quota of its own.
func TestNamesake(t *testing.T) {
	l, desk := open(t)
	own := identity.NewAgency(nanming, agency)
	q := Question{Dataset: code, Key: "520102016001", Purpose: "statistics"}
	if got, err := desk.Query(t.Context(), newID(), catalog.Foreign(own), q); err != nil || !got.Grant.IsZero() {
		t.Fatalf("the provider: got %+v, %v", got, err)
	}
	q.Evidence = []byte("signed there")
	_, err := desk.Query(t.Context(), newID(), catalog.Foreign(namesake), q)
	refusedAs(t, "the namesake without an application", err, text.BasisNeeded)
	claim := Claim{Dataset: code, Key: q.Key, Field: "name", Value: []byte(`"x"`), Purpose: q.Purpose}
	for range sharing.ProbesPerDay {
		if _, err := desk.Verify(t.Context(), newID(), catalog.Foreign(own), claim); err != nil {
			t.Fatal(err)
		}
	}
	_, err = desk.Verify(t.Context(), newID(), catalog.Foreign(own), claim)
	refusedAs(t, "a probe too many", err, text.QuotaSpent)
	claim.Evidence, claim.Application = q.Evidence, applied
	use, err := desk.Verify(t.Context(), newID(), catalog.Foreign(namesake), claim)
	if err != nil || !use.GrantedNow {
		t.Fatalf("a probe of the namesake: %+v, %v", use, err)
	}
	q.Evidence, q.Application = nil, applied
	if _, err := desk.Query(t.Context(), newID(), catalog.Foreign(water), q); err != nil {
		t.Fatal(err)
	}
	reading(t, l, func(r *state.Reader) {
		for _, row := range []struct {
			of   identity.Agency
			want []identity.Agency
		}{
			{own, []identity.Agency{namesake, water}}, {namesake, []identity.Agency{namesake}}, {water, []identity.Agency{water}},
			{identity.NewAgency(guiyang, water.Code()), nil},
		} {
			var got []identity.Agency
			for _, g := range sharing.GrantsOf(r, desk, row.of, sharing.Wanted{}) {
				got = append(got, g.Consumer)
			}
			if !slices.Equal(got, row.want) {
				t.Errorf("grants of %s: got those of %v, want %v", row.of, got, row.want)
			}
		}
		for index, want := range map[uint64]identity.Agency{
			use.Access.Index(): namesake, use.Grant.Index(): namesake, use.Grant.Index() - 1: namesake,
		} {
			if got, ok, err := sharing.ConsumerOf(r, index); err != nil || !ok || got != want {
				t.Errorf("entry %d: got a use of %v, %t, %v, want %v", index, got, ok, err, want)
			}
		}
		for _, index := range []uint64{0, 1, 2, 3, r.Size()} {
			if got, ok, err := sharing.ConsumerOf(r, index); err != nil || ok {
				t.Errorf("entry %d: got a use of %v, %v, want none", index, got, err)
			}
		}
		if got, ok, err := sharing.ConsumerOf(r, 4); err != nil || !ok || got != own {
			t.Errorf("the provider's own use: got %v, %t, %v", got, ok, err)
		}
	})
	if _, err := sharing.Revoke(t.Context(), l, newID(), civil, use.Grant.Index(), "r"); err != nil {
		t.Fatal(err)
	}
	claim.Application = sharing.Application{}
	_, err = desk.Verify(t.Context(), newID(), catalog.Foreign(namesake), claim)
	refusedAs(t, "after the revocation", err, text.GrantRevoked)
}

// TestPermitOfNamesake checks that the permit and the cursor of an agency serve no other agency of
// the same code. The permit is checked again where the use is recorded, whatever was decided
// before.
func TestPermitOfNamesake(t *testing.T) {
	l, desk := open(t)
	waters := identity.NewAgency(guiyang, water.Code()) // the same code as water
	permit := func(consumer identity.Agency) sharing.Permit {
		q := Question{Dataset: code, Purpose: "statistics", Fields: []string{"code"}, Application: applied}
		if consumer.Jurisdiction() != nanming {
			q.Evidence = []byte("signed there")
		}
		_, p := decided(t, l, desk, catalog.Foreign(consumer), q)
		return p
	}
	for what, of := range map[string][2]identity.Agency{
		"the provider's by its namesake": {namesake, identity.NewAgency(nanming, agency)},
		"a neighbour's by our agency":    {water, waters},
		"our agency's by a neighbour":    {waters, water},
	} {
		p := permit(of[0])
		p.Grant = permit(of[1]).Grant
		before := sizeOf(t, l)
		_, err := sharing.RecordUse(t.Context(), l, newID(), p, sharing.Access{Operation: "lookup"})
		refusedAs(t, what, err, text.PolicyMoved)
		if after := sizeOf(t, l); after != before {
			t.Errorf("%s: %d entries were made", what, after-before)
		}
	}
	for n := range 3 {
		if _, err := desk.Put(t.Context(), newID(), civil, code, fmt.Appendf(nil, `{"code":"52010201700%d","name":"x"}`, n)); err != nil {
			t.Fatal(err)
		}
	}
	q := Question{Dataset: code, Purpose: "statistics", Limit: 1}
	first, err := desk.Query(t.Context(), newID(), catalog.Foreign(water), q)
	if err != nil || first.Cursor == "" {
		t.Fatalf("got the cursor %q, %v", first.Cursor, err)
	}
	q.Cursor = first.Cursor
	if _, err := desk.Query(t.Context(), newID(), catalog.Foreign(water), q); err != nil {
		t.Errorf("its own cursor: %v", err)
	}
	q.Evidence = []byte("signed there")
	_, err = desk.Query(t.Context(), newID(), catalog.Foreign(waters), q)
	refusedAs(t, "the cursor of a namesake", err, text.BadCursor)
}

// TestMaxBytes asks for answers that end early. Together they have every record once, and none is
// longer than its bound, unless it has a single record.
func TestMaxBytes(t *testing.T) {
	_, desk := open(t)
	for n := 2; n <= 30; n++ {
		record := fmt.Appendf(nil, `{"code":"5201020160%02d","name":"%s","township":"a%d"}`, n, bytes.Repeat([]byte{'x'}, 10*n), n%2)
		if _, err := desk.Put(t.Context(), newID(), civil, code, record); err != nil {
			t.Fatal(err)
		}
	}
	for what, q := range map[string]Question{
		"a scan": {}, "an index": {Where: map[string]json.RawMessage{"township": json.RawMessage(`"a0"`)}},
	} {
		for _, most := range []int{1, 400, 2000, 0} {
			q.Dataset, q.Purpose, q.MaxBytes, q.Cursor, q.Application = code, "statistics", most, "", applied
			want, answers, scanned, seen := 30, 0, uint64(0), map[string]bool{}
			if q.Where != nil {
				want = 15
			}
			for first := true; first || q.Cursor != ""; first = false {
				got, err := desk.Query(t.Context(), newID(), catalog.Foreign(water), q)
				if err != nil {
					t.Fatal(err)
				}
				size := 0
				for _, row := range got.Rows {
					size += len(row) + rowOverhead
					seen[string(row)] = true
				}
				if len(got.Rows) > 1 && most > 0 && size > most || got.Count != uint64(len(got.Rows)) {
					t.Errorf("%s, %d bytes: got %d bytes in %d of %d rows", what, most, size, len(got.Rows), got.Count)
				}
				answers, scanned, q.Cursor = answers+1, scanned+got.Scanned, got.Cursor
			}
			if len(seen) != want || scanned != uint64(want) || (most == 1) != (answers == want) || (most == 0) != (answers == 1) {
				t.Errorf("%s, %d bytes: got %d records in %d answers, of %d looked at, want %d", what, most, len(seen), answers, scanned, want)
			}
		}
	}
}
