package host

import (
	"errors"
	"fmt"
	"slices"

	"xietong/certs/canon"
	"xietong/certs/identity"
	"xietong/certs/trust"
	"xietong/consensus/state"
)

// ErrNotTaken is wrapped where a command of another replica is not proposed.
var ErrNotTaken = errors.New("not taken from another replica")

// MayPropose refuses what another replica may not have proposed, though it has the keys of the
// jurisdiction: (1) one that no key set lists has no say yet; (2) a command that nobody knows would
// end every replica; (3) what serves the group itself is verified as this replica verifies its own:
// the line of a checkpoint and a key set; (4) the clock of the state is corrected by the one that
// leads alone; (5) an epoch is begun by one that is alone: whoever has one machine of several does
// not end the keys of the others.
func (h *Host) MayPropose(from identity.Replica, c state.Command) error {
	newest, err := h.newestSet()
	switch {
	case err != nil:
		return err
	case newest.LogKey(from) == nil:
		return fmt.Errorf("%w: %s has no vote", ErrNotTaken, from)
	case !h.store.Knows(c.Kind):
		return fmt.Errorf("%w: command %d is not known", ErrNotTaken, c.Kind)
	}
	switch c.Kind {
	case state.KindCheckpointLine:
		return h.checkLine(from, c.Body)
	case state.KindKeySet:
		return checkChange(newest, c.Body)
	case state.KindClockCorrected, state.KindClockAccepted:
		return fmt.Errorf("%w: the clock is that of the replica that leads", ErrNotTaken)
	case state.KindEpoch, state.KindEpochWidened, state.KindEpochSettled, state.KindEpochAnew:
		return fmt.Errorf("%w: an epoch is begun by a replica that is alone", ErrNotTaken)
	}
	return nil
}

// checkChange verifies a key set that another replica wants to publish: it follows the newest one,
// a majority of that one's replicas signed it, and what the state keeps of it is what it says.
func checkChange(newest trust.KeySet, body []byte) error {
	var change state.KeySetChange
	if err := canon.Unmarshal(body, state.MaxCommandLen, &change); err != nil {
		return err
	}
	sets, err := trust.Extend(newest, [][]byte{change.Signed})
	if err != nil {
		return err
	}
	var listed []identity.Replica
	for _, r := range sets[len(sets)-1].Replicas {
		listed = append(listed, r.Replica)
	}
	if change.Number != newest.Number+1 || !slices.Equal(listed, change.Replicas) {
		return fmt.Errorf("%w: key set %d is not what it says", ErrNotTaken, change.Number)
	}
	return nil
}
