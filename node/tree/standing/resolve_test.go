package standing

import (
	"slices"
	"strings"
	"testing"

	"xietong/node/ground/roster"
	"xietong/node/ground/text"
	"xietong/node/ground/zone"
	"xietong/node/tree/treetest"
)

// TestTyped holds the ways in which people name a place, of which `--at`, `--in`, `invite`,
// `withdraw` and the API know all (U-C1, E44): codes, labels, full, short and English names, with
// and without the generic, after the names of places above, in any width and case, in traditional
// characters.
func TestTyped(t *testing.T) {
	s := newScene(t)
	for _, typed := range []string{
		"520102", "５２０１０２", "520102000000", "nanming", "NANMING", "Ｎａｎｍｉｎｇ", "Nanming District", "nanming district", "南明", "南 明 区", "南明區",
		"贵州省贵阳市南明区", "贵阳南明", "貴陽市南明區", "nanming.guiyang", "nanming.guiyang.guizhou", "NANMING.GUIYANG.GUIZHOU", "Nanming, Guiyang",
	} {
		if got, err := s.Resolve(typed); err != nil || got.String() != nanming {
			t.Errorf("%q means %s, %v, want %s", typed, got, err, nanming)
		}
		for _, stars := range []string{"*.", "**.", "＊．", "*。"} {
			got, err := s.Selector(stars+typed, "")
			if err != nil || got.Below.String() != nanming || got.Deep != strings.HasPrefix(stars, "**") {
				t.Errorf("%q means %+v, %v", stars+typed, got, err)
			}
		}
		if got, err := s.ToInvite(typed, "", roster.Place{}); err != nil || got.Name.String() != nanming {
			t.Errorf("to invite %q: got %+v, %v", typed, got, err)
		}
		if got, err := s.ChildCalled(t.Context(), typed); err != nil || got.String() != "nanming" {
			t.Errorf("the child %q: got %s, %v", typed, got, err)
		}
	}
}

// TestSeveralAreMeant refuses a name that several places share, with all of them as they can be
// typed; a child's own name is its own among its siblings, for those who invite and withdraw.
func TestSeveralAreMeant(t *testing.T) {
	s := newScene(t)
	s.publish("红花岗区,红花岗区,Honghuagang District", "南明区,南明区,Nanming District")
	const both = "南明区/贵阳市/520102/nanming.guiyang.guizhou, 南明区/遵义市/520302/honghuagang.zunyi.guizhou"
	for _, typed := range []string{"南明区", "南明", "**.南明"} {
		_, err := s.Resolve(strings.TrimPrefix(typed, "**."))
		if strings.HasPrefix(typed, "*") {
			_, err = s.Selector(typed, "")
		}
		f := text.AsFailure(err)
		if f.Code != text.JurisdictionAmbiguous || f.Args["near"] != both || f.Args["count"] != "2" {
			t.Errorf("%q: got %s %v, want both places", typed, f.Code, f.Args)
		}
		told := text.Explain(text.Zh, f.Code, f.Args).What
		if want := "南明区（贵阳市，520102，nanming.guiyang.guizhou）、南明区（遵义市，520302，honghuagang.zunyi.guizhou）"; !strings.HasSuffix(told, want) {
			t.Errorf("it is told as %s", told)
		}
	}
	for _, p := range []string{"nanming.guiyang.guizhou", "520302", "遵义市南明区", "honghuagang"} { // what is told can be typed
		if _, err := s.Resolve(p); err != nil {
			t.Errorf("%q: %v", p, err)
		}
	}
	if got, err := s.ToInvite("南明", "", roster.Place{}); err != nil || got.Name.String() != nanming {
		t.Errorf("to invite: got %+v, %v", got, err)
	}
	if got, err := s.ChildCalled(t.Context(), "南明"); err != nil || got.String() != "nanming" {
		t.Errorf("the child: got %s, %v", got, err)
	}
}

// TestSiblingsOfOneName: two children of one parent are called alike. Nobody is chosen for a
// person, also not the one that has joined: both are told in full, and each is found by what is its
// own.
func TestSiblingsOfOneName(t *testing.T) {
	s := newScene(t)
	s.publish("云岩区,云岩区,Yunyan District", "南明区,南明区,Nanming District")
	const both = "南明区/贵阳市/520102/nanming.guiyang.guizhou, 南明区/贵阳市/520103/yunyan.guiyang.guizhou"
	for _, typed := range []string{"南明区", "南明", "贵阳市南明区", "贵阳南明", "贵州省贵阳市南明区", "Nanming District"} {
		for what, asked := range map[string]func() error{
			"--at":     func() error { _, err := s.Resolve(typed); return err },
			"below it": func() error { _, err := s.Selector("**."+typed, ""); return err },
			"invite":   func() error { _, err := s.ToInvite(typed, "", roster.Place{}); return err },
		} {
			err := asked()
			if f := text.AsFailure(err); f.Code != text.JurisdictionAmbiguous || f.Args["near"] != both {
				t.Errorf("%s %s: got %v, want both", what, typed, err)
			}
		}
	}
	for typed, want := range map[string]string{"520103": "yunyan", "yunyan": "yunyan", "520102": "nanming", "nanming.guiyang.guizhou": "nanming"} {
		if got, err := s.ToInvite(typed, "", roster.Place{}); err != nil || got.Name.Label().String() != want {
			t.Errorf("%s: got %s, %v", typed, got.Name, err)
		}
	}
}

// TestNoSuchChild (E22) tells why a place is no child that could be withdrawn.
func TestNoSuchChild(t *testing.T) {
	s := newScene(t)
	for typed, want := range map[string]struct {
		code text.Code
		args text.Args
	}{
		"红花岗区": {text.ChildElsewhere, text.Args{"name": "红花岗区", "parent": "遵义市", "jurisdiction": "贵阳市"}},
		"遵义市":  {text.ChildElsewhere, text.Args{"name": "遵义市", "parent": "贵州省", "jurisdiction": "贵阳市"}},
		"云岩":   {text.NeverInvited, text.Args{"name": "云岩区", "jurisdiction": "贵阳市"}},
		"贵阳":   {text.OwnJurisdiction, text.Args{"name": "贵阳市"}},
		"南名区":  {text.JurisdictionNear, text.Args{"name": "南名区", "near": "南明区/贵阳市/520102/nanming.guiyang.guizhou"}},
		"mars": {text.JurisdictionUnknown, text.Args{"name": "mars"}},
	} {
		_, err := s.ChildCalled(t.Context(), typed)
		f := text.AsFailure(err)
		if f.Code != want.code {
			t.Errorf("%q: got %s, want %s", typed, f.Code, want.code)
		}
		for arg, value := range want.args {
			if f.Args[arg] != value {
				t.Errorf("%q: %s is %q, want %q", typed, arg, f.Args[arg], value)
			}
		}
	}
}

// TestHosted (U-B2, E16) finds the hosted jurisdiction that a person means, in all those ways, and
// says which there are where none is meant.
func TestHosted(t *testing.T) {
	s := newScene(t)
	one := []*Standing{s.Standing}
	county := New(s.county, roster.Place{}, zone.Home, s.table, nil, s.own, nil)
	two := []*Standing{s.Standing, county}
	for _, row := range []struct {
		all   []*Standing
		typed string
		want  int
		code  text.Code
	}{
		{one, "", 0, ""}, {one, "贵阳", 0, ""}, {one, "贵州省", -1, text.NotHosted}, {one, "mars", -1, text.NotHosted}, {two, "", -1, text.JurisdictionNeeded},
		{two, "貴陽市", 0, ""}, {two, "520102", 1, ""}, {two, "nanming", 1, ""}, {two, "贵阳市南明区", 1, ""}, {two, nanming, 1, ""}, {two, "云岩区", -1, text.NotHosted},
	} {
		got, err := Hosted(row.all, row.typed)
		if got != row.want || (err != nil) != (row.code != "") || err != nil && treetest.Code(err) != row.code {
			t.Errorf("%q: got %d, %v, want %d, %s", row.typed, got, err, row.want, row.code)
		}
		if args := text.AsFailure(err).Args; err != nil && !slices.Contains(strings.Split(args["jurisdictions"], ", "), guiyang) {
			t.Errorf("%q: the hosted are told as %v", row.typed, args)
		}
	}
}
