package text

import (
	"strconv"
	"strings"
)

// RowFault is what is wrong with one row of a file, or with one cell of it. Value is for the person
// who brought the file, and for nobody else: it is not logged and not recorded.
type RowFault struct {
	Line     uint64 `json:"line,omitempty"`     // of the file
	Record   uint64 `json:"record,omitempty"`   // of a list of JSON: which record it is, counted from 1
	Letter   string `json:"letter,omitempty"`   // of the column, such as C
	Header   string `json:"header,omitempty"`   // of the column, as the file has it
	Field    string `json:"field,omitempty"`    // of the dataset
	Reason   string `json:"reason"`             // the broken rule: a word, never a value
	Value    string `json:"value,omitempty"`    // cut short
	Expected string `json:"expected,omitempty"` // what the rule wants
	Example  string `json:"example,omitempty"`  // a value that is good
	First    uint64 `json:"first,omitempty"`    // of a key that stands twice: the line, of a list of JSON the record, where it stands first
}

// Place returns where the fault is, such as: line 5, column C (姓名).
func (f RowFault) Place(l Lang) string {
	var parts []string
	if f.Line > 0 {
		parts = append(parts, faultWords["line"].told(l, Args{"n": strconv.FormatUint(f.Line, 10)}))
	}
	if f.Record > 0 {
		parts = append(parts, faultWords["record"].told(l, Args{"n": strconv.FormatUint(f.Record, 10)}))
	}
	args := Args{"letter": f.Letter, "header": Visible(f.Header), "field": f.Field}
	switch {
	case f.Letter != "" && f.Header != "":
		parts = append(parts, faultWords["column"].told(l, args))
	case f.Letter != "":
		parts = append(parts, faultWords["letter"].told(l, args))
	case f.Field != "":
		parts = append(parts, faultWords["field"].told(l, args))
	}
	return strings.Join(parts, l.pick("，", ", "))
}

// What returns what is wrong, what is expected, and an example.
func (f RowFault) What(l Lang) string {
	s := Cause(l, f.Reason)
	if f.Value != "" {
		s = faultWords["value"].told(l, Args{"value": Visible(f.Value), "reason": s})
	}
	switch {
	case f.First > 0 && f.Record > 0:
		s += faultWords["first record"].told(l, Args{"n": strconv.FormatUint(f.First, 10)})
	case f.First > 0:
		s += faultWords["first"].told(l, Args{"n": strconv.FormatUint(f.First, 10)})
	}
	switch {
	case f.Reason == "kept":
		s += faultWords["kept"].told(l, Args{"columns": Visible(f.Expected)})
	case f.Expected != "":
		s += faultWords["expected"].told(l, Args{"expected": expected(l, f.Reason, f.Expected)})
	}
	if f.Example != "" {
		s += faultWords["example"].told(l, Args{"example": Visible(f.Example)})
	}
	return s
}

// Tell returns the fault as one sentence.
func (f RowFault) Tell(l Lang) string {
	place := f.Place(l)
	if place == "" {
		return f.What(l)
	}
	return place + l.pick("：", ": ") + f.What(l)
}

func (w word) told(l Lang, args Args) string { return fill(l.pick(w.zh, w.en), args) }

var faultWords = map[string]word{
	"line": {"第 {n} 行", "line {n}"}, "column": {"{letter} 列“{header}”", `column {letter} "{header}"`}, "letter": {"{letter} 列", "column {letter}"},
	"record": {"第 {n} 条记录", "record {n}"}, "first record": {"，首次出现在第 {n} 条记录", ", which record {n} has first"},
	"field": {"数据项“{field}”", "field {field}"},
	"value": {"“{value}”{reason}", `"{value}": {reason}`}, "first": {"，首次出现在第 {n} 行", ", which is in line {n} first"},
	"expected": {"，应为{expected}", "; expected: {expected}"}, "example": {"，例如 {example}", ", such as {example}"},

	"kept": {"（文件没有的列：{columns}；请在文件中补上）", " (the file has no column for: {columns}; put these into it)"},

	// of a header, where the column is named too
	"unknown":  {"{column}不是该数据资源的数据项", "{column} is no field of the dataset"},
	"near":     {"{column}不是该数据资源的数据项，相近的是“{field}”", "{column} is no field of the dataset; near it: {field}"},
	"twice":    {"{column}与 {other} 列都是数据项“{field}”", "{column} and column {other} are both the field {field}"},
	"key":      {"缺少主键“{field}”的列", "there is no column for the key {field}"},
	"required": {"缺少必填数据项“{field}”的列", "there is no column for {field}, which every record must have"},
	"above one": {"本行可作表头，但其上的第 {from} 行可能是记录，不能当作标题略去：如是标题，请删去；如是记录，请改正其表头", "it can be the header, but line {from} above it may hold a record, and no title: " +
		"delete it if it is a title, or correct the header above it"},
	"above": {"本行可作表头，但其上的第 {from} 至 {other} 行可能是记录，不能当作标题略去：如是标题，请删去；如是记录，请改正其表头", "it can be the header, but lines {from} to {other} above it may hold records, and no title: " +
		"delete them if they are a title, or correct the header above them"},
}

// expected tells what a rule wants: words for a type, and a value as it is.
func expected(l Lang, reason, wanted string) string {
	switch reason {
	case "type":
		parts := strings.Split(wanted, ", ")
		for i, p := range parts {
			parts[i] = typeWords[p].in(l)
		}
		return strings.Join(parts, l.pick("或", " or "))
	case "format":
		if known, ok := formatWords[wanted]; ok {
			return known.in(l)
		}
	case "enum", "const":
		all := strings.Split(Visible(wanted), " | ")
		if len(all) > 1 {
			return l.pick(" ", "one of ") + strings.Join(all, l.pick("、", ", ")) + l.pick(" 之一", "")
		}
	case "columns", "minLength", "maxLength", "minItems", "maxItems":
		return lengthWords[reason].told(l, Args{"n": wanted})
	}
	return l.pick(" ", "") + Visible(wanted)
}

var typeWords = map[string]word{
	"string": {"文字", "a text"}, "integer": {"整数", "a whole number"}, "number": {"数字", "a number"}, "boolean": {" true 或 false", "true or false"},
	"array": {"列表", "a list"}, "object": {"JSON 对象", "a JSON object"}, "null": {"空", "nothing"},
}

var formatWords = map[string]word{
	"date": {"日期", "a date"}, "time": {"时间", "a time of day"}, "date-time": {"日期和时间", "a date with its time of day"},
	"duration": {"时长", "a duration"}, "email": {"电子邮件地址", "an address of e-mail"}, "uri": {"网址", "an address of the web"},
	"ipv4": {" IPv4 地址", "an IPv4 address"}, "ipv6": {" IPv6 地址", "an IPv6 address"}, "uuid": {" UUID", "a UUID"},
}

var lengthWords = map[string]word{
	"columns": {" {n} 列", "{n} [column|columns]"}, "minLength": {"至少 {n} 个字符", "at least {n} [character|characters]"}, "maxLength": {"至多 {n} 个字符", "at most {n} [character|characters]"},
	"minItems": {"至少 {n} 项", "at least {n} [item|items]"}, "maxItems": {"至多 {n} 项", "at most {n} [item|items]"},
}

// BrokenRule returns a broken rule as the reason of a problem: with what is wanted, and an example,
// where there are any.
func BrokenRule(f RowFault) string {
	if f.Expected == "" && f.Example == "" {
		return f.Reason
	}
	return strings.Join([]string{f.Reason, f.Expected, f.Example}, "\t")
}

// broken tells a reason, which may be a broken rule. What is none is told as it is shown.
func broken(l Lang, value, seen string) string {
	parts := strings.Split(value, "\t")
	switch _, before := strings.CutPrefix(value, said); {
	case before:
		return strings.TrimPrefix(seen, Visible(said))
	case len(parts) != 3 && says(value) && Known(value):
		return shown(Cause(l, value))
	case len(parts) != 3:
		return Cause(l, seen)
	}
	return RowFault{Reason: parts[0], Expected: parts[1], Example: parts[2]}.What(l)
}

// HeaderFault is one fault of the header of a file.
type HeaderFault struct {
	Kind   string // unknown, twice, key, required, above
	Letter string // of the column; above: the first line above the header
	Header string // as the file has it
	Other  string // twice: the letter of the column before it; above: the last line above it
	Field  string // unknown: the nearest, or ""; otherwise the field that it is about
}

// HeaderFaults returns the faults as the value of a problem.
func HeaderFaults(faults []HeaderFault) string {
	var lines []string
	for _, f := range faults {
		parts := []string{f.Kind, f.Letter, Short(f.Header), f.Other, f.Field}
		for i := range parts {
			parts[i] = strings.Map(func(r rune) rune {
				if r == '\t' || r == '\n' {
					return ' '
				}
				return r
			}, parts[i])
		}
		lines = append(lines, strings.Join(parts, "\t"))
	}
	return strings.Join(lines, "\n")
}

// headerFaults tells the faults of a header, each by a sentence of its own. What is no such list is
// told as it is shown.
func headerFaults(l Lang, value, shown string) string {
	var told []string
	for line := range strings.SplitSeq(value, "\n") {
		parts := strings.Split(line, "\t")
		if len(parts) != 5 {
			return shown
		}
		f := HeaderFault{parts[0], parts[1], parts[2], parts[3], parts[4]}
		if f.Kind == "unknown" && f.Field != "" {
			f.Kind = "near"
		}
		if f.Kind == "above" && f.Letter == f.Other {
			f.Kind = "above one"
		}
		column := RowFault{Letter: f.Letter, Header: f.Header}.Place(l)
		told = append(told, faultWords[f.Kind].told(l, Args{"column": column, "from": f.Letter, "other": f.Other, "field": Visible(f.Field)}))
	}
	return strings.Join(told, l.pick("；", "; "))
}
