package selfcheck

import (
	"context"

	"xietong/certs/identity"
	"xietong/consensus/state"
	"xietong/node/ground/book"
)

// The commands of this room. Their numbers are those of docs/protocol.md.
const (
	commandAlarms      book.Command[alarms, book.Nothing]   = 28
	commandAcknowledge book.Command[acknowledgment, uint64] = 32
)

// The most alarms that are kept, and the bytes of them: each is below 8 KiB, of which the signed
// part of an answer is 4 KiB at most (see relay.Evidence), and what it says maxPreimage.
const (
	mostAlarms = 8
	maxAlarms  = 80 << 10
)

var (
	kept       = book.Bucket[alarms]{Name: "self-check", Max: maxAlarms, Large: true}
	keyOfAlarm = []byte("alarms")
)

// alarms are all that stand now.
type alarms struct {
	_        struct{} `cbor:",toarray"`
	Findings []Finding
}

// acknowledgment ends all alarms that stand; its result is how many there were.
type acknowledgment struct {
	_     struct{} `cbor:",toarray"`
	Ended uint64
}

// Register adds this room's commands and bucket.
func Register(r *state.Registry) {
	kept.Keep(r)
	commandAlarms.Handle(r, func(tx *state.Tx, a alarms) (done book.Nothing, err error) {
		return done, kept.Save(tx, keyOfAlarm, a)
	})
	commandAcknowledge.Handle(r, func(tx *state.Tx, a acknowledgment) (ended uint64, err error) {
		return a.Ended, kept.Save(tx, keyOfAlarm, alarms{Findings: []Finding{}})
	})
}

// save makes the findings all alarms that stand.
func save(ctx context.Context, l book.Ledger, f []Finding) error {
	_, err := commandAlarms.Do(ctx, l, book.Request{}, alarms{Findings: append([]Finding{}, f...)})
	return err
}

// acknowledge ends the alarms, of which there are so many. again says that the same request came
// before under its id; ended is how many there were then.
func acknowledge(ctx context.Context, l book.Ledger, id identity.Message, n int) (ended int, again bool, err error) {
	q := book.ByNode(l, id, []byte("acknowledge"))
	var were uint64
	err = l.View(ctx, func(r *state.Reader) (err error) {
		were, again, err = commandAcknowledge.Before(r, l, q)
		return err
	})
	if err == nil && !again {
		were, err = commandAcknowledge.Do(ctx, l, q, acknowledgment{Ended: uint64(n)})
	}
	return int(were), again, err
}

// load returns the alarms that stand; damaged says why they cannot be read.
func load(ctx context.Context, l book.Ledger) (f []Finding, damaged, err error) {
	err = l.View(ctx, func(r *state.Reader) error {
		a, _, err := kept.Read(r, keyOfAlarm)
		if damaged = err; err == nil {
			f = a.Findings
		}
		return nil
	})
	return f, damaged, err
}
