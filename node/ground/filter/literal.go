package filter

import (
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"xietong/exchange/decimal"
	"xietong/node/ground/scalar"
)

// tokens finds the decimal numbers of an expression, in its only group, and passes by what may hold
// digits and is none: comments, texts, quoted and other names, hexadecimal numbers.
var tokens = regexp.MustCompile(`(?s)//[^\n]*` +
	`|(?:[rR][bB]?|[bB][rR])(?:"""(?U:.*)"""|'''(?U:.*)'''|"[^"\n\r]*"|'[^'\n\r]*')` +
	`|[bB]?(?:"""(?U:(?:\\.|[^\\])*)"""|'''(?U:(?:\\.|[^\\])*)'''|"(?:\\[^\n\r]|[^"\\\n\r])*"|'(?:\\[^\n\r]|[^'\\\n\r])*')` +
	"|`[^`\n\r]*`" + `|[A-Za-z_][A-Za-z0-9_]*|0[xX][0-9a-fA-F]+[uU]?` +
	`|((?:\.[0-9]+|[0-9]+(?:\.[0-9]+)?)(?:[eE][+-]?[0-9]+)?[uU]?)`)

// literal is a number as it is written.
type literal struct {
	at   int32 // character, counted from 0
	text string
}

// masked returns the expression with every digit of a number as 0, and the numbers. CEL parses it
// to the same tree, and neither refuses nor rounds a number that is too long for it: the values are
// put in afterwards.
func masked(expression string) (zeros string, numbers []literal) {
	out := []byte(expression)
	last, at := 0, 0
	for _, found := range tokens.FindAllStringSubmatchIndex(expression, -1) {
		start, end := found[2], found[3]
		if start < 0 {
			continue
		}
		at, last = at+utf8.RuneCountInString(expression[last:start]), start
		numbers = append(numbers, literal{int32(at), expression[start:end]})
		for i := start; i < end; i++ {
			if out[i] >= '1' && out[i] <= '9' {
				out[i] = '0'
			}
		}
	}
	return string(out), numbers
}

// value returns the number as JSON spells it.
func (l literal) value(negative bool) (decimal.Decimal, string) {
	text := strings.TrimRight(l.text, "uU")
	text = strings.TrimLeft(text, "0")
	if text == "" || text[0] < '0' || text[0] > '9' {
		text = "0" + text
	}
	if negative {
		text = "-" + text
	}
	return scalar.Number(text)
}

// number puts the value of a number into the tree. What CEL's types do not hold exactly is kept
// beside the tree, for the planner.
func (r *reading) number(x ast.Expr) {
	at, known := r.tree.SourceInfo().GetOffsetRange(x.ID())
	found, negative := r.literalAt(at.Start)
	if !known || found < 0 || !negative && r.numbers[found].at != at.Start {
		return // a hexadecimal one, or one of a macro
	}
	r.unread[found] = false
	d, reason := r.numbers[found].value(negative)
	if reason != "" {
		r.refuse(x, reason)
		return
	}
	if v := likewise(x.AsLiteral(), d); v != nil {
		x.SetKindCase(r.factory.NewLiteral(x.ID(), v))
		return
	}
	r.beyond[x.ID()] = number{d}
}

// literalAt returns the number at an offset, or behind the minus that stands there; -1: none.
func (r *reading) literalAt(offset int32) (found int, negative bool) {
	for i, l := range r.numbers {
		switch {
		case l.at == offset:
			return i, false
		case l.at > offset:
			return i, []rune(r.source.Content())[offset] == '-'
		}
	}
	return -1, false
}

// likewise returns the number as a value of the same type as the masked literal; nil where that
// does not hold it. A double holds what it spells in its shortest spelling.
func likewise(masked ref.Val, d decimal.Decimal) ref.Val {
	switch masked.(type) {
	case types.Int:
		if n, ok := d.Int(); ok {
			return types.Int(n)
		}
	case types.Uint:
		if n, err := strconv.ParseUint(d.String(), 10, 64); err == nil {
			return types.Uint(n)
		}
	case types.Double:
		f, err := strconv.ParseFloat(d.String(), 64)
		if back, is, fits := numeric(types.Double(f)); err == nil && is && fits && back == d {
			return types.Double(f)
		}
	}
	return nil
}
