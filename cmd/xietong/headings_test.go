package main

import (
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"xietong/node/ground/text"
)

// headingLines are the lists whose headings do not come from a dataset.
var headingLines = map[string][]heading{
	"agency list": agencyHeadings, "asked list": askedHeadings, "asked count": countHeadings(text.WordAgency), "ledger audits": auditHeadings,
	"dataset list": datasetHeadings, "grant list": grantHeadings, "host list": hostHeadings, "replica list": replicaHeadings, "ledger list": entryHeadings, "question list": questionHeadings,
	"record history villages 1": versionHeadings, "roster list": rosterHeadings, "dataset standard list": standardHeadings, "use list": useHeadings,
	"use count": countHeadings(text.WordConsumer),
}

// TestSortByHeadings: every list is sorted by what stands above each column of its table, in either
// language, and by the column's name, and gives the same rows; the shell offers them. What is no
// column is told the nearest, and all.
func TestSortByHeadings(t *testing.T) {
	for _, lang := range []string{"zh_CN.UTF-8", "en_US.UTF-8"} {
		b := listingBench(t, lang)
		for line, headings := range headingLines {
			for _, h := range headings {
				want := b.sortedBy(t, line, h.of)
				for _, l := range []text.Lang{text.Zh, text.En} {
					if word := h.word(l); b.sortedBy(t, line, word) != want {
						t.Errorf("%s --sort %s is another order than --sort %s", line, word, h.of)
					}
				}
				_, offered, _ := b.run(append([]string{"__complete"}, append(strings.Fields(line), "--sort", "")...)...)
				if word := h.word(text.FromAcceptLanguage(lang[:2])); !strings.Contains(offered, word+"\t") || !strings.Contains(offered, h.of+"\t") {
					t.Errorf("%s: the shell does not offer %s: %s", line, word, offered)
				}
			}
		}
		_, _, told := b.run("agency", "list", "--sort", "titel")
		if !strings.Contains(told, "title") || !strings.Contains(told, heading{code: text.WordState}.word(text.FromAcceptLanguage(lang[:2]))) {
			t.Errorf("got %s", told)
		}
	}
}

func (b *workbench) sortedBy(t *testing.T, line, column string) string {
	t.Helper()
	code, stdout, stderr := b.run(append(strings.Fields(line), "-o", "csv", "--sort", column)...)
	if code != exitDone {
		t.Errorf("%s --sort %s: exit %d, %s", line, column, code, stderr)
	}
	return stdout
}

// TestListsHaveHeadings: every verb that lists is held by TestSortByHeadings, or lists the fields
// of a dataset or what is drawn.
func TestListsHaveHeadings(t *testing.T) {
	others := "keys status, query, question run, record export, record get, tree"
	a := &app{getenv: func(string) string { return "" }, lang: text.En, stdin: strings.NewReader("")}
	every := func(c *cobra.Command) {
		verb := strings.TrimPrefix(c.CommandPath(), "xietong ")
		held := strings.Contains(others, verb)
		for line := range headingLines {
			held = held || line == verb || strings.HasPrefix(line, verb+" ")
		}
		if c.Annotations[lists] != "" && !held {
			t.Errorf("%s lists, and no test sorts it by its headings", verb)
		}
	}
	root := a.rootCommand()
	leaves(root, every)
	every(root)
}
