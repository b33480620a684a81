package breaks

import (
	"context"
	"fmt"
	"time"

	"xietong/certs/identity"
	"xietong/certs/trust"
	"xietong/consensus/state"
	"xietong/exchange/envelope"
	"xietong/exchange/relay"
	"xietong/node/ground/book"
	"xietong/node/ground/operation"
	"xietong/node/ground/text"
)

// objections is the operation by which a jurisdiction hands an objection to one that verifies.
// Whoever asks may bring it, since the keys from before signed it: the owner may not be believed by
// its new keys nor by its old ones.
const objections operation.Operation[objection, book.Nothing] = "object"

// objection is the parameter of the operation.
type objection struct {
	_   struct{} `cbor:",toarray"`
	Doc []byte   // see trust.SignObjection
}

// Check bounds the document.
func (o objection) Check() error {
	if len(o.Doc) == 0 || len(o.Doc) > trust.MaxObjectionLen {
		return fmt.Errorf("an objection of %d bytes, not 1 to %d", len(o.Doc), trust.MaxObjectionLen)
	}
	return nil
}

// Serve registers the operation.
func (s *Store) Serve(in *relay.Registry) {
	objections.Serve(in, func(ctx context.Context, _ relay.Received, o objection) (done book.Nothing, err error) {
		return done, s.Object(ctx, o.Doc)
	})
}

// Asker asks other jurisdictions; *relay.Relay is one.
type Asker interface {
	Ask(ctx context.Context, id identity.Message, to identity.Jurisdiction, call envelope.Call) (relay.Answer, error)
}

// Bring hands an objection to another jurisdiction. The error is a *relay.Problem, with the codes
// of Object where that jurisdiction refuses it.
func Bring(ctx context.Context, by Asker, to identity.Jurisdiction, doc []byte) error {
	call, err := objections.Call(objection{Doc: doc})
	if err != nil {
		return err
	}
	id, err := identity.NewMessage()
	if err != nil {
		return err
	}
	if _, err = by.Ask(ctx, id, to, call); err != nil {
		return fmt.Errorf("bring an objection to %s: %w", to, err)
	}
	return nil
}

// Object takes an objection to a key set that waits here, and remembers it. The error is
// text.NotPossessed where the keys that were believed last did not sign it, and text.NothingWaits
// where no such key set waits.
func (s *Store) Object(ctx context.Context, doc []byte) error {
	to, err := trust.ObjectionTo(doc)
	if err != nil {
		return text.Fail(text.BadRequest, text.Args{"where": string(objections), "reason": err.Error()}, err)
	}
	for range attempts {
		c, changed, err := s.objected(ctx, to.Name(), doc)
		if err != nil {
			return fmt.Errorf("take an objection: %w", err)
		}
		done := !changed
		if !done {
			if done, err = commandRemember.Do(ctx, s.own, book.Request{}, []change{c}); err != nil {
				return fmt.Errorf("remember an objection: %w", err)
			}
		}
		if done {
			return nil
		}
	}
	return s.busy(time.Second)
}

// objected returns the change that an objection makes; changed is false where it makes none.
func (s *Store) objected(ctx context.Context, of identity.Jurisdiction, doc []byte) (c change, changed bool, err error) {
	now := uint64(s.now().UnixMilli())
	args := text.Args{"name": of.String(), "jurisdiction": s.own.Name().String()}
	err = s.own.View(ctx, func(r *state.Reader) error {
		m, known := memories.Load(r, []byte(of.String()))
		if !known || len(m.remembered(now)) == 0 { // nothing is verified for whoever asks about nobody
			return text.Fail(text.NothingWaits, args, nil)
		}
		to, paper, err := trust.OpenObjection(doc, trust.Objecting{LogKeys: m.Now.LogKeys, Recovery: m.Now.paper(now)})
		if err != nil {
			return text.Fail(text.NotPossessed, args, err)
		}
		next, ok := m.object(to, paper, now)
		if !ok {
			return text.Fail(text.NothingWaits, args, nil)
		}
		hash := to.Hash()
		for i, w := range m.Waiting {
			if w.Number == to.Number() && string(w.Hash) == string(hash[:]) {
				changed = next.objectedAt(w) != m.Waiting[i].Objected
			}
		}
		c = change{Of: of, From: digest(r, of), To: next}
		return nil
	})
	return c, changed, err
}

// objectedAt returns who objected to a key set that waits.
func (m memory) objectedAt(to waiting) uint64 {
	for _, w := range m.Waiting {
		if w.Number == to.Number && string(w.Hash) == string(to.Hash) {
			return w.Objected
		}
	}
	return nobody
}
