package api

import (
	"encoding/json"
	"errors"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"github.com/danielgtaylor/huma/v2"

	"xietong/certs/identity"
	"xietong/node/faces/client"
	"xietong/node/ground/text"
)

// TestMalformedInTheLanguage: what the library refuses is told in the language of the request, with
// the field, and without the value.
func TestMalformedInTheLanguage(t *testing.T) {
	for _, row := range []struct {
		l       text.Lang
		message string
		want    string
	}{
		{text.Zh, "expected length >= 1", "所给的内容不合规定：name：不能为空"},
		{text.Zh, "expected length >= 24", "所给的内容不合规定：name：太短，至少需要的字符数为 24"},
		{text.En, "expected length >= 1", "what was given is not as it must be: name: it is empty"},
		{text.En, "expected length <= 10", "what was given is not as it must be: name: it is too long; the greatest number of characters is 10"},
		{text.Zh, "unexpected property", "所给的内容不合规定：name：没有这一项"},
	} {
		detail := &huma.ErrorDetail{Message: row.message, Location: "body.name", Value: "secret"}
		got := malformed(reader{Lang: row.l}, 422, "validation failed", []error{detail}).Error()
		if !strings.HasPrefix(got, row.want+" (name)") || strings.Contains(got, "secret") {
			t.Errorf("%q: got %q, want %q", row.message, got, row.want)
		}
	}
	if got := malformed(reader{Lang: text.Zh}, 400, "bad", []error{errors.New("EOF")}).Error(); !strings.Contains(got, "内容不完整") {
		t.Errorf("got %q", got)
	}
}

// malformedRequests are requests of each kind that a decoder refuses, with what is told of them.
var malformedRequests = []struct{ request, body, zh, en string }{
	{"POST /v1/query", `{"dataset":"v","limit":1e400}`, "limit：应为不过长的整数", "limit: it must be a whole number"},
	{"POST /v1/query", `{"dataset":"v","limit":-1e400}`, "limit：应为不过长的整数", "limit: it must be a whole number"},
	{"POST /v1/query", `{"dataset":"v","limit":1e2}`, "limit：应为不过长的整数", "limit: it must be a whole number"},
	{"POST /v1/query", `{"dataset":"v","limit":10.0}`, "limit：应为不过长的整数", "limit: it must be a whole number"},
	{"POST /v1/query", `{"dataset":"v","limit":99999999999999999999}`, "limit：应为不过长的整数", "limit: it must be a whole number"},
	{"POST /v1/query", `{"dataset":"v","limit":1.5}`, "limit：应为不过长的整数", "limit: it must be a whole number"},
	{"POST /v1/query", `{"dataset":"v","limit":"x"}`, "limit：应为不过长的整数", "limit: it must be a whole number"},
	{"POST /v1/federated-rows", `{"dataset":"v","at":"**.guizhou","limit":1e400}`, "limit：应为不过长的整数", "limit: it must be a whole number"},
	{"POST /v1/federated-rows", `{"dataset":"v","at":"**.guizhou","wait":1e1}`, "wait：应为不过长的整数", "wait: it must be a whole number"},
	{"POST /v1/federated-rows", `{`, "内容不完整", "it ends too early"},
	{"POST /v1/federated-rows", `{"dataset":"v"} 5`, "请求正文：第 1 行第 17 个字符起，在 JSON 内容结束之后还有多余的内容", "the body: line 1, column 17: something follows the JSON value"},
	{"POST /v1/federated-rows", `{"dataset":"v","at":"**.guizhou","nope":1}`, "nope：没有这一项", "nope: there is no such member"},
	{"POST /v1/invitations", `{"name":"x","hours":1e400}`, "hours：太大", "hours: it is too large"},
	{"POST /v1/query", `{"dataset":5}`, "dataset：应为文字", "dataset: it must be a text"},
	{"POST /v1/query", `{"dataset":null}`, "dataset：应为文字", "dataset: it must be a text"},
	{"POST /v1/query", `{"dataset":"v","purpose":"p","key":null}`, "key：应为文字", "key: it must be a text"},
	{"POST /v1/query", `{"dataset":"v","purpose":"p","filter":null}`, "filter：应为文字", "filter: it must be a text"},
	{"POST /v1/query", `{"dataset":"v","purpose":"p","where":null}`, "where：应为对象", "where: it must be an object"},
	{"POST /v1/query", `{"dataset":"v","purpose":"p","measure":null}`, "measure：应为对象", "measure: it must be an object"},
	{"POST /v1/query", `{"dataset":"v","purpose":"p","limit":null}`, "limit：应为不过长的整数", "limit: it must be a whole number"},
	{"POST /v1/grants", `{"dataset":"v","fields":null}`, "fields：应为列表", "fields: it must be a list"},
	{"POST /v1/query", `{"dataset":"v","fields":"a"}`, "fields：应为列表", "fields: it must be a list"},
	{"POST /v1/query", `{"dataset":"v","fields":[1]}`, "fields[0]：应为文字", "fields[0]: it must be a text"},
	{"POST /v1/query", `{"dataset":"v","measure":[]}`, "measure：应为对象", "measure: it must be an object"},
	{"POST /v1/query", `{"dataset":"v","measure":{}}`, "缺少 function", "it lacks function"},
	{"POST /v1/query", `{"dataset":"v","measure":{"function":"x"}}`, "不在允许的取值之内", "it is none of"},
	{"POST /v1/query", `{"dataset":"v","dataset":"w"}`, "“dataset”写了两次", `it has the member "dataset" twice`},
	{"POST /v1/query", `{"dataset":"v","measure":{"function":"count","function":"sum"}}`, "“measure/function”写了两次", `it has the member "measure/function" twice`},
	{"POST /v1/query", `[]`, "应为对象", "it must be an object"},
	{"POST /v1/query", `null`, "应为对象", "it must be an object"},
	{"POST /v1/query", ``, "缺少正文", "there is no body"},
	{"POST /v1/query", `{"dataset":"v`, "内容不完整", "it ends too early"},
	{"POST /v1/query", `{"dataset":"v",}`, "第 1 行第 16 个字符“}”不符合 JSON 的写法", `line 1, column 16: "}" must not stand there`},
	{"POST /v1/query", `{"dataset":nul}`, "第 1 行第 15 个字符“}”不符合", `line 1, column 15: "}" must not stand there`},
	{"POST /v1/query", `{"limit":01}`, "第 1 行第 11 个字符“1”不符合", `line 1, column 11: "1" must not stand there`},
	{"POST /v1/query", "{\"dataset\":\"a\nb\"}", "第 1 行第 14 个字符", `line 1, column 14: `},
	{"POST /v1/query", "{\"dataset\": \"v\"，\n\"key\": \"1\"}", "第 1 行第 16 个字符是中文标点“，”，JSON 中应为英文的“,”", `line 1, column 16: "，" is a Chinese mark, where JSON has ","`},
	{"POST /v1/query", "{\n“dataset”:\"v\"}", "第 2 行第 1 个字符是中文标点““”，JSON 中应为英文的“\"”", `line 2, column 1: "“" is a Chinese mark`},
	{"POST /v1/query", `{"dataset":"v","purpose":"p","limit":3000}`, "应为 0 至 1000", "it must be 0 to 1000"},
	{"POST /v1/query", strings.Repeat("[", 20_000), "嵌套太深", "too deeply nested"},
	{"POST /v1/query", "\uFEFF{}", "缺少 dataset", "it lacks dataset"},
	{"POST /v1/datasets", `{"not_secret":"yes"}`, "not_secret：应为 true 或 false", "not_secret: it must be true or false"},
	{"POST /v1/objections", `{"document":"???"}`, "document：应为 base64", "document: it must be base64"},
	{"POST /v1/objections", `{"document":"a"}`, "不是 base64", "is not base64"},
	{"GET /v1/uses?limit=1e400", "", "limit：应为不过长的整数", "limit: it must be a whole number"},
	{"GET /v1/uses?limit=99999999999999999999", "", "limit：应为不过长的整数", "limit: it must be a whole number"},
	{"GET /v1/uses?limit=500", "", "limit：太大", "limit: it is too large"},
	{"GET /v1/uses/counts?by=x", "", "by：不在允许的取值之内", "by: it is none of"},
	{"GET /v1/ledger/entries/1e400", "", "index：应为不过长的整数", "index: it must be a whole number"},
	{"GET /v1/ledger/entries/-1", "", "index：应为不过长的整数", "index: it must be a whole number"},
	{"POST /v1/federated-rows", `{"dataset":"v","at":"**.guizhou","purpose":"p","key":null}`, "key：应为文字", "key: it must be a text"},
	{"GET /v1/nothing", "", "没有这个接口", "the API has no such operation"},
	{"PUT /v1/grants", "{}", "没有这个接口", "the API has no such operation"},
}

// decoderWords are words in which decoders and routers speak to programmers.
var decoderWords = regexp.MustCompile(`json|unmarshal|struct|\bint\b|expected|invalid|unexpected|Query\.|原文`)

// TestMalformedByKind: what a decoder, the library or the router refuses is told in our words, by
// the name that the API has for it, in both languages.
func TestMalformedByKind(t *testing.T) {
	d := open(t)
	for _, row := range malformedRequests {
		for lang, want := range map[string]string{"zh": row.zh, "en": row.en} {
			method, path, _ := strings.Cut(row.request, " ")
			r := httptest.NewRequest(method, path, strings.NewReader(row.body))
			r.Header.Set("Accept-Language", lang)
			if method != "GET" {
				r.Header.Set("Content-Type", "application/json")
				r.Header.Set("Idempotency-Key", must(identity.NewMessage()).String())
			}
			got := httptest.NewRecorder()
			d.handler.ServeHTTP(got, r)
			var p client.Problem
			err := json.Unmarshal(got.Body.Bytes(), &p)
			said := strings.ReplaceAll(p.Detail, "base64", "")
			if lang == "zh" {
				said = strings.ReplaceAll(said, "JSON", "")
			}
			if err != nil || got.Code < 400 || got.Code >= 500 || p.Status != got.Code || !strings.Contains(p.Detail, want) || decoderWords.MatchString(said) ||
				lang == "zh" && !strings.ContainsFunc(p.Detail, func(r rune) bool { return unicode.Is(unicode.Han, r) }) {
				t.Errorf("%s %.60s: %d %s, want %q", row.request, row.body, got.Code, got.Body, want)
			}
		}
	}
}
