package main

import (
	"context"
	"errors"
	"strings"

	"xietong/node/faces/client"
	"xietong/node/ground/text"
)

// advised is an error of a command that knows what to do beside what the problem says.
type advised struct {
	err    error
	advice text.Code
	args   text.Args
}

func (e *advised) Error() string { return e.err.Error() }
func (e *advised) Unwrap() error { return e.err }

// ofOther are flags that people give to a command of which another one has them.
var ofOther = map[string]string{"xietong record import --save-bad": "xietong record check --save-bad"}

// explainWrapped explains an error to which a command has added something.
func (a *app) explainWrapped(err error) (client.Problem, int, bool) {
	if k, ok := errors.AsType[*kept](err); ok {
		p, code := a.explain(k.err)
		if kept := a.t(k.do()); p.Do == "" || noSpace(err) || errors.Is(err, context.Canceled) || errors.Is(err, client.ErrUnknownOutcome) {
			p.Do = kept
		} else {
			p.Do += a.t(text.CLIListComma, nil) + kept
		}
		return p, code, true
	}
	if e, ok := errors.AsType[*advised](err); ok {
		p, code := a.explain(e.err)
		p.Do = strings.TrimPrefix(p.Do+a.t(text.CLIListComma, nil)+a.t(e.advice, e.args), a.t(text.CLIListComma, nil))
		return p, code, true
	}
	if of, ok := errors.AsType[*ofFileGiven](err); ok {
		p, code := a.explain(of.err)
		if p.Where == a.t(text.CLIFileGiven, nil) || p.Where == text.Explain(a.lang, text.RosterFaulty, nil).Where {
			p.Where = a.fileName(of.file)
		}
		return p, code, true
	}
	return client.Problem{}, 0, false
}
