package filter

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

var fields = []Field{
	{"code", String, false}, {"name", String, false}, {"households", Integer, true}, {"population", Integer, false},
	{"area", Number, false}, {"urban", Boolean, false}, {"tags", Other, true}, {"odd-name", String, false},
}

const record = `{"area":1.5,"code":"520102016001","households":120,"name":"观水社区","odd-name":"x","tags":["a","b"],"urban":true}`

func TestMatch(t *testing.T) {
	for expression, want := range map[string]bool{
		`name == "观水社区"`:                       true,
		`name.startsWith("观") && urban`:        true,
		`households > 100`:                     true,
		`households > 100.5`:                   true,
		`area < 2`:                             true,
		`population > 0`:                       false, // absent
		`!(population > 0)`:                    false, // an absent value is no match, either way
		`households == null`:                   false,
		`tags.exists(t, t == "b")`:             true,
		`tags[5] == "b"`:                       false,
		`code.matches("^520102") || area == 0`: true,
		`name.size() == 4`:                     true,
		`tags`:                                 false, // no truth value
	} {
		f, err := Compile(expression, fields)
		if err != nil {
			t.Errorf("%s: %v", expression, err)
			continue
		}
		if got, err := f.Match([]byte(record)); err != nil || got != want {
			t.Errorf("%s: got %t, %v, want %t", expression, got, err, want)
		}
	}
}

func TestCompileRefused(t *testing.T) {
	for expression, position := range map[string]int{
		``: 1, `name ==`: 8, `phone == "1"`: 1, `name == 5`: 6, `name`: 1, `size(name)`: 1, `name.read()`: 10,
		strings.Repeat("(", 100) + "true" + strings.Repeat(")", 100): 0,
		strings.Repeat("true||", MaxLen):                             MaxLen,
	} {
		_, err := Compile(expression, fields)
		bad, ok := errors.AsType[*Malformed](err)
		if !ok || position > 0 && bad.Position != position || bad.Reason == "" {
			t.Errorf("%.40s: got %v, want it refused at character %d", expression, err, position)
		}
	}
}

func TestTooCostly(t *testing.T) {
	list := "[" + strings.Repeat("1,", 99) + "1]"
	f, err := Compile(list+`.all(a, `+list+`.all(b, `+list+`.all(c, a+b+c > 0)))`, fields)
	if err == nil {
		_, err = f.Match([]byte(record))
	}
	if !errors.Is(err, ErrTooCostly) {
		t.Errorf("a million steps a record: got %v, want %v", err, ErrTooCostly)
	}
}

func TestFields(t *testing.T) {
	f, err := Compile(`urban && (name == "x" || tags.exists(t, t == code))`, fields)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := f.Fields(), []string{"code", "name", "tags", "urban"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func FuzzCompile(f *testing.F) {
	for _, seed := range []string{`name == "x"`, `tags.map(t, t + t).exists(t, t.contains("a"))`, `households / 0 == 1`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, expression string) {
		compiled, err := Compile(expression, fields)
		if err != nil {
			return
		}
		if _, err := compiled.Match([]byte(record)); err != nil && !errors.Is(err, ErrTooCostly) {
			t.Errorf("%q: %v", expression, err)
		}
	})
}

func BenchmarkMatch(b *testing.B) {
	f, err := Compile(`urban && name.startsWith("观")`, fields)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if ok, err := f.Match([]byte(record)); err != nil || !ok {
			b.Fatal(ok, err)
		}
	}
}
