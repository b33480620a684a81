package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"xietong/node/ground/text"
)

// TestCorpus types something wrong for every verb and for every flag of it, on a real node, in both
// languages, and holds what is told. The lines are made of goodArguments and badValues, and those
// that say more stand in testdata/corpus.txt. A verb or a flag without a line fails.
func TestCorpus(t *testing.T) {
	c := newClerks(t, "zh_CN.UTF-8")
	c.does("agency add civil-affairs 民政局")
	files := corpusFiles(t)
	c.does("dataset publish --yes " + filepath.Join(files, "households.json"))
	c.does("record put households " + filepath.Join(files, "record.json"))
	c.does("question save 户数 households --count --purpose statistics")
	lines := corpusLines(t)
	for _, lang := range []string{"zh_CN.UTF-8", "en_US.UTF-8"} {
		c.lang = lang
		told := map[string][]string{} // by what is told: the lines for which it is
		var order []string
		for _, line := range lines {
			code, _, stderr := c.typed(corpusArgs(line, files))
			if code == exitDone && !slices.Contains(notWrong, line) {
				t.Errorf("%s: it was done", line)
			}
			if flag := wordFlag.FindStringSubmatch(line); flag != nil && code != exitUsage && !wordLess.MatchString(line) {
				t.Errorf("%s: exit %d: what is no word of --%s is wrong on the command line, whoever finds that", line, code, flag[1])
			}
			said := strings.NewReplacer(files, "FILES", c.dir, "DIR").Replace(stderr)
			speaks(t, lang, line, said)
			said = changing.ReplaceAllString(helpTyped.ReplaceAllString(whereTyped.ReplaceAllString(said, ""), "xietong … --help"), "…")
			said = fmt.Sprintf("%s-- exit %d\n", said, code)
			if told[said] == nil {
				order = append(order, said)
			}
			told[said] = append(told[said], line)
		}
		var got strings.Builder
		for _, said := range order {
			for _, line := range told[said] {
				fmt.Fprintf(&got, "$ xietong %s\n", line)
			}
			got.WriteString(said + "\n")
		}
		compare(t, filepath.Join("testdata", "corpus."+lang[:2]+".golden"), got.String())
	}
}

var (
	helpTyped  = regexp.MustCompile("xietong [a-z ]*--help")
	whereTyped = regexp.MustCompile(`(?m)^(位置：|where: )xietong.*\n`)
	changing   = regexp.MustCompile(`[0-9a-f]{64}|\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d)?(Z|\+08:00| \+08:00)?|\d+(\.\d+)? (MiB|GiB)|127\.0\.0\.1:\d+`)
)

// wordFlag finds the lines in which a flag has a value of a wrong form, or a word that is none of
// those that there are. wordLess are those that end before, at a name that nothing here has, or of
// which the flag takes such a name.
var wordFlag = regexp.MustCompile(`--(level|missing|format|encoding|delimiter|from|to|kind|province|until|limit|cursor|hours|days|by|state|time-zone|listen|label|filter|wait)=\S*$`)

var wordLess = regexp.MustCompile(`^(dataset (adopt|move|standard show)|host add) `)

// corpusArgs returns the arguments of a line. In it, a word may have escapes as Go writes them.
func corpusArgs(line, files string) []string {
	args := strings.Fields(strings.ReplaceAll(line, "FILES", files))
	for i, arg := range args {
		args[i] = strings.NewReplacer(`\x00`, "\x00", `\xb4`, "\xb4", `\s`, " ", `\u200b`, "\u200b", `\n`, "\n").Replace(arg)
	}
	return args
}

// corpusLines returns all lines: those of the file, and those made for the verbs and flags.
func corpusLines(t *testing.T) (lines []string) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", "corpus.txt"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(data)) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			lines = append(lines, line)
		}
	}
	a := &app{getenv: func(string) string { return "" }, lang: text.En, stdin: strings.NewReader("")}
	root := a.rootCommand()
	leaves(root, func(c *cobra.Command) {
		verb := strings.TrimPrefix(c.CommandPath(), "xietong ")
		good, known := goodArguments[verb]
		if !known {
			t.Errorf("goodArguments lacks the verb %s: give it arguments, so that something wrong can be typed", verb)
		}
		lines = append(lines, strings.TrimSpace(verb+" "+good+" zuviel"))
		c.LocalNonPersistentFlags().VisitAll(func(f *pflag.Flag) {
			others := slices.DeleteFunc(strings.Fields(good), func(word string) bool { return strings.HasPrefix(word, "--"+f.Name+"=") })
			lines = append(lines, strings.Join(slices.Concat([]string{verb}, others, []string{badFlag(t, verb, f)}), " "))
		})
	})
	root.PersistentFlags().VisitAll(func(f *pflag.Flag) { lines = append(lines, "status "+badFlag(t, "status", f)) })
	return lines
}

func leaves(c *cobra.Command, visit func(*cobra.Command)) {
	if !c.HasSubCommands() {
		visit(c)
	}
	for _, child := range c.Commands() {
		leaves(child, visit)
	}
}

// notWrong are lines that are done, each for its reason.
var notWrong = []string{
	"ledger audits --sort=颜色",             // an empty list has no order
	"status --in=火星", "status --as=没有的部门", // the status is of the whole node
	"keys status --sort=颜色",                        // an empty list has no order
	"record get households 9 --purpose statistics", // that there is none is an answer
	"query households --until 2020-12-31 --purpose statistics --basis b --scenario s --scope s --method m", // there is a grant already
}

// badFlag returns the flag with a value that is wrong for it.
func badFlag(t *testing.T, verb string, f *pflag.Flag) string {
	t.Helper()
	value, known := badValues[verb+" "+f.Name]
	if !known {
		value, known = badValues[f.Name]
	}
	switch {
	case known:
		return "--" + f.Name + "=" + value
	case f.Value.Type() == "bool":
		return "--" + f.Name + "=vielleicht"
	}
	t.Errorf("badValues lacks the flag --%s of %s: give it a value that is wrong", f.Name, verb)
	return "--" + f.Name + "="
}

// goodArguments are arguments for each verb, so that what is wrong is what stands behind them.
var goodArguments = map[string]string{
	"agency end": "没有 --into=civil-affairs", "agency rename": "没有 新名称", "dataset move": "没有", "dataset standard withdraw": "没有", "dataset withdraw": "没有", "grant allow": "3", "agency add": "水务局 水务局", "agency list": "", "asked count": "", "asked list": "", "bench echo": "", "bench hostile": "", "bench ledger": "", "bench node": "", "bench query": "",
	"bench spin": "", "completion bash": "", "completion fish": "", "completion powershell": "", "completion zsh": "", "config check": "FILES/nothing.json", "config show": "", "dataset adopt": "villages --records=FILES/rows.csv", "dataset list": "",
	"dataset publish": "FILES/changed.json --records=FILES/rows.csv", "dataset show": "households", "dataset standard list": "", "dataset standard publish": "FILES/households.json",
	"dataset standard show": "villages", "demo": "", "drill": "南明区", "grant give": "households tax@guiyang.guizhou", "grant list": "", "grant renew": "3", "grant revoke": "3",
	"host add": "火星", "host end": "火星", "host list": "", "init": "guizhou", "invite": "南明区", "invite cancel": "南明区", "join": "xt1-x", "clock show": "", "clock accept": "", "ledger continue": "", "ledger repair": "", "keys acknowledge": "", "keys renew": "", "keys revoke": "",
	"keys status": "", "ledger audits": "", "ledger checkpoint": "", "ledger entry": "1", "ledger export": "FILES/log", "ledger list": "", "ledger receipt": "1", "ledger verify": "FILES/record.json FILES/record.json", "query": "households --purpose=statistics",
	"question list": "", "question remove": "户数", "question run": "户数", "question save": "户数 households --purpose=statistics", "question show": "户数", "record export": "households --purpose=statistics",
	"record check": "FILES/households.json FILES/rows.csv", "record get": "households 1 --purpose=statistics", "record history": "households 1", "record import": "households FILES/rows.csv", "record put": "households FILES/record.json",
	"record retract": "households 1", "roster list": "", "roster publish": "FILES/roster.csv", "roster show": "", "serve": "", "status": "", "stop": "", "tree confirm": "南明区 --reason=核对", "tree acknowledge": "南明区 --reason=核对",
	"replica invite": "", "replica join": "xr1-x", "replica list": "", "replica promote": "r9", "replica remove": "r9", "replica replace": "r9", "tree object": "FILES/record.json", "use count": "", "use list": "", "version": "", "withdraw": "南明区", "help": "",
}

// badValues are values that are wrong for a flag, or for the flag of a verb.
var badValues = map[string]string{
	"at": "火星", "hours": "x", "format": "pdf", "out": "FILES/nothing/here.csv", "sort": "颜色", "limit": "0", "cursor": "abc", "by": "颜色", "from": "2026-13", "to": "昨天",
	"dataset adopt from": "火星", "ledger checkpoint since": "昨天", "ledger verify since": "FILES/nothing", "policy": "FILES/roster.csv", "dataset standard show from": "火星",
	"agency": "水务局", "dataset": "住户", "purpose": "随便看看", "consumer": "水务局", "state": "旧", "kind": "颜色", "jurisdiction": "火星", "level": "星级", "label": "高新", "listen": "7400", "time-zone": "北京",
	"code": `5201\n02`, "display-name": `贵\xb4`, "short-name": `贵\xb4`, "until": "2026/12/31", "root": "guizhou/keys/1/00", "fingerprint": "D98F",
	"reason": `\xb4`, "basis": `\xb4`, "scenario": `\xb4`, "scope": `\xb4`, "method": `\xb4`, "paper": `\xb4`,
	"fields": "颜色", "filter": "收入>800", "key": `\s`, "where": "姓名", "verify": "姓名", "sum": "颜色", "average": "颜色", "minimum": "颜色", "maximum": "颜色", "measures": "收入=median", "wait": "0",
	"file": "FILES/nothing.json", "records": "FILES/nothing.csv", "encoding": "latin9", "delimiter": "ab", "missing": "gone", "sheet": "第三页",
	"log-level": "loud", "log-format": "xml", "clients": "x", "seconds": "-1", "size": "x", "replicas": "x", "processors": "x", "answer": "x", "request": "x", "above": "FILES/nothing",
	"roster list below": "火星", "roster list search": `\xb4`, "data": "FILES/nothing", "dataset move to": "水务局", "into": "水务局", "province": "火星省", "roster": "FILES/nothing", "in": "火星", "as": "没有的部门",
}

// corpusFiles makes the files of the lines, good ones and bad.
func corpusFiles(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	entry := `{"code":"households","title":"住户","category":"unconditional","key":"编号","not_secret":true,"update_cycle":"yearly",
 "purposes":[{"code":"statistics","title":"统计"}],"measures":{"收入":["sum","average"]},
 "schema":{"type":"object","required":["编号"],"properties":{"编号":{"type":"string","maxLength":8},"姓名":{"type":"string"},"收入":{"type":"number"},"类别":{"enum":["甲","乙"]}}}}`
	in := func(from, to string) string { return strings.Replace(entry, from, to, 1) }
	for name, content := range map[string]string{
		"households.json": entry, "record.json": `{"编号":"1","姓名":"张三","收入":900,"类别":"甲"}`, "rows.csv": "编号,姓名,收入,类别\n2,李四,5,甲\n", "changed.json": in(`"yearly"`, `"monthly"`),
		"roster.csv": "a,b\n1,2\n", "empty.json": "", "half.json": `{"code":`, "comma.json": "{\"code\":\"households\"，\n\"title\":\"x\"}", "more.json": "{}\n{}", "list.json": "[]", "word.json": `"x"`,
		"entry.yaml": "code: households\ntitle: 住户\n", "member.json": in(`"code"`, `"foo":1,"code"`), "secret.json": in(`"not_secret":true,`, ""), "nokey.json": in(`"key":"编号"`, `"key":"号"`),
		"nopurpose.json": in(`[{"code":"statistics","title":"统计"}]`, "[]"), "nocitation.json": in(`"unconditional"`, `"not-shared"`), "category.json": in(`"unconditional"`, `"public"`),
		"format.json": in(`"姓名":{"type":"string"}`, `"姓名":{"type":"string","format":"money"}`), "keyword.json": in(`"姓名":{"type":"string"}`, `"姓名":{"type":"string","contains":1}`),
		"pattern.json": in(`"姓名":{"type":"string"}`, `"姓名":{"type":"string","pattern":"(?=x)"}`), "type.json": in(`"姓名":{"type":"string"}`, `"姓名":{"type":"text"}`),
		"titletype.json": in(`"title":"住户"`, `"title":7`), "label.json": in(`"code":"households"`, `"code":"住户"`), "long.json": in(`"title":"住户"`, `"title":"`+strings.Repeat("长", 500)+`"`),
		"extra.json": `{"编号":"3","颜色":"红"}`, "lacks.json": `{"姓名":"王五"}`, "mistyped.json": `{"编号":"3","收入":"多"}`, "enum.json": `{"编号":"3","类别":"丙"}`, "toolong.json": `{"编号":"123456789"}`,
		"badrows.csv": "编号,姓名,收入,类别\n2,李四,多,甲\n123456789,王五,1,丙\n", "onerow.csv": "编号,姓名,收入,类别\n2,李四,多,甲\n", "header.csv": "编号,颜色\n2,红\n", "nothing.csv": "编号,姓名,收入,类别\n", "quote.csv": "编号,姓名,收入,类别\n1,\"x,1,甲\n",
		"picture.csv": "\x89PNG\r\n\x1a\n\x00\x00", "rows.json": "[{\"编号\":\"1\"},\n{\"编号\":}]", "gbk.csv": "\xb1\xe0\xba\xc5,x\xff\xff\n",
		"key.yaml": "version: 1\nlistn: \"0.0.0.0:7400\"\n", "port.yaml": "version: 1\nlisten: \"127.0.0.1:99999\"\njurisdictions:\n  - name: a\n    display_name: 甲\n", "later.yaml": "version: 9\n",
		"chinese.yaml": "version: 1\njurisdictions:\n  - name: 南明区\n    display_name: 南明区\n", "open.yaml": "version: [\n",
		"none.policy": "quorum none\n", "cut.policy": "quorum none",
		"columns.csv": "编号,姓名,收入\n2,李四\n", "lacks.csv": "编号,姓名,收入\n2,李四,5\n",
	} {
		putFile(t, filepath.Join(dir, name), content)
	}
	return dir
}

// typed runs the arguments as a clerk types them.
func (c *clerks) typed(args []string) (code int, stdout, stderr string) {
	c.t.Helper()
	var out, errs bytes.Buffer
	a := app{
		stdin: strings.NewReader(""), stdout: &out, stderr: &errs, now: time.Now, node: theNode,
		getenv: func(name string) string { return map[string]string{"LANG": c.lang, "XIETONG_DATA": c.dir}[name] },
	}
	code = a.run(c.t.Context(), args)
	return code, out.String(), errs.String()
}
