package state

import (
	"cmp"
	"errors"
	"fmt"
	"io"

	"golang.org/x/mod/sumdb/tlog"

	"xietong/certs/identity"
	"xietong/consensus/bundle"
	"xietong/consensus/ledger"
)

// askBlock is the question for the leaves of a block: 256 entries, which are old and never change.
// The answer is an offer and, unless the asker only looks, the entries, without their payloads, and
// the end.
type askBlock struct {
	_       struct{} `cbor:",toarray"`
	Version uint64
	Log     identity.Log
	Block   uint64 // its entries are those from 256 times this on
	Root    []byte // of these entries
	Look    bool   // it asks only whether they are there
}

// mostOfBlock bounds what a block takes in frames.
const mostOfBlock = bundle.BlockLen * (ledger.MaxLeafLen + 64)

// wholeBlock returns a block whose leaves are those that the tree has under a root. The tile is the
// one that they give, so that of a file may be damaged. The view ends with the damage of what is
// not as it was written.
func (r *Reader) wholeBlock(n uint64, root tlog.Hash) (b bundle.Block, err error) {
	if b = r.blockOf(n); ledger.Subroot(b.Tile) == root {
		return b, nil
	}
	if n < r.meta.filed.entries()/bundle.BlockLen {
		return b, r.inFile(n, bucketLeaf, func(*bundle.File, int) error { return bundle.ErrNotAsWritten })
	}
	return b, notRecorded(n*bundle.BlockLen, nil)
}

// block answers the question for a block. Of what is not whole here nothing is sent, and it is
// noted as damage.
func (s *answers) block(a askBlock) error {
	o, b := offer{Format: Format}, bundle.Block{}
	err := s.Store.View(func(r *Reader) error {
		o.Log, o.Size = r.Log(), r.Size()
		switch {
		case a.Version != fillVersion:
			o = refusing(o, refusedVersion, "")
		case a.Log != r.Log():
			o = refusing(o, refusedLog, "")
		case a.Block >= r.Size()/bundle.BlockLen:
			o = refusing(o, refusedBehind, fmt.Sprintf("it has %d entries", r.Size()))
		default:
			root, err := ledger.NodeAt(ledger.TileHeight, a.Block, r)
			if err == nil && string(root[:]) != string(a.Root) {
				o = refusing(o, refusedEntries, "")
			} else if err == nil {
				b, err = r.wholeBlock(a.Block, root)
			}
			return err
		}
		return nil
	})
	if err != nil {
		o = refusing(o, refusedUnwell, err.Error())
	}
	for _, leaf := range b.Leaves {
		o.Bytes += uint64(len(leaf)) + 64
	}
	w := newFrameWriter(s.to)
	if err := w.write(messageOffer, o); err != nil || o.Refused != 0 || a.Look {
		return err
	}
	return sendBlock(w, a.Block*bundle.BlockLen, b.Leaves)
}

// sendBlock sends leaves from an entry on, in frames that are full.
func sendBlock(w *frameWriter, from uint64, leaves [][]byte) error {
	e, n := entries{From: from}, 0
	for i, leaf := range leaves {
		e.Entries = append(e.Entries, entry{Leaf: leaf, Sealed: [][]byte{}})
		if n += len(leaf); n < frameFill && i+1 < len(leaves) {
			continue
		}
		if err := w.write(messageEntry, e); err != nil {
			return err
		}
		e, n = entries{From: e.From + uint64(len(e.Entries))}, 0
	}
	return w.end()
}

// BlockSource is another replica that is asked for blocks of old entries. It is of one goroutine.
type BlockSource struct {
	Name string
	// Open opens a stream that is answered there by a Source. It is called by the first question,
	// and by one that finds the stream at its end: it may have been closed because nothing was
	// asked.
	Open func() (io.ReadWriter, error)

	from *frameReader
	to   *frameWriter
	away error // why it is asked no more; nil: it answers, as far as is known
}

// has reports whether the source says that it has a block.
func (b *BlockSource) has(a askBlock) bool {
	a.Look = true
	_, err := b.ask(a)
	return b.knows(err)
}

// take returns the leaves of a block, which are those that are asked for; nil: it does not give
// them.
func (b *BlockSource) take(a askBlock) [][]byte {
	o, err := b.ask(a)
	var leaves [][]byte
	if err == nil {
		leaves, err = b.receive(a, o)
	}
	if !b.knows(err) {
		return nil
	}
	return leaves
}

// errLacks is returned for a source that says it cannot give what is asked for.
var errLacks = errors.New("it does not have these entries whole")

// knows reports whether nothing failed. Who failed otherwise than by saying that it lacks what was
// asked for is asked no more.
func (b *BlockSource) knows(err error) bool {
	if err != nil && !errors.Is(err, errLacks) {
		b.away = cmp.Or(b.away, err)
	}
	return err == nil
}

func (b *BlockSource) ask(a askBlock) (o offer, err error) {
	if b.away != nil {
		return o, b.away
	}
	for fresh := false; ; {
		if b.from == nil {
			stream, err := b.Open()
			if err != nil {
				return o, err
			}
			b.from, b.to, fresh = newFrameReader(stream), newFrameWriter(stream), true
		}
		if err = b.to.write(messageAskBlock, a); err == nil {
			err = b.from.readAs(messageOffer, &o)
		}
		if err == nil || fresh {
			break
		}
		b.from = nil
	}
	switch {
	case err != nil:
		return o, err
	case o.Refused == refusedUnwell || o.Refused == refusedBehind:
		return o, errLacks
	case o.Refused != 0 || o.Log != a.Log || o.Bytes > mostOfBlock:
		return o, fmt.Errorf("%w: it offers %d bytes of %s, or refuses with code %d: %q", errFrame, o.Bytes, o.Log, o.Refused, o.Why)
	}
	return o, nil
}

// receive takes the entries that were offered. The error of others than were asked for wraps
// ErrUnproven.
func (b *BlockSource) receive(a askBlock, o offer) (leaves [][]byte, err error) {
	var tile []byte
	b.from.begin(o.Bytes)
	for {
		kind, data, more, err := b.from.next()
		var e entries
		if err == nil && more {
			err = decodeAs(messageEntry, kind, data, &e)
		}
		switch {
		case err != nil:
			return nil, err
		case more && (e.From != a.Block*bundle.BlockLen+uint64(len(leaves)) || len(e.Entries) == 0 || len(leaves)+len(e.Entries) > bundle.BlockLen):
			return nil, fmt.Errorf("%w: %d entries from %d on, after %d of block %d", errFrame, len(e.Entries), e.From, len(leaves), a.Block)
		case !more && len(leaves) < bundle.BlockLen:
			return nil, fmt.Errorf("%w: it ended after %d entries of block %d", errFrame, len(leaves), a.Block)
		case !more:
			if root := ledger.Subroot(tile); string(root[:]) != string(a.Root) {
				return nil, fmt.Errorf("block %d: %w", a.Block, ErrUnproven)
			}
			return leaves, nil
		}
		for _, one := range e.Entries {
			hash := ledger.LeafHash(one.Leaf)
			leaves, tile = append(leaves, one.Leaf), append(tile, hash[:]...)
		}
	}
}
