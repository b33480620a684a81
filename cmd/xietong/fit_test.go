package main

import (
	"strings"
	"testing"

	"xietong/node/ground/text"
)

// TestListFits (F38): a list that is wider than the terminal first tells once what its cells share,
// then leaves out the columns that it can spare, and says both; only where that is not enough a row
// stands as a description. What is wide enough is whole.
func TestListFits(t *testing.T) {
	headings := []heading{{text.CLIGrant, "grant"}, {text.WordDataset, "dataset"}, {text.WordUntil, "until"}, {text.WordPurpose, "purpose"}, {text.WordEntry, "entry"}}
	row := func(n, other, zone string) []string {
		return []string{"nanming.guiyang.guizhou/log/1/" + n, "", "2027-12-31 23:59:59 " + zone, "residence-check", other + "/log/1/" + n}
	}
	alike := [][]string{row("13", "nanming.guiyang.guizhou", "+08:00"), row("14", "nanming.guiyang.guizhou", "+08:00")}
	apart := [][]string{row("13", "guizhou", "+08:00"), row("14", "yunyan.guiyang.guizhou", "+06:00")}
	for what, line := range map[string]struct {
		rows      [][]string
		width     string
		want, not []string
		told      []string
	}{
		"room":             {alike, "200", []string{"nanming.guiyang.guizhou/log/1/13", "23:59:59 +08:00"}, []string{"数据资源"}, nil},
		"no terminal":      {alike, "", []string{"nanming.guiyang.guizhou/log/1/13"}, nil, nil},
		"shortened":        {alike, "80", []string{"有效期至（+08:00）", "\n13 ", "residence-check"}, []string{"/log/"}, []string{"“共享权限”、“存证条目”只列序号：13 即 nanming.guiyang.guizhou/log/1/13"}},
		"left out":         {alike, "50", []string{"\n13 "}, []string{"residence-check"}, []string{"未列出：使用用途；"}},
		"described":        {alike, "24", []string{"residence-check", "2027-12-31"}, []string{"（+08:00）"}, nil},
		"of two ledgers":   {apart, "105", []string{"guizhou/log/1/13", "+06:00", "\n13 "}, nil, []string{"“共享权限”只列序号"}},
		"of two, left out": {apart, "85", []string{"yunyan.guiyang.guizhou/log/1/14", "+06:00"}, []string{"residence-check"}, []string{"未列出：使用用途；"}},
	} {
		var out, told strings.Builder
		a := &app{stdout: &out, stderr: &told, lang: text.Zh, getenv: func(name string) string { return map[string]string{"COLUMNS": line.width}[name] }}
		a.showGrid(headings, []string{"purpose"}, line.rows)
		said := strings.ReplaceAll(told.String(), "\n  ", "")
		for _, want := range line.want {
			if !strings.Contains(out.String(), want) {
				t.Errorf("%s: got\n%swant %q", what, out.String(), want)
			}
		}
		for _, not := range line.not {
			if strings.Contains(out.String(), not) {
				t.Errorf("%s: got\n%swithout %q", what, out.String(), not)
			}
		}
		for _, want := range line.told {
			if !strings.Contains(said, want) {
				t.Errorf("%s: told %q, want %q", what, said, want)
			}
		}
		if len(line.told) == 0 && said != "" {
			t.Errorf("%s: told %q, want nothing", what, said)
		}
	}
}

// TestListsAreTables (F38): the lists that a clerk reads every day are tables in 80, 100 and 140
// columns, a line a row, in both languages.
func TestListsAreTables(t *testing.T) {
	for _, lang := range []string{"zh_CN.UTF-8", "en_US.UTF-8"} {
		for _, width := range []string{"80", "100", "140"} {
			b := listingBench(t, lang)
			b.wide = width
			for _, line := range []string{"grant list", "asked list", "use list", "ledger list"} {
				code, stdout, _ := b.run(strings.Fields(line)...)
				if code != exitDone || strings.Contains(stdout, "\n\n") {
					t.Errorf("%s in %s columns, %s: exit %d, got\n%s", line, width, lang, code, stdout)
				}
				for row := range strings.Lines(stdout) {
					if columns(strings.TrimSpace(row)) > 140 {
						t.Errorf("%s in %s columns, %s: a row is wider: %s", line, width, lang, row)
					}
				}
			}
		}
	}
}

// TestGrantListSaysWho: however narrow the terminal is, the list of grants says who holds each.
func TestGrantListSaysWho(t *testing.T) {
	for _, width := range []string{"40", "60", "80", "100"} {
		b := listingBench(t, "en_US.UTF-8")
		b.wide = width
		code, stdout, _ := b.run("grant", "list")
		if code != exitDone || !strings.Contains(strings.ToLower(stdout), "consumer") || !strings.Contains(stdout, "@") {
			t.Errorf("in %s columns: exit %d, got\n%s", width, code, stdout)
		}
	}
}
