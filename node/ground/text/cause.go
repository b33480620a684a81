package text

import (
	"regexp"
	"strings"
	"sync"
	"unicode"
)

// Cause returns a cause, as the floors below tell it in English, as a part of a sentence in the
// language. It is told whole where its words or its phrase are known. A cause that is told in
// English alone, such as one of the operating system, stays in English, and a Chinese sentence
// quotes it, so that nobody takes it for a part of the sentence.
func Cause(l Lang, cause string) string {
	if l != Zh {
		if p, args := fitting(plain(), cause); p != nil {
			return fill(p.told, args)
		}
		return Word(l, cause)
	}
	told := phrased(cause, maxPhrases)
	if told == "" || hasHan(unquoted(told)) || !hasLetter(told) {
		return told
	}
	return fill("程序给出的原文是“{cause}”", Args{"cause": told})
}

// maxPhrases is how many phrases may stand in one another.
const maxPhrases = 8

// phrased returns a cause in Chinese as far as it is known.
func phrased(cause string, deep int) string {
	if w, ok := words[cause]; ok {
		return w.zh
	}
	if p, ok := byCode[Code(cause)]; ok {
		return p.zh.title
	}
	p, args := fitting(phrases(), cause)
	if p == nil || deep == 0 {
		return cause
	}
	for name, value := range args {
		if name != "value" && len(name) > 1 {
			args[name] = part(phrased(value, deep-1))
		}
	}
	return fill(p.told, args)
}

// fitting returns the first phrase that a cause has the form of, with its parts; nil: none.
func fitting(all []phrase, cause string) (*phrase, Args) {
	for i, p := range all {
		found := p.pattern.FindStringSubmatch(cause)
		if found == nil {
			continue
		}
		args := Args{}
		for n, name := range p.pattern.SubexpNames() {
			if name != "" {
				args[name] = found[n]
			}
		}
		return &all[i], args
	}
	return nil, nil
}

// part returns a part of a cause; English that nobody has put into Chinese is quoted.
func part(told string) string {
	if hasHan(unquoted(told)) || !strings.Contains(told, " ") {
		return told
	}
	return "“" + told + "”"
}

// phrase is a way in which the floors below tell a cause, with its parts as {placeholders}. A part
// is a cause again, except {value} and those of one letter, which stay as they are.
type phrase struct {
	pattern *regexp.Regexp
	told    string
}

// phrases are the table for Chinese readers, and plain that for others, ready to be looked for.
var (
	phrases = sync.OnceValue(func() []phrase { return compiled(causePhrases) })
	plain   = sync.OnceValue(func() []phrase { return compiled(plainPhrases) })
)

func compiled(table []struct{ en, told string }) (all []phrase) {
	hole := regexp.MustCompile(`\\\{([a-z]+)\\\}`)
	for _, p := range table {
		form := hole.ReplaceAllString(regexp.QuoteMeta(p.en), `(?P<$1>.*?)`)
		all = append(all, phrase{regexp.MustCompile(`(?s)^` + form + `$`), p.told})
	}
	return all
}

var quoted = regexp.MustCompile(`"[^"]*"|“[^”]*”`)

// unquoted returns a text without what is quoted in it, which may be of any language.
func unquoted(s string) string { return quoted.ReplaceAllString(s, "") }

func hasHan(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return unicode.Is(unicode.Han, r) })
}

func hasLetter(s string) bool { return strings.ContainsFunc(s, unicode.IsLetter) }
