package text

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"
)

func allTables() []sentence {
	return slices.Concat(frameSentences, outputSentences, agencySentences, datasetSentences, planSentences, recordSentences, querySentences, grantSentences, questionSentences,
		ledgerSentences, receiptSentences, nodeSentences, configSentences, joinSentences, firewallSentences, demoSentences, statusSentences, benchSentences,
		gatherSentences, rosterSentences, standardSentences, keysSentences, clockSentences, paperSentences, breakSentences, usageSentences, reformSentences, replicaSentences, outsideSentences)
}

func allProblems() []problem {
	return slices.Concat(requestProblems, sharingProblems, dataProblems, nodeProblems, exchangeProblems, joinProblems, rosterProblems, gatherProblems, drillProblems, keysProblems, breakProblems, typedProblems, fileProblems, catalogueProblems, outputProblems, usageProblems, importProblems, grantProblems, damageProblems, endsProblems, httpProblems, namesProblems, absentProblems, reformProblems, changesProblems, causeProblems, outsideProblems, replicaProblems, witnessProblems, questionProblems, hostedProblems)
}

var placeholder = regexp.MustCompile(`\{[^}]*\}`)

// namesIn returns the placeholders of s, sorted, each once.
func namesIn(s string) []string {
	found := placeholder.FindAllString(s, -1)
	slices.Sort(found)
	return slices.Compact(found)
}

// checkPair checks one sentence in its two languages.
func checkPair(t *testing.T, name, zh, en string) {
	t.Helper()
	if zh == "" || en == "" {
		t.Errorf("%s: a language is missing: zh %q, en %q", name, zh, en)
		return
	}
	if got, want := namesIn(en), namesIn(zh); !slices.Equal(got, want) {
		t.Errorf("%s: placeholders differ: zh %q, en %q", name, want, got)
	}
	well := regexp.MustCompile(`^\{[a-z]+\}$`)
	for _, p := range namesIn(zh) {
		if !well.MatchString(p) {
			t.Errorf("%s: placeholder %s: want lower-case letters only", name, p)
		}
	}
	if isHan := func(r rune) bool { return unicode.Is(unicode.Han, r) }; !strings.ContainsFunc(placeholder.ReplaceAllString(zh, ""), isHan) &&
		placeholder.ReplaceAllString(zh, "") != "" {
		t.Errorf("%s: the Chinese text %q has no Chinese in it", name, zh)
	}
	for _, s := range []string{zh, en} {
		if strings.HasPrefix(name, "cli.long-") { // help of several sentences: they end as sentences do
			s = strings.TrimRight(s, ".。")
		}
		if strings.HasSuffix(s, ".") || strings.HasSuffix(s, "。") || strings.TrimSpace(s) != s || strings.Contains(s, "failed to") {
			t.Errorf("%s: %q ends in a full stop, has space around it, or says \"failed to\"", name, s)
		}
	}
	if m := regexp.MustCompile(`[\p{Han}}][,;:()]|[,;:()][\p{Han}{]`).FindString(zh); m != "" {
		t.Errorf("%s: %q has punctuation of half width beside Chinese: %q", name, zh, m)
	}
}

func TestSentencesHaveBothLanguages(t *testing.T) {
	for _, s := range allTables() {
		if s.code == CLIListComma || s.code == CLINameComma || s.code == CLIGatherWhy || s.code == CLINamed ||
			s.code == CLIHeadingZone || s.code == CLIQuoted {
			continue // what joins the items of a list, a state and its cause, or two names, or stands around a word
		}
		checkPair(t, string(s.code), s.zh, s.en)
	}
}

func TestProblemsHaveAllPartsInBothLanguages(t *testing.T) {
	for _, p := range allProblems() {
		checkPair(t, string(p.code)+" title", p.zh.title, p.en.title)
		checkPair(t, string(p.code)+" what", p.zh.what, p.en.what)
		checkPair(t, string(p.code)+" where", p.zh.where, p.en.where)
		checkPair(t, string(p.code)+" do", p.zh.do, p.en.do)
		if names := namesIn(p.zh.title); len(names) > 0 {
			t.Errorf("%s: the title has placeholders %q; it must always be the same", p.code, names)
		}
		var want []string
		for _, name := range p.params {
			want = append(want, "{"+name+"}")
		}
		slices.Sort(want)
		told := p.zh.what + p.zh.where + p.zh.do
		if more := also[p.code]; slices.Contains(p.params, more.arg) {
			told += more.zh
		}
		if got := namesIn(told); !slices.Equal(got, want) {
			t.Errorf("%s: params %q, but the sentences have %q", p.code, want, got)
		}
		if http.StatusText(p.status) == "" || p.status < 400 {
			t.Errorf("%s: status %d is no HTTP error", p.code, p.status)
		}
	}
}

// TestCommandsElsewhereAreNotForThisNode (B19-20): a command that somebody runs on another machine
// has not the flags by which this one finds its node.
func TestCommandsElsewhereAreNotForThisNode(t *testing.T) {
	en := regexp.MustCompile("`\\{(xietong|program)\\}[^`]*` (on|at) (that|the other) ")
	zh := regexp.MustCompile(`在(那台|另一台)机器上[^；。，：]*\{(xietong|program)\}`)
	for _, s := range allTables() {
		if found := en.FindString(s.en) + zh.FindString(s.zh); found != "" {
			t.Errorf("%s: %q", s.code, found)
		}
	}
}

func TestCodesAndNumbersAreUnique(t *testing.T) {
	codes := map[Code]int{}
	for _, s := range allTables() {
		codes[s.code]++
	}
	numbers := map[uint16]Code{}
	for _, p := range allProblems() {
		codes[p.code]++
		if p.number == 0 {
			t.Errorf("%s: number 0 means no problem", p.code)
		}
		if other, taken := numbers[p.number]; taken {
			t.Errorf("%s and %s both have number %d", other, p.code, p.number)
		}
		numbers[p.number] = p.code
	}
	for code, n := range codes {
		if n > 1 {
			t.Errorf("%s is in the tables %d times", code, n)
		}
	}
}

// TestCloseUp (U-D): a sentence leaves a space around a name in Latin letters, and none around one
// in Chinese; a command keeps its spaces.
func TestCloseUp(t *testing.T) {
	for _, row := range [][3]string{
		{"由 {by} 拒绝：{x}", "黎平县", "由黎平县拒绝：{x}"}, {"由 {by} 拒绝", "nanming", "由 nanming 拒绝"}, {"由 {by} 拒绝", "南明区（nanming）", "由南明区（nanming）拒绝"},
		{"{by} is late", "黎平县", "黎平县 is late"}, {"{by}  {by}", "县", "县  县"}, {"请用 xietong tree {by} 查看", "黎平县", "请用 xietong tree 黎平县 查看"},
		{"请用 `xietong tree {by}` 查看", "黎平县", "请用 `xietong tree 黎平县` 查看"}, {"共 {by} 个", "3", "共 3 个"}, {"上级 {by} 未应答", "贵阳市", "上级贵阳市未应答"}, {"由 {by} 拒绝", "", "由  拒绝"},
	} {
		if got := fill(row[0], Args{"by": row[1]}); got != row[2] {
			t.Errorf("fill(%q, %q) = %q, want %q", row[0], row[1], got, row[2])
		}
	}
	if got := fill("没有编码为 {code} 的部门", Args{"code": "水务局"}); got != "没有编码为 水务局 的部门" {
		t.Errorf("what was typed is not set off: %q", got)
	}
}

// TestFolder (U-D) puts folders into commands: a shell takes each as one word.
func TestFolder(t *testing.T) {
	for path, want := range map[string]string{
		"/var/lib/xietong": "/var/lib/xietong", "./我的 目录": "'./我的 目录'", "/a/b(1)": "'/a/b(1)'", "it's": `'it'\''s'`, "$HOME": "'$HOME'", "~x": "'~x'", "": "''",
	} {
		if got := fill("next: xietong serve --data {dir}", Args{"dir": path}); got != "next: xietong serve --data "+want {
			t.Errorf("%q: got %q, want %q", path, got, want)
		}
	}
	if got := fill("commands need --data {dir}", Args{"dir": "a b"}); got != "commands need --data 'a b'" {
		t.Errorf("got %q", got)
	}
}

func TestT(t *testing.T) {
	tests := []struct {
		lang Lang
		code Code
		args Args
		want string
	}{
		{Zh, CLIAgencyAdded, Args{"title": "民政局", "agency": "civil-affairs", "entry": "nanming/log/1/3"},
			"已登记部门：民政局（civil-affairs），存证条目 nanming/log/1/3"},
		{En, CLIVerifyYes, nil, "yes"},
		{Zh, UnknownField, Args{"field": "性别"}, "该数据资源没有数据项 性别"},
		{En, UnknownField, Args{"field": "{field}"}, "the dataset has no such field: {field}"},
		{En, UnknownField, nil, "the dataset has no such field: {field}"},
		{Lang("fr"), CLIVerifyNo, nil, "no"},
		{Zh, Code("no-such-code"), Args{"a": "b"}, "no-such-code"},
	}
	for _, tt := range tests {
		if got := T(tt.lang, tt.code, tt.args); got != tt.want {
			t.Errorf("T(%s, %s, %v) = %q, want %q", tt.lang, tt.code, tt.args, got, tt.want)
		}
	}
}

func FuzzFill(f *testing.F) {
	f.Add("a {x} b", "x", "1")
	f.Add("{", "", "{}")
	f.Add("{{x}}{", "x", "{x}")
	f.Fuzz(func(t *testing.T, s, name, value string) {
		if got := fill(s, Args{"": value}); !strings.Contains(s, "{}") && got != s {
			t.Errorf("fill(%q) = %q without a placeholder", s, got)
		}
		if !strings.ContainsAny(name, "{}") && !strings.Contains(s, "{") {
			if got := fill(s+"{"+name+"}", Args{name: value}); got != s+value {
				t.Errorf("fill = %q, want %q", got, s+value)
			}
		}
	})
}

func TestExplain(t *testing.T) {
	got := Explain(Zh, NotShared, Args{"dataset": "adoptions", "citation": "《民法典》第一千一百一十条"})
	want := Explanation{"不予共享", "该数据资源属于不予共享类，依据：《民法典》第一千一百一十条", "数据资源 adoptions",
		"对该依据有异议的，请向提供部门或者政务数据共享主管部门提出"}
	if got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if got := Explain(En, CLIShort, nil); got.Title != "Internal error" {
		t.Errorf("Explain of a sentence = %+v, want the internal error", got)
	}
}

func TestRefusalsKeepTheirValues(t *testing.T) {
	for _, p := range allProblems() {
		args := Args{}
		for i, name := range p.params {
			args[name] = fmt.Sprint("v", i)
		}
		if got := ByNumber(Number(p.code)); got != p.code {
			t.Errorf("ByNumber(Number(%s)) = %s", p.code, got)
		}
		if got := Named(p.code, append(Values(p.code, args), "one too many")); !maps.Equal(got, args) {
			t.Errorf("%s: Named(Values(%v)) = %v", p.code, args, got)
		}
		if got := Status(p.code); got != p.status {
			t.Errorf("Status(%s) = %d, want %d", p.code, got, p.status)
		}
	}
	if got := ByNumber(65535); got != Internal {
		t.Errorf("ByNumber of an unknown number = %s, want %s", got, Internal)
	}
	if got := Number(CLIShort); got != 0 {
		t.Errorf("Number of a sentence = %d, want 0", got)
	}
}

func TestFailure(t *testing.T) {
	cause := errors.New("read page 7: checksum")
	wrapped := fmt.Errorf("query: %w", Fail(UnknownDataset, Args{"dataset": "secret-name"}, cause))
	f := AsFailure(wrapped)
	if f.Code != UnknownDataset || f.Args["dataset"] != "secret-name" {
		t.Errorf("AsFailure = %+v", f)
	}
	if !errors.Is(wrapped, cause) {
		t.Error("the cause is lost")
	}
	if got, want := wrapped.Error(), "query: unknown-dataset: read page 7: checksum"; got != want {
		t.Errorf("Error() = %q, want %q, without the values", got, want)
	}
	if f := AsFailure(cause); f.Code != Internal || f.Err != cause {
		t.Errorf("AsFailure of another error = %+v, want internal", f)
	}
}

// bare are words that tell to do the same once more, and nothing before it.
var bare = map[Lang]*regexp.Regexp{
	Zh: regexp.MustCompile(`请稍后|^请重试|^请重新提出|秒后重试|^请于 \{again\} 后重试|^请重新执行同一命令`),
	En: regexp.MustCompile(`^(try|ask|repeat)( it)? again($|[;:,])|(try again|ask again|repeat the command|repeat it) (later|shortly|in|after|then)|try again then`),
}

// TestAgainWhereItHelps holds "try again" to those problems that trying again can mend.
func TestAgainWhereItHelps(t *testing.T) {
	for _, p := range allProblems() {
		for l, do := range map[Lang]string{Zh: p.zh.do, En: p.en.do} {
			if bare[l].MatchString(do) && !p.again {
				t.Errorf("%s tells to try again, which does not help: %q", p.code, do)
			}
		}
		if p.again && !regexp.MustCompile("重新|重试|重复|再试").MatchString(p.zh.do) {
			t.Errorf("%s can be mended by trying again, and does not say so: %q", p.code, p.zh.do)
		}
	}
}
