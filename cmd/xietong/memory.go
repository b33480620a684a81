package main

import (
	"math"
	"path"
	"strconv"
	"strings"
)

// A node keeps little and makes much garbage: nearly all that a query takes is dead once the answer
// is sent. So the collector of a node waits until four times what is alive was made anew, not once
// that, while the machine has the memory. Where many jurisdictions live in one process, four times
// what all of them keep would be too much.
const (
	patientPercent = 400
	usualPercent   = 100 // what Go has by itself
	fewHosted      = 8   // jurisdictions in a process whose collector waits
	memoryPart     = 4   // it waits within a fourth of the memory that there is
)

// memory is what the settings of the collector depend on.
type memory struct {
	gogc, limit string // GOGC and GOMEMLIMIT of the environment, which win
	all         uint64 // bytes that this process may have; 0: not known
	hosted      int    // jurisdictions in this process; 0: not known yet
	live        uint64 // bytes that were alive when the collector last ran
}

// collector is how the collector of garbage is set.
type collector struct {
	percent int
	limit   int64 // bytes beyond which it runs as often as it must; never a reason to fail
}

// usual is how Go sets it.
var usual = collector{usualPercent, math.MaxInt64}

// collector decides how it is set; false: somebody else did. The limit is never below twice what is
// alive, so that a node that needs more than its part does not collect without a pause.
func (m memory) collector() (collector, bool) {
	switch {
	case m.gogc != "" || m.limit != "":
		return collector{}, false
	case m.all == 0 || m.hosted == 0 || m.hosted > fewHosted:
		return usual, true
	}
	return collector{patientPercent, int64(min(max(m.all/memoryPart, 2*m.live), math.MaxInt64))}, true
}

// The files in which Linux says how much memory there is.
const (
	groupFile   = "/proc/self/cgroup"
	machineFile = "/proc/meminfo"
)

// memoryOf returns how much memory a process may have, in bytes: the least that a cgroup around it
// allows, or else all that the machine has; 0 where neither is told. read returns the text of a
// file, "" where there is none.
func memoryOf(read func(name string) string) uint64 {
	all := machineMemory(read(machineFile))
	for _, name := range limitFiles(read(groupFile)) {
		n, err := strconv.ParseUint(strings.TrimSpace(read(name)), 10, 64)
		if err == nil && n > 0 && (all == 0 || n < all) { // no limit is "max", or a number beyond any machine
			all = n
		}
	}
	return all
}

// machineMemory reads the line "MemTotal: 24684092 kB".
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

// limitFiles returns the files of the limits of a process in these cgroups, and in all around them.
// A line is "0::/PATH" (version 2) or "4:memory:/PATH" (version 1). In a container PATH may be what
// it is outside; its own is then the root.
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

// upwards returns the file in the folder below root, and in each around it up to root.
func upwards(root, folder, file string) (names []string) {
	for at := path.Clean("/" + folder); ; at = path.Dir(at) {
		names = append(names, path.Join(root, at, file))
		if at == "/" {
			return names
		}
	}
}
