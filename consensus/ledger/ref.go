package ledger

import "xietong/certs/identity"

// Ref refers to an entry of the same ledger, or to none. It is kept and signed as the index of the
// entry plus 1, and as 0 for None, so that the encoded map leaves None out.
type Ref uint64

// None refers to no entry.
const None Ref = 0

// RefTo refers to the entry at index.
func RefTo(index uint64) Ref { return Ref(index + 1) }

// Index returns the index of the entry; ok is false for None.
func (r Ref) Index() (index uint64, ok bool) { return uint64(r) - 1, r != None }

// Namer gives the entries of a ledger their names: an identity.Log those of one epoch, and
// state.Names those of all.
type Namer interface {
	Entry(index uint64) identity.Entry
}

// In returns the name of the entry, or the zero Entry for None.
func (r Ref) In(names Namer) identity.Entry {
	if r == None {
		return identity.Entry{}
	}
	return names.Entry(uint64(r) - 1)
}
