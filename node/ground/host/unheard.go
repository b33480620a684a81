package host

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// unheardFile is there while a ledger goes on by the word of a person, and some neighbour has not
// said since what it saw of it. It has the number of entries that there were when the ledger was
// put in question: what was recorded since may have the names of what is lost.
const unheardFile = "unheard"

// Unheard reports whether the ledger goes on by the word of a person, and not all neighbours have
// been asked since what they saw of it.
func (h *Host) Unheard() bool { return h.unheard.Load() > 0 }

// Heard says that all neighbours were asked.
func (h *Host) Heard() error {
	err := os.Remove(filepath.Join(h.dir, unheardFile))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("note that the neighbours were heard: %w", err)
	}
	h.unheard.Store(0)
	return nil
}

// unhear notes, before a ledger in question goes on by the word of a person, that the neighbours
// are to be asked. A replica of a group asks nobody.
func (h *Host) unhear(size uint64) error {
	if !h.alone() {
		return nil
	}
	if had := h.unheard.Load(); had > 0 {
		size = min(size, had-1)
	}
	if err := WriteFile(filepath.Join(h.dir, unheardFile), fmt.Appendf(nil, "%d\n", size)); err != nil {
		return fmt.Errorf("note that no neighbour was heard: %w", err)
	}
	h.unheard.Store(size + 1)
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
	size, err := strconv.ParseUint(strings.TrimSpace(string(data)), 10, 63)
	if err != nil {
		size = 0
	}
	h.unheard.Store(size + 1)
	return nil
}
