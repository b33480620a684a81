package disk

import (
	"cmp"
	"math/rand/v2"
	"slices"
)

// Loss says what a power cut leaves of what was not synced.
type Loss int

// The losses.
const (
	All  Loss = iota // nothing is left
	Torn             // what chance keeps, by sectors; of folders the first changes
	None             // all is left: the caches were written just in time
)

func (l Loss) String() string { return [...]string{"all", "torn", "none"}[l] }

// cut drops from the tree what was not synced, and returns how many changes of contents and folders
// there were.
func (t *tree) cut(loss Loss, r *rand.Rand) (unsynced int) {
	kept := len(t.steps)
	switch loss {
	case All:
		kept = 0
	case Torn:
		kept = r.IntN(len(t.steps) + 1)
	}
	unsynced = len(t.steps)
	for _, s := range t.steps[:kept] {
		s.keep()
	}
	all := make([]*inode, 0, len(t.inodes))
	for _, n := range t.inodes {
		all = append(all, n)
	}
	slices.SortFunc(all, func(a, b *inode) int { return cmp.Compare(a.id, b.id) }) // by seed, not by map order
	for _, n := range all {
		unsynced += len(n.pending)
		n.lose(loss, r)
	}
	t.reset()
	return unsynced
}

// lose puts on the disk what is left of an inode's changes.
func (n *inode) lose(loss Loss, r *rand.Rand) {
	switch loss {
	case None:
		n.sync()
	case Torn:
		for _, c := range n.pending {
			of := r.IntN(5) // of four sectors, 0 to 4 are kept
			n.synced.tear(c, func() bool { return r.IntN(4) < of })
		}
	}
	n.pending = nil
}
