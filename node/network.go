package node

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"time"

	"xietong/certs/identity"
	"xietong/certs/tlsconf"
	"xietong/consensus/state"
	"xietong/exchange/link"
	"xietong/node/join"
	"xietong/node/text"
)

// dialWithin is how long an attempt at one address may take: a handshake that nobody answers ends after five seconds.
const dialWithin = 10 * time.Second

func listenUDP(listen string) (net.PacketConn, error) {
	if listen == "" {
		listen = ":0"
	}
	return net.ListenPacket("udp", listen)
}

func resolveUDP(ctx context.Context, address string) (net.Addr, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	number, err := net.DefaultResolver.LookupPort(ctx, "udp", port)
	if err != nil {
		return nil, err
	}
	ips, err := net.DefaultResolver.LookupIPAddr(ctx, host)
	if err != nil {
		return nil, err
	}
	at := max(0, slices.IndexFunc(ips, func(ip net.IPAddr) bool { return ip.IP.To4() != nil })) // a name with both is reached by IPv4
	return &net.UDPAddr{IP: ips[at].IP, Zone: ips[at].Zone, Port: number}, nil
}

// openSocket opens the node's one socket. It takes connections where the configuration says an address; elsewhere nothing
// that comes from outside finds anything but the links that were dialled from here.
func (n *Node) openSocket() (err error) {
	if n.packets, err = n.o.Packets(n.settings.Listen); err != nil {
		return fmt.Errorf("open socket: %w", err)
	}
	o := link.Options{
		Hosted: func(name identity.Jurisdiction) (link.Handler, bool) { h, ok := n.of(name); return h, ok },
		Knock:  n.knock, Recheck: n.stillTrusted, Logger: n.o.Logger,
		ResetKey: n.hosted[0].host.MAC("stateless reset"),
	}
	if n.settings.Listen != "" {
		o.Listen = tlsconf.Listen(n.local, n.o.Now)
	}
	n.socket, err = link.Open(n.packets, o)
	return err
}

// party is a hosted jurisdiction in a handshake.
func (n *Node) party(h *hosted) tlsconf.Party {
	return tlsconf.Party{SVID: h.host.LinkSource(), Bundles: h.table.Bundles(), Now: n.o.Now}
}

// local is who takes a connection.
func (n *Node) local(name identity.Jurisdiction) (tlsconf.Local, bool) {
	h, ok := n.of(name)
	if !ok {
		return tlsconf.Local{}, false
	}
	return tlsconf.Local{Party: n.party(h), Neighbour: h.table.IsNeighbour}, true
}

func (n *Node) knock(ctx context.Context, local identity.Jurisdiction, binding [32]byte, request []byte) ([]byte, error) {
	h, ok := n.of(local)
	if !ok {
		return nil, tlsconf.ErrNotHosted
	}
	answer, err := h.door.Answer(ctx, binding, request)
	if err != nil {
		n.o.Logger.Error("knock not answered", "jurisdiction", local.String(), "error", err)
	}
	return answer, nil
}

// stillTrusted judges the other end of an open link as things stand now.
func (n *Node) stillTrusted(local identity.Jurisdiction, s tlsconf.State) error {
	h, ok := n.of(local)
	if !ok {
		return tlsconf.ErrNotHosted
	}
	peer, err := tlsconf.Recheck(s, h.table.Bundles(), n.o.Now())
	if err == nil && !h.table.IsNeighbour(peer.Jurisdiction) {
		err = fmt.Errorf("%w: %s", tlsconf.ErrNotNeighbour, peer.Jurisdiction)
	}
	return err
}

func (n *Node) recheck() {
	if n.socket != nil {
		n.socket.Recheck()
	}
}

// start begins what a hosted jurisdiction does by itself: its upkeep, its news, and the link to its parent.
func (n *Node) start(h *hosted) {
	n.workers.Go(func() { h.upkeep.Run(n.ctx) })
	n.workers.Go(func() { h.chains.Run(n.ctx) })
	if parent, joined := h.table.Parent(); joined {
		n.workers.Go(func() { n.socket.Keep(n.ctx, n.dialler(h, parent)) })
	}
}

// dialler says how the link to the parent is made.
func (n *Node) dialler(h *hosted, parent identity.Jurisdiction) link.Dialler {
	return link.Dialler{
		Local: h.settings.Name, To: parent, Handler: h,
		Addresses: func(ctx context.Context) ([]net.Addr, error) { return n.addressesOf(ctx, h) },
		TLS:       func() *tlsconf.Config { return n.party(h).Dial(parent) },
		Failed:    func(err error) { n.linkFailed(h, parent, err) },
		Up:        func(tlsconf.Peer) { h.keepFailure(nil) },
	}
}

// linkFailed keeps why there is no link. A parent that we do not know any more, or that does not know us, may have other
// keys than we think, or we than it thinks: its door can tell. It is asked when this comes up; while it stays so, the upkeep
// asks again by itself.
func (n *Node) linkFailed(h *hosted, parent identity.Jurisdiction, err error) {
	before, now := reasonOf(h.keepFailure(err)), reasonOf(err)
	n.o.Logger.Warn("no link to parent", "jurisdiction", h.settings.Name.String(), "peer", parent.String(), "error", err)
	if now != before && (now == link.NotKnown || now == link.NotTrusted) {
		h.upkeep.Poke()
	}
}

// reasonOf returns why a link failed; "" where it did not.
func reasonOf(err error) link.Reason {
	if e, ok := errors.AsType[*link.Error](err); ok {
		return e.Reason
	}
	return ""
}

// keepFailure keeps the last failure of the link to the parent, and returns the one before; nil: the link is up.
func (h *hosted) keepFailure(err error) (before error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	before, h.failed = h.failed, err
	return before
}

// addressesOf resolves where the parent is. One that this node hosts is at its own socket, wherever that is by now.
func (n *Node) addressesOf(ctx context.Context, h *hosted) (all []net.Addr, err error) {
	if parent, ok := h.table.Parent(); ok {
		if _, here := n.of(parent); here {
			return []net.Addr{loopback(n.packets.LocalAddr())}, nil
		}
	}
	var up join.Upstream
	err = h.host.View(ctx, func(r *state.Reader) error {
		up, _ = join.UpstreamOf(r)
		return nil
	})
	if err != nil {
		return nil, err
	}
	if moved := h.settings.ParentAddress; moved != "" {
		up.Addresses = []string{moved}
	}
	for _, address := range up.Addresses {
		addr, failed := n.o.Resolve(ctx, address)
		if failed != nil {
			err = errors.Join(err, fmt.Errorf("resolve %s: %w", address, failed))
			continue
		}
		all = append(all, addr)
	}
	if len(all) > 0 {
		err = nil
	}
	return all, err
}

// reach gives a way to the parent: the link, or else its door.
func (n *Node) reach(ctx context.Context, h *hosted, parent identity.Jurisdiction) (join.Asker, func(), error) {
	if n.socket.Up(h.settings.Name, parent) {
		return overLink{n.socket, h.settings.Name, parent}, func() {}, nil
	}
	addresses, err := n.addressesOf(ctx, h)
	if err != nil {
		return nil, nil, err
	}
	line, err := dialDoor(ctx, n.socket, addresses, parent)
	if err != nil {
		return nil, nil, err
	}
	return line, func() { line.Conn.Close(link.CodeClosing) }, nil
}

// dialDoor knocks at the first address that answers.
func dialDoor(ctx context.Context, s *link.Socket, addresses []net.Addr, parent identity.Jurisdiction) (join.Line, error) {
	failed := errors.New("no address")
	for _, addr := range addresses {
		c, err := dialOnce(ctx, s, addr, parent)
		if err == nil {
			return join.Line{Conn: c}, nil
		}
		failed = err
	}
	return join.Line{}, fmt.Errorf("knock at %s: %w", parent, failed)
}

// overLink asks a neighbour over the link.
type overLink struct {
	socket    *link.Socket
	local, to identity.Jurisdiction
}

func (o overLink) Exchange(ctx context.Context, request []byte) (answer []byte, err error) {
	err = o.socket.Exchange(ctx, o.local, o.to, request, func(frame []byte) error {
		if answer != nil {
			return fmt.Errorf("%w: more than one answer", link.ErrFrame)
		}
		answer = frame
		return nil
	})
	if err == nil && answer == nil {
		err = fmt.Errorf("%w: no answer", link.ErrFrame)
	}
	return answer, err
}

// unreachable tells a person why no door answered.
func unreachable(err error, address, name string) error {
	args := text.Args{"address": address, "name": name}
	e, ok := errors.AsType[*link.Error](err)
	if !ok {
		return text.Fail(text.ParentBroken, text.Args{"address": address, "name": name, "reason": err.Error()}, err)
	}
	switch e.Reason {
	case link.NoAnswer:
		return text.Fail(text.ParentSilent, args, err)
	case link.NotHosted:
		return text.Fail(text.ParentNotThere, args, err)
	case link.OtherVersion:
		return text.Fail(text.ParentVersion, args, err)
	}
	return text.Fail(text.ParentBroken, text.Args{"address": address, "name": name, "reason": string(e.Reason)}, err)
}
