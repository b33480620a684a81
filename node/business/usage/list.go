package usage

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/node/ground/book"
	"xietong/node/ground/text"
)

// Asks finds out who asks for a list; catalog.Actor is one.
type Asks interface {
	Asks(r *state.Reader) (agency identity.Agency, administrator bool, err error)
}

// ProvidersOf calls each with every dataset and the code of the agency that provides it. The room
// that keeps the catalogue gives it.
type ProvidersOf func(r book.Reads, each func(dataset, provider identity.Label))

// Desk lists the uses of one hosted jurisdiction. Many goroutines may use it.
type Desk struct {
	own       book.Ledger
	providers ProvidersOf
}

// NewDesk returns the desk of the jurisdiction.
func NewDesk(own book.Ledger, providers ProvidersOf) *Desk { return &Desk{own, providers} }

// Filter says which uses are wanted. The zero value of a member stands for all.
type Filter struct {
	Dataset      identity.Label
	Jurisdiction identity.Jurisdiction // of the consumer
	Agency       identity.Label        // the consumer's code, in whatever jurisdiction
	Purpose      identity.Label
	Period
}

// Row is one use, as it is listed.
type Row struct {
	Entry    identity.Entry
	Time     time.Time // when it was entered
	Provider identity.Label
	Dataset  identity.Label
	Consumer identity.Agency
	Grant    identity.Entry // zero: the provider's own use
	Withheld bool           // records were read, and a refusal was told in their place
	State    State
	Said
}

// State says whether the sealed part of a row can be told.
type State string

// The states.
const (
	Told       State = ""
	Erased     State = "erased"     // the payload was erased
	Unreadable State = "unreadable" // the payload is damaged
)

// Said is what a list tells of the payload of a use: numbers and codes, never a parameter, a key,
// an outcome or a record.
type Said struct {
	Purpose   string    `json:"purpose"`
	Operation string    `json:"operation"`
	Rows      uint64    `json:"rows"` // records that were answered, or measured
	Refused   text.Code `json:"refused"`
	// Unfinished says that it is a page of a measure that did not end in its time.
	Unfinished bool `json:"unfinished"`
}

// Uses returns a page of the uses of the datasets that the actor provides, or of all datasets for
// whoever runs the jurisdiction, the newest first; cursor is "" at the end. Refusals:
// text.UnknownDataset and text.NotProvider for the dataset of the filter, text.ListTooWide,
// text.CursorNotOfList, and those of the actor.
func (d *Desk) Uses(ctx context.Context, by Asks, f Filter, p Page) (rows []Row, cursor string, err error) {
	err = d.own.View(ctx, func(r *state.Reader) error {
		codes, err := d.visible(r, by, f.Dataset)
		if err != nil {
			return err
		}
		q := list[Row]{
			Page: p, Period: f.Period, name: "uses",
			filter: []string{f.Dataset.String(), f.Jurisdiction.String(), f.Agency.String(), f.Purpose.String()},
			open:   func(r *state.Reader, below uint64) (*walk, error) { return d.walk(r, below, codes, f) }, row: d.row,
		}
		rows, cursor, err = q.read(r, d.own)
		return err
	})
	return rows, cursor, err
}

// visible returns the codes of the datasets whose uses the actor may see; nil: all.
func (d *Desk) visible(r *state.Reader, by Asks, wanted identity.Label) (choice, error) {
	agency, administrator, err := by.Asks(r)
	if err != nil {
		return nil, err
	}
	in, provider, codes := r.Log().Jurisdiction(), identity.Label{}, choice{}
	var all []string
	d.providers(r, func(dataset, of identity.Label) {
		all = append(all, dataset.String())
		if dataset == wanted {
			provider = of
		}
		if administrator || agency == identity.NewAgency(in, of) {
			codes = append(codes, dataset.String())
		}
	})
	switch {
	case wanted.IsZero() && administrator:
		return nil, nil
	case wanted.IsZero():
		return codes, nil
	case provider.IsZero():
		return nil, text.Fail(text.UnknownDataset, text.Args{"dataset": wanted.String(), "jurisdiction": in.String(), "near": text.Nearest(wanted.String(), all)}, nil)
	case !administrator && agency != identity.NewAgency(in, provider):
		return nil, text.Fail(text.NotProvider, text.Args{
			"agency": agency.Code().String(), "dataset": wanted.String(), "provider": provider.String(),
		}, nil)
	}
	return choice{wanted.String()}, nil
}

// walk opens the list of the uses below a number, of the datasets in codes.
func (d *Desk) walk(r *state.Reader, below uint64, codes choice, f Filter) (*walk, error) {
	if f.Jurisdiction.IsZero() && f.Agency.IsZero() && f.Purpose.IsZero() {
		return usesOf.walk(r, below, codes)
	}
	purpose := one(FindPurpose(d.own, f.Purpose).part())
	return usesBy.walk(r, below, codes, purpose, one(f.Jurisdiction.String()), one(f.Agency.String()))
}

// row reads one use: its public head, its consumer, and the numbers of its payload.
func (d *Desk) row(r *state.Reader, n uint64, code string, _ []byte) (row Row, err error) {
	leaf, err := ledger.DecodeLeaf(r.Leaf(n))
	if err != nil {
		return row, fmt.Errorf("read entry %d: %w", n, err)
	}
	head := leaf.Head
	row = Row{
		Entry: r.Names().Entry(n), Time: time.UnixMilli(int64(head.At())), Provider: head.Agency, Grant: head.About.In(r.Names()),
		Withheld: head.Kind == ledger.KindUseRefused,
	}
	if row.Dataset, err = identity.ParseLabel(code); err == nil {
		row.Consumer, _, err = ConsumerOf(r, row.Dataset, n)
	}
	if err != nil {
		return row, fmt.Errorf("read use %d: %w", n, err)
	}
	row.State = said(r, d.own, n, &row.Said)
	return row, nil
}

// said opens the payload of an entry, and keeps of it what v has members for. It is the only place
// that opens a payload for a list.
func said(r *state.Reader, own book.Ledger, n uint64, v any) State {
	payload, err := own.Payload(r, n)
	if errors.Is(err, book.ErrErased) {
		return Erased
	}
	if err != nil || json.Unmarshal(payload, v) != nil {
		return Unreadable
	}
	return Told
}
