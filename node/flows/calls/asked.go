package calls

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"time"

	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/node/ground/book"
	"xietong/node/ground/text"
)

// commandAsked records the outcome of a request. Its number is that of docs/protocol.md.
const commandAsked book.Command[askedBody, ledger.Ref] = 18

// AskedType is the content type of the payload of an entry "asked".
const AskedType = "application/json"

const recordWithin = 30 * time.Second

// uses are the entries "asked" of the requests that were answered, by id.
var uses = book.Bucket[ledger.Ref]{Name: "asked", Max: 16}

// askedBody is the body of commandAsked.
type askedBody struct {
	_        struct{} `cbor:",toarray"`
	ID       []byte   // of the request
	Answered bool     // not refused: the id is used up
	Agency   identity.Label
	// Dataset is nil if the destination has no dataset of that code: the code may then be any text
	// that a person typed.
	Dataset   *identity.Label
	Statement book.Statement
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

// Register adds this room's command and bucket.
func Register(r *state.Registry) {
	uses.Keep(r)
	commandAsked.Handle(r, applyAsked)
}

// applyAsked appends the record of a request. An id has one answer: a second answer is never
// recorded, so it is never shown.
func applyAsked(tx *state.Tx, b askedBody) (ledger.Ref, error) {
	key := usesKey(b.ID, b.Agency)
	if b.Answered && uses.Has(tx, key) {
		return ledger.None, &state.Refusal{Code: state.CodeSeen}
	}
	if b.Answered {
		if err := uses.Save(tx, key, book.Next(tx)); err != nil {
			return ledger.None, err
		}
	}
	head := ledger.Head{Kind: ledger.KindAsked, Agency: b.Agency}
	if b.Dataset != nil {
		head.Code = *b.Dataset
	}
	return b.Statement.Append(tx, head)
}

// usesKey returns the key of an answer: the id belongs to the agency that asked.
func usesKey(id []byte, agency identity.Label) []byte {
	return append(bytes.Clone(id), agency.String()...)
}

// answered returns the entry that records the answer to an agency under its id; the zero value if
// there is none.
func answered(r *state.Reader, id identity.Message, agency identity.Label) identity.Entry {
	raw := id.Bytes()
	entry, _ := uses.Load(r, usesKey(raw[:], agency))
	return entry.In(r.Log())
}

// outcome is the outcome of a request: an answer or a refusal.
type outcome struct {
	number   uint16 // of a refusal; 0: answered
	hash     [32]byte
	entry    identity.Entry // zero: none
	evidence []byte
}

// record commits the outcome of a request to the own ledger, also if nobody waits for it any more,
// and returns the name of the entry.
//
// The command has no id of its own: a refusal leaves the request's id free, and the handler of the
// command decides whether an answer uses it up.
func (e *Engine) record(ctx context.Context, r request, o outcome) (identity.Entry, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordWithin)
	defer cancel()
	payload, err := json.Marshal(note{
		Destination: r.to.String(), Dataset: r.dataset.String(), Operation: r.call.Operation.String(), Purpose: r.call.Purpose.String(),
		RequestID: r.id.String(), RequestHash: hex.EncodeToString(o.hash[:]), Outcome: o.number, Entry: o.entry.String(), Answer: o.evidence,
	})
	if err != nil {
		return identity.Entry{}, err
	}
	statement, err := e.own.Note(AskedType, payload)
	if err != nil {
		return identity.Entry{}, err
	}
	dataset := &r.dataset
	if o.number == text.Number(text.UnknownDataset) {
		dataset = nil
	}
	id := r.id.Bytes()
	return book.Enter(ctx, e.own, commandAsked, book.Request{}, askedBody{
		ID: id[:], Answered: o.number == 0, Agency: r.call.Agency, Dataset: dataset, Statement: statement,
	})
}
