package calls

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"xietong/certs/canon"
	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/node/text"
)

// KindAsked is the command that records what came of a request. Its number is that of docs/protocol.md.
const KindAsked state.Kind = 18

// AskedType is the content type of the payload of an entry "asked".
const AskedType = "application/json"

const (
	bucketAsked  = "asked"
	recordWithin = 30 * time.Second
)

// askedBody is the body of KindAsked.
type askedBody struct {
	_        struct{} `cbor:",toarray"`
	ID       []byte   // of the request
	Answered bool     // not refused: the id is used up
	Agency   identity.Label
	Dataset  *identity.Label // nil: the destination has none of that code, which may be anything that somebody typed
	Evidence []byte
	Sealed   []byte
}

// note is the payload of an entry "asked".
type note struct {
	Destination string `json:"destination"`
	Dataset     string `json:"dataset"`
	Operation   string `json:"operation"`
	Purpose     string `json:"purpose"`
	RequestID   string `json:"request_id"`
	RequestHash string `json:"request_hash"`
	Outcome     uint16 `json:"outcome"`
	Entry       string `json:"entry,omitempty"`
	Answer      []byte `json:"answer"`
}

// Register adds this room's commands.
func Register(r *state.Registry) {
	r.Register(KindAsked, state.Idempotent, applyAsked)
	r.Register(KindShare, state.Idempotent, applyShare)
}

// applyAsked appends the record of a request. An id has one answer: another is never recorded, so it is never shown.
func applyAsked(tx *state.Tx, body []byte) ([]byte, error) {
	var b askedBody
	if err := canon.Unmarshal(body, state.MaxCommandLen, &b); err != nil {
		return nil, err
	}
	evidence, err := ledger.DecodeEvidence(b.Evidence)
	if err != nil {
		return nil, err
	}
	if b.Answered && tx.Get(bucketAsked, b.ID) != nil {
		return nil, &state.Refusal{Code: state.CodeSeen}
	}
	head := ledger.Head{Kind: ledger.KindAsked, Agency: b.Agency}
	if b.Dataset != nil {
		head.Code = *b.Dataset
	}
	index, err := tx.Append(head, evidence, b.Sealed)
	if err != nil {
		return nil, err
	}
	if b.Answered {
		if err := tx.Put(bucketAsked, b.ID, binary.BigEndian.AppendUint64(nil, index)); err != nil {
			return nil, err
		}
	}
	return canon.Marshal(index)
}

// answered returns where the answer under an id is recorded; ok is false when there was none.
func answered(r *state.Reader, id identity.Message) (index uint64, ok bool) {
	key := id.Bytes()
	data := r.Get(bucketAsked, key[:])
	if len(data) != 8 {
		return 0, false
	}
	return binary.BigEndian.Uint64(data), true
}

// outcome is what came of a request.
type outcome struct {
	number   uint16 // of a refusal; 0: answered
	hash     [32]byte
	entry    identity.Entry // zero: none
	evidence []byte
}

// record commits what came of a request to the own ledger, also where nobody waits for it any more, and names the entry.
//
// The command has no id of its own: a refusal leaves the request's id free, and whether an answer uses it up is for the
// handler to say.
func (d *Desk) record(ctx context.Context, r request, o outcome) (identity.Entry, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordWithin)
	defer cancel()
	payload, err := json.Marshal(note{
		Destination: r.to.String(), Dataset: r.dataset.String(), Operation: r.call.Operation.String(), Purpose: r.call.Purpose.String(),
		RequestID: r.id.String(), RequestHash: hex.EncodeToString(o.hash[:]), Outcome: o.number, Entry: o.entry.String(), Answer: o.evidence,
	})
	if err != nil {
		return identity.Entry{}, err
	}
	evidence, sealed, err := d.own.Note(AskedType, payload)
	if err != nil {
		return identity.Entry{}, err
	}
	dataset := &r.dataset
	if o.number == text.Number(text.UnknownDataset) {
		dataset = nil
	}
	id := r.id.Bytes()
	body, err := canon.Marshal(askedBody{
		ID: id[:], Answered: o.number == 0, Agency: r.agency, Dataset: dataset, Evidence: evidence.Encode(), Sealed: sealed,
	})
	if err != nil {
		return identity.Entry{}, err
	}
	result, err := d.own.Propose(ctx, KindAsked, identity.Message{}, nil, body)
	if err != nil {
		return identity.Entry{}, err
	}
	var index uint64
	if err := canon.Unmarshal(result, 16, &index); err != nil {
		return identity.Entry{}, err
	}
	return d.entry(index)
}

var errNotTheirs = errors.New("an entry of another ledger than the destination's")

// theirs checks that an entry is of the destination's ledger.
func theirs(to identity.Jurisdiction, e identity.Entry) error {
	if e.IsZero() || e.Log().Jurisdiction() != to {
		return fmt.Errorf("%w: %s", errNotTheirs, e)
	}
	return nil
}
