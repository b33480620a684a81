package main

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"xietong/node"
	"xietong/node/faces/client"
	"xietong/node/ground/text"
)

// TestSilentNode: of a node whose process is there and gives no answer, every command says so in
// the end, with what to do; no other cause is told. Of what may have been done, that is told.
func TestSilentNode(t *testing.T) {
	b := newWorkbench(t, "zh_CN.UTF-8")
	release := make(chan struct{})
	defer close(release)
	hang := func([]byte) any { <-release; return nil }
	b.node.in = map[string]func([]byte) any{
		"GET /v1/status": hang, "GET /v1/tree": hang, "POST /v1/stop": hang, "GET /v1/agencies": hang, "POST /v1/query": hang, "GET /v1/health": hang,
	}
	b.app.silent = 30 * time.Millisecond
	const silent = "错误：节点进程在运行，但 0 秒内没有答复"
	for line, want := range map[string]string{
		"status": silent, "tree": silent, "stop": silent, "agency list": silent, "query water --at guiyang": "错误：请求已经发出，但没有收到应答",
	} {
		code, _, stderr := b.run(append(strings.Fields(line), "--data", b.dir)...)
		if code == exitDone || !strings.HasPrefix(stderr, want) || want == silent && (code != exitUnreachable || !strings.Contains(stderr, "xietong serve")) {
			t.Errorf("%s: exit %d, %s", line, code, stderr)
		}
	}
}

// TestInitWhereNoFolderCanBe (U-C13): where no folder can be made, the cause is told, and not that
// it is no data directory.
func TestInitWhereNoFolderCanBe(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		file: "不是目录", filepath.Join(file, "sub"): "不是目录", filepath.Join(t.TempDir(), strings.Repeat("a", 300)): "文件名过长",
	} {
		_, err := node.Init(path, node.InitOptions{Name: "guizhou"})
		a := &app{lang: text.Zh, data: path, getenv: func(string) string { return "" }}
		if p, code := a.explain(err); code != exitFailed || !strings.Contains(p.Detail, want) || p.Where == "" || strings.Contains(p.Do, "init") {
			t.Errorf("%s: exit %d, %+v", path, code, p)
		}
	}
}

// TestMoreOfManyPlaces (U-B20): of places that have more records it is told once how many they are,
// and what gets them; a cursor is good for one place alone, and none is told.
func TestMoreOfManyPlaces(t *testing.T) {
	b := newWorkbench(t, "zh_CN.UTF-8")
	for name, cursor := range map[string]string{"甲县": "CURSOR", "乙县": "CURSOR", "丙县": ""} {
		b.node.lined = append(b.node.lined, client.RowsLine{From: "a.guizhou", Title: name, Answer: &client.Answer{
			Columns: []string{"code"}, Rows: []json.RawMessage{json.RawMessage(`{"code":"1"}`)}, Count: 1, Cursor: cursor,
		}})
	}
	b.node.lined = append(b.node.lined, client.RowsLine{Coverage: &client.FederatedAnswer{Total: 3, Answered: 3, Members: 3}})
	code, stdout, stderr := b.run("query", "villages", "--at", "*.guizhou", "--limit", "1", "--purpose", "p")
	if code != exitDone || strings.Contains(stdout+stderr, "CURSOR") || strings.Count(stderr, "--limit") != 1 || !strings.Contains(stderr, "2 个") {
		t.Errorf("exit %d, %s%s", code, stdout, stderr)
	}
	if strings.Contains(stdout, "共") {
		t.Errorf("talk on standard output: %s", stdout)
	}
}

// TestFieldsAreTrimmed (U-C4): spaces beside the commas of a list are nobody's field.
func TestFieldsAreTrimmed(t *testing.T) {
	b := newWorkbench(t, "C")
	var got client.Query
	failed := errors.New("not asked")
	b.node.in = map[string]func([]byte) any{"POST /v1/query": func(body []byte) any {
		failed = json.Unmarshal(body, &got)
		return client.Answer{Rows: []json.RawMessage{}}
	}}
	b.run("query", "villages", "--fields", " code, name ，town", "--purpose", "p")
	if strings.Join(got.Fields, "|") != "code|name|town" || failed != nil {
		t.Errorf("got %q, %v", got.Fields, failed)
	}
}
