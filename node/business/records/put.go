package records

import (
	"context"
	"fmt"

	"xietong/certs/identity"
	"xietong/consensus/state"
	"xietong/node/business/catalog"
	"xietong/node/ground/book"
	"xietong/node/ground/rows"
)

// Put is what came of putting a record.
type Put struct {
	Entry     identity.Entry // of the record; of one that is unchanged, where it was put before
	Replaced  bool           // there was a record with this key, and it was another one
	Unchanged bool           // the record was there, and nothing was written
}

// Put puts one record, as an act of the providing agency. A record that is there already is not
// written again. Refusals: text.NotProvider, text.SchemaRejected, and text.DatasetMoved where the
// catalogue entry has changed meanwhile.
func (d *Desk) Put(ctx context.Context, id identity.Message, by catalog.Actor, code identity.Label, data []byte) (Put, error) {
	var set dataset
	var record rows.Record
	var request book.Request
	var done Put
	err := d.ledger.View(ctx, func(r *state.Reader) (err error) {
		if set, err = d.own(r, by, code); err != nil {
			return err
		}
		if record, err = set.schema.Record(data); err != nil {
			return asRejected(code, err)
		}
		request = set.requested(d.ledger, id, record.JSON)
		done, err = d.putBefore(r, set, request, record)
		return err
	})
	if err != nil || !done.Entry.IsZero() {
		return done, err
	}
	act, err := d.ledger.Act(recordHead(set.Agency, code), RecordType, record.JSON)
	if err != nil {
		return Put{}, fmt.Errorf("put record: %w", err)
	}
	declared, err := d.declare(ctx, set)
	if err != nil {
		return Put{}, err
	}
	groups, err := d.newLabels(code, declared).values(record.JSON, nil)
	if err != nil {
		return Put{}, fmt.Errorf("put record: %w", err)
	}
	put, err := commandPut.Do(ctx, d.ledger, request, putBody{
		Code: code, Version: set.Version, Key: d.keyMAC(code, record.Key), Indexed: d.indexedMACs(code, record.Indexed),
		Groups: groups, Statement: act,
	})
	return Put{Entry: put.Entry.In(d.ledger.Log()), Replaced: put.Replaced}, err
}

// putBefore returns what came of the same request before, or the record that is there already and
// is the same as a whole; the zero value: neither.
func (d *Desk) putBefore(r *state.Reader, set dataset, request book.Request, record rows.Record) (Put, error) {
	put, came, err := commandPut.Before(r, d.ledger, request)
	if err != nil || came {
		return Put{Entry: put.Entry.In(d.ledger.Log()), Replaced: put.Replaced}, err
	}
	now, ok := newView(r).current(set.Code, d.keyMAC(set.Code, record.Key))
	if !ok || !d.holds(r, now.Index, record.JSON) {
		return Put{}, nil
	}
	return Put{Entry: d.ledger.Log().Entry(now.Index), Unchanged: true}, nil
}
