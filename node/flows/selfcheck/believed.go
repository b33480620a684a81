package selfcheck

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"xietong/certs/identity"
	"xietong/exchange/budget"
	"xietong/exchange/relay"
	"xietong/node/ground/operation"
	"xietong/node/ground/text"
	"xietong/node/tree/breaks"
	"xietong/node/tree/chains"
)

// The operation of this room. Key sets are public, so no answer is recorded.
const operationBelieved operation.Operation[wanted, Belief] = "believed"

type wanted struct {
	Name identity.Jurisdiction `cbor:"1,keyasint"`
}

// Check implements the bound of operation.
func (w wanted) Check() error {
	if w.Name.IsZero() {
		return errors.New("no name")
	}
	return nil
}

// Belief is the key set that a jurisdiction believes for another.
type Belief struct {
	Name    identity.Jurisdiction `cbor:"1,keyasint"`
	Epoch   uint64                `cbor:"2,keyasint"`
	Number  uint64                `cbor:"3,keyasint"`
	Hash    []byte                `cbor:"4,keyasint"`
	Since   uint64                `cbor:"5,keyasint,omitempty"` // ms since 1970 UTC: when it was first endorsed; none: of a root
	AsOf    uint64                `cbor:"6,keyasint"`           // ms since 1970 UTC: the earliest that the endorsers on the way said so
	Waiting []Waiting             `cbor:"7,keyasint,omitempty"`
	Before  *Before               `cbor:"8,keyasint,omitempty"`
}

// Before is a key set that was believed in the last day and does not lead to the one that is
// believed now: whoever endorses has said two things.
type Before struct {
	_      struct{} `cbor:",toarray"`
	Number uint64
	Hash   []byte
	AsOf   uint64 // ms since 1970 UTC
}

// Waiting is a key set that will be believed from a time on, unless somebody objects.
type Waiting struct {
	_      struct{} `cbor:",toarray"`
	Number uint64
	Hash   []byte
	Until  uint64 // ms since 1970 UTC
}

// seen is when whoever told it saw it first.
func (w Waiting) seen() time.Time { return time.UnixMilli(int64(w.Until)).Add(-breaks.Wait) }

// Check implements the bound of operation.
func (b Belief) Check() error {
	if b.Name.IsZero() || b.Epoch == 0 || b.Number == 0 || len(b.Hash) != sha256.Size || b.AsOf == 0 || max(b.AsOf, b.Since) > maxTime {
		return fmt.Errorf("number %d of epoch %d, a hash of %d bytes, as of %d ms", b.Number, b.Epoch, len(b.Hash), b.AsOf)
	}
	if len(b.Waiting) > breaks.MaxWaiting {
		return fmt.Errorf("%d key sets wait, more than %d", len(b.Waiting), breaks.MaxWaiting)
	}
	for _, w := range b.Waiting {
		if w.Number == 0 || len(w.Hash) != sha256.Size || w.Until > maxTime {
			return fmt.Errorf("number %d waits, with a hash of %d bytes", w.Number, len(w.Hash))
		}
	}
	if f := b.Before; f != nil && (f.Number == 0 || len(f.Hash) != sha256.Size || f.AsOf > maxTime) {
		return fmt.Errorf("number %d was believed before, with a hash of %d bytes", f.Number, len(f.Hash))
	}
	return nil
}

// maxTime is the last time (ms since 1970 UTC) of the year 9999.
const maxTime = 253402300799999

// What a neighbour may ask: at once, and over time. To be told of oneself costs nothing that the
// message did not cost already; of another name a chain may have to be found.
const (
	atOnce    = 90  // a third of it for one branch alone
	perSecond = 0.1 // a province of a hundred counties asks for 20 in an hour through each of its cities
	ofAnother = 8
)

// Believer finds the key set that is believed for a jurisdiction; *standing.Standing is one.
type Believer interface {
	Belief(ctx context.Context, of identity.Jurisdiction) (chains.Belief, error)
}

// Serve registers this room's operation.
func Serve(in *relay.Registry, name identity.Jurisdiction, b Believer, now func() time.Time) {
	spent := budget.NewRates(atOnce, perSecond)
	operationBelieved.Serve(in, func(ctx context.Context, r relay.Received, w wanted) (Belief, error) {
		cost := 1.0
		if w.Name != r.Header.Origin {
			cost = ofAnother
		}
		payer, _ := budget.PayerOf(ctx)
		if err := spent.Spend(cost, payer, now()); err != nil {
			return Belief{}, busy(name, err)
		}
		found, err := b.Belief(ctx, w.Name)
		return told(w.Name, found), err
	})
}

func busy(name identity.Jurisdiction, err error) error {
	spent, ok := errors.AsType[*budget.SpentError](err)
	if !ok {
		return err
	}
	return text.Fail(text.Busy, text.Args{"jurisdiction": name.String(), "again": fmt.Sprint(spent.Seconds())}, err)
}

// told returns a belief as others are told it.
func told(of identity.Jurisdiction, b chains.Belief) Belief {
	if b.Number == 0 { // it was not found
		return Belief{}
	}
	hash := b.Hash()
	out := Belief{Name: of, Epoch: b.Epoch, Number: b.Number, Hash: hash[:], AsOf: uint64(b.AsOf.UnixMilli())}
	if !b.Since.IsZero() {
		out.Since = uint64(b.Since.UnixMilli())
	}
	for _, v := range b.Waiting {
		out.Waiting = append(out.Waiting, Waiting{Number: v.Number, Hash: v.Hash[:], Until: uint64(v.Until.UnixMilli())})
	}
	if f := b.Before; f != nil {
		out.Before = &Before{Number: f.Number, Hash: f.Hash[:], AsOf: uint64(f.AsOf.UnixMilli())}
	}
	return out
}
