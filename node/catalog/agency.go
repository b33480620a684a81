package catalog

import (
	"encoding/json"
	"fmt"

	"xietong/certs/canon"
	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/node/text"
)

// KindAgencyAdd is the command that adds an agency. Its number is that of docs/protocol.md.
const KindAgencyAdd state.Kind = 3

// AgencyType is the content type of an agency's payload, the JSON of Agency.
const AgencyType = "application/json"

const bucketAgencies = "agencies"

// agencyAdd is the body of KindAgencyAdd.
type agencyAdd struct {
	_        struct{} `cbor:",toarray"`
	Code     identity.Label
	Title    string
	Evidence []byte
	Sealed   []byte
}

// keptAgency is the value of the agencies bucket. An agency is no person: its title is public.
type keptAgency struct {
	_     struct{} `cbor:",toarray"`
	Index uint64
	Title string
}

// Listed is an agency with the index of the entry that added it.
type Listed struct {
	Agency
	Index uint64
}

// Reads is what this room needs to read of the state.
type Reads interface {
	Get(bucket string, key []byte) []byte
	Scan(bucket string, prefix, from []byte, each func(key, value []byte) (more bool))
}

// Register adds this room's commands.
func Register(r *state.Registry) {
	r.Register(KindAgencyAdd, state.Idempotent, applyAgencyAdd)
	r.Register(KindDatasetPublish, state.Idempotent, applyDatasetPublish)
	r.Register(KindStandardPublish, state.Idempotent, applyStandardPublish)
}

// Validate checks an agency.
func (a Agency) Validate() error {
	if a.Code.IsZero() || a.Title == "" || len(a.Title) > MaxTitleLen {
		return fmt.Errorf("%w: an agency needs a code and a title of at most %d bytes", ErrInvalid, MaxTitleLen)
	}
	return nil
}

// Payload returns what is committed to.
func (a Agency) Payload() ([]byte, error) { return json.Marshal(a) }

// Head returns what is stated of the addition: the agency itself comes to be.
func (a Agency) Head() ledger.Head { return ledger.Head{Kind: ledger.KindAgency, Agency: a.Code} }

// Command returns the body of KindAgencyAdd.
func (a Agency) Command(evidence ledger.Evidence, sealed []byte) ([]byte, error) {
	return canon.Marshal(agencyAdd{Code: a.Code, Title: a.Title, Evidence: evidence.Encode(), Sealed: sealed})
}

// applyAgencyAdd adds an agency. The same agency again is the one that is there.
func applyAgencyAdd(tx *state.Tx, body []byte) ([]byte, error) {
	var add agencyAdd
	if err := canon.Unmarshal(body, state.MaxCommandLen, &add); err != nil {
		return nil, err
	}
	evidence, err := ledger.DecodeEvidence(add.Evidence)
	if err != nil {
		return nil, err
	}
	key := []byte(add.Code.String())
	if have := tx.Get(bucketAgencies, key); have != nil {
		kept := decodeAgency(have)
		if kept.Title != add.Title { // a code names one agency, for ever
			return nil, refuse(text.AgencyTaken, add.Code.String(), kept.Title)
		}
		return canon.Marshal(kept.Index)
	}
	agency := Agency{Code: add.Code, Title: add.Title}
	index, err := tx.Append(agency.Head(), evidence, add.Sealed)
	if err != nil {
		return nil, err
	}
	value, err := canon.Marshal(keptAgency{Index: index, Title: add.Title})
	if err != nil {
		return nil, err
	}
	if err := tx.Put(bucketAgencies, key, value); err != nil {
		return nil, err
	}
	return canon.Marshal(index)
}

// decodeAgency reads what this room wrote itself: anything else is a damaged file, which must stop the node.
func decodeAgency(data []byte) (kept keptAgency) {
	if err := canon.Unmarshal(data, MaxEntryLen, &kept); err != nil {
		panic(fmt.Sprintf("catalog: damaged state: %v", err))
	}
	return kept
}

// Agencies returns the agencies in the order of their codes.
func Agencies(r Reads) (all []Listed, err error) {
	r.Scan(bucketAgencies, nil, nil, func(k, v []byte) bool {
		var code identity.Label
		if code, err = identity.ParseLabel(string(k)); err != nil {
			return false
		}
		kept := decodeAgency(v)
		all = append(all, Listed{Agency{code, kept.Title}, kept.Index})
		return true
	})
	return all, err
}

// DecodeIndex decodes the result of the commands of this room: the index of the entry.
func DecodeIndex(result []byte) (index uint64, err error) {
	err = canon.Unmarshal(result, 16, &index)
	return index, err
}
