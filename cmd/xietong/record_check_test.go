package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// effectLine is what a check at the node tells of the records, and nobody else can.
var effectLine = regexp.MustCompile(`(?m)^(与现有记录相比|合格的行与现有记录相比|现有记录中有).*\n`)

// TestCheckWithoutNode: a file is told by its rows alone as the node tells it, with the same exit
// code, by the file that was published and by what the node prints of the entry; and nothing is
// recorded or asked.
func TestCheckWithoutNode(t *testing.T) {
	if raced {
		t.Skip("one line after the other: what they do is raced elsewhere")
	}
	c := newClerks(t, "zh_CN.UTF-8")
	c.does("agency add civil-affairs 民政局")
	files := corpusFiles(t)
	entry := filepath.Join(files, "households.json")
	c.does("dataset publish --yes " + entry)
	_, shown, _ := c.run("dataset show households --json")
	printed := filepath.Join(files, "shown.json")
	putFile(t, printed, shown)
	for file, want := range map[string]int{
		"rows.csv": exitDone, "badrows.csv": exitFailed, "columns.csv": exitFailed, "lacks.csv": exitDone, "header.csv": exitFailed, "nothing.csv": exitFailed, "quote.csv": exitFailed,
		"picture.csv": exitFailed, "rows.json": exitFailed, "gbk.csv": exitFailed, "nix.csv": exitFailed, "rows.csv --format=pdf": exitUsage, "rows.csv --sheet=a": exitFailed,
		"badrows.csv --as-spreadsheet --missing clear": exitFailed,
	} {
		path := filepath.Join(files, file)
		code, stdout, stderr := c.run("record check households " + path)
		if code != want {
			t.Errorf("%s: exit %d at the node, %s", file, code, stderr)
		}
		for _, by := range []string{entry, printed} {
			alone, out, errs := c.run("record check " + by + " " + path + " --data nowhere")
			if alone != code || out != effectLine.ReplaceAllString(stdout, "") {
				t.Errorf("%s by %s: exit %d, want %d\n%s\nwant\n%s", file, by, alone, code, out, stdout)
			}
			told := !strings.Contains(stdout, "共 ") || strings.Contains(errs, "没有连接节点，不知道现有记录")
			if !strings.HasSuffix(errs, stderr) || !told || strings.Contains(errs, "第 1 版检查") != (by == printed && strings.Contains(stdout, "共 ")) {
				t.Errorf("%s by %s: told %s, want %s", file, by, errs, stderr)
			}
		}
	}
	if _, listed, _ := c.run("record export households --purpose statistics"); strings.Contains(listed, "李四") {
		t.Errorf("a check has loaded rows: %s", listed)
	}
}

// TestCheckSavesBad: the bad rows are in a file that an import takes, and that the node writes too.
func TestCheckSavesBad(t *testing.T) {
	b := newWorkbench(t, "zh_CN.UTF-8")
	files := corpusFiles(t)
	line := "record check " + filepath.Join(files, "households.json") + " " + filepath.Join(files, "badrows.csv")
	for n, name := range []string{"badrows.csv.bad.csv", "badrows.csv.bad.csv"} {
		code, _, stderr := b.run(strings.Fields(line + " --save-bad")...)
		data, err := os.ReadFile(filepath.Join(files, name))
		if code != exitFailed || err != nil || !strings.HasPrefix(string(data), "\uFEFF") || !strings.Contains(string(data), "李四,多") || !strings.Contains(stderr, name) || strings.Contains(stderr, "--save-bad") {
			t.Fatalf("%d: exit %d, %v, %q, %s", n, code, err, data, stderr)
		}
	}
	if _, _, stderr := b.run(strings.Fields(line)...); !strings.Contains(stderr, "加 --save-bad 可将") {
		t.Errorf("told %s", stderr)
	}
	_, stdout, _ := b.run(strings.Fields(line + " --save-bad --json")...)
	var told map[string]any
	if err := json.Unmarshal([]byte(stdout), &told); err != nil || told["offline"] != true || told["bad_count"] != 2.0 || told["bad_file"] == nil {
		t.Fatalf("%v, %s", err, stdout)
	}
	for _, unknown := range []string{"new", "replaced", "unchanged", "absent", "plan"} {
		if _, said := told[unknown]; said {
			t.Errorf("%s is told, and not known", unknown)
		}
	}
}

// TestCheckNeedsRecords: what nobody knows without the node is refused with the reason, and so are
// the two files in the wrong order. The entry of a standard is as good.
func TestCheckNeedsRecords(t *testing.T) {
	b := newWorkbench(t, "zh_CN.UTF-8")
	files := corpusFiles(t)
	entry, rows := filepath.Join(files, "households.json"), filepath.Join(files, "rows.csv")
	data, err := os.ReadFile(entry)
	if err != nil {
		t.Fatal(err)
	}
	standard := filepath.Join(files, "Standard.JSON")
	putFile(t, standard, strings.Replace(string(data), `{"code"`, `{"level":"county","code"`, 1))
	for line, want := range map[string]struct {
		code int
		told string
	}{
		entry + " " + rows + " --missing keep":                        {exitUsage, "--missing keep 要对照节点上的记录"},
		entry + " " + rows + " --replace":                             {exitUsage, "--replace 要对照节点上的记录"},
		rows + " " + entry:                                            {exitUsage, "参数的位置写反了"},
		standard + " " + rows:                                         {exitDone, "没有连接节点"},
		entry + " " + filepath.Join(files, "lacks.csv"):               {exitDone, "--missing keep 或 --missing clear"},
		filepath.Join(files, "keyword.json") + " " + rows:             {exitFailed, "contains"},
		filepath.Join(files, "secret.json") + " " + rows:              {exitFailed, "办法：请改正目录文件后重新检查"},
		filepath.Join(files, "member.json") + " " + rows:              {exitFailed, "foo"},
		entry + " " + filepath.Join(files, "picture.csv"):             {exitFailed, "位置：" + filepath.Join(files, "picture.csv")},
		entry + " " + filepath.Join(files, "picture.csv") + " --json": {exitFailed, filepath.Join(files, "picture.csv")},
	} {
		code, _, stderr := b.run(strings.Fields("record check " + line)...)
		if code != want.code || !strings.Contains(stderr, want.told) {
			t.Errorf("%s: exit %d, %s", line, code, stderr)
		}
	}
	if len(b.node.asked) > 0 {
		t.Errorf("the node was asked %q", b.node.asked)
	}
}

// TestCheckByNameWithoutNode: who names a dataset where there is no node is told to name the file
// of its entry, and not to make a node. A file that is not there is told as that.
func TestCheckByNameWithoutNode(t *testing.T) {
	files := corpusFiles(t)
	rows, none := filepath.Join(files, "rows.csv"), filepath.Join(t.TempDir(), "none")
	for lang, want := range map[string]string{"zh_CN.UTF-8": "第一个参数请写目录文件，如 dibao.json", "en": "such as dibao.json"} {
		b := newWorkbench(t, lang)
		code, _, stderr := b.run("record", "check", "dibao", rows, "--data", none)
		if code != exitUnreachable || !strings.Contains(stderr, want) || strings.Contains(stderr, "init") {
			t.Errorf("exit %d, %s", code, stderr)
		}
		if _, _, stderr = b.run("record", "check", "dibao.json", rows, "--data", none); !strings.Contains(stderr, "dibao.json") || strings.Contains(stderr, none) {
			t.Errorf("a file that is not there: %s", stderr)
		}
	}
}

// TestCheckOfNothing: a file of JSON without a record has no header, and none is told.
func TestCheckOfNothing(t *testing.T) {
	b := newWorkbench(t, "zh_CN.UTF-8")
	files := corpusFiles(t)
	empty := filepath.Join(files, "empty.json")
	putFile(t, empty, "[]")
	code, _, stderr := b.run("record", "check", filepath.Join(files, "households.json"), empty)
	if code != exitFailed || !strings.Contains(stderr, "没有一条记录") || strings.Contains(stderr, "表头") {
		t.Errorf("exit %d, %s", code, stderr)
	}
}
