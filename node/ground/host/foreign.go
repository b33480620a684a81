package host

import (
	"errors"
	"fmt"
	"path/filepath"

	"xietong/certs/authority"
	"xietong/certs/identity"
	"xietong/consensus/group"
	"xietong/consensus/state"
	"xietong/consensus/vault"
)

// The parts of a jurisdiction's folder name one another, so that a folder that was put together
// from two copies is refused:
//
//	keystore   opens the payloads of the ledger's first entries
//	wal        bears a mark, which is a MAC of the keystore over the name of the log
//	certs      has the keys of the ledger's key sets

// walFolder is raft's log, which package group names.
const walFolder = "wal"

// ForeignError says that a part of a jurisdiction's folder is that of another ledger, or of another
// copy of this one.
type ForeignError struct {
	Part string // state.db, keystore, wal or certs
	Dir  string // the jurisdiction's folder
	Err  error
}

func (e *ForeignError) Error() string {
	return fmt.Sprintf("%s in %s is not the one of this ledger: %v", e.Part, e.Dir, e.Err)
}

// Unwrap returns the reason.
func (e *ForeignError) Unwrap() error { return e.Err }

// foreignPart returns an error of a room below that is about a part of another copy as a
// *ForeignError, and any other as it is.
func foreignPart(dir string, err error) error {
	_, part := errors.AsType[*PartError](err)
	switch {
	case part:
	case errors.Is(err, group.ErrLogMismatch):
		return &ForeignError{walFolder, dir, err}
	case errors.Is(err, authority.ErrOtherKeys):
		return &ForeignError{certsFolder, dir, err}
	}
	return err
}

// markOf returns the mark of a ledger's log of raft. It tells nothing about the keystore.
func markOf(k *vault.Keystore, log identity.Log) []byte {
	mark := k.MAC("ledger", []byte(log.String()))
	return mark[:]
}

// checkKeystore refuses the keystore of another ledger, before a command is applied.
func (h *Host) checkKeystore() error {
	return h.store.View(func(r *state.Reader) error { return belongs(h.dir, h.vault, r.FirstSealed()) })
}

// CheckKeystore reports whether the keystore in a jurisdiction's folder is the one under which the
// ledger's first payloads were sealed. The error is a *ForeignError if it is not, and a *PartError
// that wraps fs.ErrNotExist or vault.ErrKeystore where there is none, or none that can be read.
func CheckKeystore(dir string, first []state.SealedPayload) error {
	k, err := vault.Open(filepath.Join(dir, Keystore))
	if err != nil {
		return partOf(dir, PartKeystore, Keystore, err)
	}
	return belongs(dir, k, first)
}

// belongs refuses a keystore that opens none of the payloads that are not erased. Of several one is
// enough, so that a payload that has decayed refuses nothing.
func belongs(dir string, k *vault.Keystore, sealed []state.SealedPayload) error {
	var failed error
	for _, s := range sealed {
		_, err := k.Open(s.Commitment, s.Bytes)
		if err == nil {
			return nil
		}
		if !errors.Is(err, vault.ErrDestroyed) {
			failed = err
		}
	}
	if failed != nil {
		return &ForeignError{Keystore, dir, failed}
	}
	return nil
}
