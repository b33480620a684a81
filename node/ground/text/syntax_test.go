package text

import (
	"encoding/json"
	"testing"
	"unicode/utf8"
)

// TestSyntax decodes what is no JSON: the place is told in lines and characters, in words.
func TestSyntax(t *testing.T) {
	for _, tt := range []struct{ data, zh, en string }{
		{"{\"a\":1，\n\"b\":2}", "第 1 行第 7 个字符是中文标点“，”，JSON 中应为英文的“,”", `line 1, column 7: "，" is a Chinese mark, where JSON has ","`},
		{"{“a\":1}", "第 1 行第 2 个字符是中文标点““”，JSON 中应为英文的“\"”", `line 1, column 2: "“" is a Chinese mark, where JSON has """`},
		{"{\n\"编码\": x}", "第 2 行第 7 个字符“x”不符合 JSON 的写法", `line 2, column 7: "x" must not stand there`},
		{"{}\n{}", "第 2 行第 1 个字符起，在 JSON 内容结束之后还有多余的内容", "line 2, column 1: something follows the JSON value"},
		{"code: a\ntitle: b", "不是 JSON（JSON 以 { 开头，所给的内容以“code:”开头；不采用 YAML、CSV 等其他格式）", `it is no JSON, which begins with {: it begins with "code:" (neither YAML nor CSV nor another form is taken)`},
		{"编码,名称\n1,2", "不是 JSON（JSON 以 { 开头，所给的内容以“编码,名称”开头；不采用 YAML、CSV 等其他格式）", `it is no JSON, which begins with {: it begins with "编码,名称" (neither YAML nor CSV nor another form is taken)`},
		{`{"a":`, "内容不完整", "it ends too early"},
		{"", "内容不完整", "it ends too early"},
		{`{"a": {}, "b"}`, "第 1 行第 14 个字符“}”不符合 JSON 的写法", `line 1, column 14: "}" must not stand there`},
	} {
		var v map[string]any
		err := Decode([]byte(tt.data), &v)
		if err == nil {
			t.Fatalf("%q is decoded", tt.data)
		}
		if zh, en := Cause(Zh, err.Error()), Cause(En, err.Error()); zh != tt.zh || en != tt.en {
			t.Errorf("%q:\n got %s\n     %s\nwant %s\n     %s", tt.data, zh, en, tt.zh, tt.en)
		}
	}
}

// FuzzSyntax decodes anything: what is no JSON is told in words, and no place is beyond the text.
func FuzzSyntax(f *testing.F) {
	f.Add([]byte(`{"a":1，"b":2}`))
	f.Add([]byte("\n\n[1,,2]"))
	f.Fuzz(func(t *testing.T, data []byte) {
		var v any
		err := Decode(data, &v)
		if (err == nil) != json.Valid(data) {
			t.Fatalf("%q: got %v", data, err)
		}
		if err != nil && utf8.Valid(data) && !Known(err.Error()) {
			t.Errorf("%q: nobody has words for %v", data, err)
		}
	})
}
