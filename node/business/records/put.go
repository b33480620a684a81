package records

import (
	"context"
	"fmt"

	"xietong/certs/identity"
	"xietong/consensus/ledger"
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
	same := ledger.None
	err := d.ledger.View(ctx, func(r *state.Reader) (err error) {
		if set, err = d.own(r, by, code); err != nil {
			return err
		}
		if record, err = set.schema.Record(data); err != nil {
			return asRejected(code, err)
		}
		request = set.requested(d.ledger, id, record.JSON)
		done, same, err = d.putBefore(r, set, request, record)
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
		Groups: groups, Same: same, Statement: act,
	})
	return d.put(put), err
}

func (d *Desk) put(p putResult) Put {
	return Put{Entry: p.Entry.In(d.ledger.Names()), Replaced: p.Replaced, Unchanged: p.Unchanged}
}

// putBefore returns what came of the same request before; the zero value: it is the first time.
// same is the record that is there already and is the same as a whole: a request that nobody can
// repeat is answered with it at once.
func (d *Desk) putBefore(r *state.Reader, set dataset, request book.Request, record rows.Record) (done Put, same ledger.Ref, err error) {
	put, came, err := commandPut.Before(r, d.ledger, request)
	if err != nil || came {
		return d.put(put), ledger.None, err
	}
	now, ok := newView(r).current(set.Code, d.keyMAC(set.Code, record.Key))
	if !ok || !d.holds(r, now.Index, record.JSON) {
		return Put{}, ledger.None, nil
	}
	if same = ledger.RefTo(now.Index); request.ID.IsZero() {
		return d.put(putResult{Entry: same, Unchanged: true}), same, nil
	}
	return Put{}, same, nil
}
