package client

import (
	"context"
	"net/url"
)

// The roles of a replica.
const (
	ReplicaLeader    = "leader"    // it decides the order of what is written
	ReplicaVoter     = "voter"     // it has a vote, and signs
	ReplicaPromoting = "promoting" // it is to have a vote, and has none yet or does not sign yet
	ReplicaFollower  = "follower"  // it is sent everything, and has no vote
	ReplicaJoining   = "joining"   // its machine has come, and it is sent nothing yet
	ReplicaInvited   = "invited"   // no machine has used the invitation yet
	ReplicaExpired   = "expired"   // no machine used the invitation in time
	ReplicaRemoving  = "removing"  // it is to be taken out, and still counts
)

// Why a replica does not follow.
const (
	ReplicaNoLeader    = "no-leader"
	ReplicaUnreachable = "unreachable" // for the one that leads, though it is there
	ReplicaAway        = "away"
	ReplicaStuck       = "stuck" // it is reached, and takes nothing in
)

// Replica is one replica of a jurisdiction, as the one that answers knows it.
type Replica struct {
	Replica     string             `json:"replica" doc:"r1, r2, …: counted up, and never given twice"`
	Role        string             `json:"role" enum:"leader,voter,promoting,follower,joining,invited,expired,removing"`
	Here        bool               `json:"here" doc:"It is the one that answers"`
	Signs       bool               `json:"signs" doc:"The newest key set lists its keys, and it is not in question"`
	InQuestion  bool               `json:"in_question,omitempty" doc:"Its data directory may be a copy or an old backup, or its new epoch is not settled: it signs nothing and, unless it leads alone, has no vote and does not count as there"`
	Ahead       bool               `json:"ahead,omitempty" doc:"It has entries that were acknowledged and that those that lead do not have: it follows nobody, and its data directory is the newest"`
	Reachable   bool               `json:"reachable" doc:"The one that answers is connected to it"`
	Follows     bool               `json:"follows" doc:"It leads, or takes in what the leader sends: it counts as there. That it is connected is not enough"`
	NotSince    string             `json:"not_since,omitempty" doc:"RFC 3339: since when it does not follow, at least"`
	Why         string             `json:"why,omitempty" enum:"no-leader,unreachable,away,stuck" doc:"Why it does not follow: nobody leads; the leader cannot reach it, though it is there; nothing is heard of it; it is reached, and takes nothing in"`
	UnreachedBy []ReplicaUnreached `json:"unreached_by,omitempty" doc:"The replicas that cannot reach it at its addresses"`
	Behind      *uint64            `json:"behind,omitempty" doc:"How many entries of the replicas' common log it has still to apply; absent: not known"`
	LastHeard   string             `json:"last_heard,omitempty" doc:"RFC 3339: when something came from it last"`
	OffsetMS    int64              `json:"offset_ms,omitempty" doc:"How far its clock is ahead of that of the one that answers"`
	Until       string             `json:"until,omitempty" doc:"RFC 3339: of an invitation, how long it is good"`
	Addresses   []string           `json:"addresses" doc:"HOST:PORT over UDP where others reach it"`
}

// ReplicaUnreached is a replica that cannot reach another one.
type ReplicaUnreached struct {
	Replica string `json:"replica"`
	Why     string `json:"why" doc:"What came of the last attempt, such as no-answer"`
}

// Strength is how many replicas have a vote, and what may still be lost.
type Strength struct {
	Voters int  `json:"voters" doc:"How many replicas have a vote"`
	There  int  `json:"there" doc:"How many of them follow, the leader included; where none leads, how many answer"`
	Spare  int  `json:"spare" doc:"How many of those that are there may go away with nothing lost; negative: so many are missing for anything to be written"`
	Led    bool `json:"led" doc:"A replica leads; else nothing can be written"`
}

// Replicas is a page of the replicas of a jurisdiction.
type Replicas struct {
	Strength
	Replicas []Replica `json:"replicas"`
	Cursor   string    `json:"cursor,omitempty" doc:"Where the next page begins; absent at the end"`
}

// NewReplica invites a further replica.
type NewReplica struct {
	Hours int `json:"hours,omitempty" minimum:"0" maximum:"8760" doc:"How long the invitation is good for; 0: a day"`
}

// ReplicaInvitation is the invitation of a further replica. The administrator hands its token to
// the other machine.
type ReplicaInvitation struct {
	Token       string   `json:"token" doc:"The line for xietong replica join; it lets one machine take the number"`
	Replica     string   `json:"replica"`
	Name        string   `json:"name" doc:"Of the jurisdiction"`
	DisplayName string   `json:"display_name"`
	Until       string   `json:"until" doc:"RFC 3339"`
	Addresses   []string `json:"addresses" doc:"Where the replicas that are there are dialled"`
}

// ReplicaPromotion gives a replica a vote.
type ReplicaPromotion struct{}

// ReplicaRemoval takes a replica out.
type ReplicaRemoval struct {
	Plan string `json:"plan,omitempty" maxLength:"64" doc:"Hash of the plan that was seen: GET of the same path; needed, and refused where it would do something else by now"`
}

// ReplicaChanged is what was done about a replica.
type ReplicaChanged struct {
	Strength
	Replica string `json:"replica"`
	Settled bool   `json:"settled" doc:"Whether it is so already; else it is recorded, and goes on by itself. A machine whose removal is not settled must not be stopped"`
	Waits   string `json:"waits,omitempty" enum:"parent,replica,votes" doc:"What is waited for where it is not settled: that the parent endorses the newest key set, that the replica follows and has everything, or the votes of the others"`
}

// What a change of a replica waits for.
const (
	WaitsParent  = "parent"
	WaitsReplica = "replica"
	WaitsVotes   = "votes"
)

// ReplicaRemovalPlan is what the removal of a replica would do.
type ReplicaRemovalPlan struct {
	Strength         // of those that stay
	Hash      string `json:"hash" doc:"For the parameter plan"`
	Replica   string `json:"replica"`
	Role      string `json:"role" enum:"leader,voter,promoting,follower,joining,invited,expired"`
	Here      bool   `json:"here" doc:"It is the one that answers"`
	Until     string `json:"until,omitempty" doc:"RFC 3339: of an invitation, how long it is good"`
	Permanent bool   `json:"permanent" doc:"Always true: its number never comes back"`
}

// Replicas returns the replicas of the jurisdiction.
func (c *Client) Replicas(ctx context.Context) (Replicas, error) {
	return get[Replicas](ctx, c, "/v1/replicas")
}

// InviteReplica invites a further replica.
func (c *Client) InviteReplica(ctx context.Context, n NewReplica) (ReplicaInvitation, error) {
	return post[ReplicaInvitation](ctx, c, "/v1/replicas/invitations", n)
}

// PromoteReplica gives a replica a vote.
func (c *Client) PromoteReplica(ctx context.Context, replica string) (ReplicaChanged, error) {
	return post[ReplicaChanged](ctx, c, "/v1/replicas/"+url.PathEscape(replica)+"/promotion", ReplicaPromotion{})
}

// ReplicaRemovalPlan tells what the removal of a replica would do, and does nothing.
func (c *Client) ReplicaRemovalPlan(ctx context.Context, replica string) (ReplicaRemovalPlan, error) {
	return get[ReplicaRemovalPlan](ctx, c, "/v1/replicas/"+url.PathEscape(replica)+"/removal")
}

// RemoveReplica takes a replica out, of which the plan was seen.
func (c *Client) RemoveReplica(ctx context.Context, replica string, r ReplicaRemoval) (ReplicaChanged, error) {
	return post[ReplicaChanged](ctx, c, "/v1/replicas/"+url.PathEscape(replica)+"/removal", r)
}
