package host

import (
	"xietong/consensus/group"
	"xietong/consensus/state"
)

// ahead is told that this replica has applied what those that lead do not have. Its folder is the
// newest, and theirs were set back: it follows them no more, and is in question like a folder that
// may be old, so that it votes for nobody, signs nothing and answers no other jurisdiction. Which
// of the two histories goes on a person decides.
func (h *Host) ahead(e *group.AheadError) {
	size := uint64(0)
	_ = h.Look(func(r *state.Reader) error { // what cannot be read has no entries that are known
		size = r.Size()
		return nil
	})
	h.doubt(size)
	h.reword(func(now *QuestionError) { now.Ahead, now.Grouped, now.Waiting = e, true, false })
	h.logger.Error("this replica has applied entries that those that lead do not have: it follows nobody, and its folder is the newest", "dir", h.dir, "error", e)
}

// Ahead reports whether this replica has applied what those that lead do not have.
func (h *Host) Ahead() bool {
	q := h.question.Load()
	return q != nil && q.Ahead != nil
}
