package text

import "strings"

// ruleWords are what a keyword of a schema asks of a value, where it is no type, format or length.
var ruleWords = map[string]word{
	"minimum": {"≥ {n}", "≥ {n}"}, "maximum": {"≤ {n}", "≤ {n}"}, "exclusiveMinimum": {"> {n}", "> {n}"}, "exclusiveMaximum": {"< {n}", "< {n}"},
	"multipleOf": {"{n} 的整倍数", "a multiple of {n}"}, "pattern": {"符合 {n}", "matching {n}"}, "const": {"只能是 {n}", "only {n}"},
	"enum": {"取值：{n}", "one of: {n}"}, "uniqueItems": {"各项不同", "no item twice"},
	"minProperties": {"至少 {n} 个成员", "at least {n} members"}, "maxProperties": {"至多 {n} 个成员", "at most {n} members"},
	"more": {"另有规定，见 --json", "and more: see --json"},
}

// Rule tells a person what a keyword of a schema, such as maxLength, asks of a value. The values of
// a list are given one by one. Of a keyword that is not in the tables it says that there is more.
func Rule(l Lang, keyword string, values ...string) string {
	listed := strings.Join(values, l.pick("、", ", "))
	args := Args{"n": Visible(listed)}
	switch words, known := ruleWords[keyword]; {
	case keyword == "type":
		return strings.TrimSpace(expected(l, keyword, strings.Join(values, ", ")))
	case keyword == "format":
		return strings.TrimSpace(expected(l, keyword, listed))
	case known:
		return words.told(l, args)
	}
	if words, known := lengthWords[keyword]; known {
		return words.told(l, args)
	}
	return ruleWords["more"].in(l)
}
