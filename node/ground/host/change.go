package host

import (
	"context"
	"crypto/ed25519"
	"encoding/binary"
	"fmt"
	"time"

	"xietong/certs/authority"
	"xietong/certs/canon"
	"xietong/certs/identity"
	"xietong/consensus/state"
	"xietong/node/ground/book"
)

// KeysError says why no key set can be made now: one that was published before is not in use yet,
// or it is too soon after the last.
type KeysError struct {
	In      identity.Jurisdiction
	Pending uint64    // the number that waits; 0: none
	Again   time.Time // when the next may be made
}

func (e *KeysError) Error() string {
	if e.Pending > 0 {
		return fmt.Sprintf("key set %d is not in use yet", e.Pending)
	}
	return fmt.Sprintf("the next key set may be made after %s", e.Again.UTC().Format(time.RFC3339))
}

// Change says what the next key set changes beside the signing key.
type Change struct {
	Revoke   bool              // nothing of the one before counts any more, and RenewAfter is not waited for
	Recovery ed25519.PublicKey // the recovery key from then on; nil: the one before
	Try      bool              // make nothing: say only whether it would be made, and its number
}

// asked is what is asked for under an id, in the state as it is: all of it stands in the key set.
type asked struct {
	_        struct{} `cbor:",toarray"`
	Revoke   bool
	Recovery []byte
}

// request returns the change as a request of whoever runs the jurisdiction.
func (h *Host) request(id identity.Message, c Change) (book.Request, error) {
	data, err := canon.Marshal(asked{Revoke: c.Revoke, Recovery: append([]byte{}, c.Recovery...)})
	return book.ByNode(h, id, data), err
}

// NewKeys makes and publishes the next key set at once, and returns its number. The same change
// again under the same id gets the same number, as every command does, and another change under it
// is refused with state.CodeIDReused. A revocation says that nothing of the key sets before counts
// any more, and waits neither for RenewAfter nor for a key set that is not in use yet, because a
// thief of that is one, too; there are few in a day (see pauses). The error may be a *KeysError, a
// *ChainError at a root that has no room for more, or wraps trust.ErrInvalid for a recovery key
// that is none.
func (h *Host) NewKeys(ctx context.Context, id identity.Message, change Change) (number uint64, err error) {
	h.renewing.Lock()
	defer h.renewing.Unlock()
	q, err := h.request(id, change)
	if err != nil {
		return 0, err
	}
	if number, err := h.madeBefore(ctx, q); number > 0 || err != nil {
		return number, err
	}
	sets, now, err := h.changeable(ctx, change)
	if err != nil {
		return 0, err
	}
	began, err := h.authority.Began(sets[len(sets)-1].Number + 1)
	if err != nil {
		return 0, fmt.Errorf("renew keys: %w", err)
	}
	if change.Try {
		return numberOf(sets, change, began), nil
	}
	why := authority.Wanted
	if change.Revoke {
		why = authority.Revoke
	}
	if change.Revoke && began {
		if sets, err = h.publishBegun(ctx, sets, now); err != nil {
			return 0, fmt.Errorf("renew keys: %w", err)
		}
	}
	if sets, err = h.publishNext(ctx, q, sets, now, why, change.Recovery); err != nil {
		return 0, fmt.Errorf("renew keys: %w", err)
	}
	return sets[len(sets)-1].Number, nil
}

// numberOf returns the number of the key set that a change makes. began says that keys for the next
// number exist.
func numberOf(sets []datedKeySet, change Change, began bool) uint64 {
	next := sets[len(sets)-1].Number + 1
	if change.Revoke && began {
		next++ // see publishBegun
	}
	return next
}

// publishBegun publishes the key set of keys that were made for the next number, and never
// published, before they are revoked: they may have been stolen too. To remove them would not do:
// whether a proposal whose outcome was unknown still comes into the ledger, nobody can say.
func (h *Host) publishBegun(ctx context.Context, sets []datedKeySet, now time.Time) ([]datedKeySet, error) {
	return h.publishNext(ctx, book.Request{}, sets, now, authority.Revoke, nil)
}

// madeBefore returns the number of the key set that was made for the request when it came before;
// 0: it did not.
func (h *Host) madeBefore(ctx context.Context, q book.Request) (number uint64, err error) {
	err = h.View(ctx, func(r *state.Reader) error {
		answer, used := r.Answer(state.Command{Kind: state.KindKeySet, Origin: q.Origin, ID: q.ID, Asked: q.Asked})
		if !used || answer.Err() != nil {
			return answer.Err()
		}
		index := binary.BigEndian.Uint64(answer.Data)
		for at, is := uint64(0), true; is && at < index; at, is = r.KeySetIndex(number) {
			number++
		}
		return nil
	})
	return number, err
}

// changeable returns the ledger's key sets and the time by which keys are made, where the change
// may be made now.
func (h *Host) changeable(ctx context.Context, change Change) ([]datedKeySet, time.Time, error) {
	sets, now, err := h.renewable(ctx)
	if err != nil {
		return nil, now, err
	}
	newest := sets[len(sets)-1]
	if !change.Revoke && newest.Number != h.authority.InUse() {
		return nil, now, &KeysError{In: h.name, Pending: newest.Number}
	}
	if err := h.paced(sets, now, change); err != nil {
		return nil, now, err
	}
	return sets, now, h.roomFor(ctx, newest, now, change)
}
