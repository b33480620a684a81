package replicas

import (
	"context"
	"fmt"

	"xietong/certs/identity"
	"xietong/certs/trust"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/node/ground/book"
)

type aloneBody struct {
	_         struct{} `cbor:",toarray"`
	Replica   identity.Replica
	Statement book.Statement
}

// LeaveAlone takes all replicas out but this one, which raft and the newest key set are without
// already, and forgets the keys with which this one was admitted, which count no more. A second
// time does nothing.
func LeaveAlone(ctx context.Context, l Inviter) error {
	s, err := note(l, statement{Act: "left alone", Replica: l.Replica().String()})
	if err == nil {
		_, err = commandAlone.Do(ctx, l, book.Request{}, aloneBody{Replica: l.Replica(), Statement: s})
	}
	if err != nil {
		return fmt.Errorf("leave replica alone: %w", err)
	}
	return nil
}

// applyAlone notes it, where the newest key set lists that replica alone: so no replica takes the
// others out that sign beside it. One that nobody was ever beside is alone already.
func applyAlone(tx *state.Tx, b aloneBody) (ledger.Ref, error) {
	if alone, err := listsAlone(tx, b.Replica); err != nil || !alone {
		return ledger.None, err
	}
	changed := false
	for _, m := range Members(tx) {
		own := m.Replica == b.Replica
		if own && m.Stage == Voting && m.Keys == nil || !own && m.Stage == Removed {
			continue
		}
		changed = true
		if m.Stage, m.Secret, m.Entry = Removed, nil, book.Next(tx); own {
			m.Stage, m.Keys = Voting, nil
		}
		if err := members.Save(tx, keyOf(m.Replica), m); err != nil {
			return ledger.None, err
		}
	}
	if !changed {
		return ledger.None, nil
	}
	at := book.Next(tx)
	return at, enter(tx, b.Statement, b.Replica)
}

// listsAlone reports whether the newest key set lists a replica and no other.
func listsAlone(tx *state.Tx, r identity.Replica) (bool, error) {
	signed := tx.KeySets()
	if len(signed) == 0 {
		return true, nil
	}
	newest, err := trust.Reopen(signed[len(signed)-1])
	return len(newest.Replicas) == 1 && newest.LogKey(r) != nil, err
}
