package xietong_test

import (
	"bytes"
	"flag"
	"os"
	"regexp"
	"testing"
	"time"
)

const (
	faultTable = "deploy/chaos/README.md"
	faultPage  = "deploy/chaos/testdata/faults.txt"
)

var (
	plantFaults = flag.Bool("faults", false, "plant each fault in turn, and see its test fail: takes minutes")
	faultRow    = regexp.MustCompile("(?m)^\\| (F[0-9]+) \\|.*\\| `([\\w/.]+) (Test\\w+)` \\|$")
)

// plantedFaults returns the rows of the table of deploy/chaos, by their ids.
func plantedFaults(t *testing.T) map[string]threat {
	t.Helper()
	data, err := os.ReadFile(faultTable)
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string]threat{}
	for _, m := range faultRow.FindAllStringSubmatch(string(data), -1) {
		if _, twice := rows[m[1]]; twice {
			t.Errorf("%s: the row %s is there twice", faultTable, m[1])
		}
		rows[m[1]] = threat{m[1], m[2], m[3]}
	}
	return rows
}

// TestFaultsHaveTests: each planted fault has a row that names a test, which exists, and each row a
// fault, whose place is still there.
func TestFaultsHaveTests(t *testing.T) {
	rows, planted := plantedFaults(t), map[string]bool{}
	for _, d := range pieces(t, faultPage) {
		row, ok := rows[d.id]
		if !ok || planted[d.id] {
			t.Errorf("%s: %s is no row of %s, or is there twice", faultPage, d.id, faultTable)
		} else if testNamed(t, row.dir, row.test) == nil {
			t.Errorf("%s: row %s: %s has no %s", faultTable, d.id, row.dir, row.test)
		}
		planted[d.id] = true
	}
	for id := range rows {
		if !planted[id] {
			t.Errorf("%s: %s is not planted", faultTable, id)
		}
	}
	if len(rows) < 20 {
		t.Errorf("%d faults, fewer than 20", len(rows))
	}
}

// TestFaultsAreFound plants each fault in turn, and sees the test of its row fail.
func TestFaultsAreFound(t *testing.T) {
	if !*plantFaults {
		t.Skip("run with -faults")
	}
	rows := plantedFaults(t)
	for _, d := range pieces(t, faultPage) {
		t.Run(d.id, func(t *testing.T) {
			row, ok := rows[d.id]
			if !ok {
				t.Skip("TestFaultsHaveTests tells")
			}
			began := time.Now()
			if said := d.remove(t, row); bytes.Contains(said, []byte("panic: test timed out")) {
				t.Errorf("%s hangs, and tells nothing", row.test)
			}
			t.Logf("%s %s: %v with the build", row.dir, row.test, time.Since(began).Round(time.Second))
		})
	}
}
