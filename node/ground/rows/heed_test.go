package rows

import (
	"errors"
	"strings"
	"testing"
)

// TestEveryRuleIsChecked (S41) checks that a schema has no rule that a reader sees and no record
// meets: bounds beyond what counts, keywords of another type, branches without a condition.
func TestEveryRuleIsChecked(t *testing.T) {
	bounds := map[string]string{
		"minLength": "string", "maxLength": "string", "minItems": "array", "maxItems": "array", "minProperties": "object", "maxProperties": "object",
	}
	for keyword, of := range bounds {
		for _, bound := range []string{"18446744073709551617", "18446744073709551616", "9223372036854775808", "2147483648", "1e37", "-1", "1.5"} {
			rule := `{"type":"` + of + `","` + keyword + `":` + bound + `}`
			refusedFor(t, withField(rule, ""), keyword)
			for _, within := range []string{`{"items":%}`, `{"allOf":[%]}`, `{"properties":{"a":{"not":%}}}`, `{"if":true,"then":%}`, `{"prefixItems":[%]}`, `{"additionalProperties":%}`} {
				refusedFor(t, withField(strings.Replace(within, "%", rule, 1), ""), keyword)
			}
			refusedFor(t, withField(`true`, `,"$defs":{"d":`+rule+`}`), keyword)
		}
		for _, bound := range []string{"0", "5", "2147483647", "5.0", "1e3"} {
			if _, err := Compile(withField(`{"type":"`+of+`","`+keyword+`":`+bound+`}`, ""), "code", nil); err != nil {
				t.Errorf("%s %s: got %v, want it taken", keyword, bound, err)
			}
		}
	}
	for rule, says := range map[string]string{
		`{"then":{"type":"string"}}`: "then", `{"else":{"type":"string"}}`: "else", `{"if":{"type":"string"}}`: "if",
		`{"type":"integer","maxLength":3}`: "maxLength", `{"type":"integer","pattern":"^[0-9]{6}$"}`: "pattern", `{"type":"number","format":"date"}`: "format",
		`{"type":"string","minimum":3}`: "minimum", `{"type":["string","null"],"multipleOf":3}`: "multipleOf", `{"type":"string","uniqueItems":true}`: "uniqueItems",
		`{"type":"array","required":["a"]}`: "required", `{"type":"string","items":true}`: "items", `{"type":"string","properties":{"a":true}}`: "properties",
	} {
		refusedFor(t, withField(rule, ""), says)
	}
	for _, rule := range []string{
		`{"type":["string","null"],"maxLength":3}`, `{"type":"integer","minimum":3}`, `{"maxLength":3,"minimum":3}`, `{"if":true,"then":true}`, `{"if":true,"else":true}`,
	} {
		if _, err := Compile(withField(rule, ""), "code", nil); err != nil {
			t.Errorf("%s: got %v, want it taken", rule, err)
		}
	}
}

// refusedFor checks that a schema is refused for what it is beyond, which is named.
func refusedFor(t *testing.T, schema []byte, says string) {
	t.Helper()
	_, err := Compile(schema, "code", nil)
	if u, ok := errors.AsType[*Unfit](err); !ok || !strings.Contains(u.What, says) {
		t.Errorf("%.200s: got %v, want it refused for %s", schema, err, says)
	}
}
