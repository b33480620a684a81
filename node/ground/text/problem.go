package text

import (
	"errors"
	"net/http"
	"strings"
)

// parts are the sentences of a problem in one language. Title has no placeholders.
type parts struct{ title, what, where, do string }

// problem is one entry of the table of problems.
type problem struct {
	number uint16   // on the wire; append-only (docs/protocol.md)
	code   Code     // stable
	status int      // HTTP status
	params []string // the placeholders, in the order of the values in a refusal
	again  bool     // whether the same request may be granted later though nobody mends anything
	zh, en parts
}

var (
	byCode   = make(map[Code]problem)
	byNumber = make(map[uint16]problem)
)

func init() {
	for _, table := range [][]problem{requestProblems, sharingProblems, dataProblems, nodeProblems, exchangeProblems, joinProblems, rosterProblems, gatherProblems, drillProblems, keysProblems, breakProblems, typedProblems, fileProblems, catalogueProblems, outputProblems, usageProblems, importProblems, grantProblems, damageProblems, endsProblems, httpProblems, namesProblems, absentProblems, reformProblems, changesProblems, causeProblems, outsideProblems, replicaProblems, witnessProblems, questionProblems, hostedProblems} {
		for _, p := range table {
			byCode[p.code] = p
			byNumber[p.number] = p
		}
	}
	for reason, w := range exchangeWords {
		if _, taken := words[reason]; !taken { // a test finds one with two meanings
			words[reason] = w
		}
	}
}

// Explanation is a problem as a person reads it.
type Explanation struct {
	Title string // the kind of problem: always the same for one code
	What  string // what happened
	Where string // the jurisdiction, dataset, file or field
	Do    string // what the reader should do now
}

// Explain returns the problem in the language. A code that is no problem's is explained as an
// internal error.
func Explain(l Lang, code Code, args Args) Explanation {
	return explain(l, code, args, func(_ problem, s parts) parts { return s })
}

// explain is Explain, for readers for whom face says the sentences. What is told depends on the
// values alone; face says the same in other words.
func explain(l Lang, code Code, args Args, face func(problem, parts) parts) Explanation {
	p, ok := byCode[code]
	if !ok {
		p = byCode[Internal]
	}
	s := p.sentences(l, args)
	if advice, other := unreachableDo[args["reason"]]; other && p.code == Unreachable {
		s.do = advice.in(l)
	}
	if p.code == UnknownPurpose && !says(args["purposes"]) {
		s.do = purposeDo.in(l)
	}
	if p.code == PlaceWithdrawn && says(args["until"]) {
		s.do = invitedAnewDo.in(l)
	}
	if way, known := hostedDo[p.code]; known && says(args["hosted"]) {
		s.do = way.in(l)
	}
	if more, known := also[p.code]; known && says(args[more.arg]) {
		s.what += more.in(l)
	}
	if w, known := nearby[p.code]; known && !says(args["near"]) {
		s.what, s.do = strings.ReplaceAll(s.what, w.in(l), ""), strings.ReplaceAll(s.do, w.in(l), "")
	}
	if flag := fileFlags[args["what"]]; flag != "" && (p.code == FileWish || p.code == OptionIdle) {
		s.where = l.pick("选项 ", "the flag ") + flag
	}
	s = face(p, s)
	told := worded(l, args)
	e := Explanation{s.title, fill(s.what, told), fill(s.where, told), fill(s.do, told)}
	if nowhere(s.where, args) {
		e.Where = ""
	}
	return e
}

// purposeDo is what to do about a purpose where those that there are are not known.
var purposeDo = word{
	"请写目录所列用途的编码，不写名称；编码见 xietong dataset show {dataset} --at NAME",
	"give the code of a purpose that the catalogue lists, and not its title; `xietong dataset show {dataset} --at NAME` has the codes",
}

// also are what some problems say besides, where the value is known.
var also = map[Code]struct {
	arg string
	word
}{
	UnknownAgency:  {"titled", word{"；名称为“{agency}”的部门，编码是 {titled}", "; the agency with the title \"{agency}\" has the code {titled}"}},
	NobodyAnswered: {"close", word{"；数据资源的编码可能写错，本级相近的编码是 {close}", "; the code of the dataset may be mistyped, near it here: {close}"}},
	PlaceWithdrawn: {"until", word{"；{by}已重新邀请它（邀请有效至 {until}），它还没有重新加入", "; {by} has invited it anew, until {until}, and it has not come back yet"}},
	ReplicaLags:    {"behind", word{"；它落后 {behind} 条", "; it is {behind} [entry|entries] of the common log behind"}},
	Unreachable:    {"heard", word{"（最后联系于 {heard}）", " (last heard {heard})"}},
}

// nearby is how some problems name what is near, which is not told where nothing is.
var nearby = map[Code]word{
	UnknownDataset: {"；相近的：{near}", "; near it: {near}"}, PlaceUnknown: {"（相近的有：{near}）", " (near it: {near})"},
}

// fileFlags are the flags that say how a file is read, by what they are in words.
var fileFlags = map[string]string{
	"format": "--format", "encoding": "--encoding", "delimiter": "--delimiter", "sheet": "--sheet", "way to read cells": "--as-spreadsheet",
}

// nowhere reports whether a sentence that says where has values, and all of them say nothing.
func nowhere(where string, args Args) bool {
	known := false
	for name, value := range args {
		if strings.Contains(where, "{"+name+"}") {
			if says(value) {
				return false
			}
			known = true
		}
	}
	return known
}

// Number returns the problem's number on the wire, or 0 ("no problem") for a code that is no
// problem's.
func Number(code Code) uint16 { return byCode[code].number }

// ByNumber returns the code of the problem with the number. For a number that this version does not
// know it returns Internal.
func ByNumber(n uint16) Code {
	if p, ok := byNumber[n]; ok {
		return p.code
	}
	return Internal
}

// Status returns the HTTP status of an answer with the problem, which is 500 for a code that is no
// problem's.
func Status(code Code) int {
	if p, ok := byCode[code]; ok {
		return p.status
	}
	return http.StatusInternalServerError
}

// Named returns the values of a refusal by name. They travel without names, in the order of the
// table. Values that the table does not know are dropped; one that did not come says nothing, since
// whoever refuses may have another version, or leave it out.
func Named(code Code, values []string) Args {
	args := make(Args, len(values))
	for i, name := range byCode[code].params {
		if args[name] = ""; i < len(values) {
			args[name] = strings.TrimPrefix(values[i], said) // a cause that another tells is told in our words
		}
	}
	return args
}

// Values is the reverse of Named: it returns the values in the order of the table, for a refusal. A
// missing value is "".
func Values(code Code, args Args) []string {
	params := byCode[code].params
	values := make([]string, len(params))
	for i, name := range params {
		values[i] = args[name]
	}
	return values
}

// Failure is an error that a person will read: a problem's code with its values, and the cause,
// which goes only to the log. The text of Error is for the log as well.
type Failure struct {
	Code Code
	Args Args
	Err  error // may be nil
}

// Fail returns a *Failure.
func Fail(code Code, args Args, cause error) error { return &Failure{code, args, cause} }

// Error returns the code and the cause, without the values: a log should not hold all of them.
func (f *Failure) Error() string {
	if f.Err == nil {
		return string(f.Code)
	}
	return string(f.Code) + ": " + f.Err.Error()
}

func (f *Failure) Unwrap() error { return f.Err }

// AsFailure finds the *Failure in err's chain. Any other error is Internal, with err as its cause.
func AsFailure(err error) *Failure {
	if f, ok := errors.AsType[*Failure](err); ok {
		return f
	}
	return &Failure{Code: Internal, Err: err}
}
