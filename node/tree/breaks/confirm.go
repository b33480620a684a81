package breaks

import (
	"context"
	"fmt"
	"time"

	"xietong/certs/identity"
	"xietong/certs/trust"
	"xietong/consensus/state"
	"xietong/node/ground/book"
	"xietong/node/ground/text"
)

// Confirmable reports whether this jurisdiction stands two levels above another: whether its
// confirmation ends a wait.
func (s *Store) Confirmable(of identity.Jurisdiction) bool {
	parent, ok := of.Parent()
	if !ok {
		return false
	}
	above, ok := parent.Parent()
	return ok && above == s.own.Name()
}

// Settled reports whether a key set has been believed here for as long as one waits, so that nobody
// who saw it then waits for it still.
func (s *Store) Settled(ctx context.Context, pin trust.Pin) (settled bool, err error) {
	err = s.own.View(ctx, func(r *state.Reader) error {
		m, known := memories.Load(r, []byte(pin.Name().String()))
		hash := pin.Hash()
		settled = known && m.Now.is(pin.Number(), hash[:]) && s.now().Sub(time.UnixMilli(int64(m.Since))) > Wait
		return nil
	})
	return settled, err
}

// Confirm records that somebody here compared the fingerprint of a key set with its owner, a child
// of a child, and why. From then on the confirmation goes along with its chain (see Confirmation).
// The caller has verified that the key set is endorsed now. The error is text.NotConfirmable for a
// jurisdiction that does not stand two levels below.
func (s *Store) Confirm(ctx context.Context, id identity.Message, pin trust.Pin, reason string) (identity.Entry, error) {
	if !s.Confirmable(pin.Name()) {
		return identity.Entry{}, s.notConfirmable(pin.Name())
	}
	if err := text.Recordable("reason", reason); err != nil {
		return identity.Entry{}, err
	}
	hash := pin.Hash()
	payload, err := confirmed{Of: pin.Name(), Number: pin.Number(), Hash: hash[:], Reason: reason}.encode()
	if err != nil {
		return identity.Entry{}, err
	}
	b := confirmBody{Of: pin.Name(), Number: pin.Number(), Hash: hash[:]}
	if b.Statement, err = s.own.Note(ConfirmationType, payload); err != nil {
		return identity.Entry{}, err
	}
	return book.Enter(ctx, s.own, commandConfirm, book.ByNode(s.own, id, payload), b)
}

func (s *Store) notConfirmable(of identity.Jurisdiction) error {
	return text.Fail(text.NotConfirmable, text.Args{"name": of.String(), "jurisdiction": s.own.Name().String()}, nil)
}

// Confirmation returns the signed confirmation of a child of a child, as of now; nil where there is
// none. It is given for as long as a key set is remembered to wait.
func (s *Store) Confirmation(ctx context.Context, of identity.Jurisdiction) (signed []byte, err error) {
	if !s.Confirmable(of) {
		return nil, nil
	}
	var c confirmation
	var known bool
	err = s.own.View(ctx, func(r *state.Reader) error {
		c, known = confirmations.Load(r, []byte(of.String()))
		return nil
	})
	since, now := time.UnixMilli(int64(c.Since)), s.now()
	if err != nil || !known || now.Sub(since) > Remembered {
		return nil, err
	}
	if now.Before(since) { // ledger time is ahead of this clock a little
		now = since
	}
	pin, err := trust.NewPin(of, c.Number, c.Hash)
	if err == nil {
		signed, err = trust.SignConfirmation(pin, since, now, s.signer())
	}
	if err != nil {
		return nil, fmt.Errorf("confirm the keys of %s: %w", of, err)
	}
	return signed, nil
}
