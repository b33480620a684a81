package sharing

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/node/ground/book"
)

// Recorded is the access record that a request left under its id.
type Recorded struct {
	Record ledger.Ref
	At     uint64 // when it was recorded, by ledger time, in ms since 1970 UTC
	Access
}

// Recorded returns the access record that the same request left before under its id. ok is false
// where it left none, where it was decided on another version of the catalogue entry or under
// another grant, and where the record was erased.
func (p Permit) Recorded(r *state.Reader, l book.Ledger, id identity.Message) (before Recorded, ok bool, err error) {
	ref, came, err := commandAccess.Before(r, l, p.requested(id))
	index, entered := ref.Index()
	if err != nil || !came || !entered {
		return before, false, err
	}
	leaf, err := ledger.DecodeLeaf(r.Leaf(index))
	if err != nil {
		return before, false, fmt.Errorf("read access record %d: %w", index, err)
	}
	payload, err := l.Payload(r, index)
	if errors.Is(err, book.ErrErased) {
		return before, false, nil
	}
	var on struct {
		Version uint64 `json:"version"`
	}
	if err == nil {
		err = errors.Join(json.Unmarshal(payload, &before.Access), json.Unmarshal(payload, &on))
	}
	if err != nil {
		return before, false, fmt.Errorf("read access record %d: %w", index, err)
	}
	before.Record, before.At = ref, leaf.Head.At()
	return before, on.Version == p.request.Version && leaf.Head.About == p.Grant, nil
}

// Told reports whether the consumer was told the data: of a refusal, or a page of a measure that
// did not end, there is nothing to tell again.
func (b Recorded) Told() bool { return b.Refused == "" && !b.Unfinished }

// Same reports whether what was read is what the record says: it would be recorded just so.
func (b Recorded) Same(l book.Ledger, a Access) bool {
	return b.Told() && a.Refused == "" && !a.Unfinished && slices.Equal(a.keysOfUse(l, b.Salt), b.Keys) &&
		a.Operation == b.Operation && a.Entry == b.Entry && a.Parameters == b.Parameters && a.Rows == b.Rows &&
		a.Outcome == b.Outcome && a.Incomparable == b.Incomparable && a.Unreadable == b.Unreadable && a.Unfit == b.Unfit
}
