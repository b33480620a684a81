package host

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"xietong/certs/canon"
)

const (
	denialFile   = "denial"
	maxDenialLen = 4 << 10 // bytes
)

// Denial is the parent's own word that it does not endorse the keys that this jurisdiction has. It
// is kept in the file denial until the parent endorses them again, so that nobody is told after a
// restart that the endorsement stands.
type Denial struct {
	_    struct{} `cbor:",toarray"`
	Code string   // of the problem
	Args []string // its values, in the order of the table of problems
	At   uint64   // when it was said first, ms since 1970 UTC
}

// Since is when it was said first.
func (d Denial) Since() time.Time { return time.UnixMilli(int64(d.At)) }

// Denied returns the parent's word; nil: it has said no such thing since it endorsed the keys.
func (h *Host) Denied() *Denial { return h.denial.Load() }

// Deny keeps the parent's word, a problem with its values. The caller has verified that it is the
// parent's own.
func (h *Host) Deny(code string, args []string) error {
	d := Denial{Code: code, Args: append([]string{}, args...), At: uint64(h.now().UnixMilli())}
	h.keeping.Lock()
	defer h.keeping.Unlock()
	if have := h.denial.Load(); have != nil && have.Code == d.Code && slices.Equal(have.Args, d.Args) {
		return nil
	}
	data, err := canon.Marshal(d)
	if err == nil && len(data) > maxDenialLen {
		err = fmt.Errorf("%d bytes, more than %d", len(data), maxDenialLen)
	}
	if err == nil {
		err = WriteFile(filepath.Join(h.dir, denialFile), data)
	}
	if err != nil {
		return fmt.Errorf("keep the word of the parent: %w", err)
	}
	h.denial.Store(&d)
	return nil
}

// endorsedAgain ends the parent's word. The caller holds keeping.
func (h *Host) endorsedAgain() error {
	if h.denial.Load() == nil {
		return nil
	}
	if err := removeFile(filepath.Join(h.dir, denialFile)); err != nil {
		return fmt.Errorf("end the word of the parent: %w", err)
	}
	h.denial.Store(nil)
	return nil
}

// readDenial reads the file denial; a jurisdiction that is endorsed has none. One that cannot be
// read says nothing: the parent is asked again at once.
func (h *Host) readDenial() error {
	data, err := os.ReadFile(filepath.Join(h.dir, denialFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read the word of the parent: %w", err)
	}
	var d Denial
	if canon.Unmarshal(data, maxDenialLen, &d) == nil {
		h.denial.Store(&d)
	}
	return nil
}
