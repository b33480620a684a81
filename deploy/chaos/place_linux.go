package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"xietong/consensus/state"
)

// place is a bit of a file.
type place struct {
	file string // below the data directory
	at   int
	bit  byte
}

func (p place) String() string { return fmt.Sprintf("bit %d of byte %d of %s", p.bit, p.at, p.file) }

// kind names the kind of a file.
func (p place) kind() string {
	switch {
	case filepath.Ext(p.file) == ".wal":
		return "raft's log"
	case p.old():
		return "old entries"
	}
	return filepath.Base(p.file)
}

// old reports whether the file is one of old entries.
func (p place) old() bool { return filepath.Base(filepath.Dir(p.file)) == state.FilesFolder }

func (p place) flip(dir string) error {
	data, err := os.ReadFile(filepath.Join(dir, p.file))
	if err != nil {
		return err
	}
	data[p.at] ^= 1 << p.bit
	return write(filepath.Join(dir, p.file), data)
}

// undo reports whether the bit stands as it was changed in a file that the program does not write,
// and would be found by a later start.
func (p place) undo(m *machine, saved folderContent) bool {
	if name := filepath.Base(p.file); name == "state.db" {
		return false
	}
	data, err := os.ReadFile(filepath.Join(m.dir, p.file))
	return err == nil && p.at < len(data) && data[p.at] == saved[p.file][p.at]^1<<p.bit
}

// folderContent is all files of a data directory.
type folderContent map[string][]byte

func save(dir string) (folderContent, error) {
	c := folderContent{}
	return c, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err == nil {
			c[name], err = os.ReadFile(path)
		}
		return err
	})
}

// restore makes the files of a directory what they were.
func (c folderContent) restore(dir string) error {
	now, err := save(dir)
	for name := range now {
		if _, had := c[name]; !had {
			err = errors.Join(err, os.Remove(filepath.Join(dir, name)))
		}
	}
	for name, data := range c {
		if !bytes.Equal(now[name], data) {
			err = errors.Join(err, write(filepath.Join(dir, name), data))
		}
	}
	return err
}

// write writes a file in place: it keeps its inode, by which a directory knows that it is no copy.
func write(path string, data []byte) error {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	err = file.Truncate(int64(len(data)))
	const block = 1 << 16
	for at := 0; at < len(data) && err == nil; at += block {
		_, err = file.WriteAt(data[at:min(at+block, len(data))], int64(at))
	}
	return errors.Join(err, file.Close())
}

// pick picks a bit: of any byte that is written, or of any file, so that the short ones have their
// turn.
func (f *flipping) pick(c folderContent) place {
	names := slices.DeleteFunc(slices.Sorted(maps.Keys(c)), func(name string) bool { return len(c[name]) == 0 })
	written := map[string][]int{}
	total := 0
	for _, name := range names {
		for at, b := range c[name] {
			if b != 0 {
				written[name] = append(written[name], at)
			}
		}
		total += len(written[name])
	}
	name := names[f.chance.IntN(len(names))]
	if f.chance.IntN(2) == 0 {
		for n, i := f.chance.IntN(total), 0; n >= 0; i++ {
			name = names[i]
			n -= len(written[name])
		}
	}
	return place{name, written[name][f.chance.IntN(len(written[name]))], byte(f.chance.IntN(8))}
}
