package join

import (
	"crypto/sha256"
	"encoding/hex"

	"xietong/certs/canon"
	"xietong/certs/identity"
	"xietong/node/tree"
)

// Hosting is what the end of the hosting of a jurisdiction would do.
type Hosting struct {
	Name     identity.Jurisdiction
	Agencies []string // what ends with them: the code of each
	Datasets []string // what nobody can use any more: the code of each, and the entry of its version
	Child    tree.Child
}

// Open reports whether an invitation for other keys, which waits, ends too.
func (h Hosting) Open() bool { return h.Child.Joined() && h.Child.Open() }

// Hash returns what a person agreed to: it changes when something else would end. A renewal of the
// endorsement changes nothing; the place that joins anew has another invitation than before.
func (h Hosting) Hash() (string, error) {
	c := h.Child
	raw, err := canon.Marshal([]any{h.Name.String(), h.Agencies, h.Datasets, c.Endorsed, c.Joined(), c.Open(), uint64(c.Invitation)})
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:]), err
}

// Agreed refuses an end that the person, who agreed to the hash, was not shown. The error is
// text.EndPlanNeeded without a hash, and text.PlanMoved where something else would end by now.
func (d *Desk) Agreed(h Hosting, agreed string) error {
	hash, err := h.Hash()
	if err == nil {
		err = d.agrees(h.Name, hash, agreed)
	}
	return err
}
