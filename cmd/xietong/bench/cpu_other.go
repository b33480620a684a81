//go:build !unix

package bench

import "time"

// cpuTime is not known on other systems, on which no node runs.
func cpuTime() time.Duration { return 0 }
