package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"xietong/node/faces/client"
)

// TestBadRowsAreNotAbsent (F7): while rows of a file are bad, no record is told as missing in it,
// and nobody is advised to take records out.
func TestBadRowsAreNotAbsent(t *testing.T) {
	for _, row := range []struct {
		bad, good uint64
		want, not string
	}{
		{0, 5, "如需撤下，请加 --replace", "不合格的行未作比较"}, {2, 3, "不合格的行未作比较", "--replace"}, {5, 0, "合格 0 行", "现有记录"},
	} {
		b := newWorkbench(t, "zh_CN.UTF-8")
		a := b.app
		var told strings.Builder
		a.lang, a.getenv = "zh", func(string) string { return "" }
		a.printCheck(&told, client.ImportCheck{Rows: 5, Good: row.good, BadCount: row.bad, Unchanged: row.good, Absent: 5 + row.bad}, client.Import{})
		if got := told.String(); !strings.Contains(got, row.want) || strings.Contains(got, row.not) {
			t.Errorf("%d bad of 5: got %s", row.bad, got)
		}
	}
}

// TestFileOfAStandard (F18): the file of a standard, given as that of a dataset, is told as that.
func TestFileOfAStandard(t *testing.T) {
	b := newWorkbench(t, "zh_CN.UTF-8")
	file := filepath.Join(t.TempDir(), "s.json")
	if err := os.WriteFile(file, []byte(`{"code":"count","title":"统计","level":"county","counts":["statistics"]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{"dataset publish " + file} {
		_, _, stderr := b.run(strings.Fields(line)...)
		if !strings.Contains(stderr, "是标准目录 count") || !strings.Contains(stderr, "dataset standard publish") {
			t.Errorf("%s: got %s", line, stderr)
		}
	}
}
