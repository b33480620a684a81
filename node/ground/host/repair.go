package host

import (
	"context"
	"errors"
	"time"

	"xietong/certs/identity"
	"xietong/consensus/group"
)

// A replica looks mendLook apart whether its data are damaged, and is mended from the others at
// most once in mendEvery. A leader that is damaged hands over each time that it looks.
const (
	mendLook  = 10 * time.Second
	mendEvery = time.Hour
)

// ErrNothingToMend is returned by Mend where nothing is damaged that is known of.
var ErrNothingToMend = errors.New("nothing damaged is known of")

// watchDecay has this replica mended from the others where its data are damaged, until ctx ends.
// Until it is, others lead where they can. Files of old entries are mended by themselves, and
// nobody leads the better for them.
func (h *Host) watchDecay(ctx context.Context) {
	for pause(ctx, mendLook) {
		h.repairing.Lock()
		h.mendOld(ctx)
		h.repairing.Unlock()
		damage := h.decayed()
		if damage == nil || !damage.Others {
			continue
		}
		if h.mayMend() {
			h.repairing.Lock()
			_, err := h.Mend(ctx)
			h.repairing.Unlock()
			if err != nil && !errors.Is(err, ErrNothingToMend) && ctx.Err() == nil {
				h.logger.Warn("damaged data could not be mended from another replica: it is tried again in an hour", "error", err)
			}
		} else if err := h.group.HandOver(ctx); err != nil && !errors.Is(err, group.ErrNoSuccessor) && ctx.Err() == nil {
			h.logger.Warn("this replica's data are damaged, and it could not hand over leadership", "error", err)
		}
	}
}

// Repair is what came of a person's wish that this replica be made whole.
type Repair struct {
	Replica identity.Replica
	Found   []error // what was damaged: a *DecayedError, an *OldDecayedError, or both
	Files   int     // files of old entries that are whole again
	From    identity.Replica
	Left    []error // what is damaged still
}

// Repair makes this replica whole from the others, as far as they can: its files of old entries
// block by block, and then, where anything else is damaged, all its data. It waits for no time to
// pass since the last try, and for one that is under way. Where there are no others it changes
// nothing.
func (h *Host) Repair(ctx context.Context) Repair {
	h.repairing.Lock()
	defer h.repairing.Unlock()
	r := Repair{Replica: h.Replica(), Found: h.damages()}
	if h.alone() || len(r.Found) == 0 {
		r.Left = r.Found
		return r
	}
	if len(h.store.DamagedFiles()) > 0 {
		r.Files = h.mendFiles(ctx)
	}
	if h.decayed() != nil {
		h.decay.begun()
		if from, err := h.Mend(ctx); err == nil {
			r.From = from
		}
	}
	r.Left = h.damages()
	return r
}

// damages returns what is damaged on this replica's disk.
func (h *Host) damages() (all []error) {
	if damage := h.decayed(); damage != nil {
		all = append(all, damage)
	}
	if damage := h.oldDecayed(); damage != nil {
		all = append(all, damage)
	}
	return all
}

// begun notes that a mending begins.
func (d *decay) begun() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.tried = time.Now()
}

// mayMend reports whether the last mending was begun long enough ago, and notes that one begins.
func (h *Host) mayMend() bool {
	h.decay.mu.Lock()
	defer h.decay.mu.Unlock()
	if now := time.Now(); h.decay.tried.IsZero() || now.Sub(h.decay.tried) >= mendEvery {
		h.decay.tried = now
		return true
	}
	return false
}

// Mend takes the whole state of this replica anew from another one, while all serve, and returns
// which. It returns ErrNothingToMend where nothing damaged is known of. The keys in memory are read
// anew by whoever needs them: what was damaged decided nothing.
func (h *Host) Mend(ctx context.Context) (from identity.Replica, err error) {
	damage := h.decayed()
	if damage == nil {
		return from, ErrNothingToMend
	}
	if from, err = h.group.Mend(ctx); err != nil {
		h.decay.mu.Lock()
		h.decay.why = err
		h.decay.mu.Unlock()
		return from, err
	}
	h.decay.mu.Lock()
	h.decay.found, h.decay.why, h.decay.old = nil, nil, oldDecay{}
	h.decay.mu.Unlock()
	h.logger.Info("damaged data were mended from another replica", "from", from.String(), "what", damage.Kept, "values", damage.Values)
	return from, nil
}
