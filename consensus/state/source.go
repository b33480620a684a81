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
	// Configuration returns the group's configuration as it was where a view is, as raft encodes
	// it, and the index of the entry that set it. It must not begin another view: a commit that
	// must enlarge the map of the file waits for this one, and lets none begin.
	Configuration func(r *Reader) (configuration []byte, at uint64, err error)
	// Room returns how many bytes the file of the rest may have; nil: no bound.
	Room func() (uint64, error)
}

// Serve answers what is asked on the stream, until the asker ends it.
func (s Source) Serve(ctx context.Context, stream io.ReadWriter) error {
	from, answers := newFrameReader(stream), answers{Source: s, to: stream}
	for {
		kind, data, err := from.read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil {
			err = ctx.Err()
		}
		if err == nil {
			err = answers.take(ctx, kind, data)
		}
		if err != nil {
			return fmt.Errorf("fill another replica: %w", err)
		}
	}
}

// answers are those that one asker gets.
type answers struct {
	Source
	to     io.Writer
	stayed bool // what does not change was compared with its sums: once, since it does not change
}

// take answers one question: an ask, or one for a block.
func (s *answers) take(ctx context.Context, kind byte, data []byte) error {
	if kind == messageAskBlock {
		var a askBlock
		if err := decodeAs(messageAskBlock, kind, data, &a); err != nil {
			return err
		}
		return s.block(a)
	}
	var a ask
	if err := decodeAs(messageAsk, kind, data, &a); err != nil {
		return err
	}
	return s.answer(ctx, a)
}

// answer answers one ask. What it cannot give it refuses; an error ends the stream.
func (s *answers) answer(ctx context.Context, a ask) error {
	o := offer{Format: Format}
	if err := s.look(a, &o); err != nil {
		return s.offer(refusing(o, refusedUnwell, err.Error()))
	}
	switch {
	case o.Refused != 0:
		return s.offer(o)
	case a.Rest:
		return s.rest(ctx, a, o)
	}
	return s.entries(ctx, a.Have, o)
}

func (s *answers) offer(o offer) error { return newFrameWriter(s.to).write(messageOffer, o) }

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
func (s *answers) entries(ctx context.Context, from uint64, o offer) error {
	info, err := os.Stat(s.Store.path)
	if err == nil && !s.stayed {
		// What is missing here would be missing there, and no sum would say so any more. This is
		// most of the file, and is read now, because the asker may apply nothing while the rest
		// comes.
		pulse := newPulse(s.to)
		err = s.Store.View(func(r *Reader) error {
			return new(meta).compare(r.file, func(bucket string, _ bool) bool { return stays(bucket) }, s.goesOn(ctx, pulse))
		})
	}
	if err != nil {
		return s.offer(refusing(o, refusedUnwell, err.Error()))
	}
	s.stayed = true
	o.Bytes = uint64(info.Size()) + s.Store.files.Bytes(s.Store.fileNames()) + 2*MaxOpenLen // all in the files, and what is not yet
	w := newFrameWriter(s.to)
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

// goesOn is told of what is read before an offer: it says so to the asker, and ends with ctx.
func (s Source) goesOn(ctx context.Context, p *pulse) beats {
	return func(bytes int) error {
		if s.Store.options.reading != nil {
			s.Store.options.reading()
		}
		return errors.Join(ctx.Err(), p.beat(bytes))
	}
}

// rest sends the rest as it is at one moment.
func (s *answers) rest(ctx context.Context, a ask, o offer) error {
	file, err := os.CreateTemp(filepath.Dir(s.Store.path), "rest-*")
	if err == nil {
		defer file.Close()
		err = os.Remove(file.Name()) // it is gone with this process, however that ends
	}
	if err == nil {
		err = s.spool(file, a.Have, s.goesOn(ctx, newPulse(s.to)), &o)
	}
	if err != nil {
		return s.offer(refusing(o, refusedUnwell, err.Error()))
	}
	if err := s.offer(o); err != nil {
		return err
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	_, err = io.Copy(struct{ io.Writer }{s.to}, file)
	return err
}

// spool writes the rest into a file, and says in the offer what it is.
func (s *answers) spool(file io.Writer, have uint64, beat beats, o *offer) (err error) {
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
		if err = new(meta).compare(r.file, func(bucket string, _ bool) bool { return !s.stayed || !stays(bucket) }, beat); err != nil {
			return err
		}
		if o.Meta, err = canon.Marshal(r.meta); err != nil {
			return err
		}
		if o.Clock, err = canon.Marshal(r.meta.clock); err != nil {
			return err
		}
		o.Size = r.Size()
		if o.Configuration, o.ConfigurationIndex, err = s.Configuration(r); err != nil {
			return err
		}
		for from := have; from < o.Size; {
			e, err := someEntries(r, from, o.Size)
			if err == nil {
				err = errors.Join(w.write(messageEntry, e), beat(frameFill))
			}
			if err != nil {
				return err
			}
			from += uint64(len(e.Entries))
		}
		o.Pairs, err = s.spoolPairs(w, r, beat)
		return err
	})
	if err == nil {
		err = errors.Join(w.end(), buffer.Flush())
	}
	o.Bytes = w.len
	return err
}

// spoolPairs writes every pair of the buckets that change.
func (s Source) spoolPairs(w *frameWriter, r *Reader, beat beats) (number uint64, err error) {
	for _, name := range s.Store.registry.copied() {
		p, n := pairs{Bucket: name}, 0
		flush := func() {
			if len(p.Pairs) > 0 && err == nil {
				err = errors.Join(w.write(messagePairs, p), beat(n))
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
