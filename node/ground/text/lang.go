package text

import (
	"regexp"
	"strings"
	"time"

	"golang.org/x/text/language"
)

// Lang is a language in which the sentences are kept.
type Lang string

// The languages.
const (
	En Lang = "en"
	Zh Lang = "zh" // simplified characters
)

func (l Lang) pick(zh, en string) string {
	if l == Zh {
		return zh
	}
	return en
}

// Tag returns the BCP 47 tag, for Content-Language and the lang attribute of HTML.
func (l Lang) Tag() string { return l.pick("zh-Hans", "en") }

// FromEnv returns the language of the process's locale, as POSIX says: the first of LC_ALL,
// LC_MESSAGES and LANG that is not empty decides. Every locale of the language zh is Chinese, every
// other is English. getenv is os.Getenv.
func FromEnv(getenv func(string) string) Lang {
	for _, name := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		if value := getenv(name); value != "" {
			return fromLocale(value)
		}
	}
	return En
}

// fromLocale reads a locale's name such as zh_CN.UTF-8, zh-Hans or C.
func fromLocale(locale string) Lang {
	name := strings.ToLower(locale)
	if i := strings.IndexAny(name, "_-.@"); i >= 0 {
		name = name[:i]
	}
	if name == "zh" {
		return Zh
	}
	return En
}

// maxAcceptLanguage is the longest header that is read, in bytes. Browsers send fewer than 100.
const maxAcceptLanguage = 1 << 10

var matcher = language.NewMatcher([]language.Tag{language.English, language.Chinese})

// FromAcceptLanguage returns the language that a request's Accept-Language header (RFC 9110
// §12.5.4) likes best. It returns English for a header that is absent, malformed or longer than 1
// KiB, or that names neither language.
func FromAcceptLanguage(header string) Lang {
	if header == "" || len(header) > maxAcceptLanguage {
		return En
	}
	tags, _, err := language.ParseAcceptLanguage(header)
	if err != nil {
		return En
	}
	if _, i, confidence := matcher.Match(tags...); i == 1 && confidence > language.No {
		return Zh
	}
	return En
}

// At returns a time as people read it: in the zone, which is that of the reader's node, and saying
// which that is. It is the one form of a time for people.
func At(t time.Time, in *time.Location) string {
	return t.In(in).Format("2006-01-02 15:04:05 -07:00")
}

// Day returns the day of a time in the zone, as people read it.
func Day(t time.Time, in *time.Location) string { return t.In(in).Format(time.DateOnly) }

// moments finds the times of the wire in what a sentence is told; those in quotation marks are
// what somebody typed.
var moments = regexp.MustCompile(`"?\b[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z\b`)

// InZone returns a value of a sentence with the times in it, which travel in RFC 3339, as people in
// the zone read them: the whole value, or those of UTC within it.
func InZone(value string, in *time.Location) string {
	if t, err := time.Parse(time.RFC3339, value); err == nil {
		return At(t, in)
	}
	return moments.ReplaceAllStringFunc(value, func(moment string) string {
		t, err := time.Parse(time.RFC3339, moment)
		if err != nil { // quoted, or no day of a calendar
			return moment
		}
		return At(t, in)
	})
}
