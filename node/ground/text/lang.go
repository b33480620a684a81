package text

import (
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

// Beijing is the zone of the days and months that people are told, or type: UTC+8, without daylight
// saving time.
var Beijing = time.FixedZone("UTC+8", 8*3600)

// At returns a time as people read it: of Beijing, with the zone, whatever the machine's zone is.
func At(t time.Time) string { return t.In(Beijing).Format("2006-01-02 15:04:05 -07:00") }
