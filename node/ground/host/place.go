package host

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"xietong/certs/canon"
	"xietong/consensus/state"
)

const (
	placeFile   = "place"
	maxPlaceLen = 1 << 10 // bytes
	machineFile = "/etc/machine-id"
)

// place is where the folder of a jurisdiction lies, as far as the system tells: what cannot be read
// is left out, and what is left out on one side is not compared. A folder that was copied, moved or
// put back from a backup is at another place than its own note says.
type place struct {
	_       struct{} `cbor:",toarray"`
	Machine []byte   // hash of the machine-id, which is nobody else's business
	System  []byte   // UUID of the file system
	Files   []fileID // state.db, and what is to come in its place
}

// fileID tells a file from every copy of it.
type fileID struct {
	_     struct{} `cbor:",toarray"`
	Inode uint64
	Born  uint64 // ns since 1970 UTC; 0: the file system does not tell
}

// placeNote is the file place. Began is set while the folder is in question, so that a restart does
// not take what was written meanwhile for what was there.
type placeNote struct {
	_     struct{} `cbor:",toarray"`
	Place place
	Began uint64 // entries of the ledger when the question began, and one more; 0: it is in none
	Exact bool   // see QuestionError
}

// placeOf returns where a folder lies now. With more it names the files that may come in the place
// of state.db.
func placeOf(dir string, more ...string) (p place) {
	if id, err := os.ReadFile(machineFile); err == nil && len(bytes.TrimSpace(id)) > 0 {
		sum := sha256.Sum256([]byte("xietong place\n" + strings.TrimSpace(string(id))))
		p.Machine = sum[:]
	}
	p.System = systemOf(dir)
	if at, err := filepath.EvalSymlinks(filepath.Join(dir, stateFile)); err == nil { // see Beside
		p.System = systemOf(filepath.Dir(at))
	}
	for _, name := range append([]string{stateFile}, more...) {
		if id, ok := idOf(filepath.Join(dir, name)); ok {
			p.Files = append(p.Files, id)
		}
	}
	return p
}

// same reports whether a folder that was noted at one place is still there.
func (p place) same(now place) bool {
	known := func(a, b []byte) bool { return len(a) > 0 && len(b) > 0 }
	switch {
	case known(p.Machine, now.Machine) && !bytes.Equal(p.Machine, now.Machine):
		return false
	case known(p.System, now.System) && !bytes.Equal(p.System, now.System):
		return false
	case len(p.Files) == 0 || len(now.Files) == 0:
		return true
	}
	return slices.ContainsFunc(p.Files, func(f fileID) bool { return f.same(now.Files[0]) })
}

func (f fileID) same(now fileID) bool {
	return f.Inode == now.Inode && (f.Born == now.Born || f.Born == 0 || now.Born == 0)
}

// readPlace reads the note; ok is false where there is none.
func readPlace(dir string) (n placeNote, ok bool, err error) {
	path := filepath.Join(dir, placeFile)
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return n, false, nil
	}
	if err == nil {
		err = canon.Unmarshal(data, maxPlaceLen, &n)
	}
	if err != nil { // whatever it said, it is asked again
		return placeNote{}, false, fmt.Errorf("%s: %w", path, err)
	}
	return n, true, nil
}

func writePlace(dir string, n placeNote) error {
	data, err := canon.Marshal(n)
	if err == nil {
		err = WriteFile(filepath.Join(dir, placeFile), data)
	}
	if err != nil {
		return fmt.Errorf("note place: %w", err)
	}
	return nil
}

// notePlace notes that the folder belongs where it lies.
func (h *Host) notePlace(more ...string) error {
	h.placing.Lock()
	defer h.placing.Unlock()
	now := placeNote{Place: placeOf(h.dir, more...)}
	have, ok, _ := readPlace(h.dir)
	if a, err := canon.Marshal(have); ok && err == nil {
		if b, err := canon.Marshal(now); err == nil && bytes.Equal(a, b) {
			return nil
		}
	}
	return writePlace(h.dir, now)
}

// checkPlace looks where the folder lies, before anything is signed. A ledger without an entry has
// signed nothing, so its folder may be anywhere.
func (h *Host) checkPlace() error {
	var size uint64
	err := h.Look(func(r *state.Reader) error { size = r.Size(); return nil })
	if err != nil {
		return err
	}
	h.openedSize = size
	h.noteKeySet()
	note, noted, err := readPlace(h.dir)
	if err != nil {
		h.logger.Warn("the note of this folder's place cannot be read, and counts as another place's", "error", err)
	}
	elsewhere := size > 0 && !(noted && note.Place.same(placeOf(h.dir)))
	exact := elsewhere
	switch {
	case note.Began > 0: // by what was found where it lay before, if it lies elsewhere now
		size, exact = min(note.Began-1, size), note.Exact
	case !elsewhere:
		return nil
	}
	h.doubt(size)
	h.reword(func(q *QuestionError) { q.Exact = exact })
	return nil
}

// noteOpened notes, once the host is open, where the folder lies, or that it is in question. A note
// that cannot be written stops nobody: what it would say is known meanwhile.
func (h *Host) noteOpened() {
	err := error(nil)
	if q := h.question.Load(); q != nil {
		err = h.noteDoubt(q)
	} else {
		err = h.notePlace()
	}
	if err != nil {
		h.logger.Warn("the place of this folder cannot be noted", "error", err)
	}
}

// noteDoubt notes that the folder is in question.
func (h *Host) noteDoubt(q *QuestionError) error {
	h.placing.Lock()
	defer h.placing.Unlock()
	note, _, _ := readPlace(h.dir)
	if note.Began > 0 {
		return nil
	}
	note.Began, note.Exact = q.Size+1, q.Exact
	return writePlace(h.dir, note)
}
