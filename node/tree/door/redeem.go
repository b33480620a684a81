package door

import (
	"context"
	"fmt"

	"xietong/certs/canon"
	"xietong/certs/identity"
	"xietong/certs/trust"
	"xietong/node/ground/text"
	"xietong/node/tree"
)

func (d Door) redeem(ctx context.Context, binding [32]byte, body []byte) (redeemed, error) {
	var r tree.Redemption
	if err := unmarshal(body, &r); err != nil {
		return redeemed{}, err
	}
	entry, err := tree.Redeem(ctx, d.Parent, r, binding, d.Now())
	if err != nil {
		if code, _ := told(err); code == text.InvitationRedeemed || code == text.NotPossessed || code == text.ChildMismatch {
			d.Alarm(r.Child, code, brought(r, err))
		}
		return redeemed{}, err
	}
	if d.Settled != nil {
		d.Settled(r.Child)
	}
	return d.endorsed(ctx, r.Child, entry, true)
}

// brought adds to a refusal, for the log, with which key set the invitation was used: so that two
// who speak on the telephone have something to compare.
func brought(r tree.Redemption, err error) error {
	if len(r.KeySets) == 0 {
		return err
	}
	pin, bad := trust.PinOf(r.KeySets[0])
	if bad != nil {
		return err
	}
	return fmt.Errorf("with key set %s: %w", pin.Fingerprint(), err)
}

// Ask redeems the invitation over the connection. It returns the levels above the child, the last
// with the endorsement of the child, and the name of the entry of that endorsement. It verifies
// nothing: the caller must verify the levels before it keeps them.
func Ask(ctx context.Context, c Conn, r tree.Redemption) ([]trust.Level, identity.Entry, error) {
	body, err := canon.Marshal(r)
	if err != nil {
		return nil, identity.Entry{}, err
	}
	var got redeemed
	if err := ask(ctx, c, opRedeem, body, &got); err != nil {
		return nil, identity.Entry{}, fmt.Errorf("redeem invitation: %w", err)
	}
	return got.Levels, got.Entry, nil
}
