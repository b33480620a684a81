package node

import (
	"context"

	"xietong/node/flows/replicas"
)

// ReplicaJoined is what JoinReplica made.
type ReplicaJoined = replicas.Joined

// JoinReplica makes the replica that an invitation names, in the directory dir; see replicas.Join.
func JoinReplica(ctx context.Context, dir, line string, o JoinOptions) (ReplicaJoined, error) {
	o.Options = o.withDefaults()
	return replicas.Join(ctx, dir, line, replicas.JoinOptions{
		Logger: o.Logger, Registry: commands, Now: o.Now, Packets: o.Packets, Resolve: o.Resolve,
		Listen: o.Listen, TimeZone: o.TimeZone, Told: o.Told, FileBlocks: o.FileBlocks,
	})
}
