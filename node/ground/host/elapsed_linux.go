package host

import (
	"time"

	"golang.org/x/sys/unix"
)

// suspended returns how long the machine was suspended since it started. Where the system does not
// tell, it was not.
func suspended() time.Duration {
	var boot, monotonic unix.Timespec
	if unix.ClockGettime(unix.CLOCK_BOOTTIME, &boot) != nil || unix.ClockGettime(unix.CLOCK_MONOTONIC, &monotonic) != nil {
		return 0
	}
	return time.Duration(boot.Nano() - monotonic.Nano())
}
