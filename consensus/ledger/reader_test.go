package ledger

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

// TestSecondReader runs a reader that was written from docs/ledger-format.md alone, in another
// language: it must accept and refuse the vectors for the same reasons, and find the root that an
// excerpt gives, and any change of it.
func TestSecondReader(t *testing.T) {
	if out, err := exec.Command("python3", "-c", "import cryptography").CombinedOutput(); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatalf("python3 with the package cryptography is required here: %v\n%s", err, out)
		}
		t.Skip("no python3 with the package cryptography here: apt-get install python3-cryptography")
	}
	cmd := exec.Command("python3", "testdata/reader/reader.py", "--vectors", "testdata/vectors/accept.json", "testdata/vectors/refuse.json")
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "vectors as expected") {
		t.Errorf("%v\n%s", err, out)
	}
	out, err = exec.Command("python3", "testdata/reader/reader.py", "--excerpt", "testdata/vectors/parts.json").CombinedOutput()
	if err != nil || !strings.Contains(string(out), "excerpt as expected") {
		t.Errorf("excerpt: %v\n%s", err, out)
	}
}
