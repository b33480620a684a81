package epochs

import (
	"context"
	"encoding/json"
	"time"

	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/node/ground/book"
	"xietong/node/ground/host"
)

// commandChecked records the word of a person by which an epoch is settled that was begun without
// it. The entry that begins an epoch says itself whether a person had looked by then.
const commandChecked book.Command[checkedBody, ledger.Ref] = 85

// Register adds this room's command.
func Register(r *state.Registry) { commandChecked.Handle(r, applyChecked) }

type checkedBody struct {
	_         struct{} `cbor:",toarray"`
	Epoch     uint64
	From, To  uint64 // what is lost
	Statement book.Statement
}

func applyChecked(tx *state.Tx, b checkedBody) (ledger.Ref, error) {
	return b.Statement.Append(tx, ledger.Head{Kind: ledger.KindEpochChecked, Epoch: b.Epoch, From: b.From, To: b.To})
}

// checkedType is the content type of the payload of the entry.
const checkedType = "application/vnd.xietong.epoch-checked+json"

// checked is the payload of the entry.
type checked struct {
	Replica string `json:"replica"`
	Begun   string `json:"epoch_begun_by"` // the entry
	From    uint64 `json:"lost_from"`
	To      uint64 `json:"lost_to"`
	Acts    int    `json:"acts_known"`
	Whole   bool   `json:"all_known,omitempty"` // those are all
	Reason  string `json:"reason"`
}

// word is the request by which a person says that they looked through what may have ended.
func (d *Desk) word(id identity.Message, reason string) book.Request {
	return book.ByNode(d.Own, id, []byte("ledger checked\n"+reason))
}

// came returns the entry of a word that came before under the same id, whatever it said.
func (d *Desk) came(ctx context.Context, id identity.Message, reason string) (entry identity.Entry, came bool, err error) {
	if ref, came, err := commandChecked.Came(ctx, d.Own, d.word(id, reason)); came && err == nil {
		return ref.In(d.Own.Names()), true, nil
	}
	return d.Own.Came(ctx, id, reason)
}

// settle settles an epoch that was begun, with what is known by now: a person looked through what
// may have ended. It returns the entry that records their word: where the epoch was begun with it,
// or was said to have lost more with it, that is the one which says so.
func (d *Desk) settle(ctx context.Context, id identity.Message, reason string, q *host.QuestionError) (entry identity.Entry, err error) {
	b, unsettled, err := d.unsettled(func(b host.Begun) bool { return b.Epoch == q.Epoch })
	if err == nil && !unsettled { // it was settled meanwhile
		err = host.ErrNotInQuestion
	}
	if err != nil {
		return entry, err
	}
	entry = d.Own.Names().Entry(b.Said)
	said := b.Lost.Checked
	b.Lost.Checked = true
	all, err := d.allLost(ctx, b, time.Since(q.Since))
	if err == nil && !said {
		c := checked{Replica: q.Replica.String(), Begun: d.Own.Names().Entry(b.Lost.Entry).String(), From: b.Lost.From, To: max(b.Lost.From, b.Seen.Checkpoint.Size), Whole: true, Reason: reason}
		for _, k := range all {
			c.Acts, c.Whole = c.Acts+len(k.acts), c.Whole && k.whole
		}
		entry, err = d.record(ctx, d.word(id, reason), b.Epoch, c)
	}
	if err == nil {
		err = d.finish(ctx, b, all)
	}
	return entry, err
}

// record records the word of a person on an epoch, once for a request.
func (d *Desk) record(ctx context.Context, q book.Request, epoch uint64, c checked) (entry identity.Entry, err error) {
	payload, err := json.Marshal(c)
	if err != nil {
		return entry, err
	}
	statement, err := d.Own.Note(checkedType, payload)
	if err != nil {
		return entry, err
	}
	body := checkedBody{Epoch: epoch, From: c.From, To: c.To, Statement: statement}
	return book.Enter(ctx, d.Own, commandChecked, q, body)
}
