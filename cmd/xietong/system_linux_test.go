package main

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

const secretsEnv = "XIETONG_TEST_SECRETS"

// TestNoCoreOfKeys (S29b): a process that has keys writes no core, lets nobody look into it, and
// makes files for its owner alone. Another process does it, since it cannot be undone.
func TestNoCoreOfKeys(t *testing.T) {
	if os.Getenv(secretsEnv) != "" {
		secretsChild(t)
		return
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestNoCoreOfKeys$", "-test.v")
	cmd.Env = append(os.Environ(), secretsEnv+"=1")
	if said, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(said), "kept") {
		t.Errorf("%v\n%s", err, said)
	}
}

func secretsChild(t *testing.T) {
	b := newWorkbench(t, "C")
	called := 0
	b.app.node.keepSecrets = func() { called++; keepSecrets() }
	for _, line := range []string{"version", "init guizhou", "join xt1-x", "status"} {
		b.run(strings.Fields(line)...)
	}
	if called != 2 || theNode.keepSecrets == nil {
		t.Fatalf("called %d times, want twice: before init and before join", called)
	}
	var core unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_CORE, &core); err != nil || core.Cur != 0 || core.Max != 0 {
		t.Errorf("cores: %+v, %v", core, err)
	}
	if dumpable, err := unix.PrctlRetInt(unix.PR_GET_DUMPABLE, 0, 0, 0, 0); err != nil || dumpable != 0 {
		t.Errorf("dumpable: %d, %v", dumpable, err)
	}
	if mask := unix.Umask(0o077); mask != 0o077 {
		t.Errorf("umask %o", mask)
	}
	t.Log("kept")
}
