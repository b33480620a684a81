package host

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
)

// unheardFile is there while a ledger goes on by the word of a person, and some neighbour has not
// said since what it saw of it. It has the number of entries that there were when the ledger was
// put in question: what was recorded since may have the names of what is lost. "exact" follows
// where all of those are of before; see QuestionError.
const (
	unheardFile = "unheard"
	exactly     = " exact"
)

// unheard is what the file says.
type unheard struct {
	mu        sync.Mutex    // guards the file
	continued atomic.Uint64 // see Continuations

	since atomic.Uint64 // entries of the ledger when it was put in question, and one more; 0: there is no file
	exact atomic.Bool
}

// Unheard reports whether the ledger goes on by the word of a person, and not all neighbours have
// been asked since what they saw of it.
func (h *Host) Unheard() bool { return h.unheard.since.Load() > 0 }

// Continuations returns a number that grows when a person gives their word, and when the ledger
// goes on: what neighbours said before counts for nothing after that.
func (h *Host) Continuations() uint64 { return h.unheard.continued.Load() }

// Heard says that all neighbours were asked since a continuation; where there was another one
// since, it does nothing.
func (h *Host) Heard(since uint64) error {
	h.unheard.mu.Lock()
	defer h.unheard.mu.Unlock()
	if since != h.Continuations() {
		return nil
	}
	if err := removeFile(filepath.Join(h.dir, unheardFile)); err != nil {
		return fmt.Errorf("note that the neighbours were heard: %w", err)
	}
	h.unheard.since.Store(0)
	return nil
}

// unhear notes, before a ledger in question goes on by the word of a person, that the neighbours
// are to be asked. Of a group each replica asks those that are linked to it: all replicas may have
// been put back.
func (h *Host) unhear(size uint64, exact bool) error {
	h.unheard.mu.Lock()
	defer h.unheard.mu.Unlock()
	h.unheard.continued.Add(1)
	if had := h.unheard.since.Load(); had > 0 && had-1 <= size {
		size, exact = had-1, h.unheard.exact.Load() || exact && had-1 == size
	}
	note := fmt.Appendf(nil, "%d", size)
	if exact {
		note = append(note, exactly...)
	}
	if err := WriteFile(filepath.Join(h.dir, unheardFile), append(note, '\n')); err != nil {
		return fmt.Errorf("note that no neighbour was heard: %w", err)
	}
	h.unheard.since.Store(size + 1)
	h.unheard.exact.Store(exact)
	return nil
}

// readUnheard reads that note. One that cannot be read says that nothing is known.
func (h *Host) readUnheard() error {
	data, err := os.ReadFile(filepath.Join(h.dir, unheardFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read which neighbours were heard: %w", err)
	}
	number, exact := strings.CutSuffix(strings.TrimSpace(string(data)), exactly)
	size, err := strconv.ParseUint(number, 10, 63)
	if err != nil {
		size, exact = 0, false
	}
	h.unheard.since.Store(size + 1)
	h.unheard.exact.Store(exact)
	return nil
}
