package book

import (
	"encoding/json"
	"errors"
	"fmt"

	"xietong/consensus/state"
)

// OpenReason returns why something was taken back, as the entry of an index says it, and no more of
// its payload; "" where that was erased.
func OpenReason(l Ledger, r *state.Reader, index uint64) (string, error) {
	payload, err := l.Payload(r, index)
	if errors.Is(err, ErrErased) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	var said struct {
		Reason string `json:"reason"`
	}
	if err := json.Unmarshal(payload, &said); err != nil {
		return "", fmt.Errorf("decode reason in entry %d: %w", index, err)
	}
	return said.Reason, nil
}
