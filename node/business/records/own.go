package records

import (
	"context"
	"encoding/hex"
	"errors"
	"io"

	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/exchange/budget"
	"xietong/exchange/gather"
	"xietong/node/business/catalog"
	"xietong/node/business/sharing"
	"xietong/node/ground/failure"
	"xietong/node/ground/rows"
	"xietong/node/ground/text"
)

// recordOwn records that the provider of a dataset is told of its own records.
func (d *Desk) recordOwn(ctx context.Context, set dataset, a sharing.Access) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordWithin)
	defer cancel()
	provider := identity.NewAgency(d.ledger.Name(), set.Agency)
	return sharing.RecordOwn(ctx, d.ledger, provider, set.Code, set.Version, a)
}

// keptFile is a file that was read together with the values that records keep.
type keptFile struct {
	file  MAC
	since ledger.Ref // the newest change of the records
}

func (d *Desk) keptFile(set dataset, how Reading, file *uploaded, since ledger.Ref) keptFile {
	return keptFile{d.fileMAC(set, File{Reading: how, Hash: file.Sum()}), since}
}

// keptNow is keptFile of the records as they are now.
func (d *Desk) keptNow(set dataset, how Reading, file *uploaded) (of keptFile, err error) {
	err = d.ledger.Look(func(r *state.Reader) error {
		of = d.keptFile(set, how, file, ChangesOf(r, set.Code).Last)
		return nil
	})
	return of, err
}

// recordKept records that a file was read together with the values that records keep, in a slot,
// and returns because, which is the error of the reading: whatever came of it is told only then. A
// reading that took no value of a record is none.
func (d *Desk) recordKept(ctx context.Context, set dataset, reader *rows.Reader, of keptFile, because error) error {
	if reader.Kept() == 0 {
		return because
	}
	a := sharing.Access{Operation: "check", Parameters: hex.EncodeToString(of.file[:]), Rows: reader.Kept()}
	if because != nil {
		a.Rows, a.Refused = 0, failure.Of(because).Code
	}
	if ctx.Err() != nil {
		a.Rows, a.Refused = 0, text.Late
	}
	err := d.ledger.Look(func(r *state.Reader) error {
		a.AsOf = r.Size() - 1
		return nil
	})
	if err == nil {
		budget.Outside(ctx, func() { err = d.recordOwn(ctx, set, a) })
	}
	if err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.checked[set.Code] = of
	return because
}

// readKept reads the rows to the end, to record that before a second reading tells of them. The
// last file that was recorded is not recorded again while the records are the same: it tells
// nothing new.
func (d *Desk) readKept(ctx context.Context, set dataset, reader *rows.Reader, of keptFile) error {
	d.mu.Lock()
	known := d.checked[set.Code] == of
	d.mu.Unlock()
	if known {
		return nil
	}
	for {
		_, err := reader.Next()
		if _, isBad := asBad(err); isBad {
			err = nil
		}
		if err == nil {
			err = budget.Pause(ctx)
		}
		switch {
		case errors.Is(err, io.EOF):
			return d.recordKept(ctx, set, reader, of, nil)
		case err != nil:
			return d.recordKept(ctx, set, reader, of, err)
		}
	}
}

// asked returns the dataset that a consumer asks for. One that is held answers nobody, but its
// provider looks through its records before it lets go: to that agency they are shown, one or all,
// where it asks here itself, and no number that could be added to those of others.
func (d *Desk) asked(r *state.Reader, q Question, consumer identity.Agency) (dataset, error) {
	set, err := d.at(r, q.Dataset)
	if !failure.Is(err, text.DatasetHeld) || q.Measure.Function != gather.None || q.Evidence != nil {
		return set, err
	}
	held, failed := d.as(q.Dataset, func(before catalog.Published) (catalog.Published, error) {
		return catalog.Offered(r, q.Dataset, before)
	})
	if failed != nil || consumer != identity.NewAgency(d.ledger.Name(), held.Agency) {
		return set, err
	}
	return held, nil
}

// own returns the dataset if the actor provides it, and refuses every other actor as
// text.NotProvider: only the provider writes records and reads their history, also of a dataset
// that is held.
func (d *Desk) own(r *state.Reader, by catalog.Actor, code identity.Label) (dataset, error) {
	return d.ownAs(r, by, code, func(r *state.Reader, code identity.Label) (dataset, error) {
		return d.as(code, func(before catalog.Published) (catalog.Published, error) { return catalog.Offered(r, code, before) })
	})
}

// ownKnown is own for a dataset that may have been withdrawn.
func (d *Desk) ownKnown(r *state.Reader, by catalog.Actor, code identity.Label) (dataset, error) {
	return d.ownAs(r, by, code, func(r *state.Reader, code identity.Label) (dataset, error) {
		return d.as(code, func(before catalog.Published) (catalog.Published, error) { return catalog.Known(r, code, before) })
	})
}

func (d *Desk) ownAs(r *state.Reader, by catalog.Actor, code identity.Label, at func(*state.Reader, identity.Label) (dataset, error)) (dataset, error) {
	if _, err := by.Resolve(r); err != nil { // who acts is told before what there is
		return dataset{}, err
	}
	set, err := at(r, code)
	if err == nil {
		set.counts = countsOf(r, code)
		_, err = by.Provider(r, code, set.Agency)
	}
	return set, err
}

// ownDataset calls own with the current state.
func (d *Desk) ownDataset(ctx context.Context, by catalog.Actor, code identity.Label) (set dataset, err error) {
	err = d.ledger.View(ctx, func(r *state.Reader) (err error) {
		set, err = d.own(r, by, code)
		return err
	})
	return set, err
}
