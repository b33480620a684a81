package host

import (
	"context"
	"fmt"
	"time"

	"xietong/certs/identity"
	"xietong/certs/trust"
	"xietong/consensus/ledger"
)

const (
	hour = time.Hour
	week = 7 * 24 * time.Hour
	// pacedIn is the time in which the changes that somebody asked for are counted.
	pacedIn = 30 * 24 * time.Hour
	// lastPause is how old the newest key set of a root must be before it is revoked out of the
	// last of its room.
	lastPause = 91 * 24 * time.Hour
)

// pauses are the least times between one change that somebody asked for and the next, by how many
// there were in pacedIn. Who finds keys stolen revokes them at once, and again at once when the
// thief was still there; nobody who is not a script or a thief needs more. Who does need more never
// waits longer than a week, and whoever reaches the socket makes six in a month, each of them in
// the log, and not five a second.
var pauses = [...]time.Duration{0, 0, hour, hour, 24 * hour, 24 * hour, week}

// again returns when the next change may be made after those of sets that count. It reads the
// ledger's times, so that a restart changes nothing.
func again(sets []datedKeySet, now time.Time, counts func(datedKeySet) bool) time.Time {
	n, last := 0, time.Time{}
	for _, k := range sets[1:] { // nobody asked for number 1
		if counts(k) && now.Sub(k.at) < pacedIn {
			n, last = n+1, k.at
		}
	}
	return last.Add(pauses[min(n, len(pauses)-1)])
}

// paced returns a *KeysError where it is too soon for a change that somebody asks for. A revocation
// waits for other revocations alone. Another recovery key waits for the pauses alone: who missed
// the paper when the jurisdiction was made has another at once.
func (h *Host) paced(sets []datedKeySet, now time.Time, change Change) error {
	next := again(sets, now, func(k datedKeySet) bool { return k.Revokes || !change.Revoke })
	if earliest := sets[len(sets)-1].at.Add(RenewAfter); !change.Revoke && change.Recovery == nil && next.Before(earliest) {
		next = earliest
	}
	if now.Before(next) {
		return &KeysError{In: h.name, Again: next}
	}
	return nil
}

// Room is how many bytes a root's key sets may have in all, which it hands over from number 1 with
// every chain. So long a chain of trust.MaxChain levels fits into an answer at the door, into what
// a child keeps and into a receipt, with all that stands beside it.
const (
	Room = maxChainLen - besideChain - trust.MaxChain*besideLevel - (trust.MaxChain-1)*trust.MaxHandedLen

	besideLevel = ledger.MaxEndorsementProof + trust.MaxStandingLen + trust.MaxConfirmationLen + trust.MaxRecoveryLen + 64
	besideChain = ledger.MaxLeafLen + ledger.MaxNoteLen + 20<<10 // of a receipt, which holds an inclusion proof twice
)

// Shares of Room. A renewal that somebody asks for takes no more than half of it, because keys are
// renewed by themselves. A revocation takes all, but the last part slowly: most of that is for the
// renewals by themselves, without which the root would have no keys one day.
const (
	roomToAsk    = Room / 2
	roomToWarn   = Room / 4 * 3
	roomToRevoke = Room / 8 * 7
)

// ChainError says that a chain, or a receipt, is too long for whoever must read it, or would be
// with one more key set: too long are the key sets of In, or all in the chain to it.
type ChainError struct {
	In          identity.Jurisdiction
	Length, Max int // bytes
}

func (e *ChainError) Error() string {
	return fmt.Sprintf("chain of keys: %d bytes, more than %d", e.Length, e.Max)
}

// Taken returns how many bytes of Room the own key sets take; 0 where the jurisdiction is no root.
// near says that it is so many that a person should know.
func (h *Host) Taken(ctx context.Context) (bytes int, near bool, err error) {
	e, err := h.Endorsed(ctx)
	if e != nil || err != nil {
		return 0, false, err
	}
	signed, err := h.KeySets(ctx)
	for _, k := range signed {
		bytes += keptLen(k)
	}
	return bytes, bytes >= roomToWarn, err
}

// keptLen returns the length of a key set in a level: with the head of a byte string.
func keptLen(signed []byte) int { return len(signed) + 5 }

// roomFor refuses a change that somebody asks for where the room of a root is left to more urgent
// ones: with a *ChainError a renewal, with a *KeysError a revocation, which may come later.
func (h *Host) roomFor(ctx context.Context, newest datedKeySet, now time.Time, change Change) error {
	taken, _, err := h.Taken(ctx)
	if err != nil {
		return err
	}
	if !change.Revoke && taken > roomToAsk {
		return &ChainError{In: h.name, Length: taken, Max: roomToAsk}
	}
	if next := newest.at.Add(lastPause); taken > roomToRevoke && now.Before(next) {
		return &KeysError{In: h.name, Again: next}
	}
	return nil
}

// fits refuses a key set of a root that nobody could be handed with all before it.
func (h *Host) fits(ctx context.Context, signed []byte) error {
	taken, _, err := h.Taken(ctx)
	if length := taken + keptLen(signed); err == nil && taken > 0 && length > Room {
		err = &ChainError{In: h.name, Length: length, Max: Room}
	}
	return err
}
