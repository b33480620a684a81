// Package records keeps the records of datasets: every version of every record, found by its key or
// an indexed field.
//
// The replicated state never sees a record, a key or a value. A record lies sealed in the vault
// under its entry's index; its key and its indexed values stand here only as HMACs, made by the
// proposer with a secret of the keystore:
//
//	records   code 0x00 MAC(key) be64(index)              -> version: put or retracted, and the import it came with
//	indexed   code 0x00 field 0x00 MAC(value) be64(index) -> MAC(key)
//	imports   be64(index of the entry that opened it)     -> import: rows wanted, rows done, the entry that published it
//	staged    be64(opened) be64(first row)                -> be64(index of that row's entry): where the rows lie
//	importids MAC of what is imported                     -> be64(opened)
//	removed   code                                        -> be64: retractions and erasures so far
//
// A version takes part in answers from its position on: the index of its own entry or, for a row of
// an import, of the entry that published the import. The current version of a key is the one with
// the highest position. So an import is staged in as many commands as it takes and becomes visible
// by one entry, all or nothing. Commands check everything before their first write.
//
// An answer is given only after its access record is committed (see sharing). Order of a use: (1)
// permitted, (2) read at one position of the log, (3) recorded, which fails if anything moved, (4)
// answered. A refusal after (2) is recorded like an answer, because it may tell of the records.
package records

import (
	"bytes"
	"encoding/binary"
	"slices"

	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/node/ground/book"
)

// MAC stands for a record's key or an indexed value.
type MAC = [32]byte

const (
	bucketIndexed   = "indexed"
	bucketStaged    = "staged"
	bucketImportIDs = "importids"
	bucketRemoved   = "removed"
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
}

var (
	versions = book.Bucket[version]{Name: "records", Max: 64}
	imports  = book.Bucket[importState]{Name: "imports", Max: 4 << 10} // by be64(index of the entry that opened it)
)

func be64(n uint64) []byte { return binary.BigEndian.AppendUint64(nil, n) }

// number reads a be64 value; 0 when there is none.
func number(data []byte) uint64 {
	if len(data) != 8 {
		return 0
	}
	return binary.BigEndian.Uint64(data)
}

func datasetPrefix(code identity.Label) []byte { return append([]byte(code.String()), 0) }

func recordPrefix(code identity.Label, key MAC) []byte { return append(datasetPrefix(code), key[:]...) }

func versionKey(code identity.Label, key MAC, index uint64) []byte {
	return append(recordPrefix(code, key), be64(index)...)
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

// view reads the records of a state. It remembers the imports that it met, because a dataset of a
// million rows has few of them.
type view struct {
	book.Reads
	imports map[ledger.Ref]importState
}

func newView(r book.Reads) view { return view{r, map[ledger.Ref]importState{}} }

// history returns the visible versions of a key, oldest position first.
func (v view) history(code identity.Label, key MAC) []Version {
	var all []Version
	prefix := recordPrefix(code, key)
	v.Scan(versions.Name, prefix, prefix, func(k, value []byte) bool {
		if got, ok := v.visible(k, versions.Decode(k, value)); ok {
			all = append(all, got)
		}
		return true
	})
	slices.SortFunc(all, func(a, b Version) int {
		if newer(a, b) {
			return 1
		}
		return -1
	})
	return all
}

// current returns the version of a key that counts now; ok is false when there is none or it was
// retracted.
func (v view) current(code identity.Label, key MAC) (Version, bool) {
	all := v.history(code, key)
	if len(all) == 0 {
		return Version{}, false
	}
	last := all[len(all)-1]
	return last, !last.Retracted
}

// visible returns one version; ok is false while its import is not published.
func (v view) visible(key []byte, kept version) (got Version, ok bool) {
	got = Version{Index: number(key[len(key)-8:]), Retracted: kept.State == stateRetracted, Import: kept.Import}
	got.Position = got.Index
	if kept.Import == ledger.None {
		return got, true
	}
	imp, known := v.imports[kept.Import]
	if !known {
		opened, _ := kept.Import.Index()
		imp, _ = importAt(v, opened)
		v.imports[kept.Import] = imp
	}
	got.Position, ok = imp.Published.Index()
	return got, ok
}

// newer reports whether version a counts rather than b: its position is higher or, within an
// import, its index.
func newer(a, b Version) bool {
	return a.Position > b.Position || a.Position == b.Position && a.Index > b.Index
}

// Removed returns the number of retractions and erasures of the dataset so far. An answer that was
// read at another number is not given.
func Removed(r book.Reads, code identity.Label) uint64 {
	return number(r.Get(bucketRemoved, []byte(code.String())))
}

// found is the current version of a record that may be in the answer.
type found struct {
	key MAC
	Version
}

// indexed calls each, until it returns false, with the records whose current version has the value
// in the indexed field. They come in the order of their entries, from the index after on. Different
// values never share a MAC; a version that was replaced is left out.
func (v view) indexed(code identity.Label, field string, value MAC, after uint64, each func(found) (more bool)) {
	prefix := indexedPrefix(code, field, value)
	v.Scan(bucketIndexed, prefix, append(bytes.Clone(prefix), be64(after)...), func(k, stored []byte) bool {
		key, index := MAC(stored), number(k[len(k)-8:])
		now, ok := v.current(code, key)
		return !ok || now.Index != index || each(found{key, now})
	})
}

// all calls each, until it returns false, with the current version of every key of the dataset that
// is above after, in the order of the MACs of the keys.
func (v view) all(code identity.Label, after *MAC, each func(found) (more bool)) {
	prefix := datasetPrefix(code)
	from := prefix
	if after != nil {
		from = append(recordPrefix(code, *after), bytes.Repeat([]byte{0xff}, 9)...)
	}
	var last found
	have, more := false, true
	v.Scan(versions.Name, prefix, from, func(k, value []byte) bool {
		next := MAC(k[len(prefix) : len(prefix)+32])
		if have && next != last.key {
			more = last.Retracted || each(last)
			have = false
		}
		got, ok := v.visible(k, versions.Decode(k, value))
		if more && ok && (!have || newer(got, last.Version)) {
			last, have = found{next, got}, true
		}
		return more
	})
	if more && have && !last.Retracted {
		each(last)
	}
}
