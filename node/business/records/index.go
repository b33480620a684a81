package records

import (
	"encoding/binary"
	"errors"
	"slices"

	"xietong/certs/canon"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/node/business/catalog"
	"xietong/node/ground/book"
)

// The rows of an import are staged in the order of their file, one after another, and made findable
// afterwards in the order of their MACs. So each page of the two indexes is written about once,
// where rows in the order of the file would touch a page each.
//
// The loader lists the rows, because the state sorts nothing. The state checks that each is above
// the last, in an order in which no two rows are the same, and that as many were listed as there
// are: so each row is listed, and none twice.

// order is how far the rows of an import are indexed by one thing.
type order struct {
	_     struct{} `cbor:",toarray"`
	Field string   // an indexed field; "": the keys
	Rows  uint64   // that have a value
	Done  uint64   // indexed so far
	Last  place    // of the row that was indexed last
}

// place is where a row stands in an order: by the first eight bytes of its MAC, and among equal
// ones by its number.
type place struct {
	_   struct{} `cbor:",toarray"`
	MAC uint64
	Row uint64
}

func (p place) above(other place) bool {
	return p.MAC > other.MAC || p.MAC == other.MAC && p.Row > other.Row
}

func placeOf(mac MAC, row uint64) place {
	return place{MAC: binary.BigEndian.Uint64(mac[:]), Row: row}
}

// stagedRow is a row of an import that is not published.
type stagedRow struct {
	_       struct{} `cbor:",toarray"`
	Entry   uint64   // its index
	Key     MAC
	Indexed []placed
	Groups  grouped
}

// placed is the value of an indexed field, by the number of its order.
type placed struct {
	_     struct{} `cbor:",toarray"`
	Order uint64
	Value MAC
}

// stagedRows has the rows of imports by be64(opened) be64(row).
var stagedRows = book.Bucket[stagedRow]{Name: "staged", Max: 128 + (48+20)*catalog.MaxIndexed, MaxKey: 16, Grows: true, Large: true}

func stagedKey(opened, row uint64) []byte { return append(book.Be64(opened), book.Be64(row)...) }

// placesKey is the key of the places of a chunk's rows in an order.
func placesKey(opened, order, first uint64) []byte {
	return append(append(book.Be64(opened), book.Be64(order)...), book.Be64(first)...)
}

// placeLen is the length of an encoded place, in bytes: be16(number of the row in its chunk) and
// the first eight bytes of the MAC.
const placeLen = 2 + 8

func appendPlace(to []byte, at int, mac MAC) []byte {
	return append(binary.BigEndian.AppendUint16(to, uint16(at)), mac[:8]...)
}

// placesIn calls each with the places that a pair of the places bucket has. It returns errStaged
// for one that cannot be read.
func placesIn(key, value []byte, each func(place)) error {
	if len(key) != 24 || len(value)%placeLen != 0 {
		return errStaged
	}
	first := number(key[16:])
	for one := range slices.Chunk(value, placeLen) {
		each(place{MAC: binary.BigEndian.Uint64(one[2:]), Row: first + uint64(binary.BigEndian.Uint16(one))})
	}
	return nil
}

// stager stages the rows of one chunk.
type stager struct {
	*counting
	opened uint64
	state  *importState
	values []groupValue
	first  uint64   // number of the first row
	places [][]byte // of the rows, by the number of the order
}

// add stages a row, which is that of the entry.
func (s *stager) add(each chunkRow, entry uint64) error {
	values, err := picked(s.values, each.Groups)
	if err != nil {
		return err
	}
	groups, err := s.groups(values)
	if err != nil {
		return err
	}
	s.move(s.coming, groups, 1)
	row := stagedRow{Entry: entry, Key: each.Key, Indexed: make([]placed, len(each.Indexed)), Groups: groups}
	s.place("", each.Key)
	for i, m := range each.Indexed {
		row.Indexed[i] = placed{Order: s.place(m.Field, m.Value), Value: m.Value}
	}
	return stagedRows.Save(s.tx, stagedKey(s.opened, s.state.Done), row)
}

// place gives the next row its place in an order, and returns the number of that.
func (s *stager) place(field string, mac MAC) uint64 {
	orders := s.state.Orders
	at := slices.IndexFunc(orders, func(o order) bool { return o.Field == field })
	if at < 0 {
		at, s.state.Orders = len(orders), append(orders, order{Field: field})
	}
	for len(s.places) <= at {
		s.places = append(s.places, nil)
	}
	s.state.Orders[at].Rows++
	s.places[at] = appendPlace(s.places[at], int(s.state.Done-s.first), mac)
	return uint64(at)
}

// save writes what the rows of the chunk change together.
func (s *stager) save() (err error) {
	for n, places := range s.places {
		if len(places) > 0 {
			err = errors.Join(err, s.tx.Put(bucketPlaces, placesKey(s.opened, uint64(n), s.first), places))
		}
	}
	return errors.Join(err, s.counting.save(), s.state.save(s.tx, s.opened))
}

// indexBody is the body of commandImportIndex.
type indexBody struct {
	_      struct{} `cbor:",toarray"`
	Import uint64
	Order  uint64   // its number
	First  uint64   // how many rows were indexed in this order before
	Rows   []uint64 // the next ones in the order
}

var (
	// errOrder is returned for rows that are not the next ones of an order.
	errOrder = errors.New("rows that are not the next ones of an order of the import")
	// errStaged is returned where what was staged is not what was written.
	errStaged = errors.New("what was staged of the import is damaged")
)

// applyImportIndex makes the next rows of an order findable, and returns how many are by now. It
// does not index rows again that were indexed before. No row is indexed before all are staged.
func applyImportIndex(tx *state.Tx, b indexBody) (uint64, error) {
	s, err := stillOpen(tx, b.Import)
	switch {
	case err != nil:
		return 0, err
	case b.Order >= uint64(len(s.Orders)) || s.Done != s.Rows:
		return 0, errOrder
	}
	o := &s.Orders[b.Order]
	if b.First != o.Done || s.Published != ledger.None {
		return o.Done, nil
	}
	i := indexing{newCounting(tx, s.Code), newView(tx)}
	for _, number := range b.Rows {
		row, ok := stagedRows.Load(tx, stagedKey(b.Import, number))
		mac, has := row.mac(b.Order)
		at := placeOf(mac, number)
		if !ok || !has || o.Done > 0 && !at.above(o.Last) {
			return 0, errOrder
		}
		if o.Field == "" {
			err = i.byKey(row)
		} else {
			err = keepIndexed(tx, s.Code, o.Field, mac, row.Entry, row.Key)
		}
		if err != nil {
			return 0, err
		}
		o.Done, o.Last = o.Done+1, at
	}
	return o.Done, errors.Join(i.save(), s.save(tx, b.Import))
}

// mac returns the MAC by which a row stands in an order; false: it has no value there.
func (r stagedRow) mac(number uint64) (MAC, bool) {
	if number == 0 {
		return r.Key, true
	}
	at := slices.IndexFunc(r.Indexed, func(p placed) bool { return p.Order == number })
	if at < 0 {
		return MAC{}, false
	}
	return r.Indexed[at].Value, true
}

// indexed reports whether all rows are staged, and findable in every order.
func (s importState) indexed() bool {
	return s.Done == s.Rows && !slices.ContainsFunc(s.Orders, func(o order) bool { return o.Done != o.Rows })
}

// indexing makes rows of an import findable by their keys.
type indexing struct {
	*counting
	view view
}

// byKey keeps the row as a version of its key. The row was counted when it was staged; what is
// taken out now is the record in place of which it comes.
func (i indexing) byKey(r stagedRow) (err error) {
	if has(i.tx, recordPrefix(i.code, r.Key)) { // as few rows of a first import have
		if before := i.before(i.view, r.Key); before != nil {
			i.move(i.coming, before.groups, -1)
		}
		err = clearGivenUp(i.tx, i.view, i.code, r.Key)
	}
	return errors.Join(err, versions.Save(i.tx, versionKey(i.code, r.Key, i.coming, r.Entry), version{State: statePut, Import: i.coming, Groups: r.Groups}))
}

// clearBody is the body of commandImportClear.
type clearBody struct {
	_      struct{} `cbor:",toarray"`
	Import uint64
}

// clearedAtOnce is how many pairs one command clears at most.
const clearedAtOnce = 4096

// applyImportClear deletes what was staged of an import that is published or given up and, of one
// that was given up, what was findable of it. It reports whether there is more.
func applyImportClear(tx *state.Tx, b clearBody) (more bool, err error) {
	of := book.Be64(b.Import)
	if tx.Get(bucketEnded, of) == nil {
		return false, nil
	}
	s, _ := importAt(tx, b.Import)
	left := clearedAtOnce
	for _, bucket := range []string{stagedRows.Name, bucketPlaces, bucketRanges} {
		each := 1
		if bucket == stagedRows.Name && s.Abandoned {
			each += len(s.Orders)
		}
		var keys, values [][]byte
		tx.Scan(bucket, of, of, func(k, v []byte) bool {
			if more = (len(keys)+1)*each > left; !more {
				keys, values = append(keys, k), append(values, v)
			}
			return !more
		})
		for i, k := range keys {
			if bucket == stagedRows.Name && s.Abandoned {
				err = errors.Join(err, s.lose(tx, b.Import, values[i]))
			}
			err = errors.Join(err, tx.Delete(bucket, k))
		}
		if left -= len(keys) * each; more || err != nil {
			return more, err
		}
	}
	return false, tx.Delete(bucketEnded, of)
}

// lose makes a row of an import that was given up findable by nothing. Of one that cannot be read
// what was findable stays; it is passed over, because its import was given up.
func (s importState) lose(tx *state.Tx, opened uint64, staged []byte) (err error) {
	var row stagedRow
	if canon.Unmarshal(staged, stagedRows.Max, &row) != nil {
		return nil
	}
	if s.Orders[0].Done > 0 {
		err = tx.Delete(versions.Name, versionKey(s.Code, row.Key, ledger.RefTo(opened), row.Entry))
	}
	for _, p := range row.Indexed {
		if p.Order < uint64(len(s.Orders)) && s.Orders[p.Order].Done > 0 {
			key := append(indexedPrefix(s.Code, s.Orders[p.Order].Field, p.Value), book.Be64(row.Entry)...)
			err = errors.Join(err, tx.Delete(bucketIndexed, key))
		}
	}
	return err
}
