package host

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"xietong/certs/authority"
	"xietong/certs/canon"
	"xietong/certs/identity"
	"xietong/certs/trust"
	"xietong/consensus/state"
	"xietong/node/ground/book"
)

const (
	keySetType = "application/vnd.xietong.key-set+cbor"
	// UseAfter is how long, at most, an endorsed key set waits for all neighbours to know it. A
	// neighbour with a link asks every five minutes; any other learns of the key set at the door,
	// or by a message that it cannot verify. It is well below trust.Grace, for which the key set
	// before still counts.
	UseAfter = 30 * time.Minute
	// RenewAfter is how old a key set must be before an administrator may have the next one made,
	// unless it is a revocation, or names another recovery key. All have a pace beside (see
	// pauses).
	RenewAfter = time.Hour
	// UseBefore is how long before the end of the keys in use a published key set is used, even if
	// not all neighbours know it. A neighbour that does not know it learns of it at the door, but a
	// signature made after the end of its key is never believed.
	UseBefore = time.Hour
)

// openKeys prepares the keys when the jurisdiction is opened. (1) It proposes key set 1, unless the
// ledger has it; also the one with which a jurisdiction goes on anew. (2) It refuses a folder whose
// keys differ from the key set that the folder says is in use, or that lacks the keys of the next
// one. (3) It renews keys whose certificates ended while the machine was off, because a signature
// by such a key would not be believed.
func (h *Host) openKeys(ctx context.Context) error {
	have, err := h.KeySets(ctx)
	if err != nil {
		return err
	}
	if len(have) == 0 {
		signed, _, err := h.authority.FirstKeySet(h.Log().Epoch())
		if err != nil {
			return err
		}
		if err := h.publish(ctx, book.Request{}, 1, []trust.ReplicaKeys{h.authority.Keys()}, signed); err != nil {
			return err
		}
	}
	if len(have) > 0 && h.anew.Load() != nil {
		if err := h.beginChain(ctx, have); err != nil {
			return err
		}
	}
	var sets []datedKeySet
	err = h.viewOwn(ctx, func(r *state.Reader) error {
		sets, err = h.keys.walk(r)
		return err
	})
	if err != nil {
		return err
	}
	if err := errors.Join(h.checkKeys(sets), h.checkRecovery(sets[0].Pin())); err != nil {
		return err
	}
	if written, err := h.authority.KeepRecovery(sets[0].RecoveryKey); err != nil || written {
		h.logger.Warn("recovery.pub was missing or damaged", "written_anew", written, "error", err)
	}
	if err := h.authority.CheckIssuer(); err != nil {
		h.logger.Error("no link can be made: the CA's key cannot be used", "error", err)
	}
	if !h.alone() { // the upkeep does it, with the others
		return nil
	}
	for range 2 { // the key set that was published before may have ended too
		if !h.ending(h.now()) {
			return nil
		}
		if err := h.RenewKeys(ctx, func(uint64) bool { return false }); err != nil {
			h.logger.Warn("keys that have ended were not renewed", "error", err)
		}
	}
	return nil
}

// checkRecovery refuses the recovery statement of another key set.
func (h *Host) checkRecovery(first trust.Pin) error {
	statement := h.recovery.Load()
	if statement == nil {
		return nil
	}
	pin, err := trust.RecoveryFor(*statement)
	if err == nil && pin != first {
		err = fmt.Errorf("it is for %s, and not for %s", pin, first)
	}
	if err != nil {
		return &PartError{PartRecovery, filepath.Join(h.dir, recoveryFile), err}
	}
	return nil
}

// RemovedError says that the newest key set lists this replica no more: it was removed from the
// group, and the same number never comes back.
type RemovedError struct {
	Replica identity.Replica
	Number  uint64 // of the key set; 0: raft is without it, or others said so
}

func (e *RemovedError) Error() string {
	if e.Number == 0 {
		return fmt.Sprintf("this replica, %s, was removed from the group", e.Replica)
	}
	return fmt.Sprintf("this replica was removed from the group: key set %d does not list %s", e.Number, e.Replica)
}

// checkKeys checks that the keys in use on this machine belong to their key set. Where the replica
// is alone, that is the newest key set or the one before, and the keys of the newest one are here:
// only a revocation is published while the key set before it is not in use, so any other state is
// a copy from another time. A replica that others are beside may have been away, and one that no
// key set has listed yet waits for the first that does.
func (h *Host) checkKeys(sets []datedKeySet) error {
	number, newest := h.authority.InUse(), sets[len(sets)-1]
	switch listed := newest.LogKey(h.Replica()) != nil; {
	case number == 1 && sets[0].LogKey(h.Replica()) == nil && (listed || !h.alone()):
		return nil
	case !listed:
		return &RemovedError{h.Replica(), newest.Number}
	}
	waits := func(k datedKeySet) bool { return h.alone() && k.Number > number+1 && !k.Revokes }
	if number > newest.Number || slices.ContainsFunc(sets, waits) {
		return fmt.Errorf("%w: number %d is in use here, the ledger has %d: one of them is an older copy", authority.ErrOtherKeys, number, newest.Number)
	}
	if err := h.authority.Check(sets[number-1].KeySet); err != nil || number == newest.Number || !h.alone() {
		return err
	}
	return h.authority.Holds(newest.KeySet)
}

// ending reports whether a certificate in use has ended, or ends within UseBefore.
func (h *Host) ending(now time.Time) bool { return h.authority.Ended(now.Add(UseBefore)) }

// published returns the ledger's key sets, verified.
func (h *Host) published(ctx context.Context) (sets []datedKeySet, err error) {
	err = h.View(ctx, func(r *state.Reader) error {
		sets, err = h.keys.walk(r)
		return err
	})
	return sets, err
}

// publish proposes a signed key set for a request. It returns a *KeysError where another key set
// has the number by now; of a key set that nobody asked for it does not matter, because what stands
// there is read next.
func (h *Host) publish(ctx context.Context, q book.Request, number uint64, listed []trust.ReplicaKeys, signed []byte) error {
	change, err := h.keySetChange(number, listed, signed)
	if err != nil {
		return err
	}
	body, err := canon.Marshal(change)
	if err != nil {
		return err
	}
	_, err = h.Propose(ctx, state.KindKeySet, q, body)
	refusal, refused := errors.AsType[*state.Refusal](err)
	switch {
	case !refused || refusal.Code != state.CodeIDReused:
		return err
	case q.ID.IsZero():
		return nil
	}
	return h.sameKeySet(ctx, number, signed, err)
}

// keySetChange makes the command of a signed key set.
func (h *Host) keySetChange(number uint64, listed []trust.ReplicaKeys, signed []byte) (c state.KeySetChange, err error) {
	note, err := h.Note(keySetType, signed)
	c = state.KeySetChange{Number: number, Replicas: make([]identity.Replica, len(listed)), Signed: signed, Evidence: note.Evidence, Sealed: note.Sealed}
	for i, r := range listed {
		c.Replicas[i] = r.Replica
	}
	return c, err
}

// sameKeySet returns nil where the ledger has the key set under the number: an earlier attempt,
// whose outcome was unknown, has succeeded. Where it has none, it returns the refusal.
func (h *Host) sameKeySet(ctx context.Context, number uint64, signed []byte, refusal error) error {
	err := h.Linearize(ctx)
	if err != nil {
		return err
	}
	have, err := h.KeySets(ctx)
	switch {
	case err != nil:
		return err
	case uint64(len(have)) < number:
		return refusal
	case !bytes.Equal(have[number-1], signed):
		return &KeysError{In: h.name, Pending: number}
	}
	return nil
}

// RenewKeys looks after the keys. It is called every minute or so, and after a crash at any step
// the next call goes on. (1) Where a key in use is due, the replica that leads makes and publishes
// the next key set, but never while the one before is not in use. (2) It uses the newest key set
// that the parent has endorsed, as soon as known says that every neighbour knows its number, or
// UseAfter later; where keys were revoked, at once; and any UseBefore the end of the keys in use. A
// jurisdiction that is cut off from its parent goes on with the keys that its parent endorsed. (3)
// It forgets keys that were replaced long enough ago. It returns a *ClockError under a clock that
// is not believed. A ledger in question makes no keys; one that has begun an epoch does, since what
// ended must be ended with keys that count.
func (h *Host) RenewKeys(ctx context.Context, known func(number uint64) bool) error {
	h.renewing.Lock()
	defer h.renewing.Unlock()
	sets, now, err := h.renewable(ctx)
	if err != nil {
		return err
	}
	if h.group.Leads() && h.undecided() == nil {
		if sets, err = h.publishNext(ctx, book.Request{}, sets, now, authority.Due, nil); err != nil {
			return fmt.Errorf("renew keys: %w", err)
		}
	}
	if err := h.use(ctx, sets, now, known); err != nil {
		return fmt.Errorf("renew keys: %w", err)
	}
	return h.authority.Forget(now)
}

// renewable returns the ledger's key sets and the time by which keys are made: that of the clock,
// or the least that it can be where nobody vouches for it. What was published under a clock that
// was ahead counts as published now.
func (h *Host) renewable(ctx context.Context) ([]datedKeySet, time.Time, error) {
	now, err := h.ready(ctx, state.KindKeySet)
	if err != nil {
		return nil, now, fmt.Errorf("renew keys: %w", err)
	}
	if _, clock := h.store.Clocks(); clock.After(now) {
		now = clock
	}
	now = h.guard.least(now)
	published, err := h.published(ctx)
	if err != nil {
		return nil, now, fmt.Errorf("renew keys: %w", err)
	}
	sets := slices.Clone(published)
	for i, k := range sets {
		if k.at.After(now) {
			sets[i].at = now
		}
	}
	return sets, now, nil
}

// use uses the key set whose time has come: the newest that the parent has endorsed (a root is
// believed by whoever reads its key sets), or the newest of all shortly before the keys in use end.
func (h *Host) use(ctx context.Context, sets []datedKeySet, now time.Time, known func(number uint64) bool) error {
	e, err := h.Endorsed(ctx)
	if err != nil {
		return err
	}
	next := sets[len(sets)-1]
	since, urgent, inUse := next.at, h.ending(now) || h.ending(h.now()), h.authority.InUse()
	if e != nil && !urgent {
		next, since = sets[max(1, min(e.Number, next.Number))-1], e.SinceNewest()
	}
	if next.Number <= inUse {
		return nil
	}
	urgent = urgent || slices.ContainsFunc(sets[inUse:next.Number], func(k datedKeySet) bool { return k.Revokes })
	urgent = urgent || h.sameKeys(sets[inUse-1], next)
	if !urgent && !known(next.Number) && now.Sub(since) < UseAfter {
		return nil
	}
	if next.LogKey(h.Replica()) == nil {
		return nil
	}
	if err := h.authority.Use(next.KeySet, now); err != nil {
		return err
	}
	h.logger.Info("key set in use", "number", next.Number)
	return nil
}

// sameKeys reports whether a key set lists the keys of this replica that the one in use lists, or
// is the first to list any: nobody knows others of it that would have to be used meanwhile.
func (h *Host) sameKeys(inUse, next datedKeySet) bool {
	own := func(k datedKeySet) (keys trust.ReplicaKeys, listed bool) {
		at := slices.IndexFunc(k.Replicas, func(r trust.ReplicaKeys) bool { return r.Replica == h.Replica() })
		if at < 0 {
			return keys, false
		}
		return k.Replicas[at], true
	}
	before, listed := own(inUse)
	after, _ := own(next)
	same := bytes.Equal(before.CACert, after.CACert) && bytes.Equal(before.SigningCert, after.SigningCert)
	return !listed || same && bytes.Equal(inUse.DecryptionKey, next.DecryptionKey)
}

// publishNext publishes the next key set for a request, if a key is due or there is another reason,
// and returns all key sets. It names the recovery key, where one is given, or else the one before.
func (h *Host) publishNext(ctx context.Context, q book.Request, sets []datedKeySet, now time.Time, why authority.Reason, recovery ed25519.PublicKey) ([]datedKeySet, error) {
	newest := sets[len(sets)-1]
	if newest.Number != h.authority.InUse() && why != authority.Revoke {
		return sets, nil
	}
	next, made, err := h.authority.Next(newest.KeySet, sets[decryptionSince(sets, newest.KeySet)].at, now, why)
	if err != nil || !made {
		return sets, err
	}
	if recovery != nil {
		next.RecoveryKey = recovery
	}
	if err := h.publishSigned(ctx, q, newest.KeySet, next); err != nil {
		return nil, err
	}
	return h.published(ctx)
}

// proofFrom returns the number with which the own level of a receipt begins: the key set before the
// newest at the time of the entry, which may not have been in use yet, or the endorsed one where
// that is earlier. At a root it is number 1, for those who pin it.
func (h *Host) proofFrom(ctx context.Context, index uint64) (number uint64, err error) {
	e, err := h.Endorsed(ctx)
	if e == nil || err != nil {
		return 1, err
	}
	err = h.View(ctx, func(r *state.Reader) error {
		for {
			at, ok := r.KeySetIndex(number + 1)
			if !ok || at > index {
				break
			}
			number++
		}
		return nil
	})
	return min(max(number, 2)-1, e.Number), err
}
