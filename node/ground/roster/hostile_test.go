package roster

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"xietong/certs/identity"
)

const hostileHead = "code,level,label,name_zh,short_zh,name_en,parent\n52,province,guizhou,贵州省,贵州省,Guizhou Province,\n"

// TestNamesThatDeceive (R05): a file of a list is refused where a name is the code of another
// place, or has what nobody sees; and so are the pieces of such a list, whoever made them.
func TestNamesThatDeceive(t *testing.T) {
	for what, c := range map[string]struct{ name, kind string }{
		"the code of another":  {"520102", "code as name"},
		"a Hangul filler":      {"南明区\u3164", "unreadable"},
		"another filler":       {"南明区\u115f", "unreadable"},
		"a joiner":             {"南明区\u034f", "unreadable"},
		"a variation selector": {"南明区\ufe00", "unreadable"},
		"another selector":     {"南\U000E0100明区", "unreadable"},
		"a blank of Braille":   {"南明区\u2800", "unreadable"},
		"a line separator":     {"南明区\u2028x", "unreadable"},
		"a direction":          {"南\u202e明区", "unreadable"},
	} {
		_, err := Parse(hostileHead + "520102,county,nanming,南明区,南明,Nanming,52\n520103,county,yunyan,云岩区," + c.name + ",,52\n")
		if f, ok := errors.AsType[*Faulty](err); !ok || len(f.Faults) != 1 || f.Faults[0].Kind != c.kind {
			t.Errorf("%s: got %v, want %s", what, err, c.kind)
		}
		if err := handed(t, Place{Code: "520103", Level: "county", DisplayName: "云岩区", ShortName: c.name}); err == nil {
			t.Errorf("%s: its pieces are taken", what)
		}
	}
	for what, p := range map[string]Place{
		"a level that is none":                  {Code: "520103", Level: "no such level!", DisplayName: "云岩区"},
		"the code of a sibling":                 {Code: "520102", Level: "county", DisplayName: "云岩区"},
		"a code as long as the name that it is": {Code: strings.Repeat("5", 40), Level: "county", DisplayName: strings.Repeat("5", 40)},
		"a name of 60,000 bytes":                {Code: "520103", Level: "county", DisplayName: strings.Repeat("云", 20_000)},
	} {
		if err := handed(t, p); err == nil {
			t.Errorf("%s: its pieces are taken", what)
		}
	}
	if err := handed(t, Place{Code: "520103", Level: "county", DisplayName: "云岩区"}); err != nil {
		t.Errorf("a place as others: %v", err)
	}
}

// TestNamesThatTake (R05b): no name, label or code of a place takes a text alone by which another
// is meant: the file is refused, or the text means both.
func TestNamesThatTake(t *testing.T) {
	const hostile, both = "yunyan.guizhou", "nanming.guizhou yunyan.guizhou"
	for what, c := range map[string]struct {
		nanming, yunyan string // code; level, label; names
		typed           []string
	}{
		"a long code":                 {"520102,county,nanming,南明区,南明,", "X2,county,yunyan,云岩区,520102000000,", nil},
		"a code and a half":           {"520102,county,nanming,南明区,南明,", "X2,county,yunyan,云岩区,,520102000", nil},
		"a long code as code":         {"520102,county,nanming,南明区,南明,", "520102000000,county,yunyan,云岩区,,", nil},
		"a wide code":                 {"520102,county,nanming,南明区,南明,", "X2,county,yunyan,云岩区,５２０１０２,", nil},
		"a code with a blank":         {"520102,county,nanming,南明区,南明,", "X2,county,yunyan,云岩区,520 102,", []string{"520102", "520 102", "520-102", "520102000"}},
		"letters of a code":           {"GX01,county,nanming,南明区,南明,", "X2,county,yunyan,云岩区,gx01,", []string{"gx01", "GX01", "Gx01", "ＧＸ０１", "GX-01"}},
		"letters of a code, in label": {"GX-01,county,nanming,南明区,南明,", "X2,county,gx01,云岩区,,", []string{"gx01", "GX-01", "GX01"}},
		"letters of a code, in code":  {"GX01,county,nanming,南明区,南明,", "gx01,county,yunyan,云岩区,,", []string{"gx01", "GX01"}},
		"a label":                     {"520102,county,nanming,南明区,南明,Nanming District", "X2,county,yunyan,云岩区,,nanming", []string{"nanming", "Nanming", "NANMING", "nan-ming"}},
		"a label, nearly":             {"520102,county,nanming,南明区,南明,Nanming District", "X2,county,yunyan,云岩区,,Nan Ming", []string{"Nan-Ming", "nan ming."}},
		"a label as code":             {"520102,county,nanming,南明区,南明,", "nanming,county,yunyan,云岩区,,", []string{"nanming", "Nanming"}},
		"a name as code":              {"520102,county,nanming,南明区,南明区,", "南明,county,yunyan,云岩区,,", []string{"南明", "南 明"}},
		"a name after another":        {"520102,county,nanming,南明区,南明区,", "贵州南明,county,yunyan,云岩区,,", []string{"贵州南明"}},
		"a whole name with a blank":   {"520102,county,nanming,南明区,南明区,", "X2,county,yunyan,云岩区,,nanming guizhou", []string{"nanming guizhou", "Nanming  Guizhou"}},
	} {
		r, err := Parse(hostileHead + c.nanming + ",52\n" + c.yunyan + ",52\n")
		if c.typed == nil {
			if f, ok := errors.AsType[*Faulty](err); !ok || len(f.Faults) != 1 || !strings.HasPrefix(f.Faults[0].Kind, "code ") {
				t.Errorf("%s: got %v, want it refused", what, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", what, err)
			continue
		}
		for _, typed := range c.typed {
			want := strings.Replace(both, hostile, r.Places()[2].Name.String(), 1)
			got, among := whole(r.Meant(typed)), whole(r.Among(r.Places()[1:], typed))
			if got != want || among != want {
				t.Errorf("%s: %q means %q, among the places %q; want both", what, typed, got, among)
			}
		}
		if got := whole(r.Meant("nanming.guizhou")); got != "nanming.guizhou" {
			t.Errorf("%s: its whole name means %q", what, got)
		}
	}
}

// handed returns the error of reading the pieces of a list with a place that a hostile parent made.
func handed(t *testing.T, hostile Place) error {
	t.Helper()
	var w cutting
	for i, p := range []Place{
		{Name: mustName(t, "guizhou"), Code: "52", Level: "province", DisplayName: "贵州省"},
		{Name: mustName(t, "nanming.guizhou"), Code: "520102", Level: "county", DisplayName: "南明区"},
		hostile,
	} {
		if p.Name.IsZero() {
			p.Name = mustName(t, "yunyan.guizhou")
		}
		w.add(p, i == 0)
	}
	l := empty(0, nil).list
	if err := l.read(w.piece(), MaxPlaces); err != nil {
		return err
	}
	return l.distinct()
}

func mustName(t *testing.T, name string) identity.Jurisdiction {
	t.Helper()
	n, err := identity.ParseJurisdiction(name)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestLevelsAreBounded: refusals name the levels of a list, so that it has few.
func TestLevelsAreBounded(t *testing.T) {
	file := hostileHead
	for i := range maxLevels {
		file += fmt.Sprintf("c%d,level%d,p%d,名%d,,,52\n", i, i, i, i)
	}
	r, err := Parse(file)
	if err != nil {
		t.Fatal(err)
	}
	if levels := r.Levels(); levels[len(levels)-1] != fmt.Sprintf("level%d", maxLevels-1) {
		t.Errorf("got %v", levels)
	}
	_, err = Parse(file + "more,another,more,又一,,,52\n")
	if f, ok := errors.AsType[*Faulty](err); !ok || len(f.Faults) != 1 || f.Faults[0].Kind != "many levels" {
		t.Errorf("one more: got %v", err)
	}
}

// TestAlikeIsBounded (R06): what many places are called costs a bounded number of comparisons, and
// is not found.
func TestAlikeIsBounded(t *testing.T) {
	l := empty(0, nil)
	if err := l.add(Place{Name: mustName(t, "guizhou"), Code: "52", DisplayName: "贵州省"}); err != nil {
		t.Fatal(err)
	}
	for i := range 2 * maxSteps {
		err := l.add(Place{Name: mustName(t, fmt.Sprintf("p%d.guizhou", i)), Code: fmt.Sprint("c", i), DisplayName: "é"})
		if err != nil {
			t.Fatal(err)
		}
	}
	s := l.searched("é")
	if _, all := s.meant("é", func(Place) bool { return true }); len(all) > 0 || s.left != -1 {
		t.Errorf("got %d places, and %d steps are left", len(all), s.left)
	}
	left := maxSteps
	if l.spelled("e", func(Place) bool { return true }, &left); left >= 0 {
		t.Errorf("nearly as %d places: %d steps are left", 2*maxSteps, left)
	}
	if got := l.Meant("p7"); len(got) != 1 {
		t.Errorf("another of them, by its label: got %v", got)
	}
}
