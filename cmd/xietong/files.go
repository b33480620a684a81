package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"

	"xietong/node/faces/client"
	"xietong/node/ground/table"
	"xietong/node/ground/text"
)

// maxInput is the largest file that is read into memory, in bytes.
const maxInput = 1 << 20

// ofFileGiven is an error that may be about the content of a file, and does not name it: whoever
// found it does not know the name.
type ofFileGiven struct {
	err  error
	file string
}

func (e *ofFileGiven) Error() string { return e.err.Error() }
func (e *ofFileGiven) Unwrap() error { return e.err }

// named puts the name of the file into a problem that is about it.
func named(err error, file string) error {
	if err == nil {
		return nil
	}
	return &ofFileGiven{err, file}
}

// badFile is an error of a file's content.
type badFile struct {
	file string
	err  error
}

func (e *badFile) Error() string { return fmt.Sprintf("read %s: %v", e.file, e.err) }
func (e *badFile) Unwrap() error { return e.err }

// notAFile is what was given for a file that is read at any place, and can only be read on and on.
type notAFile struct{ path string }

func (e *notAFile) Error() string { return e.path + " is no plain file" }

func tooLong(most int) error { return fmt.Errorf("it is larger than %d bytes", most) }

// readInput reads a file, or standard input for "-".
func (a *app) readInput(path string) ([]byte, error) { return a.readUpTo(path, maxInput) }

// readUpTo is readInput for a file of at most so many bytes.
func (a *app) readUpTo(path string, most int) ([]byte, error) {
	r := a.stdin
	if path != "-" {
		f, err := os.Open(path)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		r = f
	}
	data, err := io.ReadAll(io.LimitReader(r, int64(most)+1))
	if err != nil {
		return nil, err
	}
	if len(data) > most {
		return nil, &badFile{path, tooLong(most)}
	}
	return data, nil
}

// readText reads a file of text, or standard input for "-", in any encoding that an import takes.
// It returns UTF-8 without a mark.
func (a *app) readText(path string) ([]byte, error) {
	data, err := a.readInput(path)
	return plainText(path, data, err)
}

// readRoster is readText for a list of places, which may be long.
func (a *app) readRoster(path string) ([]byte, error) {
	data, err := a.readUpTo(path, client.MaxRoster)
	return plainText(path, data, err)
}

func plainText(path string, data []byte, err error) ([]byte, error) {
	if err != nil {
		return nil, err
	}
	plain, err := table.Plain(data)
	if err != nil {
		return nil, &badFile{path, err}
	}
	return plain, nil
}

// readJSON reads one JSON value into v. It refuses members that v does not have, because they are
// spelling mistakes, and one that stands twice, because nobody knows which is meant.
func (a *app) readJSON(path string, v any) error {
	data, err := a.readText(path)
	if err != nil {
		return err
	}
	if err := text.Decode(data, v); err != nil {
		return &badFile{path, err}
	}
	return nil
}

// readDataset reads a catalogue entry into v. The file of a standard is refused as that: it has a
// member more.
func (a *app) readDataset(path string, v any) error {
	data, err := a.readText(path)
	if err != nil {
		return err
	}
	if err := text.Decode(data, v); err != nil {
		var s client.Standard
		if text.Decode(data, &s) == nil && s.Level != "" {
			return text.Fail(text.StandardFile, text.Args{"dataset": text.Short(s.Code), "file": path}, err)
		}
		return &badFile{path, err}
	}
	return nil
}

// differsError is a file that is there with another content.
type differsError struct{ file string }

func (e *differsError) Error() string { return e.file + " is there with another content" }

// has reports whether a file is there with the content. A file of another content is a
// *differsError.
func has(path string, data []byte) (bool, error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if !info.Mode().IsRegular() || info.Size() != int64(len(data)) {
		return false, &differsError{path}
	}
	have, err := os.ReadFile(path)
	if err == nil && !bytes.Equal(have, data) {
		err = &differsError{path}
	}
	return err == nil, err
}

// writeFile writes a file that only its owner may read. The file is written whole or not at all.
func writeFile(path string, data []byte) error {
	f, err := newPending(path)
	if err != nil {
		return err
	}
	defer f.discard()
	if _, err := f.Write(data); err != nil {
		return err
	}
	return f.keep()
}

// pending is a file that only its owner may read, and that is at its path when it is whole. Until
// then it has no name, so that nothing is left of it when the program is killed; where the file
// system has no such files it is beside its path, under another name.
type pending struct {
	*os.File
	path     string
	nameless bool
}

func newPending(path string) (*pending, error) {
	dir := filepath.Dir(path)
	if f, err := openNameless(dir, filepath.Join(dir, fmt.Sprintf("%s%d", pendingPrefix(path), rand.Uint64()))); err == nil {
		return &pending{f, path, true}, nil
	}
	f, err := os.CreateTemp(dir, pendingPrefix(path)+"*") // mode 0600
	if at, ok := errors.AsType[*fs.PathError](err); ok {
		at.Path = path // the name that the person gave
	}
	if err != nil {
		return nil, err
	}
	return &pending{f, path, false}, nil
}

func pendingPrefix(path string) string { return "." + filepath.Base(path) + "-" }

// isPending reports whether a name is the one that a file has until it is at its path. Another,
// such as that of a temporary file, is on a disk of its own.
func isPending(name, path string) bool {
	return filepath.Dir(name) == filepath.Dir(path) && strings.HasPrefix(filepath.Base(name), pendingPrefix(path))
}

// keep puts the file at its path.
func (p *pending) keep() error {
	err := p.Sync()
	if err == nil && p.nameless {
		err = nameNameless(p.File)
	}
	if err = errors.Join(err, p.Close()); err != nil {
		return err
	}
	return os.Rename(p.Name(), p.path)
}

// discard removes a file that is not kept. After keep it does nothing.
func (p *pending) discard() {
	_ = p.Close() // it may be closed
	_ = os.Remove(p.Name())
}
