package records

import (
	"encoding/binary"
	"errors"
	"slices"

	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/node/ground/book"
)

// maxCounted is how many groups of one declaration are counted: the values of a field, or the pairs
// of values of two fields. A declaration with more is not counted any more. While an import is
// under way, or not added up yet, there may be as many again: those that it takes all records out
// of.
const maxCounted = 4_000

const (
	bucketCounters = "counters"
	bucketGroupIDs = "groupids"
	bucketLabels   = "labels"
)

// counts is what is counted of the records of a dataset, beside their number.
//
// A counter belongs to a generation, and the number of a group is the sum of its counters in the
// generations that count: Base and Beside. An import that is unfinished has a generation of its
// own, which says by how much every group will change when it is published; a put and a retraction
// of a key that it holds change that too. So publishing an import and giving one up change one
// value, however many rows it has.
type counts struct {
	_      struct{}     `cbor:",toarray"`
	Base   ledger.Ref   // the generation that is changed by puts and retractions: None, or an import that replaced all records
	Beside []ledger.Ref // the generations of imports that were published since, and are not added to Base yet
	Gone   []ledger.Ref // the generations that count no more, whose counters are not deleted yet
	Last   uint64       // the number that a field was given last
	Fields []countedField
	Pairs  []countedPair
	Trash  [][2]uint64 // declarations that are counted no more, whose counters are not deleted yet
}

// countedField is a field of which the records of each value are counted.
type countedField struct {
	_      struct{} `cbor:",toarray"`
	Name   string
	Number uint64 // never given twice in a dataset
	Values uint64 // that are known
	LastID uint64 // the number that a value was given last
	Over   bool   // it has too many values, and is not counted
}

// countedPair is a pair of fields, by their numbers, the smaller first.
type countedPair struct {
	_        struct{} `cbor:",toarray"`
	A, B     uint64
	Counters uint64 // that are kept, in all generations
	Over     bool   // there are too many, and it is not counted
}

// allCounts has the counts of a dataset by its code.
var allCounts = book.Bucket[counts]{Name: "counts", Max: 64 << 10, MaxKey: 64, Large: true}

func keepCounts(r *state.Registry) {
	allCounts.Keep(r)
	r.Keep(
		state.Bucket{Name: bucketCounters, MaxKey: 128, MaxValue: 8, Large: true},
		state.Bucket{Name: bucketGroupIDs, MaxKey: 128, MaxValue: 8, Large: true},
		state.Bucket{Name: bucketLabels, MaxKey: 128, MaxValue: len(MAC{}) + maxSealedLabel, Large: true},
	)
}

// maxSealedLabel bounds a sealed label, in bytes.
const maxSealedLabel = 2 << 10

func countsOf(r book.Reads, code identity.Label) counts {
	c, _ := allCounts.Load(r, []byte(code.String()))
	return c
}

// The numbers of values that are none. The first value of a field has the number after them.
const (
	idAll        = 0 // of the counter of all records of which the field is counted
	idUnreadable = 1 // the record could not be read when it was counted
	idErased     = 2 // the record had been erased by then
	idFirst      = 3
)

// cell is what one counter counts: the records of which the field A has the value X and, if B is
// not 0, the field B has the value Y. The zero cell is all records.
type cell struct{ A, B, X, Y uint64 }

// counter is one counter.
type counter struct {
	cell
	of ledger.Ref // its generation
}

func declarationPrefix(code identity.Label, a, b uint64) []byte {
	return append(append(datasetPrefix(code), book.Be64(a)...), book.Be64(b)...)
}

func (c counter) key(code identity.Label) []byte {
	k := append(declarationPrefix(code, c.A, c.B), book.Be64(uint64(c.of))...)
	return append(append(k, book.Be64(c.X)...), book.Be64(c.Y)...)
}

// counterOf is the opposite of counter.key.
func counterOf(code identity.Label, key []byte) counter {
	at := func(i int) uint64 { return binary.BigEndian.Uint64(key[len(datasetPrefix(code))+8*i:]) }
	return counter{cell{A: at(0), B: at(1), X: at(3), Y: at(4)}, ledger.Ref(at(2))}
}

// count reads a counter; it may be negative, and is 0 where there is none. One that cannot be read
// is none: see state.Unreadable.
func count(key, data []byte) int64 {
	if data != nil && len(data) != 8 {
		state.Unreadable(bucketCounters, key, errCounter)
	}
	return int64(number(data))
}

var errCounter = errors.New("a counter that is not eight bytes long")

// read reads the counter of a cell in a generation.
func (c counter) read(r book.Reads, code identity.Label) int64 {
	key := c.key(code)
	return count(key, r.Get(bucketCounters, key))
}

func fieldPrefix(code identity.Label, field uint64) []byte {
	return append(datasetPrefix(code), book.Be64(field)...)
}

func groupKey(code identity.Label, field uint64, value MAC) []byte {
	return append(fieldPrefix(code, field), value[:]...)
}

func labelKey(code identity.Label, field, id uint64) []byte {
	return append(fieldPrefix(code, field), book.Be64(id)...)
}

// counts reports whether a generation counts now.
func (c counts) counts(of ledger.Ref) bool { return of == c.Base || slices.Contains(c.Beside, of) }

// field returns the field with the name.
func (c counts) field(name string) (countedField, bool) {
	i := slices.IndexFunc(c.Fields, func(f countedField) bool { return f.Name == name })
	if i < 0 {
		return countedField{}, false
	}
	return c.Fields[i], true
}

// numbered returns the field with the number; nil where there is none that is counted.
func (c *counts) numbered(field uint64) *countedField {
	i := slices.IndexFunc(c.Fields, func(f countedField) bool { return f.Number == field && !f.Over })
	if i < 0 {
		return nil
	}
	return &c.Fields[i]
}

// pair returns the pair of two fields; nil where it is not counted.
func (c *counts) pair(a, b uint64) *countedPair {
	i := slices.IndexFunc(c.Pairs, func(p countedPair) bool { return p.A == a && p.B == b && !p.Over })
	if i < 0 {
		return nil
	}
	return &c.Pairs[i]
}

// sum returns the number of records in one cell.
func (c counts) sum(r book.Reads, code identity.Label, of cell) uint64 {
	n := counter{of, c.Base}.read(r, code)
	for _, generation := range c.Beside {
		n += counter{of, generation}.read(r, code)
	}
	return uint64(max(n, 0))
}

// total returns the number of records of the dataset.
func (c counts) total(r book.Reads, code identity.Label) uint64 { return c.sum(r, code, cell{}) }

// Count returns the number of records of a dataset that count now.
func Count(r book.Reads, code identity.Label) uint64 { return countsOf(r, code).total(r, code) }

// whole reports whether every record is counted by the field. A record that was put before the
// field was declared is not, until the job has filled it in.
func (c counts) whole(r book.Reads, code identity.Label, field uint64) bool {
	return c.sum(r, code, cell{A: field, X: idAll}) == c.total(r, code)
}

// groups returns the number of records of each group of a declaration, groups of none left out.
func (c counts) groups(r book.Reads, code identity.Label, a, b uint64) map[cell]uint64 {
	sums := map[cell]int64{}
	prefix := declarationPrefix(code, a, b)
	r.Scan(bucketCounters, prefix, prefix, func(k, v []byte) bool {
		if one := counterOf(code, k); c.counts(one.of) && one.X != idAll {
			sums[one.cell] += count(k, v)
		}
		return true
	})
	found := map[cell]uint64{}
	for of, n := range sums {
		if n > 0 {
			found[of] = uint64(n)
		}
	}
	return found
}

// label opens the sealed label of a value.
func (d *Desk) label(r book.Reads, code identity.Label, field, id uint64) (string, error) {
	data := r.Get(bucketLabels, labelKey(code, field, id))
	label, err := d.ledger.OpenToken(string(data[min(len(data), len(MAC{})):]))
	return string(label), err
}
