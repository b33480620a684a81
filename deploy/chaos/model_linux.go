package main

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/anishathalye/porcupine"
)

// op is what a client asked of a record: to be put, or to be shown if value is empty.
type op struct{ key, value string }

// register is what the history of one record must be like: what is shown is what was put last.
var register = porcupine.Model{
	Partition: func(history []porcupine.Operation) (parts [][]porcupine.Operation) {
		of := map[string]int{}
		for _, o := range history {
			key := o.Input.(op).key
			if _, ok := of[key]; !ok {
				of[key] = len(parts)
				parts = append(parts, nil)
			}
			parts[of[key]] = append(parts[of[key]], o)
		}
		return parts
	},
	Init: func() any { return "" },
	Step: func(now, in, out any) (bool, any) {
		if o := in.(op); o.value != "" {
			return true, o.value
		}
		return now == out, now
	},
}

// span is a time, since the run began.
type span struct{ from, to time.Duration }

// history is what clients asked and saw, and when faults were.
type history struct {
	mu       sync.Mutex
	began    time.Time
	ops      []porcupine.Operation
	faults   []span
	followed int // reads through a replica that did not lead
	below    int // reads by the child
	barred   int // of them, refused because its grant is revoked
	lists    int
	replayed int // writes that were sent again under their key, and got the same answer
	unknown  int
	refused  map[string]int // by their codes, and what the clients met else
}

func newHistory() *history {
	return &history{began: time.Now(), refused: map[string]int{}}
}

func (h *history) now() time.Duration { return time.Since(h.began) }

// add notes an operation that ended now; one of unknown outcome may happen at any later time.
func (h *history) add(client int, o op, shown string, call time.Duration, known bool) {
	end := int64(h.now())
	h.mu.Lock()
	defer h.mu.Unlock()
	if !known {
		end = math.MaxInt64
		h.unknown++
	}
	h.ops = append(h.ops, porcupine.Operation{ClientId: client, Input: o, Output: shown, Call: int64(call), Return: end})
}

// count counts something that is not judged.
func (h *history) count(n *int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	*n++
}

func (h *history) met(code string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.refused[code]++
}

// overlapping returns how many operations were under way during a fault.
func (h *history) overlapping() (n int) {
	for _, o := range h.ops {
		for _, f := range h.faults {
			if o.Call < int64(f.to) && o.Return > int64(f.from) {
				n++
				break
			}
		}
	}
	return n
}

// wrong describes the operations of the first record whose history no register can have, in the
// order in which they began: those about the first read that shows what was put over before it
// began.
func (h *history) wrong() string {
	for _, part := range register.Partition(h.ops) {
		if porcupine.CheckOperations(register, part) {
			continue
		}
		slices.SortFunc(part, func(a, b porcupine.Operation) int { return cmp.Compare(a.Call, b.Call) })
		at := max(0, slices.IndexFunc(part, func(r porcupine.Operation) bool { return isStale(r, part) }))
		var told strings.Builder
		for _, o := range part[max(0, at-20):min(len(part), at+5)] {
			fmt.Fprintf(&told, "\n  %s to %s client %d: %+v shown %q", time.Duration(o.Call), time.Duration(o.Return), o.ClientId, o.Input, o.Output)
		}
		return told.String()
	}
	return ""
}

// isStale reports whether a read shows what was put, and put over, before it began.
func isStale(read porcupine.Operation, all []porcupine.Operation) bool {
	if read.Input.(op).value != "" {
		return false
	}
	for _, put := range all {
		if put.Input.(op).value != read.Output || read.Output == "" {
			continue
		}
		for _, over := range all {
			if v := over.Input.(op).value; v != "" && v != read.Output && over.Call > put.Return && over.Return < read.Call {
				return true
			}
		}
	}
	return false
}

// judge has the checker say whether the history is one of registers.
func (h *history) judge() porcupine.CheckResult {
	return porcupine.CheckOperationsTimeout(register, h.ops, 10*time.Minute)
}
