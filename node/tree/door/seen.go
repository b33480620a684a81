package door

import (
	"context"
	"fmt"

	"xietong/certs/identity"
	"xietong/node/ground/text"
)

// Seen is what a neighbour saw of the asker's ledger.
type Seen struct {
	_     struct{}   `cbor:",toarray"`
	Notes []SeenNote // the largest checkpoint of each epoch, the last ones
	Epoch uint64     // of the ledger of whoever tells it
	// Behind says that whoever tells it may lack what its other replicas have.
	Behind bool
}

// SeenNote is a checkpoint as it was signed, and when it was seen.
type SeenNote struct {
	_    struct{} `cbor:",toarray"`
	Note []byte
	At   uint64 // ms since 1970 UTC
}

// seen tells a neighbour what was seen of its ledger.
func (d Door) seen(ctx context.Context, peer identity.Jurisdiction, body []byte) (Seen, error) {
	if len(body) > 0 {
		return Seen{}, text.Fail(text.BadRequest, text.Args{"where": "xietong-join/1", "reason": fmt.Sprintf("a body of %d bytes", len(body))}, nil)
	}
	return d.Seen(ctx, peer)
}

// AskSeen asks a neighbour over its link what it saw of the ledger of whoever asks. No signature of
// either side is needed for that but the link's: so it is answered also where one of the two has
// not learned the newest keys of the other yet, which it learns only from what is held up until it
// has said this. The notes prove themselves, or nothing.
func AskSeen(ctx context.Context, c Asker) (s Seen, err error) {
	if err := ask(ctx, c, opSeen, []byte{}, &s); err != nil {
		return s, fmt.Errorf("ask what it saw: %w", err)
	}
	return s, nil
}

// held reports whether an operation waits for what was missed to be known. The time, what a clock
// says, the own keys, who belongs to a jurisdiction and that something has changed have nobody
// believed and nothing recorded; and what was seen of the asker is what it waits for.
func held(op uint64) bool {
	switch op {
	case opTime, opMeet, opStale, opMember, opLacked, opSeen, opClock:
		return false
	}
	return true
}

// await returns why an operation is not done: what it would rest on may be missing here.
func (d Door) await(ctx context.Context, peer identity.Jurisdiction, op uint64) error {
	if op == opTime || op == opClock || op == opSeen { // Seen waits for nothing: others wait for it
		return nil
	}
	keys := op == opMeet || op == opMember || op == opLacked
	if d.Withheld != nil {
		if err := d.Withheld(keys); err != nil {
			return err
		}
	}
	if d.Unheard == nil || !held(op) {
		return nil
	}
	err := d.Unheard(ctx, peer)
	if err == nil && d.Withheld != nil {
		err = d.Withheld(keys)
	}
	return err
}
