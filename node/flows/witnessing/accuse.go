package witnessing

import (
	"context"
	"errors"

	"xietong/certs/trust"
	"xietong/consensus/ledger"
	"xietong/consensus/witness"
)

// ownNote verifies a note that a witness says is of this ledger, by all own key sets.
func (d *Desk) ownNote(ctx context.Context, note []byte) (c ledger.Checkpoint, err error) {
	sets, err := d.ownKeys(ctx)
	if err != nil {
		return c, err
	}
	return witness.OpenNote(note, d.name, sets)
}

func (d *Desk) ownKeys(ctx context.Context) ([]trust.KeySet, error) {
	signed, err := d.o.Own.KeySets(ctx)
	if err != nil {
		return nil, err
	}
	pin, err := trust.PinOf(signed[0])
	if err != nil {
		return nil, err
	}
	return trust.Walk(pin, signed)
}

// accuses checks that a note of the own ledger, which holds by an own key set, was signed by one at
// least whom the newest key set lists. Who has the keys of machines that were removed can sign any
// tree, where they were a majority once, as the first machine of a group is. What they signed in
// their time is here, or that was found then.
func (d *Desk) accuses(ctx context.Context, note []byte) error {
	sets, err := d.ownKeys(ctx)
	if err != nil {
		return err
	}
	newest := sets[len(sets)-1]
	for _, k := range sets {
		gone := k.Without(newest)
		if len(gone.Replicas) == 0 {
			continue
		}
		if _, err := witness.OpenNote(note, d.name, []trust.KeySet{gone}); err == nil { // all of its lines are theirs
			return errRemoved
		}
	}
	return nil
}

// errRemoved is why a checkpoint puts the own ledger in no question.
var errRemoved = errors.New("removed replicas alone signed it")
