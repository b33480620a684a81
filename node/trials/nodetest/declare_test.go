package nodetest

import (
	"strings"
	"testing"
	"time"
)

func TestParse(t *testing.T) {
	got, err := parse(`
		guizhou
		  guiyang   # the capital
		    nanming
		    yunyan hosted
		  bijie offset=-3m latency=40ms loss=0.25
		    x absent listen
	`)
	if err != nil {
		t.Fatal(err)
	}
	want := []struct {
		name   string
		above  int
		listen bool
	}{
		{"guizhou", -1, true}, {"guiyang.guizhou", 0, true}, {"nanming.guiyang.guizhou", 1, false},
		{"yunyan.guiyang.guizhou", 1, false}, {"bijie.guizhou", 0, false}, {"x.bijie.guizhou", 4, true},
	}
	for i, w := range want {
		if p := got[i]; p.name.String() != w.name || p.above != w.above || p.listen != w.listen {
			t.Errorf("line %d: got %+v, want %+v", i, p, w)
		}
	}
	if p := got[4]; p.offset != -3*time.Minute || p.latency != 40*time.Millisecond || p.loss != 0.25 {
		t.Errorf("got %+v", p)
	}
	if len(got) != len(want) || !got[3].hosted || !got[5].absent {
		t.Errorf("got %+v", got)
	}
}

func TestParseRefuses(t *testing.T) {
	for declared, want := range map[string]string{
		"":                               "no place",
		"a\nb":                           "one root",
		"A":                              "A",
		"a hosted":                       "the root",
		"a\n b offset=x":                 "offset",
		"a\n b loss=much":                "b",
		"a\n b hosted latency=1s":        "no machine",
		"a\n b absent\n  c":              "absent place",
		"a\n b hoested":                  "unknown word",
		"a\n  b latency=1s loss=0.1 x=1": "unknown word",
	} {
		if _, err := parse(declared); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %q", declared, err, want)
		}
	}
}
