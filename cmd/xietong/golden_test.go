package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"xietong/node/faces/client"
)

var update = flag.Bool("update", false, "write the golden files anew")

// session runs every verb once, in the order in which a person would use them.
var session = [][]string{
	{"init", "nanming.guiyang.guizhou", "--yes"},
	{"join", "xt1-guiyang-192.0.2.7-7400-ABC"},
	{"join", "late"},
	{"join", "xt1-guiyang-192.0.2.7-7400-ABC", "--listen", "127.0.0.1:7401"},
	{"status"},
	{"tree"},
	{"tree", "confirm", "沿江镇"},
	{"tree", "acknowledge", "云岩区", "--reason", "恢复了旧备份，已停用"},
	{"tree", "confirm", "沿江镇", "--fingerprint", "A1B2 1122 3344 5566 7788 99AA", "--reason", "电话核对"},
	{"tree", "object", "FILES/record.json", "--at", "贵州省"},
	{"invite", "新华路街道", "--label", "xinhua"},
	{"invite", "新华路街道", "--label", "xinhua", "--yes"},
	{"host", "add", "西湖路街道"},
	{"host", "list"},
	{"host", "end", "西湖路街道", "--reason", "撤并"},
	{"host", "end", "西湖路街道", "--reason", "撤并", "--yes"},
	{"replica", "list"},
	{"replica", "invite"},
	{"replica", "join", "xr1-nanming-192.0.2.7-7400-ABC"},
	{"replica", "join", "used"},
	{"replica", "promote", "r2"},
	{"replica", "promote", "r3"},
	{"replica", "remove", "r2"},
	{"replica", "remove", "r2", "--yes"},
	{"withdraw", "西湖路街道", "--reason", "撤并"},
	{"withdraw", "西湖路街道", "--reason", "撤并", "--yes"},
	{"invite", "cancel", "西湖路街道", "--reason", "打错了"},
	{"invite", "cancel", "西湖路街道", "--reason", "打错了", "--yes"},
	{"drill", "黎平县"},
	{"ledger", "repair"},
	{"ledger", "continue", "--reason", "磁盘损坏，这是最新的备份"},
	{"ledger", "continue", "--reason", "磁盘损坏，这是最新的备份", "--yes"},
	{"ledger", "continue", "--newest", "--reason", "迁移到新机器，旧机器已停用"},
	{"clock", "show"},
	{"clock", "accept", "--reason", "对照电话报时"},
	{"keys", "status"},
	{"keys", "renew"},
	{"invite", "南明区", "--rekey"},
	{"keys", "revoke"},
	{"keys", "revoke", "--yes"},
	{"keys", "acknowledge"},
	{"agency", "add", "civil-affairs", "民政局"},
	{"agency", "list"},
	{"dataset", "publish", "FILES/villages.json"},
	{"dataset", "publish", "FILES/villages.json", "--yes", "--leave-out"},
	{"dataset", "list"},
	{"dataset", "show", "villages"},
	{"record", "check", "villages", "FILES/villages.csv"},
	{"record", "check", "FILES/villages.json", "FILES/villages.csv", "--save-bad"},
	{"record", "check", "FILES/villages.json", "FILES/list.txt"},
	{"record", "import", "villages", "FILES/villages.csv"},
	{"record", "put", "villages", "FILES/record.json"},
	{"record", "get", "villages", "520102001001"},
	{"record", "history", "villages", "520102001001"},
	{"record", "retract", "villages", "520102001001", "--reason", "撤并"},
	{"query", "villages", "--purpose", "residence-check", "--until", "2026-12-31"},
	{"query", "villages", "--fields", "name,code", "--purpose", "residence-check"},
	{"query", "villages", "--key", "520102001001", "--verify", "name=观水社区", "--purpose", "residence-check"},
	{"query", "villages", "--at", "**.贵阳市", "--count", "--by", "urban", "--audit", "--purpose", "census"},
	{"grant", "list"},
	{"grant", "give", "villages", "water@云岩区", "--purpose", "census", "--fields", "code，name", "--measures", "households=sum，average", "--until", "2027-12-31", "--basis", "《统计法》第十七条", "--paper", "黔数〔2026〕12号"},
	{"grant", "renew", "24", "--until", "2028-12-31", "--basis", "《统计法》第十七条", "--paper", "黔数〔2026〕15号"},
	{"grant", "revoke", "29", "--reason", "用途变更"},
	{"use", "list", "--as", "civil-affairs", "--from", "2026-10"},
	{"use", "count", "--as", "civil-affairs", "--by", "agency"},
	{"question", "save", "各县户数", "villages", "--at", "**.贵阳市", "--count", "--by", "urban", "--where", "name=观水社区", "--purpose", "census"},
	{"question", "list"},
	{"question", "show", "各县户数"},
	{"question", "run", "各县户数"},
	{"question", "run", "户数"},
	{"question", "remove", "各县户数"},
	{"asked", "list", "--as", "water", "--to", "2026-11"},
	{"asked", "count", "--as", "water", "--by", "dataset"},
	{"ledger", "checkpoint"},
	{"ledger", "checkpoint", "--since", "12", "--raw"},
	{"ledger", "export", "FILES/log"},
	{"ledger", "verify", "FILES/log", "--policy", "FILES/policy.txt", "--since", "FILES/kept"},
	{"ledger", "verify", "FILES/kept", "--policy", "FILES/plain.txt"},
	{"ledger", "verify", "FILES/kept", "--policy", "FILES/unmet.txt"},
	{"ledger", "verify", "FILES/kept", "--policy", "FILES/badpolicy.txt"},
	{"ledger", "entry", "7"},
	{"ledger", "receipt", "7", "--out", "FILES"},
	{"ledger", "receipt", "8", "--out", "FILES"},
	{"ledger", "verify", "FILES/nanming.guiyang.guizhou-log-1-7.receipt", "FILES/nanming.guiyang.guizhou-log-1-7.payload", "--root", "guizhou/keys/1/" + strings.Repeat("0f", 32)},
	{"ledger", "verify"},
	{"ledger", "audits"},
	{"query", "nothing", "--key", "1"},
	{"query", "villages", "--were", "a=b"},
	{"config", "check", "FILES/config.yaml"},
	{"config", "check", "FILES/badconfig.yaml"},
	{"config", "check"},
	{"stop"},
	{"--help"},
}

func TestGolden(t *testing.T) {
	for _, lang := range []string{"zh_CN.UTF-8", "en_US.UTF-8"} {
		t.Run(lang[:2], func(t *testing.T) {
			compare(t, filepath.Join("testdata", lang[:2]+".golden"), goldenSession(t, lang))
		})
	}
}

// goldenSession runs the session in a language, and returns all that it tells.
func goldenSession(t *testing.T, lang string) string {
	t.Helper()
	b := newWorkbench(t, lang)
	files := writeFiles(t)
	b.node.lines = []client.ImportProgress{{Done: 1, Total: 3}, {Done: 3, Total: 3}}
	b.node.shown = client.ImportCheck{Taken: client.FileTaken{Format: "csv", Encoding: "gb18030", Delimiter: ","}, New: 1, Replaced: 2, Absent: 4}
	b.node.bad = []client.BadRow{
		{Row: 2, Line: 3, Column: "name", Reason: "minLength", Faults: []client.RowFault{
			{Line: 3, Letter: "B", Header: "名称", Field: "name", Reason: "minLength", Value: "x", Expected: "2"},
		}},
		{Row: 4, Line: 5, Reason: "columns", Faults: []client.RowFault{{Line: 5, Reason: "columns", Expected: "3"}}},
	}
	unknown := map[string]client.Problem{"POST /v1/query": {
		Title: "数据资源不存在", Status: 404, Code: "unknown-dataset", Detail: "目录中没有编码为 nothing 的数据资源",
		Where: "nanming.guiyang.guizhou", Do: "请用 xietong dataset list --at 南明区 查看其目录后重试",
	}}
	var got strings.Builder
	for _, args := range session {
		b.node.fail = nil
		if len(args) > 1 && args[1] == "nothing" {
			b.node.fail = unknown
		}
		real := make([]string, len(args))
		for i, arg := range args {
			real[i] = strings.Replace(arg, "FILES", files, 1)
		}
		if args[0] == "record" && args[1] == "import" {
			real = append(real, "--keep-good")
		}
		code, stdout, stderr := b.run(real...)
		fmt.Fprintf(&got, "$ xietong %s\n%s", strings.Join(args, " "), stdout)
		if stderr != "" {
			fmt.Fprintf(&got, "-- stderr\n%s", stderr)
		}
		fmt.Fprintf(&got, "-- exit %d\n\n", code)
	}
	return strings.ReplaceAll(got.String(), files, "FILES")
}

func compare(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	gotLines, wantLines := strings.Split(got, "\n"), strings.Split(string(want), "\n")
	for i := range max(len(gotLines), len(wantLines)) {
		var g, w string
		if i < len(gotLines) {
			g = gotLines[i]
		}
		if i < len(wantLines) {
			w = wantLines[i]
		}
		if g != w {
			t.Fatalf("%s:%d:\n got %q\nwant %q", path, i+1, g, w)
		}
	}
}

// writeFiles makes the files that the session reads.
func writeFiles(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	entry, err := json.Marshal(villages.NewDataset)
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string]string{
		"villages.json":  "\uFEFF" + string(entry),
		"villages.csv":   "code,name\n1,a\n2,\n3,c\n4\n5,e\n",
		"record.json":    `{"code":"520102001001","name":"观水社区"}`,
		"config.yaml":    "\uFEFFversion: 1\r\nlisten: \"0.0.0.0:7500\"\r\njurisdictions:\r\n  - name: nanming.guiyang.guizhou\r\n    display_name: 南明区\r\n  - name: yunyan\r\n    display_name: 云岩区\r\n",
		"badconfig.yaml": "version: 1\nlisten: \"0.0.0.0:99999\"\njurisdictions:\n  - name: nanming\n    display_name: 南明区\n",
		"list.txt":       "code\n1\n",
		"policy.txt":     "witnessed", "plain.txt": "plain", "unmet.txt": "unmet", "badpolicy.txt": "bad", "kept": "a checkpoint that was kept",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}
