package sharing

import (
	"bytes"
	"encoding/binary"

	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/node/ground/book"
)

// owner says to whom the payloads of a kind of entry belong; several may be set.
type owner uint8

const (
	anybody        owner = 1 << iota
	administrators       // of this jurisdiction: the node's own statements
	author               // the agency in the head
	provider             // the agency that provides the dataset in the head
	consumer             // the agency whose use the entry records
)

// owners says to whom a payload belongs, by the kind of its entry. Whoever is not listed gets the
// receipt alone. What is told to everybody who asks for a catalogue, a key set, a roster or the
// list of agencies is for anybody here too.
var owners = map[ledger.Kind]owner{
	ledger.KindKeySet:          anybody,
	ledger.KindAgency:          anybody,
	ledger.KindCatalogueEntry:  anybody,
	ledger.KindRecord:          provider,
	ledger.KindRetraction:      provider,
	ledger.KindImportOpened:    provider,
	ledger.KindImportPublished: provider,
	ledger.KindImportAbandoned: provider,
	ledger.KindApplication:     provider | consumer,
	ledger.KindGrant:           provider | consumer,
	ledger.KindGrantRevoked:    provider,
	ledger.KindAccess:          provider | consumer,
	ledger.KindUseRefused:      provider | consumer,
	ledger.KindInvitation:      administrators,
	ledger.KindEndorsement:     administrators,
	ledger.KindWithdrawal:      administrators,
	ledger.KindCancellation:    administrators,
	ledger.KindJoined:          administrators,
	ledger.KindAsked:           author,
	ledger.KindFinding:         author,
	ledger.KindQuestion:        author,
	ledger.KindRoster:          anybody,
	ledger.KindStandard:        anybody,
	ledger.KindKeysConfirmed:   administrators,
	ledger.KindDatasetEnded:    anybody,
	ledger.KindStandardEnded:   anybody,
	ledger.KindAgencyRenamed:   anybody,
	ledger.KindAgencyEnded:     anybody,
	ledger.KindRuleAllowed:     provider,
	ledger.KindReplica:         administrators,
	ledger.KindWitnessed:       administrators,
	ledger.KindFork:            administrators,
	ledger.KindForkSeen:        administrators,
	ledger.KindHolderEnded:     provider | consumer, // see endedFor
	ledger.KindClockCorrected:  anybody,
	ledger.KindClockAccepted:   administrators,
	ledger.KindContinued:       administrators,
	ledger.KindEpoch:           administrators,
	ledger.KindEpochChecked:    administrators,
	ledger.KindChildHeld:       administrators,
	ledger.KindHeld:            anybody,
}

// holdsRecord reports whether payloads of the kind hold a record, or a part of one: whoever gets
// such a payload uses data.
func holdsRecord(k ledger.Kind) bool { return k == ledger.KindRecord || k == ledger.KindRetraction }

// Asker is who asks for a receipt.
type Asker struct {
	Agency        identity.Agency // zero: none
	Administrator bool            // of this jurisdiction

	over error // the agency ended: why no use is recorded in its name; nil: it did not
}

// belongs reports whether the payload of the entry at index belongs to the asker. It is the one
// decision about every payload that leaves with a receipt, and reads the public head of the entry
// and what the state knows of its dataset and its grant.
func (d *Desk) belongs(r *state.Reader, head ledger.Head, index uint64, a Asker) (bool, error) {
	to, in := owners[head.Kind], r.Log().Jurisdiction()
	of := func(code identity.Label) bool { return !code.IsZero() && a.Agency == identity.NewAgency(in, code) }
	switch {
	case to&anybody != 0, to&administrators != 0 && a.Administrator, to&author != 0 && of(head.Agency):
		return true, nil
	case head.Kind == ledger.KindHolderEnded:
		return d.endedFor(r, index, a.Agency), nil
	case to&provider != 0:
		if now, ok := d.datasetState(r, head.Code); ok && of(now.Provider) {
			return true, nil
		}
	}
	if to&consumer == 0 || a.Agency.IsZero() {
		return false, nil
	}
	user, ok, err := ConsumerOf(r, index)
	return ok && user == a.Agency, err
}

// endedFor reports whether the entry at index ended grants that the agency held or, of a dataset
// that it provides, gave: who holds grants at whom is nobody else's business.
func (d *Desk) endedFor(r *state.Reader, index uint64, a identity.Agency) bool {
	switch {
	case a.IsZero():
		return false
	case closed.Has(r, append(closedAgency(a), book.Be64(index)...)):
		return true
	case a.Jurisdiction() != r.Log().Jurisdiction():
		return false
	}
	holder, gave := holderUntil(r, index), false
	if holder == nil {
		return false
	}
	r.Scan(bucketGranted, holder, holder, func(k, _ []byte) bool {
		g, ok := grantAt(r, ^binary.BigEndian.Uint64(k[len(k)-8:]))
		if ok && g.Closed == ledger.RefTo(index) {
			now, provided := d.datasetState(r, g.Dataset)
			gave = provided && now.Provider == a.Code()
		}
		return !gave
	})
	return gave
}

// holderUntil returns how the keys of the grants begin whose holder ended by the entry at index;
// nil: nobody did.
func holderUntil(r book.Reads, index uint64) (holder []byte) {
	agencies := book.Joined("agency")
	r.Scan(closed.Name, agencies, agencies, func(k, _ []byte) bool {
		if bytes.HasSuffix(k, book.Be64(index)) {
			holder = bytes.Clone(k[len(agencies) : len(k)-8])
		}
		return holder == nil
	})
	return holder
}
