package tree

import (
	"bytes"
	"slices"
	"time"

	"xietong/certs/trust"
	"xietong/consensus/state"
	"xietong/node/ground/book"
	"xietong/node/ground/text"
)

// former are the chains of key sets that a child had before the endorsed one, the newest first,
// each by the hash of its number 1. Their key sets are kept: by them an old machine is known that
// was lost, found, and started again after its successor had joined.
type former struct {
	_      struct{} `cbor:",toarray"`
	Firsts [][]byte
}

// maxFormer is how many chains before the endorsed one are known.
const maxFormer = 4

var formers = book.Bucket[former]{Name: "child-former", Max: maxFormer*40 + 8} // by label

// forms remembers the chain that a new one replaces.
func forms(tx *state.Tx, b endorseBody, replaced []byte) error {
	if len(replaced) == 0 || bytes.Equal(replaced, b.First) {
		return nil
	}
	key := []byte(b.Child.String())
	f, _, _ := formers.Read(tx, key) // what cannot be read is made anew: it serves to tell people
	others := slices.DeleteFunc(f.Firsts, func(first []byte) bool { return bytes.Equal(first, replaced) || bytes.Equal(first, b.First) })
	f.Firsts = append([][]byte{replaced}, others...)
	f.Firsts = f.Firsts[:min(len(f.Firsts), maxFormer)]
	return formers.Save(tx, key, f)
}

// superseded returns the key set that a presentation names, where it is of a chain before the
// endorsed one.
func (c Child) superseded(r book.Reads, p Presentation) (of keptSet, ok bool) {
	f, _, err := formers.Read(r, []byte(p.Child.Label().String()))
	if err != nil {
		return of, false
	}
	for _, first := range f.Firsts {
		s, known, err := keptSets.Read(r, setKey(p.Child.Label(), first, p.After))
		if err == nil && known && bytes.Equal(s.Hash, p.Hash) {
			return s, true
		}
	}
	return of, false
}

// replaced is what an old machine is told once it has proven that it has the keys from before:
// which key set is endorsed in their place, and since when that chain is.
func (k known) replaced(p Presentation, proof Proof) error {
	set, err := trust.Reopen(k.after.Signed)
	if err == nil && proof.Possession != nil {
		err = holds(set, p, proof)
	}
	if err != nil {
		return err
	}
	pin, err := trust.NewPin(p.Child, k.child.Number, k.child.Hash)
	if err != nil {
		return err
	}
	since := k.child.SinceNewest()
	if len(k.child.Since) > 0 {
		since = time.UnixMilli(int64(k.child.Since[0]))
	}
	return text.Fail(text.KeysSuperseded, text.Args{
		"name": p.Child.String(), "jurisdiction": k.in, "fingerprint": pin.Fingerprint(), "since": since.UTC().Format(time.RFC3339),
	}, nil)
}
