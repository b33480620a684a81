package usage

import (
	"context"
	"errors"
	"fmt"
	"time"

	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/node/ground/book"
	"xietong/node/ground/text"
)

// askedOf finds the questions of an agency, and askedBy those about a dataset, to a jurisdiction,
// for a purpose.
var (
	askedOf = index{bucket: "askings", parts: 1}
	askedBy = index{bucket: "askingsby", parts: 4}
)

// bucketAskCounts has how many questions there were, by month, agency and dataset.
const bucketAskCounts = "askcounts"

// RegisterAsked declares the buckets of questions. Those who record questions have the commands.
func RegisterAsked(r *state.Registry) {
	r.Keep(
		state.Bucket{Name: askedOf.bucket, MaxKey: 128, MaxValue: 0, Large: true},
		state.Bucket{Name: askedBy.bucket, MaxKey: 256, MaxValue: 0, Large: true},
		state.Bucket{Name: bucketAskCounts, MaxKey: 256, MaxValue: 16, Large: true},
	)
	held.Keep(r)
}

// FoundAsked are the MACs by which a question is found: its dataset, whom it asked, and its
// purpose.
type FoundAsked struct {
	_       struct{} `cbor:",toarray"`
	Dataset Found
	To      Found
	Purpose Found
}

// FindAsked returns the MACs of a question.
func FindAsked(l book.Ledger, dataset identity.Label, to identity.Jurisdiction, purpose identity.Label) FoundAsked {
	return FoundAsked{
		Dataset: find(l, "dataset", dataset.String()), To: find(l, "destination", to.String()), Purpose: find(l, "purpose", purpose.String()),
	}
}

// Asked is what the state has to know of a question to another jurisdiction.
type Asked struct {
	Agency  identity.Label // that asked
	Dataset identity.Label // zero: the destination has none of that code
	Find    FoundAsked
	Refused bool
	Held    *Held // the grant that was heard of; nil: none
}

// Keep makes the entry of a question be found and counted. It is a part of the handler of the
// command that appended the entry.
func (a Asked) Keep(tx *state.Tx, entry ledger.Ref) error {
	n, _ := entry.Index()
	agency := a.Agency.String()
	err := errors.Join(
		askedOf.put(tx, n, nil, agency),
		askedBy.put(tx, n, nil, agency, a.Find.Dataset.part(), a.Find.To.part(), a.Find.Purpose.part()),
		count(tx, bucketAskCounts, a.Refused, agency, a.Dataset.String()),
	)
	if a.Held != nil {
		err = errors.Join(err, a.Held.keep(tx, agency, entry, !a.Refused))
	}
	return err
}

// AskedFilter says which questions are wanted. The zero value of a member stands for all.
type AskedFilter struct {
	Agency  identity.Label        // that asked
	At      identity.Jurisdiction // that was asked
	Dataset identity.Label
	Purpose identity.Label
	Period
}

// AskedRow is one question, as it is listed.
type AskedRow struct {
	Entry  identity.Entry
	Time   time.Time // when it was entered
	Agency identity.Label
	State  State
	AskedSaid
}

// AskedSaid is what a list tells of the payload of a question.
type AskedSaid struct {
	To        string `json:"destination"`
	Dataset   string `json:"dataset"`
	Operation string `json:"operation"`
	Purpose   string `json:"purpose"`
	Outcome   uint16 `json:"outcome"` // the number of the refusal; 0: answered
	Records   uint64 `json:"records"` // that were answered, or measured
	// Unfinished says that the answer was a page of a measure that did not end in its time.
	Unfinished bool      `json:"unfinished"`
	There      string    `json:"entry"`   // in which the destination recorded the use; "": none
	Grant      string    `json:"grant"`   // under which it was, or would have been; "": not told
	Until      time.Time `json:"until"`   // the end of the grant; zero: not told
	Revoked    string    `json:"revoked"` // the entry that revoked the grant; "": none was told
}

// Asked returns a page of what the agencies of this jurisdiction asked elsewhere, the newest first:
// the agency's own or, for whoever runs the jurisdiction, all. cursor is "" at the end. Refusals:
// text.OthersList for the agency of the filter, text.ListTooWide, text.CursorNotOfList, and those
// of the actor.
func (d *Desk) Asked(ctx context.Context, by Asks, f AskedFilter, p Page) (rows []AskedRow, cursor string, err error) {
	err = d.own.View(ctx, func(r *state.Reader) error {
		agencies, err := asking(r, by, f.Agency)
		if err != nil {
			return err
		}
		q := list[AskedRow]{
			Page: p, Period: f.Period, name: "asked", row: d.askedRow,
			filter: []string{f.Agency.String(), f.At.String(), f.Dataset.String(), f.Purpose.String()},
			open: func(r *state.Reader, below uint64) (*walk, error) {
				if f.At.IsZero() && f.Dataset.IsZero() && f.Purpose.IsZero() {
					return askedOf.walk(r, below, agencies)
				}
				find := FindAsked(d.own, f.Dataset, f.At, f.Purpose)
				return askedBy.walk(r, below, agencies, one(find.Dataset.part()), one(find.To.part()), one(find.Purpose.part()))
			},
		}
		rows, cursor, err = q.read(r, d.own)
		return err
	})
	return rows, cursor, err
}

// asking returns the agencies whose questions the actor may see, of those that are wanted; nil:
// all.
func asking(r *state.Reader, by Asks, wanted identity.Label) (choice, error) {
	agency, administrator, err := by.Asks(r)
	switch {
	case err != nil:
		return nil, err
	case administrator:
		return one(wanted.String()), nil
	case !wanted.IsZero() && agency != identity.NewAgency(r.Log().Jurisdiction(), wanted):
		return nil, text.Fail(text.OthersList, text.Args{"agency": agency.Code().String(), "wanted": wanted.String()}, nil)
	case agency.Jurisdiction() != r.Log().Jurisdiction():
		return choice{}, nil
	}
	return choice{agency.Code().String()}, nil
}

func (d *Desk) askedRow(r *state.Reader, n uint64, _ string, _ []byte) (row AskedRow, err error) {
	leaf, err := ledger.DecodeLeaf(r.Leaf(n))
	if err != nil {
		return row, fmt.Errorf("read entry %d: %w", n, err)
	}
	row = AskedRow{Entry: r.Names().Entry(n), Time: time.UnixMilli(int64(leaf.Head.At())), Agency: leaf.Head.Agency}
	row.State = said(r, d.own, n, &row.AskedSaid)
	return row, nil
}

// CountAsked returns a page of how many questions there were in each month, of those that Asked
// lists for the actor and the agency, the newest month first; cursor is "" at the end. Refusals:
// text.MonthsOnly for the months, and those of Asked.
func (d *Desk) CountAsked(ctx context.Context, by Asks, agency identity.Label, c Counting, p Page) (rows []Monthly, cursor string, err error) {
	err = d.own.View(ctx, func(r *state.Reader) error {
		agencies, err := asking(r, by, agency)
		if err != nil {
			return err
		}
		t := tally{
			Counting: c, Page: p, bucket: bucketAskCounts, first: agencies, second: one(c.Dataset.String()), of: agency.String(),
			group: func(agency, dataset string) string { return map[By]string{ByDataset: dataset, ByAgency: agency}[c.By] },
		}
		rows, cursor, err = t.read(r, d.own)
		return err
	})
	return rows, cursor, err
}
