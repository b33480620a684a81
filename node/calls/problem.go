package calls

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	"xietong/certs/identity"
	"xietong/consensus/group"
	"xietong/consensus/state"
	"xietong/exchange/relay"
	"xietong/node/host"
	"xietong/node/text"
)

// SeenError is returned where an id is asked with again under which data were used already. It tells as id-seen.
type SeenError struct {
	Asked identity.Entry // this jurisdiction's record of what came of it
}

func (e *SeenError) Error() string { return fmt.Sprintf("asked before: %s", e.Asked) }

// Unwrap returns what a person reads.
func (e *SeenError) Unwrap() error { return &text.Failure{Code: text.IDSeen} }

// Failure tells an error of the rooms, or of a call, as what a person reads. What it does not know is text.Internal.
func Failure(err error) *text.Failure {
	var full *group.SpaceError
	var clock *host.ClockError
	var refusal *state.Refusal
	failure, told := errors.AsType[*text.Failure](err)
	problem, called := errors.AsType[*relay.Problem](err)
	switch {
	case told: // whatever caused it, this is what the person should read
		return failure
	case errors.As(err, &refusal):
		return numbered(uint16(refusal.Code), refusal.Args, err)
	case called:
		return numbered(problem.Code, problem.Args, err)
	case errors.As(err, &full):
		return &text.Failure{Code: text.DiskFull, Args: text.Args{
			"dir": full.Dir, "free": mebibytes(full.Free), "needed": mebibytes(full.Needed),
		}, Err: err}
	case errors.As(err, &clock):
		return &text.Failure{Code: text.ClockSetBack, Args: text.Args{
			"behind": clock.Behind.Round(time.Second).String(), "ledger": clock.Ledger.UTC().Format(time.RFC3339),
		}, Err: err}
	case errors.Is(err, group.ErrNotDone), errors.Is(err, group.ErrUnknownOutcome), errors.Is(err, context.DeadlineExceeded):
		return &text.Failure{Code: text.NotReady, Args: text.Args{"reason": err.Error()}, Err: err}
	}
	return text.AsFailure(err)
}

func numbered(number uint16, args []string, err error) *text.Failure {
	code := text.ByNumber(number)
	return &text.Failure{Code: code, Args: text.Named(code, args), Err: err}
}

func mebibytes(n uint64) string { return fmt.Sprintf("%d MiB", n>>20) }

// Problem tells the error of an operation to another jurisdiction (see relay.Local): as a row of the table of errors, with
// its values. It says nothing of the machine, and of an internal error nothing but that there was one.
func Problem(err error) (code uint16, args []string) {
	f := Failure(err)
	_, told := errors.AsType[*text.Failure](err)
	known := maps.Clone(f.Args)
	switch {
	case told:
	case f.Code == text.DiskFull:
		known["dir"] = "-"
	case f.Code == text.NotReady:
		known["reason"] = group.ErrNotDone.Error()
		if !errors.Is(err, group.ErrNotDone) {
			known["reason"] = group.ErrUnknownOutcome.Error()
		}
	}
	return text.Number(f.Code), text.Values(f.Code, known)
}
