package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"xietong/node/faces/client"
)

// listed25 answers with 25 uses and as many questions, in pages, until its budget of answers is
// spent.
type listed25 struct {
	budget int // -1: no end
	pages  int // that were answered
}

func (l *listed25) bench(t *testing.T, lang string) *workbench {
	b := newWorkbench(t, lang)
	page := func() (rows []int, cursor string) {
		v, err := url.ParseQuery(b.node.given)
		from, limit := 0, 0
		_, _ = fmt.Sscanf(v.Get("cursor"), "at%d", &from)
		_, _ = fmt.Sscan(v.Get("limit"), &limit)
		if err != nil || limit == 0 || v.Get("dataset") != "villages" {
			t.Errorf("asked with %q", b.node.given)
		}
		for i := from; i < min(25, from+limit); i++ {
			rows = append(rows, i)
		}
		if from += len(rows); from < 25 {
			cursor = fmt.Sprint("at", from)
		}
		return rows, cursor
	}
	b.node.wild = func(w http.ResponseWriter) bool {
		if l.budget == 0 {
			refuse(w, client.Problem{Title: "x", Status: 503, Code: "no-leader", Detail: "later"})
			return true
		}
		l.budget--
		l.pages++
		return false
	}
	b.node.in = map[string]func([]byte) any{
		"GET /v1/uses": func([]byte) any {
			out := client.Uses{Period: client.Period{From: "2026-09-30T16:00:00Z"}}
			rows, cursor := page()
			for _, n := range rows {
				out.Uses = append(out.Uses, client.Used{Entry: fmt.Sprint(log, 40-n), Time: "2026-11-24T16:00:00Z", Called: "云岩区 water", Rows: uint64(n)})
			}
			out.Cursor = cursor
			return out
		},
		"GET /v1/asked": func([]byte) any {
			out := client.AskedList{}
			rows, cursor := page()
			for _, n := range rows {
				out.Asked = append(out.Asked, client.AskedElsewhere{Entry: fmt.Sprint(log, 40-n), Outcome: client.OutcomeAnswered, Called: "云岩区", Rows: uint64(n)})
			}
			out.Cursor = cursor
			return out
		},
		"GET /v1/uses/counts": func([]byte) any {
			out := client.MonthlyCounts{}
			rows, cursor := page()
			for _, n := range rows {
				out.Counts = append(out.Counts, client.MonthlyCount{Month: "2026-10", Called: "云岩区 water", Count: uint64(n)})
			}
			out.Cursor = cursor
			return out
		},
	}
	return b
}

// TestAllOfLists gets all pages of each list, in every format, sorted and not.
func TestAllOfLists(t *testing.T) {
	for _, verb := range []string{"use list", "asked list", "use count --by agency"} {
		for format, want := range map[string]int{"csv": 26, "tsv": 26, "jsonl": 25, "table": 26} {
			l := &listed25{budget: -1}
			line := append(strings.Fields(verb), "--dataset", "villages", "--all", "--limit", "10", "-o", format)
			code, stdout, stderr := l.bench(t, "en_US.UTF-8").run(line...)
			if got := strings.Count(stdout, "\n"); code != exitDone || got != want || l.pages != 3 {
				t.Errorf("%q: exit %d, %d pages, %d lines, want %d: %s%s", line, code, l.pages, got, want, stdout, stderr)
			}
			if told := strings.Contains(stderr, "from 2026-10-01 00:00:00 +08:00 on"); told != (verb == "use list") {
				t.Errorf("%q: %s", line, stderr)
			}
		}
	}
	l := &listed25{budget: -1}
	code, stdout, stderr := l.bench(t, "zh_CN.UTF-8").run("use", "list", "--dataset", "villages", "--all", "--sort", "rows:desc")
	lines := strings.Split(stdout, "\n")
	if code != exitDone || len(lines) != 27 || !strings.HasPrefix(lines[0], "时间 ") ||
		!strings.HasPrefix(lines[1], "2026-11-25 00:00:00") || !strings.Contains(lines[1], log+"16") || !strings.Contains(lines[25], log+"40") {
		t.Errorf("sorted: exit %d, %s%s", code, stdout, stderr)
	}
	l = &listed25{budget: -1}
	code, stdout, _ = l.bench(t, "zh_CN.UTF-8").run("use", "list", "--dataset", "villages", "--all", "--json")
	if code != exitDone || !strings.HasPrefix(stdout, "[\n{") || strings.Count(stdout, `"entry"`) != 25 {
		t.Errorf("--json: exit %d, %s", code, stdout)
	}
	code, _, stderr = l.bench(t, "C").run("use", "list", "--all", "--cursor", "x")
	if code != exitUsage || !strings.Contains(stderr, "--all and --cursor") {
		t.Errorf("--cursor: exit %d, %s", code, stderr)
	}
	code, _, stderr = l.bench(t, "C").run("use", "list", "--dataset", "villages", "--all", "--sort", "x")
	if code != exitUsage || !strings.Contains(stderr, "there is no column x") {
		t.Errorf("--sort x: exit %d, %s", code, stderr)
	}
}

// TestAllOfListsGoesOn interrupts a list after two of its three pages: what came is kept, the same
// command goes on with the third, and another list does not take them.
func TestAllOfListsGoesOn(t *testing.T) {
	l := &listed25{budget: 2}
	b := l.bench(t, "en_US.UTF-8")
	file := filepath.Join(t.TempDir(), "uses.csv")
	line := []string{"use", "list", "--dataset", "villages", "--all", "--limit", "10", "--out", file}
	code, _, stderr := b.run(line...)
	if code != exitFailed || !strings.Contains(stderr, "the 20 rows that came are kept in "+file+".part") {
		t.Fatalf("exit %d, %s", code, stderr)
	}
	if half, err := os.OpenFile(file+partSuffix, os.O_APPEND|os.O_WRONLY, 0); err == nil {
		_, _ = half.WriteString(`{"row":{"entry":"999"}}` + "\n" + `{"row":{"co`) // as a kill leaves it
		half.Close()
	}
	l.budget = -1
	code, _, stderr = b.run("asked", "list", "--dataset", "villages", "--all", "--limit", "10", "--out", file)
	if code != exitFailed || !strings.Contains(stderr, "are of another question") {
		t.Errorf("another list: exit %d, %s", code, stderr)
	}
	code, _, stderr = b.run(line...)
	got, err := os.ReadFile(file)
	if code != exitDone || err != nil || l.pages != 3 || strings.Count(string(got), "\r\n") != 26 || strings.Contains(string(got), "999") {
		t.Errorf("exit %d, %v, %d pages, %s%s", code, err, l.pages, got, stderr)
	}
	if left, _ := os.ReadDir(filepath.Dir(file)); len(left) != 1 {
		t.Errorf("%d files, want the list alone", len(left))
	}
}

// TestPartWithoutAnswer: a page without its answer, or with another number of rows than it says, is
// no page, and is asked for.
func TestPartWithoutAnswer(t *testing.T) {
	for _, lines := range []string{`{"page":{}}`, `{}`, `{"page":{"answer":{"cursor":"x"}},"rows":1}`, `{"row":{"code":"999"}}`} {
		l := &listed25{budget: 1}
		b := l.bench(t, "C")
		file := filepath.Join(t.TempDir(), "uses.csv")
		line := []string{"use", "list", "--dataset", "villages", "--all", "--limit", "10", "--out", file}
		b.run(line...)
		sealed(t, file+partSuffix, lines+"\n")
		l.budget = -1
		code, _, stderr := b.run(line...)
		got, err := os.ReadFile(file)
		if code != exitDone || err != nil || strings.Count(string(got), "\r\n") != 26 || !strings.Contains(stderr, "page 2 in "+file+".part was damaged") {
			t.Errorf("%s: exit %d, %v, %s%s", lines, code, err, got, stderr)
		}
	}
}

// TestGrantPages lists the grants of this jurisdiction page by page, and after them those that are
// held elsewhere: each once, in pages of one size, by hand and with --all.
func TestGrantPages(t *testing.T) {
	for _, limit := range []int{1, 2, 3, 5, 7, 200} {
		b := newWorkbench(t, "en_US.UTF-8")
		cut := func(name string, all int, made func(n int) client.Grant) (grants []client.Grant, cursor string) {
			v, _ := url.ParseQuery(b.node.given)
			from, most := 0, 0
			_, _ = fmt.Sscanf(v.Get("cursor"), name+"%d", &from)
			_, _ = fmt.Sscan(v.Get("limit"), &most)
			for n := from; n < min(all, from+most); n++ {
				grants = append(grants, made(n))
			}
			if from += len(grants); from < all {
				cursor = fmt.Sprint(name, from)
			}
			return grants, cursor
		}
		b.node.in = map[string]func([]byte) any{
			"GET /v1/grants": func([]byte) any {
				grants, cursor := cut("own", 5, func(n int) client.Grant { return client.Grant{Grant: fmt.Sprint(log, n), State: client.GrantLive} })
				return client.Grants{Grants: grants, Total: 5, Cursor: cursor}
			},
			"GET /v1/grants/held": func([]byte) any {
				grants, cursor := cut("away", 4, func(n int) client.Grant {
					return client.Grant{Grant: fmt.Sprint("yunyan.guiyang.guizhou/log/1/", n), State: client.GrantLive, At: "yunyan.guiyang.guizhou"}
				})
				return client.HeldGrants{Grants: grants, Cursor: cursor}
			},
		}
		want := strings.Split(fmt.Sprint(log, "0 ", log, "1 ", log, "2 ", log, "3 ", log, "4"), " ")
		for n := range 4 {
			want = append(want, fmt.Sprint("yunyan.guiyang.guizhou/log/1/", n))
		}
		var got []string
		for line := []string{"grant", "list", "--limit", fmt.Sprint(limit), "--json"}; ; {
			code, stdout, stderr := b.run(line...)
			var page client.Grants
			if err := json.Unmarshal([]byte(stdout), &page); code != exitDone || err != nil || len(page.Grants) > limit {
				t.Fatalf("%q: exit %d, %v, %s", line, code, err, stderr)
			}
			for _, g := range page.Grants {
				got = append(got, g.Grant)
			}
			if page.Cursor == "" {
				break
			}
			line = []string{"grant", "list", "--limit", fmt.Sprint(limit), "--json", "--cursor", page.Cursor}
		}
		if !slices.Equal(got, want) {
			t.Errorf("pages of %d: got %q, want %q", limit, got, want)
		}
		code, stdout, stderr := b.run("grant", "list", "--all", "--limit", fmt.Sprint(limit), "-o", "csv")
		if code != exitDone || strings.Count(stdout, "\r\n") != 10 || strings.Count(stdout, "yunyan.guiyang.guizhou/log/1/") != 4 {
			t.Errorf("--all by %d: exit %d, %s%s", limit, code, stdout, stderr)
		}
	}
}
