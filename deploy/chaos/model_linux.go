package main

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"sort"
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

// add notes an operation that ended now; one of unknown outcome may happen at any later time. about
// is printed with it.
func (h *history) add(client int, o op, shown string, call time.Duration, known bool, about ...string) {
	end := int64(h.now())
	h.mu.Lock()
	defer h.mu.Unlock()
	if !known {
		end = math.MaxInt64
		h.unknown++
	}
	h.ops = append(h.ops, porcupine.Operation{ClientId: client, Input: o, Output: shown, Call: int64(call), Return: end, Metadata: about})
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

// wrong describes the operations of the first record whose history no register can have: the one
// up to whose end it could be one, no longer, and those about it.
func (h *history) wrong() string {
	for _, part := range register.Partition(h.ops) {
		if porcupine.CheckOperations(register, part) {
			continue
		}
		slices.SortFunc(part, func(a, b porcupine.Operation) int { return cmp.Compare(a.Return, b.Return) })
		first := sort.Search(len(part), func(n int) bool { return !porcupine.CheckOperations(register, until(part, n)) })
		first = min(first, len(part)-1) // one whose outcome is unknown
		var told strings.Builder
		for i := max(0, first-20); i < min(len(part), first+10); i++ {
			o, mark := part[i], ""
			if i == first {
				mark = " <- here it is none"
			}
			fmt.Fprintf(&told, "\n  %s to %s client %d: %+v shown %q %v%s", time.Duration(o.Call), time.Duration(o.Return), o.ClientId, o.Input, o.Output, o.Metadata, mark)
		}
		return told.String()
	}
	return ""
}

// until returns the history up to the end of operation n, by their ends: of what was under way
// then, the outcome is not known, and what was read not either.
func until(part []porcupine.Operation, n int) (history []porcupine.Operation) {
	history = slices.Clone(part[:n+1])
	for _, o := range part[n+1:] {
		if o.Call <= part[n].Return && o.Input.(op).value != "" {
			o.Return = math.MaxInt64
			history = append(history, o)
		}
	}
	return history
}

// judge has the checker say whether the history is one of registers.
func (h *history) judge() porcupine.CheckResult {
	return porcupine.CheckOperationsTimeout(register, h.ops, 10*time.Minute)
}
