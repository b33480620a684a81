package sharing

import (
	"strings"
	"testing"

	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/node/ground/book"
)

// TestEveryKindHasAnOwner walks the kinds of entry: for each of them somebody has decided to whom
// its payload belongs. The payload of an unknown kind belongs to nobody.
func TestEveryKindHasAnOwner(t *testing.T) {
	kinds := 0
	for k := ledger.Kind(1); k < 1000; k++ {
		known := !strings.HasPrefix(k.String(), "kind ")
		if known {
			kinds++
		}
		if _, ok := owners[k]; ok != known {
			t.Errorf("%s (%d): an owner is stated %t, want %t", k, uint16(k), ok, known)
		}
	}
	if kinds < 19 {
		t.Errorf("%d kinds were found", kinds)
	}
}

// TestBelongs holds to whom the payload of each kind belongs. Each entry is about villages, which
// civil provides, and a use by water, which ended nobody; its head names the archives. P: the
// provider, C: the consumer, A: the agency in the head, M: an administrator who acts for no agency;
// the others never get any: agencies of the same codes in another jurisdiction, and a caller
// without an agency.
func TestBelongs(t *testing.T) {
	const all = "PCAM-"
	want := map[ledger.Kind]string{
		ledger.KindKeySet: all, ledger.KindAgency: all, ledger.KindCatalogueEntry: all, ledger.KindRoster: all, ledger.KindStandard: all,
		ledger.KindDatasetEnded: all, ledger.KindStandardEnded: all, ledger.KindAgencyRenamed: all, ledger.KindAgencyEnded: all, ledger.KindClockCorrected: all, ledger.KindHolderEnded: "", ledger.KindRuleAllowed: "P",
		ledger.KindRecord: "P", ledger.KindRetraction: "P", ledger.KindImportOpened: "P", ledger.KindImportPublished: "P",
		ledger.KindImportAbandoned: "P", ledger.KindGrantRevoked: "P",
		ledger.KindApplication: "PC", ledger.KindGrant: "PC", ledger.KindAccess: "PC", ledger.KindUseRefused: "PC", ledger.KindAsked: "A", ledger.KindFinding: "A", ledger.KindQuestion: "A",
		ledger.KindInvitation: "M", ledger.KindEndorsement: "M", ledger.KindWithdrawal: "M", ledger.KindCancellation: "M", ledger.KindJoined: "M", ledger.KindKeysConfirmed: "M", ledger.KindReplica: "M", ledger.KindWitnessed: "M", ledger.KindFork: "M", ledger.KindForkSeen: "M", ledger.KindClockAccepted: "M", ledger.KindContinued: "M", ledger.KindEpoch: "M", ledger.KindEpochChecked: "M", ledger.KindChildHeld: "M", ledger.KindHeld: all,
		ledger.Kind(999): "",
	}
	r := open(t)
	used, err := r.record(t, r.permitted(t, request(water)))
	if err != nil {
		t.Fatal(err)
	}
	desk := NewDesk(nil, func(book.Reads, identity.Label) (DatasetState, bool) { return r.now, true })
	archives, of := agency(civil.Jurisdiction().String(), "archives"), identity.NewAgency
	askers := map[rune][]Asker{
		'P': {{Agency: civil}}, 'C': {{Agency: water}}, 'A': {{Agency: archives}}, 'M': {{Administrator: true}},
		'-': {{}, {Agency: namesake}, {Agency: neighbour}, {Agency: of(namesake.Jurisdiction(), archives.Code())}},
	}
	for k := range owners {
		if _, ok := want[k]; !ok {
			t.Errorf("%s has no row", k)
		}
	}
	r.reading(t, func(reader *state.Reader) {
		for k, to := range want {
			head := ledger.Head{Kind: k, Agency: archives.Code(), Code: villages}
			for who, each := range askers {
				for _, a := range each {
					got, err := desk.belongs(reader, head, used.Index(), a)
					if err != nil || got != strings.ContainsRune(to, who) {
						t.Errorf("%s, to %c (%+v): got %t, %v", k, who, a, got, err)
					}
				}
			}
		}
	})
}

// TestWhoseHolderEnded (S08d): the entry by which an agency elsewhere ended belongs to that agency,
// and to the agency that provides data that it held a grant of; to nobody else.
func TestWhoseHolderEnded(t *testing.T) {
	r := open(t)
	r.permitted(t, request(agency("yunyan.guiyang.guizhou", "archives")))
	r.permitted(t, request(neighbour))
	index := uint64(r.size(t))
	if err := HearEnd(t.Context(), r, neighbour, listed(2, "end"), false); err != nil {
		t.Fatal(err)
	}
	desk := NewDesk(nil, func(book.Reads, identity.Label) (DatasetState, bool) { return r.now, true })
	head := r.Heads(t, index)[0]
	for what, row := range map[string]struct {
		by   Asker
		want bool
	}{
		"the agency that ended":          {Asker{Agency: neighbour}, true},
		"the provider":                   {Asker{Agency: civil}, true},
		"another agency here":            {Asker{Agency: water}, false},
		"the provider's code elsewhere":  {Asker{Agency: namesake}, false},
		"an agency of the same place":    {Asker{Agency: agency("yunyan.guiyang.guizhou", "archives")}, false},
		"nobody":                         {Asker{}, false},
		"whoever administers the node":   {Asker{Administrator: true}, false},
		"one whose code begins the same": {Asker{Agency: agency("yunyan.guiyang.guizhou", "wate")}, false},
	} {
		r.reading(t, func(reader *state.Reader) {
			if got, err := desk.belongs(reader, head, index, row.by); err != nil || got != row.want {
				t.Errorf("%s: got %t, %v", what, got, err)
			}
		})
	}
}
