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
	"xietong/exchange/relay"
	"xietong/node/business/catalog"
	"xietong/node/business/usage"
	"xietong/node/ground/book"
	"xietong/node/ground/operation"
	"xietong/node/ground/text"
)

// commandAsked records the outcome of a request. Its number is that of docs/protocol.md.
const commandAsked book.Command[askedBody, ledger.Ref] = 18

// AskedType is the content type of the payload of an entry "asked".
const AskedType = "application/json"

const recordWithin = 30 * time.Second

// uses are the entries "asked" of the requests that were answered, by id.
var uses = book.Bucket[ledger.Ref]{Name: "asked", Max: 16, Large: true}

// askedBody is the body of commandAsked.
type askedBody struct {
	_        struct{} `cbor:",toarray"`
	ID       []byte   // of the request
	Answered bool     // not refused: the id is used up
	Nobody   bool     // what was answered is that nobody whom it is of answered
	Agency   identity.Label
	// Dataset is nil if the destination has no dataset of that code: the code may then be any text
	// that a person typed.
	Dataset   *identity.Label
	Find      usage.FoundAsked
	Held      *usage.Held // the grant that was heard of; nil: none
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
	Records     uint64 `json:"records,omitempty"`
	Unfinished  bool   `json:"unfinished,omitempty"`
	Grant       string `json:"grant,omitempty"`
	Until       string `json:"until,omitempty"`
	Revoked     string `json:"revoked,omitempty"`
	Answer      []byte `json:"answer"`
}

// Register adds this room's command and bucket.
func Register(r *state.Registry) {
	uses.Keep(r)
	usage.RegisterAsked(r)
	commandAsked.Handle(r, applyAsked)
}

// applyAsked appends the record of a request. An id has one answer: a second answer is never
// recorded, so it is never shown.
func applyAsked(tx *state.Tx, b askedBody) (ledger.Ref, error) {
	if err := catalog.Acts(tx, b.Agency); err != nil {
		return ledger.None, err
	}
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
	entry, err := b.Statement.Append(tx, head)
	if err != nil {
		return ledger.None, err
	}
	asked := usage.Asked{Agency: b.Agency, Dataset: head.Code, Find: b.Find, Refused: !b.Answered || b.Nobody, Held: b.Held}
	return entry, asked.Keep(tx, entry)
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
	return entry.In(r.Names())
}

// outcome is the outcome of a request: an answer or a refusal.
type outcome struct {
	number   uint16 // of a refusal; 0: answered
	nobody   bool   // there is an answer, and it covers nobody
	hash     [32]byte
	entry    identity.Entry // zero: none
	told     operation.Told // of the grant, by the answer or by the refusal
	revoked  identity.Entry // the entry that revoked the grant, by the refusal; zero: none
	evidence []byte
}

// refusedWith returns the outcome of a refusal that the destination signed. What it says of a grant
// is taken over if it is one of the destination's own ledger.
func refusedWith(p *relay.Problem) outcome {
	o := outcome{number: p.Code, hash: p.Request, evidence: p.Evidence}
	code := text.ByNumber(p.Code)
	said := text.Named(code, p.Args)
	own := func(named string) identity.Entry {
		e, err := identity.ParseEntry(said[named])
		if err != nil || e.Log().Jurisdiction() != p.At {
			return identity.Entry{}
		}
		return e
	}
	switch code {
	case text.GrantRevoked, text.EndlessRevoked:
		o.told.Grant, o.revoked = own("grant"), own("entry")
	case text.GrantExpired, text.GrantEnded, text.FieldNotGranted, text.MeasureNotGranted, text.NotRenewable:
		o.told.Grant = own("grant")
	}
	return o
}

// held returns what the state is to keep of the grant; nil where nothing was heard of one.
func (o outcome) held(l book.Ledger) *usage.Held {
	if o.told.Grant.IsZero() {
		return nil
	}
	h := &usage.Held{Grant: usage.FindGrant(l, o.told.Grant), Revoked: !o.revoked.IsZero()}
	if !o.told.Until.IsZero() {
		h.Until = uint64(o.told.Until.UnixMilli())
	}
	return h
}

// record commits the outcome of a request to the own ledger, also if nobody waits for it any more,
// and returns the name of the entry.
//
// The command has no id of its own: a refusal leaves the request's id free, and the handler of the
// command decides whether an answer uses it up.
func (e *Engine) record(ctx context.Context, r request, o outcome) (identity.Entry, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordWithin)
	defer cancel()
	n := note{
		Destination: r.to.String(), Dataset: r.dataset.String(), Operation: r.call.Operation.String(), Purpose: r.call.Purpose.String(),
		RequestID: r.id.String(), RequestHash: hex.EncodeToString(o.hash[:]), Outcome: o.number, Entry: o.entry.String(), Answer: o.evidence,
		Records: o.told.Records, Unfinished: o.told.Unfinished, Grant: o.told.Grant.String(), Revoked: o.revoked.String(),
	}
	if !o.told.Until.IsZero() {
		n.Until = o.told.Until.UTC().Format(time.RFC3339)
	}
	if o.nobody {
		n.Outcome = text.Number(text.NobodyAnswered)
	}
	payload, err := json.Marshal(n)
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
		ID: id[:], Answered: o.number == 0, Nobody: o.nobody, Agency: r.call.Agency, Dataset: dataset, Statement: statement,
		Find: usage.FindAsked(e.own, r.dataset, r.to, r.call.Purpose), Held: o.held(e.own),
	})
}
