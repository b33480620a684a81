package api

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"xietong/node/faces/client"
	"xietong/node/ground/text"
)

func init() {
	// The library's own refusals (a malformed body, a missing field) become problems like ours.
	huma.NewErrorWithContext = func(ctx huma.Context, status int, message string, errs ...error) huma.StatusError {
		return malformed(text.FromAcceptLanguage(ctx.Header("Accept-Language")), status, message, errs)
	}
	huma.NewError = func(status int, message string, errs ...error) huma.StatusError {
		return malformed(text.En, status, message, errs)
	}
}

// malformed returns the problem of a request that the library refused. It names the field, and not
// its value.
func malformed(l text.Lang, status int, message string, errs []error) huma.StatusError {
	where, reasons := "", []string{}
	for _, err := range errs {
		reason := err.Error()
		if d, ok := errors.AsType[*huma.ErrorDetail](err); ok {
			where = strings.TrimPrefix(d.Location, "body.")
			message := d.Message
			if other, found := strings.CutPrefix(message, mistyped); found {
				where, message, _ = strings.Cut(other, " ")
			}
			for _, in := range []string{"query.", "path.", "header."} {
				where = strings.TrimPrefix(where, in)
			}
			reason = ruleIn(l, message)
			if told := told(l, status, where, d.Message); told != nil {
				return told
			}
			if where != "" {
				reason = where + pick(l, "：", ": ") + reason
			}
		}
		reasons = append(reasons, reason)
	}
	if len(reasons) == 0 {
		reasons = []string{message}
	}
	code := text.BadRequest
	if status >= http.StatusInternalServerError {
		code = text.Internal
	}
	p := problem(l, code, text.Args{"where": where, "reason": strings.Join(reasons, pick(l, "；", "; "))})
	p.Status = status
	return p
}

// told returns the problem that has a code of its own: of what is given and empty, and of a text
// that may not be recorded; nil: it is another.
func told(l text.Lang, status int, where, message string) huma.StatusError {
	at, lost := strings.CutPrefix(message, unreadable)
	var p *client.Problem
	switch {
	case lost:
		p = problem(l, text.NotText, text.Args{"name": at})
	case slices.Contains(emptiness, message):
		p = problem(l, text.Empty, text.Args{"name": where})
	default:
		return nil
	}
	p.Status = status
	return p
}

// emptiness is what the library says of what is given and empty; see refuseEmpty.
var emptiness = []string{
	"expected string to match pattern " + notBlank, "expected array length >= 1", "expected object with at least 1 properties",
}

// rules are the rules of the library that people break by what they type, as it tells them up to
// their bound.
var rules = []struct{ rule, zh, en string }{
	{"expected length >= 1", "不能为空", "it is empty"},
	{"expected length >= ", "太短，至少需要的字符数为 ", "it is too short; the least number of characters is "},
	{"expected length <= ", "太长，至多可有的字符数为 ", "it is too long; the greatest number of characters is "},
	{"expected number >= ", "太小，最小值为 ", "it is too small; the least is "},
	{"expected number <= ", "太大，最大值为 ", "it is too large; the greatest is "},
	{"expected string to match pattern ", "格式不符：", "it has another form: "},
	{"expected value to be one of ", "不在允许的取值之内：", "it is none of "},
}

// routed answers a request for no operation with a problem, of the router's status.
func routed(mux *http.ServeMux) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		refuse, pattern := mux.Handler(r)
		if pattern != "" {
			mux.ServeHTTP(w, r)
			return
		}
		said := &refusal{header: w.Header()}
		refuse.ServeHTTP(said, r)
		l := text.FromAcceptLanguage(r.Header.Get("Accept-Language"))
		p := problem(l, text.BadRequest, text.Args{"where": text.Short(r.Method + " " + r.URL.Path), "reason": text.Cause(l, "no such operation")})
		p.Status = said.status
		writeProblem(w, p)
	})
}

// refusal takes the status and the header of the router's refusal, without its body.
type refusal struct {
	header http.Header
	status int
}

func (r *refusal) Header() http.Header         { return r.header }
func (r *refusal) WriteHeader(status int)      { r.status = status }
func (r *refusal) Write(b []byte) (int, error) { return len(b), nil }

// pick returns the text in the language.
func pick(l text.Lang, zh, en string) string {
	if l == text.Zh {
		return zh
	}
	return en
}

// ruleIn returns what the library says is wrong, in the language.
func ruleIn(l text.Lang, message string) string {
	for _, r := range rules {
		bound, found := strings.CutPrefix(message, r.rule)
		switch {
		case !found, strings.HasSuffix(r.rule, "1") && bound != "":
		default:
			return pick(l, r.zh, r.en) + bound
		}
	}
	return text.Cause(l, message)
}
