package roster

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"xietong/node/ground/text"
)

const (
	swiss  = "1,nation,ch,瑞士,瑞士,Switzerland,\n"
	zurich = "11,canton,zh,苏黎世州,苏黎世,Zurich,1\n"
)

// TestParseTakes: what spreadsheet programs write, any order of lines and columns, and levels as
// words are taken.
func TestParseTakes(t *testing.T) {
	want := parsed(t, swiss+zurich+"111,county,x,甲,甲,X,11\n")
	for what, data := range map[string]string{
		"a mark":             "\ufeff" + head + swiss + zurich + "111,county,x,甲,甲,X,11\n",
		"CRLF":               strings.ReplaceAll(head+swiss+zurich+"111,county,x,甲,甲,X,11\n", "\n", "\r\n"),
		"children first":     head + "111,county,x,甲,甲,X,11\n" + zurich + swiss,
		"000000 for none":    head + strings.Replace(swiss, "Switzerland,", "Switzerland,000000", 1) + zurich + "111,county,x,甲,甲,X,11\n",
		"spaces":             head + " 1 ,nation , ch,瑞士,瑞士, Switzerland,\n" + zurich + "111,county,x,甲,甲,X,11\n",
		"levels as words":    head + strings.Replace(swiss, "nation", "国家级", 1) + zurich + "111,县级,x,甲,甲,X,11\n",
		"levels in capitals": head + strings.Replace(swiss, "nation", "Nation", 1) + zurich + "111,COUNTY,x,甲,甲,X,11\n",
		"quotation marks":    head + `"1","nation","ch","瑞士","瑞士","Switzerland",""` + "\n" + zurich + "111,county,x,甲,甲,X,11\n",
		"columns in any order": "parent,code,label,level,name_en,name_zh,short_zh\n,1,ch,nation,Switzerland,瑞士,瑞士\n" +
			"1,11,zh,canton,Zurich,苏黎世州,苏黎世\n11,111,x,county,X,甲,甲\n",
	} {
		got, err := Parse(data)
		if err != nil {
			t.Errorf("%s: %v", what, err)
			continue
		}
		if !slices.Equal(got.Places(), want.Places()) {
			t.Errorf("%s: got %v, want %v", what, got.Places(), want.Places())
		}
	}
	short, err := Parse("code,level,label,name_zh,parent\n1,nation,ch,瑞士,\n")
	if err != nil || short.Places()[0].ShortName != "" {
		t.Errorf("without the columns that may be absent: %v, %v", short, err)
	}
	if got := want.Levels(); !slices.Contains(got, "canton") || !slices.Contains(got, "village") {
		t.Errorf("levels: got %v", got)
	}
}

// TestParseRefuses: each fault is told with its line, in words of its own.
func TestParseRefuses(t *testing.T) {
	long := strings.Repeat("a", 64)
	deep := swiss
	for i := range 8 {
		deep += fmt.Sprintf("1%[1]s1,county,x%[2]d,甲,甲,X,1%[3]s\n", strings.Repeat("1", i), i, strings.Repeat("1", i))
	}
	for what, row := range map[string]struct {
		data string
		want []string // "line kind value other"
	}{
		"nothing":             {"", []string{"1 no header"}},
		"no place":            {head, []string{"0 no place"}},
		"an unknown column":   {strings.Replace(head, "name_en", "english", 1) + swiss, []string{"1 unknown column english"}},
		"a column twice":      {strings.Replace(head, "short_zh", "name_zh", 1) + swiss, []string{"1 column twice name_zh"}},
		"columns that lack":   {"code,label,name_zh\n", []string{"1 missing column level", "1 missing column parent"}},
		"a missing cell":      {head + "1,nation\n" + swiss, []string{"2 cells 2 7"}},
		"a bare quote":        {head + strings.Replace(swiss, "瑞士", `瑞"士`, 1), []string{"2 quote"}},
		"no code, no name":    {head + ",nation,ch,,,,\n", []string{"2 empty code", "2 empty name_zh"}},
		"a bad label":         {head + swiss + strings.Replace(zurich, "zh", "Zürich", 1), []string{"3 label Zürich"}},
		"a label of two":      {head + swiss + strings.Replace(zurich, "zh", "a.b", 1), []string{"3 label a.b"}},
		"a code twice":        {head + swiss + zurich + strings.Replace(zurich, ",zh,", ",bern,", 1), []string{"4 code twice 11 3"}},
		"a label twice":       {head + swiss + zurich + strings.Replace(zurich, "11", "12", 1), []string{"4 label twice zh 3"}},
		"an orphan":           {head + swiss + strings.Replace(zurich, "Zurich,1", "Zurich,9", 1), []string{"3 orphan 9"}},
		"two roots":           {head + swiss + strings.Replace(zurich, "Zurich,1", "Zurich,", 1), []string{"3 two roots 苏黎世州 2"}},
		"no root":             {head + strings.Replace(swiss, "Switzerland,", "Switzerland,11", 1) + zurich, []string{"0 no root"}},
		"a cycle":             {head + swiss + "2,county,a,甲,,,3\n3,county,b,乙,,,2\n4,county,c,丙,,,3\n", []string{"3 cycle 甲 3", "4 cycle 乙 2", "5 cycle 丙 3"}},
		"its own parent":      {head + swiss + "2,county,a,甲,,,2\n", []string{"3 cycle 甲 2"}},
		"a level of signs":    {head + strings.Replace(swiss, "nation", "a/b", 1), []string{"2 level a/b"}},
		"a long label":        {head + strings.Replace(swiss, ",ch,", ","+long+",", 1), []string{"2 long label 63"}},
		"a long name":         {head + strings.Replace(swiss, "瑞士", strings.Repeat("瑞", 67), 1), []string{"2 long name_zh 200"}},
		"nine levels":         {head + deep, []string{"10 deep x7 8"}},
		"lost characters":     {head + strings.Replace(swiss, "瑞士", "\ufffd\ufffd", 1), []string{"2 unreadable name_zh"}},
		"another encoding":    {head + strings.Replace(swiss, "瑞士", "\xc8\xf0\xca\xbf", 1), []string{"2 unreadable name_zh"}},
		"unseen characters":   {head + strings.Replace(swiss, "瑞士", "瑞\u202e士", 1), []string{"2 unreadable name_zh"}},
		"a line break within": {head + strings.Replace(swiss, "瑞士", "\"瑞\n士\"", 1), []string{"2 unreadable name_zh"}},
	} {
		_, err := Parse(row.data)
		f, ok := errors.AsType[*Faulty](err)
		if !ok {
			t.Errorf("%s: got %v, want faults", what, err)
			continue
		}
		var got []string
		for _, f := range f.Faults {
			got = append(got, strings.TrimSpace(fmt.Sprintf("%d %s %s %s", f.Line, f.Kind, f.Value, f.Other)))
		}
		same := len(got) == len(row.want)
		for i := range row.want {
			same = same && strings.HasPrefix(got[i], row.want[i])
		}
		if !same {
			t.Errorf("%s: got %q, want %q", what, got, row.want)
		}
		for _, l := range []text.Lang{text.Zh, text.En} {
			for _, f := range f.Faults {
				if told := f.Tell(l); told == "" || strings.ContainsAny(told, "{}") || f.Line > 0 && !strings.Contains(told, fmt.Sprint(f.Line)) {
					t.Errorf("%s: told as %q", what, told)
				}
			}
		}
	}
}

// TestParseTellsTen: of many faults the first ten are told, and how many there are beside them.
func TestParseTellsTen(t *testing.T) {
	data := head + swiss
	for i := range 25 {
		data += fmt.Sprintf("2%d,county,B,甲,甲,X,1\n", i)
	}
	_, err := Parse(data)
	f, ok := errors.AsType[*Faulty](err)
	if !ok || len(f.Faults) != maxFaults || f.More != 15 {
		t.Errorf("got %v", err)
	}
}

// TestTooManyPlaces: the last line that fits is taken, and one more is refused by its line.
func TestTooManyPlaces(t *testing.T) {
	var b strings.Builder
	b.WriteString(head + swiss)
	for i := range MaxPlaces - 1 {
		fmt.Fprintf(&b, "c%d,county,x%d,甲%d,,,1\n", i, i, i)
	}
	if r, err := Parse(b.String()); err != nil || len(r.places) != MaxPlaces {
		t.Fatalf("%d places: %v", MaxPlaces, err)
	}
	_, err := Parse(b.String() + "last,county,last,末,,,1\n")
	if f, ok := errors.AsType[*Faulty](err); !ok || len(f.Faults) != 1 || f.Faults[0].Kind != "too many" || f.Faults[0].Line != MaxPlaces+2 {
		t.Errorf("one more: got %v", err)
	}
}

// TestLongChainIsRefused: a file in which each place stands below the next is refused in one pass:
// a pass for each place would take hours.
func TestLongChainIsRefused(t *testing.T) {
	var b strings.Builder
	b.WriteString(head)
	for i := range MaxPlaces - 1 {
		fmt.Fprintf(&b, "c%d,county,x,甲,,,c%d\n", i, i+1)
	}
	fmt.Fprintf(&b, "c%d,county,x,甲,,,\n", MaxPlaces-1)
	_, err := Parse(b.String())
	if f, ok := errors.AsType[*Faulty](err); !ok || len(f.Faults) != 1 || f.Faults[0].Kind != "deep" {
		t.Errorf("got %v", err)
	}
}

// TestTooMuch: a list whose places are too long together is refused, and not one that just fits.
func TestTooMuch(t *testing.T) {
	for extra, want := range map[int]bool{0: true, 8: false} { // characters of each of the names
		var b strings.Builder
		b.WriteString(head + swiss)
		for i := range 40_000 {
			fmt.Fprintf(&b, "c%d,county,x%d,%s%d,%[3]s,%[3]s,1\n", i, i, strings.Repeat("甲", 26+extra), i)
		}
		_, err := Parse(b.String())
		f, faulty := errors.AsType[*Faulty](err)
		if want != (err == nil) || !want && (!faulty || len(f.Faults) != 1 || f.Faults[0].Kind != "too much") {
			t.Errorf("%d more: got %v", extra, err)
		}
	}
}

// TestCSV: what CSV writes, Parse reads as the same list, also after its lines were shuffled.
func TestCSV(t *testing.T) {
	for _, list := range []*Roster{guizhou, ShippedOf(name(t, Nation)), parsed(t, "1,prefecture,guiyang.guizhou,贵阳市,,,\n2,county,nanming,南明区,,,1\n")} {
		data := list.CSV()
		back, err := Parse(data)
		if err != nil || !slices.Equal(back.places, list.places) {
			t.Errorf("%s: %v", list.Root(), err)
			continue
		}
		lines := strings.SplitAfter(strings.TrimSuffix(data, "\n"), "\n")[1:]
		lines[len(lines)-1] += "\n"
		rand.New(rand.NewPCG(1, 2)).Shuffle(len(lines), func(i, j int) { lines[i], lines[j] = lines[j], lines[i] })
		if mixed, err := Parse(head + strings.Join(lines, "")); err != nil || len(mixed.places) != len(list.places) {
			t.Errorf("%s, shuffled: %v", list.Root(), err)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(head + swiss + zurich)
	f.Add("\ufeffcode,level,label,name_zh,parent\r\n1,国家级,ch,瑞士,\r\n")
	f.Add(head + "2,county,a,甲,,,3\n3,county,b,乙,,,2\n")
	f.Fuzz(func(t *testing.T, data string) {
		r, err := Parse(data)
		if err != nil {
			if f, ok := errors.AsType[*Faulty](err); !ok || len(f.Faults) == 0 || f.Failure() == nil {
				t.Errorf("got %v", err)
			}
			return
		}
		if back, err := Parse(r.CSV()); err != nil || !slices.Equal(back.places, r.places) {
			t.Errorf("written and read again: %v", err)
		}
		if again, err := read(r); err != nil || !slices.Equal(again.places, r.places) {
			t.Errorf("encoded and read again: %v", err)
		}
	})
}
