package replicas

import (
	"crypto/ed25519"
	"errors"
	"testing"
	"time"

	"xietong/certs/authority"
	"xietong/certs/canon"
	"xietong/certs/identity"
	"xietong/certs/trust"
	"xietong/consensus/group"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
)

// admitted is a machine of one replica, and a second one that was admitted and has no vote, with
// which it asks the first.
func admitted(t *testing.T) (r1, r2 *machine, ask Asker) {
	t.Helper()
	in := &network{ends: map[end]*lines{}}
	r1 = first(t, in)
	r2 = further(t, in, r1)
	t.Cleanup(func() {
		r2.down()
		r1.down()
	})
	return r1, r2, Asker{r2.lines[1]}
}

func newestOf(t testing.TB, m *machine) trust.KeySet {
	t.Helper()
	sets, err := m.KeySets(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	k, err := trust.Reopen(sets[len(sets)-1])
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// following returns the key set that would follow, with other replicas.
func following(k trust.KeySet, replicas ...trust.ReplicaKeys) trust.KeySet {
	hash := k.Hash()
	k.Number, k.Previous, k.Replicas = k.Number+1, hash[:], replicas
	return k
}

// TestNoVoteNoSay (K04) has a machine that was admitted and has no vote do what a voter may: have
// key sets signed, of itself alone or with the keys of another exchanged; propose a key set, an
// unknown command, its own promotion, and another time. Nothing of it happens, and the first
// replica goes on.
func TestNoVoteNoSay(t *testing.T) {
	r1, r2, ask := admitted(t)
	before := newestOf(t, r1)
	mixed, alone := before.Replicas[0], following(before, r2.keys())
	mixed.CACert, mixed.SigningCert = r2.keys().CACert, r2.keys().SigningCert
	_, recovery, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	alone.RecoveryKey = recovery.Public().(ed25519.PublicKey)
	for what, k := range map[string]trust.KeySet{"of itself alone": alone, "with its certificates for r1": following(before, mixed)} {
		if _, err := ask.SignKeySet(t.Context(), r1.replica, k); !errors.Is(err, group.ErrNotDone) {
			t.Errorf("a key set %s: %v, want it refused", what, err)
		}
	}
	evidence := ledger.PlainEvidence(ledger.Commit([]byte("x")))
	for kind, body := range map[state.Kind]any{
		state.KindKeySet:         state.KeySetChange{Number: 2, Replicas: []identity.Replica{r2.replica}, Signed: []byte("garbage"), Evidence: evidence},
		state.KindClockCorrected: state.ClockChange{Clock: 1, Evidence: evidence},
		state.KindEpochAnew: state.EpochChange{
			Epoch: 2, To: 1, Root: make([]byte, 32), Known: []byte{}, Evidence: evidence, Sealed: []byte{},
			KeySet: state.KeySetChange{Number: 1, Replicas: []identity.Replica{r2.replica}, Signed: []byte("garbage"), Evidence: evidence},
		},
		9999:                     "unknown",
		state.Kind(commandStage): stageBody{Replica: r2.replica, Stage: Voting},
	} {
		data, err := canon.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		c := state.Command{Kind: kind, Clock: uint64(time.Now().UnixMilli()), Body: data}
		if _, err := ask.Propose(t.Context(), r1.replica, c); !errors.Is(err, group.ErrNotDone) {
			t.Errorf("command %d: %v, want it refused", kind, err)
		}
		c.Proposal = []byte("a name")
		if err := r1.MayPropose(r1.replica, c); err == nil && kind != state.Kind(commandStage) {
			t.Errorf("command %d of a voter: it is taken", kind)
		}
	}
	if _, err := r1.note(t.Context(), "after"); err != nil || newestOf(t, r1).Hash() != before.Hash() {
		t.Errorf("r1 does not go on as it was: %v", err)
	}
}

// keys returns the public keys of the machine, as it was admitted with them.
func (m *machine) keys() (k trust.ReplicaKeys) {
	m.t.Helper()
	err := m.Look(func(r *state.Reader) error {
		k = *Keys(r, m.replica)
		return nil
	})
	if err != nil {
		m.t.Fatal(err)
	}
	return k
}

// TestGuessesCostNothing (K04b) guesses the secret of an invitation at the door.
func TestGuessesCostNothing(t *testing.T) {
	in := &network{ends: map[end]*lines{}}
	r1 := first(t, in)
	defer r1.down()
	keys, err := authority.CreateReplica(t.TempDir(), county(t), replicaOf(t, 2), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	d := deskOf(r1)
	if _, err := d.Invite(t.Context(), newID(t), 0); err != nil {
		t.Fatal(err)
	}
	body, err := bring(make([]byte, 16), keys.Keys(), nil, [32]byte{}, keys.SignLog)
	if err != nil {
		t.Fatal(err)
	}
	before := r1.Applied()
	for range 100 {
		if _, err := d.Door(t.Context(), [32]byte{}, body); err == nil {
			t.Fatal("a guess is taken")
		}
	}
	if got := r1.Applied() - before; got > 10 { // of the checkpoint
		t.Errorf("100 guesses cost %d entries of raft's log", got)
	}
}

// TestThreeToOne takes a jurisdiction back from three replicas to one, on a quiet day, the last of
// them not the first: the one that stays goes on, and has receipts made.
func TestThreeToOne(t *testing.T) {
	in := &network{ends: map[end]*lines{}}
	all := []*machine{first(t, in)}
	for range 2 {
		m := further(t, in, all[0])
		all = append(all, m)
		if err := SetStage(t.Context(), all[0].Host, newID(t), m.replica, Voting); err != nil {
			t.Fatal(err)
		}
		eventually(t, "it votes", func() bool { return m.voters() == len(all) && m.KeysInUse() == uint64(len(all)) })
	}
	stays := all[2]
	for i, m := range all[:2] {
		if err := SetStage(t.Context(), stays.Host, newID(t), m.replica, Removed); err != nil {
			t.Fatal(err)
		}
		eventually(t, m.replica.String()+" is out", func() bool { return stays.voters() == 2-i && newestOf(t, stays).LogKey(m.replica) == nil })
		m.down()
	}
	ref, err := stays.note(t.Context(), "alone")
	if err == nil {
		_, err = stays.Receipt(t.Context(), uint64(ref)-1)
	}
	if err != nil {
		t.Error(err)
	}
	if err := SetStage(t.Context(), stays.Host, newID(t), stays.replica, Removed); err == nil {
		t.Error("the last one was removed")
	}
	stays.down()
}
