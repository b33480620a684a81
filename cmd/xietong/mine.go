package main

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"xietong/node/ground/text"
)

// Files that a command goes on with, or writes beside a file of the person, may lie in a folder in
// which others write. What others made there is neither believed nor written to.

// notMineError is a file that is there, and that somebody else made, can change or can read.
type notMineError struct{ file string }

func (e *notMineError) Error() string { return e.file + " is not a file of this user alone" }

// openMine opens a file that only this user reads and writes, or makes it. Any other file, such as
// a link or a file of another, is a *notMineError.
func openMine(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if !errors.Is(err, fs.ErrExist) {
		return f, err
	}
	f, err = os.OpenFile(path, os.O_RDWR|openItself, 0)
	if errors.Is(err, errnoLink) {
		return nil, &notMineError{path}
	}
	if err != nil {
		return nil, err
	}
	if err := mine(f); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// mine returns a *notMineError for what is no plain file under one name, of this user, that nobody
// else may open.
func mine(f *os.File) error {
	alone, err := ofUserAlone(f)
	if err == nil && !alone {
		err = &notMineError{f.Name()}
	}
	return err
}

// mostBeside is how many files of one kind are written beside a file.
const mostBeside = 99

// keepBeside keeps a file under the first name that is free, of name(1), name(2) and so on, and
// returns it. What is there stays; a file of this user with the same content is the file.
func (p *pending) keepBeside(name func(n int) string) (string, error) {
	sum, err := sumOf(p.File)
	if err != nil {
		return "", err
	}
	for n := 1; n <= mostBeside; n++ {
		p.path = name(n)
		same, err := sameAs(p.path, sum)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return p.path, p.keep()
		case same:
			return p.path, nil
		}
	}
	return "", text.Fail(text.FileExists, text.Args{"file": name(1)}, nil)
}

// sameAs reports whether a file of this user has the content of the sum. The error is
// fs.ErrNotExist where nothing has the name.
func sameAs(path string, sum []byte) (bool, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|openItself, 0)
	if err != nil {
		return false, err
	}
	defer f.Close()
	if err := mine(f); err != nil {
		return false, err
	}
	have, err := sumOf(f)
	return bytes.Equal(have, sum), err
}

// sumOf returns the SHA-256 of a file.
func sumOf(f *os.File) ([]byte, error) {
	sum := sha256.New()
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	if _, err := io.Copy(sum, f); err != nil {
		return nil, fmt.Errorf("read %s: %w", f.Name(), err)
	}
	return sum.Sum(nil), nil
}
