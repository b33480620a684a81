package node

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"

	"xietong/consensus/state"
	"xietong/node/tree"
	"xietong/node/tree/neighbours"
)

// mostAddresses is how many addresses of one name are tried. One that does not answer costs
// seconds.
const mostAddresses = 8

// resolveUDP returns the addresses of HOST:PORT in the order in which to try them.
func resolveUDP(ctx context.Context, address string) ([]net.Addr, error) {
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
	return byTurns(ips, number), nil
}

// byTurns orders addresses as RFC 8305 §4 does: by turns one of each family, first of the family
// that the resolver put first. So a family that leads nowhere costs one vain attempt, not all.
func byTurns(ips []net.IPAddr, port int) (all []net.Addr) {
	var families [2][]net.IPAddr // those of the first, and the others
	for _, ip := range ips {
		n := 0
		if (ip.IP.To4() == nil) != (ips[0].IP.To4() == nil) {
			n = 1
		}
		families[n] = append(families[n], ip)
	}
	for turn := 0; len(all) < min(len(ips), mostAddresses); turn++ {
		if of := &families[turn%2]; len(*of) > 0 {
			all = append(all, &net.UDPAddr{IP: (*of)[0].IP, Zone: (*of)[0].Zone, Port: port})
			*of = (*of)[1:]
		}
	}
	return all
}

// addressesOf returns the addresses of the parent. A parent that this node hosts is at the node's
// own socket. Any other parent is tried where it said last that it is reached, at any of its
// replicas, each replica here in an order of its own, and then where the invitation said; first of
// all, if there is one, at the address in the configuration, which replaces those of the
// invitation. Addresses that cannot be resolved are left out; if all are left out, their errors are
// returned.
func (n *Node) addressesOf(ctx context.Context, h *hosted) (all []net.Addr, err error) {
	if parent, ok := h.table.Parent(); ok {
		if _, here := n.of(parent); here {
			return []net.Addr{loopback(n.packets.LocalAddr())}, nil
		}
	}
	var up tree.Upstream
	var told []string
	err = h.host.View(ctx, func(r *state.Reader) error {
		up, _ = tree.UpstreamOf(r)
		told = neighbours.Turned(tree.Reached(r, up.Parent), h.settings.Name, h.host.Replica())
		return nil
	})
	if err != nil {
		return nil, err
	}
	places := append(told, up.Addresses...)
	if moved := h.settings.ParentAddress; moved != "" {
		places = append([]string{moved}, told...)
	}
	for i, address := range places {
		if slices.Contains(places[:i], address) {
			continue
		}
		resolved, failed := n.o.Resolve(ctx, address)
		if failed != nil {
			err = errors.Join(err, fmt.Errorf("resolve %s: %w", address, failed))
		}
		all = append(all, resolved...)
	}
	if len(all) > 0 {
		err = nil
	}
	return all, err
}

// loopback returns the address at which this machine reaches its own socket: 127.0.0.1 if the
// socket is bound to every address.
func loopback(addr net.Addr) net.Addr {
	udp, ok := addr.(*net.UDPAddr)
	if !ok || !udp.IP.IsUnspecified() {
		return addr
	}
	return &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: udp.Port}
}
