package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"

	"xietong/node"
	"xietong/node/faces/client"
	"xietong/node/ground/text"
)

const pin = "guizhou/keys/1/0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f"

// TestUsage runs wrong command lines: each ends with exit code 2, says what and where on standard
// error, and sends no request.
func TestUsage(t *testing.T) {
	tests := []struct{ line, want string }{
		{"nothing", "error: xietong has no command nothing"},
		{"statos", "what to do: did you mean: xietong status"},
		{"ledger nothing", "error: xietong ledger has no command nothing\nwhere: xietong ledger\nwhat to do: read xietong ledger --help"},
		{"help nothing", "error: xietong has no command nothing"},
		{"completion nothing", "error: xietong completion has no command nothing"},
		{"status --jsn", "error: there is no flag --jsn\nwhere: xietong status"},
		{"status -z", "error: there is no flag -z"},
		{"status --in", "error: the flag --in needs a value"},
		{"init", "error: the argument NAME is missing\nwhere: xietong init"},
		{"agency add a", "error: the argument TITLE is missing"},
		{"status now", "error: the argument now is one too many"},
		{"ledger entry 007", `error: "007" is no index of an entry`},
		{"ledger entry -- -1", `error: "-1" is no index of an entry`},
		{"ledger entry g/log/1", `error: "g/log/1" is no index of an entry`},
		{"ledger verify r", "error: the flag --root is needed\nwhere: xietong ledger verify\nwhat to do: read xietong ledger verify --help"},
		{"ledger verify r --root x", `error: the flag --root cannot be "x": it is the pin of the root, of the form NAME/keys/NUMBER/HASH`},
		{"ledger verify --root " + pin, "error: the argument RECEIPT is missing"},
		{"query", "error: the argument DATASET is missing"},
		{"query d --where a", `error: the flag --where takes FIELD=VALUE, not "a"`},
		{"query d --where =a", `error: the flag --where takes FIELD=VALUE, not "=a"`},
		{"query d --where a=1 --where a=2", "error: the flag --where names the field a twice"},
		{"query d --verify a=1", "error: the flag --key is needed"},
		{"query d --key 1 --verify a", `error: the flag --verify takes FIELD=VALUE, not "a"`},
		{"query d --key 1 --verify a=1 --count", "error: the flags --verify and --count do not go together"},
		{"query d --key 1 --sum n", "error: the flags --sum and --key do not go together"},
		{"query d --count --limit 3", "error: the flags --count and --limit do not go together"},
		{"query d --sum n --average n", "error: the flags --sum and --average do not go together"},
		{"query d --at a --at b", `error: the flag --at is given twice, as "a" and as "b", and counts once` + "\nwhere: xietong query"},
		{"--in a query d --in=b", `error: the flag --in is given twice, as "a" and as "b"`},
		{"query d --at a --at a --where a=1 --where b=1 --fields a --fields b --limit 1 --limit 0", `error: the flag --limit is given twice`},
		{"query d --sum=", "error: the flag --sum is empty"},
		{"query d --sum n --by a,b,c", "error: the flag --by takes two at most"},
		{"query d --by a", "error: the flag --by goes with one of --count, --sum, --average, --minimum and --maximum"},
		{"query d --at **.gui --cursor x", "error: the flags --cursor and --at **.gui do not go together"},
		{"query d --until soon", `error: the flag --until cannot be "soon": it is a day such as 2026-12-31`},
		{"query d --limit many", `error: the flag --limit cannot be "many": it is a whole number`},
		{"query d --limit 0", `error: the flag --limit cannot be "0": it is a whole number from 1 to 1000`},
		{"query d --at *.x --wait -1", `error: the flag --wait cannot be "-1": it is a whole number from 1 to 100`},
		{"invite 南明区 --hours 0", `error: the flag --hours cannot be "0": it is a whole number from 1 to 8760`},
		{"invite 南明区 --hours -5", `error: the flag --hours cannot be "-5"`},
		{"invite gaoxin --label 高新", `error: the flag --label cannot be "高新": it is a-z, 0-9 and hyphens, such as gaoxin`},
		{"host add gaoxin --label -x", `error: the flag --label cannot be "-x"`},
		{"init guizhou --listen 7400", `error: the flag --listen cannot be "7400": it is an IP address of this machine and a port, such as 0.0.0.0:7400` + "\nwhere: xietong init"},
		{"join xt1-x --listen foo", `error: the flag --listen cannot be "foo": it is an IP address`},
		{"tree confirm x --fingerprint D98F --reason y", `error: the flag --fingerprint cannot be "D98F": it is 24 hex digits`},
		{"tree confirm x --fingerprint 00FF112233445566778899AA", "error: the flag --fingerprint goes with --reason, and has no effect without it\nwhere: xietong tree confirm\nwhat to do: read xietong tree confirm --help"},
		{"record retract d 1", "error: the flag --reason is needed"},
		{"grant revoke 3", "error: the flag --reason is needed"},
		{"grant revoke x --reason y", `error: "x" is no index of an entry`},
		{"use list --limit 0", `error: the flag --limit cannot be "0": it is a whole number from 1 to 200`},
		{"use list --dataset=", "error: the flag --dataset is empty"},
		{"use count --by colour", `error: the flag --by cannot be "colour": it is one of month, dataset, agency`},
		{"serve --log-level loud", `error: the flag --log-level cannot be "loud": it is one of debug, info, warn, error`},
		{"serve --log-format xml", `error: the flag --log-format cannot be "xml": it is one of text, json`},
	}
	b := newWorkbench(t, "C")
	for _, test := range tests {
		code, stdout, stderr := b.run(strings.Fields(test.line)...)
		if code != exitUsage || stdout != "" || !strings.Contains(stderr, test.want) {
			t.Errorf("%s: exit %d, stdout %q, stderr:\n%swant\n%s", test.line, code, stdout, stderr, test.want)
		}
	}
	if len(b.node.asked) > 0 {
		t.Errorf("the node was asked %q", b.node.asked)
	}
}

// TestRequests checks the request that each command line sends to the node.
func TestRequests(t *testing.T) {
	tests := []struct{ line, want, as string }{
		{"status --in g --as water", "GET /v1/status", "g water en"},
		{"ledger entry g/log/2/7", "GET /v1/entry", ""},
		{"ledger entry g/log/2/7 --in h", "GET /v1/entry", "h  en"},
		{"host list --in g", "GET /v1/status", "  en"}, // it lists all
		{"ledger entry 7 --in h", "GET /v1/ledger/entries/7", "h  en"},
		{"query d --key 1 --purpose p", `POST /v1/query {"dataset":"d","key":"1","purpose":"p"}`, ""},
		{"query d --where a=b=c --where n=3 --where t=", `POST /v1/query {"dataset":"d","where":{"a":"b=c","n":"3","t":""}}`, ""},
		{
			"query d --filter n>3 --fields a,b --fields c --limit 5 --cursor x",
			`POST /v1/query {"dataset":"d","filter":"n\u003e3","fields":["a","b","c"],"limit":5,"cursor":"x"}`, "",
		},
		{
			"query d --filter n>3 --average n --by a --by b",
			`POST /v1/query {"dataset":"d","filter":"n\u003e3","measure":{"function":"average","field":"n","by":["a","b"]}}`, "",
		},
		{
			"query d --key 1 --purpose p --basis b --scenario s --scope o --method m --until 2026-12-31",
			`POST /v1/query {"dataset":"d","key":"1","purpose":"p","basis":"b","scenario":"s","scope":"o","method":"m","until":"2026-12-31"}`, "",
		},
		{"record get d 1 --until 2026-12-31T00:00:00Z", `POST /v1/query {"dataset":"d","key":"1","until":"2026-12-31T00:00:00Z"}`, ""},
		{"query d --key 1 --verify n=3", `POST /v1/verify {"dataset":"d","key":"1","field":"n","value":"3"}`, ""},
		{"record history villages 1", `POST /v1/datasets/villages/history {"key":"1"}`, ""},
		{"record retract villages 1 --reason 错", `POST /v1/datasets/villages/retractions {"key":"1","reason":"错"}`, ""},
		{"grant revoke nanming.guiyang.guizhou/log/1/29 --reason r", `POST /v1/grants/29/revocation {"grant":"nanming.guiyang.guizhou/log/1/29","reason":"r"}`, "nanming.guiyang.guizhou  en"},
		{"grant revoke nanming.guiyang.guizhou/log/1/29 --in 南明区 --reason r", `POST /v1/grants/29/revocation {"grant":"nanming.guiyang.guizhou/log/1/29","reason":"r"}`, "南明区  en"},
		{"grant revoke 29 --reason r", `POST /v1/grants/29/revocation {"reason":"r"}`, ""},
		{"agency add water 水务局", `POST /v1/agencies {"code":"water","title":"水务局"}`, ""},
	}
	b := newWorkbench(t, "en_US.UTF-8")
	for _, test := range tests {
		b.node.asked, b.node.as = nil, nil
		code, _, stderr := b.run(strings.Fields(test.line)...)
		if n := len(b.node.asked); code != exitDone || n == 0 || b.node.asked[n-1] != test.want {
			t.Errorf("%s: exit %d %s\n got %q\nwant %q", test.line, code, stderr, b.node.asked, test.want)
		} else if test.as != "" && b.node.as[n-1] != test.as {
			t.Errorf("%s: asked as %q, want %q", test.line, b.node.as[n-1], test.as)
		}
	}
}

// TestFailures checks the exit codes of failures that are not mistakes in the command line.
func TestFailures(t *testing.T) {
	dir := t.TempDir()
	write := func(name, content string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	forged, huge := write("forged.receipt", "forged"), write("huge.receipt", strings.Repeat(" ", maxInput+1))
	none := filepath.Join(dir, "none")
	half, two, titel := write("half.json", `{"code":`), write("two.json", `{}{}`), write("titel.json", `{"titel":"x"}`)
	refusal := client.Problem{Title: "Not shared", Status: 403, Code: "not-shared", Detail: "it is not shared", Where: "dataset d", Do: "ask"}
	tests := []struct {
		name, want string
		code       int
		args       []string
		node       fakeNode
	}{
		{name: "no directory", code: exitUnreachable, args: []string{"status", "--data", none}, want: "where: " + none + "\nwhat to do: check the path; where no node was made yet, `xietong join` makes one"},
		{name: "a file", code: exitUnreachable, args: []string{"status", "--data", forged}, want: "error: this is not the data directory of a node, or a file of it is missing\nwhere: " + forged},
		{name: "not running", code: exitUnreachable, args: []string{"status", "--data", dir}, want: "where: " + dir + "\nwhat to do: start it with"},
		{name: "half a record", code: exitFailed, args: []string{"record", "put", "villages", half}, want: "error: the content of the file is wrong: it ends too early\nwhere: " + half},
		{name: "two records", code: exitFailed, args: []string{"record", "put", "villages", two}, want: "line 1, column 3: something follows the JSON value\nwhere: " + two},
		{name: "mistyped member", code: exitFailed, args: []string{"dataset", "publish", titel}, want: `wrong: unknown field "titel"` + "\nwhere: " + titel},
		{name: "no file", code: exitFailed, args: []string{"record", "put", "villages", none}, want: "there is no such file or folder\nwhere: " + none},
		{name: "nothing on standard input", code: exitFailed, args: []string{"record", "put", "villages", "-"}, want: "it ends too early\nwhere: standard input"},
		{
			name: "refused", code: exitFailed, args: []string{"agency", "list"},
			node: fakeNode{fail: map[string]client.Problem{"GET /v1/agencies": refusal}},
			want: "error: it is not shared\nwhere: dataset d\nwhat to do: ask\n",
		},
		{
			name: "another program", code: exitFailed, args: []string{"status"}, want: "error: the node's answer is not understood",
			node: fakeNode{wild: func(w http.ResponseWriter) bool { _, _ = io.WriteString(w, "hello"); return true }},
		},
		{name: "nowhere to save", code: exitFailed, args: []string{"ledger", "receipt", "7", "--out", none}, want: none},
		{name: "forged", code: exitUnverified, args: []string{"ledger", "verify", forged, "--root", pin}, want: "error: the receipt proves nothing: the payload is not the one that the entry commits to\nwhere: " + forged},
		{name: "huge", code: exitFailed, args: []string{"ledger", "verify", huge, "--root", pin}, want: "larger than"},
		{name: "no receipt", code: exitFailed, args: []string{"ledger", "verify", none, "--root", pin}, want: "where: " + none},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			b := newWorkbench(t, "C")
			*b.node = test.node
			code, stdout, stderr := b.run(test.args...)
			if code != test.code || stdout != "" || !strings.Contains(stderr, test.want) {
				t.Errorf("exit %d, want %d; stdout %q, stderr:\n%swant\n%s", code, test.code, stdout, stderr, test.want)
			}
		})
	}
}

func TestFailureAsJSON(t *testing.T) {
	b := newWorkbench(t, "C")
	code, stdout, stderr := b.run("status", "--json", "--data", t.TempDir())
	var p client.Problem
	if err := json.Unmarshal([]byte(stderr), &p); err != nil || code != exitUnreachable || stdout != "" {
		t.Fatalf("exit %d, stdout %q, stderr %q: %v", code, stdout, stderr, err)
	}
	if p.Code != string(text.NotRunning) || p.Detail == "" || p.Where == "" || p.Do == "" {
		t.Errorf("got %+v", p)
	}
}

func TestAnsweredNo(t *testing.T) {
	b := newWorkbench(t, "C")
	for answer, want := range map[string]int{
		client.AnswerYes: exitDone, client.AnswerNo: exitUnverified, client.AnswerNoSuchRecord: exitUnverified, "maybe": exitFailed,
	} {
		b.node.in = map[string]func([]byte) any{
			"POST /v1/verify": func([]byte) any { return client.Verdict{Answer: answer, Access: log + "31"} },
		}
		for _, flag := range []string{"--purpose=p", "--json"} {
			if code, stdout, stderr := b.run("query", "d", "--key", "1", "--verify", "a=b", flag); code != want {
				t.Errorf("%s: exit %d, want %d: %s%s", answer, code, want, stdout, stderr)
			}
		}
	}
	code, stdout, _ := b.run("ledger", "verify", "--in", "bad")
	if code != exitUnverified || !strings.Contains(stdout, "does not hold: entry 7: it is missing") {
		t.Errorf("data: exit %d, stdout %q", code, stdout)
	}
	code, stdout, _ = b.run("ledger", "verify", "--in", "bad", "--json")
	if code != exitUnverified || !strings.Contains(stdout, `"first_bad": "entry 7: it is missing"`) {
		t.Errorf("data as JSON: exit %d, stdout %q", code, stdout)
	}
	code, stdout, stderr := b.run("ledger", "verify", "--in", "torn")
	if code != exitUnverified || !strings.Contains(stdout, "no node starts with this directory") || strings.Contains(stdout, "verified:") || !strings.Contains(stderr, "entries that state.db needs are missing from the log") {
		t.Errorf("torn: got exit %d, %q, %q", code, stdout, stderr)
	}
	code, stdout, _ = b.run("ledger", "verify", "--in", "torn", "--json")
	if code != exitUnverified || !strings.Contains(stdout, `"code": "log-gap"`) {
		t.Errorf("torn: got exit %d, %q", code, stdout)
	}
	code, stdout, _ = b.run("ledger", "verify", "--in", "mixed")
	if code != exitUnverified || !strings.Contains(stdout, "this keystore is not the one of this ledger") {
		t.Errorf("another keystore: exit %d, stdout %q", code, stdout)
	}
	code, stdout, _ = b.run("ledger", "verify", "--in", "decayed")
	if code != exitUnverified || !strings.Contains(stdout, "the content of 2 entries is damaged and cannot be read, the first is "+log+"7") {
		t.Errorf("decayed payloads: exit %d, stdout %q", code, stdout)
	}
}

// TestJSON checks that --json prints the wire type and nothing else.
func TestJSON(t *testing.T) {
	b := newWorkbench(t, "C")
	for line, want := range map[string]any{
		"status":                    answers["GET /v1/status"],
		"agency list":               answers["GET /v1/agencies"],
		"dataset list":              answers["GET /v1/datasets"],
		"dataset show villages":     answers["GET /v1/datasets/villages"],
		"record history villages 1": answers["POST /v1/datasets/villages/history"],
		"query villages":            answers["POST /v1/query"],
		"grant list": client.Grants{Total: answers["GET /v1/grants"].(client.Grants).Total, Grants: slices.Concat(
			answers["GET /v1/grants"].(client.Grants).Grants, answers["GET /v1/grants/held"].(client.HeldGrants).Grants,
		)},
		"ledger checkpoint": answers["GET /v1/ledger/checkpoint"],
		"ledger entry 7":    answers["GET /v1/ledger/entries/7"],
	} {
		code, stdout, stderr := b.run(append(strings.Fields(line), "--json")...)
		if code != exitDone || stderr != "" || compact(t, stdout) != encode(t, want) {
			t.Errorf("%s: exit %d, stderr %q\n got %s\nwant %s", line, code, stderr, stdout, encode(t, want))
		}
	}
}

// compact brings JSON into one spelling.
func compact(t *testing.T, s string) string {
	t.Helper()
	var v any
	if err := json.Unmarshal([]byte(s), &v); err != nil {
		t.Fatalf("%v in %q", err, s)
	}
	return encode(t, v)
}

func encode(t *testing.T, v any) string {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	var again any
	_ = json.Unmarshal(data, &again)
	data, _ = json.Marshal(again)
	return string(data)
}

func TestReceiptFiles(t *testing.T) {
	b := newWorkbench(t, "C")
	dir := t.TempDir()
	if code, _, stderr := b.run("ledger", "receipt", "7", "--out", dir); code != exitDone {
		t.Fatal(stderr)
	}
	for name, want := range map[string]string{"nanming.guiyang.guizhou-log-1-7.receipt": "receipt", "nanming.guiyang.guizhou-log-1-7.payload": "payload"} {
		got, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil || string(got) != want {
			t.Errorf("%s: %q, %v", name, got, err)
		}
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: mode %v, want 0600", name, info.Mode())
		}
	}
	if files, _ := os.ReadDir(dir); len(files) != 2 {
		t.Errorf("%d files, want no temporary one left", len(files))
	}
	_, stdout, _ := b.run("ledger", "verify", filepath.Join(dir, "nanming.guiyang.guizhou-log-1-7.receipt"), "--root", pin)
	if !strings.Contains(stdout, "no payload was given") {
		t.Errorf("got %q", stdout)
	}
	for _, row := range []struct{ entry, told string }{{"8", "was erased"}, {"9", "belongs to others and was not given"}} {
		dir := t.TempDir()
		code, stdout, _ := b.run("ledger", "receipt", row.entry, "--out", dir)
		if files, _ := os.ReadDir(dir); code != exitDone || !strings.Contains(stdout, row.told) || len(files) != 1 {
			t.Errorf("entry %s: got %q and %d files, want that it %s", row.entry, stdout, len(files), row.told)
		}
	}
	empty := filepath.Join(dir, "empty")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	receipt := filepath.Join(dir, "nanming.guiyang.guizhou-log-1-7.receipt")
	if code, _, stderr := b.run("ledger", "verify", receipt, empty, "--root", pin); code != exitUnverified || !strings.Contains(stderr, "where: "+empty) {
		t.Errorf("an empty payload: exit %d, %s, want the payload to be named", code, stderr)
	}
}

func TestStandardInput(t *testing.T) {
	b := newWorkbench(t, "C")
	b.stdin = "receipt"
	if code, _, stderr := b.run("ledger", "verify", "-", "--root", pin); code != exitDone {
		t.Error(stderr)
	}
	for line, stdin := range map[string]string{"record put villages -": `{"code":"1"}`, "dataset publish -": `{"code":"villages"}`} {
		b.stdin = stdin
		if code, _, stderr := b.run(strings.Fields(line)...); code != exitDone {
			t.Errorf("%s: %s", line, stderr)
		}
		b.stdin = strings.Repeat(" ", maxInput+1)
		if code, _, stderr := b.run(strings.Fields(line)...); code != exitFailed || !strings.Contains(stderr, "larger than") {
			t.Errorf("%s of too much: exit %d, %s", line, code, stderr)
		}
	}
}

// TestFullOutput: a table or a sentence that cannot be written is no success, of any verb of the
// session.
func TestFullOutput(t *testing.T) {
	b := newWorkbench(t, "C")
	files := writeFiles(t)
	for _, args := range session {
		real := make([]string, len(args))
		for i, arg := range args {
			real[i] = strings.Replace(arg, "FILES", files, 1)
		}
		_, stdout, _ := b.run(real...)
		a := b.app
		a.stdin, a.stdout, a.stderr = strings.NewReader(b.stdin), full{}, io.Discard
		a.getenv = func(name string) string { return map[string]string{"LANG": b.lang, "XIETONG_DATA": b.dir}[name] }
		if code := a.run(t.Context(), real); code == exitDone && stdout != "" {
			t.Errorf("%q ends with success, and could not write %q", args, stdout)
		}
	}
}

type full struct{}

func (full) Write([]byte) (int, error) {
	return 0, &os.PathError{Op: "write", Path: "/dev/full", Err: syscall.ENOSPC}
}

// TestServe ends a served node as a signal does.
func TestServe(t *testing.T) {
	b := newWorkbench(t, "C")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	code, stdout, stderr := b.runUntil(ctx, "serve", "--log-format", "json")
	if code != exitDone || stdout != "the node is ready, data directory D\n" {
		t.Errorf("exit %d, stdout %q", code, stdout)
	}
	if !strings.Contains(stderr, `"msg":"node serves","version_known":true`) {
		t.Errorf("stderr %q", stderr)
	}
}

func TestVersionAndCompletion(t *testing.T) {
	b := newWorkbench(t, "zh_CN.UTF-8")
	if code, stdout, _ := b.run("version"); code != exitDone || !strings.HasPrefix(stdout, "xietong ") {
		t.Errorf("exit %d, %q", code, stdout)
	}
	if code, stdout, _ := b.run("version", "--json"); code != exitDone || !strings.Contains(stdout, `"platform"`) {
		t.Errorf("exit %d, %q", code, stdout)
	}
	for _, shell := range []string{"bash", "zsh", "fish", "powershell"} {
		if code, stdout, _ := b.run("completion", shell); code != exitDone || !strings.Contains(stdout, "xietong") {
			t.Errorf("%s: exit %d, %d bytes", shell, code, len(stdout))
		}
	}
	for line, want := range map[string]string{
		"ledger |":                  "verify\t离线验证存证凭证、数据目录或导出的账本\n:4\n",
		"query |":                   "villages\t村（居）委会名录\n:4\n", // no files
		"record import |":           "villages\t村（居）委会名录\n:4\n",
		"question run |":            "各县户数\tvillages\n:4\n",
		"agency list --as |":        "civil-affairs\t民政局\nwater\t水务管理局\n:4\n",
		"query villages --where |":  "code=\t编码\nhouseholds=\t户数\nname=\t名称\nurban=\n:6\n",
		"query villages --fields |": "code\t编码\nhouseholds\t户数\nname\t名称\nurban\n:4\n",
		"query villages --at |": "guiyang.guizhou\t贵阳市\nold.nanming.guiyang.guizhou\t旧街道\nxihu.nanming.guiyang.guizhou\t西湖路街道\n" +
			"xinhua.nanming.guiyang.guizhou\t新华路街道\nyongle.nanming.guiyang.guizhou\t永乐乡人民政府\n新华路街道\txinhua.nanming.guiyang.guizhou\n" +
			"旧街道\told.nanming.guiyang.guizhou\n永乐乡人民政府\tyongle.nanming.guiyang.guizhou\n西湖路街道\txihu.nanming.guiyang.guizhou\n贵阳市\tguiyang.guizhou\n:4\n",
		"status --in |":                    "nanming.guiyang.guizhou\t贵阳市南明区\n贵阳市南明区\tnanming.guiyang.guizhou\n:4\n",
		"record import villages |":         ":0\n", // files
		"ledger verify |":                  ":0\n",
		"status --data |":                  ":16\n", // folders
		"serve --log-format |":             "text\njson\n:4\n",
		"record import d f.txt --format |": "csv\ntsv\njson\njsonl\nxlsx\n:4\n",
		"record import d f.csv |":          ":4\n",
		"query villages --purpose |":       "census\t普查\nresidence-check\t居住地核验\n:4\n",
	} {
		args := strings.Fields("__complete " + strings.TrimSuffix(line, "|"))
		if _, stdout, _ := b.run(append(args, "")...); !strings.HasSuffix(stdout, want) {
			t.Errorf("completion of %s: %q, want %q at the end", line, stdout, want)
		}
	}
}

// TestCompletionOfEnded offers an agency that ended where it may read, and nowhere else.
func TestCompletionOfEnded(t *testing.T) {
	b := newWorkbench(t, "C")
	b.node.in = map[string]func([]byte) any{"GET /v1/agencies": func([]byte) any {
		return client.Agencies{Agencies: []client.Agency{{Code: "grain", Title: "粮食局", Ended: &client.Ended{}}, {Code: "water", Title: "水务局"}}}
	}}
	for line, offered := range map[string]bool{
		"question list --as": true, "question show --as": true, "asked count --as": true, "ledger receipt --as": true, "use list --agency": true,
		"question run --as": false, "query villages --as": false, "invite --as": false, "--as": false,
	} {
		if _, stdout, _ := b.run(append([]string{"__complete"}, append(strings.Fields(line), "")...)...); strings.Contains(stdout, "grain") != offered {
			t.Errorf("%s: got %q, want the agency that ended offered: %t", line, stdout, offered)
		}
	}
}

// TestCompletionIsSilent: where no node answers, or not in time, a completion says nothing, and it
// never asks for data.
func TestCompletionIsSilent(t *testing.T) {
	b := newWorkbench(t, "zh_CN.UTF-8")
	b.run("__complete", "query", "villages", "--where", "")
	for _, asked := range b.node.asked {
		if !strings.HasPrefix(asked, "GET ") {
			t.Errorf("a completion asked %q", asked)
		}
	}
	b.node.wild = func(http.ResponseWriter) bool { time.Sleep(2 * completeWithin); return true }
	for _, args := range [][]string{{"query", ""}, {"query", "", "--data", b.dir + "none"}} {
		if code, stdout, stderr := b.run(append([]string{"__complete"}, args...)...); code != exitDone || !strings.HasPrefix(stdout, ":") || strings.Contains(stderr, "错误") {
			t.Errorf("%q: exit %d, %q, %q", args, code, stdout, stderr)
		}
	}
	if _, stdout, _ := b.run("__complete", "query", "--p"); !strings.Contains(stdout, "--purpose\t") || strings.Contains(stdout, "`") {
		t.Errorf("flags: %q", stdout)
	}
}

func TestFailureFromNode(t *testing.T) {
	b := newWorkbench(t, "zh_CN.UTF-8")
	b.app.node.init = func(dir string, _ initOptions) (node.InitResult, error) {
		return node.InitResult{}, text.Fail(text.DirNotEmpty, text.Args{"dir": dir}, nil)
	}
	code, _, stderr := b.run("init", "guizhou")
	if code != exitFailed || !strings.HasPrefix(stderr, "错误：该目录已有内容") || !strings.Contains(stderr, "位置：D\n") {
		t.Errorf("exit %d, %q", code, stderr)
	}
}

func TestInitRefusesName(t *testing.T) {
	b := newWorkbench(t, "C")
	b.app.node.init = node.Init
	code, _, stderr := b.run("init", "N M!", "--data", filepath.Join(b.dir, "new"))
	want := "error: \"N M!\" is no name of a jurisdiction\nwhere: xietong init\nwhat to do: write it lowest level first"
	if code != exitUsage || !strings.HasPrefix(stderr, want) {
		t.Errorf("exit %d, %s", code, stderr)
	}
	code, stdout, stderr := b.run("init", "nanming", "--yes", "--data", filepath.Join(b.dir, "new"))
	if code != exitDone || !strings.Contains(stdout, "nanming/keys/1/") {
		t.Errorf("a name alone: exit %d, %s%s", code, stdout, stderr)
	}
}

// TestBadRowsFile checks that the rows that an import left out are written beside the file, as the
// node gives them (U-C16).
func TestBadRowsFile(t *testing.T) {
	b := newWorkbench(t, "C")
	b.node.bad = []client.BadRow{{Row: 2, Column: "na\x1bme", Reason: "minLength"}, {Row: 4, Reason: "columns"}}
	file := filepath.Join(t.TempDir(), "v.csv")
	if err := os.WriteFile(file, []byte("code\n1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"--keep-good"}, {"--keep-good", "--json"}, {}} {
		_ = os.Remove(file + badSuffix + ".csv")
		code, _, stderr := b.run(append([]string{"record", "import", "villages", file}, args...)...)
		got, err := os.ReadFile(file + badSuffix + ".csv")
		if len(args) == 0 {
			if code != exitFailed || !os.IsNotExist(err) {
				t.Errorf("without --keep-good: exit %d, file %v", code, err)
			}
			continue
		}
		want := "code,name\n1,x\n" // as the node gives it
		if code != exitDone || string(got) != want {
			t.Errorf("%v: exit %d, %s%q, want %q", args, code, stderr, got, want)
		}
		if asJSON := len(args) > 1; asJSON != (stderr == "") {
			t.Errorf("%v: standard error %q", args, stderr)
		}
	}
}

// TestFilesInAnyEncoding: each file of text that a verb reads is taken in the encodings that an
// import takes, and what cannot be read is refused before anything of it is sent: it would stand in
// the ledger for ever as marks.
func TestFilesInAnyEncoding(t *testing.T) {
	utf16 := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM)
	roster := "code,level,label,name_zh,short_zh,name_en,parent\r\n520000,province,guizhou,贵州省,贵州,Guizhou,000000\r\n"
	adopted := map[string]func([]byte) any{"GET /v1/standards/villages": func([]byte) any {
		return client.Standard{NewStandard: client.NewStandard{NewDataset: villages.NewDataset}}
	}}
	verbs := map[string]struct{ file, sent string }{
		"dataset publish FILE":               {`{"code":"villages","title":"村委会名录"}`, `"title":"村委会名录"`},
		"record put villages FILE":           {`{"code":"1","name":"纪念塔社区居民委员会"}`, `"name":"纪念塔社区居民委员会"`},
		"dataset standard publish FILE":      {`{"code":"villages","title":"村委会名录"}`, `"title":"村委会名录"`},
		"dataset adopt villages --file FILE": {`{"title":"村委会名录"}`, `"title":"村委会名录"`},
		"roster publish FILE":                {roster, `"csv":"code,level,label,name_zh,short_zh,name_en,parent\r\n520000,province,guizhou,贵州省`},
	}
	for line, v := range verbs {
		for name, of := range map[string]func(string) (string, error){
			"utf-8": encoding.Nop.NewEncoder().String, "utf-8 with a mark": func(s string) (string, error) { return "\uFEFF" + s, nil },
			"gb18030": simplifiedchinese.GB18030.NewEncoder().String, "utf-16": utf16.NewEncoder().String,
		} {
			b := newWorkbench(t, "C")
			b.node.in = adopted
			data, err := of(v.file)
			file := filepath.Join(b.dir, "file")
			if err = errors.Join(err, os.WriteFile(file, []byte(data), 0o600)); err != nil {
				t.Fatal(err)
			}
			_, _, stderr := b.run(strings.Fields(strings.ReplaceAll(line, "FILE", file))...)
			if sent := strings.Join(b.node.asked, "\n"); !strings.Contains(sent, v.sent) {
				t.Errorf("%s in %s: sent %q, %s", line, name, sent, stderr)
			}
		}
		b := newWorkbench(t, "zh_CN.UTF-8")
		b.node.in = adopted
		file := filepath.Join(b.dir, "file")
		if err := os.WriteFile(file, []byte("{\"title\":\"\xb4\xe5\xff\xff\"}"), 0o600); err != nil {
			t.Fatal(err)
		}
		code, _, stderr := b.run(strings.Fields(strings.ReplaceAll(line, "FILE", file))...)
		if code != exitFailed || strings.Contains(strings.Join(b.node.asked, ""), "POST") || !strings.Contains(stderr, "没有一种已知编码适合整个文件") || !strings.Contains(stderr, "另存为“带 BOM 的 UTF-8”") {
			t.Errorf("%s: exit %d, sent %q, %s", line, code, b.node.asked, stderr)
		}
	}
}
