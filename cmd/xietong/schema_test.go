package main

import (
	"encoding/json"
	"strings"
	"testing"

	"xietong/node/faces/client"
)

// TestFieldsAreShown (F15): whoever is told to correct a value as the catalogue says finds there
// all that the schema asks of it, on a narrow terminal too.
func TestFieldsAreShown(t *testing.T) {
	d := client.Dataset{NewDataset: client.NewDataset{Key: "id", Indexed: []string{"kind"}, Schema: json.RawMessage(`{"type":"object","required":["kind"],
		"$defs":{"kinds":{"title":"类别","enum":["城市低保","农村低保"]},"again":{"$ref":"#/$defs/again"}},
		"properties":{
			"kind":{"$ref":"#/$defs/kinds"},"persons":{"type":["integer","null"],"minimum":1,"exclusiveMaximum":20},
			"phone":{"type":"string","pattern":"^1[0-9]{10}$","minLength":11},"since":{"type":"string","format":"date","description":"起"},
			"list":{"type":"array","maxItems":3,"uniqueItems":true,"items":{"type":"string"},"contains":{}},"any":true,"loop":{"$ref":"#/$defs/again"},
			"amount":{"type":"number","multipleOf":0.01},"sure":{"const":null},"id":{"type":"string"}}}`)}}
	for lang, want := range map[string][]string{
		"zh_CN.UTF-8": {
			"id                   文字                         主键", "kind     类别  文字   必填；索引  取值：城市低保、农村低保", "persons 整数或空 ≥ 1；< 20",
			"phone 文字 符合 ^1[0-9]{10}$；至少 11 个字符", "since 文字 日期", "list 列表 至多 3 项；各项不同；另有规定，见 --json", "amount 数字 0.01 的整倍数",
			"sure 空 只能是 null",
		},
		"en_US.UTF-8": {"kind 类别 a text required; indexed one of: 城市低保, 农村低保", "amount a number a multiple of 0.01", "since a text a date"},
	} {
		b := newWorkbench(t, lang)
		b.node.in = map[string]func([]byte) any{"GET /v1/datasets/dibao": func([]byte) any { return d }}
		_, wide, _ := b.run("dataset", "show", "dibao")
		for _, line := range want {
			if !strings.Contains(spaced(wide)+" ", spaced(line)) {
				t.Errorf("%s: got\n%s\nwant %s", lang, wide, line)
			}
		}
		b.app.columns = 40
		if _, narrow, _ := b.run("dataset", "show", "dibao"); !strings.Contains(narrow, "农村低保") || !strings.Contains(narrow, "0.01") {
			t.Errorf("%s: got\n%s", lang, narrow)
		}
	}
}

// spaced returns a text in which each run of blanks is one.
func spaced(s string) string { return strings.Join(strings.Fields(s), " ") }
