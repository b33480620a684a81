package host

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"xietong/certs/authority"
	"xietong/certs/canon"
	"xietong/certs/identity"
	"xietong/certs/trust"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
)

const (
	keySetType = "application/vnd.xietong.key-set+cbor"
	// UseAfter is how long, at most, a published key set waits for all neighbours to know it. A
	// neighbour that has not asked for that long is cut off, and learns of the key set at the door
	// when it comes back; waiting longer would let the old keys run out.
	UseAfter = 7 * 24 * time.Hour
	// UseBefore is how long before the end of the keys in use a published key set is used, even if
	// not all neighbours know it. A neighbour that does not know it learns of it at the door, but a
	// signature made after the end of its key is never believed.
	UseBefore = time.Hour
)

// datedKeySet is a key set with the ledger time of its publication.
type datedKeySet struct {
	trust.KeySet
	at time.Time
}

// keySets remembers the ledger's verified key sets, so that unchanged key sets are verified once.
type keySets struct {
	mu     sync.Mutex // guards the fields below
	newest []byte     // as signed
	walked []datedKeySet
}

// walk verifies the ledger's key sets from number 1 on. The caller must not change the slice.
func (s *keySets) walk(r *state.Reader) ([]datedKeySet, error) {
	signed, _ := r.KeySets()
	if len(signed) == 0 {
		return nil, fmt.Errorf("%w: the ledger has none", trust.ErrInvalid)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(signed) == len(s.walked) && bytes.Equal(s.newest, signed[len(signed)-1]) {
		return s.walked, nil
	}
	pin, err := trust.PinOf(signed[0])
	if err != nil {
		return nil, err
	}
	if len(s.walked) > 0 {
		pin = s.walked[0].Pin()
	}
	sets, err := trust.Walk(pin, signed)
	if err != nil {
		return nil, err
	}
	walked := make([]datedKeySet, len(sets))
	for i, k := range sets {
		index, _ := r.KeySetIndex(k.Number)
		leaf, err := ledger.DecodeLeaf(r.Leaf(index))
		if err != nil {
			return nil, fmt.Errorf("entry of key set %d: %w", k.Number, err)
		}
		walked[i] = datedKeySet{k, time.UnixMilli(int64(leaf.Head.Time))}
	}
	s.walked, s.newest = walked, signed[len(signed)-1]
	return walked, nil
}

// pin returns the pin of key set 1, which was verified when the jurisdiction was opened.
func (s *keySets) pin() trust.Pin {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.walked[0].Pin()
}

// openKeys prepares the keys when the jurisdiction is opened. (1) It proposes key set 1, unless the
// ledger has it. (2) It refuses a folder whose keys differ from the key set that the folder says is
// in use, or that lacks the keys of the next one. (3) It renews keys whose certificates ended while
// the machine was off, because a signature by such a key would not be believed.
func (h *Host) openKeys(ctx context.Context) error {
	have, err := h.KeySets(ctx)
	if err != nil {
		return err
	}
	if len(have) == 0 {
		signed, _, err := h.authority.FirstKeySet(firstEpoch)
		if err != nil {
			return err
		}
		if err := h.publish(ctx, 1, 1, signed); err != nil {
			return err
		}
	}
	sets, err := h.published(ctx)
	if err != nil {
		return err
	}
	if err := h.checkKeys(sets); err != nil {
		return fmt.Errorf("folder %s: %w", certsFolder, err)
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

// checkKeys checks that the keys in use on this machine belong to the newest key set or to the one
// before, and that the keys of the newest one are here. A key set is published only while the one
// before it is in use, so any other state is a copy from another time.
func (h *Host) checkKeys(sets []datedKeySet) error {
	number, newest := h.authority.InUse(), sets[len(sets)-1].Number
	if number > newest || number+1 < newest {
		return fmt.Errorf("%w: number %d is in use here, the ledger has %d: one of them is an older copy", authority.ErrOtherKeys, number, newest)
	}
	if err := h.authority.Check(sets[number-1].KeySet); err != nil || number == newest {
		return err
	}
	return h.authority.Holds(sets[newest-1].KeySet)
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

// publish proposes a signed key set.
func (h *Host) publish(ctx context.Context, number, voters uint64, signed []byte) error {
	note, err := h.Note(keySetType, signed)
	if err != nil {
		return err
	}
	body, err := canon.Marshal(state.KeySetChange{
		Number: number, Voters: voters, Signed: signed, Evidence: note.Evidence, Sealed: note.Sealed,
	})
	if err != nil {
		return err
	}
	_, err = h.Propose(ctx, state.KindKeySet, identity.Message{}, nil, body)
	if refusal, ok := errors.AsType[*state.Refusal](err); ok && refusal.Code == state.CodeIDReused {
		return nil // an earlier attempt, whose outcome was unknown, has succeeded
	}
	return err
}

// RenewKeys looks after the keys. It is called every minute or so, and after a crash at any step
// the next call goes on. (1) Where a key in use is due, RenewKeys makes and publishes the next key
// set, but never while the one before is not in use. (2) It uses a published key set as soon as
// known says that every neighbour knows its number, or UseAfter later, or UseBefore the end of the
// keys in use. (3) It forgets keys that were replaced long enough ago. It does nothing on a replica
// that does not lead, and returns a *ClockError under a clock that was set back.
func (h *Host) RenewKeys(ctx context.Context, known func(number uint64) bool) error {
	h.renewing.Lock()
	defer h.renewing.Unlock()
	if !h.group.Leads() {
		return nil
	}
	if err := h.checkClock(state.KindKeySet, h.now()); err != nil {
		return fmt.Errorf("renew keys: %w", err)
	}
	sets, err := h.published(ctx)
	if err != nil {
		return fmt.Errorf("renew keys: %w", err)
	}
	now := h.now()
	if ledger := h.store.LedgerTime(); ledger.After(now) {
		now = ledger
	}
	if sets, err = h.publishNext(ctx, sets, now); err != nil {
		return fmt.Errorf("renew keys: %w", err)
	}
	newest := sets[len(sets)-1]
	if newest.Number != h.authority.InUse() && (known(newest.Number) || now.Sub(newest.at) >= UseAfter || h.ending(now)) {
		if err := h.authority.Use(newest.KeySet, now); err != nil {
			return fmt.Errorf("renew keys: %w", err)
		}
		h.logger.Info("key set in use", "number", newest.Number)
	}
	return h.authority.Forget(now)
}

// publishNext publishes the next key set, if a key is due, and returns all key sets.
func (h *Host) publishNext(ctx context.Context, sets []datedKeySet, now time.Time) ([]datedKeySet, error) {
	newest := sets[len(sets)-1]
	if newest.Number != h.authority.InUse() {
		return sets, nil
	}
	first := slices.IndexFunc(sets, func(p datedKeySet) bool { return bytes.Equal(p.DecryptionKey, newest.DecryptionKey) })
	next, due, err := h.authority.Next(newest.KeySet, sets[first].at, now)
	if err != nil || !due {
		return sets, err
	}
	signed, err := trust.Assemble(next, []trust.Signature{h.authority.SignKeySet(next)})
	if err != nil {
		return nil, err
	}
	have, err := h.KeySets(ctx)
	if err != nil {
		return nil, err
	}
	if _, err := trust.Walk(sets[0].Pin(), append(have, signed)); err != nil {
		return nil, fmt.Errorf("key set %d: %w", next.Number, err)
	}
	if err := h.publish(ctx, next.Number, uint64(len(next.Replicas)), signed); err != nil {
		return nil, err
	}
	h.logger.Info("key set published", "number", next.Number)
	return h.published(ctx)
}
