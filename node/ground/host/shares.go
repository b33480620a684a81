package host

import (
	"errors"
	"fmt"
	"path/filepath"

	"xietong/certs/identity"
	"xietong/consensus/state"
)

// SharedError says that a folder is that of one replica of several.
type SharedError struct {
	In      identity.Jurisdiction
	Replica identity.Replica
	Dir     string
}

func (e *SharedError) Error() string {
	return fmt.Sprintf("%s is that of %s of %s, which has other replicas", e.Dir, e.Replica, e.In)
}

// ByItself looks, without changing anything, whether the jurisdiction of a folder that no node has
// open can go on there by itself, with the keys that it has. The error is a *SharedError for a
// replica of several, as the newest key set says, and an *AnewError where new keys were made that
// the parent has not endorsed. A folder that cannot be read is left to whoever opens it.
func ByItself(dir string, name identity.Jurisdiction, registry *state.Registry) (err error) {
	if _, noted, err := readAnew(dir); err == nil && noted {
		return &AnewError{In: name, Dir: dir}
	}
	store, err := state.Open(filepath.Join(dir, stateFile), registry, state.Options{Fatal: func(error) {}})
	if err != nil {
		return nil
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	replica := ReplicaIn(dir)
	_ = store.View(func(r *state.Reader) error {
		have, bad := chainIn(r)
		if bad != nil || replica.IsZero() {
			return nil
		}
		chain := have.chains[len(have.chains)-1]
		if newest := chain[len(chain)-1]; len(newest.Replicas) > 1 || newest.LogKey(replica) == nil {
			err = &SharedError{name, replica, dir}
		}
		return nil
	})
	return err
}
