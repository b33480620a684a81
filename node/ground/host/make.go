package host

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"xietong/certs/authority"
	"xietong/certs/identity"
	"xietong/certs/paper"
	"xietong/certs/trust"
	"xietong/consensus/group"
	"xietong/consensus/state"
	"xietong/consensus/vault"
)

// ErrLost is returned when a part of a jurisdiction's folder is missing that was there before a
// part that is there. It is not made anew: under another keystore no record of the ledger would be
// found.
var ErrLost = errors.New("is missing beside a ledger; restore it from a backup")

// checkWhole checks that the folder has its keystore if it has a state, because Create makes the
// keystore first.
func checkWhole(dir string) error {
	_, state := os.Stat(filepath.Join(dir, stateFile))
	_, keystore := os.Stat(filepath.Join(dir, Keystore))
	if state == nil && errors.Is(keystore, os.ErrNotExist) {
		return fmt.Errorf("%s %w", Keystore, ErrLost)
	}
	return nil
}

// New says how a jurisdiction is made.
type New struct {
	Now    time.Time
	Epoch  uint64 // of the ledger; 0: the first
	Hosted int    // the number of jurisdictions that share this machine
	// Paper is shown the recovery key, once, before anything else is made; nil: nobody is.
	Paper func(*paper.Key) error
}

// Made is a jurisdiction that was made.
type Made struct {
	Pin      trust.Pin // of the first key set
	Recovery string    // fingerprint of the recovery key that it names
	Papered  bool      // whether this call has shown it
}

// Create makes the folder of a jurisdiction in its first epoch, and shows nobody its recovery key.
// It returns the pin of the first key set. See Make.
func Create(dir string, name identity.Jurisdiction, now time.Time, hosted int) (trust.Pin, error) {
	made, err := Make(dir, name, New{Now: now, Hosted: hosted})
	return made.Pin, err
}

// Make makes the folder of a jurisdiction with its first replica: (1) recovery key, (2) keys, (3)
// keystore, (4) state, (5) raft's log. It leaves existing parts as they are, so the same call after
// a crash finishes the work, in the epoch in which it began. Open proposes the first key set the
// first time.
func Make(dir string, name identity.Jurisdiction, n New) (made Made, err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("create %s: %w", name, err)
		}
	}()
	certs := filepath.Join(dir, certsFolder)
	for _, folder := range []string{certs, filepath.Join(dir, state.FilesFolder)} {
		if err := MakeFolder(folder); err != nil {
			return made, err
		}
	}
	if err := checkWhole(dir); err != nil {
		return made, err
	}
	if _, made.Papered, err = authority.Recovery(certs, n.Paper); err != nil {
		return made, err
	}
	a, err := authority.Create(certs, name, FirstReplica(), n.Now)
	if err != nil {
		return made, err
	}
	if err := vault.Create(filepath.Join(dir, Keystore)); err != nil && !errors.Is(err, vault.ErrExists) {
		return made, err
	}
	if err := createState(filepath.Join(dir, stateFile), name, max(n.Epoch, firstEpoch)); err != nil {
		return made, err
	}
	first, epoch, err := bootstrap(dir, name, n.Hosted)
	if err == nil && first == nil {
		first, _, err = a.FirstKeySet(epoch)
	}
	if err != nil {
		return made, err
	}
	set, err := trust.Reopen(first)
	if err != nil {
		return made, err
	}
	made.Pin, made.Recovery = set.Pin(), trust.RecoveryFingerprint(set.RecoveryKey)
	return made, nil
}

// createState makes the state with its ledger of the given epoch, unless there is one.
func createState(path string, name identity.Jurisdiction, epoch uint64) error {
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		return err
	}
	log, err := identity.NewLog(name, epoch)
	if err != nil {
		return err
	}
	return state.Create(path, log)
}

// FirstReplica returns the replica that a jurisdiction begins with; BeginFurther makes others.
func FirstReplica() identity.Replica {
	r, err := identity.NewReplica(1)
	if err != nil {
		panic(err)
	}
	return r
}

// bootstrap makes raft's log unless there is one. It returns the first key set of the ledger, or
// nil while the ledger has none, and the ledger's epoch.
func bootstrap(dir string, name identity.Jurisdiction, hosted int) (first []byte, epoch uint64, err error) {
	store, err := state.Open(filepath.Join(dir, stateFile), state.NewRegistry(), state.Options{Unmoving: true})
	if err != nil {
		return nil, 0, err
	}
	log, logErr := logOf(store, dir, name)
	keystore, err := vault.Open(filepath.Join(dir, Keystore))
	if err = errors.Join(err, logErr); err != nil {
		return nil, 0, errors.Join(err, store.Close())
	}
	err = group.Bootstrap(group.Config{
		Jurisdiction: name, Replica: FirstReplica(), Dir: dir, Store: store, Logger: slog.New(slog.DiscardHandler), Hosted: hosted,
		Mark: markOf(keystore, store.Names().First()),
	}, FirstReplica())
	if errors.Is(err, group.ErrBootstrapped) {
		err = store.View(func(r *state.Reader) error {
			if signed := r.KeySets(); len(signed) > 0 {
				first = signed[0]
			}
			return nil
		})
	}
	return first, log.Epoch(), errors.Join(foreignPart(dir, err), store.Close())
}

// logOf returns the log of the state's ledger, whose epoch is the ledger's own. It must be of the
// jurisdiction; dir is the folder.
func logOf(store *state.Store, dir string, name identity.Jurisdiction) (log identity.Log, err error) {
	err = store.View(func(r *state.Reader) error {
		if log = r.Log(); log.Jurisdiction() != name {
			return &ForeignError{stateFile, dir, fmt.Errorf("it holds the ledger %s", log)}
		}
		return nil
	})
	return log, err
}
