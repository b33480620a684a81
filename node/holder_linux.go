package node

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// holderOf returns the process that holds the UDP address, and the name of its program; pid 0: the
// system does not tell. It tells of processes of other users to root alone.
func holderOf(listen string) (pid int, program string) {
	if strings.HasPrefix(listen, ":") { // every address of the machine
		listen = "[::]" + listen
	}
	at, err := netip.ParseAddrPort(listen)
	if err != nil {
		return 0, ""
	}
	var sockets []string
	for _, table := range []string{"/proc/net/udp", "/proc/net/udp6"} {
		sockets = append(sockets, socketsAt(table, at)...)
	}
	if len(sockets) == 0 {
		return 0, ""
	}
	files, _ := filepath.Glob("/proc/[0-9]*/fd/*") // the pattern is well formed
	for _, file := range files {
		if to, err := os.Readlink(file); err != nil || !slices.Contains(sockets, to) {
			continue
		}
		process := filepath.Dir(filepath.Dir(file))
		name, _ := os.ReadFile(filepath.Join(process, "comm")) // it may have ended: then there is no name
		pid, _ = strconv.Atoi(filepath.Base(process))          // the pattern holds digits alone
		return pid, strings.TrimSpace(string(name))
	}
	return 0, ""
}

// socketsAt returns the sockets of a table of the kernel that stand in the way of the address, as
// the links of a process name them. A line begins with its number, the address and the port in
// hexadecimal digits, and its tenth column is the number of the socket.
func socketsAt(table string, at netip.AddrPort) (sockets []string) {
	data, err := os.ReadFile(table)
	if err != nil {
		return nil
	}
	for lines := bufio.NewScanner(bytes.NewReader(data)); lines.Scan(); {
		columns := strings.Fields(lines.Text())
		if len(columns) < 10 {
			continue
		}
		host, port, _ := strings.Cut(columns[1], ":")
		n, err := strconv.ParseUint(port, 16, 16)
		ip, ok := kernelAddress(host)
		if err != nil || !ok || uint16(n) != at.Port() {
			continue
		}
		if mine := at.Addr().Unmap(); ip == mine || ip.IsUnspecified() || mine.IsUnspecified() {
			sockets = append(sockets, "socket:["+columns[9]+"]")
		}
	}
	return sockets
}

// kernelAddress reads an address as the kernel writes it: words of four bytes, each in the order of
// this machine, of which the program supports those that begin with the lowest.
func kernelAddress(digits string) (netip.Addr, bool) {
	raw, err := hex.DecodeString(digits)
	if err != nil || len(raw)%4 != 0 {
		return netip.Addr{}, false
	}
	for word := range slices.Chunk(raw, 4) {
		slices.Reverse(word)
	}
	ip, ok := netip.AddrFromSlice(raw)
	return ip.Unmap(), ok
}
