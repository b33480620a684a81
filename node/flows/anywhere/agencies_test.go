package anywhere_test

import (
	"sync"
	"testing"

	"xietong/certs/canon"
	"xietong/certs/identity"
	"xietong/consensus/state"
	"xietong/exchange/envelope"
	"xietong/node/business/catalog"
	"xietong/node/flows/callstest"
	"xietong/node/ground/failure"
	"xietong/node/ground/text"
)

// claimed is a query of the county in the name of any agency: a node that does not keep to the
// rules sends it.
func claimed(t *testing.T, w *world, agency string, list *envelope.AgencyList) error {
	t.Helper()
	call := envelope.Call{
		Operation: label("query"), Agency: label(agency), Purpose: label(purpose), Parameters: must(canon.Marshal(lookup())), Agencies: list,
	}
	_, err := w.County.Asker().Ask(t.Context(), newID(), guiyang, call)
	return err
}

func listOf(t *testing.T, p *callstest.Place) (list *envelope.AgencyList) {
	t.Helper()
	if err := p.View(t.Context(), func(r *state.Reader) error { list = catalog.ListName(r); return nil }); err != nil {
		t.Fatal(err)
	}
	return list
}

// TestUnregisteredAgency attacks the names of agencies (S19b): a jurisdiction asks in the name of
// an agency that nobody registered, with its true list, with none and with lists that it made up.
// All are refused before anything is decided or written; its registered agency is served.
func TestUnregisteredAgency(t *testing.T) {
	w := newWorld(t)
	list, before := listOf(t, w.County), w.City.Size(t)
	other := *list
	other.Hash = make([]byte, 32)
	for what, row := range map[string]struct {
		agency string
		list   *envelope.AgencyList
		want   text.Code
	}{
		"a code that is not on the list":    {"not-registered-anywhere", list, text.AgencyNotListed},
		"of the city, not of the county":    {"archives", list, text.AgencyNotListed},
		"no list":                           {"not-registered-anywhere", nil, text.AgencyListRefused},
		"no list, and a code that is on it": {"water", nil, text.AgencyListRefused},
		"another list":                      {"water", &other, text.AgencyListRefused},
		"a list before the agency was on it": {"water", &envelope.AgencyList{Number: 1, Hash: list.Hash},
			text.AgencyListRefused},
		"a list that is too long": {"water", &envelope.AgencyList{Number: catalog.MaxAgencies + 1, Hash: list.Hash}, text.AgencyListRefused},
	} {
		err := claimed(t, w, row.agency, row.list)
		if err == nil || failure.Of(err).Code != row.want {
			t.Errorf("%s: got %v, want %s", what, err, row.want)
		}
	}
	if after := w.City.Size(t); after != before {
		t.Errorf("%d entries were made", after-before)
	}
	if err := claimed(t, w, "water", list); err != nil {
		t.Errorf("the registered agency: %v", err)
	}
}

// TestListAskedOnce: a list is asked for once, also by many requests at once, and once more when an
// agency was added; the new agency is then served.
func TestListAskedOnce(t *testing.T) {
	w := newWorld(t)
	asked := func(what string, want int, ask func()) {
		t.Helper()
		before := len(w.Frames())
		ask()
		if got := len(w.Frames()) - before; got != want {
			t.Errorf("%s: %d requests were sent, want %d", what, got, want)
		}
	}
	query := func(agency identity.Label) {
		if _, err := w.County.Ask.Query(t.Context(), newID(), by(agency), guiyang, lookup()); err != nil {
			t.Error(err)
		}
	}
	asked("known", 1, func() { query(water) })
	must(catalog.AddAgency(t.Context(), w.County.Host, newID(), catalog.Agency{Code: label("education"), Title: "教育局"}))
	asked("after one was added", 8+1, func() {
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() { query(label("education")) })
		}
		all.Wait()
	})
	asked("known again", 1, func() { query(label("education")) })
	w.Reopen(t, w.City)
	asked("after a restart, which forgot the encapsulation too", 2+1, func() { query(water) })
}
