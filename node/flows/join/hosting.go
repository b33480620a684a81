package join

import (
	"crypto/sha256"
	"encoding/hex"

	"xietong/certs/canon"
	"xietong/certs/identity"
)

// Hosting is what the end of the hosting of a jurisdiction would do.
type Hosting struct {
	Name     identity.Jurisdiction
	Agencies int
	Datasets int // how many nobody can use any more
}

// Hash returns what a person agreed to: it changes when something else would end.
func (h Hosting) Hash() (string, error) {
	raw, err := canon.Marshal([]any{h.Name.String(), h.Agencies, h.Datasets})
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
