package records

import (
	"testing"

	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/exchange/gather"
	"xietong/node/business/catalog"
	"xietong/node/ground/failure"
	"xietong/node/ground/text"
)

// TestHeldIsLookedThrough (N19-16, 20): a dataset that is held shows its records to its provider,
// which is to look through them, and each such look is recorded. Nobody else is answered, and no
// number is told to anybody: it could be added to those of others.
func TestHeldIsLookedThrough(t *testing.T) {
	l, desk := open(t)
	lost, err := identity.ParseEntry(nanming.String() + "/log/1/99")
	if err != nil {
		t.Fatal(err)
	}
	if held, err := catalog.Hold(t.Context(), l, newID(), catalog.HeldDataset, code, lost, ledger.KindCatalogueEntry, identity.MaxIndex); err != nil || !held {
		t.Fatal(held, err)
	}
	all := Question{Dataset: code, Purpose: "statistics"}
	entries := len(l.Heads(t, 0))
	for range 2 { // also from what was compiled before
		answer, err := desk.Query(t.Context(), newID(), civil, all)
		if err != nil || len(answer.Rows) != 1 {
			t.Fatalf("the provider: got %d records, %v", len(answer.Rows), err)
		}
	}
	if got := len(l.Heads(t, 0)) - entries; got != 2 {
		t.Errorf("two looks left %d entries", got)
	}
	count := Question{Dataset: code, Purpose: "statistics", Measure: gather.Measure{Function: gather.Count}}
	relayed := all
	relayed.Evidence = []byte("signed")
	for what, row := range map[string]struct {
		by catalog.Actor
		q  Question
	}{
		"another agency": {catalog.Local("water"), all}, "a number": {civil, count}, "one that came over a link": {civil, relayed},
	} {
		if _, err := desk.Query(t.Context(), newID(), row.by, row.q); !failure.Is(err, text.DatasetHeld) {
			t.Errorf("%s: got %v, want %s", what, err, text.DatasetHeld)
		}
	}
}
