package neighbours

import (
	"context"
	"fmt"

	"xietong/certs/identity"
	"xietong/node/ground/text"
	"xietong/node/tree/door"
)

// denials are the words by which a parent says that it does not endorse the keys that were shown.
var denials = []text.Code{text.EndorsementWithdrawn, text.EndorsementUnknown, text.KeysSuperseded, text.KeySetsForked, text.KeySetOld}

// denied keeps the parent's word that it does not endorse our keys, where it is its own.
func (u *Upkeep) denied(ctx context.Context, way door.Asker, parent identity.Jurisdiction, word *text.Failure) error {
	if u.o.Proves != nil {
		if err := u.o.Proves(ctx, way, parent); err != nil {
			return fmt.Errorf("verify the word of %s: %w", parent, err)
		}
	}
	return u.keys.Deny(string(word.Code), text.Values(word.Code, word.Args))
}
