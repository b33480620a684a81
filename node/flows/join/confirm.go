package join

import (
	"context"
	"strings"

	"xietong/certs/identity"
	"xietong/certs/trust"
	"xietong/node/ground/text"
	"xietong/node/tree/breaks"
)

// ToConfirm returns the key set with which the chain of a child of a child ends now, for a person
// who compares its fingerprint with the one that the jurisdiction itself tells. typed is the
// jurisdiction as a person names it. The error is text.NotConfirmable where it does not stand two
// levels below, and text.NothingWaits where nobody waits for the key set any more.
func (d *Desk) ToConfirm(ctx context.Context, typed string) (trust.Pin, error) {
	of, err := d.Standing.Resolve(typed)
	if err != nil {
		return trust.Pin{}, err
	}
	args := text.Args{"name": of.String(), "jurisdiction": d.Own.Name().String()}
	if !d.Breaks.Confirmable(of) {
		return trust.Pin{}, text.Fail(text.NotConfirmable, args, nil)
	}
	pin, err := d.Chains.Shown(ctx, of)
	if err != nil {
		return trust.Pin{}, err
	}
	settled, err := d.Breaks.Settled(ctx, pin)
	if err == nil && settled {
		err = text.Fail(text.NothingWaits, args, nil)
	}
	return pin, err
}

// Confirm records that somebody here compared the fingerprint of that key set with its owner, and
// why. Whoever waits for the key set then waits no more. Errors are those of ToConfirm,
// and text.FingerprintDiffers where the fingerprint is of another key set.
func (d *Desk) Confirm(ctx context.Context, id identity.Message, typed, fingerprint, reason string) (trust.Pin, identity.Entry, error) {
	pin, err := d.ToConfirm(ctx, typed)
	if err != nil {
		return pin, identity.Entry{}, err
	}
	if digits(fingerprint) != digits(pin.Fingerprint()) {
		return pin, identity.Entry{}, text.Fail(text.FingerprintDiffers, text.Args{"name": d.Standing.Called(pin.Name()), "fingerprint": pin.Fingerprint()}, nil)
	}
	entry, err := d.Breaks.Confirm(ctx, id, pin, reason)
	if err == nil {
		d.Chains.Tell(pin.Name(), identity.Jurisdiction{})
	}
	return pin, entry, err
}

// digits returns a fingerprint as people may write it, in its one spelling.
func digits(fingerprint string) string {
	return strings.ToUpper(strings.Join(strings.Fields(fingerprint), ""))
}

// Deny signs an objection to a key set that goes by the name of this jurisdiction and is not its
// own. Others need a majority of the log keys; of several replicas each signs one of its own. The
// error is text.NotOursToObject for a key set of another name, and text.BadRequest for a text that
// is no pin.
func (d *Desk) Deny(id identity.Message, typed string) ([]byte, error) {
	pin, err := trust.ParsePin(typed)
	if err != nil {
		return nil, text.Fail(text.BadRequest, text.Args{"where": "pin", "reason": err.Error()}, err)
	}
	if own := d.Own.Name(); pin.Name() != own {
		return nil, text.Fail(text.NotOursToObject, text.Args{"name": d.Standing.Called(pin.Name()), "jurisdiction": own.String()}, nil)
	}
	return trust.SignObjection(pin, id.Time(), trust.Objector{Replica: d.Keys.Replica(), Sign: d.Keys.SignLog})
}

// Object hands an objection in, here or at the jurisdiction that at names. Whoever has it may bring
// it. Errors are those of breaks.Store.Object.
func (d *Desk) Object(ctx context.Context, doc []byte, at string) error {
	to, err := d.Standing.Resolve(at)
	if err != nil {
		return err
	}
	if to == d.Own.Name() {
		return d.Breaks.Object(ctx, doc)
	}
	return breaks.Bring(ctx, d.Asker, to, doc)
}
