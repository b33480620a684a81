package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"xietong/node"
)

// TestDamagedDirectory: serve and ledger verify tell a damaged file by itself, in both languages,
// and what verifies nothing ends with 4.
func TestDamagedDirectory(t *testing.T) {
	for lang, want := range map[string]string{"C": "error: the file is damaged, or was copied while the node ran: it is a part of the ledger and its data\nwhere: ", "zh_CN.UTF-8": "错误：文件已损坏，或者是在节点运行时拷贝的；它是账本和数据的一部分\n位置："} {
		b := newWorkbench(t, lang)
		b.app.node = theNode
		b.app.node.keepSecrets = nil
		b.dir = filepath.Join(t.TempDir(), "data")
		if _, err := node.Init(b.dir, node.InitOptions{Name: "guizhou"}); err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(b.dir, "j", "guizhou", "state.db")
		if err := os.Truncate(file, 3000); err != nil {
			t.Fatal(err)
		}
		for line, exit := range map[string]int{"serve": exitFailed, "ledger verify": exitUnverified} {
			if code, _, stderr := b.run(strings.Fields(line)...); code != exit || !strings.HasPrefix(stderr, want) || strings.Contains(stderr, "try again") || strings.Contains(stderr, "重试") {
				t.Errorf("%s: exit %d, %s", line, code, stderr)
			}
		}
	}
}
