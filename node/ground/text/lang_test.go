package text

import (
	"strings"
	"testing"
	"time"
)

func TestFromEnv(t *testing.T) {
	tests := []struct {
		all, messages, lang string
		want                Lang
	}{
		{"", "", "", En},
		{"", "", "zh_CN.UTF-8", Zh},
		{"", "", "zh", Zh},
		{"", "", "ZH-hans", Zh},
		{"", "", "zha_CN", En}, // another language
		{"", "en_US.UTF-8", "zh_CN.UTF-8", En},
		{"", "zh_TW", "en_US", Zh},
		{"C", "zh_CN", "zh_CN", En},
		{"zh_CN@pinyin", "C", "C", Zh},
		{"", "", "ug_CN", En},
	}
	for _, tt := range tests {
		env := map[string]string{"LC_ALL": tt.all, "LC_MESSAGES": tt.messages, "LANG": tt.lang}
		if got := FromEnv(func(name string) string { return env[name] }); got != tt.want {
			t.Errorf("FromEnv(%q, %q, %q) = %s, want %s", tt.all, tt.messages, tt.lang, got, tt.want)
		}
	}
}

func TestFromAcceptLanguage(t *testing.T) {
	tests := []struct {
		header string
		want   Lang
	}{
		{"", En},
		{"zh", Zh},
		{"zh-CN,zh;q=0.9,en;q=0.8", Zh},
		{"en-US,en;q=0.9,zh-CN;q=0.8", En},
		{"en;q=0.3, zh-Hans;q=0.7", Zh},
		{"zh-TW", Zh},
		{"fr, de", En},
		{"fr, zh;q=0.5", Zh},
		{"*", En},
		{";;;", En},
		{strings.Repeat("zh,", 1000), En},
	}
	for _, tt := range tests {
		if got := FromAcceptLanguage(tt.header); got != tt.want {
			t.Errorf("FromAcceptLanguage(%.40q) = %s, want %s", tt.header, got, tt.want)
		}
	}
}

// TestAt tells one moment under the zones of several machines: it is told alike, in the zone that
// is asked for, and saying which.
func TestAt(t *testing.T) {
	beijing, york := time.FixedZone("", 8*3600), time.FixedZone("", -5*3600)
	for _, offset := range []int{-5, 0, 8} {
		at := time.Date(2026, 11, 29, 4, 0, 0, 0, time.UTC).In(time.FixedZone("", offset*3600))
		got := At(at, beijing) + "|" + At(at, york) + "|" + Day(at, york)
		if want := "2026-11-29 12:00:00 +08:00|2026-11-28 23:00:00 -05:00|2026-11-28"; got != want {
			t.Errorf("%v: got %q, want %q", at, got, want)
		}
	}
}

// TestInZone tells the times of the wire within a value, and leaves what people typed.
func TestInZone(t *testing.T) {
	for value, want := range map[string]string{
		"2026-11-29T04:00:00Z":                                 "2026-11-28 23:00:00 -05:00",
		"2026-11-29T12:00:00+08:00":                            "2026-11-28 23:00:00 -05:00",
		"RFC 3339, after 2026-11-29T04:00:00Z, within 5 years": "RFC 3339, after 2026-11-28 23:00:00 -05:00, within 5 years",
		`got "2026-11-29T04:00:00Z"`:                           `got "2026-11-29T04:00:00Z"`,
		"2026-13-29T04:00:00Z":                                 "2026-13-29T04:00:00Z", "2026-11-29": "2026-11-29", "": "",
	} {
		if got := InZone(value, time.FixedZone("", -5*3600)); got != want {
			t.Errorf("InZone(%q) = %q, want %q", value, got, want)
		}
	}
}

func TestTag(t *testing.T) {
	if got := Zh.Tag() + " " + En.Tag(); got != "zh-Hans en" {
		t.Errorf("tags = %q", got)
	}
}

func FuzzFromAcceptLanguage(f *testing.F) {
	f.Add("zh-CN,zh;q=0.9,en;q=0.8")
	f.Add("x-klingon;q=2, *")
	f.Fuzz(func(t *testing.T, header string) {
		if got := FromAcceptLanguage(header); got != Zh && got != En {
			t.Errorf("FromAcceptLanguage(%q) = %q", header, got)
		}
	})
}
