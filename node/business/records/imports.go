package records

import (
	"crypto/sha256"
	"errors"
	"strconv"

	"golang.org/x/mod/sumdb/tlog"

	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/node/business/catalog"
	"xietong/node/ground/book"
	"xietong/node/ground/text"
)

// importState is the value of the imports bucket.
type importState struct {
	_         struct{} `cbor:",toarray"`
	Code      identity.Label
	Version   uint64     // of the catalogue entry whose schema the rows were checked with
	For       MAC        // hash of that entry's document, if it was to come when the import was opened; zero: it was in force
	Since     ledger.Ref // where For is set: what had changed last in the records when the file was checked
	Replace   bool       // it takes the place of all records
	Bound     bool       // it is published only while the records are those that its check saw
	Rows      uint64     // rows that it will have
	Done      uint64     // rows staged so far
	Published ledger.Ref // the entry that published it; None: not yet
	Abandoned bool       // it will never be published
	Passed    MAC        // of the rows staged so far: a resumed import must bring the same ones
	Frontier  [][]byte   // of the Merkle tree over the leaves of its rows: see grow
	Orders    []order    // in which its rows are made findable; the first is that of their keys
}

// openBody is the body of commandImportOpen.
type openBody struct {
	_         struct{} `cbor:",toarray"`
	ID        MAC      // of the dataset, the version of its entry and the file: the same file is the same import
	Code      identity.Label
	Version   uint64
	For       MAC
	Since     ledger.Ref
	Replace   bool
	Bound     bool
	Rows      uint64
	Same      bool       // every row is the same as its record, if that is so still
	Last      ledger.Ref // what had changed last in the records when that was so
	Statement book.Statement
}

// openResult is the result of commandImportOpen.
type openResult struct {
	_      struct{}   `cbor:",toarray"`
	Opened ledger.Ref // the entry that opened the import; None: the file changes nothing
	Before bool       // it was published before, and is not imported again
	Last   ledger.Ref // of a file that changes nothing: what had changed last in the records
}

// chunkBody is the body of commandImportChunk.
type chunkBody struct {
	_      struct{} `cbor:",toarray"`
	Import uint64   // index of the entry that opened it
	First  uint64   // row of the import, counted from 0
	Passed MAC      // of all rows up to the end of this chunk
	Values []groupValue
	Rows   []chunkRow
}

type chunkRow struct {
	_          struct{} `cbor:",toarray"`
	Key        MAC
	Indexed    []indexedMAC
	Groups     []uint64 // places in the list of values
	Commitment ledger.Commitment
	Sealed     []byte
}

// publishBody is the body of commandImportPublish.
type publishBody struct {
	_      struct{} `cbor:",toarray"`
	Import uint64
	Root   tlog.Hash // of the Merkle tree over the leaves of its rows
	// Left is how many records leave by an import in place of all. Since is what had changed last
	// in the records when the file was checked.
	Left      uint64
	Since     ledger.Ref
	Statement book.Statement
}

// abandonBody is the body of commandImportAbandon.
type abandonBody struct {
	_         struct{} `cbor:",toarray"`
	Import    uint64
	Statement book.Statement
}

// emptyRoot is the root of a tree without leaves (RFC 9162 §2.1.1).
var emptyRoot = tlog.Hash(sha256.Sum256(nil))

func importAt(r book.Reads, opened uint64) (importState, bool) {
	return imports.Load(r, book.Be64(opened))
}

func (s importState) save(tx *state.Tx, opened uint64) error {
	return imports.Save(tx, book.Be64(opened), s)
}

// end saves an import that is finished; the dataset may be imported into again.
func (s importState) end(tx *state.Tx, opened uint64) error {
	c := newCounting(tx, s.Code)
	c.ended(ledger.RefTo(opened), s)
	return errors.Join(
		s.save(tx, opened), tx.Delete(bucketImporting, []byte(s.Code.String())), tx.Put(bucketEnded, book.Be64(opened), nil), c.save(),
	)
}

// importByID returns the import with the id, unless it was given up.
func importByID(r book.Reads, id MAC) (opened uint64, s importState, ok bool) {
	data := r.Get(bucketImportIDs, id[:])
	if data == nil {
		return 0, importState{}, false
	}
	opened = number(data)
	if s, ok = importAt(r, opened); !ok || s.Abandoned {
		return 0, importState{}, false
	}
	return opened, s, true
}

// stands reports whether the same file is the same import still: it may be published yet, or
// nothing has changed in the records since it was.
func (s importState) stands(r book.Reads) bool {
	return s.Published == ledger.None || s.Published == ChangesOf(r, s.Code).Last
}

// unfinished returns the import of the dataset that is neither published nor given up; false: there
// is none.
func unfinished(r book.Reads, code identity.Label) (opened uint64, ok bool) {
	data := r.Get(bucketImporting, []byte(code.String()))
	return number(data), data != nil
}

// applyImportOpen opens an import. Opening an import again that is unfinished gives the one that is
// there, whatever came between. So does one that was published, while nothing has changed in the
// records since; otherwise the file says something again, and is imported anew. While another
// import of the dataset is unfinished it is refused, because imports are published in the order in
// which they were opened. A file that says what the records are opens none, and its request is
// answered for ever: repeated after another change, it does not undo that.
func applyImportOpen(tx *state.Tx, b openBody) (openResult, error) {
	if opened, s, ok := importByID(tx, b.ID); ok && s.stands(tx) {
		return openResult{Opened: ledger.RefTo(opened), Before: s.Published != ledger.None}, s.checkedAgain(tx, opened, b.Since)
	}
	if b.Same && ChangesOf(tx, b.Code).Last == b.Last {
		return openResult{Last: b.Last}, nil
	}
	s := importState{Code: b.Code, Version: b.Version, For: b.For, Since: b.Since, Replace: b.Replace, Bound: b.Bound, Rows: b.Rows}
	if !s.timely(tx) {
		return openResult{}, book.Refuse(text.DatasetMoved, b.Code.String())
	}
	if _, busy := unfinished(tx, b.Code); busy {
		return openResult{}, book.Refuse(text.NotReady, "another import into "+b.Code.String()+" is running")
	}
	entry, err := b.Statement.Append(tx, ledger.Head{Kind: ledger.KindImportOpened, Code: b.Code})
	if err != nil {
		return openResult{}, err
	}
	opened, _ := entry.Index()
	s.Frontier, s.Orders = [][]byte{}, []order{{}}
	return openResult{Opened: entry}, errors.Join(
		s.save(tx, opened),
		tx.Put(bucketImportIDs, b.ID[:], book.Be64(opened)),
		tx.Put(bucketImporting, []byte(b.Code.String()), book.Be64(opened)),
	)
}

// stillOpen returns an import that may go on, or that is published already. It refuses an import
// that was given up, and one whose catalogue entry has changed before it was published.
func stillOpen(tx *state.Tx, opened uint64) (importState, error) {
	s, ok := importAt(tx, opened)
	if !ok || s.Abandoned {
		return s, book.Refuse(text.NotFound, "import", strconv.FormatUint(opened, 10))
	}
	if s.Published == ledger.None && !s.timely(tx) {
		return s, book.Refuse(text.DatasetMoved, s.Code.String())
	}
	return s, nil
}

// applyImportChunk stages the next rows, and returns the number of rows staged so far. It does not
// stage a chunk again that was staged before.
func applyImportChunk(tx *state.Tx, b chunkBody) (uint64, error) {
	s, err := stillOpen(tx, b.Import)
	staged := s.Done + uint64(len(b.Rows))
	switch {
	case err != nil:
		return 0, err
	case b.First != s.Done || s.Published != ledger.None:
		return s.Done, nil
	case staged > s.Rows:
		return 0, book.Refuse(text.FileChanged, "", strconv.FormatUint(s.Rows, 10), strconv.FormatUint(staged, 10))
	}
	_, provider, _ := catalog.Version(tx, s.Code)
	if err := tx.Put(bucketRanges, append(book.Be64(b.Import), book.Be64(b.First)...), book.Be64(tx.Size())); err != nil {
		return 0, err
	}
	head := recordHead(provider, s.Code)
	head.About = ledger.RefTo(b.Import)
	rows := stager{counting: newCounting(tx, s.Code), opened: b.Import, state: &s, values: b.Values, first: s.Done}
	for _, each := range b.Rows {
		entry, err := tx.Append(head, ledger.PlainEvidence(each.Commitment), each.Sealed)
		if err == nil {
			err = rows.add(each, entry)
		}
		if err != nil {
			return 0, err
		}
		s.Frontier = grow(s.Frontier, s.Done, tx.LastLeafHash())
		s.Done++
	}
	s.Passed = b.Passed
	return s.Done, rows.save()
}

// grow adds the hash of leaf n, counted from 0, to the frontier of an RFC 9162 tree. The frontier
// of a tree of n leaves is the list of the roots of its perfect subtrees, largest first: one for
// each bit that is set in n.
func grow(frontier [][]byte, n uint64, leaf tlog.Hash) [][]byte {
	for ; n&1 == 1; n >>= 1 {
		last := len(frontier) - 1
		leaf = tlog.NodeHash(tlog.Hash(frontier[last]), leaf)
		frontier = frontier[:last]
	}
	return append(frontier, leaf[:])
}

// rootOf returns the root of the tree with the frontier. For an empty tree it is the hash of
// nothing (RFC 9162).
func rootOf(frontier [][]byte) tlog.Hash {
	if len(frontier) == 0 {
		return emptyRoot
	}
	root := tlog.Hash(frontier[len(frontier)-1])
	for i := len(frontier) - 2; i >= 0; i-- {
		root = tlog.NodeHash(tlog.Hash(frontier[i]), root)
	}
	return root
}

// publicationHead says how many records left, because the rows take the place of all.
func publicationHead(opened, left uint64, agency, code identity.Label) ledger.Head {
	return ledger.Head{Kind: ledger.KindImportPublished, Agency: agency, Code: code, From: left, About: ledger.RefTo(opened)}
}

// applyImportPublish makes all rows of a complete import visible, by the provider's act over the
// root of their leaves. An import that is bound to the records that its check saw is refused if
// anything has changed in them since: of one in place of all it was shown how many would leave, and
// one that keeps values has them from these records. One that is for an entry that is not in force
// yet is published with that, or not at all.
func applyImportPublish(tx *state.Tx, b publishBody) (ledger.Ref, error) {
	s, err := stillOpen(tx, b.Import)
	switch {
	case err != nil:
		return ledger.None, err
	case s.Published != ledger.None:
		return s.Published, nil
	case s.comes(tx):
		return ledger.None, book.Refuse(text.DatasetMoved, s.Code.String())
	case !s.complete(b.Root):
		return ledger.None, book.Refuse(text.FileChanged, "", strconv.FormatUint(s.Rows, 10), strconv.FormatUint(s.Done, 10))
	case s.Bound && ChangesOf(tx, s.Code).Last != b.Since:
		return ledger.None, book.Refuse(text.RecordsMoved, s.Code.String())
	}
	return s.publish(tx, b)
}

// complete reports whether all rows are staged and findable, and have the root.
func (s importState) complete(root tlog.Hash) bool { return s.indexed() && rootOf(s.Frontier) == root }

// publish makes all rows visible.
func (s importState) publish(tx *state.Tx, b publishBody) (_ ledger.Ref, err error) {
	_, provider, _ := catalog.Version(tx, s.Code)
	if s.Published, err = b.Statement.Append(tx, publicationHead(b.Import, b.Left, provider, s.Code)); err != nil {
		return ledger.None, err
	}
	if s.Replace {
		return s.Published, errors.Join(s.end(tx, b.Import), replaced(tx, s.Code, s.Published, b.Import, b.Left))
	}
	return s.Published, errors.Join(s.end(tx, b.Import), changed(tx, s.Code, s.Published, 0))
}

// applyImportAbandon gives an import up. Its rows stay in the ledger and are never visible.
func applyImportAbandon(tx *state.Tx, b abandonBody) (ledger.Ref, error) {
	s, ok := importAt(tx, b.Import)
	if !ok || s.Abandoned || s.Published != ledger.None {
		return ledger.None, book.Refuse(text.NotFound, "import", strconv.FormatUint(b.Import, 10))
	}
	s.Abandoned = true
	if err := s.end(tx, b.Import); err != nil {
		return ledger.None, err
	}
	return b.Statement.Append(tx, ledger.Head{Kind: ledger.KindImportAbandoned, Code: s.Code, About: ledger.RefTo(b.Import)})
}
