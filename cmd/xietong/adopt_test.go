package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"xietong/node/faces/client"
)

// TestAdoptsTheNamed: a file of another code than the standard that is adopted is told as that, and
// nothing is sent.
func TestAdoptsTheNamed(t *testing.T) {
	for locale, want := range map[string]string{
		"C": "the file is of the dataset other, and villages is adopted", "zh_CN.UTF-8": "文件中的编码（code）是 other，要采用的标准目录是 villages",
	} {
		b := newWorkbench(t, locale)
		b.node.in = map[string]func([]byte) any{"GET /v1/standards/villages": func([]byte) any {
			return client.Standard{NewStandard: client.NewStandard{NewDataset: villages.NewDataset}}
		}}
		file := filepath.Join(b.dir, "file")
		if err := os.WriteFile(file, []byte(`{"code":"other","title":"村委会名录"}`), 0o600); err != nil {
			t.Fatal(err)
		}
		code, _, stderr := b.run("dataset", "adopt", "villages", "--file", file)
		if code == 0 || !strings.Contains(stderr, want) || strings.Contains(strings.Join(b.node.asked, ""), "POST") {
			t.Errorf("%s: exit %d, sent %q, %s", locale, code, b.node.asked, stderr)
		}
	}
}
