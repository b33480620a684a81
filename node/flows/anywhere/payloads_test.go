package anywhere_test

import (
	"strings"
	"testing"

	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/node/business/catalog"
)

// scene is the city's ledger with one entry of every kind that its agencies make.
type scene struct {
	*world
	record, retracted, secret, local, remote, application identity.Entry
}

func newScene(t *testing.T) *scene {
	t.Helper()
	w := newWorld(t)
	s := &scene{world: w, record: w.City.Names().Entry(w.City.Size(t) - 1)}
	s.secret = w.City.Names().Entry(w.City.Size(t))
	w.City.Put(t, label("fingerprints"), village(7, "指纹"))
	s.retracted = w.City.Names().Entry(w.City.Size(t))
	w.City.Put(t, villages, village(2, "撤下的村"))
	if _, err := w.City.Records.Retract(t.Context(), newID(), by(civil), villages, "520102016002", "撤下"); err != nil {
		t.Fatal(err)
	}
	got, err := w.City.Ask.Query(t.Context(), newID(), by(water), guiyang, lookup())
	if err != nil {
		t.Fatal(err)
	}
	s.local, s.application = got.Access, w.City.Names().Entry(got.Grant.Index()-1)
	if got, err = w.County.Ask.Query(t.Context(), newID(), by(water), guiyang, lookup()); err != nil {
		t.Fatal(err)
	}
	s.remote = got.Access
	if _, err := catalog.AddAgency(t.Context(), w.City.Host, newID(), catalog.Agency{Code: label("archives"), Title: "档案局"}); err != nil {
		t.Fatal(err)
	}
	return s
}

// TestNobodyReadsByReceipt attacks the door for payloads (S08): an agency that may not use data
// asks for the receipt of the record, of its retraction, of data that are not shared, of another's
// application and of another's use. It gets the receipt, which verifies, and no payload; whom the
// payload belongs to gets it.
func TestNobodyReadsByReceipt(t *testing.T) {
	s := newScene(t)
	pin := must(s.City.Pin())
	for what, row := range map[string]struct {
		entry identity.Entry
		to    []identity.Label // whom the payload belongs to
	}{
		"a record": {s.record, []identity.Label{civil}}, "a record that was retracted": {s.retracted, []identity.Label{civil}},
		"its retraction":               {s.City.Names().Entry(s.retracted.Index() + 1), []identity.Label{civil}},
		"data that are not shared":     {s.secret, []identity.Label{civil}},
		"an application":               {s.application, []identity.Label{civil, water}},
		"a use":                        {s.local, []identity.Label{civil, water}},
		"a use by another's agency":    {s.remote, []identity.Label{civil}},
		"an application from another":  {s.City.Names().Entry(s.remote.Index() - 2), []identity.Label{civil}},
		"a catalogue entry, as public": {s.City.Names().Entry(3), []identity.Label{civil, water, label("archives"), {}}},
		"the node's own statement":     {s.City.Names().Entry(0), []identity.Label{civil, water, label("archives"), {}}},
	} {
		belongs := map[identity.Label]bool{}
		for _, code := range row.to {
			belongs[code] = true
		}
		for _, code := range []identity.Label{civil, water, label("archives"), {}} {
			got, err := s.City.Ask.Receipt(t.Context(), by(code), row.entry)
			if err != nil {
				t.Fatalf("%s, asked by %q: %v", what, code, err)
			}
			if _, err := ledger.VerifyReceipt(got.Receipt, got.Preimage, pin); err != nil {
				t.Errorf("%s, asked by %q: %v", what, code, err)
			}
			if (got.Preimage != nil) != belongs[code] {
				t.Errorf("%s, asked by %q: got the payload %q, want one %t", what, code, got.Preimage, belongs[code])
			}
			if got.Withheld == belongs[code] || strings.Contains(string(got.Receipt), "520102016") {
				t.Errorf("%s, asked by %q: withheld %t, or the receipt holds the record", what, code, got.Withheld)
			}
		}
	}
}

// TestProviderReadsOnRecord: the provider that reads a record by its receipt leaves an access
// record that names the entry, before it gets the payload; whoever gets the receipt alone leaves
// none.
func TestProviderReadsOnRecord(t *testing.T) {
	s := newScene(t)
	for what, entry := range map[string]identity.Entry{
		"a record": s.record, "a retracted one": s.retracted, "its retraction": s.City.Names().Entry(s.retracted.Index() + 1),
	} {
		before := s.City.Size(t)
		if _, err := s.City.Ask.Receipt(t.Context(), by(water), entry); err != nil || s.City.Size(t) != before {
			t.Errorf("%s, without the payload: %v, and %d entries more, want none", what, err, s.City.Size(t)-before)
		}
		if _, err := s.City.Ask.Receipt(t.Context(), by(civil), entry); err != nil || s.City.Size(t) != before+1 {
			t.Fatalf("%s: %v, and %d entries more, want one", what, err, s.City.Size(t)-before)
		}
		head, said := s.City.SaidAt(t, s.City.Names().Entry(before))
		if head.Kind != ledger.KindAccess || head.Agency != civil || said["operation"] != "receipt" || said["entry"] != entry.String() {
			t.Errorf("%s: recorded as %+v, %v", what, head, said)
		}
	}
}
