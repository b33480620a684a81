// Package failure turns any error of the floors and rooms into the text.Failure that a person
// reads, and into the code and values that another jurisdiction is told.
//
// A refusal is a code of the table in docs/protocol.md with its values. It comes up as a
// *state.Refusal (from a handler), a *relay.Problem (from another jurisdiction or a hop), a
// *text.Failure (from a room), or an error of the machine; this package makes a *text.Failure of
// each. An error that it does not know becomes text.Internal: another jurisdiction learns only that
// there was an internal error.
//
// The package writes no sentence and logs nothing.
package failure

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"strconv"
	"time"

	"xietong/certs/identity"
	"xietong/consensus/group"
	"xietong/consensus/state"
	"xietong/exchange/relay"
	"xietong/node/ground/host"
	"xietong/node/ground/text"
)

// Of returns an error as the failure that a person reads. Of a *text.Failure and a *relay.Problem
// in the chain of err, the outer one wins: whoever wrapped the other decided what is told. err must
// not be nil.
func Of(err error) *text.Failure {
	var full *group.SpaceError
	var corrected *host.CorrectedError
	var growth *host.GrowthError
	var keys *host.KeysError
	var ended *host.EndedError
	var chain *host.ChainError
	var refusal *state.Refusal
	var unreadable *state.UnreadableError
	var damage *state.DamageError
	var decayed *host.DecayedError
	failure, told := errors.AsType[*text.Failure](err)
	problem, called := errors.AsType[*relay.Problem](err)
	if called && told {
		cause, _ := errors.AsType[*text.Failure](problem)
		told = cause != failure
	}
	replica, machine := ofReplica(err), ofMachine(err)
	part, ofPart := errors.AsType[*host.PartError](err)
	switch {
	case told: // a room chose this failure for the person, whatever its cause is
		return failure
	case called:
		return Heard(problem, err)
	case errors.As(err, &refusal):
		return numbered(uint16(refusal.Code), refusal.Args, err)
	case errors.As(err, &full):
		return &text.Failure{Code: text.DiskFull, Args: text.Args{
			"dir": full.Dir, "free": text.Mebibytes(full.Free), "needed": text.Mebibytes(full.Needed),
		}, Err: err}
	case machine != nil:
		return machine
	case errors.As(err, &corrected):
		return &text.Failure{Code: text.ClockCorrected, Args: text.Args{"since": stamp(corrected.At), "ledger": stamp(corrected.Until)}, Err: err}
	case errors.As(err, &growth):
		return growthFailure(growth, err)
	case errors.As(err, &keys):
		return keysFailure(keys)
	case errors.As(err, &ended):
		code := text.KeysEnded
		if ended.Questioned != nil {
			code = text.KeysEndedAsked
		}
		return &text.Failure{Code: code, Args: text.Args{"jurisdiction": ended.In.String()}, Err: err}
	case errors.As(err, &chain):
		return ChainLong(chain.In, chain.Length, chain.Max, err)
	case ofPart:
		return Part(part)
	case errors.As(err, &decayed):
		return decayFailure(decayed)
	case errors.As(err, &damage):
		return &text.Failure{Code: text.StateDamaged, Args: text.Args{"file": damage.File}, Err: err}
	case errors.As(err, &unreadable):
		return &text.Failure{Code: text.ValueUnreadable, Args: text.Args{
			"bucket": unreadable.Bucket, "key": hex.EncodeToString(unreadable.Key),
		}, Err: err}
	case errors.Is(err, group.ErrBusy):
		return Overloaded(err)
	case errors.Is(err, identity.ErrMalformed):
		return &text.Failure{Code: text.BadRequest, Args: text.Args{"where": "a name", "reason": err.Error()}, Err: err}
	case errors.Is(err, group.ErrUnknownOutcome):
		return &text.Failure{Code: text.OutcomeUnknown, Err: err}
	case replica != nil:
		return replica
	case errors.Is(err, group.ErrNotDone):
		return &text.Failure{Code: text.NotReady, Args: text.Args{"reason": group.ErrNotDone.Error()}, Err: err}
	case errors.Is(err, context.DeadlineExceeded):
		return &text.Failure{Code: text.NotReady, Args: text.Args{"reason": "late"}, Err: err}
	}
	return ofFolder(err)
}

// growthFailure is the failure of what others may not record here now.
func growthFailure(growth *host.GrowthError, err error) *text.Failure {
	code, again := text.Busy, strconv.FormatInt(growth.Spent.Seconds(), 10)
	if growth.Full {
		code, again = text.GrowthFull, "60"
	}
	return &text.Failure{Code: code, Args: text.Args{"jurisdiction": growth.At.String(), "again": again}, Err: err}
}

// ofReplica returns an error about the standing of this replica; nil: it is none.
func ofReplica(err error) *text.Failure {
	if e, ok := errors.AsType[*host.RemovedError](err); ok {
		return &text.Failure{Code: text.ReplicaWasRemoved, Args: text.Args{"replica": e.Replica.String()}, Err: err}
	}
	if e, ok := errors.AsType[*host.NoVoteError](err); ok {
		return &text.Failure{Code: text.ReplicaNoVote, Args: text.Args{"replica": e.Replica.String()}, Err: err}
	}
	if e, ok := errors.AsType[*host.NoLeaderError](err); ok {
		return &text.Failure{Code: text.NoLeader, Args: text.Args{"jurisdiction": e.In.String()}, Err: err}
	}
	return nil
}

// Own returns an error that says why this jurisdiction asks nobody, as the failure that a person
// reads: nobody leads it here, or its ledger is in question. nil: it is none, or another's.
func Own(err error) *text.Failure {
	_, heard := errors.AsType[*relay.Problem](err)
	_, question := errors.AsType[*host.QuestionError](err)
	_, anew := errors.AsType[*host.AnewError](err)
	if heard || ofReplica(err) == nil && !question && !anew {
		return nil
	}
	return Of(err)
}

// ofFolder returns an error about the folder of a jurisdiction, or of nothing that is known.
func ofFolder(err error) *text.Failure {
	if q, ok := errors.AsType[*host.QuestionError](err); ok {
		return questionFailure(q, err)
	}
	if e, ok := errors.AsType[*host.OldDecayedError](err); ok {
		return oldFailure(e)
	}
	if e, ok := errors.AsType[*host.AnewError](err); ok && e.Inside {
		parent, _ := e.In.Parent()
		return &text.Failure{Code: text.KeysUnendorsedHosted, Args: text.Args{"jurisdiction": e.In.String(), "parent": parent.String()}, Err: err}
	}
	if e, ok := errors.AsType[*host.AnewError](err); ok {
		return &text.Failure{Code: text.KeysUnendorsed, Args: text.Args{"jurisdiction": e.In.String(), "dir": e.Dir}, Err: err}
	}
	if e, ok := errors.AsType[*host.FormerError](err); ok {
		return &text.Failure{Code: text.ActFormer, Args: text.Args{"jurisdiction": e.In.String(), "reason": e.Err.Error()}, Err: err}
	}
	if e, ok := errors.AsType[*host.SignedError](err); ok {
		return &text.Failure{Code: text.SignedSizeUnnoted, Args: text.Args{"file": e.Path, "reason": e.Err.Error()}, Err: err}
	}
	return text.AsFailure(err)
}

func decayFailure(e *host.DecayedError) *text.Failure {
	code := text.DataDecayed
	switch {
	case e.Others:
		code = text.DataMending
	case len(e.Files) > 0:
		return oldEntries(e.Files, e)
	}
	args := text.Args{
		"replica": e.Replica, "kept": e.Kept, "values": strconv.FormatUint(e.Values, 10), "since": stamp(e.Since), "file": e.File,
	}
	if e.Others && e.Why != nil {
		code, args["reason"] = text.DataUnmended, e.Why.Error()
	}
	return &text.Failure{Code: code, Args: args, Err: e}
}

func keysFailure(e *host.KeysError) *text.Failure {
	if e.Pending > 0 {
		return &text.Failure{Code: text.KeysPending, Args: text.Args{
			"jurisdiction": e.In.String(), "number": strconv.FormatUint(e.Pending, 10),
		}, Err: e}
	}
	return &text.Failure{Code: text.KeysTooSoon, Args: text.Args{
		"jurisdiction": e.In.String(), "again": e.Again.UTC().Format(time.RFC3339),
	}, Err: e}
}

// ChainLong returns the failure of a chain of keys that is too long, in bytes, for whoever must
// read it.
func ChainLong(in identity.Jurisdiction, length, limit int, err error) *text.Failure {
	return &text.Failure{Code: text.ChainLong, Args: text.Args{
		"jurisdiction": in.String(), "length": strconv.Itoa((length + 1<<10 - 1) >> 10), "limit": strconv.Itoa(limit >> 10),
	}, Err: err}
}

func numbered(number uint16, args []string, err error) *text.Failure {
	code := text.ByNumber(number)
	return &text.Failure{Code: code, Args: text.Named(code, args), Err: err}
}

// RetryAfter is how long somebody should wait who was refused because too much was under way.
const RetryAfter = 2 * time.Second

// Overloaded returns the failure of a request for which there is no room now; nothing was done.
func Overloaded(err error) *text.Failure {
	return &text.Failure{Code: text.Overloaded, Args: text.Args{"seconds": fmt.Sprint(int(RetryAfter.Seconds()))}, Err: err}
}

// Told returns an error as another jurisdiction is told it: a row of the table of errors, with its
// values. It hides the directory of a full disk, and the detail of a command that was not done or
// has an unknown outcome; every error of the node itself is an internal error, without values. A
// *text.Failure is told with all its values.
func Told(err error) (number uint16, args []string) {
	f := Of(err)
	_, told := errors.AsType[*text.Failure](err)
	known := maps.Clone(f.Args)
	switch {
	case text.Status(f.Code) == http.StatusInternalServerError:
		return text.Number(text.Internal), nil
	case told:
	case f.Code == text.DiskFull:
		known["dir"] = ""
	case errors.Is(err, identity.ErrMalformed):
		known["reason"] = identity.ErrMalformed.Error()
	case f.Code == text.NotReady:
		if known["reason"] = "late"; errors.Is(err, group.ErrNotDone) {
			known["reason"] = group.ErrNotDone.Error()
		}
	}
	return text.Number(f.Code), text.Values(f.Code, known)
}

// Is reports whether the error is, in the end, a refusal with one of the codes.
func Is(err error, codes ...text.Code) bool {
	if err == nil {
		return false
	}
	is := Of(err).Code
	for _, code := range codes {
		if code == is {
			return true
		}
	}
	return false
}

// Malformed returns the failure of parameters that are in another form.
func Malformed(err error) error {
	return text.Fail(text.BadRequest, text.Args{"where": "parameters", "reason": "another form"}, err)
}

// Unreadable returns the failure of an answer that was proved to be the answer of from, and is in
// another form. SignedBy tells whose it is.
func Unreadable(from identity.Jurisdiction, err error) error {
	return text.Fail(text.AnswerRefused, text.Args{"jurisdiction": from.String(), "reason": "another form"}, &signed{from, err})
}

// signed is what is wrong with something that by signed.
type signed struct {
	by  identity.Jurisdiction
	err error
}

func (s *signed) Error() string { return s.err.Error() }

func (s *signed) Unwrap() error { return s.err }

// SignedBy returns whose fault an error is, where that is certain: who signed, in answer to the
// request, what cannot be read or may not be so. Zero: it may be the fault of this jurisdiction, or
// of somebody on the way.
func SignedBy(err error) identity.Jurisdiction {
	if s, ok := errors.AsType[*signed](err); ok {
		return s.by
	}
	if p, ok := errors.AsType[*relay.Problem](err); ok {
		return p.SignedBy
	}
	return identity.Jurisdiction{}
}

// ofMachine returns what is wrong with a clock, or with the backups of a root; nil: it is another
// error.
func ofMachine(err error) *text.Failure {
	var unsaved *host.UnsavedError
	var leader *host.LeaderClockError
	var clock *host.ClockError
	var apart *host.ApartError
	var differ *host.DifferError
	switch {
	case errors.As(err, &leader):
		return &text.Failure{Code: text.LeaderClock, Args: text.Args{"replica": leader.Replica.String()}, Err: err}
	case errors.As(err, &clock):
		return clockFailure(clock, err)
	case errors.As(err, &apart):
		return apartFailure(apart, err)
	case errors.As(err, &differ):
		return differFailure(differ, err)
	case errors.As(err, &unsaved):
		return &text.Failure{Code: text.RootUnsaved, Args: text.Args{"number": strconv.FormatUint(unsaved.Number, 10)}, Err: err}
	}
	return nil
}

// clockFailure says what is wrong with the clock.
func clockFailure(e *host.ClockError, err error) *text.Failure {
	offset := e.Ahead.Abs().String()
	switch {
	case e.Beyond:
		return &text.Failure{Code: text.ClockSetBack, Args: text.Args{"behind": offset, "ledger": stamp(e.Ledger)}, Err: err}
	case e.Jumped:
		return &text.Failure{Code: text.ClockJumped, Args: text.Args{"offset": offset, "clock": stamp(e.Clock)}, Err: err}
	}
	return &text.Failure{Code: text.ClockUnvouched, Args: text.Args{"offset": offset, "clock": stamp(e.Clock), "ledger": stamp(e.Ledger)}, Err: err}
}

// apartFailure says whose clock is apart from those of the other replicas.
func apartFailure(e *host.ApartError, err error) *text.Failure {
	f := &text.Failure{Code: text.ReplicaClockAhead, Args: text.Args{"replica": e.Replica.String(), "offset": e.Ahead.Abs().String()}, Err: err}
	switch {
	case !e.Other.IsZero():
		f.Code, f.Args["beside"] = text.ReplicaClocksDiffer, e.Other.String()
	case e.Ahead < 0:
		f.Code = text.ReplicaClockBehind
	}
	return f
}

// differFailure says that the clock of a neighbour differs so much that there is no link.
func differFailure(e *host.DifferError, err error) *text.Failure {
	code := map[host.Whose]text.Code{host.NobodyKnows: text.ClocksDiffer, host.ThisOne: text.ClockWrongHere, host.TheOther: text.ClockWrongThere}[e.Whose]
	return &text.Failure{Code: code, Args: text.Args{
		"name": e.Of.String(), "offset": e.Ahead.Abs().String(), "clock": stamp(e.Clock), "since": stamp(e.Clock.Add(-e.Ahead)),
	}, Err: err}
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// questionFailure says why the ledger is in question, and what to do.
func questionFailure(e *host.QuestionError, err error) *text.Failure {
	args := text.Args{"jurisdiction": e.In.String(), "dir": e.Dir}
	code := text.LedgerUnanswered
	switch {
	case e.Ahead != nil:
		code, args["replica"] = text.ReplicaAhead, e.Replica.String()
	case e.Outrun > 0:
		code, args["number"] = text.KeysOutrun, strconv.FormatUint(e.Outrun, 10)
		switch {
		case e.Root && e.Beside:
			code = text.KeysBesideRoot
		case e.Root:
			code = text.KeysOutrunRoot
		case e.Inside:
			parent, _ := e.In.Parent()
			code, args["parent"] = text.KeysOutrunHosted, parent.String()
			delete(args, "dir")
		case e.Beside:
			code = text.KeysBeside
		}
	case e.Epoch > 0:
		code, args["epoch"] = text.EpochUnsettled, strconv.FormatUint(e.Epoch, 10)
	case e.Grouped && e.Found != nil:
		code, args = text.GroupSetBack, text.Args{
			"jurisdiction": e.In.String(), "name": e.Found.By.String(), "size": strconv.FormatUint(e.Found.Checkpoint.Size, 10), "replica": e.Replica.String(),
		}
	case e.Grouped:
		code, args = text.ReplicaInQuestion, text.Args{"replica": e.Replica.String(), "dir": e.Dir}
	case e.Found != nil:
		code, args["name"], args["size"] = text.CopyForked, e.Found.By.String(), strconv.FormatUint(e.Found.Checkpoint.Size, 10)
		if !e.Forked {
			code, args["total"] = text.CopyBehind, strconv.FormatUint(e.Size, 10)
		}
	case e.Waiting:
		code = text.LedgerInQuestion
	}
	return &text.Failure{Code: code, Args: args, Err: err}
}
