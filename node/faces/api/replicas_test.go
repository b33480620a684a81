package api

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"xietong/certs/identity"
	"xietong/node/faces/client"
	"xietong/node/flows/replicas"
	"xietong/node/ground/text"
	"xietong/node/tree/invitation"
)

// few are the replicas of a jurisdiction: r1 leads, r2 votes, r3 follows, r4 is invited.
type few struct {
	now  time.Time
	away string // the replica that is away
}

func replicaAt(n uint32) identity.Replica { return must(identity.NewReplica(n)) }

func (f few) List(context.Context) (all []replicas.Status, err error) {
	for n, stage := range []replicas.Stage{replicas.Voting, replicas.Voting, replicas.Admitted, replicas.Invited} {
		s := replicas.Status{Member: replicas.Member{Replica: replicaAt(uint32(n + 1)), Stage: stage}}
		s.Votes, s.Signs, s.Follows, s.Here, s.Leads = stage == replicas.Voting, stage == replicas.Voting, s.In(), n == 0, n == 0
		if s.Reachable = s.In() && s.Replica.String() != f.away; s.Reachable {
			s.Applied = uint64(1000 - 100*n)
		}
		if stage == replicas.Invited {
			s.Until = uint64(f.now.Add(time.Hour).UnixMilli())
		}
		all = append(all, s)
	}
	return all, nil
}

func (f few) Strength() (replicas.Strength, error) {
	all, err := f.List(context.Background())
	return strengthOf(all), err
}

func (few) Invite(context.Context, identity.Message, time.Duration) (none invitation.Replica, err error) {
	return none, text.Fail(text.ReplicaNoAddress, text.Args{"file": "config.yaml"}, nil)
}

func (few) Promote(_ context.Context, _ identity.Message, r identity.Replica) error {
	switch r.Number() {
	case 1, 2, 3:
		return nil
	case 4:
		return text.Fail(text.ReplicaNotCome, text.Args{"replica": r.String()}, nil)
	}
	return text.Fail(text.ReplicaUnknown, text.Args{"replica": r.String()}, nil)
}

func (few) Removal(r identity.Replica) (out replicas.Removal, err error) {
	if r.Number() > 4 {
		return out, text.Fail(text.ReplicaUnknown, text.Args{"replica": r.String()}, nil)
	}
	return replicas.Removal{Replica: r, Stage: replicas.Voting, Stay: []identity.Replica{replicaAt(1)}, Then: replicas.Strength{Voters: 1, There: 1}}, nil
}

func (f few) RemoveAgreed(_ context.Context, _ identity.Message, r identity.Replica, agreed string) error {
	would, err := f.Removal(r)
	if err != nil {
		return err
	}
	if hash, _ := would.Hash(); agreed != hash {
		return text.Fail(text.PlanMoved, text.Args{"name": r.String()}, nil)
	}
	return nil
}

func (few) Settled(context.Context, identity.Replica) (bool, error) { return true, nil }

// wrongReplicas are of the replicas.
func wrongReplicas() (all []wrong) {
	all = []wrong{
		row("replicas", "sorted by nothing", "GET", "/v1/replicas?sort=colour", "", nil, text.NotAsDescribed),
		row("invite-replica", "where none can dial", "POST", "/v1/replicas/invitations", "", client.NewReplica{}, text.ReplicaNoAddress),
		row("invite-replica", "for too long", "POST", "/v1/replicas/invitations", "", client.NewReplica{Hours: 9000}, text.NotAsDescribed),
		row("promote-replica", "that has not come", "POST", "/v1/replicas/r4/promotion", "", client.ReplicaPromotion{}, text.ReplicaNotCome),
		row("remove-replica", "no plan", "POST", "/v1/replicas/r2/removal", "", client.ReplicaRemoval{}, text.PlanMoved),
	}
	for typed, want := range map[string]text.Code{"r9": text.ReplicaUnknown, "2": text.BadRequest, "R2": text.BadRequest, "%E5%89%AF%E6%9C%AC2": text.BadRequest} {
		all = append(all,
			row("promote-replica", typed, "POST", "/v1/replicas/"+typed+"/promotion", "", client.ReplicaPromotion{}, want),
			row("remove-replica", typed, "POST", "/v1/replicas/"+typed+"/removal", "", client.ReplicaRemoval{}, want),
			row("remove-replica-plan", typed, "GET", "/v1/replicas/"+typed+"/removal", "", nil, want))
	}
	return all
}

// TestReplicas: the list tells the role of each and how far behind it is; a removal needs its plan.
func TestReplicas(t *testing.T) {
	d := open(t)
	var list client.Replicas
	readOne(t, d, "/v1/replicas", &list)
	roles := ""
	for _, r := range list.Replicas {
		roles += r.Replica + " " + r.Role + ";"
	}
	if want := "r1 leader;r2 voter;r3 follower;r4 invited;"; roles != want {
		t.Errorf("got %s, want %s", roles, want)
	}
	if list.Strength != (client.Strength{Voters: 2, There: 2}) || *list.Replicas[2].Behind != 200 || list.Replicas[3].Behind != nil {
		t.Errorf("got %+v", list)
	}
	hosted := d.server.node.(*node).hosted
	hosted[0].Replicas = few{d.Clock, "r2"}
	readOne(t, d, "/v1/replicas", &list)
	if list.Strength != (client.Strength{Voters: 2, There: 1, Spare: -1}) || list.Replicas[1].Reachable {
		t.Errorf("with r2 away: got %+v", list)
	}
	var s client.Status
	if readOne(t, d, "/v1/status", &s); s.Jurisdictions[0].Replicas == nil || s.Jurisdictions[0].Replicas.There != 1 {
		t.Errorf("status: got %+v", s.Jurisdictions[0].Replicas)
	}
	var plan client.ReplicaRemovalPlan
	readOne(t, d, "/v1/replicas/r2/removal", &plan)
	if plan.Role != client.ReplicaVoter || plan.Voters != 1 || !plan.Permanent || plan.Hash == "" {
		t.Errorf("got %+v", plan)
	}
	if got := d.done(t, "POST", "/v1/replicas/r2/removal", "", client.ReplicaRemoval{Plan: plan.Hash}); !strings.Contains(string(got), `"settled":true`) {
		t.Errorf("got %s", got)
	}
}

func readOne(t *testing.T, d *door, path string, into any) {
	t.Helper()
	w := d.send(t, request{method: http.MethodGet, path: path})
	if err := json.Unmarshal(w.Body.Bytes(), into); err != nil || w.Code != http.StatusOK {
		t.Fatalf("%s: got %d %s", path, w.Code, w.Body)
	}
}
