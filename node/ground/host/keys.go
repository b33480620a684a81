package host

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/hpke"
	"slices"
	"time"

	"xietong/certs/authority"
	"xietong/certs/trust"
	"xietong/consensus/state"
)

// Pin returns the pin of the ledger's first key set, from which everyone who trusts this
// jurisdiction verifies. The error is always nil.
func (h *Host) Pin() (trust.Pin, error) { return h.keys.pin(), nil }

// KeySets returns the jurisdiction's signed key sets, from number 1. Where this replica is not
// alone, they are those that it knows: one that cannot reach the others still says who it is.
func (h *Host) KeySets(ctx context.Context) (signed [][]byte, err error) {
	err = h.viewOwn(ctx, func(r *state.Reader) error {
		signed = r.KeySets()
		return nil
	})
	return signed, err
}

// viewOwn is View where this replica is alone, and Look where it is not.
func (h *Host) viewOwn(ctx context.Context, f func(*state.Reader) error) error {
	if h.alone() {
		return h.View(ctx, f)
	}
	return h.Look(f)
}

// KeysInUse returns the number of the key set whose keys sign and issue.
func (h *Host) KeysInUse() uint64 { return h.authority.InUse() }

// KeyState is one of the own key sets: for how long it counts, and what it is used for.
type KeyState struct {
	trust.Believed
	Published   time.Time // by ledger time
	SigningEnds time.Time // when its signing certificate ends
	InUse       bool      // its keys sign and issue
	RenewsAt    time.Time // of the keys in use: when the next are made by themselves
}

// KeyStates returns the own key sets, oldest first, and the parent's endorsement as seen last; nil
// where there is no parent. A key set later than the endorsed one replaces none yet.
func (h *Host) KeyStates(ctx context.Context) ([]KeyState, *trust.Endorsement, error) {
	published, err := h.published(ctx)
	if err != nil {
		return nil, nil, err
	}
	e, err := h.Endorsed(ctx)
	if err != nil {
		return nil, nil, err
	}
	link := trust.Link{Endorsement: e}
	for _, k := range published {
		link.KeySets = append(link.KeySets, k.KeySet)
	}
	believed := link.Believed()
	states := make([]KeyState, len(published))
	for i, k := range published {
		states[i] = KeyState{Believed: trust.Believed{KeySet: k.KeySet}, Published: k.at, InUse: k.Number == h.KeysInUse() && h.listedIn(k.KeySet)}
		if i < len(believed) {
			states[i].Believed = believed[i]
		}
		if states[i].SigningEnds, err = k.SigningEnds(); err != nil {
			return nil, nil, err
		}
		if states[i].InUse {
			states[i].RenewsAt, err = h.authority.RenewsAt(k.KeySet, published[decryptionSince(published, k.KeySet)].at)
		}
		if err != nil {
			return nil, nil, err
		}
	}
	return states, e, nil
}

// listedIn reports whether a key set has keys of this replica. Those of a replica that has no vote
// yet stand in none.
func (h *Host) listedIn(k trust.KeySet) bool {
	return slices.ContainsFunc(k.Replicas, func(r trust.ReplicaKeys) bool { return r.Replica == h.Replica() })
}

// decryptionSince returns the place of the key set that first listed the decryption key of k.
func decryptionSince(sets []datedKeySet, k trust.KeySet) int {
	return slices.IndexFunc(sets, func(p datedKeySet) bool { return bytes.Equal(p.DecryptionKey, k.DecryptionKey) })
}

// LinkSource returns the source of the identities with which this replica stands on links.
func (h *Host) LinkSource() *authority.Source { return h.links }

// Signer returns a signer for one statement. Callers must not keep it, because the key may be
// renewed between two calls.
func (h *Host) Signer() *authority.Signer { return h.authority.Signer() }

// SignLog signs with this replica's log key.
func (h *Host) SignLog(message []byte) []byte { return h.authority.SignLog(message) }

// Decapsulate opens an encapsulation to one of the jurisdiction's decryption keys; key is the
// SHA-256 of the public key.
func (h *Host) Decapsulate(key [32]byte, enc, info []byte) (*hpke.Recipient, error) {
	return h.authority.Decapsulate(key, enc, info)
}

// LogPublic returns the public part of this replica's log key.
func (h *Host) LogPublic() ed25519.PublicKey { return h.authority.LogPublic() }
