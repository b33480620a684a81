package door

import (
	"context"
	"fmt"

	"xietong/certs/canon"
	"xietong/certs/identity"
	"xietong/node/tree"
)

// beginning is the body of opEpoch.
type beginning struct {
	_      struct{} `cbor:",toarray"`
	Child  identity.Jurisdiction
	Secret []byte
}

func (d Door) epoch(ctx context.Context, body []byte) (uint64, error) {
	var b beginning
	if err := unmarshal(body, &b); err != nil {
		return 0, err
	}
	return tree.Epoch(ctx, d.Parent, b.Child, b.Secret)
}

// AskEpoch asks the parent for the epoch with which the ledger begins that the holder of an
// invitation makes. The parent refuses a key set of any other, except where the ledger exists.
func AskEpoch(ctx context.Context, c Conn, child identity.Jurisdiction, secret []byte) (epoch uint64, err error) {
	body, err := canon.Marshal(beginning{Child: child, Secret: secret})
	if err != nil {
		return 0, err
	}
	if err := ask(ctx, c, opEpoch, body, &epoch); err != nil {
		return 0, fmt.Errorf("ask for the epoch: %w", err)
	}
	return epoch, nil
}
