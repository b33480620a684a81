package main

import (
	"slices"
	"strings"
	"testing"
)

// TestNearest (U-C22) mistypes verbs and flags.
func TestNearest(t *testing.T) {
	b := newWorkbench(t, "C")
	for line, want := range map[string]string{
		"invit":               "did you mean: xietong invite",
		"ini":                 "read xietong --help",
		"statsu":              "did you mean: xietong status",
		"Status":              "did you mean: xietong status",
		"dataset lst":         "did you mean: xietong dataset list",
		"agency shw":          "read xietong agency --help",
		"record inport":       "read xietong record --help",
		"record ex":           "did you mean: xietong record export",
		"keys revok":          "read xietong keys --help",
		"witdraw":             "read xietong --help",
		"status --jsno":       "did you mean: xietong status --json",
		"query d --purpse x":  "did you mean: xietong query --purpose",
		"query d --were a=b":  "did you mean: xietong query --where",
		"record import --yse": "read xietong record import --help",
		"status --zzz":        "read xietong status --help",
	} {
		code, _, stderr := b.run(strings.Fields(line)...)
		if code != exitUsage || !strings.Contains(stderr, "what to do: "+want+"\n") {
			t.Errorf("%s: exit %d, %s\nwant %q", line, code, stderr, want)
		}
	}
}

// TestNearestIsHarmless mistypes every verb in every place: what is suggested does no harm.
func TestNearestIsHarmless(t *testing.T) {
	b := newWorkbench(t, "C")
	a := b.app
	a.getenv = func(string) string { return "" }
	root := a.rootCommand()
	for _, path := range b.commands()[1:] {
		c, _, err := root.Find(path[:len(path)-1])
		if err != nil {
			t.Fatal(path, err)
		}
		verb := path[len(path)-1]
		for i := range verb {
			for _, typed := range []string{verb[:i] + verb[i+1:], verb[:i] + "x" + verb[i:], verb[:i] + "x" + verb[i+1:]} {
				if near := nearestVerb(c, typed); slices.Contains(graveVerbs, near) {
					t.Errorf("%s %s: %s is suggested", c.CommandPath(), typed, near)
				}
			}
		}
	}
}
