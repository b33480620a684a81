package host

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"xietong/certs/identity"
	"xietong/certs/trust"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
)

// signedEvery is how often, at most, the size that was signed is noted outside the data directory:
// each note is a flush of a disk.
const signedEvery = time.Second

// maxSignedLen bounds the note, in bytes.
const maxSignedLen = 128

// signedSizes notes, in a folder outside the data directory, the largest size that this replica
// signed. Put back from a backup, a data directory holds less than the note says, also where it
// keeps its place.
//
// The note is written before the size is signed: what is signed is in raft's log already, so a kill
// between the two leaves a note that the folder fulfils. Written after, a kill would leave a size
// that was signed and is noted nowhere. A note that the pace holds back is of at most signedEvery,
// and is written when the node closes or signs again; the witnesses know of those sizes.
type signedSizes struct {
	path string // "": none is noted

	mu      sync.Mutex // guards the fields below
	size    uint64
	index   uint64 // of raft's log, at which it was signed
	noted   bool   // what stands above is written
	written time.Time
	failed  error
}

// SignedError says that the size that was signed cannot be noted: a data directory that is put back
// from a backup may not be found.
type SignedError struct {
	Path string
	Err  error
}

func (e *SignedError) Error() string { return fmt.Sprintf("note signed size: %v", e.Err) }

// Unwrap returns the reason.
func (e *SignedError) Unwrap() error { return e.Err }

// signedFile returns the file in which a replica notes what it signed under a pin.
func signedFile(folder string, pin trust.Pin, replica identity.Replica) string {
	sum := sha256.Sum256([]byte(pin.String()))
	return filepath.Join(folder, fmt.Sprintf("%s.%x.%s", pin.Name(), sum[:8], replica))
}

// read reads the note. There is none before the first.
func (s *signedSizes) read() (size, index uint64, err error) {
	data, err := os.ReadFile(s.path)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, 0, nil
	}
	if err == nil && len(data) <= maxSignedLen {
		one, other, _ := strings.Cut(strings.TrimSpace(string(data)), " ")
		size, err = strconv.ParseUint(one, 10, 64)
		if err == nil {
			index, err = strconv.ParseUint(other, 10, 64)
		}
	} else if err == nil {
		err = fmt.Errorf("%s: %d bytes", s.path, len(data))
	}
	return size, index, err
}

// signs is told a size before it is signed.
func (s *signedSizes) signs(size, index uint64) {
	if s.path == "" {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if size <= s.size {
		return
	}
	s.size, s.index, s.noted = size, index, false
	if time.Since(s.written) >= signedEvery {
		s.write()
	}
}

// write notes what was signed. The caller holds mu.
func (s *signedSizes) write() {
	s.failed = WriteFile(s.path, fmt.Appendf(nil, "%d %d\n", s.size, s.index))
	s.noted, s.written = s.failed == nil, time.Now()
}

// close notes what the pace held back.
func (s *signedSizes) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.path != "" && s.size > 0 && !s.noted {
		s.write()
	}
}

// forget forgets what was signed and is not here: it was settled that this goes on all the same.
func (s *signedSizes) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.path != "" && s.size > 0 {
		s.size, s.index = 0, 0
		s.write()
	}
}

// trouble returns the *SignedError of a size that could not be noted; nil: it was.
func (s *signedSizes) trouble() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failed == nil {
		return nil
	}
	return &SignedError{s.path, s.failed}
}

// openSigned compares what this replica has with what it noted that it signed. Everything that was
// signed was in raft's log before.
func (h *Host) openSigned(folder string) error {
	if folder == "" {
		return nil
	}
	var size uint64
	var pin trust.Pin
	err := h.Look(func(r *state.Reader) (err error) {
		if signed := r.KeySets(); len(signed) > 0 {
			pin, err = trust.PinOf(signed[0])
		}
		size = r.Size()
		return err
	})
	if err != nil || pin == (trust.Pin{}) { // nothing was signed; from the next start on it is noted
		return err
	}
	s := &h.sizes
	s.path = signedFile(folder, pin, h.Replica())
	err = h.outside(folder)
	if err == nil {
		err = MakeFolder(folder)
	}
	if err != nil {
		s.failed = err
		return nil
	}
	noted, index, err := s.read()
	if err != nil {
		s.failed = err
		return nil
	}
	s.size, s.index, s.noted = noted, index, true
	if index > h.group.LastIndex() || h.alone() && noted > size {
		h.logger.Error("this folder holds less than was signed here", "signed", noted, "entries", size)
		h.doubt(size)
	}
	if h.alone() && noted > size {
		h.lostBy(noted)
	}
	return nil
}

// lostBy notes that what was signed up to a size is lost, whatever the neighbours saw of it: it may
// be less.
func (h *Host) lostBy(noted uint64) {
	found := &Seen{By: h.name, Checkpoint: ledger.Checkpoint{Log: h.Log(), Size: noted}, Note: []byte{}, At: time.Now()}
	h.reword(func(now *QuestionError) { now.Found, now.Waiting = found, false })
}

// errInside is why a folder in the data directory is no good: a backup would put it back too.
var errInside = errors.New("it lies in the data directory")

// outside refuses a folder in the data directory, which has the folder of this jurisdiction in j.
func (h *Host) outside(folder string) error {
	data, err := filepath.Abs(filepath.Dir(filepath.Dir(h.dir)))
	if err != nil {
		return err
	}
	if rel, err := filepath.Rel(data, folder); err == nil && filepath.IsLocal(rel) {
		return errInside
	}
	return nil
}
