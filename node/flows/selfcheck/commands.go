package selfcheck

import (
	"context"

	"xietong/consensus/state"
	"xietong/node/ground/book"
)

// The command of this room. Its number is that of docs/protocol.md.
const commandAlarms book.Command[alarms, book.Nothing] = 28

// The most alarms that are kept, and the bytes of them: each is below 8 KiB, of which the signed
// part of an answer is 4 KiB at most (see relay.Evidence), and what it says maxPreimage.
const (
	mostAlarms = 8
	maxAlarms  = 80 << 10
)

var (
	kept       = book.Bucket[alarms]{Name: "self-check", Max: maxAlarms}
	keyOfAlarm = []byte("alarms")
)

// alarms are all that stand now.
type alarms struct {
	_        struct{} `cbor:",toarray"`
	Findings []Finding
}

// Register adds this room's command and bucket.
func Register(r *state.Registry) {
	kept.Keep(r)
	commandAlarms.Handle(r, func(tx *state.Tx, a alarms) (done book.Nothing, err error) {
		return done, kept.Save(tx, keyOfAlarm, a)
	})
}

// save makes the findings all alarms that stand.
func save(ctx context.Context, l book.Ledger, f []Finding) error {
	_, err := commandAlarms.Do(ctx, l, book.Request{}, alarms{Findings: append([]Finding{}, f...)})
	return err
}

// load returns the alarms that stand.
func load(ctx context.Context, l book.Ledger) (f []Finding, err error) {
	err = l.View(ctx, func(r *state.Reader) error {
		a, _ := kept.Load(r, keyOfAlarm)
		f = a.Findings
		return nil
	})
	return f, err
}
