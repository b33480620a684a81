package api

import (
	"errors"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"

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
		{text.Zh, "expected length >= 1", "请求无法处理：name: 不能为空"},
		{text.Zh, "expected length >= 24", "请求无法处理：name: 太短，至少需要的字符数为 24"},
		{text.En, "expected length >= 1", "the request cannot be handled: name: it is empty"},
		{text.En, "expected length <= 10", "the request cannot be handled: name: it is too long; the greatest number of characters is 10"},
		{text.Zh, "unexpected property", "请求无法处理：name: 没有这一项"},
	} {
		detail := &huma.ErrorDetail{Message: row.message, Location: "body.name", Value: "secret"}
		got := malformed(row.l, 422, "validation failed", []error{detail}).Error()
		if !strings.HasPrefix(got, row.want+" (name)") || strings.Contains(got, "secret") {
			t.Errorf("%q: got %q, want %q", row.message, got, row.want)
		}
	}
	if got := malformed(text.Zh, 400, "bad", []error{errors.New("EOF")}).Error(); !strings.Contains(got, "原文是“EOF”") {
		t.Errorf("got %q", got)
	}
}
