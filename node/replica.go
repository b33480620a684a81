package node

import (
	"context"
	"errors"
	"net"
	"strconv"
	"syscall"

	"xietong/node/flows/replicas"
	"xietong/node/ground/text"
)

// ReplicaJoined is what JoinReplica made.
type ReplicaJoined = replicas.Joined

// JoinReplica makes the replica that an invitation names, in the directory dir; see replicas.Join.
func JoinReplica(ctx context.Context, dir, line string, o JoinOptions) (ReplicaJoined, error) {
	o.Options = o.withDefaults()
	packets := func(listen string) (net.PacketConn, error) {
		conn, err := o.Packets(listen)
		return conn, notListened(listen, err)
	}
	return replicas.Join(ctx, dir, line, replicas.JoinOptions{
		Logger: o.Logger, Registry: commands, Now: o.Now, Packets: packets, Resolve: o.Resolve,
		Listen: o.Listen, TimeZone: o.TimeZone, Told: o.Told, FileBlocks: o.FileBlocks,
	})
}

// notListened returns the failure of a socket that cannot be opened at an address that was typed.
func notListened(address string, err error) error {
	system, known := errors.AsType[syscall.Errno](err)
	if !known {
		return err
	}
	if pid, program := holderOf(address); pid != 0 && system == syscall.EADDRINUSE {
		return text.Fail(text.ListenTakenBy, text.Args{"address": address, "pid": strconv.Itoa(pid), "program": program}, err)
	}
	return text.Fail(text.ListenUnusable, text.Args{"address": address, "reason": system.Error()}, err)
}
