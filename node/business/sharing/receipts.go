package sharing

import (
	"context"
	"errors"
	"fmt"

	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/exchange/relay"
	"xietong/node/ground/book"
	"xietong/node/ground/failure"
	"xietong/node/ground/operation"
	"xietong/node/ground/text"
)

// Prover is a ledger that gives receipts; *host.Host is one. Only Desk takes a preimage from it, so
// no payload leaves with a receipt past the decision of this room.
type Prover interface {
	book.Ledger
	// Receipt returns the receipt of the entry at index.
	Receipt(ctx context.Context, index uint64) ([]byte, error)
	// Preimage returns the encoded preimage of the payload of the entry at index; nil: erased.
	Preimage(r *state.Reader, index uint64) ([]byte, error)
}

// Desk gives receipts, and payloads with them, to whom they belong. Each hosted jurisdiction has
// one. Many goroutines may use it.
type Desk struct {
	own          Prover
	datasetState DatasetStateOf
}

// NewDesk returns the desk of the jurisdiction.
func NewDesk(own Prover, datasetState DatasetStateOf) *Desk { return &Desk{own, datasetState} }

// Receipt is the proof of an entry.
type Receipt struct {
	Entry    identity.Entry
	Receipt  []byte
	Preimage []byte // of the payload; nil: it is erased, or withheld
	Withheld bool   // the payload belongs to others
}

// Asks finds out who asks for a receipt; catalog.Actor is one.
type Asks interface {
	Asks(r *state.Reader) (agency identity.Agency, administrator bool, err error)
	// Resolve refuses an agency that ended: a use is not recorded in its name any more.
	Resolve(r *state.Reader) (identity.Agency, error)
}

// Receipt gives the receipt of an entry of this jurisdiction, and the payload if it belongs to whom
// asks. A record, or a part of one, is given only after this use is recorded, and so never to an
// agency that ended. The refusal of an entry that is not there is text.NotFound, and of one of an
// earlier ledger text.LedgerGone or text.EntryRenamed, whether there was such an entry or not.
func (d *Desk) Receipt(ctx context.Context, by Asks, e identity.Entry) (Receipt, error) {
	return d.receipt(ctx, e, true, func(r *state.Reader) (a Asker, err error) {
		a.Agency, a.Administrator, err = by.Asks(r)
		if err == nil && !a.Agency.IsZero() {
			_, a.over = by.Resolve(r)
		}
		return a, err
	})
}

// Gone returns the refusal of an entry of an epoch of the own ledger that is over: it is lost, or
// was told while the ledger was in question, and has another name now.
func Gone(own book.Ledger, e identity.Entry) error {
	args := text.Args{"entry": e.String(), "log": own.Log().String()}
	code := text.LedgerGone
	err := own.Look(func(r *state.Reader) error {
		if now, ok := r.Renamed(e); ok {
			code, args = text.EntryRenamed, text.Args{"entry": e.String(), "next": now.String()}
		}
		return nil
	})
	return text.Fail(code, args, err)
}

// receipt gives the receipt of an entry. An asker to whom the payload does not belong gets the
// receipt alone if heads is set, and otherwise the refusal of an entry that is not there.
func (d *Desk) receipt(ctx context.Context, e identity.Entry, heads bool, asker func(*state.Reader) (Asker, error)) (Receipt, error) {
	got := Receipt{Entry: e}
	err := book.ErrNoEntry // for an entry of another log of this jurisdiction
	has := d.own.Names().Has(e)
	if log := e.Log(); !has && log.Jurisdiction() == d.own.Name() && log.Epoch() <= d.own.Log().Epoch() {
		return Receipt{}, Gone(d.own, e)
	}
	if has {
		got.Preimage, got.Withheld, err = d.open(ctx, e.Index(), asker)
	}
	if err == nil && got.Withheld && !heads {
		err = book.ErrNoEntry
	}
	if err == nil {
		got.Receipt, err = d.own.Receipt(ctx, e.Index())
	}
	if errors.Is(err, book.ErrNoEntry) {
		err = text.Fail(text.NotFound, text.Args{"what": "entry", "where": e.String()}, err)
	}
	if err != nil {
		return Receipt{}, err
	}
	return got, nil
}

// open is the door for the payloads of receipts: (1) it decides whether the payload belongs to the
// asker, (2) it opens the payload, (3) it records the use where the payload holds a record, and
// only then (4) it gives the payload.
func (d *Desk) open(ctx context.Context, index uint64, asker func(*state.Reader) (Asker, error)) (preimage []byte, withheld bool, err error) {
	o := opening{index: index}
	err = d.own.View(ctx, func(r *state.Reader) error { return o.read(r, d, asker) })
	if err != nil || !o.belongs {
		return nil, !o.belongs, err
	}
	if o.preimage != nil && holdsRecord(o.head.Kind) {
		err = d.record(ctx, o)
	}
	if err != nil {
		return nil, false, fmt.Errorf("record reading of entry %d: %w", index, err)
	}
	return o.preimage, false, nil
}

// opening is one reading of a payload, with what it was decided on.
type opening struct {
	index    uint64
	asker    Asker
	head     ledger.Head
	now      DatasetState
	asOf     uint64
	belongs  bool
	preimage []byte
}

func (o *opening) read(r *state.Reader, d *Desk, asker func(*state.Reader) (Asker, error)) (err error) {
	if o.asker, err = asker(r); err != nil {
		return err
	}
	data := r.Leaf(o.index)
	if data == nil {
		return book.ErrNoEntry
	}
	leaf, err := ledger.DecodeLeaf(data)
	if err != nil {
		return fmt.Errorf("read entry %d: %w", o.index, err)
	}
	o.head, o.asOf = leaf.Head, r.Size()-1
	if o.belongs, err = d.belongs(r, o.head, o.index, o.asker); err != nil || !o.belongs {
		return err
	}
	if holdsRecord(o.head.Kind) && o.asker.over != nil {
		return o.asker.over
	}
	o.now, _ = d.datasetState(r, o.head.Code)
	o.preimage, err = d.own.Preimage(r, o.index)
	return err
}

// record records that the provider read a record by its receipt. The state may have moved since:
// the payload of an entry is what it was all the same, so the use is then recorded as the state is
// now.
func (d *Desk) record(ctx context.Context, o opening) error {
	recorded := func() error {
		p := Permit{request: Request{Consumer: o.asker.Agency, Dataset: o.head.Code, Version: o.now.Version}}
		_, err := RecordUse(ctx, d.own, identity.Message{}, p, Access{
			Operation: "receipt", Rows: 1, AsOf: o.asOf, Entry: d.own.Names().Entry(o.index).String(),
		})
		return err
	}
	err := recorded()
	if !failure.Is(err, text.DatasetMoved) {
		return err
	}
	if err := d.own.View(ctx, func(r *state.Reader) error {
		o.now, _ = d.datasetState(r, o.head.Code)
		return nil
	}); err != nil {
		return err
	}
	return recorded()
}

// operationReceipt gives the receipt of an entry whose payload belongs to the asking agency, such
// as the record of a use by that agency:
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

// Serve registers the operation of this room. An entry whose payload does not belong to the asking
// agency is refused like one that does not exist, so that the asker does not even learn whether
// others used data.
func (d *Desk) Serve(in *relay.Registry) {
	operationReceipt.Serve(in, func(ctx context.Context, r relay.Received, p receiptOf) (proof, error) {
		asker := Asker{Agency: identity.NewAgency(r.Header.Origin, r.Call.Agency)}
		got, err := d.receipt(ctx, p.Entry, false, func(*state.Reader) (Asker, error) { return asker, nil })
		return proof{got.Receipt, got.Preimage}, err
	})
}

// Remote asks other jurisdictions for receipts.
type Remote struct{ Caller operation.Caller }

// Receipt asks the jurisdiction of an entry for the receipt of the entry. That jurisdiction gives
// it only if the payload of the entry belongs to the asking agency; otherwise it refuses with
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
