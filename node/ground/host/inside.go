package host

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"xietong/certs/identity"
)

// besideFile names the jurisdiction on whose node this one runs, and the epoch in which that was
// found to have lost entries: this folder was put in question then, or was already.
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
		err = WriteFile(filepath.Join(h.dir, besideFile), fmt.Appendf(nil, "%s %d\n", by, epoch))
	}
	if err != nil {
		return did, fmt.Errorf("note what %s lost: %w", by, err)
	}
	return did, nil
}

// HeardBeside reports whether LostBeside was told of that epoch. A note that cannot be read says
// nothing.
func (h *Host) HeardBeside(by identity.Jurisdiction, epoch uint64) bool {
	data, err := os.ReadFile(filepath.Join(h.dir, besideFile))
	if err != nil {
		if !errors.Is(err, fs.ErrNotExist) {
			h.logger.Warn("the note of what the host lost cannot be read", "error", err)
		}
		return false
	}
	name, number, _ := strings.Cut(strings.TrimSpace(string(data)), " ")
	of, err := strconv.ParseUint(number, 10, 64)
	return err == nil && name == by.String() && of >= epoch
}
