package sharing

import (
	"strings"
	"testing"
	"time"

	"xietong/node/ground/failure"
	"xietong/node/ground/text"
)

// TestUntilTold (F55): an end of a wrong form is told as its form, and one out of bounds as that.
func TestUntilTold(t *testing.T) {
	at := time.Date(2026, 11, 29, 0, 0, 0, 0, time.UTC)
	for typed, want := range map[string][2]string{
		"2027-12-31":                {"2027-12-31T23:59:59+08:00", "写法不对"},
		"soon":                      {"2027-12-31T23:59:59+08:00", "写法不对"},
		"很久":                        {"2027-12-31T23:59:59+08:00", "写法不对"},
		"2020-12-31T00:00:00Z":      {"within 5 years", "5 年之内"},
		"2099-12-31T23:59:59+08:00": {"within 5 years", "5 年之内"},
		"2027-12-31T23:59:59+08:00": {},
	} {
		_, err := endOf(typed, at)
		if want[0] == "" {
			if err != nil {
				t.Errorf("%s: got %v", typed, err)
			}
			continue
		}
		f := failure.Of(err)
		for i, lang := range []text.Lang{text.En, text.Zh} {
			if got := text.Explain(lang, f.Code, f.Args).What; !strings.Contains(got, want[i]) {
				t.Errorf("%s: got %s, want %s", typed, got, want[i])
			}
		}
	}
}
