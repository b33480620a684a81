package rows

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"golang.org/x/text/width"

	"xietong/node/ground/pattern"
	"xietong/node/ground/scalar"
	"xietong/node/ground/table"
)

// column is a field as cells are read for it.
type column struct {
	Field
	title    string
	property *jsonschema.Schema
	outline  *node
	wants    kinds
	format   string
	key      bool
}

// emptyIsNull reports whether an empty cell is null: the field must have a value, and its schema
// names null. Elsewhere an empty cell is no value.
func (c *column) emptyIsNull() bool {
	return c.required && c.wants&nullKind != 0 && c.property.Validate(nil) == nil
}

// cell reads the text of a value. A text is a text unless the schema wants something else; where it
// wants either, the text is tried first. work bounds the trying.
func (c *column) cell(text string, work *pattern.Work) (any, *Bad) {
	if c.wants&^nullKind == textKind {
		return c.text(text)
	}
	if c.wants&textKind != 0 {
		if v, refused := c.text(text); refused != nil || c.accepts(v, work) {
			return v, refused
		}
	}
	v, refused := decodeScalar([]byte(text))
	switch {
	case refused != nil && refused.Reason != "malformed":
		return nil, bad(c.Name, refused.Reason)
	case refused == nil && v != nil && c.wants&kindOf(v) != 0:
		return v, nil
	case c.wants&textKind != 0:
		return c.text(text) // what the schema says against it is told
	}
	return nil, bad(c.Name, "type")
}

// text takes a text as it is, composed.
func (c *column) text(text string) (any, *Bad) {
	composed, reason := scalar.Text(text)
	if reason != "" {
		return nil, bad(c.Name, reason)
	}
	return composed, nil
}

// accepts reports whether a record may have the value in the field.
func (c *column) accepts(v any, work *pattern.Work) bool {
	return (!c.key || badKey(v) == "") && c.outline.within(v, work) && c.property.Validate(v) == nil
}

// exponent is how spreadsheets write a long number in a narrow column; shown is the way in which
// they alone write it.
var (
	exponent = regexp.MustCompile(`^[0-9](\.[0-9]+)?[eE]\+[0-9]+$`)
	shown    = regexp.MustCompile(`^-?[0-9](\.[0-9]+)?E\+[0-9]{2,3}$`)
)

// formulaErrors are what spreadsheets show where a formula, or a column that is too narrow, has no
// value.
var formulaErrors = regexp.MustCompile(`^(#(DIV/0!|N/A|NAME\?|NULL!|NUM!|REF!|VALUE!|SPILL!|CALC!)|#{3,})$`)

// spoilt returns why a cell has lost what a person entered; "" if it has not, as far as can be
// seen. What the schema names as a value is one.
func (c *column) spoilt(cell table.Cell) (reason string) {
	switch {
	case cell.Kind == table.Merged:
		return "merged"
	case cell.Kind == table.Lost:
		return "digits lost"
	case cell.Kind == table.Failed:
		return "formula failed"
	case c.outline.listed > 0:
		return ""
	case formulaErrors.MatchString(cell.Text):
		return "formula failed"
	case c.wants&^nullKind == integerKind && exponent.MatchString(cell.Text), shown.MatchString(cell.Text):
		return "exponent"
	}
	return ""
}

// read reads one cell of a file. asSpreadsheet also reads what spreadsheets show and JSON does not
// know; reading is then how the cell was read, and "" where it was read as it is.
func (c *column) read(cell table.Cell, asSpreadsheet bool, work *pattern.Work) (v any, reading string, refused *Bad) {
	if reason := c.spoilt(cell); reason != "" {
		return nil, "", bad(c.Name, reason)
	}
	text := cell.Text
	if cell.Kind == table.Boolean && c.wants&textKind == 0 {
		text = strings.ToLower(text)
	}
	v, refused = c.cell(text, work)
	if !asSpreadsheet || refused == nil && c.accepts(v, work) {
		return v, "", refused
	}
	if other := c.plainly(text); other != text {
		if v, refused := c.cell(other, work); refused == nil && c.accepts(v, work) {
			return v, other, nil
		}
	}
	return v, "", refused
}

// plainly returns the value that a spreadsheet shows as the text, as JSON and ISO 8601 write it;
// the text itself where it shows none.
func (c *column) plainly(text string) string {
	folded := strings.TrimSpace(width.Narrow.String(text))
	switch {
	case c.format == "date":
		if date, ok := dateOf(folded); ok {
			return date
		}
	case c.format == "date-time" || c.format == "time":
		if at, ok := momentOf(c.format, folded); ok {
			return at
		}
	case c.wants&booleanKind != 0 && truths[strings.ToUpper(folded)] != "":
		return truths[strings.ToUpper(folded)]
	case c.wants&numberKind != 0 && grouped.MatchString(folded):
		return strings.ReplaceAll(strings.TrimLeft(folded, "￥¥"), ",", "")
	}
	return strings.TrimSpace(text) // a tab keeps a code from becoming a number
}

var truths = map[string]string{"是": "true", "否": "false", "TRUE": "true", "FALSE": "false", "1": "true", "0": "false", "√": "true"}

// grouped is a number with an optional sign of money, and commas after each three digits, if any.
var grouped = regexp.MustCompile(`^[￥¥]?-?([0-9]+|[0-9]{1,3}(,[0-9]{3})+)(\.[0-9]+)?$`)

var dates = regexp.MustCompile(`^([0-9]{4})(?:([-/.])([0-9]{1,2})([-/.])([0-9]{1,2})|年([0-9]{1,2})月([0-9]{1,2})日|([0-9]{2})([0-9]{2}))$`)

// dateOf reads a date as people and spreadsheets write it, year first. A date that there is none
// of, such as 2020/2/30, is none.
func dateOf(text string) (string, bool) {
	m := dates.FindStringSubmatch(text)
	if m == nil || m[2] != m[4] {
		return "", false
	}
	year, _ := strconv.Atoi(m[1])
	month, _ := strconv.Atoi(m[3] + m[6] + m[8])
	day, _ := strconv.Atoi(m[5] + m[7] + m[9])
	at := time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC)
	return at.Format(time.DateOnly), at.Day() == day && int(at.Month()) == month
}

var times = regexp.MustCompile(`^(?:(.+?)[T ] *)?([01]?[0-9]|2[0-3]):([0-5][0-9])(?::([0-5][0-9]))?$`)

// momentOf reads a date with its time of day, or a time of day alone, as people and spreadsheets
// write it: without a zone. All of China has the time of Beijing.
func momentOf(format, text string) (string, bool) {
	m := times.FindStringSubmatch(text)
	if m == nil || (m[1] == "") != (format == "time") {
		return "", false
	}
	date := ""
	if m[1] != "" {
		day, ok := dateOf(strings.TrimSpace(m[1]))
		if !ok {
			return "", false
		}
		date = day + "T"
	}
	hour, _ := strconv.Atoi(m[2])
	second, _ := strconv.Atoi(m[4])
	return fmt.Sprintf("%s%02d:%s:%02d+08:00", date, hour, m[3], second), true
}

// valueOf returns a value as it is shown to the person who brought it, cut short.
func valueOf(v any) string {
	if text, ok := v.(string); ok {
		return cut(text)
	}
	return cut(string(appendValue(nil, v)))
}

// cut cuts a value to maxValue characters.
func cut(s string) string {
	const maxValue = 60
	n := 0
	for i := range s {
		if n == maxValue {
			return s[:i] + "…"
		}
		n++
	}
	return s
}
