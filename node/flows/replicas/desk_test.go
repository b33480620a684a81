package replicas

import (
	"context"
	"errors"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"xietong/certs/canon"
	"xietong/certs/identity"
	"xietong/certs/trust"
	"xietong/consensus/ledger"
	"xietong/node/ground/failure"
	"xietong/node/ground/host"
	"xietong/node/ground/text"
)

func deskOf(m *machine) *Desk {
	return &Desk{
		Own: m.Host, File: "config.yaml", Now: time.Now, Addresses: func() []string { return []string{"192.0.2.7:7400"} },
		Root: func(ctx context.Context) (trust.Pin, error) { _, root, err := m.Chain(ctx); return root, err },
	}
}

func refused(t *testing.T, what string, err error, want text.Code) {
	t.Helper()
	if got := failure.Of(err); err == nil || got.Code != want {
		t.Errorf("%s: got %v, want %s", what, err, want)
	}
}

// TestDeskOfOne walks an administrator through a jurisdiction of one replica that invites others.
func TestDeskOfOne(t *testing.T) {
	m := first(t, &network{ends: map[end]*lines{}})
	defer m.down()
	d, ctx := deskOf(m), t.Context()
	r1, r2, r9 := replicaOf(t, 1), replicaOf(t, 2), replicaOf(t, 9)
	listed := func() (out string) {
		all, err := d.List(ctx)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range all {
			out += s.Replica.String() + map[bool]string{true: "!"}[s.Votes && s.Signs && s.Leads && s.Here] + " "
		}
		return out
	}
	if got := listed(); got != "r1! " {
		t.Errorf("the list of one is %q", got)
	}
	if err := d.Promote(ctx, newID(t), r1); err != nil {
		t.Errorf("the only one has its vote: %v", err)
	}
	_, err := d.Removal(ctx, r1)
	refused(t, "the last, and no other was ever invited", err, text.ReplicaLast)
	refused(t, "one that is not there", d.Promote(ctx, newID(t), r9), text.ReplicaUnknown)

	id := newID(t)
	lines := map[string]bool{}
	for range 2 { // the same request again gives the same line
		made, err := d.Invite(ctx, id, 0)
		if err != nil {
			t.Fatal(err)
		}
		line, err := made.Encode()
		if again, failed := Read(line); err != nil || failed != nil || again.Replica != r2 || made.Until.Sub(id.Time()) != Term {
			t.Errorf("got %v, %v, %v", made, err, failed)
		}
		lines[line] = true
	}
	if made, err := d.Invite(ctx, newID(t), time.Hour); err != nil || made.Replica.Number() != 3 || len(lines) != 1 {
		t.Errorf("got %v, %v, and %d lines for one request", made, err, len(lines))
	}
	if got := listed(); got != "r1! r2 r3 " {
		t.Errorf("got %q", got)
	}
	refused(t, "one that has not come", d.Promote(ctx, newID(t), r2), text.ReplicaNotCome)
	refused(t, "the last with a vote", d.RemoveAgreed(ctx, newID(t), r1, ""), text.ReplicaLast)
	plan, err := d.Removal(ctx, r2)
	hash, _ := plan.Hash()
	if err != nil || plan.Then != (Strength{1, 1, true}) || !slices.Equal(plan.Stay, []identity.Replica{r1}) || plan.Here {
		t.Errorf("got %+v, %v", plan, err)
	}
	refused(t, "no plan", d.RemoveAgreed(ctx, newID(t), r2, ""), text.EndPlanNeeded)
	refused(t, "another plan", d.RemoveAgreed(ctx, newID(t), r2, "ab"), text.PlanMoved)
	for range 2 { // what is removed already is no act
		if err := d.RemoveAgreed(ctx, newID(t), r2, hash); err != nil {
			t.Error(err)
		}
	}
	if done, err := d.Settled(ctx, r2, Removed); err != nil || !done {
		t.Errorf("settled: %v, %v", done, err)
	}
	_, err = d.Removal(ctx, r2)
	refused(t, "one that is out", err, text.ReplicaWasRemoved)
	if made, err := d.Invite(ctx, newID(t), 0); err != nil || made.Replica.Number() != 4 {
		t.Errorf("got %v, %v: a number comes back", made, err)
	}
	d.Addresses = func() []string { return nil }
	_, err = d.Invite(ctx, newID(t), 0)
	refused(t, "without an address", err, text.ReplicaNoAddress)
}

// TestPlanMovesWithTheVotes: what was agreed to holds while the same others have a vote.
func TestPlanMovesWithTheVotes(t *testing.T) {
	of := func(stage Stage, stay ...uint32) string {
		r := Removal{Replica: replicaOf(t, 2), Stage: stage}
		for _, n := range stay {
			r.Stay, r.Then = append(r.Stay, replicaOf(t, n)), r.Then.with(true)
		}
		hash, err := r.Hash()
		if err != nil {
			t.Fatal(err)
		}
		return hash
	}
	base := of(Voting, 1, 3)
	for what, other := range map[string]string{"another stage": of(Admitted, 1, 3), "one fewer": of(Voting, 1), "another": of(Voting, 1, 4)} {
		if other == base {
			t.Errorf("%s: the plan is the same", what)
		}
	}
}

// TestKeysOfAnotherAreLeft: a directory in which an attempt with another invitation left the keys
// of another replica is refused as not empty; that of the same replica goes on.
func TestKeysOfAnotherAreLeft(t *testing.T) {
	m := first(t, &network{ends: map[end]*lines{}})
	defer m.down()
	invited, err := deskOf(m).Invite(t.Context(), newID(t), 0)
	if err != nil {
		t.Fatal(err)
	}
	line, err := invited.Encode()
	if err != nil {
		t.Fatal(err)
	}
	sets, err := m.KeySets(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	newest, err := trust.Reopen(sets[0])
	if err != nil {
		t.Fatal(err)
	}
	nowhere := errors.New("no socket here")
	for left, want := range map[uint32]error{invited.Replica.Number(): nowhere, invited.Replica.Number() + 1: nil} {
		dir := t.TempDir()
		if _, err := host.BeginFurther(host.Folder(dir, m.Name()), newest, replicaOf(t, left), time.Now); err != nil {
			t.Fatal(err)
		}
		_, err := Join(t.Context(), dir, line, JoinOptions{
			Listen: "127.0.0.1:7400", Packets: func(string) (net.PacketConn, error) { return nil, nowhere },
		})
		if want != nil && !errors.Is(err, want) {
			t.Errorf("with the own keys: got %v", err)
		} else if want == nil {
			refused(t, "with keys of another", err, text.DirHalfReplica)
		}
	}
}

// TestSpare: how many may go away of those that are there.
func TestSpare(t *testing.T) {
	for s, want := range map[Strength]int{{1, 1, true}: 0, {2, 2, true}: 0, {2, 1, true}: -1, {3, 3, true}: 1, {3, 2, true}: 0, {3, 1, true}: -1, {5, 5, true}: 2, {5, 2, true}: -1} {
		if got := s.Spare(); got != want {
			t.Errorf("%+v: got %d, want %d", s, got, want)
		}
	}
}

// TestReadTellsTheKind: a line of another kind is told as that, with the command that takes it.
func TestReadTellsTheKind(t *testing.T) {
	for line, want := range map[string]text.Code{
		"hello": text.ReplicaNotInvitation, "": text.ReplicaNotInvitation, "xr1-guiyang-192.0.2.7-7400-ABC": text.ReplicaNotInvitation,
		"xr2-guiyang-192.0.2.7-7400-ABC": text.InvitationNewer, "xt1-guiyang-192.0.2.7-7400-ABC": text.InvitationOfChild,
	} {
		_, err := Read(line)
		refused(t, line, err, want)
	}
}

// TestMembersFit: the longest member that the limits allow is kept and read.
func TestMembersFit(t *testing.T) {
	const longestCert = 4 << 10 // of a key set
	m := Member{
		Replica: replicaOf(t, 1<<32-1), Stage: Voting, Secret: make([]byte, 32), Until: 1<<64 - 1, Entry: ledger.Ref(1<<64 - 1),
		Keys: &trust.ReplicaKeys{
			Replica: replicaOf(t, 1<<32-1), CACert: make([]byte, longestCert), SigningCert: make([]byte, longestCert), LogKey: make([]byte, 32),
		},
		Addresses: slices.Repeat([]string{strings.Repeat("x", maxAddress)}, maxAddresses),
	}
	data, err := canon.Marshal(m)
	if err != nil || len(data) > maxMember {
		t.Errorf("%d bytes, at most %d are kept: %v", len(data), maxMember, err)
	}
	var back Member
	if err := canon.Unmarshal(data, maxMember, &back); err != nil {
		t.Error(err)
	}
}
