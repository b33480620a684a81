package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestRosterListFilters (G28): the list is narrowed as the API narrows it, by any name and in any
// word; a file of a part still has the codes of the parents, as publish reads them.
func TestRosterListFilters(t *testing.T) {
	c := newClerks(t, "zh_CN.UTF-8")
	whole := c.does("roster list -o csv")
	for line, want := range map[string]int{
		"--level 县级": 10, "--level county": 10, "--below 贵阳": 10, "--below 520100": 10, "--search 明": 1, "--search 52010": 10, "--level 市级": 1,
	} {
		got := strings.Split(strings.TrimSpace(c.does("roster list -o csv "+line)), "\n")[1:]
		if line == "--search 52010" {
			want = len(got) // as many as there are
		}
		if len(got) != want || want == 0 {
			t.Errorf("%s: got %d places, want %d", line, len(got), want)
		}
		for _, row := range got {
			if !strings.Contains(whole, strings.TrimSpace(row)) {
				t.Errorf("%s: %s is another row in the whole list:\n%s", line, row, whole)
			}
		}
	}
	if code, _, told := c.run("roster list --below 火星"); code == exitDone || !strings.Contains(told, "火星") {
		t.Errorf("below nowhere: exit %d, %s", code, told)
	}
}

// TestRosterFaultsName (F51): what is wrong with a list is told with the name of its file, and
// which levels there are once.
func TestRosterFaultsName(t *testing.T) {
	c := newClerks(t, "zh_CN.UTF-8")
	file := filepath.Join(t.TempDir(), "名录.csv")
	if err := os.WriteFile(file, []byte("code,level,label,name_zh,parent\n1,a/b,x,甲,\n2,c/d,y,乙,1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{water + "roster publish " + file, "--data " + filepath.Join(t.TempDir(), "new") + " init --roster " + file} {
		code, _, told := c.run(line)
		if code == exitDone || !strings.Contains(told, "位置："+file) || strings.Count(told, "可用国家级") != 1 || !strings.Contains(told, "“c/d”不能作层级") {
			t.Errorf("%s: exit %d, %s", line, code, told)
		}
	}
}
