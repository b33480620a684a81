package failure

import (
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"

	"xietong/certs/identity"
	"xietong/exchange/relay"
	"xietong/node/ground/text"
)

// kind returns a value of a refusal by another jurisdiction, at, as it is told; fits is false where
// it is none of its kind. So nobody puts a sentence of its own where a number or a name stands.
type kind func(at identity.Jurisdiction, value string) (told string, fits bool)

// A kind that checks alone.
func is(check func(string) bool) kind {
	return func(_ identity.Jurisdiction, value string) (string, bool) { return value, check(value) }
}

// The kinds. What is own is of one machine, and comes from no other.
var (
	own      = is(func(string) bool { return false })
	number   = is(isNumber)
	size     = is(regexp.MustCompile(`^[0-9]{1,20} MiB$`).MatchString)
	lasting  = is(isDuration)
	instant  = is(isInstant)
	moment   = is(func(s string) bool { return isInstant(s) || isNumber(s) })
	entry    = is(func(s string) bool { return isEntry(s) || isNumber(s) })
	grant    = is(isEntry)
	log      = is(isLog)
	place    = is(isPlace)
	byWhom   = is(func(s string) bool { return isPlace(s) || isDuration(s) })
	atWhat   = is(func(s string) bool { return isPlace(s) || isInstant(s) })
	code     = is(regexp.MustCompile(`^[-a-z0-9./:@]{1,300}$`).MatchString)
	fixed    = is(text.Fixed)
	name     = is(func(s string) bool { return isPlace(s) || calls(s, 40, "-_.·（）() ") })
	names    = is(func(s string) bool { return calls(s, 1<<10, "-_.·（）()/、, –…，'%") })
	measures = is(func(s string) bool { return calls(s, 1<<10, "-_.·（）()/、, ;:*…，'%") })
	spot     = is(func(s string) bool { return s == "xietong-join/1" || calls(s, 100, "-_.·（）()/、,[] ") })
	written  = kind(writtenHeard)
	cause    = kind(causeHeard)
	gives    = kind(giveHeard)
	renewals = kind(renewHeard)
)

var isNumber = regexp.MustCompile(`^[0-9]{1,20}$`).MatchString

func isDuration(s string) bool {
	_, err := time.ParseDuration(s)
	return err == nil
}

func isInstant(s string) bool {
	_, err := time.Parse(time.RFC3339, s)
	_, other := time.Parse(time.DateOnly, s)
	return err == nil || other == nil
}

func isEntry(s string) bool {
	_, err := identity.ParseEntry(s)
	return err == nil
}

func isLog(s string) bool {
	_, err := identity.ParseLog(s)
	return err == nil
}

func isPlace(s string) bool {
	_, err := identity.ParseJurisdiction(s)
	return err == nil
}

// calls reports whether a value has letters, digits and the marks alone, and no command.
func calls(s string, most int, marks string) bool {
	return len([]rune(s)) <= most && !commands(s) && !strings.ContainsFunc(s, func(r rune) bool {
		return !unicode.In(r, unicode.L, unicode.M, unicode.N) && !strings.ContainsRune(marks, r)
	})
}

// isWritten reports whether a value may be what a person there wrote, on one line.
func isWritten(s string) bool {
	return len(s) <= 1<<10 && !commands(s) && text.Visible(s) == s
}

// writtenHeard returns what a person there wrote on one line. What has a command in it, or what
// nobody sees, is left out: it may be recorded there all the same.
func writtenHeard(_ identity.Jurisdiction, s string) (string, bool) {
	if s = strings.Join(strings.Fields(s), " "); !isWritten(s) {
		return leftOut, true
	}
	return s, true
}

// commands reports whether a value has what a person would copy into a shell.
func commands(s string) bool {
	return strings.Contains(strings.ToLower(s), "xietong") || strings.Contains(s, "--") || strings.ContainsAny(s, "`\n")
}

// causeHeard leaves out a cause that is not told in words of ours. Of a broken rule, whose word is
// ours, what is wanted and the example are what a person there wrote.
func causeHeard(_ identity.Jurisdiction, s string) (string, bool) {
	if rule := strings.Split(s, "\t"); len(rule) == 3 && text.Fixed(rule[0]) {
		for i, part := range rule[1:] {
			if !isWritten(part) {
				rule[i+1] = ""
			}
		}
		return text.BrokenRule(text.RowFault{Reason: rule[0], Expected: rule[1], Example: rule[2]}), true
	}
	if text.Fixed(s) || isWritten(s) && text.OurWords(s) {
		return s, true
	}
	return "", true
}

func giveHeard(at identity.Jurisdiction, s string) (string, bool) {
	if g, ok := parseGive(s); ok && g.Provider.Jurisdiction() == at {
		return s, true
	}
	return giveVerb + leftOut, true
}

func renewHeard(at identity.Jurisdiction, s string) (string, bool) {
	if renews(s, at) {
		return s, true
	}
	return renewVerb + leftOut, true
}

// kinds are the kinds of the values of all problems, by name. A problem with a value of no kind
// comes from no other jurisdiction, as one with a value that is own.
var kinds = map[string]kind{
	"above": place, "acting": code, "address": own, "addresses": own, "after": names, "again": moment, "agencies": names, "agency": code, "at": atWhat, "away": own,
	"bad": number, "because": written, "before": names, "behind": lasting, "believed": fixed, "below": names, "beside": code, "bucket": own, "by": byWhom,
	"citation": written, "claimed": place, "clock": instant, "code": code, "column": own, "columns": own, "command": own, "count": number,
	"dataset": code, "dir": own, "encoding": own, "encodings": own, "endorsed": own, "entries": own, "entry": entry, "epoch": number, "example": written,
	"faults": own, "field": names, "fields": names, "file": own, "files": own, "fingerprint": name, "first": own, "format": own, "found": own,
	"free": size, "from": own, "give": gives, "got": number, "grant": grant, "holds": own, "import": entry, "index": number, "into": code, "invited": own,
	"jurisdiction": place, "jurisdictions": names, "key": own, "keyword": own, "kind": own, "kinds": own, "known": own,
	"label": code, "least": number, "ledger": instant, "left": number, "length": number, "level": name, "levels": names, "limit": number, "line": own,
	"kept": own, "log": log, "lost": names, "measure": measures, "members": number, "mend": own, "methods": own, "missing": names, "mistakes": own, "most": number,
	"name": name, "named": code, "near": names, "needed": size, "next": entry, "now": own, "number": number,
	"offered": measures, "offset": lasting, "operation": code, "origin": place, "other": own, "own": name, "parent": place, "part": own, "peer": place, "pid": own,
	"place": name, "position": number, "program": own, "provider": code, "provinces": own, "purpose": names, "purposes": names, "question": name,
	"reads": own, "reason": cause, "renew": renewals, "replica": code, "replicas": own, "request": own, "reserve": size, "root": code, "row": own, "rows": number,
	"scanned": number, "seconds": number, "selector": name, "sheet": own, "sheets": own, "signed": number, "since": instant, "size": number, "still": own,
	"taken": own, "there": number, "title": written, "to": own, "total": number, "tries": number, "type": own, "until": instant,
	"values": number, "value": own, "version": own, "voters": number,
	"wait": number, "want": number, "wanted": names, "was": own, "what": fixed, "when": instant, "where": spot,
}

// carried are the codes by which the carriage of messages refuses: their reasons are fixed words.
var carried = []text.Code{text.Unreachable, text.MessageRefused, text.AnswerRefused}

// Formed returns the values of a refusal by another jurisdiction as they are told; ok is false
// where the refusal is in another form: a value is none of its kind, or the sentence is one that a
// node says of itself alone. A value that says nothing is of any kind.
func Formed(at identity.Jurisdiction, c text.Code, args text.Args) (told text.Args, ok bool) {
	if text.OwnAlone(c) {
		return nil, false
	}
	told = text.Args{}
	for name, value := range args {
		if told[name] = value; value == "" || value == "-" {
			continue
		}
		k, known := kinds[name]
		if name == "reason" && slices.Contains(carried, c) {
			k = fixed
		}
		if !known {
			return nil, false
		}
		if told[name], ok = k(at, value); !ok {
			return nil, false
		}
	}
	told["hop"] = at.String()
	return told, c != text.Hurried || hurries(at, args)
}

// hurries reports whether whoever says that a request was handed over too late got it itself, and
// from a neighbour. Nobody can say so of two others.
func hurries(at identity.Jurisdiction, args text.Args) bool {
	by, err := identity.ParseJurisdiction(args["by"])
	above, below := at.Parent()
	under, deep := by.Parent()
	return err == nil && args["jurisdiction"] == at.String() && (below && by == above || deep && under == at)
}

// OtherForm returns the failure of a refusal by another jurisdiction that is in another form:
// nothing of what it says is told.
func OtherForm(at identity.Jurisdiction, cause error) *text.Failure {
	return &text.Failure{Code: text.AnswerRefused, Args: text.Args{"jurisdiction": at.String(), "reason": "another form"}, Err: cause}
}

// heard returns a refusal that came from another jurisdiction or a hop, with its values by their
// kinds.
func heard(p *relay.Problem, cause error) *text.Failure {
	c := text.ByNumber(p.Code)
	args, ok := Formed(p.At, c, text.Named(c, p.Args))
	if !ok {
		return OtherForm(p.At, cause)
	}
	return &text.Failure{Code: c, Args: args, Err: cause}
}
