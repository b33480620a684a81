package xietong_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

// maxTracked bounds one file of the repository, in bytes: the longest data are 1 MB, and what is
// larger was built.
const maxTracked = 2 << 20

// TestNothingBuiltIsTracked: every clone carries for ever what was committed once.
func TestNothingBuiltIsTracked(t *testing.T) {
	out, err := exec.Command("git", "ls-files", "-z").Output()
	if err != nil {
		t.Skipf("this is no clone: %v", err)
	}
	for name := range strings.SplitSeq(strings.TrimSuffix(string(out), "\x00"), "\x00") {
		if info, err := os.Lstat(name); err == nil && info.Size() > maxTracked {
			t.Errorf("%s has %d bytes, more than %d: what is built is not committed", name, info.Size(), maxTracked)
		}
	}
}
