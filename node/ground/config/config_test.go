package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"xietong/certs/identity"
	"xietong/node/ground/text"
)

func nanming(t testing.TB) Jurisdiction {
	t.Helper()
	name, err := identity.ParseJurisdiction("nanming.guiyang.guizhou")
	if err != nil {
		t.Fatal(err)
	}
	return Jurisdiction{Name: name, DisplayName: "南明区", ShortName: `"南"明`, Code: "520102", Level: "county"}
}

// TestRoundTrip checks that Parse returns the configuration that Render wrote.
func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := drawConfig(t)
		got, err := Parse(Render(want))
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("got %+v, %v, want %+v of\n%s", got, err, want, Render(want))
		}
	})
}

func drawConfig(t *rapid.T) (c Config) {
	c.TimeZone = rapid.SampledFrom([]string{"", "Asia/Shanghai", "America/New_York", "UTC"}).Draw(t, "zone")
	c.Listen = rapid.SampledFrom([]string{"", ":7400", "0.0.0.0:1", "192.0.2.7:65535", "[::]:7400", "[2001:db8::7]:7400"}).Draw(t, "listen")
	c.SignedSizes = rapid.SampledFrom([]string{"", "/var/lib/xietong-signed", "/国 产: # x"}).Draw(t, "signed sizes")
	hosts := rapid.SampledFrom([]string{"192.0.2.7", "[2001:db8::7]", "node.example.cn", "null", "0x"})
	for i := range rapid.IntRange(0, MaxAddresses).Draw(t, "addresses") {
		c.Addresses = append(c.Addresses, fmt.Sprintf("%s:%d", hosts.Draw(t, "host"), 7400+i))
	}
	label := rapid.SampledFrom([]string{"nanming", "null", "true", "1", "0x1f", "1e3", "0123", "2001-01-01"})
	readable := func(most int) *rapid.Generator[string] { return rapid.StringN(0, -1, most).Filter(text.Readable) }
	short := readable(maxText)
	for i := range rapid.IntRange(1, 4).Draw(t, "jurisdictions") {
		name, err := identity.ParseJurisdiction(label.Draw(t, "label") + strings.Repeat(".x", i))
		if err != nil {
			t.Fatal(err)
		}
		c.Jurisdictions = append(c.Jurisdictions, Jurisdiction{
			Name: name, DisplayName: "南" + readable(maxText-3).Draw(t, "display name"), ShortName: short.Draw(t, "short name"),
			Code: short.Draw(t, "code"), Level: short.Draw(t, "level"),
			ParentAddress: rapid.SampledFrom([]string{"", "192.0.2.1:7400", "node.example.cn:7400"}).Draw(t, "parent address"),
		})
	}
	return c
}

func TestRead(t *testing.T) {
	want := Config{Listen: "0.0.0.0:7400", Jurisdictions: []Jurisdiction{nanming(t)}}
	path := filepath.Join(t.TempDir(), FileName)
	if _, err := Read(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v, want ErrNotExist", err)
	}
	if err := os.WriteFile(path, Render(want), 0o600); err != nil {
		t.Fatal(err)
	}
	if got, err := Read(path); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v, want %+v", got, err, want)
	}
}

// TestExample checks that the example in the package comment is read as it says.
func TestExample(t *testing.T) {
	source, err := os.ReadFile("config.go")
	if err != nil {
		t.Fatal(err)
	}
	var example strings.Builder
	for line := range strings.Lines(string(source)) {
		if shown, ok := strings.CutPrefix(line, "//\t"); ok {
			example.WriteString(shown)
		}
	}
	place := nanming(t)
	place.ShortName, place.ParentAddress = "南明区", "192.0.2.1:7400"
	want := Config{TimeZone: "Asia/Shanghai", Listen: "192.0.2.7:7400", Addresses: []string{"192.0.2.7:7400"}, SignedSizes: "/var/lib/xietong-signed", Jurisdictions: []Jurisdiction{place}}
	if got, err := Parse([]byte(example.String())); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v, want %+v", got, err, want)
	}
}

// TestNotReached checks the configuration of a node that only dials, in every spelling of an absent
// value.
func TestNotReached(t *testing.T) {
	for _, keys := range []string{"", "listen: \"\"\naddresses: []\n", "listen:\naddresses:\n", "addresses: null\n"} {
		want := Config{Jurisdictions: []Jurisdiction{{Name: nanming(t).Name, DisplayName: "南明区"}}}
		got, err := Parse([]byte(keys + "version: 1\njurisdictions: [{name: nanming.guiyang.guizhou, display_name: 南明区}]\n"))
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%q: got %+v, %v, want %+v", keys, got, err, want)
		}
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
		"empty":                    {"", FileName, Empty, 1, false},
		"later version":            {"version: 2\n", "version", "2; this program reads 1", 1, false},
		"none hosted":              {"version: 1\n", "jurisdictions", "none is listed", 1, false},
		"mistyped key":             {head + one + "    levl: county\n", "levl", "level", 5, true},
		"unknown key":              {head + one + "    telephone: 1\n", "telephone", "version, time_zone, listen, addresses, signed_sizes, jurisdictions", 5, true},
		"key twice":                {head + one + "    display_name: x\n", "display_name", standsTwice, 5, false},
		"another type":             {"version: one\n", "version", "type", 1, false},
		"list for text":            {head + "  - name: nanming\n    display_name: [x]\n", "display_name", "type", 4, false},
		"no jurisdiction":          {head + "  - name: Nanming\n    display_name: x\n", "name", "malformed", 3, false},
		"no display name":          {head + "  - name: nanming\n", "display_name", "it is empty", 3, false},
		"twice":                    {head + one + one, "name", "stands twice", 5, false},
		"no address of the parent": {head + one + "    parent_address: \":7400\"\n", "parent_address", "", 5, false},
		"long value":               {head + one + "    level: " + strings.Repeat("x", 300) + "\n", "level", "more than 200 bytes", 5, false},
		"control character":        {head + "  - name: nanming\n    display_name: \"南\\e[2J明\"\n", "display_name", "characters that cannot be read", 4, false},
		"a zone, mistyped":         {head + one + "time_zone: Asia/Shanghia\n", "time_zone", "it may be Asia/Shanghai", 5, false},
		"a zone that is an offset": {head + one + "time_zone: \"+08:00\"\n", "time_zone", "it may be Asia/Shanghai", 5, false},
		"no zone":                  {head + one + "time_zone: Local\n", "time_zone", "there is no time zone \"Local\"", 5, false},
		"a zone, a list":           {head + one + "time_zone: [UTC]\n", "time_zone", "type", 5, false},
		"zone, mistyped":           {head + one + "timezone: UTC\n", "timezone", "time_zone", 5, true},
		"a folder here":            {head + one + "signed_sizes: signed\n", "signed_sizes", "it does not begin with /", 5, false},
		"listen on a port":         {head + one + "listen: 7400\n", "listen", notHostPort, 5, false},
		"listen on a name":         {head + one + "listen: node.example.cn:7400\n", "listen", noIP, 5, false},
		"listen, a list":           {head + one + "listen: [\":7400\"]\n", "listen", "type", 5, false},
		"listen, mistyped":         {head + one + "listn: \":7400\"\n", "listn", "listen", 5, true},
		"address not a list":       {head + one + "addresses: a:1\n", "addresses", "type", 5, false},
		"address, mistyped":        {head + one + "address: [a:1]\n", "address", "addresses", 5, true},
		"no address":               {head + one + "addresses:\n  - a:1\n  - \":7400\"\n", "addresses", noHost, 7, false},
		"all addresses":            {head + one + "addresses: [\"0.0.0.0:7400\"]\n", "addresses", undiallable, 5, false},
		"an address twice":         {head + one + "addresses:\n  - a:1\n  - a:1\n", "addresses", standsTwice, 7, false},
		"an empty address":         {head + one + "addresses: [\"\"]\n", "addresses", notHostPort, 5, false},
		"many addresses":           {head + one + "addresses: [a:1, a:2, a:3, a:4, a:5]\n", "addresses", "more than 4", 5, false},
		"no YAML":                  {"version: [\n", "", "", 1, false},
		"a Chinese colon":          {"# A\n\nversion：1\n# B\ntime_zone: UTC\njurisdictions:\n" + one, FileName, notYAML, 3, false},
		"a Chinese colon, deeper":  {head + "  - name： nanming\n    display_name: 南明区\n", FileName, notYAML, 3, false},
		"one in a value":           {head + one + "    level: [a：b]\n", "level", "type", 5, false},
		"two documents":            {head + one + "---\nversion: 1\n", FileName, "more than one document", 1, false},
		"not UTF-8":                {head + one + "    level: \xff\n", FileName, "not UTF-8; save it as UTF-8 in a text editor", 1, false},
		"too long":                 {strings.Repeat("# x\n", MaxLen/4+1), FileName, "more than", 1, false},
		"endless by alias":         {"a: &a [x,x]\nb: [*a,*a]\n", "", "version, time_zone, listen, addresses, signed_sizes, jurisdictions", 0, true},
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

// TestColumns: an error tells the line and the column of what is wrong, however its lines end.
func TestColumns(t *testing.T) {
	const good = "version: 1\njurisdictions:\n  - name: nanming\n    display_name: 南明区\n"
	for file, want := range map[string][2]int{
		good + "listen: 7400\n": {5, 9},
		good + "addresses: [\"192.0.2.7:1\", \"192.0.2.7:99999\"]\n": {5, 28},
		good + "listn: 7400\n":                       {5, 1},
		good + "    levl: county\n":                  {5, 5},
		"version: 2\n":                               {1, 10},
		good + "  - name: 南明\n    display_name: x\n": {5, 11},
	} {
		for _, file := range []string{file, strings.ReplaceAll(file, "\n", "\r\n"), "\uFEFF" + file} {
			_, err := Parse([]byte(file))
			got, ok := errors.AsType[*Error](err)
			if !ok || got.Line != want[0] || got.Column != want[1] {
				t.Errorf("%q: got %+v, want line %d, column %d", file, got, want[0], want[1])
			}
		}
	}
}

// TestLineEnds: the file of an editor of Windows says the same.
func TestLineEnds(t *testing.T) {
	want := Config{Listen: ":7400", Addresses: []string{"a:1"}, Jurisdictions: []Jurisdiction{nanming(t)}}
	got, err := Parse([]byte("\uFEFF" + strings.ReplaceAll(string(Render(want)), "\n", "\r\n")))
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v, want %+v", got, err, want)
	}
}

// TestMark: a mark of UTF-8, as some editors put it, is no part of the first key.
func TestMark(t *testing.T) {
	if _, err := Parse(append([]byte("\uFEFF"), Render(Config{Jurisdictions: []Jurisdiction{nanming(t)}})...)); err != nil {
		t.Error(err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add(Render(Config{Listen: ":7400", Addresses: []string{"a:1"}, Jurisdictions: []Jurisdiction{nanming(f)}}))
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
