package api

import (
	"context"
	"fmt"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"xietong/certs/identity"
	"xietong/node/faces/client"
	"xietong/node/flows/replicas"
	"xietong/node/tree/invitation"
)

// Replicas looks after the replicas of a hosted jurisdiction; *replicas.Desk is one.
type Replicas interface {
	// List returns those that there are.
	List(ctx context.Context) ([]replicas.Status, error)
	// Invite makes the invitation of a further one, good for the term; 0: replicas.Term.
	Invite(ctx context.Context, id identity.Message, term time.Duration) (invitation.Replica, error)
	// Promote gives one a vote, and has it sign.
	Promote(ctx context.Context, id identity.Message, replica identity.Replica) error
	// Removal tells what RemoveAgreed would do, and refuses what it would refuse.
	Removal(ctx context.Context, replica identity.Replica) (replicas.Removal, error)
	// RemoveAgreed takes one out for somebody who agreed to the hash of what that does.
	RemoveAgreed(ctx context.Context, id identity.Message, replica identity.Replica, agreed string) error
	// Linked returns the neighbours to which another one has a link, with that one.
	Linked(ctx context.Context) map[identity.Jurisdiction]identity.Replica
	// TwiceAlarms returns an alarm for each of which two run.
	TwiceAlarms() []error
	// Waits tells what a change of one waits for that is not settled.
	Waits(ctx context.Context, replica identity.Replica) (replicas.Waiting, error)
	// Settled reports whether what is wanted of one has come true.
	Settled(ctx context.Context, replica identity.Replica, wanted replicas.Stage) (bool, error)
}

// The requests about the replicas.
type (
	listReplicas struct{ Listed }
	newReplica   struct {
		Caller
		Body client.NewReplica
	}
	toRemoveReplica struct {
		Caller
		Replica string `path:"replica" maxLength:"20" doc:"r1, r2, …"`
	}
	promoteReplica struct {
		Caller
		Replica string `path:"replica" maxLength:"20" doc:"r1, r2, …"`
		Body    client.ReplicaPromotion
	}
	removeReplica struct {
		Caller
		Replica string `path:"replica" maxLength:"20" doc:"r1, r2, …"`
		Body    client.ReplicaRemoval
	}
)

func (s *server) registerReplicas(a huma.API) {
	handle(s, a, get("replicas", "/v1/replicas", "The replicas of the jurisdiction"), s.replicas)
	handle(s, a, post("invite-replica", "/v1/replicas/invitations", "Invite a further machine to be a replica"), replicaInvitation)
	handle(s, a, post("promote-replica", "/v1/replicas/{replica}/promotion", "Give a replica a vote, and have it sign"), replicaPromotion)
	handle(s, a, get("remove-replica-plan", "/v1/replicas/{replica}/removal", "What the removal of a replica would do"), s.replicaRemovalPlan)
	handle(s, a, post("remove-replica", "/v1/replicas/{replica}/removal", "Take a replica out for good"), replicaRemoval)
}

func (s *server) replicas(ctx context.Context, h Hosted, in *listReplicas) (out client.Replicas, err error) {
	all, err := h.Replicas.List(ctx)
	if err != nil {
		return out, err
	}
	out.Strength = strengthShown(replicas.StrengthOf(all))
	numbers := map[string]uint32{}
	w := whole[client.Replica]{
		Hosted: h, Listed: in.Listed, name: "replicas", id: func(r client.Replica) string { return fmt.Sprintf("%010d", numbers[r.Replica]) },
	}
	for _, each := range all {
		numbers[each.Replica.String()] = each.Replica.Number()
		w.all = append(w.all, s.replicaShown(each))
	}
	out.Replicas, out.Cursor, err = w.page()
	return out, err
}

func strengthShown(s replicas.Strength) client.Strength {
	return client.Strength{Voters: s.Voters, There: s.There, Spare: s.Spare(), Led: s.Led}
}

// replicaShown turns a replica into its wire type.
func (s *server) replicaShown(r replicas.Status) client.Replica {
	out := client.Replica{
		Replica: r.Replica.String(), Role: s.roleOf(r), Here: r.Here, Signs: r.Signs && !r.Mute, InQuestion: r.Mute, Ahead: r.Ahead, Reachable: r.Reachable, LastHeard: stamp(r.Heard),
		Follows: r.Following, NotSince: stamp(r.NotSince), Why: string(r.Why), Behind: r.Behind,
		OffsetMS: r.Offset.Milliseconds(), Addresses: append([]string{}, r.Addresses...),
	}
	for _, u := range r.Unreached {
		out.UnreachedBy = append(out.UnreachedBy, client.ReplicaUnreached{Replica: u.By.String(), Why: string(u.Why)})
	}
	if r.Stage == replicas.Invited {
		out.Until = stampMS(r.Until)
	}
	return out
}

func (s *server) roleOf(r replicas.Status) string {
	switch {
	case r.Stage == replicas.Invited && r.Until <= uint64(s.node.Now().UnixMilli()):
		return client.ReplicaExpired
	case r.Stage == replicas.Invited:
		return client.ReplicaInvited
	case r.Stage == replicas.Removed:
		return client.ReplicaRemoving
	case r.Leads:
		return client.ReplicaLeader
	case r.Stage == replicas.Voting && r.Votes && r.Signs:
		return client.ReplicaVoter
	case r.Stage == replicas.Voting:
		return client.ReplicaPromoting
	case r.Follows:
		return client.ReplicaFollower
	}
	return client.ReplicaJoining
}

func replicaInvitation(ctx context.Context, h Hosted, in *newReplica) (out client.ReplicaInvitation, err error) {
	id, err := in.key()
	if err != nil {
		return out, err
	}
	t, err := h.Replicas.Invite(ctx, id, time.Duration(in.Body.Hours)*time.Hour)
	if err != nil {
		return out, err
	}
	name := h.Ledger.Name()
	out = client.ReplicaInvitation{
		Replica: t.Replica.String(), Name: name.String(), DisplayName: h.Standing.Called(name), Until: stamp(t.Until), Addresses: t.Addresses,
	}
	out.Token, err = t.Encode()
	return out, err
}

func replicaPromotion(ctx context.Context, h Hosted, in *promoteReplica) (client.ReplicaChanged, error) {
	return h.changed(ctx, in.Caller, in.Replica, replicas.Voting, h.Replicas.Promote)
}

func replicaRemoval(ctx context.Context, h Hosted, in *removeReplica) (client.ReplicaChanged, error) {
	return h.changed(ctx, in.Caller, in.Replica, replicas.Removed, func(ctx context.Context, id identity.Message, replica identity.Replica) error {
		return h.Replicas.RemoveAgreed(ctx, id, replica, in.Body.Plan)
	})
}

// changed changes a replica under the caller's key, and tells how far that is.
func (h Hosted) changed(ctx context.Context, c Caller, typed string, wanted replicas.Stage, change func(context.Context, identity.Message, identity.Replica) error) (out client.ReplicaChanged, err error) {
	id, err := c.key()
	if err != nil {
		return out, err
	}
	replica, err := identity.ParseReplica(typed)
	if err != nil {
		return out, err
	}
	if err := change(ctx, id, replica); err != nil {
		return out, err
	}
	out.Replica = replica.String()
	if out.Settled, err = h.Replicas.Settled(ctx, replica, wanted); err != nil {
		return out, err
	}
	if !out.Settled {
		waits, err := h.Replicas.Waits(ctx, replica)
		if err != nil {
			return out, err
		}
		out.Waits = string(waits)
	}
	all, err := h.Replicas.List(ctx)
	out.Strength = strengthShown(replicas.StrengthOf(all))
	return out, err
}

func (s *server) replicaRemovalPlan(ctx context.Context, h Hosted, in *toRemoveReplica) (out client.ReplicaRemovalPlan, err error) {
	replica, err := identity.ParseReplica(in.Replica)
	if err != nil {
		return out, err
	}
	r, err := h.Replicas.Removal(ctx, replica)
	if err != nil {
		return out, err
	}
	all, err := h.Replicas.List(ctx)
	for _, each := range all {
		if each.Replica == replica {
			shown := s.replicaShown(each)
			out.Role, out.Until = shown.Role, shown.Until
		}
	}
	if err != nil {
		return out, err
	}
	out.Strength, out.Replica, out.Here, out.Permanent = strengthShown(r.Then), replica.String(), r.Here, true
	out.Hash, err = r.Hash()
	return out, err
}
