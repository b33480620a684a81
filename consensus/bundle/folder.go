package bundle

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
)

// mostOpen is how many files of a folder stay open after they were read: a descriptor each, in a
// process that may have a hundred folders. Another one is opened within a fraction of a
// millisecond.
const mostOpen = 8

// temporary is how the name of a file begins that is being written.
const temporary = "new-"

// syncEvery is after how many blocks a file that is written is flushed: what others flush meanwhile
// does not wait for all of it.
const syncEvery = 16

// Folder holds the files of a ledger. It is safe for use by several goroutines.
type Folder struct {
	path string
	// Step does one step of writing: "write", "flush", "rename", "list". nil: it does it; for tests
	// of faults.
	Step func(name string, do func() error) error

	mu   sync.Mutex // guards the fields below; never held while waiting for the disk
	open map[ID]*opened
	used uint64 // counted up with each use
}

// opened is a file that is open.
type opened struct {
	*File
	file  *os.File
	users int
	last  uint64 // when it was used last
	gone  bool   // it is not kept, and closed by its last user
}

// At returns the folder at a path, which need not be there yet.
func At(path string) *Folder { return &Folder{path: path, open: map[ID]*opened{}} }

// Path returns the path of a file.
func (f *Folder) Path(id ID) string { return filepath.Join(f.path, id.Name()) }

// Has reports whether a path is of a file in the folder, there or not.
func (f *Folder) Has(path string) bool { return filepath.Dir(path) == filepath.Clean(f.path) }

// With has do read a file. The error wraps ErrNotAsWritten or fs.ErrNotExist where the file is
// damaged or missing.
func (f *Folder) With(id ID, do func(*File) error) error {
	o, err := f.take(id)
	if err != nil {
		return err
	}
	defer f.give(o)
	return do(o.File)
}

// take returns a file that is open until it is given back.
func (f *Folder) take(id ID) (*opened, error) {
	if o := f.again(id); o != nil {
		return o, nil
	}
	o, err := openFile(f.Path(id), id)
	if err != nil {
		return nil, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	o.users, o.gone = 1, f.open[id] != nil // another one opened it meanwhile
	f.used++
	o.last = f.used
	if !o.gone {
		f.open[id] = o
		f.closeOldest()
	}
	return o, nil
}

// again returns a file that is open already, or nil.
func (f *Folder) again(id ID) *opened {
	f.mu.Lock()
	defer f.mu.Unlock()
	o := f.open[id]
	if o != nil {
		o.users++
		f.used++
		o.last = f.used
	}
	return o
}

// give ends a use of a file.
func (f *Folder) give(o *opened) {
	f.mu.Lock()
	defer f.mu.Unlock()
	o.users--
	o.closeUnused()
}

// closeOldest closes the file that was used longest ago, where too many are open. mu is held.
func (f *Folder) closeOldest() {
	if len(f.open) <= mostOpen {
		return
	}
	var oldest *opened
	for _, o := range f.open { // no two were used at one time
		if oldest == nil || o.last < oldest.last {
			oldest = o
		}
	}
	f.drop(oldest)
}

func (f *Folder) drop(o *opened) {
	delete(f.open, o.id)
	o.gone = true
	o.closeUnused()
}

func (o *opened) closeUnused() {
	if o.gone && o.users == 0 {
		_ = o.file.Close() // nothing was written
	}
}

// Forget closes the files that are open. Each is opened anew when it is read next: another one may
// have come in its place.
func (f *Folder) Forget() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, o := range f.open { // all of them
		f.drop(o)
	}
}

func openFile(path string, id ID) (*opened, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = notAsWritten("it is no file")
	}
	var read *File
	if err == nil {
		read, err = Open(file, info.Size(), id)
	}
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return &opened{File: read, file: file}, nil
}

// Put writes a file, whole or not at all, where it is not there yet as it should be: (1) under
// another name, flushed as it grows, (2) it is read again, and its root derived anew from its
// entries; (3) it is flushed and renamed, and the folder flushed. When Put returns without an error
// no power cut takes the file away. A file of the name that is damaged is replaced.
func (f *Folder) Put(id ID, blocks func(n int) (Block, error)) error {
	there, err := f.there(id)
	if there || err != nil {
		return err
	}
	if err := f.make(); err != nil {
		return err
	}
	temp, err := os.CreateTemp(f.path, temporary)
	if err != nil {
		return err
	}
	if err := errors.Join(f.write(temp, id, blocks), temp.Close()); err != nil {
		return errors.Join(err, os.Remove(temp.Name()))
	}
	if err := f.step("rename", func() error { return os.Rename(temp.Name(), f.Path(id)) }); err != nil {
		_ = os.Remove(temp.Name()) // it may have been renamed
		return err
	}
	return f.step("list", func() error { return syncFolder(f.path) })
}

func (f *Folder) write(temp *os.File, id ID, blocks func(n int) (Block, error)) error {
	err := f.step("write", func() error {
		return Write(temp, id, func(n int) (Block, error) {
			if n > 0 && n%syncEvery == 0 {
				if err := temp.Sync(); err != nil {
					return Block{}, err
				}
			}
			return blocks(n)
		})
	})
	if err != nil {
		return err
	}
	if err := check(temp, id); err != nil {
		return fmt.Errorf("check what was written: %w", err)
	}
	return f.step("flush", temp.Sync)
}

// check reads a whole file.
func check(file *os.File, id ID) error {
	info, err := file.Stat()
	if err != nil {
		return err
	}
	read, err := Open(file, info.Size(), id)
	if err != nil {
		return err
	}
	return read.Check()
}

// there reports whether a file is there, and is whole. It may have been written by a process that
// ended before it flushed the folder, so that is done now.
func (f *Folder) there(id ID) (bool, error) {
	file, err := os.Open(f.Path(id))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer file.Close()
	if check(file, id) != nil { // it is written anew
		return false, nil
	}
	return true, errors.Join(f.step("flush", file.Sync), f.step("list", func() error { return syncFolder(f.path) }))
}

// make makes the folder, where it is not there.
func (f *Folder) make() error {
	err := os.Mkdir(f.path, 0o700)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err == nil {
		err = f.step("list", func() error { return syncFolder(filepath.Dir(f.path)) })
	}
	return err
}

// Sweep removes what a process left that ended while it wrote a file. Nobody may write meanwhile.
func (f *Folder) Sweep() error {
	left, err := filepath.Glob(filepath.Join(f.path, temporary+"*"))
	for _, path := range left {
		err = errors.Join(err, os.Remove(path))
	}
	return err
}

// Names returns the names that the folder has; none where it is not there.
func (f *Folder) Names() (map[string]bool, error) {
	names := map[string]bool{}
	files, err := os.ReadDir(f.path)
	if errors.Is(err, fs.ErrNotExist) {
		return names, nil
	}
	for _, file := range files {
		names[file.Name()] = true
	}
	return names, err
}

// Numbered returns the files of a number, of so many blocks, that are there: of each history one.
// It opens none.
func (f *Folder) Numbered(number uint64, blocks int) (all []ID, err error) {
	files, err := os.ReadDir(f.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	for _, file := range files {
		if id, ok := parseName(file.Name(), number, blocks); ok {
			all = append(all, id)
		}
	}
	return all, err
}

// Remove removes a file, if it is there.
func (f *Folder) Remove(id ID) error {
	if err := os.Remove(f.Path(id)); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// Bytes returns how many bytes the files with some names have; 0 where that cannot be told.
func (f *Folder) Bytes(names map[string]bool) (bytes uint64) {
	files, err := os.ReadDir(f.path)
	if err != nil {
		return 0
	}
	for _, file := range files {
		if info, err := file.Info(); err == nil && info.Mode().IsRegular() && names[file.Name()] {
			bytes += uint64(info.Size())
		}
	}
	return bytes
}

func (f *Folder) step(name string, do func() error) error {
	if f.Step == nil {
		return do()
	}
	return f.Step(name, do)
}

func syncFolder(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
