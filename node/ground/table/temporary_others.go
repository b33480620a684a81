//go:build !windows

package table

import (
	"errors"
	"os"
)

// temporary makes a file without a name, which is there until it is closed.
func temporary(dir, prefix string) (*os.File, error) {
	f, err := os.CreateTemp(dir, prefix+"*")
	if err != nil {
		return nil, err
	}
	if err := os.Remove(f.Name()); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}
