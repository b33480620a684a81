package host

import (
	"os"
	"time"
)

// syncedFile is what systemd-timesyncd touches each time it has set the clock. It is gone after a
// reboot.
const syncedFile = "/run/systemd/timesync/synchronized"

// Elapsed returns how much time has passed since the call of Elapsed, suspends included.
func Elapsed() func() time.Duration {
	began, before := time.Now(), suspended()
	return func() time.Duration { return time.Since(began) + suspended() - before }
}

// Synced returns when the system's time service set the clock last; zero: not known.
func Synced() time.Time {
	info, err := os.Stat(syncedFile)
	if err != nil {
		return time.Time{}
	}
	return info.ModTime()
}
