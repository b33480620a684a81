package ledger

import (
	"errors"
	"testing"

	"xietong/certs/identity"
	"xietong/certs/trust"
)

// TestRosterProofVerifiesTheAct: the proof of a roster shows an entry in the root's ledger; where
// that is an agency's act, its signature counts too.
func TestRosterProofVerifiesTheAct(t *testing.T) {
	f, stranger := newFixture(t, "guizhou", 1), newSigner(t, "yunnan", 1)
	agency, _ := identity.ParseLabel("civil-affairs")
	for what, row := range map[string]struct {
		by   StatementSigner // nil: the node's own statement
		want error
	}{"of the node": {nil, nil}, "of an agency": {f.signers[0], nil}, "signed by a stranger": {stranger, ErrNotProven}} {
		preimage, err := NewPreimage(RosterType, []byte("the places")).Encode()
		if err != nil {
			t.Fatal(err)
		}
		head, evidence := Head{Kind: KindRoster}, PlainEvidence(Commit(preimage))
		if row.by != nil {
			head.Agency = agency
			if evidence, err = Sign(f.log, head, RosterType, Commit(preimage), row.by); err != nil {
				t.Fatal(err)
			}
		}
		head.Seq, head.Time = f.size+1, uint64(then.UnixMilli())
		leaf, err := Leaf{head, evidence}.Encode()
		if err != nil {
			t.Fatal(err)
		}
		f.appendLeaves(t, LeafHash(leaf))
		c, note := f.checkpoint(t, 1)
		proof, err := ProveEndorsement(leaf, preimage, f.size-1, c, note, f.tiles)
		if err != nil {
			t.Fatal(err)
		}
		list, err := VerifyRoster([]trust.KeySet{f.set}, proof)
		if !errors.Is(err, row.want) || err == nil && string(list) != "the places" {
			t.Errorf("%s: got %q, %v, want %v", what, list, err, row.want)
		}
	}
}
