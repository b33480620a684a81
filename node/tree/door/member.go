package door

import (
	"context"
	"fmt"

	"xietong/certs/canon"
	"xietong/certs/identity"
)

// Membership asks whether a replica belongs to its jurisdiction, for one that the others take no
// connection of any more.
type Membership struct {
	_       struct{} `cbor:",toarray"`
	Replica identity.Replica
	After   uint64 // the number of the newest key set that it knows
}

// Member is what it is told. That a key set lists the replica no more is proven by the key sets;
// the rest is the word of the one that answers.
type Member struct {
	_       struct{} `cbor:",toarray"`
	Removed bool
	KeySets [][]byte // signed, those after the number, as many as are handed at once
}

// AskMember asks at the door of the replica's own jurisdiction. It verifies nothing.
func AskMember(ctx context.Context, c Conn, q Membership) (m Member, err error) {
	body, err := canon.Marshal(q)
	if err == nil {
		err = ask(ctx, c, opMember, body, &m)
	}
	if err != nil {
		return m, fmt.Errorf("ask whether it belongs to the group: %w", err)
	}
	return m, nil
}

// member answers it.
func (d Door) member(body []byte) (m Member, err error) {
	var q Membership
	if err := unmarshal(body, &q); err != nil {
		return m, err
	}
	return d.Member(q)
}
