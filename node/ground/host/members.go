package host

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"

	"xietong/certs/authority"
	"xietong/certs/canon"
	"xietong/certs/identity"
	"xietong/certs/trust"
	"xietong/consensus/group"
	"xietong/consensus/state"
	"xietong/consensus/vault"
	"xietong/node/ground/book"
)

// ErrKeySet is wrapped where a replica does not sign the key set that another wants to publish.
var ErrKeySet = errors.New("this key set is not the one that follows")

// ListReplica publishes the next key set with the keys of one more replica, unless the newest lists
// it. The error may be a *KeysError while the newest is not in use.
func (h *Host) ListReplica(ctx context.Context, keys trust.ReplicaKeys) error {
	return h.relist(ctx, func(listed []trust.ReplicaKeys) []trust.ReplicaKeys {
		at := slices.IndexFunc(listed, func(r trust.ReplicaKeys) bool { return r.Replica.Number() >= keys.Replica.Number() })
		switch {
		case at < 0:
			return append(listed, keys)
		case listed[at].Replica == keys.Replica:
			return listed
		}
		return slices.Insert(listed, at, keys)
	})
}

// UnlistReplica publishes the next key set without a replica, unless the newest does not list it.
func (h *Host) UnlistReplica(ctx context.Context, replica identity.Replica) error {
	return h.relist(ctx, func(listed []trust.ReplicaKeys) []trust.ReplicaKeys {
		return slices.DeleteFunc(listed, func(r trust.ReplicaKeys) bool { return r.Replica == replica })
	})
}

// relist publishes the key set that lists other replicas, where they are others. A majority of the
// replicas of the one before signs it.
func (h *Host) relist(ctx context.Context, to func([]trust.ReplicaKeys) []trust.ReplicaKeys) error {
	h.renewing.Lock()
	defer h.renewing.Unlock()
	sets, _, err := h.renewable(ctx)
	if err == nil {
		err = h.Questioned()
	}
	if err != nil {
		return err
	}
	newest := sets[len(sets)-1]
	listed := to(slices.Clone(newest.Replicas))
	if len(listed) == len(newest.Replicas) {
		return nil
	}
	if newest.Number != h.authority.InUse() {
		return &KeysError{In: h.name, Pending: newest.Number}
	}
	hash := newest.Hash()
	next := newest.KeySet
	next.Number, next.Previous, next.Revokes, next.Replicas = newest.Number+1, hash[:], false, listed
	if err := h.publishSigned(ctx, book.Request{}, newest.KeySet, next); err != nil {
		return fmt.Errorf("change replicas: %w", err)
	}
	sets, now, err := h.renewable(ctx)
	if err == nil { // where nobody must endorse it first, it is in use at once
		err = h.use(ctx, sets, now, func(uint64) bool { return false })
	}
	if err != nil {
		return fmt.Errorf("change replicas: %w", err)
	}
	return nil
}

// publishSigned has the key set signed by a majority of the replicas of the one before, and
// publishes it.
func (h *Host) publishSigned(ctx context.Context, q book.Request, newest, next trust.KeySet) error {
	if err := h.undecided(); err != nil {
		return err
	}
	if _, err := next.Encode(); err != nil {
		return err
	}
	signatures, err := h.signatures(ctx, newest, next)
	if err != nil {
		return err
	}
	signed, err := trust.Assemble(next, signatures)
	if err != nil {
		return err
	}
	if _, err := trust.Extend(newest, [][]byte{signed}); err != nil {
		return fmt.Errorf("key set %d: %w", next.Number, err)
	}
	if err := h.fits(ctx, signed); err != nil {
		return err
	}
	if err := h.publish(ctx, q, next.Number, next.Replicas, signed); err != nil {
		return err
	}
	h.logger.Info("key set published", "number", next.Number, "replicas", len(next.Replicas), "revokes", next.Revokes)
	return nil
}

// signatures returns the signatures of a majority of the replicas that newest lists, in the order
// of their numbers.
func (h *Host) signatures(ctx context.Context, newest, next trust.KeySet) (all []trust.Signature, err error) {
	var failed error
	for _, r := range newest.Replicas {
		var s trust.Signature
		switch {
		case r.Replica == h.Replica():
			s = h.authority.SignKeySet(next)
		case h.others == nil:
			continue
		default:
			if s, err = h.others.SignKeySet(ctx, r.Replica, next); err != nil {
				failed = errors.Join(failed, err)
				continue
			}
		}
		all = append(all, s)
	}
	if len(all) < newest.Majority() {
		return nil, fmt.Errorf("%w: %d of %d replicas signed key set %d: %w", ErrNoMajority, len(all), len(newest.Replicas), next.Number, failed)
	}
	return all, nil
}

// SignKeySet signs the key set that another replica wants to publish. It follows the newest one
// that is known here, lists nobody whose keys are neither there already nor those of an admitted
// replica, its decryption key is here, or comes from the one that asks, and it comes no sooner than
// whoever is honest would ask. The error wraps group.ErrNotDone and ErrKeySet.
func (h *Host) SignKeySet(ctx context.Context, from identity.Replica, next trust.KeySet) ([]byte, error) {
	err := h.Questioned()
	if err == nil {
		err = h.Linearize(ctx)
	}
	if err == nil && !h.authority.Decrypts(next.DecryptionKey) {
		err = h.fetchKeys(ctx, from)
	}
	if err != nil {
		return nil, fmt.Errorf("sign key set %d: %w: %w", next.Number, group.ErrNotDone, err)
	}
	err = h.Look(func(r *state.Reader) error {
		newest, err := h.newestIn(r)
		if err != nil {
			return err
		}
		return h.maySign(r, from, newest, next)
	})
	if err == nil {
		err = h.mayRenew(ctx, from, next)
	}
	if err != nil {
		return nil, fmt.Errorf("sign key set %d: %w: %w", next.Number, group.ErrNotDone, err)
	}
	return h.authority.SignKeySet(next).Sig, nil
}

// fetchKeys takes the decryption keys that another replica has.
func (h *Host) fetchKeys(ctx context.Context, from identity.Replica) error {
	receiver, err := authority.NewReceiver()
	if err != nil {
		return err
	}
	_, sealed, err := h.others.Secrets(ctx, from, receiver.Public())
	if err != nil {
		return err
	}
	return h.authority.Take(receiver, sealed)
}

func (h *Host) maySign(r *state.Reader, from identity.Replica, newest, next trust.KeySet) error {
	hash := newest.Hash()
	leader, _ := h.group.Leader()
	switch {
	case newest.LogKey(from) == nil || from != leader && !sameMembers(newest, next):
		return fmt.Errorf("%w: %s may not ask for it", ErrKeySet, from)
	case !oneChanges(newest, next):
		return fmt.Errorf("%w: more than one replica comes or goes", ErrKeySet)
	case next.Name != newest.Name || next.Epoch != newest.Epoch || next.Number != newest.Number+1 || !bytes.Equal(next.Previous, hash[:]):
		return fmt.Errorf("%w: number %d is the newest here", ErrKeySet, newest.Number)
	case !h.authority.Decrypts(next.DecryptionKey):
		return fmt.Errorf("%w: its decryption key is not here", ErrKeySet)
	}
	for _, keys := range next.Replicas {
		if err := h.mayList(r, from, newest, keys); err != nil {
			return err
		}
	}
	return h.mayDrop(r, newest, next)
}

// oneChanges reports whether one replica at most comes or goes: nobody honest swaps two, and who
// brings one of its own in the place of another has two of three.
func oneChanges(newest, next trust.KeySet) bool {
	n := 0
	for _, k := range newest.Replicas {
		if next.LogKey(k.Replica) == nil {
			n++
		}
	}
	for _, k := range next.Replicas {
		if newest.LogKey(k.Replica) == nil {
			n++
		}
	}
	return n <= 1
}

// mayList refuses keys of a replica that are neither those of before nor, where it asks itself,
// others beside its log key, nor those with which it was admitted.
func (h *Host) mayList(r *state.Reader, from identity.Replica, newest trust.KeySet, keys trust.ReplicaKeys) error {
	before := newest.LogKey(keys.Replica)
	if before == nil {
		if admitted := h.admitted(r, keys.Replica); admitted == nil || !admitted.Equal(keys) {
			return fmt.Errorf("%w: %s was not admitted with these keys", ErrKeySet, keys.Replica)
		}
		return nil
	}
	if !bytes.Equal(before, keys.LogKey) || keys.Replica != from && !keysOf(newest, keys.Replica).Equal(keys) {
		return fmt.Errorf("%w: the keys of %s are changed by itself alone", ErrKeySet, keys.Replica)
	}
	return nil
}

// mayDrop refuses to leave out a replica that nobody asked to remove.
func (h *Host) mayDrop(r *state.Reader, newest, next trust.KeySet) error {
	for _, k := range newest.Replicas {
		if next.LogKey(k.Replica) == nil && !h.removed(r, k.Replica) {
			return fmt.Errorf("%w: it leaves out %s, which was not removed", ErrKeySet, k.Replica)
		}
	}
	return nil
}

// HandOver returns the keystore, and the decryption keys sealed to the public key of a replica. The
// caller has made sure that it belongs to the group.
func (h *Host) HandOver(to identity.Replica, public []byte) (keystore, decryption []byte, err error) {
	decryption, err = h.authority.HandOver(to, public)
	if err != nil {
		return nil, nil, fmt.Errorf("%w: %w", group.ErrNotDone, err)
	}
	return h.vault.HandOver(), decryption, nil
}

// Above returns the levels above as they are kept, and the recovery statement; nil: none.
func (h *Host) Above() (chain, recovery []byte) {
	if a := h.above.Load(); a != nil {
		data, err := canon.Marshal(a)
		if err != nil {
			panic(err) // it was decoded from such bytes
		}
		chain = data
	}
	if statement := h.recovery.Load(); statement != nil {
		recovery = *statement
	}
	return chain, recovery
}

// TakeAbove keeps the levels above that another replica keeps, where they are others than here.
// They are verified as those that a parent gives.
func (h *Host) TakeAbove(ctx context.Context, chain, recovery []byte) error {
	have, statement := h.Above()
	if len(recovery) > 0 && !bytes.Equal(statement, recovery) {
		if pin, err := trust.RecoveryFor(recovery); err != nil || len(recovery) > trust.MaxRecoveryLen || pin != h.keys.pin() {
			return fmt.Errorf("take recovery statement: %w", errors.Join(err, trust.ErrInvalid))
		}
		if err := h.KeepRecovery(recovery); err != nil {
			return err
		}
	}
	if len(chain) == 0 || bytes.Equal(have, chain) {
		return nil
	}
	var a above
	if err := canon.Unmarshal(chain, maxChainLen, &a); err != nil {
		return fmt.Errorf("take chain: %w", err)
	}
	root, err := trust.ParsePin(a.Root)
	if err != nil {
		return fmt.Errorf("take chain: %w", err)
	}
	_, err = h.SetAbove(ctx, root, a.Levels)
	return err
}

// Applied returns the raft index up to which this replica has applied what the group agreed on.
func (h *Host) Applied() uint64 {
	index, _ := h.store.Applied()
	return index
}

// Advanced returns a channel that is closed when the next command is applied here.
func (h *Host) Advanced() <-chan struct{} { return h.store.Advanced() }

// Leader returns the replica that leads, as far as this one knows.
func (h *Host) Leader() (identity.Replica, bool) { return h.group.Leader() }

// Following returns what this replica knows of who takes in raft's log.
func (h *Host) Following() group.Following { return h.group.Following() }

// Members returns the replicas of the group as raft has them.
func (h *Host) Members() ([]group.Member, error) { return h.group.Members() }

// Group returns the raft group, for whoever changes its members.
func (h *Host) Group() *group.Group { return h.group }

// ResetKey returns the secret from which a node that was started anew resets the connections that
// it had. dir is the folder of a jurisdiction that it hosts. Its replicas share the keystore, and
// each has a secret of its own all the same.
func ResetKey(dir string) ([32]byte, error) {
	keystore, err := vault.Open(filepath.Join(dir, Keystore))
	if err != nil {
		return [32]byte{}, partOf(dir, PartKeystore, Keystore, err)
	}
	return keystore.MAC("stateless reset", []byte(ReplicaIn(dir).String())), nil
}
