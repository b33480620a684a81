package text

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestProtocolTable compares the table of problems with the public list, row by row in both
// directions.
func TestProtocolTable(t *testing.T) {
	doc, err := os.ReadFile("../../../docs/protocol.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, ok := strings.Cut(string(doc), "\n## Errors\n")
	if !ok {
		t.Fatal("docs/protocol.md has no section Errors")
	}
	section, _, _ = strings.Cut(section, "\n## ")
	got := regexp.MustCompile(`(?m)^\| \d+ \|.*\|$`).FindAllString(section, -1)
	var want []string
	for _, p := range allProblems() {
		values := "–"
		if len(p.params) > 0 {
			values = strings.Join(p.params, ", ")
		}
		want = append(want, fmt.Sprintf("| %d | `%s` | %d | %s | %s | %s |",
			p.number, p.code, p.status, values, p.en.title, p.zh.title))
	}
	for _, row := range want {
		if !slices.Contains(got, row) {
			t.Errorf("docs/protocol.md lacks the row\n%s", row)
		}
	}
	for _, row := range got {
		if !slices.Contains(want, row) {
			t.Errorf("docs/protocol.md has a row that the table does not:\n%s", row)
		}
	}
	if !slices.Equal(got, want) && len(got) == len(want) {
		t.Error("the rows of docs/protocol.md are in another order than the table's")
	}
}
