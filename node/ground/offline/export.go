package offline

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/mod/sumdb/tlog"

	"xietong/consensus/ledger"
	"xietong/node/ground/host"
	"xietong/node/ground/text"
)

// Source gives a ledger to an export.
type Source interface {
	// Growth returns the newest checkpoint, with the proof that the ledger goes on from its first
	// since entries, as ledger.Growth encodes it.
	Growth(ctx context.Context, since uint64) ([]byte, error)
	// Leaves returns encoded leaves from an index on, at least one where the ledger has one there.
	Leaves(ctx context.Context, from uint64) ([][]byte, error)
}

// Behind is a source whose checkpoints may be older than its ledger, such as those that others
// witnessed.
type Behind interface {
	// Newest is Growth of the ledger itself; of one that is shorter it is the checkpoint alone.
	Newest(ctx context.Context, since uint64) ([]byte, error)
}

// ExportReport tells what an export wrote.
type ExportReport struct {
	Log   string `json:"log"`
	Size  uint64 `json:"size"`
	Root  string `json:"root"`  // lower-case hex
	Since uint64 `json:"since"` // entries that an earlier export had
	Files uint64 `json:"files"` // that were written now
}

// Export writes a ledger as the files of C2SP tlog-tiles, or adds what is new to those that are
// there. The tree is computed from the leaves, whatever the source says of it, and must have the
// root of the checkpoint, which is written last: so an export that was interrupted still is one of
// the size before, and goes on where it was. What is there is never replaced, but for the
// checkpoint. The error is a *text.Failure where the directory or the source is at fault.
func Export(ctx context.Context, src Source, dir string, progress func(done, total uint64)) (ExportReport, error) {
	e := &exporter{src: src, dir: dir, keep: keepFile, edge: map[ledger.TileID][]byte{}, touched: map[string]bool{}, progress: progress}
	return e.run(ctx)
}

func (e *exporter) run(ctx context.Context) (ExportReport, error) {
	if err := host.MakeFolder(e.dir); err != nil {
		return ExportReport{}, err
	}
	old, err := e.begin(ctx)
	if err != nil {
		return ExportReport{}, err
	}
	for e.size < e.to.Size {
		if err := e.bundle(ctx); err != nil {
			return ExportReport{}, err
		}
	}
	if err := e.end(); err != nil {
		return ExportReport{}, err
	}
	return ExportReport{e.to.Log.String(), e.to.Size, fmt.Sprintf("%x", e.to.Root[:]), old, e.files}, nil
}

type exporter struct {
	src      Source
	dir      string
	keep     func(dir, name string, data []byte) error // keepFile
	progress func(done, total uint64)

	growth  ledger.Growth
	to      ledger.Checkpoint
	size    uint64                   // entries whose full tiles are written
	edge    map[ledger.TileID][]byte // the tiles at the edge of the tree of that size
	ahead   [][]byte                 // leaves that the source gave, and that are not written yet
	touched map[string]bool          // folders in which files were written
	files   uint64
}

// pendingName is what a file is called until it is whole.
const pendingName = ".xietong-new-"

// begin decides where the export goes on, and returns the size of the one that is there.
func (e *exporter) begin(ctx context.Context) (uint64, error) {
	left, err := filepath.Glob(filepath.Join(e.dir, pendingName+"*")) // by an export that was killed
	for _, path := range left {
		err = errors.Join(err, os.Remove(path))
	}
	if err != nil {
		return 0, err
	}
	old, err := e.exported()
	if err != nil {
		return 0, err
	}
	if err := e.take(ctx, 0); err != nil {
		return 0, err
	}
	if old.Size > 0 && old.Log != e.to.Log {
		return 0, text.Fail(text.ExportOther, text.Args{"dir": e.dir, "found": old.Log.String(), "log": e.to.Log.String()}, nil)
	}
	forked := text.Fail(text.ExportForked, text.Args{"dir": e.dir, "number": fmt.Sprint(old.Size), "count": fmt.Sprint(e.to.Size)}, nil)
	if old.Size > e.to.Size {
		return 0, e.behind(ctx, old, forked)
	}
	if old.Size > 0 {
		if err := e.take(ctx, old.Size); err != nil {
			return 0, err
		}
		if e.to.Follows(old, e.growth.Path) != nil {
			return 0, forked
		}
	}
	e.size = old.Size - old.Size%ledger.TileWidth
	return old.Size, e.readEdge()
}

// behind says why the source is of fewer entries than what is there: its checkpoint is older, as
// the ledger goes on from what is there, or the ledger does not.
func (e *exporter) behind(ctx context.Context, old ledger.Checkpoint, forked error) error {
	src, ok := e.src.(Behind)
	if !ok {
		return forked
	}
	data, err := src.Newest(ctx, old.Size)
	if err != nil {
		return err
	}
	newest, err := ledger.ParseGrowth(data)
	if err != nil {
		return err
	}
	to, err := newest.Checkpoint()
	switch {
	case err != nil:
		return err
	case to.Log != old.Log || to.Follows(old, newest.Path) != nil:
		return forked
	}
	return text.Fail(text.WitnessedBehind, text.Args{"number": fmt.Sprint(old.Size), "count": fmt.Sprint(e.to.Size), "log": e.to.Log.String()}, nil)
}

// exported returns the checkpoint of the export that is there; zero: there is none.
func (e *exporter) exported() (ledger.Checkpoint, error) {
	file := filepath.Join(e.dir, checkpointFile)
	data, err := readUpTo(file, ledger.MaxNoteLen)
	if errors.Is(err, fs.ErrNotExist) {
		return ledger.Checkpoint{}, nil
	}
	if err != nil {
		return ledger.Checkpoint{}, refused(err)
	}
	c, err := ledger.Growth{Note: data}.Checkpoint()
	if err != nil {
		return c, refused(&wrongFile{file, err})
	}
	return c, nil
}

// take gets the newest checkpoint from the source.
func (e *exporter) take(ctx context.Context, since uint64) error {
	data, err := e.src.Growth(ctx, since)
	if err != nil {
		return err
	}
	if e.growth, err = ledger.ParseGrowth(data); err != nil {
		return err
	}
	e.to, err = e.growth.Checkpoint()
	return err
}

// readEdge reads the tiles at the edge of what is there.
func (e *exporter) readEdge() error {
	there := tileFiles{e.dir, e.size}
	for level := 1; ; level++ {
		x := ledger.ExtentOf(level, e.size)
		if x.Tiles() == 0 {
			return nil
		}
		if x.Rest == 0 {
			continue
		}
		id := ledger.TileID{Level: level, N: x.Full}
		tile, err := there.tile(id)
		if err != nil {
			return refused(err)
		}
		e.edge[id] = tile
	}
}

// tile returns a tile of the tree that is being written.
func (e *exporter) tile(id ledger.TileID) ([]byte, error) {
	if tile, ok := e.edge[id]; ok {
		return tile, nil
	}
	return tileFiles{e.dir, e.size}.tile(id)
}

// bundle writes the next entry bundle, and the tiles that it fills.
func (e *exporter) bundle(ctx context.Context) error {
	n := e.size / ledger.TileWidth
	width := int(min(ledger.TileWidth, e.to.Size-e.size))
	hashes := e.whole(n, width)
	if hashes == nil {
		leaves, err := e.leaves(ctx, width)
		if err != nil {
			return err
		}
		data, err := ledger.EncodeBundle(leaves)
		if err != nil {
			return err
		}
		if err := e.write(ledger.BundlePath(n, width), data); err != nil {
			return err
		}
		hashes = leafHashes(leaves)
	}
	grown, err := ledger.Append(e.size, hashes, edgeOnly(e.edge))
	if err != nil {
		return err
	}
	for id, tile := range grown.Tiles {
		if len(tile) < ledger.TileWidth*tlog.HashSize {
			e.edge[id] = tile
			continue
		}
		delete(e.edge, id)
		if err := e.write(id.Path(ledger.TileWidth), tile); err != nil {
			return err
		}
		if err := e.retire(id.Path(ledger.TileWidth)); err != nil {
			return err
		}
	}
	if width == ledger.TileWidth {
		err = e.retire(ledger.BundlePath(n, width))
	}
	if e.size = grown.Size; e.progress != nil {
		e.progress(e.size, e.to.Size)
	}
	return err
}

// edgeOnly reads the tiles at the edge: every other one that Append asks for is new.
type edgeOnly map[ledger.TileID][]byte

func (t edgeOnly) Tile(id ledger.TileID) ([]byte, error) { return t[id], nil }

func leafHashes(leaves [][]byte) []tlog.Hash {
	hashes := make([]tlog.Hash, len(leaves))
	for i, leaf := range leaves {
		hashes[i] = ledger.LeafHash(leaf)
	}
	return hashes
}

// whole returns the hashes of a full bundle that an interrupted export left, with its tile; nil:
// it is not there, or not whole.
func (e *exporter) whole(n uint64, width int) []tlog.Hash {
	if width < ledger.TileWidth {
		return nil
	}
	there := tileFiles{e.dir, (n + 1) * ledger.TileWidth}
	tile, err := there.tile(ledger.TileID{N: n})
	if err != nil {
		return nil
	}
	leaves, err := there.bundle(n)
	if err != nil {
		return nil
	}
	hashes := leafHashes(leaves)
	for i, h := range hashes {
		if !bytes.Equal(h[:], tile[i*tlog.HashSize:(i+1)*tlog.HashSize]) {
			return nil
		}
	}
	e.ahead = nil // it went on elsewhere
	return hashes
}

// leaves returns the next leaves.
func (e *exporter) leaves(ctx context.Context, width int) ([][]byte, error) {
	for len(e.ahead) < width {
		more, err := e.src.Leaves(ctx, e.size+uint64(len(e.ahead)))
		if err != nil {
			return nil, err
		}
		if len(more) == 0 {
			return nil, refused(&wrongFile{e.dir, fmt.Errorf("entry %d: it is missing", e.size+uint64(len(e.ahead)))})
		}
		e.ahead = append(e.ahead, more...)
	}
	next := e.ahead[:width:width]
	e.ahead = e.ahead[width:]
	return next, nil
}

// end checks the root, and writes the partial tiles and the checkpoint.
func (e *exporter) end() error {
	root, err := ledger.Root(e.to.Size, tilesBy(e.tile))
	if err == nil && root != e.to.Root {
		err = &wrongFile{e.dir, errors.New("the entries do not give the root that was signed")}
	}
	if err != nil {
		return refused(err)
	}
	for id, tile := range e.edge {
		if err := e.write(id.Path(len(tile)/tlog.HashSize), tile); err != nil {
			return err
		}
	}
	for _, folder := range slices.Sorted(maps.Keys(e.touched)) { // what the checkpoint names must be there
		if err := syncFolder(folder); err != nil {
			return err
		}
	}
	if err := e.put(checkpointFile, e.growth.Note); err != nil {
		return err
	}
	return syncFolder(e.dir)
}

// write writes a file whole or not at all. One that is there stays: it must have the same content.
func (e *exporter) write(name string, data []byte) error {
	path := filepath.Join(e.dir, filepath.FromSlash(name))
	there, err := readUpTo(path, len(data))
	_, other := errors.AsType[*wrongFile](err)
	switch {
	case err == nil && bytes.Equal(there, data):
		return nil
	case err == nil || other:
		return text.Fail(text.ExportDiffers, text.Args{"file": path}, nil)
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	if folder := filepath.Dir(path); !e.touched[folder] {
		if err := host.MakeFolder(folder); err != nil {
			return err
		}
		e.touched[folder] = true
	}
	return e.put(name, data)
}

// put puts a file where it belongs.
func (e *exporter) put(name string, data []byte) error {
	e.files++
	return e.keep(e.dir, filepath.FromSlash(name), data)
}

// retire removes the partial files of what is full now: who looks for one takes the full one.
func (e *exporter) retire(full string) error {
	return os.RemoveAll(filepath.Join(e.dir, filepath.FromSlash(full)+".p"))
}

// refused returns the problem of a file of an export. An error of the system stays what it is, but
// for a file that is missing: that is the export's fault, too.
func refused(err error) error {
	w, wrong := errors.AsType[*wrongFile](err)
	at, ofPath := errors.AsType[*fs.PathError](err)
	switch {
	case wrong:
		return text.Fail(text.ExportFault, text.Args{"file": w.file, "reason": strings.TrimPrefix(w.err.Error(), "not proven: ")}, err)
	case ofPath && errors.Is(err, fs.ErrNotExist):
		return text.Fail(text.ExportFault, text.Args{"file": at.Path, "reason": "the file is missing"}, err)
	}
	return err
}
