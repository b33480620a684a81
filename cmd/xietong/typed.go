package main

import (
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"golang.org/x/text/unicode/norm"
	"golang.org/x/text/width"

	"xietong/node/ground/text"
)

// This file is the one place where the command line is read as a Chinese input method types it:
// with full-width letters, digits and signs (Ａ１＊．＝), or with a letter and its accent
// apart. A name, a number or a list is read as if it had been typed on a Latin keyboard; what is
// data (a value, a key, a title, a reason, a path) is never changed.

// form reads one kind of what a person types.
type form func(typed string) string

// asTyped is the form of data, and of what only the file system reads.
func asTyped(typed string) string { return typed }

// aName is the form of names, codes, numbers, times and fingerprints. Brackets and commas stay:
// names of places have them.
func aName(typed string) string {
	return norm.NFC.String(strings.TrimSpace(strings.Map(func(r rune) rune {
		switch r {
		case '（', '）', '，', '；', '！', '？':
			return r
		case '。':
			return '.'
		}
		return narrow(r)
	}, typed)))
}

// narrow returns the Latin form of a full-width rune.
func narrow(r rune) rune {
	if folded := []rune(width.Fold.String(string(r))); len(folded) == 1 && folded[0] < 0x7f {
		return folded[0]
	}
	return r
}

// aList is the form of names that are separated by commas.
func aList(typed string) string {
	names := strings.Split(strings.NewReplacer("，", ",", "、", ",").Replace(typed), ",")
	for i, name := range names {
		names[i] = aName(name)
	}
	return strings.Join(names, ",")
}

// aCondition is the form of FIELD=VALUE: the value is data.
func aCondition(typed string) string {
	at := strings.IndexAny(typed, "=＝")
	if at < 0 {
		return typed
	}
	_, size := utf8.DecodeRuneInString(typed[at:])
	return aName(typed[:at]) + "=" + typed[at+size:]
}

// aFilter is the form of an expression: what stands in quotation marks is data.
func aFilter(typed string) string {
	var b strings.Builder
	for typed != "" {
		at := strings.IndexAny(typed, `"'`)
		if at < 0 {
			b.WriteString(strings.Map(narrow, typed))
			break
		}
		raw := at > 0 && (typed[at-1] == 'r' || typed[at-1] == 'R')
		end := at + literal(typed[at:], raw)
		b.WriteString(strings.Map(narrow, typed[:at]))
		b.WriteString(typed[at:end])
		typed = typed[end:]
	}
	return b.String()
}

// literal returns the length of the text in quotation marks with which s begins, as CEL reads it.
func literal(s string, raw bool) int {
	mark := s[:1]
	if strings.HasPrefix(s, strings.Repeat(mark, 3)) {
		mark = s[:3]
	}
	for i := len(mark); i < len(s); i++ {
		switch {
		case strings.HasPrefix(s[i:], mark):
			return i + len(mark)
		case s[i] == '\\' && !raw:
			i++
		}
	}
	return len(s)
}

// aLevel is the form of a level: its code, or the word that tables show.
func aLevel(typed string) string { return text.LevelCalled(aName(typed)) }

// byLevels is the form of what a measure is told by: fields, or levels.
func byLevels(typed string) string {
	names := strings.Split(aList(typed), ",")
	for i, name := range names {
		names[i] = text.LevelCalled(name)
	}
	return strings.Join(names, ",")
}

// aSizeOrFile is the form of a number of entries, or of a file with their checkpoint.
func aSizeOrFile(typed string) string {
	if size := aName(typed); strings.Trim(size, "0123456789") == "" {
		return size
	}
	return typed
}

// flagForms are the forms of the flags that take a text. Numbers are names.
var flagForms = map[string]form{
	"in": aName, "as": aName, "at": aName, "from": aName, "to": aName, "into": aName, "dataset": aName, "jurisdiction": aName, "agency": aName, "code": aName, "label": aName, "purpose": aName, "root": aName,
	"consumer": aName, "state": aName, "kind": aName, "below": aName, "search": aName, "measures": aList,
	"fingerprint": aName, "until": aName, "listen": aName, "time-zone": asTyped, "format": aName, "encoding": aName, "missing": aName, "delimiter": asTyped, "sheet": asTyped, "log-level": aName, "log-format": aName, "level": aLevel,
	"fields": aList, "by": byLevels, "where": aCondition, "verify": aCondition, "filter": aFilter,
	"sort": aName, "sum": aName, "average": aName, "minimum": aName, "maximum": aName,
	"clients": aList, "seconds": aName, "size": aName, "replicas": aName,

	"data": asTyped, "out": asTyped, "file": asTyped, "records": asTyped, "key": asTyped, "cursor": asTyped, "above": asTyped, "roster": asTyped, "province": aName, "policy": asTyped, "since": aSizeOrFile,
	"display-name": asTyped, "short-name": asTyped, "reason": asTyped, "basis": asTyped, "scenario": asTyped, "scope": asTyped, "method": asTyped, "paper": asTyped,
}

// argumentForms are the forms of the arguments, by their names in the use lines.
var argumentForms = map[string]form{
	"NAME": aName, "TOKEN": aName, "CODE": aName, "DATASET": aName, "ENTRY": aName, "GRANT": aName, "CONSUMER": aName, "REPLICA": aName,
	"TITLE": asTyped, "QUESTION": asTyped, "KEY": asTyped, "FILE": asTyped, "FILE.json": asTyped, "RECEIPT": asTyped, "PAYLOAD": asTyped, "DIR": asTyped,
	datasetOrFile: func(typed string) string {
		if code := aName(typed); labelShape.MatchString(code) {
			return code
		}
		return typed
	},
}

// typedValue is the value of a flag that reads what was typed in its form.
type typedValue struct {
	pflag.Value
	form form
}

func (v typedValue) Set(typed string) error { return v.Value.Set(v.form(typed)) }

// reads puts the form of a flag before its value.
func reads(f *pflag.Flag) {
	if _, done := f.Value.(typedValue); done {
		return
	}
	form, known := flagForms[f.Name]
	if !known { // a number, or yes and no
		form = aName
	}
	f.Value = typedValue{f.Value, form}
}

// arguments returns the arguments in their forms. With --label, NAME is what the place is called.
func arguments(cmd *cobra.Command, names, typed []string) []string {
	out := make([]string, len(typed))
	label := cmd.Flags().Lookup("label")
	for i, argument := range typed {
		name := strings.Trim(names[i], "[]")
		out[i] = argumentForms[name](argument)
		if name == "NAME" && label != nil && label.Changed {
			out[i] = argument
		}
	}
	return out
}
