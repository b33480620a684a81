package text

import "testing"

// disguises are names that look like 水务局, or like nothing.
var disguises = map[string]string{
	"a selector of a variant":         "水务局\ufe00",
	"a selector of an ideograph":      "水\U000e0100务局",
	"the style of a picture":          "水务局\ufe0f",
	"a blank of Braille":              "水务局\u2800",
	"a space that does not break":     "水务局\u00a0",
	"the mark of Ogham":               "水\u1680务局",
	"a wide space":                    "水\u2003务局",
	"a thin space":                    "水\u2009务局",
	"a narrow space":                  "水\u202f务局",
	"a Hangul filler":                 "水务局\u3164",
	"another filler":                  "水务局\u115f",
	"private use":                     "水务局\ue000",
	"private use of a plane":          "水务局\U000f0000",
	"a radical":                       "⽔务局",
	"a radical of the supplement":     "⺡务局",
	"no character":                    "水务局\ufdd0",
	"a space without width":           "水\u200b务局",
	"a joiner of no letters":          "水\u200d务局",
	"a joiner at an end":              "水务局\u200c",
	"a joiner at the end of a word":   "می\u200c",
	"a joiner of two scripts":         "می\u200cab",
	"a selector of Mongolian":         "水务局\u180b",
	"two selectors of Mongolian":      "\u1820\u180b\u180b",
	"a grapheme joiner":               "水\u034f务局",
	"a soft hyphen":                   "水\u00ad务局",
	"a direction":                     "水\u202e务局",
	"a tag":                           "水务局\U000e0041",
	"a line of its own":               "水务局\n民政局",
	"a separator of lines":            "水务局\u2028",
	"the place of an object":          "水务局\ufffc",
	"a mark of interlinear notes":     "水\ufff9务局",
	"only what nobody sees":           "\u3164\u2800",
	"a vowel stop of no Mongolian":    "水\u180e务局",
	"the style of a radical":          "⽔\ufe0f务局",
	"a narrow space beside Mongolian": "\u1820\u202f水",
}

// TestNameable (A58): no name has what nobody sees, or what looks like something else; what the
// words of a script are written with stays in them.
func TestNameable(t *testing.T) {
	for what, s := range disguises {
		if Nameable(s) {
			t.Errorf("%s: %q is taken", what, s)
		}
		if err := CheckName("title", s); err == nil {
			t.Errorf("%s: %q is not refused", what, s)
		}
	}
	for what, s := range map[string]string{
		"nothing":                "",
		"Chinese":                "贵州省大数据发展管理局（省政务服务中心）·贵阳　一科",
		"a rare character":       "𠮷村",
		"Latin":                  "Bureau d'État nº 1 — Zürich",
		"a composed letter":      "e\u0301",
		"Mongolian with a form":  "\u182e\u1823\u1829\u182d\u1823\u182f\u180b",
		"Mongolian, last vowel":  "\u182c\u180e\u1820",
		"Mongolian with suffix":  "\u182e\u1823\u1829\u202f\u1824\u1828",
		"a form before a suffix": "\u182f\u180b\u202f\u1824\u1828",
		"Persian":                "می\u200cشود",
		"Uyghur":                 "خىزمەت\u200dچى",
		"Tibetan":                "བོད\u200cལྗོངས",
		"Nepali":                 "क्\u200dष",
		"a picture in its style": "☎\ufe0f 服务热线",
	} {
		if err := CheckName("title", s); err != nil || !Nameable(s) {
			t.Errorf("%s: %q is refused: %v", what, s, err)
		}
	}
	f := AsFailure(CheckName("title", "水务局\ufe00"))
	if f.Code != NameDisguised || f.Args["position"] != "4" || f.Args["value"] != "U+FE00" {
		t.Errorf("told as %v", f)
	}
	if f := AsFailure(CheckName("title", "\xc3\xf1\xd5\xfe")); f.Code != NotText {
		t.Errorf("GBK is told as %v", f)
	}
}

// TestSameName: two names are the same that look so, whatever they are made of.
func TestSameName(t *testing.T) {
	for what, s := range map[string]string{
		"width": "水务局Ａ", "a space": " 水务局A ", "a wide space": "　水务局A", "a filler": "水务\u3164局A", "a selector": "水务局A\ufe00", "a radical": "⽔务局A", "a blank": "水务局A\u2800",
		"another kind of space": "水务局A\u00a0",
	} {
		if !SameName(s, "水务局A") {
			t.Errorf("%s: %q is another name", what, s)
		}
	}
	if SameName("水务局", "水务局二") || SameName("水 务局", "水务局") {
		t.Error("two names are one")
	}
}
