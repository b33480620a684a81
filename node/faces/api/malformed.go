package api

import (
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"xietong/node/faces/client"
	"xietong/node/ground/text"
)

func init() {
	// The library's own refusals (a malformed body, a missing field) become problems like ours.
	huma.NewErrorWithContext = func(ctx huma.Context, status int, message string, errs ...error) huma.StatusError {
		return malformed(readerOf(ctx.Header("Accept-Language"), ctx.Header("Prefer")), status, message, errs)
	}
	huma.NewError = func(status int, message string, errs ...error) huma.StatusError {
		return malformed(reader{Lang: text.En}, status, message, errs)
	}
}

// malformed returns the problem of a request that the library refused. It names the fields, and not
// their values.
func malformed(to reader, status int, message string, errs []error) *client.Problem {
	where, reasons := "", []string{}
	var faults []client.Fault
	for _, err := range errs {
		one := faultIn(to.Lang, err)
		if code := codeOf(one.message); code != "" {
			p := problem(to, code, text.Args{"name": one.name})
			p.Errors = []client.Fault{one.fault(p.Detail)}
			return p
		}
		where = called(to.Lang, one.name)
		reasons = append(reasons, one.sentence(to.Lang))
		if one.name != "" {
			faults = append(faults, one.fault(one.reason))
		}
	}
	if len(reasons) == 0 {
		reasons = []string{text.Cause(to.Lang, message)}
	}
	code := text.BadRequest
	switch {
	case status >= http.StatusInternalServerError:
		code = text.Internal
	case status == http.StatusRequestEntityTooLarge:
		limit := int64(maxBodyLen)
		_, said, _ := strings.Cut(message, "limit=")
		_, _ = fmt.Sscan(strings.TrimSuffix(said, " bytes"), &limit) // it stays where the library says none
		return tooLarge(to, limit)
	case status == http.StatusRequestTimeout:
		code = text.Expired
	case status == http.StatusUnsupportedMediaType:
		return problem(to, text.MediaType, text.Args{"type": text.Short(mediaIn(to.Lang, append(errs, errors.New(message))))})
	case status == http.StatusUnprocessableEntity:
		code = text.NotAsDescribed
	}
	p := problem(to, code, text.Args{"where": where, "reason": text.Said(strings.Join(reasons, pick(to.Lang, "；", "; ")))})
	p.Errors = faults
	return p
}

// mediaIn returns the media type that the library does not take. Of an error it reads the message
// alone: the rest is the value, which is the body.
func mediaIn(l text.Lang, errs []error) (media string) {
	for _, err := range errs {
		if _, of, found := strings.Cut(faultIn(l, err).message, "unknown content type: "); found {
			media, _, _ = strings.Cut(of, "\n")
			return media
		}
	}
	return media
}

// parts are the parts of a request that the library tells of.
var parts = []string{inBody, "query", "path", "header"}

const inBody = "body"

// located is what the library says of one part of a request.
type located struct {
	in      string // body, query, path or header; "": it does not say
	name    string // in that part, such as purposes[0].title, or body; "": it does not say
	message string // of the library
	reason  string // in our words
}

// faultIn reads what the library says.
func faultIn(l text.Lang, err error) located {
	d, ok := errors.AsType[*huma.ErrorDetail](err)
	if !ok {
		return located{message: err.Error(), reason: text.Cause(l, err.Error())}
	}
	out, said := located{message: d.Message, name: d.Location}, d.Message
	if in, name, _ := strings.Cut(d.Location, "."); slices.Contains(parts, in) {
		out.in, out.name = in, name
	}
	if other, found := strings.CutPrefix(said, mistyped); found {
		out.name, said, _ = strings.Cut(other, " ")
	}
	if at, lost := strings.CutPrefix(said, unreadable); lost {
		out.name = at
	}
	if out.name == "" && out.in == inBody {
		out.name = inBody
	}
	out.reason = ruleIn(l, said)
	return out
}

// sentence returns the fault as a part of a sentence.
func (f located) sentence(l text.Lang) string {
	if f.name == "" {
		return f.reason
	}
	return called(l, f.name) + pick(l, "：", ": ") + f.reason
}

// called returns how a person reads where a fault is.
func called(l text.Lang, name string) string {
	if name == inBody {
		return pick(l, "请求正文", "the body")
	}
	return name
}

var (
	missing = regexp.MustCompile(`^expected required property (\S+) to be present$`)
	twice   = regexp.MustCompile(`^it has the member "(.*)" twice$`)
	step    = regexp.MustCompile(`\[(\d+)\]`)
)

// fault returns the fault as a program reads it: where it is, as a JSON Pointer (RFC 6901) into the
// body, or as the name of a parameter or header.
func (f located) fault(detail string) client.Fault {
	out := client.Fault{Detail: detail}
	switch f.in {
	case "query", "path":
		out.Parameter = f.name
		return out
	case "header":
		out.Header = f.name
		return out
	}
	path := strings.ReplaceAll(strings.ReplaceAll(f.name, "~", "~0"), "/", "~1")
	path = strings.ReplaceAll(step.ReplaceAllString(path, ".$1"), ".", "/")
	if strings.HasPrefix(f.message, unreadable) { // such as purposes/0/title
		path = f.name
	}
	if m := twice.FindStringSubmatch(f.message); m != nil {
		path = m[1]
	}
	if path == inBody {
		path = ""
	}
	if m := missing.FindStringSubmatch(f.message); m != nil {
		path = strings.TrimPrefix(path+"/"+m[1], "/")
	}
	if out.Pointer = "#"; path != "" {
		out.Pointer += "/" + path
	}
	return out
}

// codeOf returns the code that what the library says has of its own: of what is given and empty,
// and of a text that may not be recorded; "": it has none.
func codeOf(message string) text.Code {
	switch {
	case strings.HasPrefix(message, unreadable):
		return text.NotText
	case slices.Contains(emptiness, message):
		return text.Empty
	}
	return ""
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
			return pick(l, r.zh, r.en) + pick(l, strings.ReplaceAll(strings.Trim(bound, `"`), ", ", "、"), strings.Trim(bound, `"`))
		}
	}
	return text.Cause(l, message)
}
