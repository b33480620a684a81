package sharing

import (
	"context"
	"errors"

	"xietong/certs/identity"
	"xietong/consensus/state"
	"xietong/exchange/relay"
	"xietong/node/ground/book"
	"xietong/node/ground/failure"
	"xietong/node/ground/operation"
	"xietong/node/ground/text"
)

// operationReceipt gives the receipt of an entry that records a use by an agency of the asking
// jurisdiction:
//
//	{1: entry} → {1: receipt, 2: the payload's preimage, absent when it is erased}
const operationReceipt operation.Operation[receiptOf, proof] = "receipt"

type receiptOf struct {
	Entry identity.Entry `cbor:"1,keyasint"`
}

type proof struct {
	Receipt  []byte `cbor:"1,keyasint"`
	Preimage []byte `cbor:"2,keyasint,omitempty"`
}

// Receipt is the proof of an entry of another jurisdiction's ledger.
type Receipt struct {
	Entry    identity.Entry
	Receipt  []byte
	Preimage []byte // of the payload; nil when it is erased
}

// Prover is a ledger that gives receipts; *host.Host is one.
type Prover interface {
	book.Ledger
	// Receipt returns the receipt of the entry at index, and the preimage of its payload; the
	// preimage is nil if the payload is erased.
	Receipt(ctx context.Context, index uint64) (receipt, preimage []byte, err error)
}

// Serve registers the operation of this room.
func Serve(in *relay.Registry, l Prover) {
	operationReceipt.Serve(in, func(ctx context.Context, r relay.Received, p receiptOf) (proof, error) {
		return prove(ctx, l, r.Header.Origin, p.Entry)
	})
}

// prove returns the receipt of an entry that records a use by an agency of the asking jurisdiction.
// Any other entry is refused like one that does not exist, so that the asker does not even learn
// whether others used data.
func prove(ctx context.Context, l Prover, asker identity.Jurisdiction, e identity.Entry) (p proof, err error) {
	var user identity.Agency
	recorded := false
	if e.Log() == l.Log() {
		err = l.View(ctx, func(s *state.Reader) (err error) {
			user, recorded, err = ConsumerOf(s, e.Index())
			return err
		})
	}
	if err == nil && recorded && user.Jurisdiction() == asker {
		p.Receipt, p.Preimage, err = l.Receipt(ctx, e.Index())
	}
	if err == nil && p.Receipt == nil || errors.Is(err, book.ErrNoEntry) {
		return proof{}, text.Fail(text.NotFound, text.Args{"what": "entry", "where": e.String()}, err)
	}
	return p, err
}

// Remote asks other jurisdictions for receipts.
type Remote struct{ Caller operation.Caller }

// Receipt asks the jurisdiction of an entry for the receipt of the entry. That jurisdiction gives
// it only if the entry records a use by an agency of this one; otherwise it refuses with
// text.NotFound. The caller must verify the receipt, with the pin of that jurisdiction or of one
// above it.
func (m Remote) Receipt(ctx context.Context, a operation.Asking, e identity.Entry) (Receipt, error) {
	got, err := operationReceipt.Read(ctx, m.Caller, a, receiptOf{Entry: e})
	if err == nil && len(got.Receipt) == 0 {
		err = failure.Unreadable(a.To, errors.New("no receipt"))
	}
	if err != nil {
		return Receipt{}, err
	}
	return Receipt{Entry: e, Receipt: got.Receipt, Preimage: got.Preimage}, nil
}
