package book

import (
	"cmp"
	"slices"

	"xietong/consensus/ledger"
	"xietong/consensus/state"
)

// Derivation derives from the entries of a ledger what a room keeps beside them. It is another way
// than the handlers of the room: it sees the public heads in their order, and the payloads that can
// be opened, and no command. What only commands say, such as how often a grant was used, it cannot
// tell.
type Derivation interface {
	// Entry takes the next entry.
	Entry(e Said)

	// Compare tells where what is kept is not what the entries say.
	Compare(tell func(Contradiction))
}

// Said is an entry, as it is derived from.
type Said struct {
	Index   uint64
	Head    ledger.Head
	Payload []byte // nil: it was erased, or cannot be opened
}

// Ref returns the reference to the entry.
func (e Said) Ref() ledger.Ref { return ledger.RefTo(e.Index) }

// Contradiction is a value that is not what the entries say.
type Contradiction struct {
	Bucket string     `json:"bucket"`
	Entry  ledger.Ref `json:"-"` // of which it is
	How    How        `json:"how"`
}

// How a value is not what the entries say.
type How string

// The ways: an entry says it, and it is not kept; it is kept, and no entry says it; it is another.
const (
	Missing How = "missing"
	Unsaid  How = "unsaid"
	Other   How = "other"
)

// Last has, by a code, the entry that counts.
type Last map[string]ledger.Ref

// Compare tells where what is kept under each code is not the entry that counts, in the order of
// the codes.
func (l Last) Compare(bucket string, kept Last, tell func(Contradiction)) {
	codes := map[string]bool{}
	for code := range l {
		codes[code] = true
	}
	for code := range kept {
		codes[code] = true
	}
	sorted := make([]string, 0, len(codes))
	for code := range codes {
		sorted = append(sorted, code)
	}
	slices.Sort(sorted)
	for _, code := range sorted {
		said, have := l[code], kept[code]
		switch {
		case have == ledger.None && said != ledger.None:
			tell(Contradiction{bucket, said, Missing})
		case said == ledger.None && have != ledger.None:
			tell(Contradiction{bucket, have, Unsaid})
		case said != have:
			tell(Contradiction{bucket, said, Other})
		}
	}
}

// Derive takes all entries of a ledger through derivations, and returns what is not as they say, by
// buckets and entries. payload opens the payload of an entry; nil: it cannot be opened. It ends
// early where next returns false.
func Derive(r *state.Reader, all []Derivation, payload func(index uint64, leaf ledger.Leaf) []byte, next func(index uint64) bool) (found []Contradiction) {
	for index := range r.Size() {
		if !next(index) {
			return nil
		}
		leaf, err := ledger.DecodeLeaf(r.Leaf(index))
		if err != nil {
			continue // the verification of the entries tells it
		}
		e := Said{Index: index, Head: leaf.Head, Payload: payload(index, leaf)}
		for _, d := range all {
			d.Entry(e)
		}
	}
	for _, d := range all {
		d.Compare(func(c Contradiction) { found = append(found, c) })
	}
	slices.SortStableFunc(found, func(a, b Contradiction) int {
		return cmp.Or(cmp.Compare(a.Bucket, b.Bucket), cmp.Compare(a.Entry, b.Entry))
	})
	return found
}
