package api

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"xietong/certs/identity"
	"xietong/exchange/link"
	"xietong/node/faces/client"
	"xietong/node/flows/replicas"
	"xietong/node/ground/host"
	"xietong/node/ground/text"
	"xietong/node/tree/invitation"
)

// few are the replicas of a jurisdiction: r1 leads, r2 votes, r3 follows, r4 is invited.
type few struct {
	now   time.Time
	away  string // the replica that is away
	stuck string // the replica that is connected, and does not follow

	linked map[identity.Jurisdiction]identity.Replica
}

func replicaAt(n uint32) identity.Replica { return must(identity.NewReplica(n)) }

func (f few) List(context.Context) (all []replicas.Status, err error) {
	for n, stage := range []replicas.Stage{replicas.Voting, replicas.Voting, replicas.Admitted, replicas.Invited} {
		s := replicas.Status{Member: replicas.Member{Replica: replicaAt(uint32(n + 1)), Stage: stage}}
		s.Votes, s.Signs, s.Follows, s.Here, s.Leads = stage == replicas.Voting, stage == replicas.Voting, s.In(), n == 0, n == 0
		if s.Reachable = s.In() && s.Replica.String() != f.away; s.Reachable {
			s.Applied, s.Following, s.Behind = uint64(1000-100*n), f.stuck != s.Replica.String(), new(uint64(100*n))
		} else if s.In() {
			s.Why, s.NotSince = replicas.Away, f.now.Add(-2*time.Minute)
		}
		if s.In() && s.Reachable && !s.Following {
			s.Why, s.NotSince, s.Unreached = replicas.OneWay, f.now.Add(-time.Hour), []replicas.Unreached{{By: replicaAt(1), Why: link.NoAnswer}}
		}
		if stage == replicas.Invited {
			s.Until = uint64(f.now.Add(time.Hour).UnixMilli())
		}
		all = append(all, s)
	}
	return all, nil
}

func (f few) Linked(context.Context) map[identity.Jurisdiction]identity.Replica { return f.linked }

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

func (few) Removal(_ context.Context, r identity.Replica) (out replicas.Removal, err error) {
	if r.Number() > 4 {
		return out, text.Fail(text.ReplicaUnknown, text.Args{"replica": r.String()}, nil)
	}
	return replicas.Removal{Replica: r, Stage: replicas.Voting, Stay: []identity.Replica{replicaAt(1)}, Then: replicas.Strength{Voters: 1, There: 1}}, nil
}

func (f few) RemoveAgreed(ctx context.Context, _ identity.Message, r identity.Replica, agreed string) error {
	would, err := f.Removal(ctx, r)
	if err != nil {
		return err
	}
	if hash, _ := would.Hash(); agreed != hash {
		return text.Fail(text.PlanMoved, text.Args{"name": r.String()}, nil)
	}
	return nil
}

func (few) TwiceAlarms() []error { return nil }

func (few) Waits(context.Context, identity.Replica) (replicas.Waiting, error) {
	return replicas.ForParent, nil
}

func (few) Settled(context.Context, identity.Replica, replicas.Stage) (bool, error) { return true, nil }

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
	if list.Strength != (client.Strength{Voters: 2, There: 2, Led: true}) || *list.Replicas[2].Behind != 200 || list.Replicas[3].Behind != nil {
		t.Errorf("got %+v", list)
	}
	hosted := d.server.node.(*node).hosted
	hosted[0].Replicas = few{now: d.Clock, away: "r2"}
	list = client.Replicas{}
	readOne(t, d, "/v1/replicas", &list)
	if r2 := list.Replicas[1]; list.Strength != (client.Strength{Voters: 2, There: 1, Spare: -1, Led: true}) || r2.Reachable || r2.Why != client.ReplicaAway {
		t.Errorf("with r2 away: got %+v", list)
	}
	statusHas(t, d, 1, string(text.ReplicaAway))
	hosted[0].Replicas = few{now: d.Clock, stuck: "r2"}
	list = client.Replicas{}
	readOne(t, d, "/v1/replicas", &list)
	if r2 := list.Replicas[1]; list.There != 1 || !r2.Reachable || r2.Follows || r2.Why != client.ReplicaUnreachable || r2.UnreachedBy[0].Replica != "r1" {
		t.Errorf("with r2 reached in one direction: got %+v", list)
	}
	statusHas(t, d, 1, string(text.ReplicaUnreached))
	var plan client.ReplicaRemovalPlan
	readOne(t, d, "/v1/replicas/r2/removal", &plan)
	if plan.Role != client.ReplicaVoter || plan.Voters != 1 || !plan.Permanent || plan.Hash == "" {
		t.Errorf("got %+v", plan)
	}
	if got := d.done(t, "POST", "/v1/replicas/r2/removal", "", client.ReplicaRemoval{Plan: plan.Hash}); !strings.Contains(string(got), `"settled":true`) {
		t.Errorf("got %s", got)
	}
}

// statusHas checks how many replicas follow by the status, and what it alarms of.
func statusHas(t *testing.T, d *door, follow int, alarm string) {
	t.Helper()
	var s client.Status
	readOne(t, d, "/v1/status", &s)
	j := s.Jurisdictions[0]
	if j.Replicas == nil || j.Replicas.There != follow || len(j.Members) != 4 || !slices.ContainsFunc(j.Alarms, func(a client.Trouble) bool { return a.Code == alarm }) {
		t.Errorf("status: got %+v, %+v, %+v; want %d, %s", j.Replicas, j.Members, j.Alarms, follow, alarm)
	}
}

func readOne(t *testing.T, d *door, path string, into any) {
	t.Helper()
	w := d.send(t, request{method: http.MethodGet, path: path})
	if err := json.Unmarshal(w.Body.Bytes(), into); err != nil || w.Code != http.StatusOK {
		t.Fatalf("%s: got %d %s", path, w.Code, w.Body)
	}
}

// TestRemovedTellsThatAlone: of a replica that was removed it is told that alone, and not how to
// have its folder go on, which would name the number of one that serves, or that it hears nobody.
func TestRemovedTellsThatAlone(t *testing.T) {
	removed := &host.RemovedError{Replica: replicaAt(2)}
	h := Hosted{Trouble: func() []error { return []error{&host.QuestionError{Grouped: true}, removed, &host.NoLeaderError{}} }}
	wrong, err := new(server).replicasOf(t.Context(), h, &client.JurisdictionStatus{})
	if err != nil || len(wrong) != 1 || wrong[0] != error(removed) {
		t.Errorf("got %v, %v", wrong, err)
	}
}
