package node

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"xietong/certs/tlsconf"
	"xietong/exchange/link"
	"xietong/node/ground/config"
	"xietong/node/ground/text"
)

// names is a resolver that knows one name: by its A and AAAA records (RFC 1035 §4.1).
func names(t *testing.T, v4, v6 []string) {
	t.Helper()
	server, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	before := net.DefaultResolver
	net.DefaultResolver = &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		return net.Dial("udp", server.LocalAddr().String())
	}}
	t.Cleanup(func() { net.DefaultResolver = before; server.Close() })
	go func() {
		query := make([]byte, 1500)
		for {
			n, asker, err := server.ReadFrom(query)
			if err != nil {
				return
			}
			end := 12 + bytes.IndexByte(query[12:n], 0) + 5
			kind := binary.BigEndian.Uint16(query[end-4:])
			var records [][]byte
			for _, ip := range map[uint16][]string{1: v4, 28: v6}[kind] {
				data := []byte(net.ParseIP(ip).To16())
				if kind == 1 {
					data = net.ParseIP(ip).To4()
				}
				record := binary.BigEndian.AppendUint16([]byte{0xc0, 12}, kind)
				record = append(record, 0, 1, 0, 0, 0, 60, 0, byte(len(data)))
				records = append(records, append(record, data...))
			}
			answer := append([]byte{query[0], query[1], 0x81, 0x80, 0, 1, 0, byte(len(records)), 0, 0, 0, 0}, query[12:end]...)
			_, _ = server.WriteTo(append(answer, bytes.Join(records, nil)...), asker)
		}
	}()
}

// TestEveryAddressOfAName: all addresses that a name has are tried, of both families by turns.
func TestEveryAddressOfAName(t *testing.T) {
	names(t, []string{"192.0.2.1", "192.0.2.2"}, []string{"2001:db8::1"})
	got, err := resolveUDP(t.Context(), "parent.example:7400")
	for _, want := range []string{"192.0.2.1:7400", "192.0.2.2:7400", "[2001:db8::1]:7400"} {
		if err != nil || !strings.Contains(fmt.Sprint(got), want) {
			t.Errorf("got %v, %v, without %s", got, err, want)
		}
	}
	for in, want := range map[string]string{
		"": "", "192.0.2.1": "192.0.2.1", "2001:db8::1 192.0.2.1": "2001:db8::1 192.0.2.1",
		"192.0.2.1 192.0.2.2 2001:db8::1":               "192.0.2.1 2001:db8::1 192.0.2.2",
		"2001:db8::1 2001:db8::2 2001:db8::3 192.0.2.1": "2001:db8::1 192.0.2.1 2001:db8::2 2001:db8::3",
		strings.Repeat("192.0.2.1 ", 100):               strings.TrimSpace(strings.Repeat("192.0.2.1 ", mostAddresses)),
	} {
		var ips []net.IPAddr
		for _, ip := range strings.Fields(in) {
			ips = append(ips, net.IPAddr{IP: net.ParseIP(ip)})
		}
		var got []string
		for _, addr := range byTurns(ips, 7400) {
			got = append(got, addr.(*net.UDPAddr).IP.String())
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: got %s, want %s", in, got, want)
		}
	}
}

// TestAddressOfNoFamilyHere: a socket of one family fails at an address of the other at once.
func TestAddressOfNoFamilyHere(t *testing.T) {
	conn, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	socket, err := link.Open(conn, link.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Second) // less than a handshake waits
	defer cancel()
	_, err = socket.Dial(ctx, &net.UDPAddr{IP: net.ParseIP("2001:db8::1"), Port: 7400}, tlsconf.DialJoin(mustName(t, "guizhou")))
	if e, ok := errors.AsType[*link.Error](err); !ok || ctx.Err() != nil {
		t.Errorf("got %v (%+v), %v", err, e, ctx.Err())
	}
}

// TestAddressThatCannotBeHad: a node that cannot listen says at which address and why, and which
// setting to change.
func TestAddressThatCannotBeHad(t *testing.T) {
	for cause, want := range map[syscall.Errno]text.Code{syscall.EADDRINUSE: text.AddressTaken, syscall.EADDRNOTAVAIL: text.AddressUnusable} {
		n := &Node{dir: "data", settings: config.Config{Listen: "192.0.2.7:7400"}}
		n.o.Packets = func(string) (net.PacketConn, error) {
			return nil, &net.OpError{Op: "listen", Err: os.NewSyscallError("bind", cause)}
		}
		f := text.AsFailure(n.openSocket())
		told := text.Explain(text.Zh, f.Code, f.Args)
		if f.Code != want || !strings.Contains(told.What+told.Where+told.Do, "192.0.2.7:7400") || !strings.Contains(told.Do, "data/config.yaml") {
			t.Errorf("%v: got %s %+v, want %s", cause, f.Code, told, want)
		}
	}
}
