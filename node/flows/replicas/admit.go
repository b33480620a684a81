package replicas

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/subtle"
	"fmt"

	"xietong/certs/canon"
	"xietong/certs/identity"
	"xietong/certs/trust"
	"xietong/consensus/state"
	"xietong/node/ground/book"
	"xietong/node/ground/text"
)

// brought is what a machine brings to the door that was invited as a further replica: the secret,
// its keys, where it is reached, and a signature of its log key for this very connection.
type brought struct {
	_          struct{} `cbor:",toarray"`
	Secret     []byte
	Keys       trust.ReplicaKeys
	Addresses  []string
	Possession []byte
}

// welcome is what it is told: what the jurisdiction is called, and the others.
type welcome struct {
	_           struct{} `cbor:",toarray"`
	DisplayName string
	ShortName   string
	Code        string
	Level       string
	Others      []other
}

// other is another replica that is there, and where it is reached.
type other struct {
	_         struct{} `cbor:",toarray"`
	Replica   identity.Replica
	Addresses []string
}

// maxBrought bounds what is brought and what is told, in bytes.
const maxBrought = 32 << 10

// possessed is what the log key signs to prove that it is there.
func possessed(binding [32]byte, keys trust.ReplicaKeys) []byte {
	data := append([]byte("xietong/1 replica\n"), binding[:]...)
	return append(data, keys.LogKey...)
}

// bring returns the body of a request to be admitted. sign signs with the log key of the keys.
func bring(secret []byte, keys trust.ReplicaKeys, addresses []string, binding [32]byte, sign func([]byte) []byte) ([]byte, error) {
	return canon.Marshal(brought{Secret: secret, Keys: keys, Addresses: addresses, Possession: sign(possessed(binding, keys))})
}

// Door answers a machine that was invited as a further replica; binding belongs to its connection.
// (1) It must hold the log key that it shows. (2) It is admitted, once, by its secret. (3) It is
// told where the others are.
func (d *Desk) Door(ctx context.Context, binding [32]byte, body []byte) ([]byte, error) {
	var b brought
	if err := canon.Unmarshal(body, maxBrought, &b); err != nil {
		return nil, text.Fail(text.BadRequest, text.Args{"where": "xietong-join/1", "reason": err.Error()}, err)
	}
	if err := b.Keys.Check(); err != nil {
		return nil, text.Fail(text.BadRequest, text.Args{"where": "xietong-join/1", "reason": err.Error()}, err)
	}
	if !ed25519.Verify(b.Keys.LogKey, possessed(binding, b.Keys), b.Possession) {
		return nil, text.Fail(text.NotPossessed, text.Args{"name": b.Keys.Replica.String()}, nil)
	}
	if !d.invited(ctx, b) { // a guess costs no entry of raft's log
		return nil, text.Fail(text.ReplicaNotInvited, text.Args{"replica": b.Keys.Replica.String()}, nil)
	}
	if err := Admit(ctx, d.Own, b.Secret, b.Keys, b.Addresses); err != nil {
		return nil, err
	}
	p := d.Place()
	return canon.Marshal(welcome{
		DisplayName: p.DisplayName, ShortName: p.ShortName, Code: p.Code, Level: p.Level, Others: d.there(func(m Member) bool { return m.In() && m.Replica != b.Keys.Replica }),
	})
}

// invited reports whether the secret is that of an invitation, as far as this replica knows. One
// that does not know it asks who leads: the invitation may have been given a moment ago.
func (d *Desk) invited(ctx context.Context, b brought) (known bool) {
	hash := sha256.Sum256(b.Secret)
	look := func(r *state.Reader) error {
		m, found := MemberOf(r, b.Keys.Replica)
		known = found && m.Stage != Removed && subtle.ConstantTimeCompare(m.Secret, hash[:]) == 1
		return nil
	}
	if _ = d.Own.Look(look); !known { // what cannot be read invites nobody
		_ = d.Own.View(book.Glance(ctx), look)
	}
	return known
}

// there returns this replica, and behind it the other ones that count.
func (d *Desk) there(counts func(Member) bool) (all []other) {
	all = []other{{Replica: d.Own.Replica(), Addresses: d.Addresses()}}
	_ = d.Own.Look(func(r *state.Reader) error { // this replica is enough
		for _, m := range Members(r) {
			if counts(m) && m.Replica != d.Own.Replica() {
				all = append(all, other{Replica: m.Replica, Addresses: append([]string{}, m.Addresses...)})
			}
		}
		return nil
	})
	return all
}

func readWelcome(data []byte) (w welcome, err error) {
	if err := canon.Unmarshal(data, maxBrought, &w); err != nil {
		return w, fmt.Errorf("read what the door said: %w", err)
	}
	if len(w.Others) == 0 || len(w.Others) > trust.MaxReplicas {
		return w, fmt.Errorf("read what the door said: %d replicas", len(w.Others))
	}
	return w, nil
}
