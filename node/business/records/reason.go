package records

import (
	"encoding/json"
	"errors"
	"fmt"

	"xietong/consensus/state"
	"xietong/node/ground/book"
)

// reasonOf opens why a record was retracted.
func (d *Desk) reasonOf(r *state.Reader, v Version) (string, error) {
	if !v.Retracted {
		return "", nil
	}
	payload, err := d.ledger.Payload(r, v.Index)
	if errors.Is(err, book.ErrErased) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	var said struct {
		Reason string `json:"reason"`
	}
	if err := json.Unmarshal(payload, &said); err != nil {
		return "", fmt.Errorf("decode retraction %d: %w", v.Index, err)
	}
	return said.Reason, nil
}
