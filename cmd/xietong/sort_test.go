package main

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"

	"xietong/node/faces/client"
)

// households is an answer whose rows come as a node gives them: each with its members by name, and
// in no order that means anything.
var households = client.Answer{
	Rows: []json.RawMessage{
		json.RawMessage(`{"户主":"丙","收入":10.5,"编号":"003"}`), json.RawMessage(`{"户主":"乙","编号":"010"}`),
		json.RawMessage(`{"户主":"甲","收入":9007199254740993,"编号":"002"}`), json.RawMessage(`{"户主":"丁","收入":9007199254740992,"编号":"001"}`),
	},
	Columns: []string{"编号", "户主", "收入"}, Count: 4, Access: log + "31",
}

// TestColumnsAndOrder (E12, U-B22): the columns are in the order of the schema and the rows in that
// of the key, or as --sort says: numbers by their value, exactly; rows without one last.
func TestColumnsAndOrder(t *testing.T) {
	b := newWorkbench(t, "en_US.UTF-8")
	cursor := ""
	b.node.in = map[string]func([]byte) any{"POST /v1/query": func([]byte) any {
		a := households
		a.Cursor = cursor
		return a
	}}
	for _, row := range []struct{ line, more, want, told string }{
		{"query households -o csv", "", "编号,户主,收入 001 002 003 010", ""},
		{"query households", "", "编号 001 002 003 010", ""},
		{"query households -o csv --sort 收入", "", "编号,户主,收入 003 001 002 010", ""},
		{"query households -o csv --sort 收入:desc", "", "编号,户主,收入 002 001 003 010", ""},
		{"query households -o csv --sort 收入：desc", "", "编号,户主,收入 002 001 003 010", ""},
		{"query households -o jsonl --sort 户主", "", `{"编号":"001" {"编号":"003" {"编号":"010" {"编号":"002"`, ""},
		{"query households -o csv", "x", "编号,户主,收入 003 010 002 001", "there are more"},
		{"query households -o csv --sort 编号", "x", "编号,户主,收入 001 002 003 010", "only this page is sorted"},
		{"query households -o csv --fields 收入,编号 --sort 收入", "", "收入,编号 10.5 9007199254740992 9007199254740993 ", ""},
	} {
		cursor = row.more
		code, stdout, stderr := b.run(strings.Fields(row.line)...)
		var first []string
		for i, line := range strings.Split(strings.TrimSuffix(stdout, "\n"), "\n") {
			line = strings.TrimSuffix(line, "\r")
			if i > 0 || strings.Contains(row.line, "jsonl") {
				line, _, _ = strings.Cut(line, ",")
			}
			if !strings.Contains(row.line, "-o") {
				line, _, _ = strings.Cut(line, " ")
			}
			first = append(first, line)
		}
		if got := strings.Join(first, " "); code != exitDone || got != row.want || !strings.Contains(stderr, row.told) {
			t.Errorf("%s: exit %d\n got %s\nwant %s\ntold %s", row.line, code, got, row.want, stderr)
		}
	}
}

// TestSortUnknown (G48): what the answer does not show is nothing to sort by. The catalogue tells
// it, and no use is made.
func TestSortUnknown(t *testing.T) {
	b := newWorkbench(t, "en_US.UTF-8")
	b.node.in = map[string]func([]byte) any{"GET /v1/standards/villages": func([]byte) any {
		return client.Standard{NewStandard: client.NewStandard{NewDataset: villages.NewDataset}}
	}}
	for line, asked := range map[string][]string{
		"query villages --sort income": {"GET /v1/datasets/villages"}, "query villages --all --sort income": {"GET /v1/datasets/villages"},
		"query villages --at 云岩区 --sort income": {"GET /v1/datasets"}, "query villages --at **.贵阳市 --sort income": {"GET /v1/standards/villages"},
		"query villages --fields code --sort name": {}, "agency list --sort name": {"GET /v1/agencies"},
	} {
		b.node.asked = nil
		code, stdout, stderr := b.run(strings.Fields(line)...)
		if code != exitUsage || stdout != "" || !strings.Contains(stderr, "to sort by; there are: code") || !slices.EqualFunc(b.node.asked, asked, strings.HasPrefix) {
			t.Errorf("%s: exit %d, %q, %s, asked %q", line, code, stdout, stderr, b.node.asked)
		}
	}
}

// TestSortOfLists sorts what is no record, in the wire type too.
func TestSortOfLists(t *testing.T) {
	b := listingBench(t, "en_US.UTF-8")
	var trees [2]client.Tree
	for i, by := range []string{"name", "name:desc"} {
		_, stdout, stderr := b.run("tree", "-o", "json", "--sort", by)
		if err := json.Unmarshal([]byte(stdout), &trees[i]); err != nil {
			t.Fatalf("%v in %s%s", err, stdout, stderr)
		}
	}
	if n := len(trees[0].Children); n != 4 || trees[0].Children[0].Name != "old.nanming.guiyang.guizhou" || trees[1].Children[3].Name != trees[0].Children[0].Name {
		t.Errorf("got %v and %v", trees[0].Children, trees[1].Children)
	}
	for line, want := range map[string][]string{
		"agency list --sort code:desc":                                 {"code", "water", "civil-affairs"},
		"query villages --at **.贵阳市 --count --by urban --sort records": {"urban", "(groups", "(other", "true"},
	} {
		_, stdout, stderr := b.run(strings.Fields(line)...)
		var got []string
		for line := range strings.Lines(stdout) {
			got = append(got, strings.Fields(line)[0])
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %q, want %q, %s", line, got, want, stderr)
		}
	}
}

// TestPageIsSortedAlone: a page that the node did not sort, and that is not the whole list, is told
// to be sorted by itself.
func TestPageIsSortedAlone(t *testing.T) {
	b := newWorkbench(t, "en_US.UTF-8")
	cursor := ""
	b.node.in = map[string]func([]byte) any{"GET /v1/uses": func([]byte) any {
		return client.Uses{Uses: []client.Used{{Dataset: "b", Entry: log + "9"}, {Dataset: "a", Entry: log + "10"}}, Cursor: cursor}
	}}
	for _, row := range []struct {
		line, more string
		told       bool
	}{
		{"use list --sort dataset", "", false}, {"use list --sort dataset", "x", true}, {"use list --sort dataset --cursor y", "", true},
		{"use list --sort time", "x", false}, {"use list", "x", false}, {"use list --sort dataset -o json", "x", false},
	} {
		cursor = row.more
		code, _, stderr := b.run(strings.Fields(row.line)...)
		if told := strings.Contains(stderr, "only this page is sorted"); code != exitDone || told != row.told {
			t.Errorf("%s, more %q: exit %d, told %t: %s", row.line, row.more, code, told, stderr)
		}
	}
	cursor = ""
	if _, stdout, _ := b.run("use", "list", "--sort", "entry", "-o", "jsonl"); strings.Index(stdout, log+"9") > strings.Index(stdout, log+"10") {
		t.Errorf("entry 10 stands before 9: %s", stdout)
	}
}

// TestSortByHeading: a measure is sorted by the heading that people see as well as by the name of
// the column, and what no measure has is refused before the use is recorded.
func TestSortByHeading(t *testing.T) {
	b := newWorkbench(t, "zh_CN.UTF-8")
	b.node.in = map[string]func([]byte) any{"POST /v1/query": func([]byte) any {
		group := func(value string, count uint64, sum string) client.Group {
			return client.Group{Values: []client.GroupValue{{Value: json.RawMessage(`"` + value + `"`)}}, Count: count, With: count, Amount: sum}
		}
		return client.Answer{Count: 6, Access: log + "31", Groups: []client.Group{group("甲", 1, "30"), group("乙", 2, "5"), group("丙", 3, "100")}}
	}}
	for by, want := range map[string]string{"合计": "乙甲丙", "合计:desc": "丙甲乙", "sum": "乙甲丙", "条数:desc": "丙乙甲", "文": "丙乙甲"} {
		_, stdout, stderr := b.run("query", "things", "--sum", "数", "--by", "文", "--purpose", "check", "--sort", by)
		var got strings.Builder
		for line := range strings.Lines(stdout) {
			if name, _, _ := strings.Cut(line, " "); name != "文" {
				got.WriteString(name)
			}
		}
		if got.String() != want {
			t.Errorf("by %s: got %s, want %s; %s", by, got.String(), want, stderr)
		}
	}
	b.node.asked = nil
	if code, _, _ := b.run("query", "things", "--sum", "数", "--by", "文", "--purpose", "check", "--sort", "无"); code != exitUsage || len(b.node.asked) > 0 {
		t.Errorf("a heading of none: exit %d, and the node was asked %q", code, b.node.asked)
	}
}
