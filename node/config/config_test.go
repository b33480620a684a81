package config

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"xietong/certs/identity"
)

func nanming(t testing.TB) Jurisdiction {
	t.Helper()
	name, err := identity.ParseJurisdiction("nanming.guiyang.guizhou")
	if err != nil {
		t.Fatal(err)
	}
	return Jurisdiction{Name: name, DisplayName: "南明区", ShortName: `"南"明`, Code: "520102", Level: "county"}
}

func TestRoundTrip(t *testing.T) {
	want := nanming(t)
	path := filepath.Join(t.TempDir(), FileName)
	if err := os.WriteFile(path, Render(want), 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := Read(path)
	if err != nil || len(got.Jurisdictions) != 1 || got.Jurisdictions[0] != want {
		t.Errorf("got %+v, %v, want %+v", got, err, want)
	}
}

func TestRefused(t *testing.T) {
	const head = "version: 1\njurisdictions:\n"
	const one = "  - name: nanming.guiyang.guizhou\n    display_name: 南明区\n"
	for name, row := range map[string]struct {
		file, key, reason string
		line              int
		unknown           bool
	}{
		"empty":            {"", "version", "0; this program reads 1", 1, false},
		"later version":    {"version: 2\n", "version", "2; this program reads 1", 1, false},
		"none hosted":      {"version: 1\n", "jurisdictions", "none is listed", 1, false},
		"mistyped key":     {head + one + "    levl: county\n", "levl", "level", 5, true},
		"unknown key":      {head + one + "    telephone: 1\n", "telephone", "version, jurisdictions", 5, true},
		"key twice":        {head + one + "    display_name: x\n", "display_name", "already defined", 5, false},
		"another type":     {"version: one\n", "version", "type", 1, false},
		"list for text":    {head + "  - name: nanming\n    display_name: [x]\n", "display_name", "type", 4, false},
		"no jurisdiction":  {head + "  - name: Nanming\n    display_name: x\n", "name", "malformed", 3, false},
		"no display name":  {head + "  - name: nanming\n", "display_name", "it is empty", 3, false},
		"twice":            {head + one + one, "name", "stands twice", 5, false},
		"long value":       {head + one + "    level: " + strings.Repeat("x", 300) + "\n", "level", "more than 200 bytes", 5, false},
		"no YAML":          {"version: [\n", "", "", 1, false},
		"two documents":    {head + one + "---\nversion: 1\n", FileName, "more than one document", 1, false},
		"not UTF-8":        {head + one + "    level: \xff\n", FileName, "not UTF-8", 1, false},
		"too long":         {strings.Repeat("# x\n", MaxLen/4+1), FileName, "more than", 1, false},
		"endless by alias": {"a: &a [x,x]\nb: [*a,*a]\n", "", "version, jurisdictions", 0, true},
	} {
		_, err := Parse([]byte(row.file))
		got, ok := errors.AsType[*Error](err)
		if !ok {
			t.Errorf("%s: got %v, want an *Error", name, err)
			continue
		}
		if row.key != "" && got.Key != row.key || row.line > 0 && got.Line != row.line || got.Unknown != row.unknown ||
			!strings.Contains(got.Reason, row.reason) {
			t.Errorf("%s: got line %d, key %q, unknown %t: %s", name, got.Line, got.Key, got.Unknown, got.Reason)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(Render(nanming(f)))
	f.Add([]byte("version: 1\njurisdictions: [{name: a, display_name: b}]\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := Parse(data)
		if _, ok := errors.AsType[*Error](err); err != nil && !ok {
			t.Errorf("got %v, want an *Error", err)
		}
		if err == nil && len(c.Jurisdictions) == 0 {
			t.Error("a node that hosts nothing was taken")
		}
	})
}
