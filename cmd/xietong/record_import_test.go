package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"xietong/node/faces/client"
	"xietong/node/ground/text"
)

// TestImportInPlaceOfAll checks what a clerk is shown, and asked, before records are taken out. The
// file is loaded only after a yes, and with the plan of the check.
func TestImportInPlaceOfAll(t *testing.T) {
	for name, row := range map[string]struct {
		lang, stdin string
		args        []string
		absent      uint64
		code        int
		told        []string
		loaded      bool
	}{
		"no answer": {"en", "", []string{"--replace"}, 1204, exitFailed,
			[]string{"1 new, 2 changed, 0 the same", "1204 records of the dataset are not in this file, and will be taken out", "y to go on", "not confirmed", "--yes"}, false},
		"no":             {"en", "n\n", []string{"--replace"}, 1204, exitFailed, []string{"nothing was written"}, false},
		"yes":            {"en", "y\n", []string{"--replace"}, 1204, exitDone, []string{"y to go on"}, true},
		"yes beforehand": {"en", "", []string{"--replace", "--yes"}, 1204, exitDone, []string{"will be taken out"}, true},
		"none leave":     {"en", "", []string{"--replace"}, 0, exitDone, []string{"1 new, 2 changed"}, true},
		"they stay":      {"en", "", nil, 1204, exitDone, []string{"1204 records of the dataset are not in this file, and stay; --replace takes them out"}, true},
		"program":        {"en", "y\n", []string{"--replace", "--json"}, 1204, exitFailed, []string{`"absent": 1204`, `"not-confirmed"`}, false},
		"中文":             {"zh", "", []string{"--replace"}, 1204, exitFailed, []string{"现有记录中有 1204 条不在该文件中，将予撤下", "输入 y 继续", "未经确认"}, false},
		"是":              {"zh", "是\n", []string{"--replace"}, 1204, exitDone, []string{"新增 1 条，更新 2 条，内容不变 0 条"}, true},
	} {
		b := newWorkbench(t, row.lang)
		b.stdin = row.stdin
		b.node.shown = client.ImportCheck{New: 1, Replaced: 2, Absent: row.absent, Plan: "plan"}
		path := filepath.Join(t.TempDir(), "villages.csv")
		if err := os.WriteFile(path, []byte("code\n1\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		code, stdout, stderr := b.run(append([]string{"record", "import", "villages", path}, row.args...)...)
		for _, want := range row.told {
			if !strings.Contains(stdout+stderr, want) {
				t.Errorf("%s: %q is not told in %s%s", name, want, stdout, stderr)
			}
		}
		loaded := slices.ContainsFunc(b.node.asked, func(at string) bool { return strings.Contains(at, "/imports ") })
		if code != row.code || loaded != row.loaded {
			t.Errorf("%s: got exit %d, loaded %t; %s", name, code, loaded, stderr)
		}
	}
}

// TestImportUnchanged checks what a clerk is told whose file was published before (P03).
func TestImportUnchanged(t *testing.T) {
	for lang, want := range map[string]string{
		"en": "nothing changed, nothing was written: this file was published at 2026-11-24 10:00:00 +08:00 as entry " + log + "45",
		"zh": "该文件已于 2026-11-24 10:00:00 +08:00 发布（存证条目 " + log + "45）",
	} {
		b := newWorkbench(t, lang)
		b.node.done = client.Imported{Import: log + "40", Published: log + "45", Time: "2026-11-24T02:00:00Z", Unchanged: true, Rows: 3}
		path := filepath.Join(t.TempDir(), "villages.csv")
		if err := os.WriteFile(path, []byte("code\n1\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		if code, stdout, stderr := b.run("record", "import", "villages", path); code != exitDone || !strings.Contains(stdout, want) {
			t.Errorf("%s: got exit %d, %s%s", lang, code, stdout, stderr)
		}
	}
}

// TestImportTaken checks what a clerk is told of how the file was read, and of a row with several
// faults, on a wide and on a narrow terminal.
func TestImportTaken(t *testing.T) {
	for lang, wants := range map[string][]string{
		"en": {"read as xlsx, sheet 人口", "hidden sheets are not read: 底稿", "what stands above the header is a title and no data: line 1, 2", "seems to be a total, and would be a record; check it, and delete the row if it is one: line 11", "1 of the bad rows is good when its cells",
			"no column for people: records keep their present values", "line 5, column C: 是 is read as true", "differs from that of line 4 by case",
			`line 7, column A "code"`, `line 7, column B "name"`},
		"zh": {"读取方式：xlsx、工作表“人口”", "隐藏的工作表没有读取：底稿", "表头以上是标题，不作为数据：第 1、2 行", "疑为合计，将作为记录导入，请核对（如是合计，请删去该行）：第 11 行", "其中 1 行如按表格程序显示的样子理解即合格：请加 --as-spreadsheet",
			"文件中没有这些列，记录保持现值：people", "第 5 行 C 列：“是”读作 true", "第 9 行的主键与第 4 行的"},
	} {
		b := newWorkbench(t, lang)
		b.node.shown = client.ImportCheck{
			Taken: client.FileTaken{Format: "xlsx", Sheet: "人口", Hidden: "底稿"}, Titles: []uint64{1, 2}, Missing: []string{"people"},
			Readings: []client.CellReading{{Line: 5, Letter: "C", Field: "urban", Cell: "是", Read: "true"}},
			Alike:    []client.KeysAlike{{Line: 9, First: 4}}, AlikeCount: 1, Totals: []uint64{11}, Mendable: 1,
		}
		b.node.bad = []client.BadRow{{Row: 4, Line: 7, Column: "code", Reason: "pattern", Faults: []client.RowFault{
			{Line: 7, Letter: "A", Header: "code", Field: "code", Reason: "pattern", Value: "52X"},
			{Line: 7, Letter: "B", Header: "name", Field: "name", Reason: "minLength"},
		}}}
		path := filepath.Join(t.TempDir(), "villages.xlsx")
		if err := os.WriteFile(path, []byte("PK"), 0o600); err != nil {
			t.Fatal(err)
		}
		code, _, stderr := b.run("record", "import", "villages", path, "--as-spreadsheet", "--missing", "keep", "--sheet", "人口")
		for _, want := range wants {
			if !strings.Contains(stderr, want) {
				t.Errorf("%s: %q is not told in %s", lang, want, stderr)
			}
		}
		if at := b.node.asked[0]; code != exitFailed || !strings.Contains(at, "/imports/check") {
			t.Errorf("%s: got exit %d after %s", lang, code, at)
		}
	}
}

// TestImportStops checks that a clerk whose import stopped is told that it goes on (U-C15).
func TestImportStops(t *testing.T) {
	for lang, want := range map[string]string{"en": "repeat the same command: it goes on where it stopped", "zh": "从中断处继续"} {
		b := newWorkbench(t, lang)
		b.node.lines = []client.ImportProgress{{Done: 1, Total: 3}, {Done: 2, Total: 3}}
		b.node.ends = true
		path := filepath.Join(t.TempDir(), "villages.csv")
		if err := os.WriteFile(path, []byte("code\n1\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		if code, _, stderr := b.run("record", "import", "villages", path); code != exitFailed || !strings.Contains(stderr, want) {
			t.Errorf("%s: got exit %d, %s", lang, code, stderr)
		}
	}
}

// TestImportInterrupted (U-C15): Ctrl-C during an import is told as that, and that the same command
// goes on, whether rows were loaded already or not.
func TestImportInterrupted(t *testing.T) {
	for _, err := range []error{&importStopped{context.Canceled}, &importStopped{fmt.Errorf("load: %w", context.Canceled)}} {
		a := &app{lang: text.Zh, data: "D", getenv: func(string) string { return "" }}
		p, code := a.explain(err)
		if code != exitFailed || p.Detail != "已中断" || !strings.HasPrefix(p.Do, "请重新执行同一命令：从中断处继续") {
			t.Errorf("exit %d, %+v", code, p)
		}
	}
	b := newWorkbench(t, "C")
	ctx, cancel := context.WithCancel(t.Context())
	b.node.in = map[string]func([]byte) any{"POST /v1/datasets/villages/imports/check": func([]byte) any {
		cancel()
		return client.ImportCheck{}
	}}
	path := filepath.Join(t.TempDir(), "v.csv")
	if err := os.WriteFile(path, []byte("code\n1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	code, _, stderr := b.runUntil(ctx, "record", "import", "villages", path)
	if code != exitFailed || !strings.Contains(stderr, "error: interrupted\n") || !strings.Contains(stderr, "repeat the same command") {
		t.Errorf("during the check: exit %d, %s", code, stderr)
	}
}

// TestBadFileIsKept (E06): the file of bad rows that is there, and that somebody may have mended,
// or that is a link to another file, or that others can read, stays as it is: the rows are in a new
// one with the next number, which is told. The same rows again make no second file.
func TestBadFileIsKept(t *testing.T) {
	b := newWorkbench(t, "en_US.UTF-8")
	b.node.bad = []client.BadRow{{Row: 4, Line: 5, Column: "code", Reason: "pattern"}}
	dir := t.TempDir()
	path, precious := filepath.Join(dir, "v.csv"), filepath.Join(dir, "precious")
	written := func(name, data string, mode os.FileMode) {
		if err := os.WriteFile(name, []byte(data), mode); err != nil {
			t.Fatal(err)
		}
	}
	run := func(want string, more ...string) {
		t.Helper()
		code, stdout, stderr := b.run(append([]string{"record", "import", "villages", path, "--keep-good", "--yes"}, more...)...)
		got, err := os.ReadFile(want)
		if code != exitDone || !strings.Contains(stdout+stderr, want) || err != nil || string(got) != "code,name\n1,x\n" {
			t.Errorf("%s: exit %d, %v, %q; %s%s", want, code, err, got, stdout, stderr)
		}
	}
	written(path, "code\n1\n", 0o600)
	written(precious, "precious", 0o600)
	run(path + ".bad.csv")
	run(path + ".bad.csv")
	run(path+".bad.csv", "--json")
	written(path+".bad.csv", "mended", 0o600)
	run(path + ".bad-2.csv")
	if err := os.Rename(path+".bad-2.csv", path+".bad-3.csv"); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.Chmod(path+".bad-3.csv", 0o666), os.Symlink(precious, path+".bad-2.csv"), os.Symlink("nowhere", path+".bad-4.csv")); err != nil {
		t.Fatal(err)
	}
	run(path + ".bad-5.csv")
	if info, err := os.Stat(path + ".bad-5.csv"); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("it is there for others: %v, %v", info.Mode(), err)
	}
	for name, want := range map[string]string{path + ".bad.csv": "mended", precious: "precious"} {
		if got, err := os.ReadFile(name); err != nil || string(got) != want {
			t.Errorf("%s: got %q, %v", name, got, err)
		}
	}
	if left, _ := filepath.Glob(filepath.Join(dir, ".*")); len(left) > 0 {
		t.Errorf("%q are left", left)
	}
}

// TestImportOfNoFile checks what a clerk is told who gives what can be no file to import, and that
// a problem names the file.
func TestImportOfNoFile(t *testing.T) {
	dir := t.TempDir()
	empty := filepath.Join(dir, "空.csv")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for lang, wants := range map[string]map[string]string{
		"en": {dir: "it is a folder", "-": "standard input, a pipe", os.DevNull: "a device cannot be the file", empty: "where: " + empty, filepath.Join(dir, "x"): "no such file"},
		"zh": {dir: "这是一个文件夹", "-": "标准输入、管道和设备不能", os.DevNull: "请先存为文件", empty: "位置：" + empty, filepath.Join(dir, "x"): "没有这个文件"},
	} {
		for path, want := range wants {
			b := newWorkbench(t, lang)
			e := text.Explain(text.Lang(lang), text.FileEmpty, nil)
			b.node.fail = map[string]client.Problem{"POST /v1/datasets/villages/imports/check": {Status: 422, Code: "file-empty", Detail: e.What, Where: e.Where, Do: e.Do}}
			code, _, stderr := b.run("record", "import", "villages", path)
			if code != exitFailed || !strings.Contains(stderr, want) || len(b.node.asked) > 0 != (path == empty) {
				t.Errorf("%s: %s: got exit %d, %s, %q", lang, path, code, stderr, b.node.asked)
			}
		}
	}
}

// TestMembersThatStandTwice (A37) refuses a person's JSON in which nobody knows what is meant, or
// that says another thing than its reader sees: a member that stands twice, or that is spelled in
// another way.
func TestMembersThatStandTwice(t *testing.T) {
	path := filepath.Join(t.TempDir(), "d.json")
	for _, row := range []struct{ file, en, zh, verbs string }{
		{`{"code":"a1","purposes":[{"code":"x","title":"a","title":"b"}]}`, `it has the member "purposes/0/title" twice`, "“purposes/0/title”写了两次",
			"dataset publish,dataset standard publish,record put villages"},
		{`{"code":"a1","category":"conditional","Category":"unconditional"}`, `unknown field "Category"; it is spelled "category"`,
			"没有名为“Category”的项，应写作“category”", "dataset publish,dataset standard publish"},
		{`{"code":"a1","smallest_cell":50,"ſmallest_cell":0}`, `unknown field "ſmallest_cell"; it is spelled "smallest_cell"`,
			"没有名为“ſmallest_cell”的项，应写作“smallest_cell”", "dataset publish,dataset standard publish"},
		{`{"code":"a1","purposes":[{"code":"x","Title":"b"}]}`, `unknown field "purposes/0/Title"; it is spelled "title"`,
			"没有名为“purposes/0/Title”的项，应写作“title”", "dataset publish,dataset standard publish"},
	} {
		if err := os.WriteFile(path, []byte(row.file), 0o600); err != nil {
			t.Fatal(err)
		}
		for lang, want := range map[string]string{"en": row.en, "zh": row.zh} {
			for verb := range strings.SplitSeq(row.verbs, ",") {
				b := newWorkbench(t, lang)
				code, _, stderr := b.run(append(strings.Fields(verb), path)...)
				if code != exitFailed || !strings.Contains(stderr, want) || len(b.node.asked) > 0 {
					t.Errorf("%s: got exit %d, %s, %q", verb, code, stderr, b.node.asked)
				}
			}
		}
	}
}

// TestImportHints follows what an import that is refused tells (G35): of a replacement with bad
// rows that both flags are at stake, and of a file without rows neither a question nor the advice
// to take all records out.
func TestImportHints(t *testing.T) {
	b := realBench(t, "zh_CN.UTF-8")
	file := func(name, content string) string {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for _, args := range [][]string{
		{"agency", "add", "civil-affairs", "民政局"},
		{"dataset", "publish", file("目录.json", joinedEntry), "--records", file("名单.csv", "编码,名称\n1,纪念塔社区\n2,观水社区\n")},
	} {
		if code, stdout, stderr := b.run(args...); code != exitDone {
			t.Fatalf("%q: exit %d: %s%s", args, code, stdout, stderr)
		}
	}
	bad, header := file("有误.csv", "编码,名称\n3,二戈村\n2,\n"), file("表头.csv", "编码,名称\n")
	for _, row := range []struct {
		args []string
		want int
		told string
	}{
		{[]string{bad, "--replace"}, exitFailed, "如只导入合格的行，请不用 --replace，只用 --keep-good"},
		{[]string{bad, "--replace", "--keep-good"}, exitFailed, "如只导入合格的行，请不用 --replace，只用 --keep-good"},
		{[]string{bad, "--keep-good"}, exitDone, "导入完成：1 行，跳过 1 行"},
		{[]string{header}, exitFailed, "没有一行数据"},
		{[]string{header, "--replace"}, exitFailed, "没有一行数据"},
		{[]string{file("名单.pdf", "%PDF-1.7\n")}, exitFailed, "请向提供文件的一方索取"},
	} {
		code, stdout, stderr := b.run(append([]string{"record", "import", "villages"}, row.args...)...)
		if code != row.want || !strings.Contains(stdout+stderr, row.told) {
			t.Errorf("%q: exit %d, want %d with %q: %s%s", row.args, code, row.want, row.told, stdout, stderr)
		}
		if row.args[0] == header && (strings.Contains(stderr, "确定") || strings.Contains(stderr, "--replace")) {
			t.Errorf("%q: asks for, or advises, what is refused: %s", row.args, stderr)
		}
	}
}
