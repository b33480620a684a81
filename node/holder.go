package node

import (
	"context"
	"net"
	"time"

	"xietong/certs/identity"
	"xietong/certs/tlsconf"
	"xietong/exchange/link"
	"xietong/node/flows/join"
	"xietong/node/ground/host"
)

// knockWithin is how long whoever holds the node's address may take to say who it is.
const knockWithin = 2 * time.Second

// sameReplicaAt returns the replica of this node that already listens at the node's address, by
// what it shows there: this directory is then a copy of the one that runs. Zero: it is another
// program.
func (n *Node) sameReplicaAt() (none identity.Replica) {
	at, err := net.ResolveUDPAddr("udp", n.settings.Listen)
	if err != nil {
		return none
	}
	packets, err := n.o.Packets("")
	if err != nil {
		return none
	}
	defer packets.Close()
	socket, err := link.Open(packets, link.Options{Logger: n.o.Logger})
	if err != nil {
		return none
	}
	defer socket.Close()
	for _, j := range n.settings.Jurisdictions {
		own := host.ReplicaIn(host.Folder(n.dir, j.Name))
		if peer, ok := shownAt(socket, loopback(at), j.Name); ok && peer.Jurisdiction == j.Name && peer.Replica == own {
			return own
		}
	}
	return none
}

// shownAt returns who says that it listens at an address for a jurisdiction. Nothing proves it.
func shownAt(socket *link.Socket, at net.Addr, name identity.Jurisdiction) (tlsconf.Peer, bool) {
	ctx, cancel := context.WithTimeout(context.Background(), knockWithin)
	defer cancel()
	c, err := join.Dial(ctx, socket, at, name)
	if err != nil {
		return tlsconf.Peer{}, false
	}
	defer c.Close(link.CodeClosing)
	peer, err := tlsconf.PeerOf(c.TLS())
	return peer, err == nil
}
