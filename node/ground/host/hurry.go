package host

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"xietong/certs/authority"
	"xietong/certs/identity"
	"xietong/certs/trust"
)

// One replica in bad hands can ask another one to sign the next key set as often as it likes, and
// with its own signature that is a majority of three. So whoever signs looks at the pace, too: what
// an honest replica would not ask for, nobody signs.

// signsEarly is how much sooner than by its own clock a replica signs: two clocks differ.
const signsEarly = time.Minute

// mayRenew refuses a key set of the same replicas that changes nothing, that nobody could be handed
// any more, or that comes too soon: no key of the replica that asks is due, and it is not the time
// for a change that an administrator asks for. Of those one more is signed than is made: keys that
// were made and never published are published, and then revoked, at once. The error wraps
// ErrKeySet.
func (h *Host) mayRenew(ctx context.Context, from identity.Replica, next trust.KeySet) error {
	sets, err := h.published(ctx)
	if err != nil {
		return err
	}
	newest := sets[len(sets)-1]
	if !sameMembers(newest.KeySet, next) {
		return nil // each was admitted, or removed, by a command; see maySign
	}
	if next.Number != newest.Number+1 || !changes(newest.KeySet, next) {
		return fmt.Errorf("%w: it changes nothing of number %d", ErrKeySet, newest.Number)
	}
	data, err := next.Encode()
	if err == nil {
		err = h.fits(ctx, data)
	}
	if err != nil {
		return errors.Join(ErrKeySet, err)
	}
	now := h.now()
	if _, clock := h.store.Clocks(); clock.After(now) {
		now = clock
	}
	now = now.Add(signsEarly)
	change := Change{Revoke: next.Revokes}
	if !bytes.Equal(next.RecoveryKey, newest.RecoveryKey) {
		change.Recovery = next.RecoveryKey
	}
	due, err := dueOf(sets, from)
	if err != nil || !change.Revoke && change.Recovery == nil && !now.Before(due) {
		return err
	}
	if err = h.paced(sets[:max(1, len(sets)-1)], now, change); err == nil {
		err = h.roomFor(ctx, newest, now, change)
	}
	if err != nil {
		return fmt.Errorf("%w: it comes too soon: %w", ErrKeySet, err)
	}
	return nil
}

// dueOf returns when the keys of a replica are due by themselves: by its certificates, but no
// sooner than half a term after the ledger listed the newest of them. What it lists for itself it
// may have written as it likes.
func dueOf(sets []datedKeySet, of identity.Replica) (time.Time, error) {
	newest := sets[len(sets)-1]
	due, err := authority.DueIn(newest.KeySet, of, sets[decryptionSince(sets, newest.KeySet)].at)
	if err != nil {
		return due, err
	}
	keys := keysOf(newest.KeySet, of)
	since := slices.IndexFunc(sets, func(k datedKeySet) bool { return keysOf(k.KeySet, of).Equal(keys) })
	if least := sets[since].at.Add(authority.LeastDue); due.Before(least) {
		due = least
	}
	return due, nil
}

// keysOf returns the keys of a replica in a key set; none where that does not list it.
func keysOf(k trust.KeySet, of identity.Replica) (keys trust.ReplicaKeys) {
	for _, r := range k.Replicas {
		if r.Replica == of {
			keys = r
		}
	}
	return keys
}

func sameMembers(newest, next trust.KeySet) bool {
	return slices.EqualFunc(newest.Replicas, next.Replicas, func(a, b trust.ReplicaKeys) bool { return a.Replica == b.Replica })
}

// changes reports whether a key set has something else than the one before.
func changes(newest, next trust.KeySet) bool {
	return next.Revokes || !bytes.Equal(newest.RecoveryKey, next.RecoveryKey) || !bytes.Equal(newest.DecryptionKey, next.DecryptionKey) ||
		!slices.EqualFunc(newest.Replicas, next.Replicas, trust.ReplicaKeys.Equal)
}
