package filter

import (
	"errors"
	"strings"
	"testing"
)

// TestCompared finds the texts that fields are compared with, and no others.
func TestCompared(t *testing.T) {
	for expression, want := range map[string]string{
		`name == "a" && "b" != record["姓名"]`:           "name=a 姓名=b",
		`record["姓名"] in ["甲", "乙"] || !(name in [])`:  "姓名=甲 姓名=乙",
		`["x"].all(name, name == "n") && name == "m"`:  "", // one name for two: it is not known which is meant
		`["x"].exists(y, y == record.name)`:            "",
		`name < "a" && name.startsWith("b") && n == 1`: "",
		`tags == ["t"] && name == "a" + "b"`:           "tags=t",
		`"a" in tags && "b" == "c"`:                    "",
		`(name == "a" ? record.name : "b") == "c"`:     "name=a",
	} {
		e, err := Parse(expression)
		if err != nil {
			t.Fatal(expression, err)
		}
		var got []string
		err = e.Compared(func(field, text string) error { got = append(got, field+"="+text); return nil })
		if err != nil || strings.Join(got, " ") != want {
			t.Errorf("%s: got %q, %v, want %s", expression, got, err, want)
		}
	}
	e, _ := Parse(`name == "a" || name == "b"`)
	wrong, n := errors.New("wrong"), 0
	if err := e.Compared(func(string, string) error { n++; return wrong }); !errors.Is(err, wrong) || n != 1 {
		t.Errorf("got %v after %d texts", err, n)
	}
}
