package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"xietong/node"
)

// TestInitAsks (U-B10, E34): a name that nobody would expect to be a root is made one only by who
// says yes, after what speaks against it was told; nothing is made before. A province is made at
// once.
func TestInitAsks(t *testing.T) {
	for what, row := range map[string]struct {
		line  []string
		typed string
		exit  int
		told  []string // in any order; none: nothing is asked
	}{
		"a province":            {[]string{"guangdong"}, "", exitDone, nil},
		"what it is called":     {[]string{"广东省"}, "", exitDone, nil},
		"its code":              {[]string{"440000"}, "", exitDone, nil},
		"the nation":            {[]string{"中国"}, "", exitDone, nil},
		"a city":                {[]string{"guiyang.guizhou"}, "n\n", exitFailed, []string{"贵阳市是贵州省的下级", "独立体系的根", "市级", "520100"}},
		"a city, agreed":        {[]string{"guiyang.guizhou"}, "是\n", exitDone, []string{"贵阳市是贵州省的下级"}},
		"a county by its code":  {[]string{"520102"}, "", exitFailed, []string{"南明区（nanming.guiyang.guizhou）", "南明区是贵阳市的下级"}},
		"mistyped":              {[]string{"guyang.guizhou"}, "", exitFailed, []string{"名录中没有 guyang.guizhou", "相近的有：贵阳市 guiyang.guizhou"}},
		"a mistyped province":   {[]string{"guandong"}, "", exitFailed, []string{"相近的有", "广东省 guangdong"}},
		"unheard of":            {[]string{"atlantis"}, "", exitFailed, []string{"名录中没有 atlantis"}},
		"told before":           {[]string{"atlantis", "--yes"}, "", exitDone, []string{"名录中没有 atlantis"}},
		"the code of another":   {[]string{"guangdong", "--code", "520102"}, "", exitFailed, []string{"代码 520102 属于南明区 nanming.guiyang.guizhou"}},
		"one of several":        {[]string{"白云区"}, "", exitFailed, []string{"“白云区”可能是：白云区 baiyun.guangzhou.guangdong、白云区 baiyun.guiyang.guizhou"}},
		"no level":              {[]string{"guangdong", "--level", "镇"}, "", exitUsage, []string{"没有名为“镇”的层级", "county（县级）"}},
		"a level as a word":     {[]string{"atlantis", "--level", "县级"}, "y\n", exitDone, []string{"层级 县级"}},
		"a level in a language": {[]string{"atlantis", "--level", "Prefecture"}, "y\n", exitDone, []string{"层级 市级"}},
	} {
		b := newWorkbench(t, "zh_CN.UTF-8")
		b.stdin = row.typed
		made := ""
		b.app.node.init = func(_ string, o initOptions) (node.InitResult, error) {
			made = o.Name
			return node.InitResult{}, nil
		}
		exit, _, stderr := b.run(append([]string{"init"}, row.line...)...)
		if exit != row.exit || (made != "") != (exit == exitDone) || strings.Contains(stderr, "确定新建") && row.told == nil {
			t.Errorf("%s: exit %d, made %q, told:\n%s", what, exit, made, stderr)
		}
		for _, want := range row.told {
			if !strings.Contains(stderr, want) {
				t.Errorf("%s: does not tell %q:\n%s", what, want, stderr)
			}
		}
	}
}

const alps = `code,level,label,name_zh,short_zh,name_en,parent
AL,nation,alps,阿尔卑斯联邦,阿尔卑斯,Alps,
N,canton,north,北州,北州,North,AL
S,canton,south,南州,南州,South,AL
N1,县级,aare,阿勒县,阿勒县,Aare,N
`

// TestInitRosterShown: a list of one's own is shown as a tree before it is agreed to, and its
// faults are told with their lines; with --json the plan is one value.
func TestInitRosterShown(t *testing.T) {
	b := newWorkbench(t, "zh_CN.UTF-8")
	file := filepath.Join(b.dir, "alps.csv")
	put := func(data string) {
		if err := os.WriteFile(file, []byte(data), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	put(alps)
	exit, _, stderr := b.run("init", "--roster", file)
	for _, want := range []string{"阿尔卑斯联邦（alps）", "名录共 4 个行政区划（国家级 1、canton 2、县级 1）", "\n    北州  north  N  canton\n      阿勒县  aare  N1  县级\n", "没有确认，未作任何改动"} {
		if exit != exitFailed || !strings.Contains(stderr, want) {
			t.Errorf("exit %d, does not tell %q:\n%s", exit, want, stderr)
		}
	}
	exit, stdout, _ := b.run("--json", "init", "--roster", file)
	var plan struct {
		Name   string
		Roster []struct{ Name, Level string }
	}
	if err := json.Unmarshal([]byte(stdout), &plan); err != nil || exit != exitFailed || plan.Name != "alps" || len(plan.Roster) != 4 || plan.Roster[2].Level != "county" {
		t.Errorf("exit %d, %v: %s", exit, err, stdout)
	}
	if exit, _, stderr := b.run("init", "贵州省", "--roster", file, "--yes"); exit != exitFailed || !strings.Contains(stderr, "名录以阿尔卑斯联邦（alps）为根") {
		t.Errorf("another root: exit %d\n%s", exit, stderr)
	}
	put(strings.Replace(alps, "South,AL", "South,S", 1) + "X,canton,x,某州,,,ZZ\n")
	if exit, _, stderr := b.run("init", "--roster", file, "--yes"); exit != exitFailed || !strings.Contains(stderr, "第 6 行：上级代码 ZZ 在文件中没有对应的行政区划") {
		t.Errorf("an orphan: exit %d\n%s", exit, stderr)
	}
	long := alps
	for i := range 300 {
		long += fmt.Sprintf("S%d,commune,c%d,第%d公社,,,S\n", i, i, i)
	}
	put(long)
	if _, _, stderr := b.run("init", "--roster", file); !strings.Contains(stderr, "南州  south  S  canton  （下辖 300 个）") || strings.Count(stderr, "\n") > 20 {
		t.Errorf("a long list is shown as:\n%s", stderr)
	}
}

// TestCountryFromFile: a made-up country comes up from a file alone: its root publishes the list as
// the first entry, its places are invited by name, and what they are called and their levels are
// those of the file everywhere.
func TestCountryFromFile(t *testing.T) {
	port := freePort(t)
	out, err := scripted(t, `set -e
trap 'kill %1 %2' EXIT
cat > alps.csv <<'END'
`+alps+`END
./xietong --data alps init --roster alps.csv --listen `+port+` --yes
./xietong --data alps serve &
./xietong --data alps roster show
TOKEN=$(./xietong --data alps invite 北州 | grep ^xt1-)
./xietong --data north join "$TOKEN"
./xietong --data north serve &
for i in $(seq 300); do ./xietong --data north --json roster show | grep -q '"number": *1' && break; sleep 0.05; done
./xietong --data north roster list -o csv
./xietong --data alps tree
./xietong --data alps agency add statistics 统计局
./xietong --data alps --as statistics query none --at '**.alps' --count --purpose statistics --level canton || true
`)
	for _, want := range []string{
		"number 1, published by 阿尔卑斯联邦: 4 places (nation 1, canton 2, county 1)", "N1,county,aare,阿勒县,阿勒县,Aare,N", "canton  joined", "none of the 2 jurisdictions",
	} {
		if err != nil || !strings.Contains(out, want) {
			t.Fatalf("%v, does not tell %q:\n%s", err, want, out)
		}
	}
}
