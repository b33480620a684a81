package state

import (
	"xietong/certs/canon"
	"xietong/consensus/ledger"
)

// Continued is the body of KindContinued, and stands in the ledger as an entry of the same name: a
// person said that a folder which may be a copy is the newest.
type Continued struct {
	_        struct{} `cbor:",toarray"`
	Evidence ledger.Evidence
	Sealed   []byte
}

// applyContinued appends the entry, and returns its index. The word counts on the replica of which
// it was said, and changes nothing else here.
func applyContinued(tx *Tx, body []byte) ([]byte, error) {
	var b Continued
	if err := canon.Unmarshal(body, MaxCommandLen, &b); err != nil {
		return nil, err
	}
	index, err := tx.Append(ledger.Head{Kind: ledger.KindContinued}, b.Evidence, b.Sealed)
	return be64(index), err
}
