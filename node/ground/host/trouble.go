package host

import "cmp"

// Trouble returns what is wrong with this machine and must be mended by a person, while the node
// serves what it can: a *PartError of the key that issues link identities, a *DecayedError or an
// *OldDecayedError of what is damaged on the disk, a *group.SpaceError, a *RemovedError or a
// *NoLeaderError, a *ClockError, an *ApartError for each replica whose clock is wrong, a
// *DifferError for each neighbour that has no link because of its clock, a *CorrectedError, and an
// *UnsavedError.
func (h *Host) Trouble() (all []error) {
	if err := h.part(PartKeys, certsFolder, h.authority.CheckIssuer()); err != nil {
		all = append(all, err)
	}
	all = append(all, h.damages()...)
	if err := h.group.Space(); err != nil {
		all = append(all, err)
	}
	all = append(all, h.apartErrors()...)
	if _, known := h.group.Leader(); h.Removed() != nil {
		all = append(all, h.Removed())
	} else if !known && !h.alone() {
		all = append(all, &NoLeaderError{h.name})
	}
	if err := cmp.Or(h.clockError(), h.checkEnded()); err != nil {
		all = append(all, err)
	}
	for _, differs := range h.guard.differErrors() {
		all = append(all, differs)
	}
	if c, ok := h.store.Correction(); ok {
		all = append(all, &CorrectedError{c})
	}
	for _, err := range []error{h.Questioned(), h.sizes.trouble(), h.unsaved()} {
		if err != nil {
			all = append(all, err)
		}
	}
	return all
}

// TakenOut says that this replica was removed while it was away, as the others have proven.
func (h *Host) TakenOut() {
	if !h.out.Swap(true) {
		h.logger.Error("this replica was removed", "replica", h.Replica().String())
	}
}

// Removed returns a *RemovedError where this replica belongs to its group no more, as it has seen
// or was told; nil: it does, as far as it knows.
func (h *Host) Removed() error {
	if h.out.Load() || h.group.Removed() {
		return &RemovedError{Replica: h.Replica()}
	}
	return nil
}
