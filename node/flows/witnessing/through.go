package witnessing

import (
	"context"
	"fmt"

	"xietong/certs/identity"
	"xietong/node/ground/operation"
)

// A place on its parent's node whose keys count no more has no link, and is believed by nobody. It
// is to know what is lost all the same. The one of its node that is linked to the level above asks
// in its place: that one has passed on all that the level above keeps of what is below it.

// ofWhom names whose log is asked about, where that is not the asker's own.
type ofWhom struct {
	Of string `cbor:"1,keyasint,omitempty"` // below the asker
}

// Check implements the bound of operation.
func (w ofWhom) Check() error {
	if w.Of == "" {
		return nil
	}
	_, err := identity.ParseJurisdiction(w.Of)
	return err
}

// of returns whose log it is, for an asker: its own, or that of a place below it.
func (w ofWhom) of(asker identity.Jurisdiction) (identity.Jurisdiction, error) {
	if w.Of == "" {
		return asker, nil
	}
	of, err := identity.ParseJurisdiction(w.Of)
	if err == nil && (of == asker || !of.Under(asker)) {
		err = fmt.Errorf("%s asks for the heads of %s", asker, of)
	}
	return of, err
}

// askThrough asks somebody about the own log or, where that fails, has the one who asks in this
// one's place ask about it as one below.
func askThrough[P, R any](ctx context.Context, d *Desk, o operation.Operation[P, R], by identity.Jurisdiction, own, below P) (R, error) {
	told, err := ask(ctx, d, o, by, own)
	if err == nil || d.o.Through == nil || d.o.Here(by) {
		return told, err
	}
	if other := d.o.Through(); other != nil {
		if again, failed := ask(ctx, other, o, by, below); failed == nil {
			return again, nil
		}
	}
	return told, err
}

// askHeads asks somebody for heads.
func (d *Desk) askHeads(ctx context.Context, by identity.Jurisdiction, l lost) (heads, error) {
	below := l
	below.Of = d.name.String()
	return askThrough(ctx, d, operationHeads, by, l, below)
}

// askLogs asks somebody of which logs it keeps heads.
func (d *Desk) askLogs(ctx context.Context, by identity.Jurisdiction) (logsKept, error) {
	return askThrough(ctx, d, operationLogs, by, ofWhom{}, ofWhom{d.name.String()})
}
