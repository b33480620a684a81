package witnessing

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/consensus/witness"
	"xietong/node/ground/failure"
	"xietong/node/ground/text"
	"xietong/node/tree/door"
)

// Seen is the largest checkpoint of the own ledger that a witness says it saw.
type Seen struct {
	By         identity.Jurisdiction
	Checkpoint ledger.Checkpoint
	Note       []byte
	At         time.Time
	// Forgot says that the witness has begun an epoch since this jurisdiction kept a checkpoint of
	// its ledger: it lost entries itself, and may have seen more than it knows.
	// A replica of it that may lack what the others have may have seen more, too.
	Forgot bool
	// Proven says that a majority of an own key set signed the note that is known here. A copy may
	// be older than the keys that signed what it lost.
	Proven bool
	// Headed says that no checkpoint is known, but the heads up to there: see SeenAbove. There may
	// have been more.
	Headed bool
}

// Asks reports whether an operation asks what is kept of the asker's ledger: whoever was put back
// needs the answer, also of one that was put back itself.
func Asks(operation string) bool { return operation == string(operationLargest) }

// mostAsked is how many neighbours are asked side by side what they saw.
const mostAsked = 64

// Largest asks every neighbour of another node for the largest checkpoints of the own ledger that
// it saw, of each epoch, all at once: none that is slow keeps another one from being heard. Those
// who answer are told of also where others do not; where nobody answers, the error says why.
func (d *Desk) Largest(ctx context.Context) (all []Seen, err error) {
	var asking sync.WaitGroup
	var mu sync.Mutex
	answered, slots := false, make(chan struct{}, mostAsked)
	for _, name := range d.neighbours() {
		if d.o.Here(name) {
			continue
		}
		slots <- struct{}{}
		asking.Go(func() {
			defer func() { <-slots }()
			some, failed := d.LargestBy(ctx, name)
			mu.Lock()
			defer mu.Unlock()
			all, err = append(all, some...), errors.Join(err, failed)
			answered = answered || failed == nil || len(some) > 0
		})
	}
	asking.Wait()
	if answered {
		return all, nil
	}
	return nil, err
}

// errNotCaughtUp is why a neighbour's word that it saw no more counts for nothing yet.
var errNotCaughtUp = errors.New("it may lack what its other replicas have")

// LargestBy asks one neighbour. Where it may lack what its other replicas have, the error says so,
// beside what it tells.
func (d *Desk) LargestBy(ctx context.Context, name identity.Jurisdiction) (all []Seen, err error) {
	told, err := ask(ctx, d, operationLargest, name, nothing{})
	if err != nil {
		return nil, err
	}
	return d.opened(name, told)
}

// largestOver asks one neighbour over its link, by what needs no keys but those of the link; older
// says that it runs a program that does not know that, and was asked by a message.
func (d *Desk) largestOver(ctx context.Context, name identity.Jurisdiction) (all []Seen, older bool, err error) {
	if d.o.OverLink == nil {
		all, err = d.LargestBy(ctx, name)
		return all, false, err
	}
	said, err := door.AskSeen(ctx, d.o.OverLink(name))
	if failure.Is(err, text.BadRequest) {
		all, err = d.LargestBy(ctx, name)
		return all, true, err
	}
	if err != nil {
		return nil, false, err
	}
	told := largest{Epoch: said.Epoch, Behind: said.Behind}
	for _, n := range said.Notes {
		told.Kept = append(told.Kept, seen{Note: n.Note, At: n.At})
	}
	if err := told.Check(); err != nil {
		return nil, false, failure.Unreadable(name, err)
	}
	all, err = d.opened(name, told)
	return all, false, err
}

// opened are the checkpoints that a neighbour tells. What it cannot have seen is left out.
func (d *Desk) opened(name identity.Jurisdiction, told largest) (all []Seen, err error) {
	forgot, err := d.forgot(name, told.Epoch)
	if err != nil {
		return nil, err
	}
	for _, k := range told.Kept {
		s, bad := d.seenBy(name, k)
		s.Forgot = forgot || told.Behind
		if bad != nil {
			d.o.Logger.Warn("what a neighbour says it saw is no checkpoint", "peer", name.String(), "error", failure.Unreadable(name, bad))
			continue
		}
		all = append(all, s)
	}
	if told.Behind {
		return all, fmt.Errorf("%s: %w", name, errNotCaughtUp)
	}
	return all, nil
}

// forgot reports whether a neighbour's ledger is in an epoch after the newest of which a checkpoint
// is kept here.
func (d *Desk) forgot(name identity.Jurisdiction, epoch uint64) (bool, error) {
	newest, err := looked(d, func(r *state.Reader) (newest uint64, err error) {
		for _, k := range keptOf.All(r, ofLog(name)) {
			newest = max(newest, k.Log.Epoch())
		}
		return newest, nil
	})
	return epoch > max(newest, 1), err
}

func (d *Desk) seenBy(name identity.Jurisdiction, k seen) (s Seen, err error) {
	s = Seen{By: name, Note: k.Note, At: time.UnixMilli(int64(k.At))}
	if s.Checkpoint, err = (ledger.Growth{Note: k.Note}).Checkpoint(); err != nil {
		return s, err
	}
	if s.Checkpoint.Log.Jurisdiction() != d.name {
		return s, errors.New("it is of another ledger")
	}
	sets, err := d.o.Own.KeySetsIn(s.Checkpoint.Log.Epoch(), 0)
	if err != nil {
		return s, err
	}
	_, unproven := witness.OpenNote(k.Note, d.name, sets)
	s.Proven = unproven == nil
	return s, nil
}
