package group

import (
	"time"

	"github.com/hashicorp/raft"
)

// Restless makes snapshots, truncations and new files of raft's log happen all the time; for tests
// of crashes.
func (c *Config) Restless() {
	c.Segment = 256 << 10
	c.Tune = func(r *raft.Config) {
		r.SnapshotThreshold, r.TrailingLogs, r.SnapshotInterval = 16, 8, 5*time.Millisecond
	}
}
