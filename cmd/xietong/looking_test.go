package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"xietong/node/faces/client"
)

// measuring serves a sum over records of which a page looks at some, as a node does.
type measuring struct {
	total, page uint64
	budget      int // pages that are left; -1: no end
	code        string
	asked       []client.Query
	keys        []string
	change      func(a *client.Answer) // what is told, for another; nil: as it is
}

func (m *measuring) answer(key string, body []byte) (client.Answer, *client.Problem) {
	var q client.Query
	if err := json.Unmarshal(body, &q); err != nil {
		panic(err)
	}
	m.asked, m.keys = append(m.asked, q), append(m.keys, key)
	if m.budget == 0 {
		return client.Answer{}, &client.Problem{Title: "x", Status: 409, Code: m.code, Detail: "no more"}
	}
	m.budget--
	from := uint64(0)
	_, _ = fmt.Sscanf(q.Cursor, "at%d", &from)
	a := client.Answer{Access: fmt.Sprint(log, from), AsOf: 7, TotalRecords: m.total, TotalScanned: min(m.total, from+m.page)}
	if a.Unfinished = a.TotalScanned < m.total; a.Unfinished {
		a.Cursor = fmt.Sprint("at", a.TotalScanned, strings.Repeat("x", 40_000))
	} else {
		a.Count, a.Whole = m.total, &client.Group{Count: m.total, With: m.total, Amount: "5050"}
	}
	if m.change != nil {
		m.change(&a)
	}
	return a, nil
}

func measuringBench(t *testing.T, m *measuring) *workbench {
	b := newWorkbench(t, "en_US.UTF-8")
	b.node.query = m.answer
	return b
}

// TestMeasureInPages: a measure goes on by itself until it ends, in pages of 10 seconds or as long
// as the person says; the answer is told once.
func TestMeasureInPages(t *testing.T) {
	for args, seconds := range map[string]int{"": 10, " --wait 2": 2} {
		m := &measuring{total: 100, page: 30, budget: -1}
		code, stdout, stderr := measuringBench(t, m).run(strings.Fields("query d --sum n --all" + args)...)
		if code != exitDone || len(m.asked) != 4 || strings.Count(stdout, "5050") != 1 {
			t.Errorf("exit %d after %d pages: %s%s", code, len(m.asked), stdout, stderr)
		}
		if slices.ContainsFunc(m.asked, func(q client.Query) bool { return q.PageSeconds != seconds || q.Measure == nil }) {
			t.Errorf("asked for %+v, want pages of %d s", m.asked, seconds)
		}
		if want := "took 4 pages, each of which is a use; the accesses are entries " + log + "0 to " + log + "90"; !strings.Contains(stderr, want) {
			t.Errorf("got %s, want %s", stderr, want)
		}
	}
	m := &measuring{total: 100, page: 30, budget: -1}
	code, stdout, _ := measuringBench(t, m).run(strings.Fields("query d --sum n --all -o json")...)
	var got client.Answer
	if err := json.Unmarshal([]byte(stdout), &got); err != nil || code != exitDone || got.Unfinished || got.Whole == nil || got.Count != 100 {
		t.Errorf("exit %d, %v: %s", code, err, stdout)
	}
}

// TestMeasureGoesOn: an interrupted measure with --out goes on where it was, the page that did not
// come under its key. One whose pages are out of date begins anew.
func TestMeasureGoesOn(t *testing.T) {
	m := &measuring{total: 100, page: 30, budget: 2, code: "unreachable"}
	b := measuringBench(t, m)
	file := filepath.Join(t.TempDir(), "sum.csv")
	ask := func(more ...string) (int, string) {
		code, _, stderr := b.run(append(strings.Fields("query d --sum n --all --out "+file), more...)...)
		return code, stderr
	}
	want := fmt.Sprintf("what to do: how far it came, 60 of 100 records, is kept in %s.part; repeat the same command to go on", file)
	if code, stderr := ask(); code == exitDone || !strings.Contains(stderr, want) {
		t.Fatalf("interrupted: exit %d, %s, want %s", code, stderr, want)
	}
	m.budget = -1
	code, stderr := ask("--wait", "30")
	if code != exitDone || len(m.asked) != 5 || m.keys[2] != m.keys[3] || !strings.Contains(stderr, "going on after the 60 of 100 records") {
		t.Errorf("exit %d after %d questions, keys %q: %s", code, len(m.asked), m.keys, stderr)
	}
	if got, err := os.ReadFile(file); err != nil || !strings.Contains(string(got), "5050") {
		t.Errorf("%v: %s", err, got)
	}
	if left, _ := os.ReadDir(filepath.Dir(file)); len(left) != 1 {
		t.Errorf("%d files, want the answer alone", len(left))
	}
	os.Remove(file)
	m.budget, m.code = 1, "cursor-stale"
	if code, stderr := ask(); code == exitDone || strings.Contains(stderr, "repeat") {
		t.Errorf("out of date: exit %d, %s", code, stderr)
	}
	if left, _ := os.ReadDir(filepath.Dir(file)); len(left) != 0 {
		t.Errorf("%d files, want none: there is nothing to go on from", len(left))
	}
}

// TestMeasureInPagesEnds (E02): whoever never comes to the end of a measure is asked no more.
func TestMeasureInPagesEnds(t *testing.T) {
	for name, row := range map[string]struct {
		change func(n uint64, a *client.Answer)
		limit  int
	}{
		"the same cursor":       {func(_ uint64, a *client.Answer) { a.Cursor = "at1" }, 2},
		"no record more":        {func(n uint64, a *client.Answer) { a.TotalScanned = 3 }, idlePages + 2},
		"fewer":                 {func(n uint64, a *client.Answer) { a.TotalScanned = 50 - n }, 2},
		"more than there are":   {func(n uint64, a *client.Answer) { a.TotalScanned = n * 10_000 }, 4},
		"more and more":         {func(n uint64, a *client.Answer) { a.TotalScanned, a.TotalRecords = n*30, n*100 }, 2},
		"at another position":   {func(n uint64, a *client.Answer) { a.AsOf = n }, 2},
		"finished, and goes on": {func(_ uint64, a *client.Answer) { a.Unfinished = false }, 1},
	} {
		n := uint64(0)
		m := &measuring{total: 100, page: 1, budget: -1}
		m.change = func(a *client.Answer) {
			n++
			a.Unfinished, a.Cursor = true, fmt.Sprint("at1c", n)
			row.change(n, a)
		}
		code, stdout, stderr := measuringBench(t, m).run(strings.Fields("query d --sum n --all")...)
		if code != exitFailed || stdout != "" || len(m.asked) > row.limit {
			t.Errorf("%s: exit %d after %d questions, want at most %d: %s%s", name, code, len(m.asked), row.limit, stdout, stderr)
		}
	}
}
