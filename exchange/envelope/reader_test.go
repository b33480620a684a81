package envelope

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

// TestSecondReader runs a reader that was written from docs/message-format.md alone, in another
// language and on other libraries: it must accept and refuse the vectors for the same reasons.
func TestSecondReader(t *testing.T) {
	_, installed := os.Stat("testdata/reader/node_modules")
	if _, err := exec.LookPath("node"); err != nil || installed != nil {
		const how = "no node here, or not what the reader stands on: cd exchange/envelope/testdata/reader && npm ci"
		if os.Getenv("CI") != "" {
			t.Fatal(how)
		}
		t.Skip(how)
	}
	out, err := exec.Command("node", "testdata/reader/reader.mjs", "--vectors", vectorDir).CombinedOutput()
	if err != nil || !strings.Contains(string(out), "vectors as expected") {
		t.Errorf("%v\n%s", err, out)
	}
}
