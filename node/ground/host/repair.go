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
		h.mendOld(ctx)
		damage := h.decayed()
		if damage == nil || !damage.Others {
			continue
		}
		if h.mayMend() {
			if _, err := h.Mend(ctx); err != nil && ctx.Err() == nil {
				h.logger.Warn("damaged data could not be mended from another replica: it is tried again in an hour", "error", err)
			}
		} else if err := h.group.HandOver(ctx); err != nil && !errors.Is(err, group.ErrNoSuccessor) && ctx.Err() == nil {
			h.logger.Warn("this replica's data are damaged, and it could not hand over leadership", "error", err)
		}
	}
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
		return from, err
	}
	h.decay.mu.Lock()
	h.decay.found, h.decay.old = nil, oldDecay{}
	h.decay.mu.Unlock()
	h.logger.Info("damaged data were mended from another replica", "from", from.String(), "what", damage.Kept, "values", damage.Values)
	return from, nil
}
