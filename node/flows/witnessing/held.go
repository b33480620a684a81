package witnessing

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"

	"golang.org/x/mod/sumdb/tlog"

	"xietong/certs/identity"
	"xietong/consensus/state"
	"xietong/consensus/witness"
	"xietong/node/ground/book"
)

// What one child may have kept of heads. It is counted for each branch: its own ledger, and each of
// its children with all below. One branch has a quarter at most, and a small one has room also
// where the others took all: so nobody uses up what is for a sibling.
const (
	mostLogs     = 4096    // of all branches but the own one
	mostBytes    = 2 << 30 // likewise, where the options say nothing
	mostBranches = 128     // beside the own one
	partOfBranch = 4       // of mostLogs and of mostBytes, for one branch
	small        = 128     // a branch has this part of both always

	// mostKnown is more than are ever kept: those, the parts of small branches, and all epochs of a
	// child's own children.
	mostKnown = mostLogs + mostBranches*(mostLogs/small+mostEpochs) + mostEpochs
)

// held is what is kept of heads of one branch below a child.
type held struct {
	_     struct{} `cbor:",toarray"`
	Logs  uint64
	Bytes uint64
}

var heldOf = book.Bucket[held]{Name: "heads-held", Max: 32} // by child and branch

func keyOfHeld(child, branch identity.Jurisdiction) []byte {
	return book.Joined(child.String(), branch.String())
}

// length is what a piece takes, but for a few bytes.
func (p piece) length() uint64 {
	return uint64(len(p.Excerpt) + len(p.Note) + lengthOf(p.Path, p.Said, p.Links))
}

func (o raised) length() int { return len(o.Excerpt) + lengthOf(o.Path, o.Said, o.Links) }

func lengthOf(path []tlog.Hash, said []witness.Begun, links []link) (n int) {
	n = len(path) * tlog.HashSize
	for _, b := range said {
		n += len(b.Leaf) + len(b.Path)*tlog.HashSize
	}
	for _, l := range links {
		n += len(l.Leaf) + len(l.Path)*tlog.HashSize
	}
	return n
}

// branchOf returns the branch below a child in which a jurisdiction lies: the child itself, or its
// child at or above the other.
func branchOf(child, name identity.Jurisdiction) identity.Jurisdiction {
	for above, ok := name.Parent(); ok && name != child && above != child; above, ok = name.Parent() {
		name = above
	}
	return name
}

// usage is what is kept of one branch, and of all branches of the child but its own.
type usage struct {
	own      bool // it is the child's own branch
	branch   held
	all      held
	branches int // beside the own one and this one
}

func readUsage(r book.Reads, child, branch identity.Jurisdiction) (u usage) {
	u.own = branch == child
	u.branch, _ = heldOf.Load(r, keyOfHeld(child, branch))
	each(r, heldOf, book.Joined(child.String()), func(key []byte, h held) {
		if bytes.Equal(key, keyOfHeld(child, child)) {
			return
		}
		u.all.Logs, u.all.Bytes = u.all.Logs+h.Logs, u.all.Bytes+h.Bytes
		if !bytes.Equal(key, keyOfHeld(child, branch)) {
			u.branches++
		}
	})
	return u
}

// fits reports whether a branch may have so much, and all branches together, of most.
func (u usage) fits(branch, all, most uint64) bool {
	return branch <= most/small || branch <= most/partOfBranch && (u.own || all <= most)
}

// fitsBytes reports whether there is room for a piece in place of another one, or none.
func (u usage) fitsBytes(more, less, most uint64) bool {
	less = min(less, u.branch.Bytes)
	return more <= less || u.fits(u.branch.Bytes-less+more, u.all.Bytes-min(less, u.all.Bytes)+more, most)
}

// fitsLog reports whether there is room for another log. The child and its children have it always.
func (u usage) fitsLog(direct bool) bool {
	return (u.own || u.branches < mostBranches) && (direct || u.fits(u.branch.Logs+1, u.all.Logs+1, mostLogs))
}

// placeFor reports whether there is room for a log of which nothing is kept. A newer epoch has it
// always: where there is none else, the oldest of the same ledger goes.
func placeFor(r book.Reads, child identity.Jurisdiction, log identity.Log) (goes identity.Log, ok bool) {
	name := log.Jurisdiction()
	branch := branchOf(child, name)
	epochs := epochsOf(r, child, name)
	switch {
	case len(epochs) < mostEpochs && readUsage(r, child, branch).fitsLog(name == branch):
		return goes, true
	case len(epochs) > 0 && log.Epoch() > epochs[0].Epoch():
		return epochs[0], true
	}
	return goes, false
}

// epochsOf are the logs of a jurisdiction of which heads are kept, the oldest first.
func epochsOf(r book.Reads, child, name identity.Jurisdiction) (all []identity.Log) {
	each(r, risenOf, append(book.Joined(child.String()), ofLog(name)...), func(_ []byte, k risen) { all = append(all, k.Log) })
	slices.SortFunc(all, func(a, b identity.Log) int { return cmp.Compare(a.Epoch(), b.Epoch()) })
	return all
}

// each reads all values whose keys begin with prefix. They count together, so none is left out.
func each[V any](r book.Reads, b book.Bucket[V], prefix []byte, do func(key []byte, v V)) {
	r.Scan(b.Name, prefix, prefix, func(key, data []byte) bool {
		do(bytes.Clone(key), b.Decode(key, data))
		return true
	})
}

// count adds to what is kept of the branch of a log, and takes what goes.
func count(tx *state.Tx, child identity.Jurisdiction, log identity.Log, more, less held) error {
	key := keyOfHeld(child, branchOf(child, log.Jurisdiction()))
	h, _ := heldOf.Load(tx, key)
	h.Logs += more.Logs - min(less.Logs, h.Logs)
	h.Bytes += more.Bytes - min(less.Bytes, h.Bytes)
	return heldOf.Save(tx, key, h)
}

// makeRoom has the oldest epoch go where a new log has no room else. Whoever has it kept logs that,
// and View.HeadsFrom says from which epoch on heads are here. What decides of that epoch is not
// kept in less: an act counts with what proves it, and the pieces hold nothing else.
func makeRoom(tx *state.Tx, child identity.Jurisdiction, log identity.Log) error {
	goes, _ := placeFor(tx, child, log)
	if goes == (identity.Log{}) {
		return nil
	}
	gone := held{Logs: 1}
	var keys [][]byte
	each(tx, pieces, book.Joined(goes.String()), func(key []byte, p piece) {
		keys = append(keys, key)
		gone.Bytes += p.length()
	})
	for _, key := range keys {
		if err := tx.Delete(pieces.Name, key); err != nil {
			return err
		}
	}
	if err := tx.Delete(risenOf.Name, keyOfRisen(child, goes)); err != nil {
		return err
	}
	return count(tx, child, goes, held{}, gone)
}

// full is the error of a child whose branch has no room for more. The first of a branch is logged.
func (d *Desk) full(child identity.Jurisdiction, log identity.Log, what string) error {
	branch := branchOf(child, log.Jurisdiction())
	d.mu.Lock()
	told := d.fullAt[branch] || len(d.fullAt) >= mostLogs
	if !told {
		d.fullAt[branch] = true
	}
	d.mu.Unlock()
	if !told {
		d.o.Logger.Error("no room for more heads", "peer", child.String(), "branch", branch.String(), "log", log.String(), "of", what)
	}
	return d.headsRefused(child, fmt.Errorf("no room for more %s of %s", what, branch))
}
