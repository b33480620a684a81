package ledger

import "golang.org/x/mod/sumdb/tlog"

// Agreement is how far a log has the entries of an excerpt.
type Agreement struct {
	UpTo    uint64 // all before it are the same
	Differs bool   // another one follows, or else nothing is known of what does
}

// Agrees compares an excerpt with a log of size entries, of which r is the tree. Where the log ends
// inside a subtree of which the excerpt has the root alone, nothing is known of its entries there.
func (x Excerpt) Agrees(size uint64, r TileReader) (Agreement, error) {
	acts, rest := x.Acts, x.Hashes
	for at := x.From; at < x.To; {
		level, want := 0, tlog.Hash{}
		if len(acts) > 0 && acts[0].Index == at {
			want, acts = LeafHash(acts[0].Leaf), acts[1:]
		} else {
			to := x.To
			if len(acts) > 0 {
				to = acts[0].Index
			}
			level, want, rest = aligned(at, to), rest[0], rest[1:]
		}
		next := at + 1<<level
		if next > size {
			return Agreement{UpTo: at}, nil
		}
		have, err := hashes{r}.ReadHashes([]int64{tlog.StoredHashIndex(level, int64(at>>level))})
		if err != nil || have[0] != want {
			return Agreement{UpTo: at, Differs: true}, err
		}
		at = next
	}
	return Agreement{UpTo: x.To}, nil
}
