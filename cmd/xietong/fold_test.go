package main

import (
	"slices"
	"strings"
	"testing"

	"xietong/node/faces/client"
)

func TestFold(t *testing.T) {
	for _, row := range []struct {
		s     string
		width int
		want  string
	}{
		{"as it is", 0, "as it is"},
		{"fits in", 7, "fits in"},
		{"one two three", 8, "one two\n  three"},
		{"办法：请致电贵阳市核对（电话）", 12, "办法：请致电\n  贵阳市核对\n  （电话）"},
		{"在贵州省，它没有", 9, "在贵州\n  省，它\n  没有"},
		{"  根 guizhou/keys/1/00ffeeddccbbaa，指纹", 16, "  根\n  guizhou/keys/1/00ffeeddccbbaa，\n  指纹"},
		{"see it with `xietong dataset list --at 南明区` and go on", 20, "see it with\n  `xietong dataset list --at 南明区`\n  and go on"},
		{"请用 xietong dataset list --at 南明区 查看其目录", 20, "请用\n  xietong dataset list --at 南明区\n  查看其目录"},
		{"由其执行：xietong grant give d police@guiyang --in nanming --paper 文号；然后", 30, "由其执行：\n  xietong grant give d police@guiyang --in nanming --paper 文号；\n  然后"},
		{"加 --all 全部取回，或者加 --cursor Qd45abcdefghij 续查", 20, "加 --all 全部取回，\n  或者加\n  --cursor Qd45abcdefghij\n  续查"},
		{"on the other machine: xietong join -, and then paste", 20, "on the other\n  machine:\n  xietong join -,\n  and then paste"},
		{"no-place-to-break-it", 8, "no-place-to-break-it"},
	} {
		if got := fold(row.s, row.width, 2); got != row.want {
			t.Errorf("fold(%q, %d):\n%s\nwant\n%s", row.s, row.width, got, row.want)
		}
	}
}

// TestLongWordsBelow (U-D): at 60 columns a word that has no room beside its name stands whole
// below it, in place of being cut by the terminal.
func TestLongWordsBelow(t *testing.T) {
	b := newWorkbench(t, "zh_CN.UTF-8")
	b.app.columns = 60
	for _, line := range []string{"agency list", "grant list", "ledger audits", "tree", "keys status", "record history villages 1", "ledger entry 7", "dataset show villages"} {
		_, stdout, _ := b.run(strings.Fields(line)...)
		for each := range strings.Lines(stdout) {
			each = strings.TrimRight(each, "\n")
			if n := columns(each); n > 60 && hanging+widestPart(strings.TrimSpace(each)) <= 60 {
				t.Errorf("%s: a line of %d columns: %s", line, n, each)
			}
		}
	}
}

func FuzzFold(f *testing.F) {
	f.Add("办法：请 call 贵阳市", 9)
	f.Fuzz(func(t *testing.T, s string, width int) {
		s = clean(s)
		got := strings.Fields(strings.ReplaceAll(fold(s, max(0, width%200), 2), "\n", ""))
		if want := strings.Fields(s); strings.Join(got, "") != strings.Join(want, "") {
			t.Errorf("fold(%q, %d) has other characters: %q", s, width, got)
		}
	})
}

// TestNarrowTerminals runs every verb on terminals of three widths, in both languages: no line is
// wider than the terminal, except for one word that cannot be broken, and a row of a table is never
// wrapped by the terminal.
func TestNarrowTerminals(t *testing.T) {
	for _, lang := range []string{"zh_CN.UTF-8", "en_US.UTF-8"} {
		for _, width := range []int{120, 80, 50} {
			b := newWorkbench(t, lang)
			b.app.columns = width
			files := writeFiles(t)
			for _, args := range session {
				if slices.Contains(args, "--help") || args[0] == "record" && args[1] == "import" {
					continue
				}
				args = slices.Clone(args)
				for i := range args {
					args[i] = strings.Replace(args[i], "FILES", files, 1)
				}
				_, stdout, stderr := b.run(args...)
				for line := range strings.Lines(stdout + stderr) {
					line = strings.TrimRight(line, "\n")
					if columns(line) > width && len(parts(strings.TrimSpace(line))) > 1 && len(strings.Fields(line)) > 2 && !strings.HasPrefix(line, "\x1b") {
						t.Errorf("%s, %d columns, %q: a line of %d:\n%s", lang, width, args, columns(line), line)
					}
				}
			}
		}
	}
}

// TestAdviceNamesTheFolder: where --data says where the node is, advice with a command says so,
// too; not so with what another node says, whose commands are for it to give.
func TestAdviceNamesTheFolder(t *testing.T) {
	b := newWorkbench(t, "en_US.UTF-8")
	b.node.fail = map[string]client.Problem{"POST /v1/query": {
		Status: 404, Code: "unknown-dataset", Detail: "no such dataset", Do: "see what there is with `xietong dataset list`",
	}}
	const said = "commands for this node need --data "
	if _, _, stderr := b.run("query", "nothing", "--key", "1", "--purpose", "x"); strings.Contains(stderr, said) {
		t.Errorf("by the environment: %s", stderr)
	}
	dir := b.dir + "/."
	if _, _, stderr := b.run("--data", dir, "query", "nothing", "--key", "1", "--purpose", "x"); !strings.HasSuffix(stderr, said+"D/.\n") {
		t.Errorf("by a flag: %s", stderr)
	}
	refused := b.node.fail["POST /v1/query"]
	refused.By = "guizhou"
	b.node.fail["POST /v1/query"] = refused
	if _, _, stderr := b.run("--data", dir, "query", "nothing", "--key", "1", "--purpose", "x"); !strings.Contains(stderr, refused.Do) || strings.Contains(stderr, said) {
		t.Errorf("of another node: %s", stderr)
	}
}
