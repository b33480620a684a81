package host

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"xietong/certs/identity"
)

// besideFile names the jurisdictions above on the node on which this one runs, a line for each, and
// the epoch in which it was found to have lost entries: this folder was put in question then, or
// was already. For example:
//
//	guiyang.guizhou 1
const besideFile = "host-lost"

// LostBeside puts the folder in question because the jurisdiction on whose node it lies was found,
// in an epoch, to have lost entries: the whole machine may have been set back, and nobody on it can
// tell. It does so once for that epoch, and reports whether it did. One of several replicas is not:
// it would have no vote, and the others may have all. The note comes last: a node that is stopped
// between does it again.
func (h *Host) LostBeside(by identity.Jurisdiction, epoch uint64) (did bool, err error) {
	if h.HeardBeside(by, epoch) {
		return false, nil
	}
	if did = h.Questioned() == nil && h.alone(); did {
		h.doubt(h.openedSize)
		h.logger.Error("the jurisdiction on whose node this one runs has lost entries: this ledger may have, too, and is in question", "peer", by.String(), "epoch", epoch)
		if q := h.question.Load(); q != nil {
			err = h.noteDoubt(q)
		}
	}
	if err == nil {
		err = h.noteBeside(by, epoch)
	}
	if err != nil {
		return did, fmt.Errorf("note what %s lost: %w", by, err)
	}
	return did, nil
}

// HeardBeside reports whether LostBeside was told of that epoch. A note that cannot be read says
// nothing.
func (h *Host) HeardBeside(by identity.Jurisdiction, epoch uint64) bool {
	return h.readBeside()[by.String()] >= max(epoch, 1)
}

// noteBeside notes the newest epoch in which a jurisdiction above lost entries, beside the others.
func (h *Host) noteBeside(by identity.Jurisdiction, epoch uint64) error {
	all := h.readBeside()
	all[by.String()] = max(all[by.String()], epoch)
	var data []byte
	for _, name := range slices.Sorted(maps.Keys(all)) {
		data = fmt.Appendf(data, "%s %d\n", name, all[name])
	}
	return WriteFile(filepath.Join(h.dir, besideFile), data)
}

// readBeside returns the epochs that are noted, by the names of those above.
func (h *Host) readBeside() map[string]uint64 {
	all := map[string]uint64{}
	data, err := os.ReadFile(filepath.Join(h.dir, besideFile))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		h.logger.Warn("the note of what the host lost cannot be read", "error", err)
	}
	for line := range strings.Lines(string(data)) {
		name, number, _ := strings.Cut(strings.TrimSpace(line), " ")
		if of, err := strconv.ParseUint(number, 10, 64); err == nil && h.name.Under(parsed(name)) {
			all[name] = of
		}
	}
	return all
}

// parsed returns the jurisdiction of a name; zero: it is none.
func parsed(name string) identity.Jurisdiction {
	j, _ := identity.ParseJurisdiction(name)
	return j
}
