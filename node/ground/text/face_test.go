package text

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

// ofCommandLine finds what only a person at a terminal understands.
var ofCommandLine = regexp.MustCompile(`--[a-z]|(^|[^.])xietong [a-z]|the flags?|选项 |command line|the (same )?command|同一命令|本命令|命令行| -o `)

// TestHTTPNamesNoFlag: whoever speaks HTTP is told of members and operations, in every sentence of
// every problem, and of no value that the command line does not tell.
func TestHTTPNamesNoFlag(t *testing.T) {
	for _, p := range allProblems() {
		args := Args{"give": "xietong grant give x", "renew": "xietong grant renew 7"}
		for _, l := range []Lang{Zh, En} {
			e := ExplainHTTP(l, p.code, args)
			for _, s := range []string{e.Title, e.What, e.Where, e.Do} {
				if found := ofCommandLine.FindString(s); found != "" {
					t.Errorf("%s: %q of %q is of the command line; face_http.go has what it is in HTTP", p.code, found, s)
				}
			}
			for _, name := range namesIn(e.What + e.Where + e.Do) {
				if known := append(slices.Clone(p.params), "code", "index", "child", "name"); !slices.Contains(known, strings.Trim(name, "{}")) {
					t.Errorf("%s: %s has no value", p.code, name)
				}
			}
		}
	}
	for code, r := range httpRemedies {
		if _, ok := byCode[code]; !ok {
			t.Errorf("%s is no problem", code)
		}
		checkPair(t, string(code)+" over HTTP", r.zh, r.en)
	}
}

func TestHTTPSentences(t *testing.T) {
	for _, row := range []struct {
		l    Lang
		code Code
		args Args
		want string
	}{
		{En, PurposeNeeded, Args{"purposes": "check"}, "give one of the purposes in the catalogue with `purpose`: check"},
		{Zh, PurposeNeeded, Args{"purposes": "check"}, "请用 purpose 填写目录所列用途之一：check"},
		{En, UnknownDataset, Args{"jurisdiction": "guizhou"}, "see what there is with `GET /v1/datasets?at=guizhou`"},
		{Zh, UnknownDataset, Args{"jurisdiction": "湄潭县"}, "请用 GET /v1/datasets?at=湄潭县 查看其目录后重试"},
		{Zh, BasisNeeded, Args{"dataset": "d", "missing": "basis"}, "请一次补全后重新提交（《政务数据共享条例》第二十条、第二十一条）"},
		{En, AlongNotGood, nil, "correct the bad rows and send it again, without the parameter `keep_good`"},
		{Zh, GrantEndless, nil, "无须操作；要结束的，请用 POST /v1/grants/{index}/revocation 撤销"},
		{Zh, AgencyNeeded, Args{"agencies": "a"}, "请用 Xietong-Agency 指明部门编码：a"},
		{En, AlreadyJoined, Args{"name": "x"}, "it needs no invitation; if its keys must change, run `POST /v1/invitations (rekey)`"},
		{Zh, RenewRevoked, Args{"give": "xietong grant give x"}, "可以继续使用的，请另行授予：POST /v1/grants（dataset、consumer、purpose、until、basis、paper）"},
		{En, IDSeen, nil, "to ask again, send the request with a new id"},
	} {
		if got := ExplainHTTP(row.l, row.code, row.args).Do; got != row.want {
			t.Errorf("%s: got %q, want %q", row.code, got, row.want)
		}
	}
	if got := ExplainHTTP(Zh, LevelUnknown, Args{"level": "x"}).Where; got != "level" {
		t.Errorf("got %q", got)
	}
}

// TestFacesTellTheSame: what depends on the values of a problem is told by HTTP as by the command
// line: the advice by the reason, and when somebody was last heard.
func TestFacesTellTheSame(t *testing.T) {
	plain := Args{"jurisdiction": "guizhou", "reason": "nothing that is known"}
	for _, l := range []Lang{Zh, En} {
		usual := ExplainHTTP(l, Unreachable, plain).Do
		for reason, advice := range unreachableDo {
			e := ExplainHTTP(l, Unreachable, Args{"jurisdiction": "guizhou", "reason": reason, "heard": "2026-11-29"})
			if e.Do == usual || ofCommandLine.MatchString(e.Do) || e.Do != fill(asHTTP(l, advice.in(l)), plain) {
				t.Errorf("%s: HTTP is told to do %q", reason, e.Do)
			}
			if !strings.Contains(e.What, "2026-11-29") {
				t.Errorf("%s: %q does not say when it was last heard", reason, e.What)
			}
		}
	}
}

// TestMissingValues: a refusal from elsewhere may have fewer values than the table names; no reader
// sees the name of one that is missing.
func TestMissingValues(t *testing.T) {
	for _, p := range allProblems() {
		for n := range len(p.params) + 1 {
			values := slices.Repeat([]string{"x"}, n)
			for _, l := range []Lang{Zh, En} {
				e := Explain(l, p.code, Named(p.code, values))
				if found := placeholder.FindString(e.What + e.Where + e.Do); found != "" {
					t.Errorf("%s with %d values: %s in %+v", p.code, n, found, e)
				}
				e = ExplainHTTP(l, p.code, Named(p.code, values))
				for _, name := range p.params {
					if strings.Contains(e.What+e.Where+e.Do, "{"+name+"}") {
						t.Errorf("%s with %d values over HTTP: {%s} in %+v", p.code, n, name, e)
					}
				}
			}
		}
	}
}

// TestListsInChinese (N21-11): a list of fields is one in Chinese, too, whichever value has it.
func TestListsInChinese(t *testing.T) {
	args := Args{"field": "编号, 户主", "fields": "code, name", "grant": "g", "dataset": "d"}
	for code, want := range map[Code]string{UnknownField: "该数据资源没有数据项 编号、户主", FieldNotGranted: "共享权限 g 不包括数据项 编号、户主"} {
		if got := Explain(Zh, code, args); got.What != want {
			t.Errorf("%s: got %q, want %q", code, got.What, want)
		}
	}
}
