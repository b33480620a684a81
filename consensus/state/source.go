package state

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"xietong/certs/canon"
	"xietong/consensus/ledger"
)

// Source fills other replicas from a store, which goes on applying meanwhile. It trusts nobody who
// asks: that the stream is of a replica of the same jurisdiction, the caller knows.
//
// The rest is written into a file of its own before it is sent, so that the view of it lasts as
// long as the disk takes, and not as long as the other replica likes: pages that a view may read
// are not used again, and the state file grows meanwhile.
type Source struct {
	Store *Store
	// Configuration returns the group's configuration as it was at a raft index that was applied,
	// as raft encodes it, and the index of the entry that set it.
	Configuration func(index uint64) (configuration []byte, at uint64, err error)
	// Room returns how many bytes the file of the rest may have; nil: no bound.
	Room func() (uint64, error)
}

// Serve answers what is asked on the stream, until the asker ends it.
func (s Source) Serve(ctx context.Context, stream io.ReadWriter) error {
	from := newFrameReader(stream)
	for {
		var a ask
		err := from.readAs(messageAsk, &a)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil {
			err = ctx.Err()
		}
		if err == nil {
			err = s.answer(ctx, stream, a)
		}
		if err != nil {
			return fmt.Errorf("fill another replica: %w", err)
		}
	}
}

// answer answers one ask. What it cannot give it refuses; an error ends the stream.
func (s Source) answer(ctx context.Context, to io.Writer, a ask) error {
	o := offer{Format: Format}
	if err := s.look(a, &o); err != nil {
		return newFrameWriter(to).write(messageOffer, refusing(o, refusedUnwell, err.Error()))
	}
	switch {
	case o.Refused != 0:
		return newFrameWriter(to).write(messageOffer, o)
	case a.Rest:
		return s.rest(ctx, to, a, o)
	}
	return s.entries(ctx, to, a.Have, o)
}

func refusing(o offer, code uint64, why string) offer {
	o.Refused, o.Why = code, why[:min(len(why), maxMetaLen)]
	return o
}

// look fills in what the source is, and whether it refuses.
func (s Source) look(a ask, o *offer) error {
	return s.Store.View(func(r *Reader) error {
		o.Log, o.Size = r.Log(), r.Size()
		switch {
		case a.Version != fillVersion || a.Format != Format:
			*o = refusing(*o, refusedVersion, "")
		case a.Log != r.Log():
			*o = refusing(*o, refusedLog, "")
		case a.Have > r.Size() || a.Least > r.Applied():
			*o = refusing(*o, refusedBehind, fmt.Sprintf("it has %d entries and has applied %d", r.Size(), r.Applied()))
		default:
			root, err := r.RootAt(a.Have)
			if err == nil && !bytes.Equal(root[:], a.Root) {
				*o = refusing(*o, refusedEntries, "")
			}
			return err
		}
		return nil
	})
}

// entries sends the entries from one on. Each frame is a view of its own, so a slow asker keeps no
// view.
func (s Source) entries(ctx context.Context, to io.Writer, from uint64, o offer) error {
	info, err := os.Stat(s.Store.path)
	if err != nil {
		return newFrameWriter(to).write(messageOffer, refusing(o, refusedUnwell, err.Error()))
	}
	o.Bytes = uint64(info.Size()) + s.Store.files.Bytes() + 2*MaxOpenLen // all in the files, and what is not yet
	w := newFrameWriter(to)
	if err := w.write(messageOffer, o); err != nil {
		return err
	}
	for from < o.Size {
		if err := ctx.Err(); err != nil {
			return err
		}
		var e entries
		if err := s.Store.View(func(r *Reader) (err error) { e, err = someEntries(r, from, o.Size); return err }); err != nil {
			return err
		}
		if err := w.write(messageEntry, e); err != nil {
			return err
		}
		from += uint64(len(e.Entries))
	}
	return w.end()
}

// someEntries returns as many entries, from one on and up to another, as fill a frame. A leaf that
// is not the one in the tree is damaged, and not sent.
func someEntries(r *Reader, from, to uint64) (entries, error) {
	e, tree := entries{From: from}, &lastTile{from: r}
	for n := 0; from < to && n < frameFill; from++ {
		leaf := r.Leaf(from)
		if err := sameInTile(tree, from, ledger.LeafHash(leaf)); leaf == nil || err != nil {
			return e, notRecorded(from, err)
		}
		one := entry{Leaf: leaf, Sealed: [][]byte{}}
		n += len(leaf) + 16
		if sealed := r.Sealed(from); sealed != nil {
			one.Sealed = append(one.Sealed, sealed)
			n += len(sealed)
		}
		e.Entries = append(e.Entries, one)
	}
	return e, nil
}

// lastTile keeps the tile that was read last: entries that follow one another are in one.
type lastTile struct {
	from ledger.TileReader
	id   ledger.TileID
	tile []byte
}

// Tile implements ledger.TileReader.
func (l *lastTile) Tile(id ledger.TileID) (tile []byte, err error) {
	if l.tile == nil || l.id != id {
		l.id = id
		l.tile, err = l.from.Tile(id)
	}
	return l.tile, err
}

// rest sends the rest as it is at one moment.
func (s Source) rest(ctx context.Context, to io.Writer, a ask, o offer) error {
	file, err := os.CreateTemp(filepath.Dir(s.Store.path), "rest-*")
	if err == nil {
		defer file.Close()
		err = os.Remove(file.Name()) // it is gone with this process, however that ends
	}
	if err == nil {
		err = s.spool(ctx, file, a.Have, &o)
	}
	if err != nil {
		return newFrameWriter(to).write(messageOffer, refusing(o, refusedUnwell, err.Error()))
	}
	if err := newFrameWriter(to).write(messageOffer, o); err != nil {
		return err
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	_, err = io.Copy(struct{ io.Writer }{to}, file)
	return err
}

// spool writes the rest into a file, and says in the offer what it is.
func (s Source) spool(ctx context.Context, file io.Writer, have uint64, o *offer) (err error) {
	bounded := &boundedWriter{to: file}
	if s.Room != nil {
		if bounded.left, err = s.Room(); err != nil {
			return err
		}
	} else {
		bounded.left = 1 << 62
	}
	buffer := bufio.NewWriterSize(bounded, 256<<10)
	w := newFrameWriter(buffer)
	err = s.Store.View(func(r *Reader) (err error) {
		if err = new(meta).checkContents(r.file, true); err != nil {
			return err // what is missing here would be missing there, and no sum would say so any more
		}
		if o.Meta, err = canon.Marshal(r.meta); err != nil {
			return err
		}
		if o.Clock, err = canon.Marshal(r.meta.clock); err != nil {
			return err
		}
		o.Size = r.Size()
		if o.Configuration, o.ConfigurationIndex, err = s.Configuration(r.meta.Index); err != nil {
			return err
		}
		for from := have; from < o.Size; {
			e, err := someEntries(r, from, o.Size)
			if err == nil {
				err = w.write(messageEntry, e)
			}
			if err != nil {
				return err
			}
			from += uint64(len(e.Entries))
		}
		o.Pairs, err = s.spoolPairs(ctx, w, r)
		return err
	})
	if err == nil {
		err = errors.Join(w.end(), buffer.Flush())
	}
	o.Bytes = w.len
	return err
}

// spoolPairs writes every pair of the buckets that change.
func (s Source) spoolPairs(ctx context.Context, w *frameWriter, r *Reader) (number uint64, err error) {
	for _, name := range s.Store.registry.copied() {
		p, n := pairs{Bucket: name}, 0
		flush := func() {
			if len(p.Pairs) > 0 && err == nil {
				err = errors.Join(ctx.Err(), w.write(messagePairs, p))
			}
			p.Pairs, n = p.Pairs[:0], 0
		}
		r.Scan(name, nil, nil, func(k, v []byte) bool {
			p.Pairs = append(p.Pairs, keyValue{Key: k, Value: v})
			number++
			if n += len(k) + len(v) + 16; n >= frameFill {
				flush()
			}
			return err == nil
		})
		if flush(); err != nil {
			return number, err
		}
	}
	return number, nil
}

// boundedWriter fails before it writes more than it may.
type boundedWriter struct {
	to   io.Writer
	left uint64
}

func (w *boundedWriter) Write(p []byte) (int, error) {
	if uint64(len(p)) > w.left {
		return 0, errors.New("too little disk space left for what is sent")
	}
	w.left -= uint64(len(p))
	return w.to.Write(p)
}
