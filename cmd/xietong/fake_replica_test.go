package main

import (
	"context"
	"maps"

	"xietong/node"
	"xietong/node/faces/client"
	"xietong/node/ground/text"
)

func init() { maps.Copy(answers, replicaAnswers) }

// What is damaged on the replica of the fake node.
var (
	decayedRecords = client.Trouble{Code: string(text.DataMending), Args: map[string]string{
		"replica": "r2", "kept": "records", "values": "2", "since": "2026-11-24T01:10:00Z", "file": "/data/j/nanming.guiyang.guizhou/state.db",
	}}
	awayEntries = client.Trouble{Code: string(text.OldEntriesAway), Args: map[string]string{
		"replicas": "r2, r3", "entries": "65536 to 65791", "files": "1-9f86d081", "count": "1", "away": "r1", "dir": "/data/j/nanming.guiyang.guizhou/files",
	}}
)

// replicaAnswers are those of the fake node about the replicas.
var replicaAnswers = map[string]any{
	"GET /v1/replicas": client.Replicas{
		Strength: client.Strength{Voters: 3, There: 2, Led: true},
		Replicas: []client.Replica{
			{Replica: "r1", Role: client.ReplicaLeader, Here: true, Signs: true, Reachable: true, Follows: true, Behind: new(uint64), Addresses: []string{"192.0.2.7:7400"}},
			{Replica: "r2", Role: client.ReplicaVoter, Signs: true, Reachable: true, Follows: true, Behind: behind(3), OffsetMS: -7000, Addresses: []string{"192.0.2.8:7400"}},
			{Replica: "r3", Role: client.ReplicaVoter, Signs: true, LastHeard: "2026-11-24T01:10:00Z", NotSince: "2026-11-24T01:10:00Z", Why: client.ReplicaAway, Addresses: []string{"192.0.2.9:7400"}},
			{Replica: "r5", Role: client.ReplicaFollower, Reachable: true, Follows: true, Behind: behind(51200), Addresses: []string{"192.0.2.11:7400"}},
			{Replica: "r6", Role: client.ReplicaInvited, Until: "2026-11-25T02:10:00Z", Addresses: []string{}},
		},
	},
	"POST /v1/ledger/repair": client.Repair{
		Replica: "r2", Found: []client.Trouble{decayedRecords, awayEntries}, Files: 1, From: "r3", Left: []client.Trouble{awayEntries},
	},
	"POST /v1/replicas/invitations": client.ReplicaInvitation{
		Token: "xr1-nanming-192.0.2.7-7400-ABC", Replica: "r2", Name: "nanming.guiyang.guizhou", DisplayName: "南明区", Until: "2026-11-25T02:10:00Z",
		Addresses: []string{"192.0.2.7:7400"},
	},
	"POST /v1/replicas/r2/promotion": client.ReplicaChanged{Strength: client.Strength{Voters: 2, There: 2, Led: true}, Replica: "r2", Settled: true},
	"POST /v1/replicas/r3/promotion": client.ReplicaChanged{Strength: client.Strength{Voters: 2, There: 2, Led: true}, Replica: "r3"},
	"GET /v1/replicas/r2/removal": client.ReplicaRemovalPlan{
		Strength: client.Strength{Voters: 2, There: 2, Led: true}, Hash: "ab", Replica: "r2", Role: client.ReplicaVoter, Permanent: true,
	},
	"POST /v1/replicas/r2/removal": client.ReplicaChanged{Strength: client.Strength{Voters: 2, There: 2, Led: true}, Replica: "r2", Settled: true},
}

func behind(n uint64) *uint64 { return &n }

// fakeReplica stands for node.JoinReplica.
func fakeReplica(_ context.Context, _, line string, o joinOptions) (made node.ReplicaJoined, err error) {
	tell := func(name, what text.Code, args text.Args) {
		if o.Told != nil {
			o.Told(joinStep{Name: name, What: what, Args: args})
		}
	}
	tell(text.JoinNetwork, text.JoinNetworkDone, text.Args{"address": "192.0.2.7:7400", "ms": "8"})
	tell(text.JoinClock, text.JoinClockDone, text.Args{"seconds": "0.2", "parent": "南明区"})
	tell(text.JoinDisk, text.JoinDiskDone, text.Args{"free": "90 GiB"})
	tell(text.JoinKeys, text.JoinKeysDone, nil)
	if line == "used" {
		return made, text.Fail(text.ReplicaInvitationUsed, text.Args{"replica": "r2"}, nil)
	}
	tell(text.JoinAdmitted, text.JoinAdmittedDone, text.Args{"replica": "r2"})
	tell(text.JoinReached, text.JoinReachedDone, text.Args{"by": "r1"})
	tell(text.JoinSecrets, text.JoinSecretsDone, nil)
	tell(text.JoinFilled, text.JoinFilledDone, text.Args{"entries": "1041"})
	return node.ReplicaJoined{Name: "nanming.guiyang.guizhou", DisplayName: "南明区", Replica: "r2", Config: "D/config.yaml", Entries: 1041}, nil
}
