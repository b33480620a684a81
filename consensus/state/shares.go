package state

import "slices"

// share says how a replica that is filled from another one comes to what a bucket holds.
type share uint8

const (
	// isReplicated: the commands wrote it, so every replica at the same raft index holds the same.
	// It changes, so it is copied as it is at one moment.
	isReplicated share = iota
	// isImmutable: as isReplicated, and what was written once is never changed and never deleted.
	// It is copied in ranges, at several moments.
	isImmutable
	// isDerived: it follows from what is immutable, and is made anew, never copied.
	isDerived
	// isFound: the commands say which keys there are; the value is what a replica found itself to
	// be. It is copied, and what can be found in the copy (the root) is found there.
	isFound
	// isOwn: it is of one replica, and never copied.
	isOwn
)

// shares has every bucket of this room whose share is not isReplicated. The buckets of the rooms
// above are written by commands alone, so they are all replicated.
//
//	leaf         immutable   Append writes it once; where it is (here, or in a file) is each replica's own
//	sealed       immutable   likewise; a payload is erased by its key
//	tile         derived     from leaf
//	meta         own         "state" and "clock": the position and its clock, which go with the copy as its own part; "raft": when this replica took its snapshot; "files": which entries it has in files
//	sums         own         they are made anew, of what was received
//	marks        found       the digest goes on from the source's; the root is computed
//	lines        replicated  what the replicas signed came in commands
//	seq, keysets, former-keysets, checkpoints, epochs, seen, expiry   replicated
var shares = map[string]share{
	bucketLeaf: isImmutable, bucketSealed: isImmutable, bucketTile: isDerived, bucketMeta: isOwn, bucketMarks: isFound,
	bucketSums: isOwn,
}

// copied returns the names of the buckets that are copied at one moment, in their order.
func (r *Registry) copied() (names []string) {
	for _, b := range r.Buckets() {
		if slices.Contains([]share{isReplicated, isFound}, shares[b.Name]) {
			names = append(names, b.Name)
		}
	}
	return names
}
