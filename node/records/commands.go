package records

import (
	"errors"

	"xietong/certs/canon"
	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/node/catalog"
	"xietong/node/sharing"
	"xietong/node/text"
)

// The commands of this room. The numbers are those of docs/protocol.md.
const (
	KindPut           state.Kind = 5
	KindRetract       state.Kind = 6
	KindImportOpen    state.Kind = 7
	KindImportChunk   state.Kind = 8
	KindImportPublish state.Kind = 9
	KindImportAbandon state.Kind = 10
)

// Register adds this room's commands.
func Register(r *state.Registry) {
	r.Register(KindPut, state.Idempotent, applyPut)
	r.Register(KindRetract, state.Idempotent, applyRetract)
	r.Register(KindImportOpen, state.Idempotent, applyImportOpen)
	r.Register(KindImportChunk, state.Idempotent, applyImportChunk)
	r.Register(KindImportPublish, state.Idempotent, applyImportPublish)
	r.Register(KindImportAbandon, state.Idempotent, applyImportAbandon)
}

// Standing tells sharing how a dataset stands.
func Standing(r sharing.Reads, code identity.Label) (sharing.Standing, bool) {
	version, provider, ok := catalog.Version(r, code)
	return sharing.Standing{Provider: provider, Version: version, Removed: Removed(r, code)}, ok
}

// indexedMAC is one indexed value of a record.
type indexedMAC struct {
	_     struct{} `cbor:",toarray"`
	Field string
	Value []byte
}

// putBody is the body of KindPut.
type putBody struct {
	_        struct{} `cbor:",toarray"`
	Code     identity.Label
	Version  uint64 // of the catalogue entry whose schema the record was checked with
	Key      []byte
	Indexed  []indexedMAC
	Evidence []byte
	Sealed   []byte
}

// putResult is the result of KindPut.
type putResult struct {
	_        struct{} `cbor:",toarray"`
	Index    uint64
	Replaced bool
}

// retractBody is the body of KindRetract.
type retractBody struct {
	_        struct{} `cbor:",toarray"`
	Code     identity.Label
	Key      []byte
	Retracts uint64 // index of the version that the act is about
	Evidence []byte
	Sealed   []byte
}

func refuse(code text.Code, values ...string) error {
	return &state.Refusal{Code: state.Code(text.Number(code)), Args: values}
}

var errMAC = errors.New("a MAC has 32 bytes")

func asMAC(b []byte) (MAC, error) {
	if len(b) != len(MAC{}) {
		return MAC{}, errMAC
	}
	return MAC(b), nil
}

func recordHead(agency, code identity.Label) ledger.Head {
	return ledger.Head{Kind: ledger.KindRecord, Agency: agency, Code: code}
}

// applyPut puts one record, checked with the current version of the dataset's catalogue entry.
func applyPut(tx *state.Tx, body []byte) ([]byte, error) {
	var b putBody
	if err := canon.Unmarshal(body, state.MaxCommandLen, &b); err != nil {
		return nil, err
	}
	key, err := asMAC(b.Key)
	if err != nil {
		return nil, err
	}
	evidence, err := ledger.DecodeEvidence(b.Evidence)
	if err != nil {
		return nil, err
	}
	current, provider, ok := catalog.Version(tx, b.Code)
	if !ok || current != b.Version {
		return nil, refuse(text.DatasetMoved, b.Code.String())
	}
	_, replaced := newView(tx).current(b.Code, key)
	index, err := tx.Append(recordHead(provider, b.Code), evidence, b.Sealed)
	if err != nil {
		return nil, err
	}
	if err := keep(tx, b.Code, key, b.Indexed, index, 0); err != nil {
		return nil, err
	}
	return canon.Marshal(putResult{Index: index, Replaced: replaced})
}

// keep makes a put version findable.
func keep(tx *state.Tx, code identity.Label, key MAC, indexed []indexedMAC, index, opened uint64) error {
	value, err := canon.Marshal(version{State: statePut, Import: opened})
	if err != nil {
		return err
	}
	if err := tx.Put(bucketRecords, append(recordPrefix(code, key), be64(index)...), value); err != nil {
		return err
	}
	for _, v := range indexed {
		mac, err := asMAC(v.Value)
		if err != nil {
			return err
		}
		if err := tx.Put(bucketIndexed, append(indexedPrefix(code, v.Field, mac), be64(index)...), key[:]); err != nil {
			return err
		}
	}
	return nil
}

func retractionHead(retracts uint64, agency, code identity.Label) ledger.Head {
	return ledger.Head{Kind: ledger.KindRetraction, Agency: agency, Code: code, About: retracts + 1}
}

// applyRetract takes a record out of use, if the version that the act is about is still the current one.
func applyRetract(tx *state.Tx, body []byte) ([]byte, error) {
	var b retractBody
	if err := canon.Unmarshal(body, state.MaxCommandLen, &b); err != nil {
		return nil, err
	}
	key, err := asMAC(b.Key)
	if err != nil {
		return nil, err
	}
	evidence, err := ledger.DecodeEvidence(b.Evidence)
	if err != nil {
		return nil, err
	}
	_, provider, _ := catalog.Version(tx, b.Code)
	switch now, ok := newView(tx).current(b.Code, key); {
	case !ok:
		return nil, refuse(text.UnknownRecord, b.Code.String())
	case now.Index != b.Retracts:
		return nil, refuse(text.DatasetMoved, b.Code.String())
	}
	index, err := tx.Append(retractionHead(b.Retracts, provider, b.Code), evidence, b.Sealed)
	if err != nil {
		return nil, err
	}
	value, err := canon.Marshal(version{State: stateRetracted})
	if err != nil {
		return nil, err
	}
	removed := be64(Removed(tx, b.Code) + 1)
	err = errors.Join(
		tx.Put(bucketRecords, append(recordPrefix(b.Code, key), be64(index)...), value),
		tx.Put(bucketRemoved, []byte(b.Code.String()), removed),
	)
	if err != nil {
		return nil, err
	}
	return canon.Marshal(index)
}
