package state

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"strconv"
	"syscall"
	"time"

	bolt "go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"

	"xietong/certs/canon"
)

// The initial map of a file. It is address space, not memory: of the 128 TiB that a process has,
// all files take at most mapLens, and each as much as it hardly ever grows to, because a commit
// that must enlarge the map waits for all readers, and lets none begin meanwhile.
const (
	mapLen   = 1 << 38 // bytes
	mapLens  = 1 << 44 // bytes
	mapTimes = 4       // as long as the file is by now, at least
)

// mapFor returns the length of the initial map of a file, where so many share the address space.
func mapFor(hosted int) int {
	if strconv.IntSize < 64 || runtime.GOOS == "windows" { // a file is as long there as its map
		return 0
	}
	return int(min(int64(mapLen), int64(mapLens)/int64(max(hosted, 1))))
}

// boltOptions returns the options of the database. Each commit decides whether it writes the list
// of free pages: see lists.
func boltOptions(readOnly bool) *bolt.Options {
	return &bolt.Options{Timeout: time.Second, NoFreelistSync: true, FreelistType: bolt.FreelistMapType, ReadOnly: readOnly}
}

// openFile opens a file; mapped is the length of its initial map, where it is written. Without a
// registry, which readers need not have, it cannot tell what decides.
func openFile(path string, registry *Registry, readOnly bool, mapped int) (*bolt.DB, meta, error) {
	size, err := checkFile(path, registry)
	if err != nil {
		return nil, meta{}, fmt.Errorf("open state: %w", err)
	}
	options := boltOptions(readOnly)
	if !readOnly && mapped > 0 {
		options.InitialMmapSize = max(mapped, int(min(mapTimes*size, mapLens)))
	}
	db, err := openBolt(path, options)
	if err != nil {
		return nil, meta{}, fmt.Errorf("open state: %w", err)
	}
	m, err := readMeta(db)
	if err != nil {
		return nil, meta{}, errors.Join(fmt.Errorf("open state: %w", err), db.Close())
	}
	return db, m, nil
}

// wholeUpTo is the size, in bytes, up to which every page of a file is read at every opening. It
// takes about a millisecond for each MiB. Of a larger file the pages of what decides are read; any
// other that is damaged is found only where it is met, and a scan that meets one may be short.
const wholeUpTo = 32 << 20

// walked returns which buckets of a file of so many bytes are looked through as it is opened.
func (r *Registry) walked(size int64) func(bucket string) bool {
	if size <= wholeUpTo {
		return nil
	}
	return func(bucket string) bool {
		return bucket == bucketMeta || bucket == bucketSums || r != nil && r.decides(bucket)
	}
}

// checkFile checks that the database can be opened to be written, and that nobody has it open: a
// file that somebody writes cannot be looked through. It returns the length of the file.
func checkFile(path string, registry *Registry) (size int64, err error) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return 0, fmt.Errorf("%w: %w", ErrNoState, err)
	case info.IsDir():
		return 0, &fs.PathError{Op: "open", Path: path, Err: syscall.EISDIR}
	case info.Size() == 0: // bbolt would take it for a file that is new
		return 0, &DamageError{File: path, Err: errors.New("it is empty")}
	}
	db, err := openBolt(path, boltOptions(true))
	if err != nil {
		return 0, err
	}
	return info.Size(), errors.Join(checkBuckets(path, registry.walked(info.Size())), db.Close())
}

// openBolt opens a database, with a shorter map where there is no room for so long a one. What is
// neither an error of the system nor another process is a *DamageError.
func openBolt(path string, o *bolt.Options) (*bolt.DB, error) {
	db, err := bolt.Open(path, 0o600, o)
	for errors.Is(err, syscall.ENOMEM) && o.InitialMmapSize > 0 {
		o.InitialMmapSize /= 4
		db, err = bolt.Open(path, 0o600, o)
	}
	_, ofSystem := errors.AsType[syscall.Errno](err)
	switch {
	case errors.Is(err, berrors.ErrTimeout):
		return nil, ErrInUse
	case err != nil && !ofSystem:
		return nil, &DamageError{File: path, Err: err}
	}
	return db, err
}

func readMeta(db *bolt.DB) (m meta, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = damageIn(db.Path(), p)
		}
		if damage, ok := errors.AsType[*DamageError](err); ok {
			damage.File = cmp.Or(damage.File, db.Path())
		}
	}()
	err = db.View(func(tx *bolt.Tx) error {
		data, whole := reads{file: tx}.sound(bucketMeta, keyState)
		if !whole { // an older format has no checksums
			data = tx.Bucket([]byte(bucketMeta)).Get(keyState)
		}
		var format struct {
			_      struct{} `cbor:",toarray"`
			Kind   string
			Format uint64
		}
		switch err := canon.Unmarshal(data, maxMetaLen, &m); {
		case err == nil && whole && m.Kind == metaKind && m.Format == Format:
			m.readNames(reads{file: tx})
			return errors.Join(readClock(reads{file: tx}, db.Path(), &m), m.readFiled(reads{file: tx}), m.checkContents(tx))
		case canonPrefix(data, &format.Kind, &format.Format) && format.Kind == metaKind && format.Format != Format && (whole || format.Format < Format):
			other := ErrOlderFormat
			if format.Format > Format {
				other = ErrNewerFormat
			}
			return fmt.Errorf("%w: format %d, this program reads %d", other, format.Format, Format)
		default:
			return &DamageError{File: db.Path(), Err: errors.Join(errors.New("not a state file of xietong"), err)}
		}
	})
	return m, err
}

// readClock reads the clock of a state.
func readClock(r reads, path string, m *meta) error {
	if err := m.takeClock(r.Get(bucketMeta, keyClock)); err != nil {
		return &DamageError{File: path, Err: err}
	}
	return nil
}

// takeClock takes the clock that was kept beside the position.
func (m *meta) takeClock(data []byte) error {
	err := canon.Unmarshal(data, maxMetaLen, &m.clock)
	if c := m.clock; err == nil && (c.Now > m.Time || (c.Now < m.Time) != (c.Corrected > 0)) {
		err = fmt.Errorf("a clock of %d, corrected at %d, in a ledger of %d", c.Now, c.Corrected, m.Time)
	}
	if err != nil {
		return fmt.Errorf("read clock: %w", err)
	}
	return nil
}
