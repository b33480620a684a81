package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"xietong/node"
	"xietong/node/faces/client"
	"xietong/node/ground/text"
)

// The exit codes. They are part of the interface: see the package comment.
const (
	exitDone        = 0
	exitFailed      = 1
	exitUsage       = 2
	exitUnreachable = 3
	exitUnverified  = 4
)

// errAnsweredNo ends a command that has printed an answer saying that something does not hold.
var errAnsweredNo = errors.New("answered no")

// usageError is a mistake in the command line.
type usageError struct {
	code    text.Code
	args    text.Args
	command string // the command that was typed, such as "xietong query"
	do      string // what to do, if there is better advice than to read the help
}

func usage(code text.Code, args text.Args) *usageError { return &usageError{code: code, args: args} }

func (e *usageError) Error() string { return "usage: " + string(e.code) }

// unverified is an error of verifying the file.
type unverified struct {
	file string
	err  error
}

func (e *unverified) Error() string { return e.err.Error() }
func (e *unverified) Unwrap() error { return e.err }

// report prints err to standard error and returns the exit code.
func (a *app) report(err error) int {
	if err == nil {
		return exitDone
	}
	if errors.Is(err, errAnsweredNo) {
		return exitUnverified
	}
	p, code := a.explain(err)
	if a.jsonOnly {
		_ = json.NewEncoder(visibleJSON{a.stderr}).Encode(problemAndCause{p, p.Status, a.ownWords(err)}) // a failure to write has no reader left
		return code
	}
	if p.By != "" {
		a.line(a.stderr, a.t(saidBy(p.Code), text.Args{"by": p.By, "what": p.What()}))
	} else {
		a.line(a.stderr, a.t(text.CLIError, text.Args{"what": p.What()}))
	}
	if p.Where != "" {
		a.line(a.stderr, a.t(text.CLIWhere, text.Args{"where": p.Where}))
	}
	if p.Do != "" {
		a.line(a.stderr, a.t(text.CLIDo, text.Args{"do": p.Do}))
	}
	here := p.By == "" && code != exitUsage && p.Code != string(text.GrantElsewhere) // whose commands are for the node there
	if flags := a.hereFlags(); here && flags != "" && strings.Contains(p.Do, "xietong ") && !strings.Contains(p.Do, "--data") {
		a.line(a.stderr, a.t(text.CLIDoHere, text.Args{"flags": flags}))
	}
	_, remote := errors.AsType[*client.Problem](err) // its cause is in the node's log, if anywhere
	switch {
	case a.verbose:
		a.line(a.stderr, a.t(text.CLICause, text.Args{"cause": a.ownWords(err)}))
	case text.Nameless(a.lang, p.Detail) && !remote:
		a.line(a.stderr, a.t(text.CLICauseHidden, nil))
	}
	return code
}

// problemAndCause is a problem in JSON, with the program's own words where --verbose asks for them.
type problemAndCause struct {
	client.Problem
	Status int    `json:"status,omitempty"` // no answer of a node came, so there is none
	Cause  string `json:"cause,omitempty"`
}

// ownWords returns the chain of causes of an error as the program tells it; "" without --verbose.
func (a *app) ownWords(err error) string {
	if !a.verbose {
		return ""
	}
	return err.Error()
}

// explain turns an error into a problem for a person to read, and the exit code.
func (a *app) explain(err error) (client.Problem, int) {
	if p, code, wrapped := a.explainWrapped(err); wrapped {
		return p, code
	}
	if p, ok := a.cutShort(err); ok {
		return p, exitFailed
	}
	if p, ok := errors.AsType[*client.Problem](err); ok {
		return *p, exitOf(text.Code(p.Code))
	}
	if f, ok := errors.AsType[*startFailed](err); ok {
		return *f.Problem, f.Exit
	}
	if u, ok := errors.AsType[*usageError](err); ok {
		do := cmp.Or(u.do, a.t(text.CLIReadHelp, text.Args{"command": cmp.Or(u.command, "xietong")}))
		return client.Problem{Title: a.t(text.CLIUsageTitle, nil), Status: http.StatusBadRequest, Code: "usage", Detail: a.t(u.code, u.args), Where: u.command, Do: do}, exitUsage
	}
	if u, ok := errors.AsType[*unsound](err); ok {
		return a.known(u.failure.Code, u.failure.Args), exitUnverified
	}
	if v, ok := errors.AsType[*unverified](err); ok {
		return a.known(text.ReceiptRefused, text.Args{"file": a.fileName(v.file), "reason": a.reason(v.err)}), exitUnverified
	}
	if b, ok := errors.AsType[*badFile](err); ok {
		do := text.CLIBadFileDo
		if _, noText := errors.AsType[*text.Failure](b.err); noText {
			do = text.CLINoTextDo
		}
		return a.own("bad-file", text.CLIBadFile, do, a.fileName(b.file), b.err), exitFailed
	}
	if f, ok := errors.AsType[*text.Failure](err); ok {
		return a.known(f.Code, f.Args), exitOf(f.Code)
	}
	if bad, ok := errors.AsType[*client.BadRowsError](err); ok {
		return a.known(refusedRows(bad), text.Args{
			"bad": fmt.Sprint(bad.Check.BadCount), "rows": fmt.Sprint(bad.Check.Rows), "dataset": bad.Dataset,
		}), exitFailed
	}
	if p, ok := a.unreached(err); ok {
		return p, exitUnreachable
	}
	switch {
	case errors.Is(err, client.ErrNotUnderstood), errors.Is(err, client.ErrTooLarge):
		return a.own("not-understood", text.CLINotUnderstood, text.CLINotUnderstoodDo, a.data, err), exitFailed
	case errors.Is(err, errEndless):
		return a.own("pages-endless", text.CLIEndless, text.CLIEndlessDo, "", err), exitFailed
	case errors.Is(err, errDamaged):
		return a.own("page-damaged", text.CLIPageDamaged, text.CLIFileDiskDo, "", err), exitFailed
	case errors.Is(err, errNotConfirmed):
		return a.own("not-confirmed", text.CLINotConfirmed, text.CLINotConfirmedDo, "", err), exitFailed
	case errors.Is(err, client.ErrFileChanged):
		return a.own("file-changed", text.CLIFileChanged, text.CLIFileChangedDo, "", err), exitFailed
	}
	if d, ok := errors.AsType[*differsError](err); ok {
		return a.own("file-differs", text.CLIFileDiffers, text.CLIFileDiffersDo, d.file, err), exitFailed
	}
	if f, ok := errors.AsType[*foreignError](err); ok {
		return client.Problem{Title: a.t(text.CLIOwnTitle, nil), Code: "linux-needed", Detail: a.t(text.CLIForeign, text.Args{"system": f.system}), Do: a.t(text.CLIForeignDo, nil)}, exitFailed
	}
	if n, ok := errors.AsType[*notMineError](err); ok {
		return a.own("file-not-own", text.CLIFileNotOwn, text.CLIFileNotOwnDo, n.file, err), exitFailed
	}
	if p, ok := a.ofFile(err); ok {
		return p, exitFailed
	}
	return a.own(string(text.Internal), text.CLIOther, text.CLIOtherDo, "", err), exitFailed
}

// wrongWords are the refusals of what was typed itself: its form is wrong, or it is none of the
// words that there are. What is well formed, and names nothing here, is refused otherwise.
var wrongWords = []text.Code{
	text.BadRequest, text.LevelUnknown, text.ProvinceUnknown, text.KindUnknown, text.FileWish, text.PeriodInvalid, text.MonthsOnly,
	text.SelectorMalformed, text.FilterMalformed, text.CursorNotOfList, text.BadCursor,
}

// exitOf returns the exit code of a refusal: what is wrong on the command line is that, whoever
// found it.
func exitOf(code text.Code) int {
	switch {
	case slices.Contains(wrongWords, code):
		return exitUsage
	case code == text.EntryByFile: // there is no node
		return exitUnreachable
	}
	return exitFailed
}

// noSpace reports whether the disk, or the quota of it, is full.
func noSpace(err error) bool {
	return slices.ContainsFunc(errnosFull, func(full syscall.Errno) bool { return errors.Is(err, full) })
}

// ofFile returns an error of a file or its disk, with what to do by its kind. What the disk gives
// without a name, as when it takes no more of what was written before, is told without a place.
func (a *app) ofFile(err error) (client.Problem, bool) {
	if n, ok := errors.AsType[*notAFile](err); ok {
		return a.own("not-a-file", text.CLINotAFile, text.CLINotAFileDo, a.fileName(n.path), err), true
	}
	where, cause, do := "", err, text.CLIFileDo
	at, ok := errors.AsType[*fs.PathError](err)
	if ok {
		where, cause = at.Path, at.Err
	}
	inUse := ok && at.Op == opLock && errors.Is(cause, syscall.EWOULDBLOCK)
	if link, moved := errors.AsType[*os.LinkError](err); moved {
		where, cause, ok = link.New, link.Err, true
	}
	switch {
	case inUse:
		return a.own("file-in-use", text.CLIFileInUse, text.CLIFileInUseDo, where, cause), true
	case errors.Is(err, syscall.EBUSY):
		return a.own("file-busy", text.CLIFileBusy, text.CLIFileBusyDo, where, cause), true
	case slices.ContainsFunc(errnosInUse, func(kept syscall.Errno) bool { return errors.Is(err, kept) }):
		return a.own("file-open", text.CLIFileOpen, text.CLIFileOpenDo, where, cause), true
	case noSpace(err):
		do = text.CLIFileFullDo
	case errors.Is(err, syscall.EROFS):
		do = text.CLIFileReadOnlyDo
	case slices.ContainsFunc(errnosDisk, func(disk syscall.Errno) bool { return errors.Is(err, disk) }):
		do = text.CLIFileDiskDo
	case !ok:
		return client.Problem{}, false
	}
	return a.own("file", text.CLIFile, do, where, cause), true
}

// known returns a problem of package text.
func (a *app) known(code text.Code, args text.Args) client.Problem {
	local := text.Args{}
	for name, value := range args {
		local[name] = text.InZone(value, a.zone())
	}
	e := text.Explain(a.lang, code, local)
	return client.Problem{
		Title: e.Title, Status: text.Status(code), Code: string(code), Detail: e.What, Where: e.Where, Do: e.Do,
	}
}

// own returns a problem that only the command line has.
func (a *app) own(code string, what, do text.Code, where string, err error) client.Problem {
	return client.Problem{Title: a.t(text.CLIOwnTitle, nil), Code: code, Detail: a.t(what, text.Args{"reason": a.reason(err)}), Where: where, Do: a.t(do, nil)}
}

// reason returns the text of a cause, for use inside the sentence of another problem.
func (a *app) reason(err error) string {
	f, ok := errors.AsType[*text.Failure](err)
	switch {
	case ok && f.Code == text.ReceiptRefused: // the outer sentence; its reason is the cause
		return f.Args["reason"]
	case ok && (f.Code == text.FileKind || f.Code == text.FileNoTable): // what it says is of imports
		return text.Word(a.lang, f.Args["what"])
	case ok:
		return a.t(f.Code, f.Args)
	case errors.Is(err, fs.ErrNotExist):
		return a.t(text.CLINoSuchFile, nil)
	case errors.Is(err, fs.ErrPermission):
		return a.t(text.CLINotPermitted, nil)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return a.t(text.CLIFileEnds, nil)
	}
	if mistyped, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		form := text.Cause(a.lang, text.Wanted(mistyped))
		if mistyped.Field == "" { // the whole value
			return form
		}
		return a.t(text.CLIOtherType, text.Args{"field": mistyped.Field, "form": form})
	}
	if system, ok := errors.AsType[syscall.Errno](err); ok && text.Word(text.Zh, system.Error()) != system.Error() {
		return text.Word(a.lang, system.Error())
	}
	return text.Cause(a.lang, strings.TrimPrefix(err.Error(), "json: "))
}

// fileName returns the name of an input for people.
func (a *app) fileName(path string) string {
	if path == "-" {
		return a.t(text.CLIStandardInput, nil)
	}
	return path
}

// refusedRows returns why bad rows stopped an import.
func refusedRows(bad *client.BadRowsError) text.Code {
	switch {
	case bad.Along:
		return text.AlongNotGood
	case bad.Replace && bad.Check.Good > 0:
		return text.ReplaceNotGood
	case bad.Check.Good == 0:
		return text.RowsNoneGood
	}
	return text.RowsRejected
}

// flagError turns an error of pflag into a usageError.
func (a *app) flagError(cmd *cobra.Command, err error) error {
	u := usage(text.CLIBadFlag, text.Args{"reason": text.Cause(a.lang, err.Error())})
	if e, ok := errors.AsType[*pflag.NotExistError](err); ok {
		u = usage(text.CLINoSuchFlag, text.Args{"flag": dashed(e.GetSpecifiedName())})
		near := cmd.CommandPath() + " --" + nearestFlag(cmd, e.GetSpecifiedName())
		if other := ofOther[cmd.CommandPath()+" --"+e.GetSpecifiedName()]; other != "" {
			near = other
		}
		if !strings.HasSuffix(near, " --") {
			u.do = a.t(text.CLIDidYouMean, text.Args{"command": near})
		}
	}
	if e, ok := errors.AsType[*pflag.ValueRequiredError](err); ok {
		u = usage(text.CLIFlagNeedsValue, text.Args{"flag": dashed(e.GetSpecifiedName())})
	}
	if e, ok := errors.AsType[*pflag.InvalidValueError](err); ok {
		u = a.badValue(dashed(e.GetFlag().Name), e.GetValue(), a.formOf(e.GetFlag().Value.Type()))
	}
	u.command = cmd.CommandPath()
	return u
}

// badValue returns the error of a flag whose value has another form.
func (a *app) badValue(flag, value, form string) *usageError {
	return usage(text.CLIFlagBadValue, text.Args{"flag": flag, "value": text.Short(value), "form": form})
}

// formOf tells the form of a flag's values, by their type.
func (a *app) formOf(kind string) string {
	switch kind {
	case "bool":
		return a.t(text.FormOneOf, text.Args{"list": a.called(nil, "true", "false")})
	case "float64":
		return a.t(text.FormFraction, nil)
	}
	return a.t(text.FormNumber, nil)
}

// within refuses a number that was given for a flag and is out of its bounds.
func (a *app) within(flags *pflag.FlagSet, name string, least, most int) error {
	n, err := flags.GetInt(name)
	if err != nil || !flags.Changed(name) || n >= least && n <= most {
		return err
	}
	return a.badValue("--"+name, strconv.Itoa(n), a.ranged(least, most))
}

func (a *app) ranged(least, most int) string {
	return a.t(text.FormRange, text.Args{"least": strconv.Itoa(least), "most": strconv.Itoa(most)})
}

// labelShape is the shape of a label; the node parses it.
var labelShape = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)

// labels refuses a --label that can be no part of a name.
func (a *app) labels(label string) error {
	if label == "" || labelShape.MatchString(label) {
		return nil
	}
	return a.badValue("--label", label, a.t(text.FormLabel, nil))
}

// listens refuses an address that no node can listen on.
func (a *app) listens(address string) error {
	err := node.CheckListen(address)
	switch {
	case address == "" || err == nil:
		return nil
	case errors.Is(err, node.ErrPort):
		return a.badValue("--listen", address, a.t(text.FormPort, nil))
	}
	return a.badValue("--listen", address, a.t(text.FormAddress, nil))
}

func dashed(name string) string {
	if len(name) == 1 {
		return "-" + name
	}
	return "--" + name
}
