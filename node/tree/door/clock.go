package door

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"time"

	"xietong/certs/canon"
	"xietong/certs/identity"
	"xietong/node/ground/text"
)

// Where the clocks of two neighbours are an hour or more apart, each refuses the certificate of the
// other, so no link can tell either. The one that dials asks for the time at the door, and tells
// its own there. Both are told to people, and nothing is believed from them.

// clockContext begins what a neighbour signs that tells its clock.
const clockContext = "xietong/1 clock\n"

// mostAgree is the most that is taken for how many agree with a clock.
const mostAgree = 1000

// Clocks takes what neighbours say of their clocks.
type Clocks interface {
	// LogKey returns the log key of a neighbour's replica; nil: it is none.
	LogKey(of identity.Jurisdiction, replica identity.Replica) ed25519.PublicKey
	// Differs takes the clock of a neighbour that has no link because of it.
	Differs(from identity.Jurisdiction, says time.Time)
	// Agree returns how many others agree with the clock of this machine.
	Agree() int
}

// toldClock is the body of opClock.
type toldClock struct {
	_       struct{} `cbor:",toarray"`
	From    identity.Jurisdiction
	Replica identity.Replica
	Clock   uint64 // ms since 1970 UTC
	Proof   []byte // signature of clockInput by the replica's log key
}

// clockInput returns the bytes that the log key of a replica signs to say what its clock says: the
// connection, by 32 bytes that both ends derive from its TLS session, and the time.
func clockInput(binding [32]byte, ms uint64) []byte {
	return fmt.Appendf(nil, "%s%s%d", clockContext, binding[:], ms)
}

// clock takes the clock of a neighbour that proves to be it, and answers how many others agree with
// this machine's.
func (d Door) clock(ctx context.Context, body []byte, binding [32]byte) (uint64, error) {
	var t toldClock
	if err := unmarshal(body, &t); err != nil {
		return 0, err
	}
	key, proven := d.Clocks.LogKey(t.From, t.Replica), false
	if key != nil {
		err := d.Slots.Run(ctx, func(context.Context) error {
			proven = ed25519.Verify(key, clockInput(binding, t.Clock), t.Proof)
			return nil
		})
		if err != nil {
			return 0, err
		}
	}
	if !proven {
		return 0, text.Fail(text.NotPossessed, text.Args{"name": t.From.String()}, nil)
	}
	if t.Clock > 1<<53 {
		return 0, text.Fail(text.BadRequest, text.Args{"where": "xietong-join/1", "reason": "time"}, nil)
	}
	d.Clocks.Differs(t.From, time.UnixMilli(int64(t.Clock)))
	return uint64(d.Clocks.Agree()), nil
}

// Teller is a replica that tells its clock.
type Teller struct {
	From    identity.Jurisdiction
	Replica identity.Replica
	Sign    func([]byte) []byte // with its log key
}

// TellClock tells a neighbour at its door what the own clock says, and returns how many others
// agree with the neighbour's, as it says. A neighbour of before this operation says of nobody.
func TellClock(ctx context.Context, c Conn, by Teller, says time.Time) (agree int, err error) {
	binding, err := c.Binding()
	if err != nil {
		return 0, fmt.Errorf("tell the clock: %w", err)
	}
	t := toldClock{From: by.From, Replica: by.Replica, Clock: uint64(max(says.UnixMilli(), 0))}
	t.Proof = by.Sign(clockInput(binding, t.Clock))
	body, err := canon.Marshal(t)
	if err != nil {
		return 0, err
	}
	var others uint64
	err = ask(ctx, c, opClock, body, &others)
	if refused, is := errors.AsType[*Refused](err); is && refused.said.Code == text.BadRequest {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("tell the clock: %w", err)
	}
	return int(min(others, mostAgree)), nil
}
