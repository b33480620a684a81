package text

import (
	"encoding/json"
	"errors"
	"testing"
)

func TestTwice(t *testing.T) {
	for data, want := range map[string]string{
		`{"a":1,"b":{"a":1},"c":[{"a":1},{"a":2}]}`: "", `1`: "", `[]`: "", `{`: "", `{"a":1,"a":`: "",
		`{"a":1,"a":1}`: "a", `{"p":[{"t":1},{"t":1,"x":{},"t":2}]}`: "p/1/t", `[1,[{"a":[],"a":null}]]`: "1/0/a", `{"a":1,"\u0061":2}`: "a",
	} {
		if path, found := Twice([]byte(data)); path != want || found != (want != "") {
			t.Errorf("%s: got %q, %t, want %q", data, path, found, want)
		}
	}
}

type Deep struct {
	Key string `json:"key,omitempty"`
}

type brought struct {
	Deep
	Sub   *Deep            `json:"sub"`
	List  []Deep           `json:"list"`
	Named map[string]Deep  `json:"named"`
	Free  map[string]any   `json:"free"`
	Raw   json.RawMessage  `json:"raw"`
	Any   any              `json:"any"`
	Code  textual          `json:"code"`
	Left  string           `json:"-"`
	Plain string           // by its own name
	Fixed [2]map[int]*Deep `json:"fixed"`
	below string
}

// textual is a structure that is written as a text.
type textual struct{ Name string }

func (c *textual) UnmarshalText(data []byte) error {
	if string(data) == "bad" {
		return errors.New("not so")
	}
	c.Name = string(data)
	return nil
}

// TestDecode takes the members of a type as they are written, each once, at every depth; names that
// people choose are free.
func TestDecode(t *testing.T) {
	for data, want := range map[string]string{
		`{"key":"a","sub":{"key":"b"},"list":[{"key":"c"}],"named":{"KEY":{"key":"d"},"Key":{}},"Plain":"e"}`: "",
		`{"free":{"Key":1,"key":2},"raw":{"Sub":1,"sub":2},"any":[{"KEY":1,"key":2}],"code":"x","sub":null}`:  "",
		`{"fixed":[{"1":{"key":"a"}},null]}`: "",
		`{"Key":"a"}`:                        `unknown field "Key"; it is spelled "key"`,
		`{"key":"a","KEY":"b"}`:              `unknown field "KEY"; it is spelled "key"`,
		`{"ſub":{}}`:                         `unknown field "ſub"; it is spelled "sub"`,
		"{\"\u212aey\":\"b\"}":               "unknown field \"\u212aey\"; it is spelled \"key\"",
		`{"\u212aey":"b"}`:                   "unknown field \"\u212aey\"; it is spelled \"key\"",
		`{"sub":{"Key":"a"}}`:                `unknown field "sub/Key"; it is spelled "key"`,
		`{"list":[{},{"kEy":"a"}]}`:          `unknown field "list/1/kEy"; it is spelled "key"`,
		`{"named":{"x":{"Key":"a"}}}`:        `unknown field "named/x/Key"; it is spelled "key"`,
		`{"fixed":[{},{"1":{"Key":"a"}}]}`:   `unknown field "fixed/1/1/Key"; it is spelled "key"`,
		`{"plain":"a"}`:                      `unknown field "plain"; it is spelled "Plain"`,
		`{"Left":"a"}`:                       `unknown field "Left"`,
		`{"below":"a"}`:                      `unknown field "below"`,
		`{"lists":[]}`:                       `unknown field "lists"; near it: list`,
		`{"list":[{},{"kez":"a"}]}`:          `unknown field "list/1/kez"; near it: key`,
		`{"code":"bad"}`:                     `at "code": not so`,
		`{"":1}`:                             `unknown field ""`,
		`{"deep":{}}`:                        `unknown field "deep"`,
		`{"key":"a","key":"a"}`:              `it has the member "key" twice`,
		`{"raw":{"a":[{"b":1,"b":1}]}}`:      `it has the member "raw/a/0/b" twice`,
		`{"free":{"a":1,"a":1}}`:             `it has the member "free/a" twice`,
		`{"key":1}`:                          "json: cannot unmarshal number into Go struct field brought.key of type string",
		`{"key":"a"}{}`:                      "line 1, column 12: something follows the JSON value",
	} {
		var got brought
		err := Decode([]byte(data), &got)
		said := ""
		if err != nil {
			said = err.Error()
		}
		if said != want {
			t.Errorf("%s: got %q, %+v, want %q", data, said, got, want)
		}
	}
	var got brought
	if err := Decode([]byte(`{"key":"a","sub":{"key":"b"}}`), &got); err != nil || got.Key != "a" || got.Sub.Key != "b" || got.below != "" {
		t.Errorf("got %+v, %v", got, err)
	}
	for l, want := range map[Lang]string{Zh: "没有名为“Key”的项，应写作“key”", En: `unknown field "Key"; it is spelled "key"`} {
		if got := Cause(l, `unknown field "Key"; it is spelled "key"`); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// FuzzDecode holds that what is taken has one reading: its members, put together again, are those
// that were written.
func FuzzDecode(f *testing.F) {
	for _, data := range []string{`{"key":"a","Key":"b"}`, `{"list":[{"key":"c"}]}`, `{"named":{"a":{}}}`, `{"key":"\ud800","\ud800":1}`, `[`} {
		f.Add([]byte(data))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var got brought
		var whole map[string]any
		if Decode(data, &got) != nil || json.Unmarshal(data, &whole) != nil {
			return
		}
		if key, _ := whole["key"].(string); key != got.Key {
			t.Errorf("%q: got %q, and the member is %q", data, got.Key, key)
		}
	})
}
