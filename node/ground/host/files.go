package host

import (
	"xietong/consensus/group"
	"xietong/consensus/state"
)

// stateOptions returns the options of the state.
func (h *Host) stateOptions(o Options) state.Options {
	return state.Options{
		Fatal: o.Fatal, Hosted: o.Hosted, FileBlocks: o.FileBlocks, Aside: o.Aside,
		Room: func() (uint64, error) { return group.Room(h.dir, o.MinFree) },
		Unmoved: func(err error) {
			h.logger.Warn("old entries of the ledger could not be moved into a file, and stay where they are; it is tried again", "error", err)
		},
	}
}
