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

// paged serves n records in pages, as a node does, and fails when its budget of answers is spent.
type paged struct {
	n, size int
	left    client.Answer     // what each page leaves out
	budget  int               // answers that are left; -1: no end
	code    string            // of the refusal then
	kept    map[string]string // the question under each key
	uses    int
}

func (p *paged) answer(key string, body []byte) (client.Answer, *client.Problem) {
	var q client.Query
	if err := json.Unmarshal(body, &q); err != nil {
		panic(err)
	}
	if was, again := p.kept[key]; again && was != string(body) {
		return client.Answer{}, &client.Problem{Title: "x", Status: 409, Code: "id-reused", Detail: "reused"}
	} else if !again {
		p.kept[key] = string(body)
		p.uses++
	}
	if p.budget == 0 {
		return client.Answer{}, &client.Problem{Title: "x", Status: 403, Code: p.code, Detail: "no more"}
	}
	p.budget--
	from := 0
	_, _ = fmt.Sscanf(q.Cursor, "at%d", &from)
	a := p.left
	a.Columns, a.Access, a.AsOf = []string{"code", "n"}, fmt.Sprint(log, from), uint64(from)
	for i := from; i < min(p.n, from+min(q.Limit, p.size)); i++ {
		a.Rows = append(a.Rows, json.RawMessage(fmt.Sprintf(`{"code":"%03d","n":%d}`, i*7%p.n, i)))
	}
	a.Count = uint64(len(a.Rows))
	if from += len(a.Rows); from < p.n {
		a.Cursor = fmt.Sprint("at", from)
	}
	return a, nil
}

func pagedBench(t *testing.T, p *paged) *workbench {
	b := newWorkbench(t, "en_US.UTF-8")
	p.kept = map[string]string{}
	b.node.query = p.answer
	return b
}

// TestAll asks for all pages: in every format, sorted and not, and says how many uses that was.
func TestAll(t *testing.T) {
	for format, want := range map[string]string{
		"csv": "code,n\r\n000,0\r\n007,1\r\n014,2\r\n", "jsonl": `{"code":"000","n":0}` + "\n", "json": "[\n" + `{"code":"000","n":0},` + "\n", "table": "code  n\n000   0\n007   1\n",
	} {
		p := &paged{n: 25, size: 10, budget: -1}
		b := pagedBench(t, p)
		code, stdout, stderr := b.run("query", "d", "--all", "-o", format)
		if code != exitDone || !strings.HasPrefix(stdout, want) || strings.Count(stdout, "\n") < 25 || p.uses != 3 {
			t.Errorf("%s: exit %d, %d uses, %s%s", format, code, p.uses, stdout, stderr)
		}
		if !strings.Contains(stderr, "rows: 25, in 3 uses; the accesses are entries "+log+"0 to "+log+"20") {
			t.Errorf("%s: %s", format, stderr)
		}
	}
	p := &paged{n: 25, size: 10, budget: -1}
	_, stdout, _ := pagedBench(t, p).run("query", "d", "--all", "-o", "csv", "--sort", "code:desc")
	lines := strings.Split(strings.TrimSuffix(stdout, "\r\n"), "\r\n")
	slices.Reverse(lines[1:])
	if len(lines) != 26 || !slices.IsSorted(lines[1:]) {
		t.Errorf("sorted: %q", lines)
	}
	for line, want := range map[string]string{
		"query d --all --at **.guizhou": "what to do: ask without --all", "query d --all --key 1": "--all and --key", "query d --all --verify a=b --key 1": "--verify and --all", "query d --sum n --wait 3": "--at '**.NAME'", "query d --sum n --all --cursor x": "--cursor", "query d --all --cursor x": "--all and --cursor",
	} {
		if code, _, stderr := pagedBench(t, p).run(strings.Fields(line)...); code != exitUsage || !strings.Contains(stderr, want) {
			t.Errorf("%s: exit %d, %s", line, code, stderr)
		}
	}
}

// TestAllTellsWhatIsLeftOut: what the pages leave out is told together, in every format, as a page
// alone tells it.
func TestAllTellsWhatIsLeftOut(t *testing.T) {
	for _, verb := range []string{"query d --all", "record export villages"} {
		for _, format := range formatNames {
			p := &paged{n: 25, size: 10, budget: -1, left: client.Answer{TotalScanned: 16, Incomparable: 1, Unreadable: 2, Unfit: 3}}
			_, stdout, stderr := pagedBench(t, p).run(strings.Fields(verb + " -o " + format)...)
			for _, want := range []string{"3 of 48", "6 of 48", "9 more records are not as the catalogue entry says", "rows: 25, in 3 uses"} {
				if !strings.Contains(stderr, want) || strings.Contains(stdout, want) {
					t.Errorf("%s -o %s: %q is not told beside the rows: %s", verb, format, want, stderr)
				}
			}
		}
	}
}

// TestAllGoesOn interrupts an export after each number of pages: what came is kept, the same
// command goes on, the page that did not come is asked for under its key again, and nothing comes
// twice.
func TestAllGoesOn(t *testing.T) {
	for interrupted := range 4 {
		p := &paged{n: 35, size: 10, budget: interrupted, code: "quota-spent"}
		b := pagedBench(t, p)
		file := filepath.Join(t.TempDir(), "d.csv")
		code, stdout, stderr := b.run("query", "d", "--all", "--out", file)
		if interrupted == 0 { // refused before a page came
			if left, _ := os.ReadDir(filepath.Dir(file)); code != exitFailed || len(left) != 0 || strings.Contains(stderr, "kept") {
				t.Errorf("refused: exit %d, %d files, %s", code, len(left), stderr)
			}
			continue
		}
		want := fmt.Sprintf("what to do: the %d rows that came are kept in %s.part; repeat the same command to go on", 10*interrupted, file)
		if code != exitFailed || stdout != "" || !strings.Contains(stderr, want) {
			t.Fatalf("interrupted after %d: exit %d, %s", interrupted, code, stderr)
		}
		if _, err := os.Lstat(file); err == nil {
			t.Fatal("there is a file already")
		}
		if half, err := os.OpenFile(file+partSuffix, os.O_APPEND|os.O_WRONLY, 0); err == nil {
			_, _ = half.WriteString(`{"row":{"code":"999"}}` + "\n" + `{"row":{"co`) // as a kill leaves it
			half.Close()
		}
		if code, _, stderr := b.run("query", "e", "--all", "--out", file); code != exitFailed || !strings.Contains(stderr, "are of another question") {
			t.Errorf("another question: exit %d, %s", code, stderr)
		}
		p.budget = -1
		if code, _, stderr = b.run("query", "d", "--all", "--out", file); code != exitDone || p.uses != 4 || !strings.Contains(stderr, "rows: 35, in 4 uses") {
			t.Errorf("interrupted after %d: exit %d, %d uses, %s", interrupted, code, p.uses, stderr)
		}
		got, err := os.ReadFile(file)
		if lines := strings.Split(string(got), "\r\n"); err != nil || len(lines) != 37 || strings.Contains(string(got), "999") {
			t.Errorf("interrupted after %d: %v, %q", interrupted, err, got)
		}
		if left, _ := os.ReadDir(filepath.Dir(file)); len(left) != 1 {
			t.Errorf("%d files, want the export alone", len(left))
		}
	}
}

// TestAllEnds: whoever gives the same cursor again and again gets no more questions.
func TestAllEnds(t *testing.T) {
	b := newWorkbench(t, "C")
	if code, _, stderr := b.run("query", "villages", "--all"); code != exitFailed || len(b.node.asked) != 2 || !strings.Contains(stderr, "have no end") {
		t.Errorf("exit %d after %d questions, %s", code, len(b.node.asked), stderr)
	}
}

// TestAllIsNoLongerThanTheDataset (E02): whoever is asked for all records, and answers with the
// same ones under a new cursor each time, or with ever more of them, or with none, or says that
// there are more than there can be, gets no question any more after a page or a few, and no page
// stays.
func TestAllIsNoLongerThanTheDataset(t *testing.T) {
	for name, row := range map[string]struct {
		answer func(n int) client.Answer // the n-th page, without cursor
		limit  int                       // questions at most
	}{
		"the same rows": {func(int) client.Answer {
			return client.Answer{Rows: rowsFrom(0, 1000), TotalRecords: 4, TotalScanned: 4}
		}, 2},
		"the same again": {func(n int) client.Answer {
			return client.Answer{Rows: rowsFrom(n%3, 10), TotalRecords: 1000, TotalScanned: 10}
		}, 4},
		"other rows": {func(n int) client.Answer {
			return client.Answer{Rows: rowsFrom(n*1000, 1000), TotalRecords: 4, TotalScanned: 1}
		}, 101},
		"no rows": {func(int) client.Answer { return client.Answer{TotalRecords: 4, TotalScanned: 50_000} }, 3},
		"a growing total": {func(n int) client.Answer {
			return client.Answer{Rows: rowsFrom(n*1000, 1000), TotalRecords: 4 + uint64(n)*1000, TotalScanned: 1000}
		}, 11},
		"a total that wraps": {func(n int) client.Answer {
			return client.Answer{Rows: rowsFrom(n, 1), TotalRecords: 1 << 63, TotalScanned: 1<<64 - 1}
		}, 3},
	} {
		b := newWorkbench(t, "en_US.UTF-8")
		n := 0
		b.node.query = func(string, []byte) (client.Answer, *client.Problem) {
			a := row.answer(n)
			n++
			if a.Count, a.Cursor = uint64(len(a.Rows)), fmt.Sprint("at", n); a.Columns == nil {
				a.Columns = []string{"code"}
			}
			if n > 2*row.limit {
				a.Cursor = ""
			}
			return a, nil
		}
		file := filepath.Join(t.TempDir(), "d.csv")
		code, _, stderr := b.run("query", "d", "--all", "--out", file)
		left, _ := os.ReadDir(filepath.Dir(file))
		if code != exitFailed || n > row.limit || len(left) != 0 || strings.Contains(stderr, "kept") || !strings.Contains(stderr, "have no end") {
			t.Errorf("%s: exit %d after %d questions, want %d at most, %d files are left; %s", name, code, n, row.limit, len(left), stderr)
		}
	}
}

// rowsFrom returns records with keys of their own.
func rowsFrom(first, n int) (rows []json.RawMessage) {
	for i := range n {
		rows = append(rows, json.RawMessage(fmt.Sprintf(`{"code":"%d"}`, first+i)))
	}
	return rows
}

// TestHonestPagesEnd: no page of a long honest answer is taken for one without end: also in pages
// of one row, and where as many records came anew meanwhile as there were.
func TestHonestPagesEnd(t *testing.T) {
	for size, n := range map[int]int{1: 2100, 7: 9000, 1000: 400_000} {
		p := &part{}
		for from := 0; from < n; from += size {
			got := page{Answer: &client.Answer{
				Columns: []string{"code"}, Rows: rowsFrom(from, size), Count: uint64(size), TotalScanned: uint64(size), TotalRecords: uint64(n / 2),
			}}
			if err := p.nearer(&got, size, true); err != nil {
				t.Fatalf("pages of %d: %v after %d rows", size, err, from)
			}
			p.pages = append(p.pages, got)
		}
	}
}

// TestAllUnderAnotherKey: where the answer to the page that did not come is not kept any more, it
// is asked for under a new key, and counted.
func TestAllUnderAnotherKey(t *testing.T) {
	p := &paged{n: 15, size: 10, budget: 1, code: "quota-spent"}
	b := pagedBench(t, p)
	file := filepath.Join(t.TempDir(), "d.jsonl")
	b.run("query", "d", "--all", "--out", file)
	p.budget = -1
	for key := range p.kept {
		p.kept[key] = "gone"
	}
	if code, _, stderr := b.run("query", "d", "--all", "--out", file); code != exitDone || !strings.Contains(stderr, "rows: 15, in 3 uses") {
		t.Errorf("exit %d, %s", code, stderr)
	}
	stale := filepath.Join(t.TempDir(), "s.csv")
	p.budget = 1
	b.run("query", "d", "--all", "--out", stale)
	p.budget, p.code = 0, "bad-cursor"
	if code, _, stderr := b.run("query", "d", "--all", "--out", stale); code != exitFailed || !strings.Contains(stderr, "the dataset was published anew since") {
		t.Errorf("a cursor that is refused: exit %d, %s", code, stderr)
	}
}
