package identity

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

// parsers gives every parser as text -> text, so that one table and one fuzz target serve all kinds
// of name.
var parsers = map[string]func(string) (fmt.Stringer, error){
	"label":        func(s string) (fmt.Stringer, error) { return ParseLabel(s) },
	"jurisdiction": func(s string) (fmt.Stringer, error) { return ParseJurisdiction(s) },
	"agency":       func(s string) (fmt.Stringer, error) { return ParseAgency(s) },
	"replica":      func(s string) (fmt.Stringer, error) { return ParseReplica(s) },
	"log":          func(s string) (fmt.Stringer, error) { return ParseLog(s) },
	"entry":        func(s string) (fmt.Stringer, error) { return ParseEntry(s) },
	"message":      func(s string) (fmt.Stringer, error) { return ParseMessage(s) },
}

var good = map[string][]string{
	"label":        {"a", "0", "xi-an", strings.Repeat("a", 63)},
	"jurisdiction": {"guizhou", "nanming.guiyang.guizhou", "a.b.c.d.e.f.g.h"},
	"agency":       {"spiffe://nanming.guiyang.guizhou/agency/civil-affairs"},
	"replica":      {"r1", "r10", "r4294967295"},
	"log":          {"guizhou/log/1", "guizhou/log/18446744073709551615"},
	"entry":        {"guizhou/log/1/0", "nanming.guiyang.guizhou/log/2/4611686018427387903"},
	"message":      {"01890a5d-ac96-774b-bcce-b302099a8057"},
}

var bad = map[string][]string{
	"label":        {"", "-a", "a-", "A", "a_b", "南明", "a.b", "a b", strings.Repeat("a", 64), "a\n"},
	"jurisdiction": {"", ".", "a.", ".a", "a..b", "A.b", "a/b", "a.b.c.d.e.f.g.h.i", strings.Repeat("abcdefg.", 26) + "a", "a.-b"},
	"agency": {"", "nanming/agency/x", "spiffe://nanming", "spiffe://nanming/agency/", "spiffe://nanming/agency/x/y",
		"spiffe://nanming/replica/x", "SPIFFE://nanming/agency/x", "spiffe://nanming/agency/x?y", "spiffe:///agency/x"},
	"replica": {"", "r", "r0", "r01", "R1", "1", "r-1", "r+1", "r4294967296", "r1 "},
	"dataset": {"", "villages", "nanming/", "/villages", "a/b/c", "nanming/log/1"},
	"log":     {"", "guizhou", "guizhou/log/", "guizhou/log/0", "guizhou/log/01", "guizhou/log/1/", "guizhou/log/-1", "/log/1", "guizhou/log/1/log/2"},
	"entry":   {"", "guizhou/log/1", "guizhou/log/1/", "guizhou/log/1/01", "guizhou/log/0/1", "guizhou/log/1/4611686018427387904", "guizhou/log/1/+1"},
	"message": {"", "01890A5D-AC96-774B-BCCE-B302099A8057", "01890a5d-ac96-474b-bcce-b302099a8057", "{01890a5d-ac96-774b-bcce-b302099a8057}", "01890a5dac96774bbcceb302099a8057"},
}

func TestParse(t *testing.T) {
	for kind, parse := range parsers {
		for _, s := range good[kind] {
			got, err := parse(s)
			if err != nil || got.String() != s {
				t.Errorf("%s %q: got %q, %v", kind, s, got, err)
			}
		}
		for _, s := range bad[kind] {
			got, err := parse(s)
			if !errors.Is(err, ErrMalformed) || got.String() != "" {
				t.Errorf("%s %q: got %q, %v, want ErrMalformed", kind, s, got, err)
			}
		}
	}
}

// FuzzParse checks for every parser that an accepted text comes back unchanged, and that a refused
// text leaves no value.
func FuzzParse(f *testing.F) {
	for _, table := range []map[string][]string{good, bad} {
		for _, list := range table {
			for _, s := range list {
				f.Add(s)
			}
		}
	}
	f.Fuzz(func(t *testing.T, s string) {
		for kind, parse := range parsers {
			got, err := parse(s)
			if err == nil && got.String() != s {
				t.Errorf("%s: %q came back as %q", kind, s, got)
			}
			if err != nil && got.String() != "" {
				t.Errorf("%s: %q refused but gave %q", kind, s, got)
			}
		}
	})
}

func TestTree(t *testing.T) {
	county, err := ParseJurisdiction("nanming.guiyang.guizhou")
	if err != nil {
		t.Fatal(err)
	}
	city, ok := county.Parent()
	if got, want := city.String(), "guiyang.guizhou"; !ok || got != want {
		t.Errorf("parent of %s: got %q, want %q", county, got, want)
	}
	province, _ := city.Parent()
	if _, ok := province.Parent(); ok {
		t.Errorf("%s has a parent", province)
	}
	if got, err := city.Child(county.Label()); err != nil || got != county {
		t.Errorf("child: got %s, %v, want %s", got, err, county)
	}
	if got, want := county.Depth(), 3; got != want {
		t.Errorf("depth: got %d, want %d", got, want)
	}
	other, _ := ParseJurisdiction("xguiyang.guizhou")
	for _, row := range []struct {
		j, top Jurisdiction
		want   bool
	}{
		{county, county, true}, {county, city, true}, {county, province, true},
		{city, county, false}, {other, city, false}, {county, other, false}, {county, Jurisdiction{}, false},
	} {
		if got := row.j.Under(row.top); got != row.want {
			t.Errorf("%s under %s: got %v, want %v", row.j, row.top, got, row.want)
		}
	}
}

func TestMessageIDsAreUUIDv7(t *testing.T) {
	m, err := NewMessage()
	if err != nil {
		t.Fatal(err)
	}
	b := m.Bytes()
	if got, err := MessageFromBytes(b[:]); err != nil || got != m {
		t.Errorf("from bytes: got %s, %v, want %s", got, err, m)
	}
	if got, err := ParseMessage(m.String()); err != nil || got != m {
		t.Errorf("from text: got %s, %v, want %s", got, err, m)
	}
	b[6] = 0x40 // version 4
	if _, err := MessageFromBytes(b[:]); !errors.Is(err, ErrMalformed) {
		t.Errorf("version 4: got %v, want ErrMalformed", err)
	}
}

// TestEntryInLaterLog: the log of a later epoch has the entries of those before at their places.
func TestEntryInLaterLog(t *testing.T) {
	named, err := ParseEntry("nanming.guiyang.guizhou/log/2/7")
	if err != nil {
		t.Fatal(err)
	}
	for other, want := range map[string]bool{
		"nanming.guiyang.guizhou/log/2/7": true, "nanming.guiyang.guizhou/log/3/7": true, "nanming.guiyang.guizhou/log/1/7": false,
		"nanming.guiyang.guizhou/log/3/8": false, "yunyan.guiyang.guizhou/log/2/7": false,
	} {
		if e, err := ParseEntry(other); err != nil || e.Is(named) != want {
			t.Errorf("%s for %s: %v, want %v (%v)", other, named, e.Is(named), want, err)
		}
	}
}
