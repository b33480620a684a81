package config

import (
	"net"
	"slices"
	"strings"
	"testing"
)

func TestAddresses(t *testing.T) {
	for _, row := range []struct {
		address string
		told    string
		listen  string
	}{
		{"192.0.2.7:7400", "", ""},
		{"10.1.2.3:1", "", ""},
		{"127.0.0.1:65535", "", ""},
		{"[2001:db8::7]:7400", "", ""},
		{"node.example.cn:7400", "", noIP},
		{"localhost:7400", "", noIP},
		{":7400", noHost, ""},
		{"0.0.0.0:7400", undiallable, ""},
		{"[::]:7400", undiallable, ""},
		{"[::ffff:0.0.0.0]:7400", undiallable, ""},
		{"224.0.0.1:7400", undiallable, undiallable},
		{"[ff02::1]:7400", undiallable, undiallable},
		{"[fe80::1%eth0]:7400", noHost, noIP},
		{"192.0.2.256:7400", noHost, noIP},
		{"192.0.2:7400", noHost, noIP},
		{"Node.example.cn:7400", noHost, noIP},
		{"node..example:7400", noHost, noIP},
		{"$(reboot):7400", noHost, noIP},
		{"a b:7400", noHost, noIP},
		{"", notHostPort, notHostPort},
		{"7400", notHostPort, notHostPort},
		{"192.0.2.7", notHostPort, notHostPort},
		{"[192.0.2.7]:7400", notHostPort, notHostPort},
		{"2001:db8::7:7400", notHostPort, notHostPort},
		{"192.0.2.7:", notHostPort, notHostPort},
		{"192.0.2.7:0", badPort, badPort},
		{"192.0.2.7:07400", notHostPort, notHostPort},
		{"192.0.2.7:+7400", notHostPort, notHostPort},
		{"192.0.2.7:65536", badPort, badPort},
		{"127.0.0.1:99999", badPort, badPort},
		{":99999999999999999999999", badPort, badPort},
		{"192.0.2.7:http", notHostPort, notHostPort},
		{"udp://192.0.2.7:7400", notHostPort, notHostPort},
		{strings.Repeat("a.", maxText) + "a:7400", notHostPort, notHostPort},
	} {
		checkReason(t, "CheckAddress", CheckAddress(row.address), row.told)
		checkReason(t, "CheckListen", CheckListen(row.address), row.listen)
	}
}

func checkReason(t *testing.T, what string, err error, reason string) {
	t.Helper()
	if got := err == nil; got != (reason == "") || err != nil && !strings.HasSuffix(err.Error(), ": "+reason) {
		t.Errorf("%s: got %v, want %q", what, err, reason)
	}
}

// cidr is an address of an interface, as net.InterfaceAddrs gives it.
type cidr string

func (c cidr) Network() string { return "ip+net" }
func (c cidr) String() string  { return string(c) }

func TestAdvertised(t *testing.T) {
	alone := []net.Addr{cidr("::1/128"), cidr("127.0.0.1/8"), cidr("fe80::1/64"), cidr("169.254.7.7/16")}
	machine := append(slices.Clone(alone), cidr("2001:db8::7/64"), cidr("192.0.2.7/24"), cidr("10.1.2.3/8"))
	for _, row := range []struct {
		what, listen string
		addresses    []string
		interfaces   []net.Addr
		want         []string
	}{
		{"does not listen", "", nil, machine, nil},
		{"no address", "7400", nil, machine, nil},
		{"configured", ":7400", []string{"node.example.cn:17400"}, machine, []string{"node.example.cn:17400"}},
		{"configured, does not listen", "", []string{"192.0.2.9:7400"}, machine, []string{"192.0.2.9:7400"}},
		{"one address", "192.0.2.9:7400", nil, machine, []string{"192.0.2.9:7400"}},
		{"one of IPv6", "[2001:db8::9]:7400", nil, machine, []string{"[2001:db8::9]:7400"}},
		{"loopback, as configured", "127.0.0.1:7400", nil, machine, []string{"127.0.0.1:7400"}},
		{"all", ":7400", nil, machine, []string{"192.0.2.7:7400", "10.1.2.3:7400", "[2001:db8::7]:7400"}},
		{"all, as IPv4 says it", "0.0.0.0:7401", nil, machine, []string{"192.0.2.7:7401", "10.1.2.3:7401", "[2001:db8::7]:7401"}},
		{"all, as IPv6 says it", "[::]:7400", nil, append(machine, cidr("192.0.2.8/24"), cidr("192.0.2.7/32"), cidr("10.1.2.4/8")),
			[]string{"192.0.2.7:7400", "10.1.2.3:7400", "192.0.2.8:7400", "10.1.2.4:7400"}},
		{"nobody outside", ":7400", nil, alone, []string{"127.0.0.1:7400", "[::1]:7400"}},
		{"no interface", ":7400", nil, nil, nil},
		{"another kind of address", ":7400", nil, []net.Addr{&net.UnixAddr{Name: "x"}, &net.IPNet{}}, nil},
		{"as the system gives it", ":7400", nil, []net.Addr{&net.IPNet{IP: net.IPv4(192, 0, 2, 7), Mask: net.CIDRMask(24, 32)}},
			[]string{"192.0.2.7:7400"}},
	} {
		got := Advertised(row.listen, row.addresses, row.interfaces)
		if !slices.Equal(got, row.want) {
			t.Errorf("%s: got %q, want %q", row.what, got, row.want)
		}
		for _, a := range got {
			if err := CheckAddress(a); err != nil {
				t.Errorf("%s: an invitation cannot hold it: %v", row.what, err)
			}
		}
	}
}
