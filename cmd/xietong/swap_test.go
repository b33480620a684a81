package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestSwapped (F48): arguments in the wrong order are told as that, with the command as it is
// meant; an argument that is at fault by itself is named, and nothing is asked.
func TestSwapped(t *testing.T) {
	b := newWorkbench(t, "zh_CN.UTF-8")
	file := filepath.Join(t.TempDir(), "名单.csv")
	if err := os.WriteFile(file, []byte("code\n1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct{ line, want, do string }{
		{"agency add 民政局 civil-affairs", "参数 CODE 不能写作“民政局”", "xietong agency add civil-affairs 民政局"},
		{"agency rename 民政局 civil-affairs", "参数 CODE 不能写作“民政局”", "xietong agency rename civil-affairs 民政局"},
		{"agency add 民政局 民政局", "参数 CODE 不能写作“民政局”", "--help"},
		{"record import " + file + " villages", "参数的位置写反了", "xietong record import villages " + file},
		{"record check " + file + " villages", "参数的位置写反了", "xietong record check villages " + file},
		{"record check villages " + file + " --missing 保留", "选项 --missing 不能为“保留”", "keep"},
		{"record import villages " + file + " --missing 保留", "选项 --missing 不能为“保留”", "keep"},
		{"record import villages " + file + " --save-bad", "--save-bad", "xietong record check --save-bad"},
		{"grant give villages 广州市@water --purpose p", "参数 CONSUMER 不能写作“广州市@water”", "xietong grant give villages water@广州市"},
		{"grant give water@广州市 villages --purpose p", "参数 DATASET 不能写作“water@广州市”", "xietong grant give villages water@广州市"},
		{"grant give villages 水务局 --purpose p", "参数 CONSUMER 不能写作“水务局”", "--help"},
	} {
		code, _, stderr := b.run(strings.Fields(row.line)...)
		if code != exitUsage || !strings.Contains(stderr, row.want) || !strings.Contains(stderr, row.do) {
			t.Errorf("%s: exit %d, %s", row.line, code, stderr)
		}
	}
	if code, _, stderr := b.run("record", "import", "villages", "nothing.csv"); code == exitUsage || strings.Contains(stderr, "写反") {
		t.Errorf("a file that is not there: exit %d, %s", code, stderr)
	}
}
