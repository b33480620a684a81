package main

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"xietong/node/faces/client"
	"xietong/node/ground/text"
)

// TestSavedQuestions saves questions on a real node and runs them: one for many, of whom one
// answers, one for the county, and some that cannot be asked.
func TestSavedQuestions(t *testing.T) {
	for lang, told := range map[string]struct{ covered, first string }{
		"zh_CN.UTF-8": {"覆盖 10 个中的 1 个", "没有以前月份的结果可以比较"}, "en_US.UTF-8": {"covers 1 of 10", "no result of an earlier month"},
	} {
		t.Run(lang[:2], func(t *testing.T) {
			c := newClerks(t, lang)
			c.does("--in guiyang.guizhou host add 南明区")
			c.does("--in guiyang.guizhou agency add water 水务局")
			c.does("--in guiyang.guizhou agency add tax 税务局")
			c.does("--in nanming.guiyang.guizhou agency add civil-affairs 民政局")
			c.dataset("villages", client.Unconditional)
			use := " --purpose statistics" + applies + "2028-12-31"
			c.does(water + "question save 全市户数 villages --at **.贵阳市 --level county --count" + use)
			c.does(water + "question save 南明收入 villages --at 南明区 --sum income --where name=甲" + use)
			c.does(water + "question save 名单 villages --at 南明区 --fields id,name" + use)
			c.does(water + "question save 没有 towns --at 南明区 --count" + use)
			c.does(water + "question save 无此项 villages --at 南明区 --fields height" + use)
			for range 2 {
				got := c.does(water + "question run 全市户数")
				for _, want := range []string{told.covered, told.first} {
					if !strings.Contains(got, want) {
						t.Errorf("got %s, want %q", got, want)
					}
				}
			}
			if got := c.does(water + "question run 南明收入"); !strings.Contains(got, "5") || !strings.Contains(got, told.first) {
				t.Errorf("got %s", got)
			}
			if got := c.does(water + "question run 名单"); !strings.Contains(got, "甲") || strings.Contains(got, told.first) {
				t.Errorf("records are shown and not kept: got %s", got)
			}
			c.refused("unknown-dataset", water+"question run 没有")
			c.refused("unknown-field", water+"question run 无此项")
			c.refused("no-question", water+"question run 全省户数")
			c.refused("no-question", "--in guiyang.guizhou --as tax question run 全市户数")
			c.refused("question-measure", water+"question save 各县名单 villages --at **.贵阳市 --fields id"+use)
			if got := c.does(water + "question list"); strings.Count(got, "villages") != 4 || !strings.Contains(got, "name=甲") {
				t.Errorf("got %s", got)
			}
			c.takesThePlace(use)
			c.does(water + "question remove 名单")
			c.refused("no-question", water+"question show 名单")
			c.endedReads()
		})
	}
}

// takesThePlace saves questions under a name that is in use (G49): the one that is there is told,
// and nothing is done without a yes; of the same question nothing is written. What cannot be saved
// is refused before it is asked.
func (c *clerks) takesThePlace(use string) {
	c.t.Helper()
	entries := func() int { return strings.Count(c.does(water+"ledger list --kind 保存的查询 -o csv"), "\n") }
	before := entries()
	same := c.does(water + "question save 名单 villages --at 南明区 --fields id,name" + use)
	if after := entries(); after != before || !strings.Contains(same, "没有变化") && !strings.Contains(same, "nothing changed") {
		c.t.Errorf("the same question: %d entries, then %d: %s", before, after, same)
	}
	other := water + "question save 名单 villages --at 南明区 --key 1" + use
	told := c.refused("consent-needed", other)
	if after := entries(); after != before || !strings.Contains(told, "id") || !strings.Contains(told, "nanming.guiyang.guizhou") {
		c.t.Errorf("another question: %d entries, then %d: %s", before, after, told)
	}
	c.does(other + " --yes")
	if shown := c.does(water + "question show 名单"); !strings.Contains(shown, "=1") {
		c.t.Errorf("the key is not shown: %s", shown)
	}
	if told := c.refused("question-measure", water+"question save 名单 villages --at **.贵阳市 --fields id"+use); strings.Contains(told, "y") && strings.Contains(told, "确定") {
		c.t.Errorf("asks for what is refused: %s", told)
	}
}

// endedReads merges the agency that saved the questions into another one: what it left is read
// under its code, as the plan and the refusals say, and nothing is done in its name.
func (c *clerks) endedReads() {
	c.t.Helper()
	before := c.does(water + "question list")
	told := c.does("--in guiyang.guizhou agency end water --into tax --reason 机构改革 --yes")
	if !strings.Contains(told, "question list --as water") || !strings.Contains(told, "查询 4 项") && !strings.Contains(told, "4 questions") {
		c.t.Errorf("the plan does not say what stays readable:\n%s", told)
	}
	if after := c.does(water + "question list"); after != before {
		c.t.Errorf("got %s\nbefore:\n%s", after, before)
	}
	for _, line := range []string{"question show 全市户数", "asked list", "asked count", "use list", "grant list", "ledger audits", "ledger list"} {
		c.does(water + line)
	}
	for _, line := range []string{"question run 全市户数", "question remove 全市户数", "query villages --at 南明区 --count --purpose statistics", "invite 云岩区"} {
		if told := c.refused("agency-merged", water+line); !strings.Contains(told, "question list --as water") {
			c.t.Errorf("%s: it is not told where its questions are read: %s", line, told)
		}
	}
	if got := c.does("--in guiyang.guizhou --as tax question list"); strings.Contains(got, "全市户数") {
		c.t.Errorf("its successor has its questions: %s", got)
	}
}

// TestComparedAsItIs tells a group that was not told as not told, and never as 0; and compares no
// numbers where other records were left out.
func TestComparedAsItIs(t *testing.T) {
	five := uint64(5)
	counts := client.Comparison{
		Month: "2026-10", Same: true, SameLeftOut: true, Before: client.Figure{Total: 1000, Small: 9}, Now: client.Figure{Total: 1001},
		Total: "+1", Groups: []client.Change{{Values: []json.RawMessage{json.RawMessage(`"X"`)}, Now: &five}, {Values: []json.RawMessage{json.RawMessage(`"Y"`)}, Before: &five}},
	}
	left := client.Comparison{
		Month: "2026-10", Same: true, Before: client.Figure{Total: 1000}, Now: client.Figure{Total: 601, LeftOut: 400},
	}
	for what, row := range map[string]struct {
		c    client.Comparison
		many *client.FederatedAnswer
		want []string
	}{
		"small groups": {counts, nil, []string{"records 1,000, now 1,001 (+1)", "X: not told, now 5\n", "Y: 5, now not told\n", "together: 9 records then, 0 now"}},
		"left out":     {left, nil, []string{"400", "so the numbers are not", "1,000 records then, 601 now"}},
		"of many":      {counts, &client.FederatedAnswer{}, []string{"their own catalogue entries is not compared"}},
	} {
		var out bytes.Buffer
		a := app{stderr: &out, lang: text.En, getenv: func(string) string { return "" }}
		a.tellCompared(client.QuestionRun{Kept: "e", Compared: &row.c, Many: row.many})
		got := strings.ReplaceAll(out.String(), "\n(", " (")
		for _, want := range row.want {
			if !strings.Contains(strings.ReplaceAll(got, ",", ""), strings.ReplaceAll(want, ",", "")) {
				t.Errorf("%s: got %s, want %q", what, got, want)
			}
		}
		if strings.Contains(got, "-399") || strings.Contains(got, "X: 0") {
			t.Errorf("%s: got %s", what, got)
		}
	}
}
