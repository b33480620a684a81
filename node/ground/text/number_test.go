package text

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	ofOne    = regexp.MustCompile(`\b1 (?:(?:new|bad|more|other|further|control|local) )?([a-z]+s)\b`)
	ofMany   = regexp.MustCompile(`\b1 (?:[a-z]+s|more|that) (are|were|have|do)\b`)
	commands = regexp.MustCompile("`[^`]*`")
	choice   = regexp.MustCompile(`\[[^\]]*\|`)
)

// notPlural are words with an s at their end that may follow a value that is 1, or a name.
var notPlural = strings.Fields(`is has was does agrees confirms changes needs ends goes gives names takes runs says knows shows reads speaks believes stops starts begins offers
	serves waits selects keeps stands brings reaches endorses comes records sees makes joins holds counts asks answers disagrees previous as us
	ms s less its this address minus plus process class times access across always perhaps besides lies hides lists follows`)

// english calls f with every English sentence, by its name.
func english(f func(name, zh, en string)) {
	for _, s := range allTables() {
		f(string(s.code), s.zh, s.en)
	}
	for _, p := range allProblems() {
		f(string(p.code), p.zh.what, p.en.what)
		f(string(p.code)+", where", p.zh.where, p.en.where)
		f(string(p.code)+", do", p.zh.do, p.en.do)
	}
	for _, words := range []map[string]word{faultWords, words} {
		for name, w := range words {
			f(name, w.zh, w.en)
		}
	}
	for _, p := range otherPhrases {
		f(p.form, p.zh, p.en)
	}
}

// TestOneAndSeveral (U-C23) tells every sentence with each of its numbers as 1: no English one then
// speaks of several. Chinese has no such words, and no choices.
func TestOneAndSeveral(t *testing.T) {
	chosen := 0
	english(func(name, zh, en string) {
		if choice.MatchString(zh) {
			t.Errorf("%s: a choice by number in Chinese: %s", name, zh)
		}
		if choices.MatchString(en) {
			chosen++
		}
		args := Args{}
		for _, p := range namesIn(en) {
			args[strings.Trim(p, "{}")] = "1"
		}
		for _, value := range []string{"1", "2"} {
			for arg := range args {
				args[arg] = value
			}
			told := fill(en, args)
			if strings.Contains(told, "|") && choice.MatchString(told) {
				t.Errorf("%s: no choice was made: %s", name, told)
			}
			if value == "2" {
				continue
			}
			told = commands.ReplaceAllString(told, "")
			for _, found := range ofOne.FindAllStringSubmatch(told, -1) {
				if !slices.Contains(notPlural, found[1]) {
					t.Errorf("%s: %q in %q", name, found[0], told)
				}
			}
			if found := ofMany.FindString(told); found != "" {
				t.Errorf("%s: %q in %q", name, found, told)
			}
		}
	})
	if chosen < 60 {
		t.Errorf("%d sentences choose by a number", chosen)
	}
}

// TestNumbered chooses by the value before, or by the one that is named.
func TestNumbered(t *testing.T) {
	for _, row := range []struct {
		sentence string
		args     Args
		want     string
	}{
		{"{rows} [row|rows]: {bad} bad", Args{"rows": "1", "bad": "0"}, "1 row: 0 bad"}, {"{rows} [row|rows]", Args{"rows": "0"}, "0 rows"},
		{"{rows} [row|rows]", Args{"rows": "21"}, "21 rows"}, {"{rows} [row|rows]", nil, "{rows} rows"},
		{"{bad} of {rows} [row|rows] [is|are:bad] bad", Args{"rows": "3", "bad": "1"}, "1 of 3 rows is bad"},
		{"{bad} of {rows} [row|rows] [is|are:bad] bad", Args{"rows": "1", "bad": "1"}, "1 of 1 row is bad"},
		{"[This is|These are:n] the newest {n}", Args{"n": "1"}, "This is the newest 1"}, {"say {what}", Args{"what": "[a|b]"}, "say [a|b]"},
		{"{n} [grant|grants][:|; the first:]", Args{"n": "1"}, "1 grant:"}, {"{n} [grant|grants][:|; the first:]", Args{"n": "2"}, "2 grants; the first:"},
	} {
		if got := fill(row.sentence, row.args); got != row.want {
			t.Errorf("fill(%q, %v) = %q, want %q", row.sentence, row.args, got, row.want)
		}
	}
}
