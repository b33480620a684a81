package offline

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/mod/sumdb/tlog"

	"xietong/consensus/ledger"
)

// checkpointFile is the name of the checkpoint in an export.
const checkpointFile = "checkpoint"

// tileFiles are the files of an export of so many entries.
type tileFiles struct {
	dir  string
	size uint64
}

// tilesBy are the tiles that a function reads: what reads files is no method by which the code of a
// command could reach it.
type tilesBy func(id ledger.TileID) ([]byte, error)

// Tile implements ledger.TileReader.
func (f tilesBy) Tile(id ledger.TileID) ([]byte, error) { return f(id) }

// tile returns a tile. A partial one may be gone once the full one is there.
func (f tileFiles) tile(id ledger.TileID) ([]byte, error) {
	width := ledger.ExtentOf(id.Level, f.size).Width(id.N)
	if width == 0 {
		return nil, nil
	}
	const hash = tlog.HashSize
	data, err := readUpTo(f.path(id.Path(width)), ledger.TileWidth*hash)
	if errors.Is(err, fs.ErrNotExist) && width < ledger.TileWidth {
		if data, err = readUpTo(f.path(id.Path(ledger.TileWidth)), ledger.TileWidth*hash); len(data) == ledger.TileWidth*hash {
			data = data[:width*hash]
		}
	}
	if err == nil && len(data) != width*hash {
		err = &wrongFile{f.path(id.Path(width)), fmt.Errorf("it has %d bytes, not %d", len(data), width*hash)}
	}
	return data, err
}

// bundle returns the leaves of an entry bundle.
func (f tileFiles) bundle(n uint64) ([][]byte, error) {
	width := ledger.ExtentOf(0, f.size).Width(n)
	path := f.path(ledger.BundlePath(n, width))
	data, err := readUpTo(path, ledger.MaxBundleLen)
	whole := width
	if errors.Is(err, fs.ErrNotExist) && width < ledger.TileWidth {
		whole, path = ledger.TileWidth, f.path(ledger.BundlePath(n, ledger.TileWidth))
		data, err = readUpTo(path, ledger.MaxBundleLen)
	}
	if err != nil {
		return nil, err
	}
	leaves, err := ledger.DecodeBundle(data, whole)
	if err != nil {
		return nil, &wrongFile{path, err}
	}
	return leaves[:width], nil
}

func (f tileFiles) path(name string) string { return filepath.Join(f.dir, filepath.FromSlash(name)) }

// wrongFile is a file of an export that is not what it must be.
type wrongFile struct {
	file string
	err  error
}

func (w *wrongFile) Error() string { return w.file + ": " + w.err.Error() }
func (w *wrongFile) Unwrap() error { return w.err }

// readUpTo reads a file of at most so many bytes.
func readUpTo(path string, most int) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, int64(most)+1))
	if err != nil {
		return nil, err
	}
	if len(data) > most {
		return nil, &wrongFile{path, fmt.Errorf("it is longer than %d bytes", most)}
	}
	return data, nil
}
