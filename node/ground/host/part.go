package host

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"syscall"

	"xietong/certs/authority"
	"xietong/consensus/group"
	"xietong/consensus/state"
	"xietong/consensus/vault"
)

// PartError says that a part of a jurisdiction's folder is missing, cannot be opened, or is
// damaged.
type PartError struct {
	Part Part
	File string // the path of the file or folder
	Err  error
}

func (e *PartError) Error() string { return fmt.Sprintf("%s: %v", e.File, e.Err) }

// Unwrap returns the reason.
func (e *PartError) Unwrap() error { return e.Err }

// Part says what belongs together, and so where a file that is lost is found again.
type Part string

// The parts of a data directory.
const (
	PartKeystore Part = "keystore" // which never changes
	PartLedger   Part = "ledger"   // state.db and wal, which are of one moment
	PartKeys     Part = "keys"     // certs, which changes with the keys
	PartChain    Part = "chain"    // which the parent can give again
	PartRecovery Part = "recovery"
	PartFormat   Part = "format"
	PartConfig   Part = "config"
	PartLock     Part = "lock"
)

// part returns what is wrong with a part of the folder as a *PartError, and any other error, such
// as that of a full disk, as it is. name is the part in the folder, unless the error names its
// file.
func (h *Host) part(part Part, name string, err error) error { return partOf(h.dir, part, name, err) }

// OfState returns an error of the file state.db in a jurisdiction's folder as part does.
func OfState(dir string, err error) error { return partOf(dir, PartLedger, stateFile, err) }

// OfLog does so with an error of raft's log, which may also be that of another copy.
func OfLog(dir string, err error) error {
	return foreignPart(dir, partOf(dir, PartLedger, walFolder, err))
}

// OfOldEntries reports whether a path is of a file of old entries, which every backup of the ledger
// has alike.
func OfOldEntries(path string) bool { return filepath.Base(filepath.Dir(path)) == state.FilesFolder }

func partOf(dir string, part Part, name string, err error) error {
	var file string
	d, damaged := errors.AsType[*state.DamageError](err)
	f, ofKeys := errors.AsType[*authority.FileError](err)
	at, ofPath := errors.AsType[*fs.PathError](err)
	_, told := errors.AsType[*PartError](err)
	switch {
	case err == nil, told, errors.Is(err, state.ErrNewerFormat), errors.Is(err, state.ErrOlderFormat), errors.Is(err, state.ErrInUse):
		return err
	case damaged:
		part, file = PartLedger, d.File // whatever was being read
	case ofKeys:
		file = f.File
	case errors.Is(err, group.ErrNoLog):
		err = errors.Join(fs.ErrNotExist, err)
	case errors.Is(err, vault.ErrKeystore), errors.Is(err, group.ErrLogGap):
	case ofPath && isOfFile(at.Err):
		file = at.Path
	default:
		return err
	}
	return &PartError{part, cmp.Or(file, filepath.Join(dir, name)), err}
}

// isOfFile reports whether an error of the system is about the file, and not about the disk or the
// process.
func isOfFile(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EISDIR) || errors.Is(err, syscall.ENOTDIR)
}
