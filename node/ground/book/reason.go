package book

import (
	"encoding/json"

	"xietong/consensus/state"
)

// OpenReason returns why something was taken back, as the entry of an index says it, and no more of
// its payload; "" where that was erased or cannot be read. What was taken back, and when, is told
// all the same.
func OpenReason(l Ledger, r *state.Reader, index uint64) string {
	payload, err := l.Payload(r, index)
	var said struct {
		Reason string `json:"reason"`
	}
	if err != nil || json.Unmarshal(payload, &said) != nil {
		return ""
	}
	return said.Reason
}
