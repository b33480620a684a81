package roster

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"xietong/certs/identity"
)

// TestDiff draws two lists of one tree and holds what Diff tells against the places themselves, one
// by one.
func TestDiff(t *testing.T) {
	labels := []string{"a", "b", "c", "d", "e", "f"}
	list := rapid.Custom(func(t *rapid.T) *Roster {
		r := empty(0, nil)
		root, err := identity.ParseJurisdiction("x")
		if err == nil {
			err = r.add(Place{Name: root, DisplayName: "根"})
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range rapid.SliceOfDistinct(rapid.SampledFrom(labels), rapid.ID).Draw(t, "labels") {
			name, err := identity.ParseJurisdiction(l + ".x")
			if err == nil {
				err = r.add(Place{Name: name, Code: rapid.SampledFrom([]string{"1" + l, "2" + l, ""}).Draw(t, "code"), DisplayName: l})
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		return r
	})
	rapid.Check(t, func(t *rapid.T) {
		before, after := list.Draw(t, "before"), list.Draw(t, "after")
		d := before.Diff(after)
		same := 0
		for _, p := range before.places {
			if slices.Contains(after.places, p) {
				same++
			}
		}
		if same+len(d.Changed)+len(d.Gone) != len(before.places) || same+len(d.Changed)+len(d.Added) != len(after.places) {
			t.Fatalf("%d are the same; got %+v", same, d)
		}
		for _, c := range d.Changed {
			if c.Before.Name != c.After.Name || !slices.Contains(before.places, c.Before) || !slices.Contains(after.places, c.After) {
				t.Fatalf("changed: %+v", c)
			}
		}
		if again := before.Diff(before); !again.None() {
			t.Fatalf("of itself: %+v", again)
		}
		if _, _, moved := before.Moved(after); moved {
			t.Fatal("no code is of another label, and one moved")
		}
	})
}

func TestMoved(t *testing.T) {
	before := parsed(t, "1,province,a,甲,甲,A,\n11,prefecture,x,子,子,X,1\n12,prefecture,y,丑,丑,Y,1\n111,county,z,寅,寅,Z,11\n")
	after := parsed(t, "1,province,a,甲,甲,A,\n11,prefecture,x,子,子,X,1\n12,prefecture,y,丑,丑,Y,1\n111,county,z,寅,寅,Z,12\n")
	was, now, moved := before.Moved(after)
	if !moved || was.Name.String() != "z.x.a" || now.Name.String() != "z.y.a" {
		t.Errorf("got %v, %v, %t", was, now, moved)
	}
}
