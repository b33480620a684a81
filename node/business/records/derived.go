package records

import (
	"bytes"
	"maps"
	"slices"

	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/node/business/catalog"
	"xietong/node/ground/book"
	"xietong/node/ground/rows"
)

// derivation derives from the entries which versions of records there are, and what came of
// imports. Where it can open payloads it also derives the key and the indexed values of each.
type derivation struct {
	r       *state.Reader
	mac     func(domain string, parts ...[]byte) [32]byte // nil: nobody has the keys
	acts    bits                                          // records put by themselves, and retractions
	rows    map[uint64]spans                              // of imports, by the entry that opened each
	imports map[uint64]saidImport
	schemas map[identity.Label]*dataset // nil: it cannot be had
	found   []book.Contradiction
}

// saidImport is what the entries say of an import.
type saidImport struct {
	code      identity.Label
	published ledger.Ref
	abandoned bool
}

// Derive begins a derivation of the records of a state. mac is that of the ledger's keystore; nil:
// it is not there.
func Derive(r *state.Reader, mac func(domain string, parts ...[]byte) [32]byte) book.Derivation {
	return &derivation{r: r, mac: mac, rows: map[uint64]spans{}, imports: map[uint64]saidImport{}, schemas: map[identity.Label]*dataset{}}
}

// Entry implements book.Derivation.
func (d *derivation) Entry(e book.Said) {
	about, of := e.Head.About.Index()
	imp := d.imports[about]
	switch e.Head.Kind {
	case ledger.KindRecord:
		if of {
			d.rows[about] = d.rows[about].with(e.Index)
		} else {
			d.acts.set(e.Index)
		}
		d.key(e)
	case ledger.KindRetraction:
		d.acts.set(e.Index)
	case ledger.KindImportOpened:
		d.imports[e.Index] = saidImport{code: e.Head.Code}
	case ledger.KindImportPublished:
		imp.published = e.Ref()
		d.imports[about] = imp
	case ledger.KindImportAbandoned:
		imp.abandoned = true
		d.imports[about] = imp
	}
}

// key looks for a record that counts under its key and its indexed values.
func (d *derivation) key(e book.Said) {
	set := d.schema(e.Head.Code)
	if e.Payload == nil || set == nil {
		return
	}
	record, err := set.schema.Record(e.Payload)
	if err != nil {
		return // it was put under another entry of the catalogue
	}
	code := e.Head.Code
	key := d.mac("record key", []byte(code.String()), record.Key)
	if opened, of := e.Head.About.Index(); of {
		if imp, ok := importAt(d.r, opened); !ok || imp.Published == ledger.None {
			return
		}
	}
	if d.r.Get(versions.Name, versionKey(code, key, e.Head.About, e.Index)) == nil {
		d.found = append(d.found, book.Contradiction{Bucket: versions.Name, Entry: e.Ref(), How: book.Other})
		return
	}
	if now, ok := newView(d.r).current(code, key); !ok || now.Index != e.Index {
		return
	}
	for _, v := range record.Indexed {
		at := append(indexedPrefix(code, v.Field, d.mac("indexed value", []byte(code.String()), []byte(v.Field), v.Value)), book.Be64(e.Index)...)
		if slices.Contains(set.Found, v.Field) && !bytes.Equal(d.r.Get(bucketIndexed, at), key[:]) {
			d.found = append(d.found, book.Contradiction{Bucket: bucketIndexed, Entry: e.Ref(), How: book.Missing})
		}
	}
}

// schema returns a dataset with its schema; nil: it cannot be had, or there are no keys.
func (d *derivation) schema(code identity.Label) *dataset {
	set, known := d.schemas[code]
	if known || d.mac == nil {
		return set
	}
	if p, err := catalog.Known(d.r, code, catalog.Published{}); err == nil {
		if schema, err := rows.Compile(p.Schema, p.Key, p.Indexed); err == nil {
			set = &dataset{Published: p, schema: schema}
		}
	}
	d.schemas[code] = set
	return set
}

// Compare implements book.Derivation.
func (d *derivation) Compare(tell func(book.Contradiction)) {
	for _, c := range d.found {
		tell(c)
	}
	var kept bits
	d.r.Scan(versions.Name, nil, nil, func(key, data []byte) bool {
		index := ^number(key[max(0, len(key)-8):])
		twice := kept.has(index) // an entry makes one version
		if index < d.r.Size() {
			kept.set(index)
		}
		if twice || !d.isVersion(key, versions.Decode(key, data), index) {
			tell(book.Contradiction{Bucket: versions.Name, Entry: ledger.RefTo(index), How: book.Unsaid})
		}
		return true
	})
	missing := func(index uint64) {
		if !kept.has(index) {
			tell(book.Contradiction{Bucket: versions.Name, Entry: ledger.RefTo(index), How: book.Missing})
		}
	}
	d.acts.each(missing)
	for opened, all := range d.rows { // they are put in order by whoever tells them
		if d.imports[opened].published != ledger.None {
			all.each(missing)
		}
	}
	d.compareImports(tell)
	d.compareIndexed(tell)
}

// head returns the head of an entry; the zero value: there is none.
func (d *derivation) head(index uint64) (h ledger.Head) {
	if index < d.r.Size() {
		if leaf, err := ledger.DecodeLeaf(d.r.Leaf(index)); err == nil {
			h = leaf.Head
		}
	}
	return h
}

// isVersion reports whether an entry made a version, of the dataset and, of a retraction, of the
// record under whose key it stands.
func (d *derivation) isVersion(key []byte, kept version, index uint64) bool {
	code, rest, _ := bytes.Cut(key, []byte{0})
	h := d.head(index)
	if len(rest) != len(MAC{})+16 || h.Code.String() != string(code) || ^number(rest[len(MAC{}):len(rest)-8]) != uint64(kept.Import) {
		return false
	}
	if kept.State == statePut {
		return h.Kind == ledger.KindRecord && h.About == kept.Import
	}
	retracts, _ := h.About.Index()
	before := versionKey(h.Code, MAC(rest), d.head(retracts).About, retracts)
	return h.Kind == ledger.KindRetraction && kept.Import == ledger.None && d.r.Get(versions.Name, before) != nil
}

func (d *derivation) compareImports(tell func(book.Contradiction)) {
	kept := map[uint64]bool{}
	for key, s := range imports.All(d.r, nil) {
		opened := number(key)
		kept[opened] = true
		if said, ok := d.imports[opened]; !ok {
			tell(book.Contradiction{Bucket: imports.Name, Entry: ledger.RefTo(opened), How: book.Unsaid})
		} else if said != (saidImport{s.Code, s.Published, s.Abandoned}) {
			tell(book.Contradiction{Bucket: imports.Name, Entry: ledger.RefTo(opened), How: book.Other})
		}
	}
	for _, opened := range slices.Sorted(maps.Keys(d.imports)) {
		if !kept[opened] {
			tell(book.Contradiction{Bucket: imports.Name, Entry: ledger.RefTo(opened), How: book.Missing})
		}
	}
}

// compareIndexed looks for the version that each row of the index finds. Those of imports that were
// never published find nothing.
func (d *derivation) compareIndexed(tell func(book.Contradiction)) {
	d.r.Scan(bucketIndexed, nil, nil, func(key, stored []byte) bool {
		index := number(key[max(0, len(key)-8):])
		h := d.head(index)
		if opened, of := h.About.Index(); of && h.Kind == ledger.KindRecord && d.imports[opened].published == ledger.None {
			return true
		}
		code, _, _ := bytes.Cut(key, []byte{0})
		if h.Kind != ledger.KindRecord || h.Code.String() != string(code) || len(stored) != len(MAC{}) ||
			d.r.Get(versions.Name, versionKey(h.Code, MAC(stored), h.About, index)) == nil {
			tell(book.Contradiction{Bucket: bucketIndexed, Entry: ledger.RefTo(index), How: book.Unsaid})
		}
		return true
	})
}

// bits is a set of entries.
type bits []uint64

func (b *bits) set(index uint64) {
	for uint64(len(*b)) <= index/64 {
		*b = append(*b, 0)
	}
	(*b)[index/64] |= 1 << (index % 64)
}

func (b bits) has(index uint64) bool {
	return index/64 < uint64(len(b)) && b[index/64]&(1<<(index%64)) != 0
}

func (b bits) each(do func(index uint64)) {
	for index := range uint64(len(b)) * 64 {
		if b.has(index) {
			do(index)
		}
	}
}

// spans are entries, as ranges of them: those of a chunk follow one another.
type spans [][2]uint64

func (s spans) with(index uint64) spans {
	if n := len(s); n > 0 && s[n-1][1] == index {
		s[n-1][1]++
		return s
	}
	return append(s, [2]uint64{index, index + 1})
}

func (s spans) each(do func(index uint64)) {
	for _, span := range s {
		for index := span[0]; index < span[1]; index++ {
			do(index)
		}
	}
}
