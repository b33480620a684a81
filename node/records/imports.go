package records

import (
	"crypto/sha256"
	"errors"
	"strconv"

	"golang.org/x/mod/sumdb/tlog"

	"xietong/certs/canon"
	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/node/catalog"
	"xietong/node/text"
)

// importState is the value of the imports bucket.
type importState struct {
	_         struct{} `cbor:",toarray"`
	Code      identity.Label
	Version   uint64   // of the catalogue entry whose schema the rows were checked with
	Rows      uint64   // that it will have
	Done      uint64   // staged so far
	Published uint64   // index of the entry that published it, plus 1; 0: not yet
	Abandoned bool     // it will never be published
	Passed    []byte   // MAC of the rows staged so far: a resumed import must bring the same ones
	Frontier  [][]byte // of the Merkle tree over the leaves of its rows: see grow
}

// openBody is the body of KindImportOpen.
type openBody struct {
	_        struct{} `cbor:",toarray"`
	ID       []byte   // MAC of what is imported: the same file is the same import
	Code     identity.Label
	Version  uint64
	Rows     uint64
	Evidence []byte
	Sealed   []byte
}

// chunkBody is the body of KindImportChunk.
type chunkBody struct {
	_      struct{} `cbor:",toarray"`
	Import uint64   // index of the entry that opened it
	First  uint64   // row of the import, counted from 0
	Passed []byte   // MAC of all rows up to the end of this chunk
	Rows   []chunkRow
}

type chunkRow struct {
	_          struct{} `cbor:",toarray"`
	Key        []byte
	Indexed    []indexedMAC
	Commitment []byte
	Sealed     []byte
}

// publishBody is the body of KindImportPublish.
type publishBody struct {
	_        struct{} `cbor:",toarray"`
	Import   uint64
	Root     []byte // of the Merkle tree over the leaves of its rows
	Evidence []byte
	Sealed   []byte
}

// abandonBody is the body of KindImportAbandon.
type abandonBody struct {
	_        struct{} `cbor:",toarray"`
	Import   uint64
	Evidence []byte
	Sealed   []byte
}

// emptyRoot is the root of a tree without leaves (RFC 9162 §2.1.1).
var emptyRoot = tlog.Hash(sha256.Sum256(nil))

func importAt(r Reads, opened uint64) (importState, bool) {
	data := r.Get(bucketImports, be64(opened))
	if data == nil {
		return importState{}, false
	}
	var s importState
	decode(data, &s)
	return s, true
}

func (s importState) put(tx *state.Tx, opened uint64) error {
	value, err := canon.Marshal(s)
	if err != nil {
		return err
	}
	return tx.Put(bucketImports, be64(opened), value)
}

// importByID returns the import with the id, unless it was given up.
func importByID(r Reads, id MAC) (opened uint64, s importState, ok bool) {
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

// unfinished returns the imports of the dataset that are neither published nor given up.
func unfinished(r Reads, code identity.Label) (opened []uint64) {
	r.Scan(bucketImports, nil, nil, func(k, v []byte) bool {
		var s importState
		if decode(v, &s); s.Code == code && s.Published == 0 && !s.Abandoned {
			opened = append(opened, number(k))
		}
		return true
	})
	return opened
}

// applyImportOpen opens an import. The same import again is the one that is there.
func applyImportOpen(tx *state.Tx, body []byte) ([]byte, error) {
	var b openBody
	if err := canon.Unmarshal(body, state.MaxCommandLen, &b); err != nil {
		return nil, err
	}
	id, err := asMAC(b.ID)
	if err != nil {
		return nil, err
	}
	evidence, err := ledger.DecodeEvidence(b.Evidence)
	if err != nil {
		return nil, err
	}
	if opened, _, ok := importByID(tx, id); ok {
		return canon.Marshal(opened)
	}
	current, _, ok := catalog.Version(tx, b.Code)
	if !ok || current != b.Version {
		return nil, refuse(text.DatasetMoved, b.Code.String())
	}
	opened, err := tx.Append(ledger.Head{Kind: ledger.KindImportOpened, Code: b.Code}, evidence, b.Sealed)
	if err != nil {
		return nil, err
	}
	s := importState{Code: b.Code, Version: b.Version, Rows: b.Rows, Passed: []byte{}, Frontier: [][]byte{}}
	if err := errors.Join(s.put(tx, opened), tx.Put(bucketImportIDs, id[:], be64(opened))); err != nil {
		return nil, err
	}
	return canon.Marshal(opened)
}

// stillOpen returns an import that may go on.
func stillOpen(tx *state.Tx, opened uint64) (importState, error) {
	s, ok := importAt(tx, opened)
	if !ok || s.Abandoned {
		return s, refuse(text.NotFound, "import", strconv.FormatUint(opened, 10))
	}
	if current, _, _ := catalog.Version(tx, s.Code); current != s.Version && s.Published == 0 {
		return s, refuse(text.DatasetMoved, s.Code.String())
	}
	return s, nil
}

// applyImportChunk stages the next rows. A chunk that was staged before is not staged again. The result is how many rows
// are staged.
func applyImportChunk(tx *state.Tx, body []byte) ([]byte, error) {
	var b chunkBody
	if err := canon.Unmarshal(body, state.MaxCommandLen, &b); err != nil {
		return nil, err
	}
	s, err := stillOpen(tx, b.Import)
	switch {
	case err != nil:
		return nil, err
	case b.First != s.Done || s.Published > 0:
		return canon.Marshal(s.Done)
	case s.Done+uint64(len(b.Rows)) > s.Rows:
		return nil, refuse(text.FileChanged, "", strconv.FormatUint(s.Rows, 10), strconv.FormatUint(s.Done+uint64(len(b.Rows)), 10))
	}
	_, provider, _ := catalog.Version(tx, s.Code)
	if err := tx.Put(bucketStaged, append(be64(b.Import), be64(b.First)...), be64(tx.Size())); err != nil {
		return nil, err
	}
	for _, row := range b.Rows {
		hash, err := stage(tx, s.Code, provider, b.Import, row)
		if err != nil {
			return nil, err
		}
		s.Frontier = grow(s.Frontier, s.Done, hash)
		s.Done++
	}
	s.Passed = b.Passed
	if err := s.put(tx, b.Import); err != nil {
		return nil, err
	}
	return canon.Marshal(s.Done)
}

// stage appends one row of an import, which nobody sees before the import is published.
func stage(tx *state.Tx, code, provider identity.Label, opened uint64, row chunkRow) (tlog.Hash, error) {
	key, err := asMAC(row.Key)
	if err != nil {
		return tlog.Hash{}, err
	}
	commitment, err := asMAC(row.Commitment)
	if err != nil {
		return tlog.Hash{}, err
	}
	head := recordHead(provider, code)
	head.About = opened + 1
	index, err := tx.Append(head, ledger.PlainEvidence(commitment), row.Sealed)
	if err != nil {
		return tlog.Hash{}, err
	}
	return tx.LastLeafHash(), keep(tx, code, key, row.Indexed, index, opened+1)
}

// grow adds the hash of leaf number n to the frontier of an RFC 9162 tree: the roots of its perfect subtrees, largest
// first, which are as many as n has bits set.
func grow(frontier [][]byte, n uint64, leaf tlog.Hash) [][]byte {
	for ; n&1 == 1; n >>= 1 {
		last := len(frontier) - 1
		leaf = tlog.NodeHash(tlog.Hash(frontier[last]), leaf)
		frontier = frontier[:last]
	}
	return append(frontier, leaf[:])
}

// rootOf returns the root of the tree with the frontier; of an empty tree, that of RFC 9162.
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

func publicationHead(opened uint64, agency, code identity.Label) ledger.Head {
	return ledger.Head{Kind: ledger.KindImportPublished, Agency: agency, Code: code, About: opened + 1}
}

// applyImportPublish makes all rows of a complete import visible, by the provider's act over the root of their leaves.
func applyImportPublish(tx *state.Tx, body []byte) ([]byte, error) {
	var b publishBody
	if err := canon.Unmarshal(body, state.MaxCommandLen, &b); err != nil {
		return nil, err
	}
	evidence, err := ledger.DecodeEvidence(b.Evidence)
	if err != nil {
		return nil, err
	}
	s, err := stillOpen(tx, b.Import)
	if err != nil {
		return nil, err
	}
	if s.Published > 0 {
		return canon.Marshal(s.Published - 1)
	}
	if root := rootOf(s.Frontier); s.Done != s.Rows || string(root[:]) != string(b.Root) {
		return nil, refuse(text.FileChanged, "", strconv.FormatUint(s.Rows, 10), strconv.FormatUint(s.Done, 10))
	}
	_, provider, _ := catalog.Version(tx, s.Code)
	index, err := tx.Append(publicationHead(b.Import, provider, s.Code), evidence, b.Sealed)
	if err != nil {
		return nil, err
	}
	s.Published = index + 1
	if err := s.put(tx, b.Import); err != nil {
		return nil, err
	}
	return canon.Marshal(index)
}

// applyImportAbandon gives an import up. Its rows stay in the ledger and are never visible.
func applyImportAbandon(tx *state.Tx, body []byte) ([]byte, error) {
	var b abandonBody
	if err := canon.Unmarshal(body, state.MaxCommandLen, &b); err != nil {
		return nil, err
	}
	evidence, err := ledger.DecodeEvidence(b.Evidence)
	if err != nil {
		return nil, err
	}
	s, ok := importAt(tx, b.Import)
	if !ok || s.Abandoned || s.Published > 0 {
		return nil, refuse(text.NotFound, "import", strconv.FormatUint(b.Import, 10))
	}
	index, err := tx.Append(ledger.Head{Kind: ledger.KindImportAbandoned, Code: s.Code, About: b.Import + 1}, evidence, b.Sealed)
	if err != nil {
		return nil, err
	}
	s.Abandoned = true
	if err := s.put(tx, b.Import); err != nil {
		return nil, err
	}
	return canon.Marshal(index)
}
