package roster

import (
	"cmp"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

const header = "code,level,label,name_zh,short_zh,name_en,parent\n"

// country is a list in which names are shared across the tree.
const country = header + `100000,nation,china,中国,中国,China,000000
520000,province,guizhou,贵州省,贵州省,Guizhou Province,100000
520100,prefecture,guiyang,贵阳市,贵阳市,Guiyang City,520000
520102,county,nanming,南明区,南明区,Nanming District,520100
520113,county,baiyun,白云区,白云区,Baiyun District,520100
520300,prefecture,zunyi,遵义市,遵义市,Zunyi City,520000
520500,prefecture,bijie,毕节市,毕节市,Bijie City,520000
520526,county,weining,威宁彝族回族苗族自治县,威宁县,Weining County,520500
440000,province,guangdong,广东省,广东省,Guangdong Province,100000
440100,prefecture,guangzhou,广州市,广州市,Guangzhou City,440000
440111,county,baiyun,白云区,白云区,Baiyun District,440100
220000,province,jilin,吉林省,吉林省,Jilin Province,100000
220200,prefecture,jilin,吉林市,吉林市,Jilin City,220000
310000,province,shanghai,上海市,上海市,Shanghai Municipality,100000
310115,county,pudong,浦东新区,浦东新区,Pudong New Area,310000
`

func listed(t testing.TB, list string) *Roster {
	t.Helper()
	r, err := Parse(list)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func whole(places []Place) string {
	names := make([]string, len(places))
	for i, p := range places {
		names[i] = p.Name.String()
	}
	return strings.Join(names, " ")
}

// TestMeant holds what a text means, in all the ways in which people write a place; several: all of
// them are told; "": nothing is meant.
func TestMeant(t *testing.T) {
	r := listed(t, country)
	const nanming, guiyang, weining = "nanming.guiyang.guizhou.china", "guiyang.guizhou.china", "weining.bijie.guizhou.china"
	const both = "baiyun.guiyang.guizhou.china baiyun.guangzhou.guangdong.china"
	for _, row := range []struct{ typed, want string }{
		{"南明区", nanming}, {"南明", nanming}, {" 南 明 区 ", nanming}, {"南明區", nanming}, {"Nanming District", nanming}, {"NANMING", nanming},
		{"nanming", nanming}, {"nan-ming", nanming}, {"Ｎａｎｍｉｎｇ", nanming}, {"Nánmíng", nanming}, {"520102", nanming}, {"５２０１０２", nanming},
		{"520102000", nanming}, {"520102000000", nanming}, {"520100000000", guiyang}, {"520102001", ""}, {"520199", ""},
		{nanming, nanming}, {"NANMING.GUIYANG.GUIZHOU.CHINA", nanming}, {"ｎａｎｍｉｎｇ．guiyang。guizhou.china", nanming},
		{"nanming.guiyang.guizhou", nanming}, {"nanming.guiyang", nanming}, {"Nanming, Guiyang", nanming}, {"Nanming District, Guiyang City, Guizhou", nanming},
		{"贵州省贵阳市南明区", nanming}, {"贵阳南明", nanming}, {"贵阳市南明区", nanming}, {"貴陽市南明區", nanming}, {"贵州 南明", nanming}, {"贵州省/贵阳市/南明区", nanming},
		{"中国贵州南明", nanming}, {"南明贵阳", ""}, {"遵义南明区", ""}, {"贵阳市贵州省南明区", ""}, {"Guiyang Nanming", nanming},
		{"威宁彝族回族苗族自治县", weining}, {"威宁县", weining}, {"威宁", weining}, {"威宁自治县", weining}, {"毕节威宁自治县", weining}, {"贵州威寧縣", weining},
		{"白云区", both}, {"白云", both}, {"baiyun", both}, {"贵阳白云", "baiyun.guiyang.guizhou.china"}, {"广东白云区", "baiyun.guangzhou.guangdong.china"},
		{"baiyun.guangzhou", "baiyun.guangzhou.guangdong.china"}, {"廣州市白雲區", "baiyun.guangzhou.guangdong.china"},
		{"吉林市", "jilin.jilin.china"}, {"吉林", "jilin.china jilin.jilin.china"}, {"吉林吉林", "jilin.jilin.china"}, {"jilin.jilin", "jilin.jilin.china"},
		{"浦东", "pudong.shanghai.china"}, {"Pudong", "pudong.shanghai.china"}, {"上海浦东新区", "pudong.shanghai.china"}, {"上海", "shanghai.china"},
		{"china", "china"}, {"中国", "china"}, {"", ""}, {".", ""}, {"*", ""}, {"区", ""}, {"市", ""}, {"mars", ""}, {"海淀区", ""},
		{strings.Repeat("南明", 5000), ""}, {"南明区\x00", nanming}, {"\xff南明", nanming},
	} {
		if got := whole(r.Meant(row.typed)); got != row.want {
			t.Errorf("%.40q means %q, want %q", row.typed, got, row.want)
		}
	}
}

// TestTypedExactly: what is typed as it is written in the list means the place that has it so, even
// where others have the same letters and digits so; a code where others have them in a code.
func TestTypedExactly(t *testing.T) {
	r := listed(t, header+`1,nation,land,大地国,大地国,Land,000000
d1-11,county,one,第一县,一县,County One,1
d11-1,county,two,第二县,二县,County Two,1
t1-1-1,county,s-11-1,第三县,三县,St. John,1
t11-1,county,s-1-11,第四县,四县,Stjohn,1
t111,county,five,第五县,五县,S1 11,1
`)
	places := r.Places()[1:]
	for _, p := range places {
		for _, typed := range []string{p.Code, strings.ToUpper(p.Code), " " + p.Code, strings.ReplaceAll(p.Code, "-", "－"), p.Name.Label().String(), p.DisplayName, p.EnglishName} {
			if got, among := whole(r.Meant(typed)), whole(r.Among(places, typed)); got != p.Name.String() || among != got {
				t.Errorf("%q means %q, and among the places %q; want %s", typed, got, among, p.Name)
			}
		}
	}
	for typed, want := range map[string]string{"d-111": "one.land two.land", "s-111": "s-11-1.land s-1-11.land five.land"} {
		if got := whole(r.Meant(typed)); got != want {
			t.Errorf("%s, as nobody writes it, means %q, want %q", typed, got, want)
		}
	}
}

// TestMeantBelow finds a child by a name that others share; a place that is no child is not found.
func TestMeantBelow(t *testing.T) {
	r := listed(t, country)
	for _, row := range []struct{ parent, typed, want string }{
		{"guiyang.guizhou.china", "白云", "baiyun.guiyang.guizhou.china"}, {"guangzhou.guangdong.china", "白雲區", "baiyun.guangzhou.guangdong.china"},
		{"guiyang.guizhou.china", "贵阳市白云区", "baiyun.guiyang.guizhou.china"}, {"guiyang.guizhou.china", "广州白云", ""},
		{"guizhou.china", "白云区", ""}, {"jilin.china", "吉林", "jilin.jilin.china"}, {"china", "吉林", "jilin.china"}, {"mars", "吉林", ""},
	} {
		if got := whole(r.MeantBelow(name(t, row.parent), row.typed)); got != row.want {
			t.Errorf("%q below %s means %q, want %q", row.typed, row.parent, got, row.want)
		}
		children := r.Children(name(t, row.parent))
		if got := whole(r.Among(children, row.typed)); got != row.want {
			t.Errorf("%q among those below %s means %q, want %q", row.typed, row.parent, got, row.want)
		}
	}
	zone := Place{Name: name(t, "zone.guiyang.guizhou.china"), DisplayName: "试点区"}
	for _, typed := range []string{"试点区", "试点", "试 点 區", "zone", "贵阳市试点区", "ZONE.guiyang.guizhou.china", "zone.guiyang"} {
		if got := r.Among([]Place{zone}, typed); len(got) != 1 {
			t.Errorf("a place that is not listed is not %q", typed)
		}
	}
}

// TestShippedIsFound checks that each place of the list is found by each of its names, alone where
// no other has it, and always after the name of its parent.
func TestShippedIsFound(t *testing.T) {
	for _, root := range append(Provinces(), nationPlace()) {
		shippedIsFound(t, ShippedOf(root.Name))
	}
}

func shippedIsFound(t *testing.T, r *Roster) {
	t.Helper()
	for _, p := range r.Places()[1:] {
		parent, _ := p.Name.Parent()
		above, _ := r.Of(parent)
		bare := cmp.Or(withoutGeneric(p.ShortName), p.ShortName)
		for _, typed := range []string{p.DisplayName, p.ShortName, p.EnglishName, p.Name.Label().String(), bare, p.Code} {
			if got := r.MeantBelow(parent, typed); !slices.Contains(got, p) || len(got) > 1 && typed != bare {
				t.Errorf("%q below %s means %s, want %s", typed, parent, whole(got), p.Name)
			}
			if !slices.Contains(r.Meant(typed), p) && typed != r.Root().String() && typed != bare {
				t.Errorf("%q does not mean %s", typed, p.Name)
			}
		}
		for _, typed := range []string{above.DisplayName + p.DisplayName, above.ShortName + p.ShortName, p.EnglishName + ", " + above.EnglishName, p.Name.String()} {
			if got := r.Meant(typed); len(got) != 1 || got[0] != p {
				t.Errorf("%q means %s, want %s", typed, whole(got), p.Name)
			}
		}
	}
}

// TestNear offers what is spelled nearly so, also after the name of a place above, and nothing
// where nothing is near.
func TestNear(t *testing.T) {
	r := listed(t, country)
	for typed, want := range map[string]string{
		"南名区": "南明区", "naming": "南明区", "Nanming Distrct": "南明区", "贵阳市南名区": "南明区", "貴陽市南名區": "南明区",
		"520102001": "南明区", "520102001003": "南明区", "遵议": "遵义市", "Zuny City": "遵义市",
	} {
		if got := r.Near(typed); len(got) == 0 || len(got) > MaxNear || got[0].DisplayName != want {
			t.Errorf("near %q: got %s, want %s first", typed, whole(got), want)
		}
	}
	for _, typed := range []string{"", "区", "海淀区人民政府", "乌有之乡", strings.Repeat("南明", 500)} {
		if got := r.Near(typed); len(got) != 0 {
			t.Errorf("near %.20q: got %s, want none", typed, whole(got))
		}
	}
	if got := r.NearBelow(name(t, "guizhou.china"), "南名区"); len(got) != 0 {
		t.Errorf("near below a place: got %s, which are no children", whole(got))
	}
}

// TestTraditional checks the table: one line a character, and no character of the names themselves
// has another form, or the names would not be found by themselves.
func TestTraditional(t *testing.T) {
	forms := map[rune]bool{}
	for line := range strings.Lines(traditional) {
		simple, others, ok := strings.Cut(strings.TrimSpace(line), " ")
		if !ok || len([]rune(simple)) != 1 || others == "" {
			t.Errorf("the line %q", line)
		}
		for _, other := range others {
			if forms[other] {
				t.Errorf("%c stands twice", other)
			}
			forms[other] = true
		}
	}
	for _, p := range ShippedOf(name(t, Nation)).Places() {
		for _, c := range p.DisplayName + p.ShortName {
			if forms[c] {
				t.Errorf("%c of %s is told as another form", c, p.DisplayName)
			}
		}
	}
	if got := Fold("貴陽市觀山湖區 ÜＡb-1。"); got != "贵阳市观山湖区uab1" {
		t.Errorf("got %q", got)
	}
}

// many returns a list of n places over three levels, with names that are shared.
func many(t testing.TB, n int) *Roster {
	var b strings.Builder
	b.WriteString(header + "1,nation,land,大地国,大地国,Land,000000\n")
	for i := 2; i <= min(n, MaxPlaces); i++ {
		parent := 1
		if i > 250 {
			parent = 2 + i%249
		}
		fmt.Fprintf(&b, "%d,county,l%d,第%d山水区,第%d山水区,Hill %d District,%d\n", i, i, i%2500, i%2500, i%2500, parent)
	}
	return listed(t, b.String())
}

// TestManyPlaces bounds the time of a question to a long list, whatever is typed.
func TestManyPlaces(t *testing.T) {
	r := many(t, 60_000)
	r.Meant("once")
	for _, typed := range []string{"第77山水区", "第7山水曲", "nothing near at all", strings.Repeat("第1", 120), strings.Repeat("山水区", 80), "大地国第300山水区"} {
		start := time.Now()
		r.Meant(typed)
		r.Near(typed)
		if took := time.Since(start); took > 5*time.Second {
			t.Errorf("%.20q took %s", typed, took)
		}
	}
}

func BenchmarkParse(b *testing.B) {
	data := many(b, MaxPlaces).CSV()
	for b.Loop() {
		if _, err := Parse(data); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkRead reads a list from its pieces, and tells what it then holds, without and with the
// index of its names.
func BenchmarkRead(b *testing.B) {
	r, heap := many(b, MaxPlaces), func() float64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return float64(m.HeapAlloc) / (1 << 20)
	}
	before := heap()
	var again *Roster
	for b.Loop() {
		var err error
		if again, err = read(r); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(heap()-before, "MiB")
	again.index()
	b.ReportMetric(heap()-before, "MiB-with-index")
	runtime.KeepAlive([]*Roster{r, again})
}

func BenchmarkMeant(b *testing.B) {
	r := many(b, MaxPlaces)
	for b.Loop() {
		r.Meant("大地国第300山水区")
	}
}

func BenchmarkNear(b *testing.B) {
	r := many(b, MaxPlaces)
	for b.Loop() {
		r.Near("第77山木区")
	}
}

func BenchmarkIndex(b *testing.B) {
	r := many(b, MaxPlaces)
	for b.Loop() {
		r.finder = finder{}
		r.index()
	}
}

// model says what a text means as the words of Meant do, by writing out all texts that mean a
// place. It knows names of the characters 山 水 区 and labels a and b.
func model(r *Roster, typed string) (all []Place) {
	names := func(p Place) (own, used []string) {
		used = []string{p.Name.Label().String()}
		if s, ok := strings.CutSuffix(p.DisplayName, "区"); ok && s != "" {
			used = append(used, s)
		}
		return []string{p.DisplayName}, used
	}
	var chains func(p Place) []string
	chains = func(p Place) (texts []string) { // of the names of the places above, from the top, some left out
		texts = []string{""}
		parent, below := p.Name.Parent()
		if above, listed := r.Of(parent); below && listed {
			own, used := names(above)
			rest := chains(above)
			texts = slices.Clone(rest)
			for _, before := range rest {
				for _, n := range append(own, used...) {
					texts = append(texts, before+n)
				}
			}
		}
		return texts
	}
	best := 5
	for _, p := range r.Places() {
		own, used := names(p)
		near := 5
		switch {
		case typed == p.Name.String():
			near = 0
		case slices.Contains(own, typed):
			near = 1
		case used[0] == typed:
			near = 2
		case slices.Contains(used, typed):
			near = 3
		default:
			for _, c := range chains(p) {
				for _, n := range append(own, used...) {
					if c != "" && c+n == typed {
						near = 4
					}
				}
			}
		}
		if near < best {
			best, all = near, nil
		}
		if near == best && near < 5 {
			all = append(all, p)
		}
	}
	return all
}

// TestMeantIsAsTheModel compares random small trees and texts with a slow model.
func TestMeantIsAsTheModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var b strings.Builder
		b.WriteString(header)
		n := rapid.IntRange(1, 7).Draw(t, "places")
		taken := map[string]bool{}
		for i := range n {
			parent := "000000"
			if i > 0 {
				parent = fmt.Sprintf("c%d", rapid.IntRange(0, i-1).Draw(t, "parent"))
			}
			label := rapid.SampledFrom([]string{"a", "b", "ab"}).Draw(t, "label")
			if taken[parent+label] {
				continue
			}
			taken[parent+label] = true
			named := rapid.StringOfN(rapid.SampledFrom([]rune("山水区")), 1, 3, -1).Draw(t, "name")
			fmt.Fprintf(&b, "c%d,county,%s,%s,,,%s\n", i, label, named, parent)
		}
		r, err := Parse(b.String())
		if err != nil {
			t.Skip(err)
		}
		said := []string{"a", "b", "ab", "山", "水", "区"}
		for _, p := range r.Places() {
			said = append(said, p.DisplayName)
		}
		typed := strings.Join(rapid.SliceOfN(rapid.SampledFrom(said[:6]), 0, 3).Draw(t, "letters"), "")
		typed += strings.Join(rapid.SliceOfN(rapid.SampledFrom(said[6:]), 0, 3).Draw(t, "names"), "")
		if got, want := whole(r.Meant(typed)), whole(model(r, typed)); got != want {
			t.Fatalf("%q in\n%smeans %q, want %q", typed, b.String(), got, want)
		}
	})
}

// FuzzMeant checks that every text is answered, and that what is found by a text is in the list.
func FuzzMeant(f *testing.F) {
	r := listed(f, country)
	for _, s := range []string{"南明区", "贵阳市南明区", "nanming.guiyang", "520102000000", "*", "\xff", "..", "ſ", "㎏"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, typed string) {
		for _, p := range append(r.Meant(typed), r.Near(typed)...) {
			if got, ok := r.Of(p.Name); !ok || got != p {
				t.Errorf("%q means %v, which is not listed", typed, p)
			}
		}
		if again := Fold(Fold(typed)); again != Fold(typed) {
			t.Errorf("%q is folded to %q and then to %q", typed, Fold(typed), again)
		}
	})
}
