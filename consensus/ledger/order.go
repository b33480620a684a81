package ledger

import (
	"errors"
	"fmt"

	"xietong/certs/identity"
)

// Order checks that the leaves of a ledger follow one another: each has the next sequence number of
// its agency, and ledger time does not go back. The zero value waits for the first leaf.
type Order struct {
	seq  map[identity.Label]uint64
	time uint64
}

// Next decodes the next leaf and holds it against those before it.
func (o *Order) Next(data []byte) (Leaf, error) {
	leaf, err := DecodeLeaf(data)
	if err != nil {
		return Leaf{}, err
	}
	if o.seq == nil {
		o.seq = map[identity.Label]uint64{}
	}
	o.seq[leaf.Head.Agency]++
	if want := o.seq[leaf.Head.Agency]; leaf.Head.Seq != want {
		return Leaf{}, fmt.Errorf("sequence number %d of %q, %d expected", leaf.Head.Seq, leaf.Head.Agency, want)
	}
	if leaf.Head.Time < o.time {
		return Leaf{}, errors.New("ledger time went back")
	}
	o.time = leaf.Head.Time
	return leaf, nil
}

// Time returns the ledger time of the last leaf, in milliseconds since 1970 UTC; 0 before any.
func (o *Order) Time() uint64 { return o.time }
