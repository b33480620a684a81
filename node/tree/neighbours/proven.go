package neighbours

import (
	"context"
	"errors"
	"fmt"

	"xietong/certs/identity"
	"xietong/node/ground/failure"
	"xietong/node/ground/text"
	"xietong/node/tree/door"
)

// ErrOldKeys is wrapped where whoever answers in the place of a parent that is the root proves that
// it has keys from before those that are known.
var ErrOldKeys = errors.New("it has keys from before those that are known")

// denials are the words by which a parent says that it does not endorse the keys that were shown.
var denials = []text.Code{text.EndorsementWithdrawn, text.EndorsementUnknown, text.KeysSuperseded, text.KeySetsForked, text.KeySetOld}

// denial returns the values of a parent's word as they are kept and told: it is about this
// jurisdiction and of the parent, whatever names the parent put in, an entry is one of the parent's
// ledger, and every other value is of its kind.
func (u *Upkeep) denial(parent identity.Jurisdiction, f *text.Failure) []string {
	args, formed := failure.Formed(parent, f.Code, f.Args)
	if !formed {
		args = text.Args{}
	}
	args["name"], args["jurisdiction"] = u.keys.Name().String(), parent.String()
	if e, err := identity.ParseEntry(args["entry"]); err != nil || e.Log().Jurisdiction() != parent {
		args["entry"] = "–"
	}
	return text.Values(f.Code, args)
}

// proven verifies that the other end of a way is the parent: whoever stands at the address of its
// door answers there, and neither an answer from before nor a refusal of a stranger says anything.
func (u *Upkeep) proven(ctx context.Context, way door.Asker, parent identity.Jurisdiction) error {
	if u.o.Proves == nil {
		return nil
	}
	if err := u.o.Proves(ctx, way, parent); err != nil {
		return fmt.Errorf("verify the door of %s: %w", parent, err)
	}
	return nil
}
