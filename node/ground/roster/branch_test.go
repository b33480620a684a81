package roster

import (
	"slices"
	"strings"
	"testing"

	"xietong/certs/identity"
)

// TestBranch (F1): the part of a list below one of its places is a list, which goes through a file
// and through its encoding: the line of its root has the whole name as its label.
func TestBranch(t *testing.T) {
	name := func(s string) identity.Jurisdiction {
		n, err := identity.ParseJurisdiction(s)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	guiyang := name("guiyang.guizhou")
	list := ShippedOf(guiyang).Branch(guiyang)
	if list.Root() != guiyang || len(list.Places()) != 11 {
		t.Fatalf("got %d places below %s, want 11 below %s", len(list.Places()), list.Root(), guiyang)
	}
	if !strings.Contains(list.CSV(), "520100,prefecture,guiyang.guizhou,") {
		t.Errorf("the file is\n%s", list.CSV())
	}
	again, err := Parse(list.CSV())
	if err != nil || !slices.Equal(again.Places(), list.Places()) {
		t.Fatalf("read again: %v", err)
	}
	if carried, err := read(list.Next(again)); err != nil || !slices.Equal(carried.Places(), list.Places()) {
		t.Errorf("in pieces: %v", err)
	}
	if alone := ShippedOf(guiyang).Branch(name("gaoxin.guiyang.guizhou")); len(alone.Places()) != 1 {
		t.Errorf("of a place that is not listed: %v", alone.Places())
	}
	long := strings.Repeat("a", 40)
	if whole, err := Parse(head + "1,nation," + long + "." + long + ",甲,甲,X,\n2,county,b,乙,乙,Y,1\n"); err != nil || len(whole.Places()) != 2 {
		t.Errorf("a root of two long labels: %v", err)
	}
}
