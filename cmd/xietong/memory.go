package main

import (
	"math"
	"path"
	"strconv"
	"strings"
)

// A node keeps little and makes much garbage: nearly all memory of a query is dead once the answer
// is sent. So the garbage collector of a node waits until new memory has grown to four times the
// live memory, not once, while the machine has enough memory. For many jurisdictions in one
// process, four times the live memory of all would be too much.
const (
	patientPercent = 400
	usualPercent   = 100 // the default of Go
	fewHosted      = 8   // most jurisdictions in a process whose collector waits
	memoryPart     = 4   // the collector waits within a fourth of the available memory
)

// memory holds the facts that the settings of the collector depend on.
type memory struct {
	gogc, limit string // GOGC and GOMEMLIMIT of the environment, which win
	all         uint64 // bytes that this process may have; 0: not known
	hosted      int    // jurisdictions in this process; 0: not known yet
	live        uint64 // live bytes at the last run of the collector
}

// collector holds the settings of the garbage collector.
type collector struct {
	percent int
	limit   int64 // bytes above which it runs as often as needed; never a reason to fail
}

// usual holds the default settings of Go.
var usual = collector{usualPercent, math.MaxInt64}

// collector returns the settings for the collector; false: the environment has set it. The limit is
// never below twice the live memory, so that a node that needs more than its part does not collect
// all the time.
func (m memory) collector() (collector, bool) {
	switch {
	case m.gogc != "" || m.limit != "":
		return collector{}, false
	case m.all == 0 || m.hosted == 0 || m.hosted > fewHosted:
		return usual, true
	}
	return collector{patientPercent, int64(min(max(m.all/memoryPart, 2*m.live), math.MaxInt64))}, true
}

// The files where Linux tells the memory limits of a process and the memory of the machine.
const (
	groupFile   = "/proc/self/cgroup"
	machineFile = "/proc/meminfo"
)

// memoryOf returns how many bytes of memory a process may have: the smallest limit of the cgroups
// around it, or else the memory of the machine; 0 where neither is known. read returns the text of
// a file, "" if there is none.
func memoryOf(read func(name string) string) uint64 {
	all := machineMemory(read(machineFile))
	for _, name := range limitFiles(read(groupFile)) {
		n, err := strconv.ParseUint(strings.TrimSpace(read(name)), 10, 64)
		if err == nil && n > 0 && (all == 0 || n < all) { // no limit: "max", or a huge number
			all = n
		}
	}
	return all
}

// machineMemory returns the bytes of the line "MemTotal: 24684092 kB".
func machineMemory(text string) uint64 {
	_, after, _ := strings.Cut(text, "MemTotal:")
	fields := strings.Fields(after)
	if len(fields) < 2 || fields[1] != "kB" {
		return 0
	}
	kib, err := strconv.ParseUint(fields[0], 10, 54)
	if err != nil {
		return 0
	}
	return kib << 10
}

// limitFiles returns the files with the memory limits of these cgroups and of all cgroups around
// them. A line is "0::/PATH" (version 2) or "4:memory:/PATH" (version 1). In a container PATH may
// be the path outside of it; the container's own cgroup is then the root.
func limitFiles(groups string) (names []string) {
	for line := range strings.Lines(groups) {
		parts := strings.SplitN(strings.TrimSpace(line), ":", 3)
		switch {
		case len(parts) < 3:
		case parts[0] == "0" && parts[1] == "":
			names = append(names, upwards("/sys/fs/cgroup", parts[2], "memory.max")...)
		case parts[1] == "memory":
			names = append(names, upwards("/sys/fs/cgroup/memory", parts[2], "memory.limit_in_bytes")...)
		}
	}
	return names
}

// upwards returns the path of the file in the folder below root, and in each parent folder up to
// root.
func upwards(root, folder, file string) (names []string) {
	for at := path.Clean("/" + folder); ; at = path.Dir(at) {
		names = append(names, path.Join(root, at, file))
		if at == "/" {
			return names
		}
	}
}
