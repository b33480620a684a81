package config

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"xietong/certs/identity"
)

// MaxAddresses is the greatest number of addresses of a node that an invitation tells.
const MaxAddresses = 4

// Reasons for which an address is refused. For a configuration, *Error adds the line and the key.
const (
	notHostPort = "it is not HOST:PORT"
	badPort     = "its port is not a number from 1 to 65535"
	noHost      = "its host is neither an IP address nor a name"
	noIP        = "its host is not an IP address"
	undiallable = "nobody can dial that address"
	standsTwice = "it stands twice"
)

// ErrPort is wrapped by the error of an address that lacks nothing but a possible port.
var ErrPort = errors.New(badPort)

// CheckAddress checks an address as it stands in invitations, in its one spelling: 192.0.2.7:7400,
// [2001:db8::7]:7400 or node.example.cn:7400. An unspecified address, which stands for all
// addresses of a machine, is refused, because no child could dial it.
func CheckAddress(s string) error { return addressError(s, wrongAddress(s)) }

// CheckListen checks an address to listen on: an IP address of the machine, and a port. No host, or
// an unspecified one, stands for all addresses of the machine.
func CheckListen(s string) error { return addressError(s, wrongListen(s)) }

func addressError(s, reason string) error {
	switch reason {
	case "":
		return nil
	case badPort:
		return fmt.Errorf("address %.100q: %w", s, ErrPort)
	}
	return fmt.Errorf("address %.100q: %s", s, reason)
}

// wrongAddress returns the reason for which CheckAddress refuses, or "".
func wrongAddress(s string) (reason string) {
	host, wrong := splitAddress(s)
	ip, isIP := parseIP(host)
	switch {
	case wrong != "":
		return wrong
	case !isIP && !isHostName(host):
		return noHost
	case isIP && (ip.IsUnspecified() || ip.IsMulticast()):
		return undiallable
	}
	return ""
}

// wrongListen returns the reason for which CheckListen refuses, or "".
func wrongListen(s string) (reason string) {
	host, wrong := splitAddress(s)
	ip, isIP := parseIP(host)
	switch {
	case wrong != "":
		return wrong
	case !isIP && host != "":
		return noIP
	case isIP && ip.IsMulticast():
		return undiallable
	}
	return ""
}

// parseIP parses an IP address without a zone: only the machine itself knows the meaning of a zone.
func parseIP(host string) (ip netip.Addr, ok bool) {
	ip, err := netip.ParseAddr(host)
	return ip.Unmap(), err == nil && ip.Zone() == ""
}

// splitAddress returns the host of HOST:PORT, and why s is none in its one spelling: brackets
// around IPv6 only, and a port from 1 to 65535 without zeros before it.
func splitAddress(s string) (host, wrong string) {
	host, port, err := net.SplitHostPort(s)
	n, portErr := strconv.ParseUint(port, 10, 64)
	switch {
	case err != nil || len(s) > maxText || net.JoinHostPort(host, port) != s:
		return host, notHostPort
	case errors.Is(portErr, strconv.ErrRange), portErr == nil && (n == 0 || n > math.MaxUint16):
		return host, badPort
	case portErr != nil || strconv.FormatUint(n, 10) != port:
		return host, notHostPort
	}
	return host, ""
}

// isHostName reports whether s is labels joined by dots. A last label that is a number is refused:
// 192.0.2.256 is a mistyped address and no name.
func isHostName(s string) bool {
	last := s[strings.LastIndexByte(s, '.')+1:]
	if _, err := strconv.ParseUint(last, 10, 64); err == nil {
		return false
	}
	for label := range strings.SplitSeq(s, ".") {
		if _, err := identity.ParseLabel(label); err != nil {
			return false
		}
	}
	return true
}

// Loopback reports whether HOST:PORT is of the loopback of this machine, from and to which nothing
// of another machine goes.
func Loopback(address string) bool {
	host, _ := splitAddress(address)
	ip, ok := parseIP(host)
	return ok && ip.IsLoopback()
}

// Advertised returns the addresses that invitations tell of a node that listens on listen. They are
// the configured addresses, if there are any; else listen itself, if it names one address; else the
// addresses of the machine's interfaces (net.InterfaceAddrs), each with the port of listen: the
// global unicast addresses, IPv4 first, at most MaxAddresses of them, or the loopback addresses
// where there are no global ones. Without configured addresses, a node that does not listen has
// none.
func Advertised(listen string, addresses []string, interfaces []net.Addr) []string {
	host, port, err := net.SplitHostPort(listen)
	switch {
	case len(addresses) > 0:
		return slices.Clone(addresses)
	case err != nil:
		return nil
	}
	if ip, ok := parseIP(host); ok && !ip.IsUnspecified() {
		return []string{listen}
	}
	var global, loopback []string
	for _, ip := range sortedIPs(interfaces) {
		switch address := net.JoinHostPort(ip.String(), port); {
		case ip.IsGlobalUnicast():
			global = append(global, address)
		case ip.IsLoopback():
			loopback = append(loopback, address)
		}
	}
	if len(global) == 0 {
		global = loopback
	}
	return global[:min(len(global), MaxAddresses)]
}

// sortedIPs returns the addresses of the interfaces, each once, IPv4 first, otherwise in the order
// of the interfaces.
func sortedIPs(interfaces []net.Addr) (ips []netip.Addr) {
	for _, addr := range interfaces {
		prefix, err := netip.ParsePrefix(addr.String())
		if ip := prefix.Addr().Unmap(); err == nil && !slices.Contains(ips, ip) {
			ips = append(ips, ip)
		}
	}
	slices.SortStableFunc(ips, func(a, b netip.Addr) int { return cmp.Compare(a.BitLen(), b.BitLen()) })
	return ips
}
