// Package records keeps the records of datasets: every version of every record, found by its key or
// an indexed field.
//
// The replicated state never sees a record, a key or a value. A record lies sealed in the vault
// under its entry's index; its key and its indexed values stand here only as HMACs, made by the
// proposer with a secret of the keystore:
//
//	records   code 0x00 MAC(key) down64(opened) down64(index) -> version: put or retracted, and the import it came with
//	indexed   code 0x00 field 0x00 MAC(value) be64(index) -> MAC(key)
//	imports   be64(index of the entry that opened it)     -> import: rows wanted, rows done, the entry that published it
//	importing code                                        -> be64(opened): the import that is neither published nor given up
//	staged    be64(opened) be64(row)                      -> stagedRow: what makes a row findable, until the import ended
//	places    be64(opened) be64(order) be64(first row)    -> for each row of a chunk: be16(row - first row), 8 bytes of its MAC
//	ranges    be64(opened) be64(first row)                -> be64(index of that row's entry): where the rows lie
//	ended     be64(opened)                                -> nothing: what was staged of the import may be cleared
//	counts    code                                        -> counts: the fields that are counted, the generations of counters
//	counters  code 0x00 be64(field) be64(field) be64(generation) be64(value) be64(value) -> be64: records of a group
//	groupids  code 0x00 be64(field) MAC(value)            -> be64(number of the value)
//	labels    code 0x00 be64(field) be64(value)           -> MAC(value), the value sealed
//	changes   code                                        -> Changes: the newest entry that changed the records, removals so far
//	replaced  code 0x00 be64(index of the entry that published it) -> be64(opened): an import in place of all records
//	importids MAC of what is imported                     -> be64(opened)
//
// A version takes part in answers from its position on: the index of its own entry or, for a row of
// an import, of the entry that published the import. The current version of a key is the one with
// the highest position. So an import is staged in as many commands as it takes and becomes visible
// by one entry, all or nothing.
//
// An import may take the place of all records of its dataset. The entry that publishes it is a
// floor: a version of a lower position does not count. So the records that are not in its file
// leave at once, however many they are, without a command for each.
//
// The rows of an import may be for a version of the catalogue entry that is not in force yet. They
// are staged like any others and published with it, by one command: see along.go.
//
// down64 is be64 of the number's complement, so the newest comes first; opened refers to the entry
// that opened the import, and is None, which is 0, for a version that was put by itself, which
// therefore follows the rows of imports. A dataset has one unfinished import at most, so imports
// are published in the order in which they were opened, and the version that counts is the first
// visible row or the first that was put by itself. It is found without a look at the versions that
// it replaced, however many there are.
//
// How many records there are, in all and in each group that the catalogue entry declares (group_by:
// the fields, and the pairs of two), is kept and not scanned: see counts. A count from the counters
// is of the records that count at its position, by what they were when they were put: a record that
// was damaged since is in it, where a scan tells it beside. The row of a record has the numbers of
// the values that it is counted by, so the command that replaces, retracts or erases it takes it
// out of them.
//
// An answer is given only after its access record is committed (see sharing). Order of a use: (1)
// permitted, (2) read at one position of the log, (3) recorded, which fails if anything moved, (4)
// answered. A refusal after (2) is recorded like an answer, because it may tell of the records.
//
// The same request under its id is answered once more where its answer was lost with a replica:
// reading again is no second use, as long as nothing is told that the record does not say (see
// anew). It is decided here and not where requests come in: only whoever has the records knows
// whether they are those of then. A stranger who replays a message gains nothing by it, as the
// answer is encrypted to its origin and goes back over the link of a neighbour on the way.
package records

import (
	"bytes"
	"encoding/binary"
	"math"
	"slices"

	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/node/business/catalog"
	"xietong/node/ground/book"
)

// MAC stands for a record's key or an indexed value.
type MAC = [32]byte

const (
	bucketIndexed   = "indexed"
	bucketPlaces    = "places"
	bucketRanges    = "ranges"
	bucketEnded     = "ended"
	bucketImportIDs = "importids"
	bucketImporting = "importing"
	bucketReplaced  = "replaced"
)

// The states of a version.
const (
	statePut       = 1
	stateRetracted = 2
)

// version is the value of the records bucket.
type version struct {
	_      struct{} `cbor:",toarray"`
	State  uint8
	Import ledger.Ref // the entry that opened the import; None: put by itself
	Groups grouped    // that it is counted in
}

var (
	versions = book.Bucket[version]{Name: "records", Max: 64 + 20*catalog.MaxIndexed, Large: true}
	imports  = book.Bucket[importState]{Name: "imports", Max: 8 << 10, Large: true} // by be64(index of the entry that opened it)
)

// number reads a be64 value; 0 when there is none.
func number(data []byte) uint64 {
	if len(data) != 8 {
		return 0
	}
	return binary.BigEndian.Uint64(data)
}

func datasetPrefix(code identity.Label) []byte { return append([]byte(code.String()), 0) }

func recordPrefix(code identity.Label, key MAC) []byte { return append(datasetPrefix(code), key[:]...) }

func importPrefix(code identity.Label, key MAC, opened ledger.Ref) []byte {
	return append(recordPrefix(code, key), book.Down64(uint64(opened))...)
}

func versionKey(code identity.Label, key MAC, opened ledger.Ref, index uint64) []byte {
	return append(importPrefix(code, key, opened), book.Down64(index)...)
}

func indexedPrefix(code identity.Label, field string, value MAC) []byte {
	b := append(append(datasetPrefix(code), field...), 0)
	return append(b, value[:]...)
}

// Version is one version of a record.
type Version struct {
	Index     uint64 // of its entry
	Position  uint64 // the version takes part in answers from here on
	Retracted bool
	Import    ledger.Ref // the entry that opened the import; None: put by itself
}

// view reads the records of a state as they counted at a position: no version of a higher one is
// seen. It remembers the imports that it met, because a dataset of a million rows has few of them.
type view struct {
	book.Reads
	at      uint64
	imports map[ledger.Ref]importState
	floors  map[identity.Label]uint64
}

func newView(r book.Reads) view {
	return view{r, math.MaxUint64, map[ledger.Ref]importState{}, map[identity.Label]uint64{}}
}

// history returns the visible versions of a key, oldest position first: the newest of them, at most
// as many as limit.
func (v view) history(code identity.Label, key MAC, limit int) []Version {
	var all []Version
	own, rows := 0, 0
	prefix := recordPrefix(code, key)
	v.Scan(versions.Name, prefix, prefix, func(k, value []byte) bool {
		got, ok := v.visible(k, versions.Decode(k, value))
		of := &own
		if got.Import != ledger.None {
			of = &rows
		}
		if ok && *of < limit {
			all = append(all, got)
			*of++
		}
		return own < limit
	})
	slices.SortFunc(all, func(a, b Version) int {
		if newer(a, b) {
			return 1
		}
		return -1
	})
	return v.leaving(code, all[max(0, len(all)-limit):])
}

// current returns the version of a key that counts now; ok is false when there is none or it was
// retracted.
func (v view) current(code identity.Label, key MAC) (Version, bool) {
	last, ok := v.latest(code, key)
	return last, ok && !last.Retracted
}

// latest returns the visible version of a key with the highest position, unless that is below the
// floor.
func (v view) latest(code identity.Label, key MAC) (got Version, ok bool) {
	prefix := recordPrefix(code, key)
	for from, own := prefix, importPrefix(code, key, ledger.None); from != nil; {
		var next []byte
		v.Scan(versions.Name, prefix, from, func(k, value []byte) bool {
			one, visible := v.visible(k, versions.Decode(k, value))
			if visible && (!ok || newer(one, got)) {
				got, ok = one, true
			}
			switch {
			case bytes.HasPrefix(k, own) && !visible:
				next = append(bytes.Clone(own), book.Down64(v.at)...)
			case bytes.HasPrefix(k, own): // nothing but older ones follow
			case visible:
				next = own
			default:
				next = append(k[:len(k)-8], afterAll...)
			}
			return false
		})
		from = next
	}
	return got, ok && got.Position >= v.floor(code)
}

// afterAll follows every be64.
var afterAll = bytes.Repeat([]byte{0xff}, 9)

// visible returns one version; ok is false where it did not count yet: its import was not published
// at the position of the view.
func (v view) visible(key []byte, kept version) (got Version, ok bool) {
	got = Version{Index: ^number(key[len(key)-8:]), Retracted: kept.State == stateRetracted, Import: kept.Import}
	got.Position = got.Index
	ok = true
	if kept.Import != ledger.None {
		got.Position, ok = v.imported(kept.Import).Published.Index()
	}
	return got, ok && got.Position <= v.at
}

// imported returns the import that was opened by the entry.
func (v view) imported(opened ledger.Ref) importState {
	imp, known := v.imports[opened]
	if !known {
		index, _ := opened.Index()
		imp, _ = importAt(v, index)
		v.imports[opened] = imp
	}
	return imp
}

// newer reports whether version a counts rather than b: its position is higher or, within an
// import, its index.
func newer(a, b Version) bool {
	return a.Position > b.Position || a.Position == b.Position && a.Index > b.Index
}

// removed reports whether the record was retracted after the position, or left the dataset because
// it was not in an import that took the place of all records, whatever was put since.
func removed(r book.Reads, code identity.Label, key MAC, after uint64) (gone bool) {
	own := importPrefix(code, key, ledger.None)
	r.Scan(versions.Name, own, own, func(k, value []byte) bool {
		if ^number(k[len(k)-8:]) <= after {
			return false
		}
		gone = versions.Decode(k, value).State == stateRetracted
		return !gone
	})
	return gone || slices.ContainsFunc(floors(r, code, after), func(f floor) bool {
		return !has(r, importPrefix(code, key, ledger.RefTo(f.opened))) && has(r, recordPrefix(code, key))
	})
}

// has reports whether there is a version under the prefix.
func has(r book.Reads, prefix []byte) (found bool) {
	r.Scan(versions.Name, prefix, prefix, func([]byte, []byte) bool {
		found = true
		return false
	})
	return found
}

// found is the current version of a record that may be in the answer.
type found struct {
	key MAC
	Version
}

// indexed calls each, until it returns false, with the records whose current version has the value
// in the indexed field. They come in the order of their entries, from the index after on. Different
// values never share a MAC; a version that was replaced is left out. step is called with every
// entry of the index, and ends the walk where it returns false. next is the index of the entry at
// which the walk was ended.
func (v view) indexed(code identity.Label, field string, value MAC, after uint64, step func() bool, each func(found) (more bool)) (next uint64) {
	prefix := indexedPrefix(code, field, value)
	v.Scan(bucketIndexed, prefix, append(bytes.Clone(prefix), book.Be64(after)...), func(k, stored []byte) bool {
		key, index := MAC(stored), number(k[len(k)-8:])
		next = index
		if !step() {
			return false
		}
		now, ok := v.current(code, key)
		return !ok || now.Index != index || each(found{key, now})
	})
	return next
}

// all calls each, until it returns false, with the current version of every key of the dataset that
// is above after, in the order of the MACs of the keys. step is called with every version that is
// kept, and ends the walk where it returns false.
func (v view) all(code identity.Label, after *MAC, step func() bool, each func(found) (more bool)) {
	var from []byte
	if after != nil {
		from = after[:]
	}
	v.some(code, from, step, func() bool { return false }, each)
}
