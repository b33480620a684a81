package node

import (
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"xietong/node/ground/config"
	"xietong/node/ground/text"
)

// TestHolderOfAnAddress (D15): who holds the port is told by process and program, whichever of its
// addresses stands in the way.
func TestHolderOfAnAddress(t *testing.T) {
	program, err := os.ReadFile("/proc/self/comm")
	if err != nil {
		t.Fatal(err)
	}
	for _, held := range []string{"127.0.0.1:0", "[::1]:0", "0.0.0.0:0", "[::]:0"} {
		conn, err := net.ListenPacket("udp", held)
		if err != nil {
			t.Logf("%s: %v", held, err) // a machine without IPv6
			continue
		}
		port := strconv.Itoa(conn.LocalAddr().(*net.UDPAddr).Port)
		host, _, _ := net.SplitHostPort(held)
		for _, listen := range []string{net.JoinHostPort(host, port), "0.0.0.0:" + port, "[::]:" + port, ":" + port} {
			if pid, name := holderOf(listen); pid != os.Getpid() || name != strings.TrimSpace(string(program)) {
				t.Errorf("%s, held at %s: got %d %q", listen, held, pid, name)
			}
		}
		n := &Node{dir: "data", settings: config.Config{Listen: net.JoinHostPort(host, port)}}
		n.o.Packets = listenUDP
		f := text.AsFailure(n.openSocket())
		told := text.Explain(text.Zh, f.Code, f.Args)
		if f.Code != text.AddressTakenBy || !strings.Contains(told.What, strconv.Itoa(os.Getpid())) || !strings.Contains(told.Do, filepath.Join("data", config.FileName)) {
			t.Errorf("%s: got %s %+v", held, f.Code, told)
		}
		if err := conn.Close(); err != nil {
			t.Error(err)
		}
		if pid, _ := holderOf("127.0.0.1:" + port); pid != 0 {
			t.Errorf("%s: still told after its end: %d", held, pid)
		}
	}
	other, err := net.ListenPacket("udp4", "127.0.0.2:0")
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	port := strconv.Itoa(other.LocalAddr().(*net.UDPAddr).Port)
	if pid, _ := holderOf("127.0.0.1:" + port); pid != 0 {
		t.Error("a process is told that holds another address")
	}
}
