package standing

import (
	"testing"

	"xietong/node/tree/treetest"
)

// TestCalledAsAnother (A27): a parent calls a child that no roster lists by the whole name, the
// name or the code of another place. What is typed means that other place, for those below the
// parent as well, and the child is shown by its own whole name.
func TestCalledAsAnother(t *testing.T) {
	for _, zone := range []string{"zunyi.guizhou", nanming, "遵义市", "guizhou", "Zunyi City", "x.zunyi.guizhou"} {
		s := newSceneWith(t, zone, "520300")
		s.publish("贵阳市,贵阳市,Guiyang City", "贵阳市,贵阳市,Guiyang")
		for typed, want := range map[string]string{
			"zunyi.guizhou": "zunyi.guizhou", "遵义市": "zunyi.guizhou", "520300": "zunyi.guizhou", "Zunyi City": "zunyi.guizhou",
			nanming: nanming, guizhou: guizhou, "x.zunyi.guizhou": "x.zunyi.guizhou", test: test, "test": test,
		} {
			if got, err := s.Resolve(typed); err != nil || got.String() != want {
				t.Errorf("a zone is called %q: %q means %s, %v, want %s", zone, typed, got, err, want)
			}
		}
		if selected, err := s.Selector("*.zunyi.guizhou", ""); err != nil || selected.Below.String() != "zunyi.guizhou" {
			t.Errorf("a zone is called %q: *.zunyi.guizhou means %+v, %v", zone, selected, err)
		}
		if got := s.Called(treetest.Name(t, test)); got != test {
			t.Errorf("a zone is called %q, and shown as %q, want %q", zone, got, test)
		}
	}
}
