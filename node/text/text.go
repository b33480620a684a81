// Package text holds every sentence that a person reads, in Chinese and in English.
//
// A sentence has a Code, and is kept in one table a topic (errors, cli, demo, status): the other rooms name the Code and
// give the values, and never write a sentence themselves. Values stand in the sentence as {named} placeholders:
//
//	text.T(text.Zh, text.CLIAgencyAdded, text.Args{"title": "民政局", "agency": "civil-affairs", "entry": "nanming/log/1/3"})
//	→ 已登记部门：民政局（civil-affairs），存证条目 nanming/log/1/3
//
// An error is a Problem of four sentences: a title (the kind, always the same), what happened, where, and what the reader
// should do now. Problems cross the wire, so each has a number too: numbers and codes are append-only and are listed in
// docs/protocol.md, and a test holds the list and the table together.
//
// Invariants, held by tests: every sentence has both languages with the same placeholders; every Code is in a table
// exactly once and is used somewhere. The package decides nothing, reads no clock and no files, and logs nothing.
// Sentences are plain text: whoever puts them into HTML escapes them. Values must hold no personal data where the
// sentence goes into a log.
package text

import (
	"strings"
)

// Code names a sentence or a problem. The codes of problems are stable: programs compare them.
type Code string

// Args are the values of a sentence's placeholders, by name.
type Args map[string]string

// sentence is one entry of a table.
type sentence struct {
	code   Code
	zh, en string
}

// sentences are all tables but that of the problems, by code.
var sentences = index(cliSentences, cliWords, joinSentences, firewallSentences, demoSentences, statusSentences, benchSentences, gatherSentences, rosterSentences, standardSentences)

func index(tables ...[]sentence) map[Code]sentence {
	all := make(map[Code]sentence)
	for _, table := range tables {
		for _, s := range table {
			all[s.code] = s
		}
	}
	return all
}

// T returns the sentence in the language, with its placeholders replaced. For the code of a problem it returns what
// happened. A placeholder without a value stays as it is, and a code that no table has is returned as its own sentence,
// so that a mistake is seen and does no harm.
func T(l Lang, code Code, args Args) string {
	if s, ok := sentences[code]; ok {
		return fill(l.pick(s.zh, s.en), args)
	}
	if p, ok := byCode[code]; ok {
		return fill(l.pick(p.zh.what, p.en.what), worded(l, args))
	}
	return string(code)
}

// Short bounds what somebody typed before it is repeated in a sentence: to 64 characters.
func Short(s string) string {
	const most = 64
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}

// fill replaces each {name} by its value. Values are put in as they are: what looks like a placeholder in one stays.
func fill(s string, args Args) string {
	if len(args) == 0 || !strings.Contains(s, "{") {
		return s
	}
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(s, "{")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		name, after, closed := strings.Cut(rest, "}")
		value, known := args[name]
		if !closed || !known {
			b.WriteString("{")
			s = rest
			continue
		}
		b.WriteString(value)
		s = after
	}
}
