package calls_test

import (
	"testing"
	"time"

	"xietong/certs/identity"
	"xietong/node/business/catalog"
	"xietong/node/business/sharing"
	"xietong/node/business/usage"
	"xietong/node/ground/text"
)

// TestAskedIsListed asks, is refused, and is told of a revocation: the asker lists all of it, and
// the grant with its end, as it was heard of last; the provider lists the same uses.
func TestAskedIsListed(t *testing.T) {
	w := newWorld(t)
	desk, there := usage.NewDesk(w.County, catalog.Providers), usage.NewDesk(w.City, catalog.Providers)
	first, err := w.County.Ask.Query(t.Context(), newID(), by(water), guiyang, lookup())
	if err != nil {
		t.Fatal(err)
	}
	held := func() usage.HeldRow {
		t.Helper()
		rows, _, err := desk.Held(t.Context(), by(water), identity.Label{}, usage.Page{})
		if err != nil || len(rows) != 1 || rows[0].Grant != first.Grant.String() || rows[0].To != guiyang.String() || rows[0].AskedSaid.Purpose != purpose {
			t.Fatalf("got the grants %+v, %v", rows, err)
		}
		return rows[0]
	}
	until := must(time.Parse(time.RFC3339, applied.Until))
	if g := held(); !g.Ends.Equal(until) || g.Taken || g.Over || g.Asked != first.Asked {
		t.Errorf("after the first use: got %+v, want its end %s", g, until)
	}
	if _, err := sharing.Revoke(t.Context(), w.City, newID(), by(civil), first.Grant.Index(), "r"); err != nil {
		t.Fatal(err)
	}
	if g := held(); g.Taken {
		t.Errorf("nobody was told of the revocation: got %+v", g)
	}
	_, err = w.County.Ask.Query(t.Context(), newID(), by(water), guiyang, lookup())
	refused(t, "after the revocation", err, text.GrantRevoked)
	if g := held(); !g.Taken || !g.Ends.Equal(until) || g.Revoked == "" || g.Asked == first.Asked {
		t.Errorf("after the refusal: got %+v", g)
	}
	q := lookup()
	q.Dataset = label("typed-by-somebody")
	_, err = w.County.Ask.Query(t.Context(), newID(), by(water), guiyang, q)
	refused(t, "a dataset that is not there", err, text.UnknownDataset)
	rows, _, err := desk.Asked(t.Context(), by(water), usage.AskedFilter{At: guiyang}, usage.Page{})
	if err != nil || len(rows) != 3 {
		t.Fatalf("got %+v, %v", rows, err)
	}
	for i, want := range []usage.AskedSaid{
		{Dataset: "typed-by-somebody", Outcome: text.Number(text.UnknownDataset)}, {Dataset: "villages", Outcome: text.Number(text.GrantRevoked)},
		{Dataset: "villages", Records: 1, There: first.Access.String()},
	} {
		if got := rows[i]; got.Agency != water || got.Dataset != want.Dataset || got.Outcome != want.Outcome || got.Records != want.Records || got.There != want.There {
			t.Errorf("number %d: got %+v, want %+v", i, got, want)
		}
	}
	uses, _, err := there.Uses(t.Context(), by(civil), usage.Filter{Jurisdiction: w.County.Name()}, usage.Page{})
	if err != nil || len(uses) != 1 || uses[0].Entry != first.Access || uses[0].Rows != 1 {
		t.Errorf("the provider lists %+v, %v", uses, err)
	}
	for _, e := range []identity.Entry{rows[0].Entry, rows[2].Entry, first.Access, first.Grant} {
		if _, err := w.County.Ask.Receipt(t.Context(), by(water), e); err != nil {
			t.Errorf("the receipt of %s: %v", e, err)
		}
	}
}
