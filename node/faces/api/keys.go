package api

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"xietong/certs/identity"
	"xietong/certs/trust"
	"xietong/node/faces/client"
	"xietong/node/ground/host"
	"xietong/node/ground/text"
)

// Keys looks after the keys of a hosted jurisdiction.
type Keys interface {
	// KeyStates returns the own key sets, oldest first, and the parent's endorsement; nil: no
	// parent.
	KeyStates(ctx context.Context) ([]host.KeyState, *trust.Endorsement, error)
	// Taken returns how many bytes of host.Room the key sets of a root take; near says that a
	// person should know.
	Taken(ctx context.Context) (bytes int, near bool, err error)
	// Denied returns the parent's own word that it does not endorse the keys; nil: there is none.
	Denied() *host.Denial
	// Unvouched returns until when others wait, at the earliest, because no recovery key stands
	// behind the keys of a ledger that is not the first; zero: nobody does.
	Unvouched(ctx context.Context) (until time.Time, err error)
	// NewKeys makes and publishes the next key set, and returns its number. The same id again gets
	// the same number.
	NewKeys(ctx context.Context, id identity.Message, change host.Change) (number uint64, err error)
}

// mostKeySets is how many key sets are shown.
const mostKeySets = 16

type newKeys struct {
	Caller
	Body client.NewKeys
}

func (s *server) registerKeys(a huma.API) {
	handle(s, a, get("keys", "/v1/keys", "The jurisdiction's key sets, and what counts for how long"), s.keys)
	handle(s, a, post("acknowledge-keys", "/v1/keys/acknowledgment", "End the alarms about what others believe of the keys"), acknowledge)
	handle(s, a, post("new-keys", "/v1/keys", "Make the next key set, or revoke the one in use"), nextKeys)
}

func (s *server) keys(ctx context.Context, h Hosted, _ *plain) (out client.Keys, err error) {
	states, e, err := h.Keys.KeyStates(ctx)
	if err != nil {
		return out, err
	}
	out.KeySets = []client.KeySet{}
	out.Name, out.DisplayName, out.Recovery = states[0].Name.String(), h.Standing.Called(states[0].Name), recoveryOf(states)
	for _, k := range slices.Backward(states[max(0, len(states)-mostKeySets):]) {
		hash := k.Hash()
		out.KeySets = append(out.KeySets, client.KeySet{
			Number: k.Number, Hash: hex.EncodeToString(hash[:]), State: stateOf(k, s.node.Now()), Published: stamp(k.Published),
			Until: until(k), Revokes: k.Revokes, SigningEnds: stamp(k.SigningEnds),
		})
	}
	if e != nil {
		out.Endorsement = &client.Endorsement{
			Number: e.Number, Since: stamp(e.SinceNewest()), Issued: stampMS(e.Issued), Until: stampMS(e.NotAfter),
		}
		if d := h.Keys.Denied(); d != nil {
			out.Endorsement.Denied = d.Code
		}
	}
	out.Check, err = s.check(ctx, h, true)
	return out, err
}

// recoveryOf returns the recovery key of the newest key set, and the first of those that name it
// since then.
func recoveryOf(states []host.KeyState) client.RecoveryKey {
	first := states[len(states)-1]
	for _, k := range slices.Backward(states) {
		if !bytes.Equal(k.RecoveryKey, first.RecoveryKey) {
			break
		}
		first = k
	}
	return client.RecoveryKey{Fingerprint: trust.RecoveryFingerprint(first.RecoveryKey), Number: first.Number, Since: stamp(first.Published)}
}

// until returns until when calls under the key set count: of one that was revoked, none do.
func until(k host.KeyState) string {
	if k.Revoked {
		return ""
	}
	return stamp(k.Until)
}

func stateOf(k host.KeyState, now time.Time) string {
	switch {
	case k.Revoked:
		return client.KeysRevoked
	case k.InUse:
		return client.KeysInUse
	case k.Until.IsZero():
		return client.KeysPending
	case k.Counts(now):
		return client.KeysCounting
	}
	return client.KeysFormer
}

func nextKeys(ctx context.Context, h Hosted, in *newKeys) (out client.NewKeySet, err error) {
	id, err := in.key()
	change := host.Change{Revoke: in.Body.Revoke, Try: in.Body.Try}
	if err == nil && in.Body.RecoveryKey != "" {
		change.Recovery, err = hex.DecodeString(in.Body.RecoveryKey)
	}
	if err == nil {
		out.Number, err = h.Keys.NewKeys(ctx, id, change)
		_, below := h.Standing.Parent()
		out.Counts = !below && !change.Try
	}
	if errors.Is(err, trust.ErrInvalid) {
		err = text.Fail(text.BadRequest, text.Args{"where": "recovery_key", "reason": err.Error()}, err)
	}
	return out, err
}
