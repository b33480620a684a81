package state

import (
	"bytes"
	"maps"
)

// readAhead is how many keys that may go DropFirst reads at once.
const readAhead = 64

// front is where the next DropFirst of a bucket goes on, so that a command neither passes over what
// was removed and is not committed yet, nor looks into the file for what is known. What DropFirst
// does is the same without it: a replica that was just started has none.
type front struct {
	last []byte   // was removed last; nothing is left before it
	next [][]byte // follow it
	wait []byte   // the one behind these, which may not go yet; nil: it is not known
}

// DropFirst removes the pairs at the beginning of a bucket while over says so of their keys, at
// most n of them, and returns their keys.
func (tx *Tx) DropFirst(bucket string, n int, over func(key []byte) bool) (dropped [][]byte, err error) {
	f, looked := tx.meta.fronts[bucket], false
	for len(dropped) < n {
		if len(f.next) == 0 && (f.wait == nil || over(f.wait)) {
			f, looked = tx.lookAhead(bucket, f.last, over), true
		}
		if len(f.next) == 0 || !over(f.next[0]) {
			break
		}
		key := f.next[0]
		if err := tx.remove(bucket, key); err != nil {
			return nil, err
		}
		f.last, f.next = key, f.next[1:]
		dropped = append(dropped, key)
	}
	if looked || len(dropped) > 0 {
		tx.setFront(bucket, f)
	}
	return dropped, nil
}

// lookAhead reads the keys of a bucket from one of them on that may go.
func (tx *Tx) lookAhead(bucket string, from []byte, over func(key []byte) bool) front {
	f := front{last: from}
	tx.Scan(bucket, nil, from, func(k, _ []byte) bool {
		if len(f.next) == readAhead {
			return false
		}
		if !over(k) {
			f.wait = k
			return false
		}
		f.next = append(f.next, k)
		return true
	})
	return f
}

// disturb forgets what the front of a bucket knows, where a key is written that it has passed or
// read.
func (tx *Tx) disturb(bucket string, key []byte) {
	f, known := tx.meta.fronts[bucket]
	switch {
	case !known:
	case bytes.Compare(key, f.last) <= 0:
		tx.setFront(bucket, front{})
	case bytes.Compare(key, f.wait) <= 0 || len(f.next) > 0 && bytes.Compare(key, f.next[len(f.next)-1]) <= 0:
		tx.setFront(bucket, front{last: f.last})
	}
}

// setFront replaces the front of a bucket; copies of meta keep theirs.
func (tx *Tx) setFront(bucket string, f front) {
	fronts := maps.Clone(tx.meta.fronts)
	if fronts == nil {
		fronts = map[string]front{}
	}
	fronts[bucket] = f
	tx.meta.fronts = fronts
}
