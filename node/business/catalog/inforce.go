package catalog

import (
	"bytes"

	"xietong/consensus/state"
	"xietong/node/ground/book"
	"xietong/node/ground/text"
)

// Is reports whether the publication is the version that is in force already. Of what is held, none
// is: to publish it again is the word of its provider.
func (p Published) Is(b Publication) bool {
	return p.Version > 0 && p.Withdrawn == nil && !p.RulesHeld && bytes.Equal(p.Document, b.Document)
}

// same returns the version in force for a publication that is it already: nothing changes, and the
// request is answered for ever. Where it is another by now, that is refused.
func (k keptEntry) same(tx *state.Tx, b Publication) (result PublicationResult, err error) {
	if k.Version != b.Same || !bytes.Equal(k.Document, b.Document) || endedOf(tx, endedDataset, b.Code) != nil || holds.Has(tx, endingKey(HeldRules, b.Code)) {
		return result, book.Refuse(text.DatasetMoved, b.Code.String())
	}
	return PublicationResult{Entry: k.Entry, Version: k.Version}, nil
}
