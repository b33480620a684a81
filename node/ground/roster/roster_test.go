package roster

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"xietong/certs/identity"
)

// guizhou is the list of a tree that the program knows.
var guizhou = func() *Roster {
	name, err := identity.ParseJurisdiction("guizhou")
	if err != nil {
		panic(err)
	}
	return ShippedOf(name)
}()

func name(t testing.TB, s string) identity.Jurisdiction {
	t.Helper()
	j, err := identity.ParseJurisdiction(s)
	if err != nil {
		t.Fatal(err)
	}
	return j
}

// TestShipped checks the data: every place stands below the parent that its code says, and no name
// has stray space.
func TestShipped(t *testing.T) {
	r := guizhou
	levels, called := map[string]int{}, map[string]identity.Jurisdiction{}
	code := regexp.MustCompile(`^[0-9]{6}$`)
	for _, p := range r.Places() {
		levels[p.Level]++
		parent, below := p.Name.Parent()
		for _, text := range p.Called() {
			if text == "" || strings.Join(strings.Fields(text), " ") != text {
				t.Errorf("%s: a name %q", p.Name, text)
			}
			if other, taken := called[parent.String()+" "+text]; taken && other != p.Name {
				t.Errorf("%s and %s are both called %q", other, p.Name, text)
			}
			called[parent.String()+" "+text] = p.Name
		}
		above, known := r.Of(parent)
		prefix := strings.TrimRight(above.Code, "0")
		if !code.MatchString(p.Code) || below && (!known || !strings.HasPrefix(p.Code, prefix)) {
			t.Errorf("%s: code %s under %s %s", p.Name, p.Code, parent, above.Code)
		}
		if !p.Name.Under(name(t, "guizhou")) {
			t.Errorf("%s is not below guizhou", p.Name)
		}
		if got, ok := r.Of(p.Name); !ok || got != p {
			t.Errorf("%s: got %v, want %v", p.Name, got, p)
		}
	}
	if levels["province"] != 1 || levels["prefecture"] != 9 || levels["county"] != 88 || len(levels) != 3 {
		t.Errorf("got %v, want 1 province, 9 prefectures, 88 counties", levels)
	}
	if got := len(r.Places()); got != 98 {
		t.Errorf("%d places, want 98", got)
	}
	if got := len(r.Children(name(t, "guizhou"))); got != 9 {
		t.Errorf("%d places below guizhou, want 9", got)
	}
	if _, ok := r.Of(name(t, "hunan")); ok {
		t.Error("hunan is in the roster of Guizhou")
	}
	for place, want := range map[string]string{"weining.bijie.guizhou": "威宁彝族回族苗族自治县", "hunan": "hunan"} {
		if got := r.DisplayName(name(t, place)); got != want {
			t.Errorf("%s is called %q, want %q", place, got, want)
		}
	}
}

// TestFindsEveryPlace checks that each name of a place of the country finds it and nobody else, and
// that a bare name finds it too: alone, or with the siblings of that name (临夏市, 临夏县), unless
// that is the very label of another.
func TestFindsEveryPlace(t *testing.T) {
	for _, root := range Provinces() {
		findsEvery(t, ShippedOf(root.Name))
	}
}

func findsEvery(t *testing.T, r *Roster) {
	t.Helper()
	for _, p := range r.Places()[1:] {
		parent, _ := p.Name.Parent()
		for _, text := range p.Called() {
			if found := r.Find(parent, text); len(found) != 1 || found[0] != p {
				t.Errorf("%q below %s: got %v, want %s", text, parent, found, p.Name)
			}
		}
		for _, text := range p.bare() {
			found := r.Find(parent, text)
			if !slices.Contains(found, p) && (len(found) != 1 || !slices.ContainsFunc(found[0].Called(), func(s string) bool { return strings.EqualFold(s, text) })) {
				t.Errorf("%q below %s: got %v, want %s", text, parent, found, p.Name)
			}
		}
	}
}

func TestFind(t *testing.T) {
	r := guizhou
	for _, row := range []struct{ below, text, want string }{
		{"guiyang.guizhou", "南明区", "nanming.guiyang.guizhou"}, {"guiyang.guizhou", "nanming", "nanming.guiyang.guizhou"},
		{"guiyang.guizhou", "520102", "nanming.guiyang.guizhou"}, {"guiyang.guizhou", "Nanming District", "nanming.guiyang.guizhou"},
		{"guiyang.guizhou", "nanming.guiyang.guizhou", "nanming.guiyang.guizhou"}, {"guiyang.guizhou", " 南明 ", "nanming.guiyang.guizhou"},
		{"guiyang.guizhou", "Nanming", "nanming.guiyang.guizhou"}, {"bijie.guizhou", "威宁县", "weining.bijie.guizhou"},
		{"bijie.guizhou", "威宁彝族回族苗族自治县", "weining.bijie.guizhou"}, {"bijie.guizhou", "威宁", "weining.bijie.guizhou"},
		{"liupanshui.guizhou", "六枝", "liuzhi.liupanshui.guizhou"}, {"guizhou", "黔东南", "qiandongnan.guizhou"},
		{"guiyang.guizhou", "nanming district", "nanming.guiyang.guizhou"}, {"bijie.guizhou", "qianxi", "qianxi.bijie.guizhou"},
		{"zunyi.guizhou", "ZHENG'AN", "zhengan.zunyi.guizhou"},
		{"guizhou", "南明区", ""}, {"guiyang.guizhou", "南", ""}, {"guiyang.guizhou", "", ""}, {"hunan", "长沙市", ""},
	} {
		found := r.Find(name(t, row.below), row.text)
		switch {
		case row.want == "" && len(found) > 0:
			t.Errorf("%q below %s: got %v, want none", row.text, row.below, found)
		case row.want != "" && (len(found) != 1 || found[0].Name.String() != row.want):
			t.Errorf("%q below %s: got %v, want %s", row.text, row.below, found, row.want)
		}
	}
}

func TestSuggest(t *testing.T) {
	r := guizhou
	for text, want := range map[string]string{"南名区": "南明区", "naming": "南明区", "Nanming Distrct": "南明区", "520103x": "云岩区"} {
		if got := r.Suggest(name(t, "guiyang.guizhou"), text); len(got) == 0 || len(got) > maxSuggested || got[0].DisplayName != want {
			t.Errorf("%q: got %v, want %s first", text, got, want)
		}
	}
	for _, text := range []string{"", "区", "海淀区人民政府", "威宁县", strings.Repeat("南明", 500)} {
		if got := r.Suggest(name(t, "guiyang.guizhou"), text); len(got) != 0 {
			t.Errorf("nothing is near %.20q: got %v", text, got)
		}
	}
}

func TestNamed(t *testing.T) {
	r := guizhou
	for text, want := range map[string]string{
		"黎平县": "liping.qiandongnan.guizhou", "贵州省": "guizhou", "522631": "liping.qiandongnan.guizhou", "黔东南州": "qiandongnan.guizhou",
		"liping": "", "某县": "",
	} {
		found := r.Named(text)
		if want == "" && len(found) != 0 || want != "" && (len(found) != 1 || found[0].Name.String() != want) {
			t.Errorf("%q: got %v, want %q", text, found, want)
		}
	}
}
