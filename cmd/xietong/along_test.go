package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"xietong/node"
	"xietong/node/faces/client"
)

// realBench is a workbench beside a node that runs.
func realBench(t *testing.T, lang string) *workbench {
	t.Helper()
	b, _ := realBenchUntil(t, lang)
	return b
}

// realBenchUntil is realBench beside a node that stop stops, if the test's end does not.
func realBenchUntil(t *testing.T, lang string) (b *workbench, stop func()) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "d")
	if _, err := node.Init(dir, node.InitOptions{
		Name: "nanming.guiyang.guizhou", DisplayName: "贵阳市南明区", Code: "520102", Level: "county",
	}); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ready, ended := make(chan struct{}), make(chan error, 1)
	go func() {
		ended <- node.Serve(ctx, dir, node.ServeOptions{Logger: slog.New(slog.DiscardHandler), Version: "test", Ready: func() { close(ready) }})
	}()
	select {
	case <-ready:
	case err := <-ended:
		t.Fatalf("serve: %v", err)
	}
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("stop: %v", err)
		}
	})
	t.Cleanup(stop)
	return &workbench{t: t, dir: dir, lang: lang, app: app{now: time.Now, node: fakeFloor}}, stop
}

const (
	joinedEntry = `{"code":"villages","title":"村（居）委会名录","agency":"civil-affairs","category":"unconditional","key":"code","not_secret":true,
		"purposes":[{"code":"statistics","title":"统计"}],"schema":{"type":"object","required":["code","name"],"properties":{
		"code":{"type":"string","title":"编码"},"name":{"type":"string","title":"名称"}}}}`
	splitEntry = `{"code":"villages","title":"村（居）委会名录","agency":"civil-affairs","category":"unconditional","key":"code","not_secret":true,
		"purposes":[{"code":"statistics","title":"统计"}],"schema":{"type":"object","required":["code","place","kind"],"properties":{
		"code":{"type":"string","title":"编码"},"place":{"type":"string","title":"地名"},"kind":{"type":"string","title":"类型"}}}}`
)

// TestClerkChangesEntryAndRecords goes the way of a clerk whose list has a column in two from now
// on: the new catalogue and the new list count from one position, whatever was refused before.
func TestClerkChangesEntryAndRecords(t *testing.T) {
	b := realBench(t, "zh_CN.UTF-8")
	dir := t.TempDir()
	write := func(name, content string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	old, split := write("旧目录.json", joinedEntry), write("新目录.json", splitEntry)
	list := write("名单.csv", "编码,名称\n1,纪念塔社区\n2,观水社区\n3,二戈村\n")
	bad := write("有误.csv", "编码,地名,类型\n1,纪念塔,\n2,观水,社区\n")
	good := write("新名单.csv", "编码,地名,类型\n1,纪念塔,社区\n2,观水,社区\n4,王宽,村\n")
	ask := func() string {
		_, out, _ := b.run("query", "villages", "--all", "-o", "jsonl", "--as", "civil-affairs", "--purpose", "statistics", "--basis", "b", "--scenario", "s", "--scope", "s", "--method", "m", "--until", "2027-06-30")
		return out
	}
	step := func(what, typed string, want int, told []string, args ...string) {
		t.Helper()
		b.stdin = typed
		code, out, errs := b.run(args...)
		if code != want {
			t.Fatalf("%s: exit %d, want %d:\n%s%s", what, code, want, out, errs)
		}
		for _, s := range told {
			if !strings.Contains(out+errs, s) {
				t.Errorf("%s: want %q in\n%s%s", what, s, out, errs)
			}
		}
	}
	step("agency", "", exitDone, nil, "agency", "add", "civil-affairs", "民政局")
	// What the file lacks is found before its dataset is there (N19-4).
	empty := write("空.csv", "编码,名称\n")
	step("bad rows of a first version", "", exitFailed, []string{"第 2 行", "共 2 行，其中 1 行不合格", "目录和记录均未发布"}, "dataset", "publish", split, "--records", bad)
	step("no rows", "", exitFailed, []string{"文件中没有一条记录"}, "dataset", "publish", old, "--records", empty)
	step("no file", "", exitFailed, []string{"没有.csv"}, "dataset", "publish", old, "--records", filepath.Join(dir, "没有.csv"))
	step("nothing is published", "", exitFailed, []string{"villages"}, "dataset", "show", "villages")
	step("the first version", "", exitDone, []string{"第 1 版", "导入完成：3 行"}, "dataset", "publish", old, "--records", list)
	before := ask()
	if !strings.Contains(before, "二戈村") {
		t.Fatalf("got %s", before)
	}
	step("bad rows", "", exitFailed, []string{"第 2 行", "共 2 行，其中 1 行不合格；与新目录一并发布的文件不能只导入合格的行", "目录和记录均未发布"}, "dataset", "publish", split, "--records", bad, "--replace")
	step("no", "否\n", exitFailed, []string{
		"3 条记录与目录同时生效：新增 1 条，变更 2 条，内容不变 0 条", "1 条现有记录不在文件中，同时撤下", "数据项 name 不再提供", "确定发布",
	}, "dataset", "publish", split, "--records", good, "--replace")
	step("a record that stays does not fit", "", exitFailed, []string{"1 条现有记录不在文件中，仍予保留", "正在写入（尚不生效）：已完成 100%", "有 1 条记录不符合新的数据规范"},
		"dataset", "publish", split, "--records", good)
	if got := ask(); got != before {
		t.Errorf("nothing is published: got %s, want %s", got, before)
	}
	step("yes", "是\n", exitDone, []string{"第 2 版", "3 条记录已与目录同时生效"}, "dataset", "publish", split, "--records", good, "--replace")
	if got := ask(); strings.Count(got, "\n") != 3 || !strings.Contains(got, `"place":"王宽"`) || strings.Contains(got, "二戈") || strings.Contains(got, "纪念塔社区") {
		t.Errorf("after it: got %s", got)
	}
	step("once more", "", exitDone, []string{"没有变动"}, "dataset", "publish", split, "--records", good, "--replace")
	step("it is withdrawn", "", exitDone, nil, "dataset", "withdraw", "villages", "--reason", "r", "--yes")
	lacks := write("缺列.csv", "编码,地名\n1,纪念塔\n")
	step("bad rows of one that comes back", "", exitFailed, []string{"目录和记录均未发布"}, "dataset", "publish", split, "--records", bad, "--yes")
	step("a file that lacks a column", "", exitFailed, []string{"缺少必填数据项“kind (类型)”的列"}, "dataset", "publish", split, "--records", lacks, "--yes")
	if _, out, errs := b.run("dataset", "list"); strings.Contains(out+errs, "villages") {
		t.Errorf("it is back: %s%s", out, errs)
	}
	step("it comes back", "", exitDone, nil, "dataset", "publish", split, "--records", good, "--yes")
}

// TestPublishAlongAsks: a program and a person are shown the same plan, and what is published is
// what they were shown.
func TestPublishAlongAsks(t *testing.T) {
	files := writeFiles(t)
	rows := filepath.Join(t.TempDir(), "rows.csv")
	if err := os.WriteFile(rows, []byte("code\n1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	plan := villagesPlan
	plan.Unfit, plan.Rows = 0, &client.RowsPlan{Import: log + "30", Rows: 3, New: 1, Replaced: 2, Stay: 4}
	for what, row := range map[string]struct {
		typed string
		exit  int
	}{"no": {"n\n", exitFailed}, "yes": {"y\n", exitDone}} {
		b := newWorkbench(t, "C")
		b.stdin = row.typed
		b.node.done = client.Imported{Import: log + "30", Rows: 3}
		b.node.in = map[string]func([]byte) any{"POST /v1/datasets/plan": func([]byte) any { return plan }}
		exit, _, stderr := b.run("dataset", "publish", filepath.Join(files, "villages.json"), "--records", rows)
		asked := strings.Join(b.node.asked, "\n")
		if exit != row.exit || !strings.Contains(stderr, "1 new, 2 changed, 0 the same") || !strings.Contains(stderr, "4 records are not in the file, and stay") {
			t.Errorf("%s: exit %d, %s", what, exit, stderr)
		}
		if want := fmt.Sprintf("import=%s&plan=%s", strings.ReplaceAll(log+"30", "/", "%2F"), plan.Hash); (row.exit == exitDone) != (b.node.given == want) {
			t.Errorf("%s: given %q of %s, want %q", what, b.node.given, asked, want)
		}
	}
}
