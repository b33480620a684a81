package roster

import (
	"regexp"
	"strings"
	"testing"
)

// TestShippedCountry checks the data of the whole country, province by province, and that each is
// found by what people call it.
func TestShippedCountry(t *testing.T) {
	code := regexp.MustCompile(`^[0-9]{6}$`)
	levels, codes := map[string]int{}, map[string]bool{}
	provinces := Provinces()
	for _, root := range provinces {
		called := map[string]string{} // by parent and name
		r := ShippedOf(root.Name)
		if ShippedOf(r.places[len(r.places)-1].Name) != r || !Ships(root.Name) {
			t.Errorf("%s: its places have another list", root.Name)
		}
		for i, p := range r.Places() {
			levels[p.Level]++
			parent, below := p.Name.Parent()
			if codes[p.Code] || !code.MatchString(p.Code) || below == (i == 0) || !strings.HasPrefix(p.Code, root.Code[:2]) {
				t.Errorf("%s: code %s, below %s", p.Name, p.Code, parent)
			}
			codes[p.Code] = true
			for _, text := range []string{p.DisplayName, p.ShortName, p.EnglishName, p.Name.String(), p.Name.Label().String(), p.Code} {
				key := parent.String() + " " + text
				if other := called[key]; text == "" || strings.Join(strings.Fields(text), " ") != text || other != "" && other != p.Name.String() {
					t.Errorf("%s: a name %q, as %s has", p.Name, text, other)
				}
				called[key] = p.Name.String()
			}
		}
	}
	if len(provinces) != 31 || levels["prefecture"] != 333 || levels["county"] != 2847 || len(levels) != 3 {
		t.Errorf("%d provinces, levels %v", len(provinces), levels)
	}
	all := ShippedOf(name(t, Nation))
	if len(all.places) != 3212 || all.places[0].Level != "nation" || all.places[0].DisplayName != "中华人民共和国" {
		t.Errorf("the nation has %d places below %+v", len(all.places), all.places[0])
	}
	if p, ok := all.Of(name(t, "nanming.guiyang.guizhou.china")); !ok || p.Code != "520102" {
		t.Errorf("南明区 in the nation: %+v, %t", p, ok)
	}
	data, err := all.Next(all).Encode()
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d bytes for the whole country", len(data))
}

// TestShippedUnknown: a tree that the program does not know has its root alone, the same for all.
func TestShippedUnknown(t *testing.T) {
	a, b := ShippedOf(name(t, "x.atlantis")), ShippedOf(name(t, "atlantis"))
	if len(a.places) != 1 || a.Root() != name(t, "atlantis") || a.Hash() != b.Hash() || Ships(a.Root()) {
		t.Errorf("got %v and %v", a.places, b.places)
	}
	if got := a.DisplayName(name(t, "atlantis")); got != "atlantis" {
		t.Errorf("it is called %q", got)
	}
}

func TestShippedCalled(t *testing.T) {
	for typed, want := range map[string]string{
		"guangdong": "guangdong", "广东省": "guangdong", "广东": "guangdong", "440000": "guangdong", "GUANGDONG": "guangdong", " Guangdong Province ": "guangdong",
		"内蒙古": "neimenggu", "内蒙古自治区": "neimenggu", "北京": "beijing", "中国": Nation, "China": Nation, "000000": Nation,
		"贵阳市": "guiyang.guizhou", "520102": "nanming.guiyang.guizhou", "nanming.guiyang.guizhou": "nanming.guiyang.guizhou",
		"白云区": "baiyun.guangzhou.guangdong baiyun.guiyang.guizhou", "亚特兰蒂斯": "", "": "",
	} {
		var got []string
		for _, p := range ShippedCalled(typed) {
			got = append(got, p.Name.String())
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%q: got %v, want %q", typed, got, want)
		}
	}
}

func TestLevelOf(t *testing.T) {
	for typed, want := range map[string]string{
		"county": "county", "县级": "county", "County": "county", " 国家级 ": "nation", "canton": "canton", "Bezirk": "Bezirk", "都道府県": "都道府県",
	} {
		if got, ok := LevelOf(typed); !ok || got != want {
			t.Errorf("%q: got %q, %t, want %q", typed, got, ok, want)
		}
	}
	for _, typed := range []string{"", " ", "a b", "a/b", "a\u200bb", strings.Repeat("x", 33)} {
		if got, ok := LevelOf(typed); ok {
			t.Errorf("%q: taken as %q", typed, got)
		}
	}
}
