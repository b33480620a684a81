package records

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"

	"xietong/certs/canon"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/node/ground/book"
	"xietong/node/ground/rows"
	"xietong/node/ground/text"
)

// Effect is what the good rows of a file change in the records of the dataset. It is counted while
// the file is checked; other changes of the records may come in between, which Since tells.
type Effect struct {
	New       uint64 // rows of which the dataset has no record
	Replaced  uint64 // rows in place of a record that is not the same
	Unchanged uint64 // rows that are the same as the record
	Absent    uint64 // records that are not in the file: they stay, or leave if it takes the place of all
	Since     ledger.Ref
	hidden    bool // a row that is the same would take out what the entry in force does not list
}

// comparing counts the effect of a file, row by row, in constant memory: no two good rows of a file
// have one key.
type comparing struct {
	desk    *Desk
	set     dataset
	changes Changes // as it was when the file began
	total   uint64  // records of the dataset then
	effect  Effect
}

func (d *Desk) comparing(ctx context.Context, set dataset) (c *comparing, err error) {
	c = &comparing{desk: d, set: set}
	code := set.Code
	err = d.ledger.View(ctx, func(r *state.Reader) error {
		c.changes = ChangesOf(r, code)
		kept, _ := allCounts.Load(r, []byte(code.String()))
		c.total = kept.total(r, code)
		return nil
	})
	c.effect.Since = c.changes.Last
	return c, err
}

// add counts a good row.
func (c *comparing) add(row rows.Record) error {
	if c.changes.Last == ledger.None { // there never was a record
		c.effect.New++
		return nil
	}
	return c.desk.ledger.Look(func(r *state.Reader) error {
		now, ok := newView(r).current(c.set.Code, c.desk.keyMAC(c.set.Code, row.Key))
		if !ok {
			c.effect.New++
			return nil
		}
		// What is erased or damaged is not the same.
		if have, err := c.desk.payload(r, now.Index, c.set); err != nil || !bytes.Equal(have, row.JSON) {
			c.effect.Replaced++
			return nil
		}
		c.effect.Unchanged++
		if now.Index < c.set.At.Index() && !c.effect.hidden { // it may have what an earlier version listed
			c.effect.hidden = !c.desk.holds(r, now.Index, row.JSON)
		}
		return nil
	})
}

// told returns the effect of the rows that were added, with the records that are not in the file.
func (c *comparing) told() Effect {
	e := c.effect
	e.Absent = c.total - min(c.total, e.Replaced+e.Unchanged)
	return e
}

// effectPlan is what a person was shown before a file takes the place of all records, or comes
// along with an entry: it goes back to the node with the file, sealed. It holds for this file, read
// in this way, alone.
type effectPlan struct {
	_     struct{} `cbor:",toarray"`
	File  MAC
	Since ledger.Ref
	Left  uint64
	Same  bool // every good row is the same as its record as a whole
}

// maxPlan bounds an encoded plan, in bytes.
const maxPlan = 64

func (d *Desk) sealPlan(set dataset, f File, e Effect) (string, error) {
	data, err := canon.Marshal(effectPlan{File: d.fileMAC(set, f), Since: e.Since, Left: e.Absent, Same: e.New+e.Replaced == 0 && !e.hidden})
	if err != nil {
		return "", err
	}
	return d.ledger.SealToken(data), nil
}

func (d *Desk) openPlan(set dataset, f File) (p effectPlan, err error) {
	data, err := d.ledger.OpenToken(f.Plan)
	if err == nil {
		err = canon.Unmarshal(data, maxPlan, &p)
	}
	if err == nil && p.File != d.fileMAC(set, f) {
		err = errors.New("it is of another file")
	}
	if err != nil {
		return p, text.Fail(text.PlanNeeded, text.Args{"dataset": set.Code.String()}, err)
	}
	return p, nil
}

// fileMAC stands for a file as it is read for one version of the dataset, whether that is in force
// or to come.
func (d *Desk) fileMAC(set dataset, f File) MAC {
	document := sha256.Sum256(set.Document)
	return d.ledger.MAC("import", []byte(set.Code.String()), book.Be64(set.Version), document[:], f.facts())
}
