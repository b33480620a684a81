//go:build unix

package filter

import (
	"os"
	"os/exec"
	"syscall"
	"testing"
)

// TestZonesOfTheProgram (P12) takes every file away from the test, so that the machine has no
// zones.
func TestZonesOfTheProgram(t *testing.T) {
	const empty = "XIETONG_TEST_EMPTY_ROOT"
	if dir := os.Getenv(empty); dir != "" {
		if err := syscall.Chroot(dir); err != nil {
			t.Skip("only an administrator can take files away")
		}
		f, err := planned(`timestamp("2026-01-01T00:30:00Z").getHours("Asia/Shanghai") == 8`)
		if err != nil || outcome(f, oddRecord) != yes {
			t.Errorf("got %v, want %s", err, yes)
		}
		return
	}
	c := exec.Command(os.Args[0], "-test.run=^TestZonesOfTheProgram$")
	c.Env = append(os.Environ(), empty+"="+t.TempDir(), "ZONEINFO=")
	if out, err := c.CombinedOutput(); err != nil {
		t.Errorf("without zones on the machine: %v: %s", err, out)
	}
}
