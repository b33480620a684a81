package witnessing

import (
	"bytes"
	"context"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"

	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/consensus/witness"
	"xietong/node/ground/book"
)

// commandRaise keeps a piece of the heads of a log below.
const commandRaise book.Command[raiseBody, book.Nothing] = 69

// Bounds of what is kept of heads.
const (
	maxRisen = 8 << 10
	maxPiece = 64 << 10
	maxPath  = 63 // hashes of a proof
	maxLinks = 7  // ledgers between a log and whoever keeps its heads
	mostSaid = 4  // entries beyond a piece that say what is lost
)

var (
	risenOf = book.Bucket[risen]{Name: "heads", Max: maxRisen}                     // by child and log
	pieces  = book.Bucket[piece]{Name: "heads-pieces", Max: maxPiece, Large: true} // by log, the last one first
)

// risen is how far the heads of a log are known. They are kept in pieces, of which the last one is
// replaced by a longer one until it is full.
type risen struct {
	_    struct{} `cbor:",toarray"`
	Log  identity.Log
	From uint64          // where the last piece begins
	To   uint64          // where it ends
	At   uint64          // ms since 1970 UTC: when it was kept
	Acts uint64          // that are known, in all pieces
	Last ledger.Frontier // at From

	Begun    []begun   // the epochs that it says were begun, in their order; the last ones, where there are many
	Said     []begun   // what it says of them in entries after To
	Partings []parting // from each epoch before of which heads were known, in their order
	Anew     bool      // its ledger began with it: nothing of before is there
}

// piece is an excerpt of a log, with what proves it.
type piece struct {
	_       struct{} `cbor:",toarray"`
	Excerpt []byte
	Size    uint64          // of the checkpoint that proves it
	Path    []tlog.Hash     // from its end to Size
	Note    []byte          // of that checkpoint; empty where the log is not a child's own
	Links   []link          // by which that checkpoint stands in the child's ledger; none where it is the child's own
	Said    []witness.Begun // entries after it that say what the log lost, in the tree of Size
	Entry   ledger.Ref      // own entry that logs the checkpoint of the child by which it came
}

// link is an entry that logs a checkpoint, in the ledger of the level above, with its place in the
// tree of the next link's checkpoint, or in that of the checkpoint that is kept.
type link struct {
	_     struct{} `cbor:",toarray"`
	Index uint64
	Leaf  []byte
	Path  []tlog.Hash
}

func (l link) check() error {
	if len(l.Leaf) > ledger.MaxActLen || len(l.Path) > maxPath {
		return fmt.Errorf("a link of %d bytes and %d hashes", len(l.Leaf), len(l.Path))
	}
	return nil
}

// span is where the last piece of a log begins and ends; of a log of which nothing is kept, at 0.
type span struct {
	_        struct{} `cbor:",toarray"`
	From, To uint64
}

func (k risen) span() span { return span{From: k.From, To: k.To} }

type raiseBody struct {
	_     struct{} `cbor:",toarray"`
	Child identity.Jurisdiction
	Was   span // that this was judged against
	Risen risen
	Piece piece
}

func keyOfRisen(child identity.Jurisdiction, log identity.Log) []byte {
	return book.Joined(child.String(), log.String())
}

func keyOfPiece(log identity.Log, from uint64) []byte {
	return append(book.Joined(log.String()), book.Down64(from)...)
}

// applyRaise keeps a piece, if what is kept is what it was judged against. Else it came twice, or
// beside another one: whoever sent it asks again.
func applyRaise(tx *state.Tx, b raiseBody) (done book.Nothing, err error) {
	have, known := risenOf.Load(tx, keyOfRisen(b.Child, b.Risen.Log))
	if have.span() != b.Was || b.Risen.To <= have.To {
		return done, nil
	}
	more, less := held{Bytes: b.Piece.length()}, held{}
	if known {
		replaced, _ := pieces.Load(tx, keyOfPiece(b.Risen.Log, b.Risen.From))
		less.Bytes = replaced.length()
	} else {
		more.Logs = 1
		if err := makeRoom(tx, b.Child, b.Risen.Log); err != nil {
			return done, err
		}
	}
	if err := pieces.Save(tx, keyOfPiece(b.Risen.Log, b.Risen.From), b.Piece); err != nil {
		return done, err
	}
	if err := risenOf.Save(tx, keyOfRisen(b.Child, b.Risen.Log), b.Risen); err != nil {
		return done, err
	}
	if err := b.Risen.shown(tx); err != nil {
		return done, err
	}
	return done, count(tx, b.Child, b.Risen.Log, more, less)
}

// childOver returns the child of this jurisdiction at or above another one below it.
func (d *Desk) childOver(name identity.Jurisdiction) (child identity.Jurisdiction, below bool) {
	for above, ok := name, true; ok; above, ok = above.Parent() {
		if above == d.name {
			return child, name != d.name
		}
		child = above
	}
	return child, false
}

// known are the logs below of which heads are kept, those of one child after another.
func known(r book.Reads, child identity.Jurisdiction) (all []risen) {
	var prefix []byte
	if !child.IsZero() {
		prefix = book.Joined(child.String())
	}
	for _, k := range risenOf.All(r, prefix) {
		all = append(all, k)
	}
	return all
}

// pieceAt returns the piece of a log in which an entry lies, or which ends before it and is the
// last.
func pieceAt(r book.Reads, log identity.Log, index uint64) (p piece, ok bool) {
	prefix := book.Joined(log.String())
	r.Scan(pieces.Name, prefix, keyOfPiece(log, index), func(key, data []byte) bool {
		p, ok = pieces.Decode(bytes.Clone(key), data), true
		return false
	})
	return p, ok
}

// looked runs f on the state as this replica has it, and hands out what f found.
func looked[T any](d *Desk, f func(r *state.Reader) (T, error)) (found T, err error) {
	err = d.o.Own.Look(func(r *state.Reader) (err error) {
		found, err = f(r)
		return err
	})
	return found, err
}

// viewed does so on a state that shows all that was acknowledged before.
func viewed[T any](ctx context.Context, d *Desk, f func(r *state.Reader) (T, error)) (found T, err error) {
	err = d.o.Own.View(ctx, func(r *state.Reader) (err error) {
		found, err = f(r)
		return err
	})
	return found, err
}

// checkProof bounds a note and a path that come from outside.
func checkProof(note []byte, path []tlog.Hash) error {
	if len(note) > witness.MaxNote || len(path) > maxPath {
		return fmt.Errorf("a note of %d bytes, a proof of %d hashes", len(note), len(path))
	}
	return nil
}
