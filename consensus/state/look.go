package state

import (
	"errors"
	"runtime/debug"

	bolt "go.etcd.io/bbolt"
)

// Look shows the state of a file, for reading only, that no process writes. The file may be damaged
// in any way: where the database itself gives up, the error is a *DamageError.
func Look(path string, look func(*Reader) error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true)) // as for Verify
	db, m, err := openFile(path, nil, true, 0)
	if err != nil {
		return err
	}
	files := folderBeside(path)
	defer files.Forget()
	defer func() {
		if p := recover(); p != nil {
			err = damageIn(path, p)
		}
		err = errors.Join(err, db.Close())
	}()
	return db.View(func(tx *bolt.Tx) error { return look(readerOf(tx, m, files)) })
}
