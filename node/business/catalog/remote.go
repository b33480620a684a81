package catalog

import (
	"context"
	"errors"
	"fmt"
	"time"

	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/exchange/relay"
	"xietong/node/ground/book"
	"xietong/node/ground/failure"
	"xietong/node/ground/operation"
	"xietong/node/ground/text"
)

// The operations of this room. Their results describe data and hold none, so no reading is
// recorded. Both list documents as their agencies signed them, in the order of their codes:
//
//	{1: code, absent: all, 2: code to go on after}
//	→ {1: [[code, entry, version, JSON, withdrawn] …], 2: code to go on after, absent at the end}
//
// withdrawn is [entry, ms since 1970 UTC, reason, lost], or null for what holds; lost is the entry
// that is lost and for which it is held, and empty for what was withdrawn.
const (
	operationDatasets  operation.Operation[wanted, page] = "datasets"
	operationStandards operation.Operation[wanted, page] = "standards"
)

type wanted struct {
	Code  identity.Label `cbor:"1,keyasint,omitzero"`
	After identity.Label `cbor:"2,keyasint,omitzero"`
}

type document struct {
	_       struct{} `cbor:",toarray"`
	Code    identity.Label
	Entry   identity.Entry // of the ledger
	Version uint64
	JSON    []byte
	Ended   *documentEnd // nil: it holds
}

// documentEnd says when and why a document was withdrawn, or is held.
type documentEnd struct {
	_      struct{} `cbor:",toarray"`
	Entry  identity.Entry
	At     uint64
	Reason string
	Lost   string // it is held for this entry; "": it was withdrawn
}

// ending returns it as Datasets has it, and refuses what no honest jurisdiction says.
func (d document) ending() (*Ending, error) {
	switch e := d.Ended; {
	case e == nil:
		return nil, nil
	case e.Entry.Log().Jurisdiction() != d.Entry.Log().Jurisdiction() || e.At > ledger.MaxTime || CheckReason(e.Reason) != nil:
		return nil, fmt.Errorf("%w: it was withdrawn by %s for %.100q", ErrInvalid, e.Entry, e.Reason)
	default:
		lost, err := e.lost()
		return &Ending{Entry: e.Entry, At: time.UnixMilli(int64(e.At)), Reason: e.Reason, Lost: lost}, err
	}
}

// lost returns the entry for which a document is held: one of the ledger that holds it; zero: it
// was withdrawn.
func (e *documentEnd) lost() (entry identity.Entry, err error) {
	if e.Lost == "" {
		return entry, nil
	}
	entry, err = identity.ParseEntry(e.Lost)
	if err != nil || entry.Log().Jurisdiction() != e.Entry.Log().Jurisdiction() {
		return entry, fmt.Errorf("%w: it is held for %.100q", ErrInvalid, e.Lost)
	}
	return entry, nil
}

type page struct {
	Documents []document     `cbor:"1,keyasint,omitempty"`
	After     identity.Label `cbor:"2,keyasint,omitzero"`
}

// Serve registers this room's operations.
func Serve(in *relay.Registry, l book.Ledger) {
	serveList(in, l)
	operationDatasets.Serve(in, func(ctx context.Context, _ relay.Received, w wanted) (page, error) {
		return read(ctx, l, w, catalogue, endedDataset, func(k keptEntry) document {
			return document{Entry: k.Entry.In(l.Names()), Version: k.Version, JSON: k.Document}
		})
	})
	operationStandards.Serve(in, func(ctx context.Context, _ relay.Received, w wanted) (page, error) {
		return read(ctx, l, w, setStandards, endedStandard, func(k keptStandard) document {
			return document{Entry: k.Entry.In(l.Names()), Version: k.Version, JSON: k.Document}
		})
	})
}

// read returns as many of the wanted documents as one result has room for: one at least, if there
// is any. Of the others it looks at the one that follows: a catalogue may be long, and many may
// ask.
func read[V any](ctx context.Context, l book.Ledger, w wanted, kept book.Bucket[V], what string, as func(V) document) (p page, err error) {
	size := 0
	take := func(r *state.Reader, key []byte, v V) (more bool) {
		d := as(v)
		if d.Code, err = identity.ParseLabel(string(key)); err != nil {
			return false
		}
		if e := endedOf(r, what, d.Code); e != nil {
			d.Ended = &documentEnd{Entry: e.Entry, At: uint64(e.At.UnixMilli()), Reason: e.Reason}
			if !e.Ended() {
				d.Ended.Lost = e.Lost.String()
			}
			size += len(e.Reason) + len(d.Ended.Lost) + len(d.Entry.String())
		}
		if size += len(d.JSON) + len(d.Entry.String()) + 100; len(p.Documents) > 0 && size > operation.MaxListed {
			p.After = p.Documents[len(p.Documents)-1].Code
			return false
		}
		p.Documents = append(p.Documents, d)
		return true
	}
	failed := l.View(ctx, func(r *state.Reader) error {
		if !w.Code.IsZero() {
			if v, ok := kept.Load(r, []byte(w.Code.String())); ok && w.Code.String() > w.After.String() {
				take(r, []byte(w.Code.String()), v)
			}
			return nil
		}
		kept.After(r, []byte(w.After.String()))(func(key []byte, v V) bool { return take(r, key, v) })
		return nil
	})
	return p, errors.Join(err, failed)
}

// Remote reads the catalogues of other jurisdictions.
type Remote struct{ Caller operation.Caller }

// Datasets returns the catalogue of another jurisdiction, in the order of the codes, with what was
// withdrawn. A malformed list is refused as a whole, as text.AnswerRefused.
func (m Remote) Datasets(ctx context.Context, a operation.Asking) (all []Published, err error) {
	documents, err := m.documents(ctx, a, operationDatasets, identity.Label{})
	for _, d := range documents {
		p := Published{Version: d.Version, At: d.Entry, Document: d.JSON}
		if p.Entry, err = DecodeEntry(d.JSON); err == nil && p.Code != d.Code {
			err = fmt.Errorf("%w: it has the code %s", ErrInvalid, p.Code)
		}
		if err == nil {
			p.Withdrawn, err = d.ending()
		}
		if err != nil {
			return nil, failure.Unreadable(a.To, fmt.Errorf("dataset %s: %w", d.Code, err))
		}
		all = append(all, p)
	}
	return all, err
}

// Standards returns the standard entries that another jurisdiction has set, in the order of the
// codes, or only the one with the code; the zero code: all. A malformed list is refused as a whole,
// as text.AnswerRefused.
func (m Remote) Standards(ctx context.Context, a operation.Asking, code identity.Label) (all []SetStandard, err error) {
	documents, err := m.documents(ctx, a, operationStandards, code)
	for _, d := range documents {
		s := SetStandard{Version: d.Version, At: d.Entry, Document: d.JSON}
		if s.Standard, err = DecodeStandard(d.JSON); err == nil && s.Code != d.Code {
			err = fmt.Errorf("%w: it has the code %s", ErrInvalid, s.Code)
		}
		if err == nil {
			s.Withdrawn, err = d.ending()
		}
		if err != nil {
			return nil, failure.Unreadable(a.To, fmt.Errorf("standard %s: %w", d.Code, err))
		}
		all = append(all, s)
	}
	return all, err
}

// Standard returns one standard entry of another jurisdiction that holds. It refuses a code that is
// not there as text.NoStandard, and one that does not hold as Holding does.
func (m Remote) Standard(ctx context.Context, a operation.Asking, code identity.Label) (SetStandard, error) {
	all, err := m.Standards(ctx, a, code)
	if err == nil && len(all) != 1 {
		err = text.Fail(text.NoStandard, text.Args{"dataset": code.String(), "jurisdiction": a.To.String()}, nil)
	}
	if err != nil {
		return SetStandard{}, err
	}
	return all[0].Holding(a.To)
}

// documents reads a list page by page. It checks that the codes ascend, that every entry is in the
// ledger of the jurisdiction that was asked, and that every document has the code that was asked
// for. A list of more than operation.MaxPages results is refused.
func (m Remote) documents(ctx context.Context, a operation.Asking, o operation.Operation[wanted, page], code identity.Label) (all []document, err error) {
	w := wanted{Code: code}
	for range operation.MaxPages {
		p, err := o.Read(ctx, m.Caller, a, w)
		if err != nil {
			return nil, err
		}
		for _, d := range p.Documents {
			listed := d.Code.String() > w.After.String() && (code.IsZero() || d.Code == code)
			if !listed || d.Entry.Log().Jurisdiction() != a.To {
				return nil, failure.Unreadable(a.To, fmt.Errorf("%s of %s is listed after %s", d.Code, d.Entry, w.After))
			}
			w.After = d.Code
			all = append(all, d)
		}
		if p.After.IsZero() {
			return all, nil
		}
		if p.After != w.After {
			return nil, failure.Unreadable(a.To, errors.New("a list that goes on elsewhere"))
		}
		if a.ID, err = identity.NewMessage(); err != nil {
			return nil, err
		}
	}
	return nil, failure.Unreadable(a.To, fmt.Errorf("a list of more than %d results", operation.MaxPages))
}
