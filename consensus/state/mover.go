package state

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	bolt "go.etcd.io/bbolt"

	"xietong/certs/canon"
	"xietong/consensus/bundle"
	"xietong/consensus/ledger"
)

// The mover moves old entries from the state file into files, one file after the other: (1) the
// leaves and tiles are read, in short views, and written into a file, which is on disk, whole and
// checked against the tree before (2) one commit says in the state file that they are there; (3)
// what stands there still is removed, in commits of their own. After a crash between any two the
// entries are in the state file, or in both, or in the files; what is left to do is done at the
// next opening. The newest files' worth of entries stays in the state file.
const (
	// moveRests is how many times as long as it works the mover rests after each step, so that it
	// has a fifth of a core and of the disk; once less for each file that it is behind.
	moveRests = 4
	// moveAgain is how long it waits after a failure.
	moveAgain = 10 * time.Minute
	// removeAtOnce is how many blocks are removed from the state file in one commit. Under load
	// each commit waits for one of the flusher, which brings half as many.
	removeAtOnce = 64
	// leafRoom is a bound of what a leaf takes in a file, on average, by which it is judged whether
	// there is room; longer ones may fail, and are tried again.
	leafRoom = 1 << 10
)

// mover is what tells the goroutine that moves.
type mover struct {
	wake chan struct{} // has room for one
}

func newMover() *mover { return &mover{make(chan struct{}, 1)} }

// look has the mover look whether there is something to move.
func (m *mover) look() {
	select {
	case m.wake <- struct{}{}:
	default: // it will look
	}
}

// moveLoop moves what can be moved, until the store is closed.
func (s *Store) moveLoop() {
	for goes := true; goes; {
		more, err := s.move(s.ease)
		switch {
		case err != nil:
			if s.options.Unmoved != nil && !errors.Is(err, ErrClosed) {
				s.options.Unmoved(err)
			}
			goes = s.pause(moveAgain)
		case !more:
			goes = s.awaits()
		}
	}
}

// awaits waits until there may be something to move, and reports whether the store goes on.
func (s *Store) awaits() bool {
	select {
	case <-s.mover.wake:
		return true
	case <-s.dead:
	case <-s.stop:
	}
	return false
}

// pause waits, and reports whether the store goes on.
func (s *Store) pause(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-s.dead:
	case <-s.stop:
	}
	return false
}

// ease rests after a part of the work that took so long.
func (s *Store) ease(took time.Duration) error {
	at, size := s.unmoved()
	behind := (size - at.entries()) / (at.Blocks * bundle.BlockLen)
	if rests := moveRests + 2 - min(behind, moveRests+2); !s.pause(time.Duration(rests) * took) {
		return ErrClosed
	}
	return nil
}

// unmoved returns up to where entries are in files, with how many blocks the next file has, and how
// many entries there are.
func (s *Store) unmoved() (at filed, size uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	at = s.meta.filed
	if at.Files == 0 {
		at.Blocks = uint64(cmp.Or(s.options.FileBlocks, bundle.MaxBlocks))
	}
	return at, s.meta.Size
}

// move does one step: it removes some of what is in files, or else writes the next file. more is
// true where it did something. rest is called after each part of it.
func (s *Store) move(rest func(took time.Duration) error) (more bool, err error) {
	began := time.Now()
	if more, err = s.removeMoved(); more && err == nil {
		err = rest(time.Since(began))
	}
	if more || err != nil {
		return more, err
	}
	at, size := s.unmoved()
	width := at.Blocks * bundle.BlockLen
	if size < at.entries()+2*width {
		return false, nil
	}
	if err := s.room(width); err != nil {
		return false, fmt.Errorf("move old entries: %w", err)
	}
	id, err := s.writeFile(at, rest)
	if err == nil {
		more, err = s.noteFile(at, id)
	}
	if err != nil {
		return false, fmt.Errorf("move entries from %d on into %s: %w", id.First(), s.files.Path(id), err)
	}
	return more, nil
}

// room returns an error where there is too little disk space for a file.
func (s *Store) room(entries uint64) error {
	if s.options.Room == nil {
		return nil
	}
	room, err := s.options.Room()
	if err == nil && room < entries*leafRoom {
		err = fmt.Errorf("%w: %d bytes may be used, a file may need %d", ErrNoRoom, room, entries*leafRoom)
	}
	return err
}

// writeFile writes the next file, from views of a block each.
func (s *Store) writeFile(at filed, rest func(time.Duration) error) (id bundle.ID, err error) {
	if err = s.View(func(r *Reader) (err error) { id, err = at.fileID(at.Files, r); return err }); err != nil {
		return id, err
	}
	return id, s.files.Put(id, func(n int) (b bundle.Block, err error) {
		began := time.Now()
		err = s.View(func(r *Reader) (err error) { b, err = r.block(at.Files*at.Blocks + uint64(n)); return err })
		if err == nil {
			err = rest(time.Since(began))
		}
		return b, err
	})
}

// block returns the leaves and the tile of a block, wherever they are.
func (r *Reader) block(n uint64) (b bundle.Block, err error) {
	if b.Tile, err = r.Tile(ledger.TileID{Level: 0, N: n}); err != nil {
		return b, err
	}
	for index := n * bundle.BlockLen; index < (n+1)*bundle.BlockLen; index++ {
		b.Leaves = append(b.Leaves, r.Leaf(index))
	}
	return b, nil
}

// noteFile notes in the state file that a file is there. noted is false where it is not, where the
// state file does not have the entries yet, or is another one by now.
func (s *Store) noteFile(at filed, id bundle.ID) (noted bool, err error) {
	s.flushing.Lock()
	defer s.flushing.Unlock()
	s.mu.Lock()
	present, failed, closed := s.meta.filed, s.failed, s.closed
	s.mu.Unlock()
	if failed != nil || closed {
		return false, ErrClosed
	}
	if present.Files != at.Files {
		return false, nil
	}
	if there, err := s.files.Names(); err != nil || !there[id.Name()] { // whoever dropped a filling took it for its own
		return false, err
	}
	next := filed{Files: at.Files + 1, Blocks: at.Blocks}
	err = s.mustWrite(func(file *bolt.Tx) (err error) {
		noted, err = s.registry.noteFiled(file, next, id, s.scrubbed)
		return err
	})
	if err == nil && noted {
		s.mu.Lock()
		s.meta.filed = next
		s.mu.Unlock()
	}
	return noted, err
}

// noteFiled notes up to where entries are in files, where the tree of the file has the root of the
// last one.
func (r *Registry) noteFiled(file *bolt.Tx, f filed, last bundle.ID, read *groupPass) (noted bool, err error) {
	id, err := f.fileID(last.Number, reads{file: file})
	if err != nil || id != last { // the entries are in a commit to come, or other ones are here
		return false, nil
	}
	data, err := canon.Marshal(f)
	if err != nil {
		return false, err
	}
	w := r.newFileWriter(file)
	w.read = read
	return true, errors.Join(w.write(&pair{bucket: bucketMeta, key: keyFiles, value: data}), w.end())
}

// mustWrite commits what write puts into the file, with flushing held. The store fails when the
// commit does.
func (s *Store) mustWrite(write func(file *bolt.Tx) error) error {
	err := s.commitFile(0, false, write)
	if err == nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failed == nil {
		s.fail(err)
	}
	return err
}

// removeMoved removes some entries from the state file that are in files. more is false where there
// are none.
func (s *Store) removeMoved() (more bool, err error) {
	s.flushing.Lock()
	defer s.flushing.Unlock()
	s.mu.Lock()
	f, failed, closed, db := s.meta.filed, s.failed, s.closed, s.db
	s.mu.Unlock()
	if failed != nil || closed {
		return false, ErrClosed
	}
	if more, err = lookMoved(db, f); err != nil || !more {
		return false, s.damaged(err)
	}
	return true, s.mustWrite(func(file *bolt.Tx) error {
		w := s.registry.newFileWriter(file)
		w.read = s.scrubbed
		return errors.Join(w.removeFiled(f, removeAtOnce), w.end())
	})
}

// lookMoved reports whether something stands in the state file that is in files, and reads what is
// removed next: a page that is damaged is told, and the store serves on, where a commit that met it
// would end the process.
func lookMoved(db *bolt.DB, f filed) (more bool, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = damageIn(db.Path(), p)
		}
	}()
	return more, db.View(func(file *bolt.Tx) error {
		from, until := firstBlock(file), f.entries()/bundle.BlockLen
		if more = from < until; !more {
			return nil
		}
		until = min(from+removeAtOnce, until)
		leaves, tiles := file.Bucket([]byte(bucketLeaf)).Cursor(), file.Bucket([]byte(bucketTile)).Cursor()
		for k, _ := leaves.Seek(be64(from * bundle.BlockLen)); k != nil && index64(k) <= until*bundle.BlockLen; k, _ = leaves.Next() {
			_ = k // it can be read
		}
		last := tileKey(ledger.TileID{Level: 0, N: until})
		for k, _ := tiles.First(); k != nil && bytes.Compare(k, last) <= 0; k, _ = tiles.Next() {
			_ = k
		}
		return nil
	})
}

// firstBlock returns the first block of which the state file has a leaf or the tile.
func firstBlock(file *bolt.Tx) uint64 {
	first := ^uint64(0)
	if tiles := file.Bucket([]byte(bucketTile)); tiles != nil {
		if k, _ := tiles.Cursor().First(); len(k) == 9 && k[0] == 0 {
			first = binary.BigEndian.Uint64(k[1:])
		}
	}
	if leaves := file.Bucket([]byte(bucketLeaf)); leaves != nil {
		if k, _ := leaves.Cursor().First(); k != nil {
			first = min(first, index64(k)/bundle.BlockLen)
		}
	}
	return first
}

// removeFiled removes up to so many blocks that are in files: leaves and tile together.
func (w *fileWriter) removeFiled(f filed, most uint64) error {
	from := firstBlock(w.file)
	for block := from; block < min(from+most, f.entries()/bundle.BlockLen); block++ {
		for index := block * bundle.BlockLen; index < (block+1)*bundle.BlockLen; index++ {
			if err := w.write(&pair{bucket: bucketLeaf, key: be64(index), gone: true}); err != nil {
				return err
			}
		}
		if err := w.write(&pair{bucket: bucketTile, key: tileKey(ledger.TileID{Level: 0, N: block}), gone: true}); err != nil {
			return err
		}
	}
	return nil
}
