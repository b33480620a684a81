package roster

import (
	"regexp"
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
		for _, text := range []string{p.DisplayName, p.ShortName, p.EnglishName, p.Name.String(), p.Name.Label().String(), p.Code} {
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
