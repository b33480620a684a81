package api

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"xietong/certs/identity"
	"xietong/exchange/relay"
	"xietong/node/faces/client"
	"xietong/node/ground/failure"
	"xietong/node/ground/text"
)

// reader is whoever reads a problem: in which language, and whether at a command line, which has
// flags and commands where HTTP has members and operations.
type reader struct {
	text.Lang
	terminal bool
}

// readerOf reads the headers Accept-Language and Prefer (RFC 7240).
func readerOf(language, prefer string) reader {
	wishes := strings.Split(strings.ReplaceAll(prefer, " ", ""), ",")
	return reader{text.FromAcceptLanguage(language), slices.Contains(wishes, client.PreferCommandLine)}
}

func (c Caller) reader() reader { return readerOf(c.Language, c.Prefer) }

func (to reader) explain(code text.Code, args text.Args) text.Explanation {
	if to.terminal {
		return text.Explain(to.Lang, code, args)
	}
	return text.ExplainHTTP(to.Lang, code, args)
}

// pagesOfProblems is where the kinds of problems are described; see problemPage.
const pagesOfProblems = "/problems/"

func problem(to reader, code text.Code, args text.Args) *client.Problem {
	if text.Number(code) == 0 {
		code = text.Internal
	}
	e := to.explain(code, args)
	p := &client.Problem{
		Type: pagesOfProblems + string(code), Title: e.Title, Status: text.Status(code), Detail: e.What, Code: string(code), Where: e.Where, Do: e.Do,
	}
	if id, err := identity.NewMessage(); err == nil {
		p.Instance = "urn:uuid:" + id.String()
	}
	return p
}

// problemOf turns any error into the problem that the caller reads. An internal error of this node,
// and one of its temporary folder, is logged too, under the problem's instance: whoever runs it can
// mend it.
func (s *server) problemOf(c Caller, err error) *client.Problem {
	if long, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return tooLarge(c.reader(), long.Limit)
	}
	if told, ok := errors.AsType[*client.Problem](err); ok { // by malformed
		return told
	}
	f := failure.Of(err)
	if f.Code == text.Internal && errors.Is(err, context.Canceled) { // by a stop; who left reads nothing
		f = text.AsFailure(text.Fail(text.NotReady, text.Args{"reason": context.Canceled.Error()}, err))
	}
	h := s.reading(c)
	r, ok := errors.AsType[*relay.Problem](err)
	elsewhere := ok && !s.hosts(r.At)
	f = s.causeOf(h, f, elsewhere)
	p := problem(c.reader(), f.Code, h.Standing.Worded(f.Args))
	if elsewhere {
		p.By = h.Standing.Called(r.At)
	} else if p.Status == http.StatusInternalServerError || f.Code == text.TemporaryUnusable {
		s.logger.Error("request failed", "instance", p.Instance, "error", err)
	}
	return p
}

func tooLarge(to reader, limit int64) *client.Problem {
	return problem(to, text.TooLarge, text.Args{"where": "body", "size": "", "limit": strconv.FormatInt(limit, 10)})
}

// key returns the request's idempotency key, which every write needs.
func (c Caller) key() (id identity.Message, err error) {
	if c.Key == "" {
		return id, text.Fail(text.KeyMissing, nil, nil)
	}
	if id, err = identity.ParseMessage(c.Key); err != nil {
		return id, text.Fail(text.KeyMalformed, nil, err)
	}
	return id, nil
}
