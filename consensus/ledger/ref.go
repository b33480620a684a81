package ledger

import "xietong/certs/identity"

// Ref refers to an entry of the same ledger, or to none. It is kept and signed as the index of the
// entry plus 1, and as 0 for none, so that a map leaves it out where there is none.
type Ref uint64

// None refers to no entry.
const None Ref = 0

// RefTo refers to the entry at index.
func RefTo(index uint64) Ref { return Ref(index + 1) }

// Index returns the index of the entry; ok is false for None.
func (r Ref) Index() (index uint64, ok bool) { return uint64(r) - 1, r != None }

// In names the entry in its log. None has no name: the zero Entry.
func (r Ref) In(log identity.Log) identity.Entry {
	if r == None {
		return identity.Entry{}
	}
	return log.Entry(uint64(r) - 1)
}
