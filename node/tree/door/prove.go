package door

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"xietong/certs/canon"
	"xietong/certs/identity"
	"xietong/certs/trust"
	"xietong/exchange/budget"
	"xietong/node/ground/roster"
	"xietong/node/ground/text"
)

// MaxStale is how many names one request of stale may hold.
const MaxStale = 64

// Wanted is a request for a chain.
type Wanted struct {
	Name   identity.Jurisdiction
	Oldest time.Duration // greatest age of the chain, to the millisecond
	Wait   time.Duration // how long the asker waits for the answer, to the millisecond
	// From, where it is not 0, asks for no chain but for the key sets of Name from that number on:
	// as many as are handed on at once, in one level without anything else. Whoever verifies by a
	// key set that a chain does not show any more asks so, step by step.
	From uint64
}

// wanted is the body of opProve.
type wanted struct {
	_      struct{} `cbor:",toarray"`
	Name   identity.Jurisdiction
	Oldest uint32 // ms
	Wait   uint32 // ms
	From   uint64 // 0: the chain
}

func (d Door) prove(ctx context.Context, peer identity.Jurisdiction, body []byte) ([]trust.Level, error) {
	var w wanted
	if err := unmarshal(body, &w); err != nil {
		return nil, err
	}
	return d.Prove(ctx, peer, Wanted{Name: w.Name, Oldest: duration(w.Oldest), Wait: duration(w.Wait), From: w.From})
}

func (d Door) stale(peer identity.Jurisdiction, body []byte) error {
	var names []identity.Jurisdiction
	if err := unmarshal(body, &names); err != nil {
		return err
	}
	if len(names) > MaxStale {
		return text.Fail(text.BadRequest, text.Args{"where": "xietong-join/1", "reason": fmt.Sprintf("%d names", len(names))}, nil)
	}
	for _, below := range names {
		d.Stale(peer, below)
	}
	return nil
}

func (d Door) roster(ctx context.Context, body []byte) ([]byte, error) {
	var than uint64
	if err := unmarshal(body, &than); err != nil {
		return nil, err
	}
	proof, err := d.Roster(ctx, than)
	return append([]byte{}, proof...), err
}

// What neighbours may ask of pieces: those of a longest list twice at once, and then more at a
// quarter of a megabyte a second at most. Whoever stands at the door shares one part.
const (
	piecesAtOnce    = 2 * roster.MaxPieces
	piecesPerSecond = 4
)

// NewPieces returns the budget of the pieces that each neighbour asks for, whole.
func NewPieces() *budget.Rates { // whoever asks is alone in its part, a third
	return budget.NewRates(3*piecesAtOnce, piecesPerSecond)
}

func (d Door) piece(ctx context.Context, body []byte) ([]byte, error) {
	var hash []byte
	if err := unmarshal(body, &hash); err != nil {
		return nil, err
	}
	if len(hash) != sha256.Size {
		return nil, text.Fail(text.BadRequest, text.Args{"where": "xietong-join/1", "reason": fmt.Sprintf("a hash of %d bytes", len(hash))}, nil)
	}
	payer, _ := budget.PayerOf(ctx)
	err := d.Pieces.Spend(1, payer, d.Now())
	if spent, ok := errors.AsType[*budget.SpentError](err); ok {
		return nil, busy(d.Parent.Name(), spent)
	}
	data, err := d.Piece(ctx, hash)
	return append([]byte{}, data...), err
}

// AskPiece asks a neighbour for the piece of a roster with the hash. Nothing of the answer is
// verified.
func AskPiece(ctx context.Context, c Asker, hash []byte) (piece []byte, err error) {
	body, err := canon.Marshal(hash)
	if err != nil {
		return nil, err
	}
	if err := ask(ctx, c, opPiece, body, &piece); err != nil {
		return nil, fmt.Errorf("ask for a piece of the roster: %w", err)
	}
	return piece, nil
}

// AskRoster asks a neighbour for the proof of a roster later than the number. The proof is empty
// where there is none. Nothing of the answer is verified.
func AskRoster(ctx context.Context, c Asker, than uint64) (proof []byte, err error) {
	body, err := canon.Marshal(than)
	if err != nil {
		return nil, err
	}
	if err := ask(ctx, c, opRoster, body, &proof); err != nil {
		return nil, fmt.Errorf("ask for the roster: %w", err)
	}
	return proof, nil
}

// AskProve asks a neighbour for a chain. Nothing of the answer is verified.
func AskProve(ctx context.Context, c Asker, w Wanted) (levels []trust.Level, err error) {
	body, err := canon.Marshal(wanted{Name: w.Name, Oldest: millis(w.Oldest), Wait: millis(w.Wait), From: w.From})
	if err != nil {
		return nil, err
	}
	if err := ask(ctx, c, opProve, body, &levels); err != nil {
		return nil, fmt.Errorf("ask for the chain of %s: %w", w.Name, err)
	}
	return levels, nil
}

// AskStale tells a neighbour the names below which something has changed. The neighbour refuses
// more than MaxStale names.
func AskStale(ctx context.Context, c Asker, below []identity.Jurisdiction) error {
	body, err := canon.Marshal(below)
	if err != nil {
		return err
	}
	var done uint64
	return ask(ctx, c, opStale, body, &done)
}

func duration(ms uint32) time.Duration { return time.Duration(ms) * time.Millisecond }

// millis returns a duration in milliseconds: 0 where it is negative, and the greatest uint32 where
// it is longer than that.
func millis(d time.Duration) uint32 { return uint32(min(max(d.Milliseconds(), 0), 1<<32-1)) }
