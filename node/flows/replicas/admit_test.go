package replicas

import (
	"errors"
	"testing"
	"time"

	"xietong/certs/authority"
	"xietong/certs/identity"
	"xietong/certs/trust"
	"xietong/consensus/state"
	"xietong/node/ground/host"
	"xietong/node/ground/roster"
	"xietong/node/ground/text"
)

// keysOf makes the keys of a machine that says that it is a replica.
func keysOf(t *testing.T, r identity.Replica) *authority.Authority {
	t.Helper()
	a, err := authority.CreateReplica(t.TempDir(), county(t), r, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// knock brings a secret and keys to the door over a connection, signed for another where proof is
// another.
func knock(t *testing.T, d *Desk, secret []byte, a *authority.Authority, conn, proof byte) error {
	t.Helper()
	body, err := bring(secret, a.Keys(), []string{"192.0.2.8:7400"}, [32]byte{proof}, a.SignLog)
	if err != nil {
		t.Fatal(err)
	}
	_, err = d.Door(t.Context(), [32]byte{conn}, body)
	return err
}

// TestInvitationIsBound (K01, K01b, K01c): an invitation admits the machine that comes with its
// secret first, again and again, and no other; and that one proves on its own connection that it
// has the log key it shows.
func TestInvitationIsBound(t *testing.T) {
	m := first(t, &network{ends: map[end]*lines{}})
	defer m.down()
	d := deskOf(m)
	d.Place = func() roster.Place { return roster.Place{DisplayName: "南明区"} }
	made, err := d.Invite(t.Context(), newID(t), 0)
	if err != nil {
		t.Fatal(err)
	}
	own, other := keysOf(t, made.Replica), keysOf(t, made.Replica)
	refused(t, "a guess", knock(t, d, make([]byte, len(made.Secret)), own, 1, 1), text.ReplicaNotInvited)
	refused(t, "a guess, past the door", Admit(t.Context(), d.Own, make([]byte, len(made.Secret)), own.Keys(), nil), text.ReplicaNotInvited)
	refused(t, "no secret", knock(t, d, nil, own, 1, 1), text.ReplicaNotInvited)
	refused(t, "nobody's number", knock(t, d, made.Secret, keysOf(t, replicaOf(t, 9)), 1, 1), text.ReplicaNotInvited)
	refused(t, "what another connection showed", knock(t, d, made.Secret, own, 2, 1), text.NotPossessed)
	for range 2 {
		if err := knock(t, d, made.Secret, own, 1, 1); err != nil {
			t.Fatal(err)
		}
	}
	refused(t, "another machine", knock(t, d, made.Secret, other, 1, 1), text.ReplicaInvitationUsed)
	if err := SetStage(t.Context(), m.Host, newID(t), made.Replica, Removed); err != nil {
		t.Fatal(err)
	}
	refused(t, "after it was removed", knock(t, d, made.Secret, own, 1, 1), text.ReplicaNotInvited)

	old, err := Invite(t.Context(), m.Host, newID(t), time.Now().Add(-time.Second))
	if err != nil {
		t.Fatal(err)
	}
	refused(t, "after its end", knock(t, d, old.Secret, keysOf(t, old.Replica), 1, 1), text.ReplicaNotInvited)
}

// TestNobodyElseIsListed (K02): a replica signs no key set that lists a machine which was not
// admitted with those keys, whoever of the others asks for it.
func TestNobodyElseIsListed(t *testing.T) {
	m := first(t, &network{ends: map[end]*lines{}})
	defer m.down()
	invited, err := Invite(t.Context(), m.Host, newID(t), time.Now().Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	sets, err := m.KeySets(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	newest, err := trust.Reopen(sets[len(sets)-1])
	if err != nil {
		t.Fatal(err)
	}
	own, other := keysOf(t, invited.Replica), keysOf(t, invited.Replica)
	sign := func(a *authority.Authority) error {
		next, hash := newest, newest.Hash()
		next.Number, next.Previous = newest.Number+1, hash[:]
		next.Replicas = append(newest.Replicas[:1:1], a.Keys())
		_, err := m.SignKeySet(t.Context(), m.replica, next)
		return err
	}
	if err := sign(own); !errors.Is(err, host.ErrKeySet) {
		t.Errorf("before it was admitted: got %v", err)
	}
	if err := Admit(t.Context(), m.Host, invited.Secret, own.Keys(), nil); err != nil {
		t.Fatal(err)
	}
	if err := sign(other); !errors.Is(err, host.ErrKeySet) {
		t.Errorf("other keys: got %v", err)
	}
	if err := sign(own); err != nil {
		t.Errorf("once it was admitted: %v", err)
	}
}

// lagging is a jurisdiction on a replica that has not taken in yet what was agreed a moment ago.
type lagging struct{ Own }

func (lagging) Look(func(*state.Reader) error) error { return nil }

// TestInvitedAMomentAgo (B21-19): an invitation is taken at once by a replica that has not taken in
// yet that it was given, and asks who leads. A guess is refused there, too.
func TestInvitedAMomentAgo(t *testing.T) {
	m := first(t, &network{ends: map[end]*lines{}})
	defer m.down()
	d := deskOf(m)
	d.Place = func() roster.Place { return roster.Place{DisplayName: "南明区"} }
	made, err := d.Invite(t.Context(), newID(t), 0)
	if err != nil {
		t.Fatal(err)
	}
	d.Own = lagging{d.Own}
	own := keysOf(t, made.Replica)
	refused(t, "a guess", knock(t, d, make([]byte, len(made.Secret)), own, 1, 1), text.ReplicaNotInvited)
	if err := knock(t, d, made.Secret, own, 1, 1); err != nil {
		t.Error(err)
	}
}
