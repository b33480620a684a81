package authority

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"xietong/certs/canon"
)

const (
	journalFile   = "in-use"
	journalKind   = "xietong keys in use"
	journalFormat = 1
	maxJournalLen = 4 << 10 // bytes
	maxFormer     = 128     // of at most 19 bytes each, so that what is written can be read
)

// journal is the file in-use: which key set is in use, and the numbers in the names of its files.
type journal struct {
	_          struct{} `cbor:",toarray"`
	Kind       string
	Format     uint64
	Number     uint64
	CA         uint64
	Signing    uint64
	Decryption uint64
	Former     []former // in the order in which they were replaced
}

// former is a decryption key that was replaced.
type former struct {
	_      struct{} `cbor:",toarray"`
	Number uint64   // in the name of its file
	Until  uint64   // ms since 1970 UTC
}

// readJournal reads the file in-use. When there is no such file, found is false and j says that the
// first key set is in use.
func readJournal(dir string) (j journal, found bool, err error) {
	data, err := os.ReadFile(filepath.Join(dir, journalFile))
	if errors.Is(err, fs.ErrNotExist) {
		return journal{Kind: journalKind, Format: journalFormat, Number: 1, CA: 1, Signing: 1, Decryption: 1, Former: []former{}}, false, nil
	}
	path := filepath.Join(dir, journalFile)
	if err != nil {
		return j, false, &FileError{path, err}
	}
	if err := canon.Unmarshal(data, maxJournalLen, &j); err != nil {
		return j, false, &FileError{path, err}
	}
	if j.Kind != journalKind || j.Format != journalFormat || j.Number == 0 || j.Former == nil ||
		min(j.CA, j.Signing, j.Decryption) == 0 || max(j.CA, j.Signing, j.Decryption) > j.Number {
		return j, false, &FileError{path, errors.New("it is not written by this version")}
	}
	return j, true, nil
}

func (j journal) write(dir string) error {
	data, err := canon.Marshal(j)
	if err != nil {
		return err
	}
	if err := writeFile(filepath.Join(dir, journalFile), data); err != nil {
		return fmt.Errorf("write keys in use: %w", err)
	}
	return nil
}
