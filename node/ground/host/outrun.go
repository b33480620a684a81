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

// outrunFile holds a key set that follows one of the folder, and is not in it. A folder that has it
// pays no heed to the file.
const outrunFile = "outrun"

// Witnessed is told that the parent has cosigned the newest checkpoint since the folder was opened.
// It takes none of a folder whose keys count no more, so this one is no old copy.
func (h *Host) Witnessed() { h.witnessed.Store(true) }

// Outrun is told a key set that is not here. Where those here signed it, the keys of the folder
// count no more, and no word has it go on: it follows the newest, so the folder is older than that,
// or it is beside one that is here, so the folder went on without the newest. What is proven by
// nothing but the word of who tells it does nothing. Of a folder that the parent took for the
// newest somebody else has a key: that is an alarm, which a person must look at, and stops nothing
// here. In a group the others have the key set, or are as old.
func (h *Host) Outrun(shown []byte) error {
	_, proven, err := h.outruns(shown)
	if err != nil || !proven || h.question.Load() == nil && (!h.alone() || h.witnessed.Load()) {
		return err
	}
	return h.isOutrun(shown)
}

// isOutrun puts the folder in question for good, because of a key set that proves it to be older.
func (h *Host) isOutrun(shown []byte) error {
	if q := h.question.Load(); q != nil && q.Outrun > 0 {
		return nil
	}
	h.doubt(h.openedSize)
	if err := h.outrun(shown); err != nil {
		return err
	}
	h.logger.Error("another key set of this jurisdiction was shown than is here: this folder is older, and its keys count no more", "dir", h.dir)
	if err := WriteFile(filepath.Join(h.dir, outrunFile), shown); err != nil {
		return fmt.Errorf("keep the key set that was shown: %w", err)
	}
	return nil
}

// outran is what a key set that is not here tells of the folder.
type outran struct {
	after  uint64 // the number of the last key set here that leads to it
	beside bool   // others follow that one here
}

// outruns reports whether a key set is not here, and one that is here signed it.
func (h *Host) outruns(shown []byte) (o outran, proven bool, err error) {
	claimed, bad := trust.Reopen(shown)
	if bad != nil || claimed.Number < 2 {
		return o, false, nil
	}
	err = h.Look(func(r *state.Reader) error {
		sets, err := h.keys.walk(r)
		if o.after = claimed.Number - 1; err != nil || o.after > uint64(len(sets)) {
			return err
		}
		_, bad := trust.Extend(sets[o.after-1].KeySet, [][]byte{shown})
		o.beside = o.after < uint64(len(sets))
		proven = bad == nil && (!o.beside || sets[o.after].Hash() != claimed.Hash())
		return nil
	})
	return o, proven, err
}

// outrun says of the question why it cannot be settled.
func (h *Host) outrun(shown []byte) error {
	o, _, err := h.outruns(shown)
	if err == nil {
		root := h.above.Load() == nil
		h.reword(func(now *QuestionError) {
			now.Outrun, now.Beside, now.Root, now.Waiting = o.after, o.beside, root, false
		})
	}
	return err
}

// openOutrun looks whether the folder was shown to be older than its keys.
func (h *Host) openOutrun() error {
	shown, err := os.ReadFile(filepath.Join(h.dir, outrunFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read the key set that was shown: %w", err)
	}
	_, proven, err := h.outruns(shown)
	if err != nil || !proven {
		return err
	}
	var size uint64
	err = h.Look(func(r *state.Reader) error { size = r.Size(); return nil })
	if err == nil {
		h.doubt(size)
		err = h.outrun(shown)
	}
	return err
}
