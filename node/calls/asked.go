package calls

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/node/book"
	"xietong/node/text"
)

// The commands of this room. Their numbers are those of docs/protocol.md.
const (
	commandAsked book.Command[askedBody, ledger.Ref]   = 18
	commandShare book.Command[shareBody, book.Nothing] = 23
)

// AskedType is the content type of the payload of an entry "asked".
const AskedType = "application/json"

const recordWithin = 30 * time.Second

// uses are the entries "asked" of the requests that were answered, by id.
var uses = book.Bucket[ledger.Ref]{Name: "asked", Max: 16}

// askedBody is the body of commandAsked.
type askedBody struct {
	_         struct{} `cbor:",toarray"`
	ID        []byte   // of the request
	Answered  bool     // not refused: the id is used up
	Agency    identity.Label
	Dataset   *identity.Label // nil: the destination has none of that code, which may be anything that somebody typed
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

// Register adds this room's commands.
func Register(r *state.Registry) {
	commandAsked.Handle(r, applyAsked)
	commandShare.Handle(r, applyShare)
}

// applyAsked appends the record of a request. An id has one answer: another is never recorded, so it is
// never shown.
func applyAsked(tx *state.Tx, b askedBody) (ledger.Ref, error) {
	if b.Answered && uses.Has(tx, b.ID) {
		return ledger.None, &state.Refusal{Code: state.CodeSeen}
	}
	if b.Answered {
		if err := uses.Save(tx, b.ID, book.Next(tx)); err != nil {
			return ledger.None, err
		}
	}
	head := ledger.Head{Kind: ledger.KindAsked, Agency: b.Agency}
	if b.Dataset != nil {
		head.Code = *b.Dataset
	}
	return b.Statement.Append(tx, head)
}

// answered returns where the answer under an id is recorded; the zero value where there was none.
func answered(r *state.Reader, id identity.Message) identity.Entry {
	key := id.Bytes()
	entry, _ := uses.Load(r, key[:])
	return entry.In(r.Log())
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
	statement, err := d.own.Note(AskedType, payload)
	if err != nil {
		return identity.Entry{}, err
	}
	dataset := &r.dataset
	if o.number == text.Number(text.UnknownDataset) {
		dataset = nil
	}
	id := r.id.Bytes()
	return book.Enter(ctx, d.own, commandAsked, identity.Message{}, nil, askedBody{
		ID: id[:], Answered: o.number == 0, Agency: r.agency, Dataset: dataset, Statement: statement,
	})
}

var errNotTheirs = errors.New("an entry of another ledger than the destination's")

// theirs checks that an entry is of the destination's ledger.
func theirs(to identity.Jurisdiction, e identity.Entry) error {
	if e.IsZero() || e.Log().Jurisdiction() != to {
		return fmt.Errorf("%w: %s", errNotTheirs, e)
	}
	return nil
}
