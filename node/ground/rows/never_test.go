package rows

import (
	"errors"
	"testing"
)

// TestNoSchemaThatNoFileMeets (G53): what no row could ever meet is refused with the schema, and
// what a reader may hold for that is taken.
func TestNoSchemaThatNoFileMeets(t *testing.T) {
	for rule, says := range map[string]string{
		`{"type":"string","enum":[]}`: "enum", `{"enum":[]}`: "enum", `{"type":"integer","enum":["1","2"]}`: "enum", `{"type":"integer","enum":[1.5]}`: "enum",
		`{"type":["number","null"],"const":"1"}`: "const", `{"items":{"type":"boolean","enum":["是"]}}`: "enum",
		`{"type":"string","minLength":5,"maxLength":4}`: "minLength", `{"type":"array","minItems":2,"maxItems":1}`: "minItems",
		`{"type":"number","minimum":2.5,"maximum":2}`: "minimum", `{"type":"number","exclusiveMinimum":2,"maximum":2}`: "exclusiveMinimum", `{"exclusiveMinimum":2,"exclusiveMaximum":2.0}`: "exclusive",
	} {
		refusedFor(t, withField(rule, ""), says)
	}
	for _, rule := range []string{
		`{"type":["string","null"],"enum":["a"]}`, `{"type":"string","enum":["a",null]}`, `{"enum":[1,"a"]}`, `{"type":"number","enum":[1.5]}`, `{"type":"integer","const":2.0}`, `{"const":null}`,
		`{"type":"string","minLength":5,"maxLength":5}`, `{"type":"number","minimum":-1e37,"maximum":2}`, `{"type":"number","minimum":2,"maximum":2}`,
	} {
		if _, err := Compile(withField(rule, ""), "code", nil); err != nil {
			t.Errorf("%s: got %v, want it taken", rule, err)
		}
	}
	for schema, good := range map[string]bool{
		`{"properties":{"code":{"type":"string","title":"Kind"},"kind":{"type":"string","title":"Kind"}}}`:             false,
		`{"properties":{"code":{"type":"string","title":"kind"},"kind":{"type":"string","title":"Sort"}}}`:             false,
		`{"properties":{"code":{"type":"string","title":"code"},"kind":{"type":"string","title":"Code"}}}`:             true,
		`{"properties":{"code":{"type":"string","title":""},"kind":{"type":"string"},"k":{"title":"","type":"null"}}}`: true,
	} {
		_, err := Compile([]byte(schema), "code", nil)
		if u, ok := errors.AsType[*Unfit](err); (err == nil) != good || !good && (!ok || u.Rule != TitleTwice) {
			t.Errorf("%s: got %v, want it taken: %t", schema, err, good)
		}
	}
	// A type that there is not is told as that, whatever stands beside it.
	if _, err := Compile(withField(`{"type":"int","minimum":1,"enum":[1]}`, ""), "code", nil); err == nil || errors.As(err, new(*Unfit)) {
		t.Errorf("a type int: got %v", err)
	}
}
