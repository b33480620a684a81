package sharing

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"

	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/exchange/envelope"
	"xietong/node/ground/book"
)

// commandHearEnd ends the grants of an agency of another jurisdiction that ended there. Its number
// is that of docs/protocol.md.
const commandHearEnd book.Command[hearEnd, ledger.Ref] = 62

// hearEnd is the body of commandHearEnd.
type hearEnd struct {
	_         struct{} `cbor:",toarray"`
	Agency    identity.Agency
	End       keptEnd
	Statement book.Statement
}

// keptEnd is the value that the ends bucket has under an agency of another jurisdiction: the list
// of its agencies whose last change is the end that was heard of last.
type keptEnd struct {
	_      struct{} `cbor:",toarray"`
	Number uint64
	Hash   []byte
}

// ends has a value for each agency elsewhere that held a grant when its end was heard of, or was
// given one after it.
var ends = book.Bucket[keptEnd]{Name: "ends", Max: 64}

func (e keptEnd) is(other keptEnd) bool {
	return e.Number == other.Number && bytes.Equal(e.Hash, other.Hash)
}

// HearEnd records that an agency of another jurisdiction ended there, as the last change of the
// list says, unless that is recorded: all grants from before the entry have ended, also where the
// agency came back since. It is called before a use by the agency is decided on and, with given,
// before a grant is given to it, so every later grant is one that was given after the end.
//
// Anybody's list may say of any number of agencies that they ended. So of an agency that holds no
// grant, and is given none, nothing is proposed and nothing kept: there is nothing to end.
func HearEnd(ctx context.Context, l book.Ledger, agency identity.Agency, by envelope.AgencyList, given bool) error {
	b := hearEnd{Agency: agency, End: keptEnd{Number: by.Number, Hash: by.Hash}}
	idle := false
	err := l.View(ctx, func(r *state.Reader) error {
		kept, ok := ends.Load(r, []byte(agency.String()))
		idle = ok && kept.is(b.End) || !given && !holds(r, agency)
		return nil
	})
	if err != nil || idle {
		return err
	}
	payload, err := json.Marshal(struct {
		Agency string `json:"agency"`
		Number uint64 `json:"number"`
		Hash   []byte `json:"hash"`
	}{agency.String(), by.Number, by.Hash})
	if err == nil {
		b.Statement, err = l.Note(jsonType, payload)
	}
	if err == nil {
		_, err = commandHearEnd.Do(ctx, l, book.Request{}, b)
	}
	if err != nil {
		return fmt.Errorf("record the end of %s: %w", agency, err)
	}
	return nil
}

// applyHearEnd makes an entry only where the agency holds a grant that counts.
func applyHearEnd(tx *state.Tx, b hearEnd) (ledger.Ref, error) {
	key := []byte(b.Agency.String())
	if kept, ok := ends.Load(tx, key); ok && kept.is(b.End) {
		return ledger.None, nil
	}
	held := holds(tx, b.Agency)
	if err := ends.Save(tx, key, b.End); err != nil || !held {
		return ledger.None, err
	}
	entry, err := b.Statement.Append(tx, ledger.Head{Kind: ledger.KindHolderEnded})
	if err != nil {
		return ledger.None, err
	}
	return entry, closeAll(tx, closedAgency(b.Agency), entry)
}
