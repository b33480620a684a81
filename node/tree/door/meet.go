package door

import (
	"context"
	"fmt"
	"time"

	"xietong/certs/identity"
	"xietong/certs/trust"
	"xietong/consensus/ledger"
	"xietong/node/ground/text"
	"xietong/node/tree"
)

// Meet asks the parent for its chain, and verifies the answer from the pins of the invitation: the
// chain goes from the root to the parent, all of it endorsed at the given time, and passes the
// parent's pinned key set. It returns the verified chain; its last link says which certificates the
// connection must have shown. A chain that does not verify is a text.ParentMismatch.
func Meet(ctx context.Context, c Conn, root, parent trust.Pin, now time.Time) ([]trust.Link, error) {
	_, chain, err := MeetAgain(ctx, c, root, parent.Name(), now)
	if err != nil {
		return nil, err
	}
	for _, k := range chain[len(chain)-1].KeySets {
		if k.Pin() == parent {
			return chain, nil
		}
	}
	return nil, Mismatch(parent.Name(), fmt.Errorf("its key sets are not those of %s", parent))
}

// MeetAgain is Meet for a parent that is known by its name alone, since it may have come back with
// other keys: what vouches for these is the chain from the root, which is returned as it came, too.
func MeetAgain(ctx context.Context, c Conn, root trust.Pin, parent identity.Jurisdiction, now time.Time) (levels []trust.Level, chain []trust.Link, err error) {
	if err := ask(ctx, c, opMeet, []byte{}, &levels); err != nil {
		return nil, nil, fmt.Errorf("meet %s: %w", parent, err)
	}
	if chain, err = trust.Descend(root, levels, ledger.VerifyEndorsement); err != nil {
		return nil, nil, Mismatch(parent, err)
	}
	for _, l := range chain {
		if !l.InForce(uint64(now.UnixMilli()), tree.MaxSkew) {
			return nil, nil, Mismatch(parent, fmt.Errorf("the endorsement of %s is not in force", l.Newest().Name))
		}
	}
	if last := chain[len(chain)-1].Newest().Name; last != parent {
		return nil, nil, Mismatch(parent, fmt.Errorf("it is the chain of %s", last))
	}
	return levels, chain, nil
}

// Mismatch returns the error that tells a person that the parent is not the one that the invitation
// names.
func Mismatch(parent identity.Jurisdiction, err error) error {
	return text.Fail(text.ParentMismatch, text.Args{"name": parent.String(), "reason": err.Error()}, err)
}
