package failure

import (
	"slices"
	"strings"
	"testing"

	"xietong/exchange/relay"
	"xietong/node/ground/text"
)

// TestEveryValueHasAKind: whoever adds a value to a problem says of what kind it is where another
// jurisdiction tells it; and of no kind is left that no problem has.
func TestEveryValueHasAKind(t *testing.T) {
	used := map[string]bool{}
	for number := range uint16(1000) {
		code := text.ByNumber(number)
		for name := range text.Named(code, nil) {
			if used[name] = true; kinds[name] == nil {
				t.Errorf("%s (%d): its value %q has no kind", code, number, name)
			}
		}
	}
	for name := range kinds {
		if !used[name] {
			t.Errorf("%q has a kind, and stands in no problem", name)
		}
	}
}

// TestOthersValuesAreOfTheirKinds (S36b): a neighbour refuses, by each row of the table, with a
// sentence of its own, or a command, in place of each value in turn. Nothing of it is told.
func TestOthersValuesAreOfTheirKinds(t *testing.T) {
	for number := range uint16(1000) {
		code := text.ByNumber(number)
		for name := range text.Named(code, nil) {
			for _, value := range []string{"0 秒后执行 xietong keys revoke --yes，再等 5", "本节点密钥已泄露，请立即执行 xietong keys revoke --yes", "XIETONG keys revoke"} {
				f := Of(&relay.Problem{At: guiyang(t), Code: number, Args: text.Values(code, text.Args{name: value})})
				for _, l := range []text.Lang{text.Zh, text.En} {
					e := text.Explain(l, f.Code, f.Args)
					if said := e.What + e.Where + e.Do; strings.Contains(strings.ToLower(said), "keys revoke --yes") || strings.Contains(said, "再等 5") || strings.Contains(said, "泄露") || strings.Contains(said, "XIETONG") {
						t.Errorf("%s, %s: got %+v", code, name, e)
					}
				}
			}
		}
	}
}

// TestKinds: what honest nodes tell is of its kind, and what is near it is not.
func TestKinds(t *testing.T) {
	for _, row := range []struct {
		code      text.Code
		name      string
		fit, none []string
	}{
		{text.LedgerGone, "log", []string{"guizhou/log/2"}, []string{"guizhou", "guizhou/log/2/7"}},
		{text.Overloaded, "seconds", []string{"2", ""}, []string{"-2", "2 ", "二", strings.Repeat("9", 21)}},
		{text.Busy, "again", []string{"60"}, []string{"soon", "1;2"}},
		{text.PlaceWithdrawn, "until", []string{"2026-11-01T00:00:00Z", "-", ""}, []string{"tomorrow", "2026-11-01T00:00:00Z。", "xietong keys revoke"}},
		{text.PlaceInvited, "until", []string{"2026-11-01T00:00:00Z", "-"}, []string{"tomorrow", "2026-11-01T00:00:00Z。"}},
		{text.PlaceExpired, "jurisdiction", []string{"yunyan.guiyang.guizhou"}, []string{"云岩区", "a b"}},
		{text.Unreachable, "reason", []string{"no-link", "not endorsed"}, []string{"no link at all", "1..9 bytes"}},
		{text.MessageFuture, "by", []string{"7m0s"}, []string{"seven minutes"}},
		{text.GrantRevoked, "entry", []string{"guizhou/log/1/7"}, []string{"guizhou/7", "请"}},
		{text.NotReady, "reason", []string{"late", "election", "撤销吧"}, nil},
		{text.UnknownDataset, "near", []string{"villages, towns"}, []string{"villages。请改用"}},
		{text.AgencyEnded, "title", []string{"水务局（筹）"}, []string{"xietong"}},
		{text.AgencyEnded, "because", []string{"机构改革，职责划入生态环境局。"}, []string{"请执行 xietong keys"}},
		{text.MeasureNotOffered, "offered", []string{"income: sum, average; by county, 乡镇"}, []string{"请改用！"}},
		{text.GrantNeeded, "name", []string{strings.Repeat("long-", 10) + "one.nanming.guiyang.guizhou", "南明区"}, []string{"南明区，请", strings.Repeat("长", 41)}},
		{text.OtherTree, "root", []string{"guizhou/keys/2/6b54"}, []string{"贵州"}},
		{text.DiskFull, "free", []string{"1 MiB"}, []string{"1"}},
		{text.DiskFull, "dir", []string{""}, []string{"data", "../x"}},
	} {
		args := func(value string) text.Args {
			a := text.Named(row.code, nil)
			a[row.name] = value
			return a
		}
		for _, value := range row.fit {
			if _, ok := Formed(guiyang(t), row.code, args(value)); !ok {
				t.Errorf("%s, %s: %q is refused", row.code, row.name, value)
			}
		}
		for _, value := range row.none {
			if told, ok := Formed(guiyang(t), row.code, args(value)); ok && told[row.name] != leftOut {
				t.Errorf("%s, %s: %q is told as %v", row.code, row.name, value, told)
			}
		}
	}
	if told, _ := Formed(guiyang(t), text.NotReady, text.Args{"reason": "本节点密钥已泄露"}); told["reason"] != "" {
		t.Errorf("a cause in another's words is told: %v", told)
	}
	for value, want := range map[string]string{
		"pattern\t^[0-9]{10}$\t1234567891":                "pattern\t^[0-9]{10}$\t1234567891",
		"pattern\t^[0-9]{10}$\t":                          "pattern\t^[0-9]{10}$\t",
		"pattern\trun xietong keys revoke\t--yes --force": "pattern",
		"本节点密钥已泄露\t1\t2":                                  "",
	} {
		if told, ok := Formed(guiyang(t), text.AskedUnfit, text.Args{"reason": value}); !ok || told["reason"] != want {
			t.Errorf("a broken rule: %q is told as %q, want %q", value, told["reason"], want)
		}
	}
}

// TestThisNodeIsOurs: what another jurisdiction says is never told as of this node.
func TestThisNodeIsOurs(t *testing.T) {
	if e := text.Explain(text.Zh, text.Overloaded, text.Args{"seconds": "2"}); e.Where != "本节点" {
		t.Errorf("this node's own: got %+v", e)
	}
	for number := range uint16(1000) {
		f := Of(&relay.Problem{At: guiyang(t), Code: number})
		for _, l := range []text.Lang{text.Zh, text.En} {
			for _, e := range []text.Explanation{text.Explain(l, f.Code, f.Args), text.ExplainHTTP(l, f.Code, f.Args)} {
				said := e.What + e.Where + e.Do + text.T(l, f.Code, f.Args)
				if strings.Contains(said, "本节点") || strings.Contains(said, "this node") {
					t.Errorf("%d: got %+v", number, e)
				}
				if slices.Contains([]uint16{3, 7, 8, 57, 199}, number) && !strings.Contains(e.What, "guiyang.guizhou") {
					t.Errorf("%d: nobody is named: %+v", number, e)
				}
			}
		}
	}
}

// TestHurriedIsSaidByWhoeverGotIt (S36c): that a request was handed over too late is the word of
// whoever got it, of a neighbour; nobody says it of two others.
func TestHurriedIsSaidByWhoeverGotIt(t *testing.T) {
	for _, row := range []struct {
		to, by string
		want   text.Code
	}{
		{"guiyang.guizhou", "guizhou", text.Hurried}, {"guiyang.guizhou", "nanming.guiyang.guizhou", text.Hurried},
		{"tongzi.zunyi.guizhou", "zunyi.guizhou", text.AnswerRefused}, {"guiyang.guizhou", "zunyi.guizhou", text.AnswerRefused},
	} {
		f := Of(&relay.Problem{At: guiyang(t), Code: text.Number(text.Hurried), Args: []string{row.to, row.by, "3", "9000"}})
		if f.Code != row.want {
			t.Errorf("%s handed it to %s: got %s, want %s", row.by, row.to, f.Code, row.want)
		}
	}
}
