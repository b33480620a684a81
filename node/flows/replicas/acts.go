package replicas

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"time"

	"xietong/certs/identity"
	"xietong/certs/trust"
	"xietong/consensus/state"
	"xietong/node/ground/book"
	"xietong/node/ground/config"
	"xietong/node/ground/text"
	"xietong/node/tree/invitation"
)

// statementType is the type of the payload of an act about a replica.
const statementType = "application/vnd.xietong.replica+json"

// statement is the payload of an act about a replica.
type statement struct {
	Act       string   `json:"act"` // invited, admitted, promoted, removed or left alone
	Replica   string   `json:"replica,omitempty"`
	LogKey    []byte   `json:"log_key,omitempty"`
	Addresses []string `json:"addresses,omitempty"`
}

func note(l book.Ledger, s statement) (book.Statement, error) {
	data, err := json.Marshal(s)
	if err != nil {
		return book.Statement{}, err
	}
	return l.Note(statementType, data)
}

// Invitation is what Invite gives.
type Invitation struct {
	Replica identity.Replica
	Secret  []byte
}

// Invite gives the next number, and a secret by which one machine may take it until the time. The
// same id again gives the same.
func Invite(ctx context.Context, l Inviter, id identity.Message, until time.Time) (Invitation, error) {
	raw := id.Bytes()
	mac := l.MAC("replica invitation", raw[:])
	secret := mac[:invitation.SecretLen]
	s, err := note(l, statement{Act: "invited"})
	if err != nil {
		return Invitation{}, err
	}
	hash := sha256.Sum256(secret)
	asked := []byte("replica invite")
	r, err := commandInvite.Do(ctx, l, book.ByNode(l, id, asked), inviteBody{
		Secret: hash[:], Until: uint64(until.UnixMilli()), First: l.Replica(), Statement: s,
	})
	if err != nil {
		return Invitation{}, fmt.Errorf("invite replica: %w", err)
	}
	return Invitation{Replica: r, Secret: secret}, nil
}

// Inviter is the jurisdiction on a replica.
type Inviter interface {
	book.Ledger
	// Replica returns this replica.
	Replica() identity.Replica
}

// Admit binds an invitation to the keys of the machine that brought the secret.
func Admit(ctx context.Context, l book.Ledger, secret []byte, keys trust.ReplicaKeys, addresses []string) error {
	if err := checkAddresses(addresses); err != nil {
		return err
	}
	s, err := note(l, statement{Act: "admitted", Replica: keys.Replica.String(), LogKey: keys.LogKey, Addresses: addresses})
	if err != nil {
		return err
	}
	hash := sha256.Sum256(secret)
	_, err = commandAdmit.Do(ctx, l, book.Request{}, admitBody{Secret: hash[:], Keys: keys, Addresses: addresses, Statement: s})
	if err != nil {
		return fmt.Errorf("admit replica: %w", err)
	}
	return nil
}

func checkAddresses(addresses []string) error {
	if len(addresses) > maxAddresses {
		return text.Fail(text.BadRequest, text.Args{"where": "addresses", "reason": fmt.Sprintf("%d, more than %d", len(addresses), maxAddresses)}, nil)
	}
	for _, a := range addresses {
		if err := config.CheckAddress(a); err != nil || len(a) > maxAddress {
			return text.Fail(text.BadRequest, text.Args{"where": "addresses", "reason": "it is not HOST:PORT"}, err)
		}
	}
	return nil
}

// acts are the words for the stages in statements.
var acts = map[Stage]string{Voting: "promoted", Removed: "removed"}

// SetStage says what is wanted of a replica from now on: Voting or Removed. The one that leads
// brings raft and the key sets to it.
func SetStage(ctx context.Context, l book.Ledger, id identity.Message, replica identity.Replica, stage Stage) error {
	s, err := note(l, statement{Act: acts[stage], Replica: replica.String()})
	if err != nil {
		return err
	}
	asked := []byte(acts[stage] + " " + replica.String())
	_, err = commandStage.Do(ctx, l, book.ByNode(l, id, asked), stageBody{Replica: replica, Stage: stage, Statement: s})
	if err != nil {
		return fmt.Errorf("change replica: %w", err)
	}
	return nil
}

// SetAddresses notes where a replica is reached from now on.
func SetAddresses(ctx context.Context, l book.Ledger, replica identity.Replica, addresses []string) error {
	if err := checkAddresses(addresses); err != nil {
		return err
	}
	_, err := commandAddress.Do(ctx, l, book.Request{}, addressBody{Replica: replica, Addresses: addresses})
	return err
}

// WasRemoved reports whether a replica is to be taken out; see host.Reach.
func WasRemoved(r *state.Reader, of identity.Replica) bool {
	m, known := MemberOf(r, of)
	return known && m.Stage == Removed
}

// Keys returns the keys with which a replica was admitted, or nil; see host.Options.
func Keys(r *state.Reader, of identity.Replica) *trust.ReplicaKeys {
	if m, known := MemberOf(r, of); known && m.In() {
		return m.Keys
	}
	return nil
}
