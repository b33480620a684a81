// Package text holds every sentence that a person reads, in Chinese and in English.
//
// A sentence has a Code, and stands in the table of its topic (errors, cli, demo, status). The
// other rooms name the Code and give the values, and never write a sentence themselves. Values
// stand in the sentence as {named} placeholders, and words that go with a number as [row|rows]:
//
//	args := text.Args{"title": "民政局", "agency": "civil-affairs", "entry": "nanming/log/1/3"}
//	text.T(text.Zh, text.CLIAgencyAdded, args)
//	→ 已登记部门：民政局（civil-affairs），存证条目 nanming/log/1/3
//
// An error is a Problem of four sentences: a title (the kind, always the same), what happened,
// where, and what the reader should do now. Problems cross the wire, so each has a number too.
// Numbers and codes are append-only; docs/protocol.md lists them, and a test compares that list
// with the table.
//
// Tests check these invariants: every sentence has both languages with the same placeholders; every
// Code is in a table exactly once and is used somewhere. The package decides nothing, reads no
// clock and no files, and logs nothing. Sentences are plain text: a caller that puts them into HTML
// escapes them. Values must hold no personal data where the sentence goes into a log.
package text

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
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

// sentences are the sentences of all tables except that of the problems, by code.
var sentences = index(frameSentences, outputSentences, agencySentences, datasetSentences, planSentences, recordSentences, querySentences, grantSentences, questionSentences, ledgerSentences, receiptSentences, nodeSentences, configSentences,
	joinSentences, firewallSentences, demoSentences, statusSentences, benchSentences, gatherSentences, rosterSentences, standardSentences, keysSentences, clockSentences, paperSentences, breakSentences, usageSentences, reformSentences, replicaSentences, outsideSentences)

func index(tables ...[]sentence) map[Code]sentence {
	all := make(map[Code]sentence)
	for _, table := range tables {
		for _, s := range table {
			all[s.code] = s
		}
	}
	return all
}

// T returns the sentence in the language, with its placeholders replaced. For the code of a problem
// it returns the sentence that says what happened. A placeholder without a value stays as it is,
// and a code that is in no table is returned as its own sentence, so that a mistake is seen and
// does no harm.
func T(l Lang, code Code, args Args) string {
	if s, ok := sentences[code]; ok {
		return fill(l.pick(s.zh, s.en), args)
	}
	if _, ok := byCode[code]; ok {
		return Explain(l, code, args).What
	}
	return string(code)
}

// Short cuts a text that a person typed to 64 characters, before a sentence repeats it.
func Short(s string) string {
	const most = 64
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}

// called are the values that are what people call a place or an agency, which is in Latin letters
// where nobody has given it a name.
var called = []string{
	"by", "place", "provider", "consumer", "jurisdiction", "destination", "neighbour", "origin", "peer", "parent", "root", "claimed", "about", "child", "hop",
}

// addressBegun finds an address of the API that has begun where a sentence breaks off: a space ends
// it, for whoever copies it.
var addressBegun = regexp.MustCompile(`/v1/\S*$`)

// closeUp takes away the spaces that a sentence has around what somebody is called for the case
// that it is in Latin letters, where it is in Chinese on that side. Around other values the spaces
// show where each begins and ends.
func closeUp(before, value, after string) (string, string) {
	first, _ := utf8.DecodeRuneInString(value)
	last, _ := utf8.DecodeLastRuneInString(value)
	if text, spaced := strings.CutSuffix(before, " "); spaced && chinese(first) {
		if r, _ := utf8.DecodeLastRuneInString(text); chinese(r) {
			before = text
		}
	}
	if text, spaced := strings.CutPrefix(after, " "); spaced && chinese(last) {
		if r, _ := utf8.DecodeRuneInString(text); chinese(r) {
			after = text
		}
	}
	return before, after
}

// chinese reports whether a character stands without spaces around it.
func chinese(r rune) bool {
	return unicode.Is(unicode.Han, r) || strings.ContainsRune("，。；：、？！（）《》“”〔〕", r)
}

// choices finds what a sentence says of one and of several: [row|rows], by the value before it, or
// [is|are:rows], by the value of that name.
var choices = regexp.MustCompile(`\[([^\[\]|{}]*)\|([^\[\]|{}]*?)(:[a-z]+)?\]`)

// numbered returns a part of a sentence with the words that go with its numbers: those for one
// where the number is 1, and otherwise, also where there is no value, those for several.
func numbered(s, last string, args Args) string {
	if !strings.Contains(s, "|") {
		return s
	}
	return choices.ReplaceAllStringFunc(s, func(choice string) string {
		parts := choices.FindStringSubmatch(choice)
		of := last
		if parts[3] != "" {
			of = args[parts[3][1:]]
		}
		if of == "1" {
			return parts[1]
		}
		return parts[2]
	})
}

// fill replaces each {name} by its value, and chooses the words that go with a number. It puts
// values in as they are, except into commands: a value that looks like a placeholder stays.
func fill(s string, args Args) string {
	if len(args) == 0 || !strings.Contains(s, "{") {
		return numbered(s, "", args)
	}
	var b strings.Builder
	last := "" // the value before
	whole := s
	for {
		before, rest, found := strings.Cut(s, "{")
		before = numbered(before, last, args)
		if !found {
			b.WriteString(before)
			return b.String()
		}
		name, after, closed := strings.Cut(rest, "}")
		value, known := args[name]
		if !closed || !known {
			b.WriteString(before + "{")
			s = rest
			continue
		}
		begun := whole[:len(whole)-len(rest)-1]
		value = inserted(begun, name, value)
		if slices.Contains(called, name) && !inCommand(begun) && !addressBegun.MatchString(begun) {
			before, after = closeUp(before, value, after)
		}
		b.WriteString(before + value)
		last, s = value, after
	}
}
