package host

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"xietong/certs/trust"
	"xietong/consensus/state"
)

// outrunFile holds a key set that follows the newest one of the folder, and is not in it. A folder
// that has it pays no heed to the file.
const outrunFile = "outrun"

// Witnessed is told that the parent has cosigned the newest checkpoint since the folder was opened.
// It takes none of a folder whose keys count no more, so this one is no old copy.
func (h *Host) Witnessed() { h.witnessed.Store(true) }

// Outrun is told a key set that follows the newest one that is here, signed by its replicas: so the
// folder is older than that, its keys count no more, and no word has it go on. What is proven by
// nothing but the word of who tells it does nothing. Of a folder that the parent took for the
// newest somebody else has a key: that is an alarm, which a person must look at, and stops nothing
// here. In a group the others have the key set, or are as old.
func (h *Host) Outrun(next []byte) error {
	if q := h.question.Load(); !h.follows(next) || q == nil && (!h.alone() || h.witnessed.Load()) || q != nil && q.Outrun > 0 {
		return nil
	}
	h.doubt(h.openedSize)
	if err := h.outrun(); err != nil {
		return err
	}
	h.logger.Error("a later key set of this jurisdiction was shown than is here: this folder is older, and its keys count no more", "dir", h.dir)
	if err := WriteFile(filepath.Join(h.dir, outrunFile), next); err != nil {
		return fmt.Errorf("keep the key set that follows: %w", err)
	}
	return nil
}

// follows reports whether a key set follows the newest one that is here.
func (h *Host) follows(next []byte) bool {
	newest, err := h.newestSet()
	if err == nil {
		_, err = trust.Extend(newest, [][]byte{next})
	}
	return err == nil
}

// outrun says of the question why it cannot be settled.
func (h *Host) outrun() error {
	newest, err := h.newestSet()
	if err == nil {
		h.reword(func(now *QuestionError) { now.Outrun, now.Waiting = newest.Number, false })
	}
	return err
}

// openOutrun looks whether the folder was shown to be older than its keys.
func (h *Host) openOutrun() error {
	next, err := os.ReadFile(filepath.Join(h.dir, outrunFile))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return fmt.Errorf("read the key set that follows: %w", err)
	case !h.follows(next):
		return nil
	}
	var size uint64
	err = h.Look(func(r *state.Reader) error { size = r.Size(); return nil })
	if err == nil {
		h.doubt(size)
		err = h.outrun()
	}
	return err
}
