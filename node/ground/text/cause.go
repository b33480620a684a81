package text

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode"
)

// Cause returns a cause, as the floors below tell it in English, as a part of a sentence in the
// language. It is told whole where its words or its form are in the tables. Of any other, such as
// what a library says, it tells that the cause is not known: the words of a program help nobody
// who has not written it, and the command line shows them with --verbose.
func Cause(l Lang, cause string) string {
	told, _ := phrased(l, cause, maxPhrases)
	return told
}

// Known reports whether a cause can be told in words, all of it.
func Known(cause string) bool {
	_, known := phrased(Zh, cause, maxPhrases)
	return known
}

// said stands before a cause that was told already.
const said = "\x1e"

// Said marks a cause that was told in the reader's language, as by Cause, so that a problem tells
// it as it stands.
func Said(cause string) string { return said + cause }

// Nameless reports whether a sentence in the language tells a cause that is not known.
func Nameless(l Lang, sentence string) bool { return strings.Contains(sentence, unknownCause.in(l)) }

// unknownCause stands for a cause that is in no table.
var unknownCause = word{"原因未能识别", "the cause is not one that this program can name"}

// systemCauses are the causes of the operating system: what stands before them says only what the
// program did when it met them.
var systemCauses = []string{
	"no space left on device", "disk quota exceeded", "read-only file system", "file name too long", "too many open files", "address already in use",
	"cannot assign requested address", "permission denied", "no such file or directory", "connection refused", "connection reset by peer", "network is unreachable",
	"no route to host", "structure needs cleaning", "file too large", "stale file handle", "invalid cross-device link", "input/output error", "is a directory",
	"not a directory", "operation not permitted", "no such host", "i/o timeout", "file exists", "directory not empty", "text file busy", "cannot allocate memory",
	"context canceled", "context deadline exceeded", "unexpected EOF", "device or resource busy", "address family not supported by protocol", "bad file descriptor",
	"broken pipe", "no such device or address", "invalid argument", "operation not supported", "too many links", "too many levels of symbolic links", "host is down",
	"There is not enough space on the disk.", "The filename, directory name, or volume label syntax is incorrect.", "Data error (cyclic redundancy check).",
	"The file or directory is corrupted and unreadable.", "The request could not be performed because of an I/O device error.",
}

// maxPhrases is how many phrases may stand in one another.
const maxPhrases = 8

// phrased returns a cause in the language. A cause that has Chinese in it, outside of what it
// quotes, was told already.
func phrased(l Lang, cause string, deep int) (told string, known bool) {
	if w, ok := words[cause]; ok {
		return cmp.Or(w.in(l), cause), true
	}
	if p, ok := byCode[Code(cause)]; ok {
		return l.pick(p.zh.title, p.en.title), true
	}
	all := phrases()
	for i := range all {
		args, fits := all[i].parts(cause)
		if !fits || deep == 0 {
			continue
		}
		if told, known := all[i].told(l, args, deep); known {
			return told, true
		}
	}
	if system := cause[strings.LastIndex(cause, ": ")+1:]; deep > 0 && slices.Contains(systemCauses, strings.TrimSpace(system)) {
		return phrased(l, strings.TrimSpace(system), deep-1)
	}
	if l == Zh && hasHan(unquoted(cause)) || !hasLetter(cause) {
		return cause, true
	}
	return unknownCause.in(l), false
}

// told fills in the parts of a phrase.
func (p *phrase) told(l Lang, args Args, deep int) (told string, known bool) {
	known = true
	for name, value := range args {
		switch {
		case name == "value" || len(name) == 1:
			continue
		case name == "all":
			args[name] = strings.ReplaceAll(value, ", ", l.pick("、", ", "))
			continue
		case name == "types":
			args[name] = expected(l, "type", value)
			continue
		}
		part, whole := phrased(l, value, deep-1)
		args[name], known = part, known && (whole || name == "rest")
	}
	return fill(l.pick(p.zh, p.en), args), known
}

// parts returns the parts of a cause that has the form.
func (p *phrase) parts(cause string) (args Args, fits bool) {
	found := p.pattern.FindStringSubmatch(cause)
	if found == nil {
		return nil, false
	}
	args = Args{}
	for n, name := range p.pattern.SubexpNames() {
		if name != "" {
			args[name] = found[n]
		}
	}
	return args, true
}

// phrase is a way in which the floors below tell a cause, with its parts as {placeholders}. A part
// is a cause again, except {value} and those of one letter, which stay as they are, {all}, a list,
// {types}, the types of JSON, and {rest}, which is not told.
type phrase struct {
	pattern *regexp.Regexp
	zh, en  string
}

// begun are words of ours before a cause, which only say of what kind the error is.
var begun = regexp.MustCompile(`^(unusable schema|not a measure|read roster|invalid roster): `)

// phrases are the tables, ready to be looked for.
var phrases = sync.OnceValue(func() (all []phrase) {
	hole := regexp.MustCompile(`\\\{([a-z]+)\\\}`)
	pattern := func(form string) *regexp.Regexp {
		return regexp.MustCompile(`(?s)^` + hole.ReplaceAllString(regexp.QuoteMeta(form), `(?P<$1>.*?)`) + `$`)
	}
	for _, p := range otherPhrases {
		all = append(all, phrase{pattern(p.form), p.zh, p.en})
	}
	for _, p := range ourPhrases {
		all = append(all, phrase{pattern(p.form), p.zh, begun.ReplaceAllString(p.form, "")})
	}
	for _, p := range outsidePhrases {
		all = append(all, phrase{pattern(p.form), p.zh, p.form})
	}
	for _, p := range kinds {
		all = append(all, phrase{pattern(p.form), p.zh, p.en})
	}
	return all
})

var quoted = regexp.MustCompile(`"[^"]*"|“[^”]*”`)

// unquoted returns a text without what is quoted in it, which may be of any language.
func unquoted(s string) string { return quoted.ReplaceAllString(s, "") }

func hasHan(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return unicode.Is(unicode.Han, r) })
}

func hasLetter(s string) bool { return strings.ContainsFunc(s, unicode.IsLetter) }
