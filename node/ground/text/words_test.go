package text

import (
	"cmp"
	"os"
	"regexp"
	"strings"
	"testing"
)

func TestWord(t *testing.T) {
	for _, tt := range []struct{ word, zh, en string }{
		{"access", "使用记录", "access"}, {"kind 99", "kind 99", "kind 99"}, {"", "", ""}, {"minLength", "过短", "it is too short"},
	} {
		if got := Word(Zh, tt.word); got != tt.zh {
			t.Errorf("Word(zh, %q) = %q, want %q", tt.word, got, tt.zh)
		}
		if got := Word(En, tt.word); got != tt.en {
			t.Errorf("Word(en, %q) = %q, want %q", tt.word, got, tt.en)
		}
	}
	for name, w := range words {
		checkPair(t, name, w.zh, cmp.Or(w.en, name))
	}
}

// TestGuidesOfTheLanguage (N21-18): a sentence in Chinese names the guide in Chinese, where there
// is one.
func TestGuidesOfTheLanguage(t *testing.T) {
	named := 0
	english(func(name, zh, _ string) {
		for _, guide := range regexp.MustCompile(`docs/[a-z-]+\.md`).FindAllString(zh, -1) {
			if _, err := os.Stat("../../../docs/zh/" + strings.TrimPrefix(guide, "docs/")); err == nil {
				t.Errorf("%s names %s, and there is one in Chinese", name, guide)
			}
		}
		named += strings.Count(zh, "docs/zh/")
	})
	if named < 4 {
		t.Errorf("got %d guides in Chinese", named)
	}
}

// TestKindsHaveWords compares the Chinese names of the kinds of entry with docs/protocol.md.
func TestKindsHaveWords(t *testing.T) {
	doc, err := os.ReadFile("../../../docs/protocol.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(doc), "\n## Kinds of entry\n")
	section, _, _ = strings.Cut(section, "\n## ")
	found := 0
	for line := range strings.Lines(section) {
		cells := strings.Split(line, " | ")
		if len(cells) != 5 || cells[1] == "kind" || strings.HasPrefix(cells[1], "-") {
			continue
		}
		found++
		if got := Word(Zh, cells[1]); got != cells[3] {
			t.Errorf("Word(zh, %q) = %q, and docs/protocol.md says %q", cells[1], got, cells[3])
		}
	}
	if found < 12 {
		t.Errorf("%d kinds found in docs/protocol.md", found)
	}
}

// TestExplainTellsMore: what is known beside the sentence is told, and what is not known is not
// told as none.
func TestExplainTellsMore(t *testing.T) {
	answered := Args{"selector": "**.guizhou", "members": "2", "close": "villages"}
	agency := Args{"agency": "民政局", "jurisdiction": "x", "agencies": "civil", "titled": "civil"}
	purpose := Args{"purpose": "统计", "dataset": "d", "purposes": ""}
	for got, want := range map[string]string{
		Explain(Zh, NobodyAnswered, answered).What: "所问的 2 个行政区划无一答复，因此没有结果；数据资源的编码可能写错，本级相近的编码是 villages",
		Explain(Zh, UnknownAgency, agency).What:    "没有编码为 民政局 的部门；名称为“民政局”的部门，编码是 civil",
		Explain(Zh, UnknownPurpose, purpose).Do:    "请写目录所列用途的编码，不写名称；编码见 xietong dataset show d --at NAME",
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// TestExplainTellsWords checks that a sentence in Chinese holds no English word of the floors below
// that has a Chinese word.
func TestExplainTellsWords(t *testing.T) {
	for _, tt := range []struct {
		lang Lang
		code Code
		args Args
		want string
	}{
		{Zh, NotFound, Args{"what": "grant", "where": "x"}, "未找到共享权限"},
		{Zh, NotFound, Args{"what": "a thing", "where": "x"}, "未找到a thing"},
		{En, NotFound, Args{"what": "grant", "where": "x"}, "there is no grant"},
		{Zh, SchemaRejected, Args{"dataset": "d", "field": "f", "reason": "required"}, "数据项“f”不符合目录规定的数据规范：没有填写"},
		{Zh, SchemaRejected, Args{"dataset": "d", "field": "f", "reason": "contains"}, "数据项“f”不符合目录规定的数据规范：原因未能识别"},
		{Zh, BasisNeeded, Args{"missing": "basis, until", "dataset": "d"},
			"本次使用须一并提出共享申请，尚缺：使用依据（basis）、使用期限（until）"},
		{Zh, MeasureNotOffered, Args{"dataset": "d", "measure": "sum of x", "offered": "income: sum, average; by sex, kind"},
			"目录没有开放统计 sum of x；已开放的有：income（sum 合计、average 平均值），可按 sex、kind 分组"},
		{Zh, SelectorUnknown, Args{"selector": "**.guizhou", "level": "county"}, "名录中没有 **.guizhou 范围内、层级为县级的行政区划"},
		{En, BasisNeeded, Args{"missing": "basis, until", "dataset": "d"}, "this use needs an application, which lacks: basis, until"},
	} {
		if got := Explain(tt.lang, tt.code, tt.args).What; got != tt.want {
			t.Errorf("Explain(%s, %s) = %q, want %q", tt.lang, tt.code, got, tt.want)
		}
		if got := T(tt.lang, tt.code, tt.args); got != tt.want {
			t.Errorf("T(%s, %s) = %q, want %q", tt.lang, tt.code, got, tt.want)
		}
	}
}
