package witnessing

import (
	"context"
	"errors"
	"time"

	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/consensus/witness"
	"xietong/node/ground/failure"
)

// Seen is the largest checkpoint of the own ledger that a witness says it saw.
type Seen struct {
	By         identity.Jurisdiction
	Checkpoint ledger.Checkpoint
	Note       []byte
	At         time.Time
	// Proven says that a majority of an own key set signed the note that is known here. A copy may
	// be older than the keys that signed what it lost.
	Proven bool
}

// Largest asks every neighbour of another node for the largest checkpoints of the own ledger that
// it saw, of each epoch. Those who answer are told of also where others do not; where nobody
// answers, the error says why.
func (d *Desk) Largest(ctx context.Context) (all []Seen, err error) {
	answered := false
	for _, name := range d.neighbours() {
		if d.o.Here(name) {
			continue
		}
		told, failed := ask(ctx, d, operationLargest, name, nothing{})
		if failed != nil {
			err = errors.Join(err, failed)
			continue
		}
		answered = true
		for _, k := range told.Kept {
			s, bad := d.seenBy(ctx, name, k)
			if bad != nil {
				err = errors.Join(err, failure.Unreadable(name, bad))
				continue
			}
			all = append(all, s)
		}
	}
	if answered {
		return all, nil
	}
	return nil, err
}

func (d *Desk) seenBy(ctx context.Context, name identity.Jurisdiction, k seen) (s Seen, err error) {
	s = Seen{By: name, Note: k.Note, At: time.UnixMilli(int64(k.At))}
	if s.Checkpoint, err = (ledger.Growth{Note: k.Note}).Checkpoint(); err != nil {
		return s, err
	}
	if s.Checkpoint.Log.Jurisdiction() != d.name {
		return s, errors.New("it is of another ledger")
	}
	sets, err := d.ownKeys(ctx)
	if err != nil {
		return s, err
	}
	_, unproven := witness.OpenNote(k.Note, d.name, sets)
	s.Proven = unproven == nil
	return s, nil
}
