package node

import (
	"context"
	"fmt"
	"net"
	"path/filepath"
	"strconv"
	"time"

	"xietong/certs/identity"
	"xietong/exchange/link"
	"xietong/node/api"
	"xietong/node/client"
	"xietong/node/config"
	"xietong/node/host"
	"xietong/node/join"
	"xietong/node/text"
)

// Hosted returns the jurisdictions that the node hosts.
func (n *Node) Hosted() []api.Hosted {
	n.mu.RLock()
	defer n.mu.RUnlock()
	faces := make([]api.Hosted, len(n.hosted))
	for i, h := range n.hosted {
		faces[i] = h.face()
		faces[i].Host = n.timed(h.host, StepAPIRead, StepAPIRecord)
	}
	return faces
}

// Now returns the time by the node's clock.
func (n *Node) Now() time.Time { return n.o.Now() }

// Addresses returns where children dial; none where the node does not listen.
func (n *Node) Addresses() []string {
	interfaces, err := net.InterfaceAddrs()
	if err != nil {
		n.o.Logger.Warn("addresses of this machine unknown", "error", err)
	}
	n.mu.RLock()
	defer n.mu.RUnlock()
	return config.Advertised(n.settings.Listen, n.settings.Addresses, interfaces)
}

// Link tells how the link between a hosted jurisdiction and its neighbour is.
func (n *Node) Link(local, peer identity.Jurisdiction) (s api.LinkState) {
	for _, l := range n.socket.Links() {
		if l.Local == local && l.Peer.Jurisdiction == peer {
			s.Up, s.Address = true, l.Address
		}
	}
	s.LastHeard, _ = n.socket.LastHeard(local, peer)
	h, ok := n.of(local)
	if !ok || s.Up {
		return s
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if parent, joined := h.table.Parent(); joined && parent == peer {
		s.Why = string(reasonOf(h.failed))
	}
	return s
}

// Changed derives anew who the children of a hosted jurisdiction are.
func (n *Node) Changed(ctx context.Context, local identity.Jurisdiction) error {
	h, ok := n.of(local)
	if !ok {
		return nil
	}
	return n.changed(ctx, h)
}

// RosterChanged has the tree told that a hosted root has published a roster.
func (n *Node) RosterChanged(local identity.Jurisdiction) {
	if h, ok := n.of(local); ok {
		h.chains.Tell(local, identity.Jurisdiction{})
	}
}

// Adopt makes the node host a further jurisdiction below one that it hosts. It goes the way of every child: (1) the parent
// invites, (2) the new jurisdiction knocks at the parent's door, over the node's own socket, and is endorsed, (3) the
// configuration names it, (4) it is opened and links to its parent. The same request again goes on where it stopped.
func (n *Node) Adopt(ctx context.Context, parent api.Hosted, id identity.Message, place join.Place) (client.HostedPlace, error) {
	n.adopting.Lock()
	defer n.adopting.Unlock()
	if h, ok := n.of(place.Name); ok {
		return adopted(h.host, place, "")
	}
	at := loopback(n.packets.LocalAddr())
	t, _, err := api.Invite(ctx, parent, id, place, []string{at.String()}, client.NewInvitation{})
	if err != nil {
		return client.HostedPlace{}, err
	}
	c, err := dialOnce(ctx, n.socket, at, t.Parent.Name())
	if err != nil {
		return client.HostedPlace{}, unreachable(err, at.String(), parent.DisplayName)
	}
	defer c.Close(link.CodeClosing)
	line := join.Line{Conn: c}
	met, err := join.MeetParent(ctx, line, t, n.o.Now)
	if err != nil {
		return client.HostedPlace{}, err
	}
	result, err := enter(ctx, line, n.dir, t, met, JoinOptions{Options: n.o, Told: func(JoinStep) {}})
	if err != nil {
		return client.HostedPlace{}, err
	}
	if err := n.addToConfig(placed(t)); err != nil {
		return client.HostedPlace{}, err
	}
	h, err := n.open(ctx, placed(t))
	if err != nil {
		return client.HostedPlace{}, err
	}
	n.mu.Lock()
	n.hosted = append(n.hosted, h)
	n.mu.Unlock()
	n.start(h)
	return adopted(h.host, place, result.Entry)
}

func adopted(h *host.Host, p join.Place, entry string) (client.HostedPlace, error) {
	pin, err := h.Pin()
	return client.HostedPlace{Name: p.Name.String(), DisplayName: p.DisplayName, Pin: pin.String(), Entry: entry}, err
}

// loopback is the address of this machine's own socket.
func loopback(addr net.Addr) net.Addr {
	udp, ok := addr.(*net.UDPAddr)
	if !ok || !udp.IP.IsUnspecified() {
		return addr
	}
	return &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: udp.Port}
}

// addToConfig writes the configuration with one jurisdiction more, whole or not at all.
func (n *Node) addToConfig(j config.Jurisdiction) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	c := n.settings
	for _, have := range c.Jurisdictions {
		if have.Name == j.Name {
			return nil
		}
	}
	if len(c.Jurisdictions) >= config.MaxHosted {
		return text.Fail(text.BadRequest, text.Args{"where": "host", "reason": strconv.Itoa(config.MaxHosted)}, nil)
	}
	c.Jurisdictions = append(c.Jurisdictions[:len(c.Jurisdictions):len(c.Jurisdictions)], j)
	if err := host.WriteFile(filepath.Join(n.dir, config.FileName), config.Render(c)); err != nil {
		return fmt.Errorf("write configuration: %w", err)
	}
	n.settings = c
	return nil
}
