package text

import (
	"flag"
	"os"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write docs/problems.md anew")

const problemsDocument = "../../../docs/problems.md"

// document returns docs/problems.md, as it must be.
func document() string {
	var b strings.Builder
	b.WriteString(`# Problems · 问题类型

Made from the table of node/ground/text: do not edit it, add the sentence there and run
` + "`go test ./node/ground/text -run TestProblemsDocument -update`" + `. A node shows the page of a kind at the address that a
problem has as its ` + "`type`" + `, ` + "`GET /problems/CODE`" + `, in the language that Accept-Language asks for.
本页由程序中的表生成。节点在 problem 的 ` + "`type`" + ` 所指的地址（` + "`GET /problems/CODE`" + `）给出同样的内容。
`)
	for _, code := range Codes() {
		en, _ := Describe(En, code)
		zh, _ := Describe(Zh, code)
		b.WriteString("\n## " + string(code) + "\n\n**" + en.Title + " · " + zh.Title + "** (" + en.Facts(En) + ")\n\n" + en.Markdown(En) + zh.Markdown(Zh))
	}
	return b.String()
}

// TestProblemsDocument: docs/problems.md is what the table says.
func TestProblemsDocument(t *testing.T) {
	want := document()
	if *update {
		if err := os.WriteFile(problemsDocument, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(problemsDocument)
	if err != nil || string(got) != want {
		t.Errorf("docs/problems.md is not what the table of problems says (%v): run go test ./node/ground/text -run TestProblemsDocument -update", err)
	}
}

func TestDescribe(t *testing.T) {
	if len(Codes()) != len(allProblems()) || !slices.Contains(Codes(), UnknownDataset) {
		t.Errorf("got %d codes, want %d", len(Codes()), len(allProblems()))
	}
	if _, ok := Describe(En, CLIShort); ok {
		t.Error("a sentence is described as a problem")
	}
	d, _ := Describe(Zh, UnknownDataset)
	if d.Status != 404 || !strings.Contains(d.Markdown(Zh), "**怎么办：** 请用 GET /v1/datasets?at={jurisdiction}") ||
		!strings.Contains(d.Markdown(Zh), "**在命令行上怎么办：** 请用 xietong dataset list") {
		t.Errorf("got %+v\n%s", d, d.Markdown(Zh))
	}
	for _, code := range Codes() { // what happened is told alike by everybody
		for _, l := range []Lang{Zh, En} {
			if got, want := ExplainHTTP(l, code, nil).What, Explain(l, code, nil).What; got != want {
				t.Errorf("%s: over HTTP %q, else %q", code, got, want)
			}
		}
	}
}

// TestDamageHasARunbook: whatever is said of damaged files stands in the guides, in both languages,
// with what to do; and where the words for a file name a backup, they name other replicas first.
func TestDamageHasARunbook(t *testing.T) {
	for _, guide := range []string{"../../../docs/operating.md", "../../../docs/zh/operating.md"} {
		said, err := os.ReadFile(guide)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range damageProblems {
			if !strings.Contains(string(said), "`"+string(p.code)+"`") {
				t.Errorf("%s does not say what to do about %s", guide, p.code)
			}
		}
	}
	for _, part := range []string{"ledger", "keys"} {
		if mend := partWords[part].mend; !strings.HasPrefix(mend.en, "where the jurisdiction has other replicas") || !strings.HasPrefix(mend.zh, "本级有其他副本的") {
			t.Errorf("%s: got %q", part, mend)
		}
	}
}
