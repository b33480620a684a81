package gather

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"xietong/exchange/decimal"
)

// Limits of a measure.
const (
	MaxBy    = 2   // dimensions of the groups
	maxLevel = 40  // bytes of the name of a level
	maxField = 256 // bytes of the name of a field
)

// Function is the calculation that a federated request makes over the records of a group. Messages
// carry the numbers.
type Function uint8

// The functions.
const (
	None    Function = 0 // no calculation: the records themselves
	Count   Function = 1
	Sum     Function = 2
	Average Function = 3
	Minimum Function = 4
	Maximum Function = 5
)

var functionNames = [...]string{"none", "count", "sum", "average", "minimum", "maximum"}

func (f Function) String() string {
	if int(f) < len(functionNames) {
		return functionNames[f]
	}
	return fmt.Sprintf("function %d", uint8(f))
}

// ParseFunction parses the name of a function, from count to maximum. It returns ErrMeasure for any
// other name.
func ParseFunction(name string) (Function, error) {
	if i := slices.Index(functionNames[:], name); i > 0 {
		return Function(i), nil
	}
	return None, fmt.Errorf("%w: no function %.40q", ErrMeasure, name)
}

// adds reports whether the amounts of groups are added up. An average is sent as a sum and a
// number, because averages do not add up.
func (f Function) adds() bool { return f == Sum || f == Average }

// better reports whether a comes before b: less for a minimum, more for a maximum.
func (f Function) better(a, b decimal.Decimal) bool {
	if f == Minimum {
		return a.Cmp(b) < 0
	}
	return a.Cmp(b) > 0
}

// By is one dimension of the groups: the places of a level, or the values of a field. Exactly one
// of the two is set.
type By struct {
	_     struct{} `cbor:",toarray"`
	Level string   // of the roster
	Field string   // of a record
}

func (b By) String() string { return b.Level + b.Field }

// Measure is a calculation over records: a function, of a field, by groups. The zero value asks for
// the records themselves.
type Measure struct {
	Function `cbor:"1,keyasint,omitempty"`
	Field    string `cbor:"2,keyasint,omitempty"` // the measured field; "" for Count
	By       []By   `cbor:"3,keyasint,omitempty"` // none: all records are one group
}

// ErrMeasure is wrapped by every error about a measure that cannot be asked.
var ErrMeasure = errors.New("not a measure")

// Check checks that the measure can be asked: a known function, with a field exactly if the
// function needs one, and at most MaxBy dimensions, none twice. It returns ErrMeasure if not.
func (m Measure) Check() error {
	switch {
	case m.Function > Maximum:
		return fmt.Errorf("%w: no %s", ErrMeasure, m.Function)
	case m.Function == None && m.Grouped():
		return fmt.Errorf("%w: groups of nothing that is counted", ErrMeasure)
	case (m.Field != "") != (m.Function > Count):
		return fmt.Errorf("%w: %s of the field %.40q", ErrMeasure, m.Function, m.Field)
	case len(m.Field) > maxField:
		return fmt.Errorf("%w: a field's name of %d bytes, at most %d", ErrMeasure, len(m.Field), maxField)
	case len(m.By) > MaxBy:
		return fmt.Errorf("%w: %d dimensions, at most %d", ErrMeasure, len(m.By), MaxBy)
	}
	for i, b := range m.By {
		if err := b.check(); err != nil {
			return err
		}
		if slices.Contains(m.By[:i], b) {
			return fmt.Errorf("%w: by %s twice", ErrMeasure, b)
		}
	}
	return nil
}

func (b By) check() error {
	switch {
	case (b.Level == "") == (b.Field == ""):
		return fmt.Errorf("%w: by a level or a field, got level %.40q and field %.40q", ErrMeasure, b.Level, b.Field)
	case len(b.Level) > maxLevel:
		return fmt.Errorf("%w: a level's name of %d bytes, at most %d", ErrMeasure, len(b.Level), maxLevel)
	case len(b.Field) > maxField:
		return fmt.Errorf("%w: a field's name of %d bytes, at most %d", ErrMeasure, len(b.Field), maxField)
	}
	return nil
}

// Fields returns the names of the fields that the answer tells something about, each once. A
// jurisdiction that permits the measure has to permit these fields.
func (m Measure) Fields() (names []string) {
	if m.Field != "" {
		names = append(names, m.Field)
	}
	for _, b := range m.By {
		if b.Field != "" && !slices.Contains(names, b.Field) {
			names = append(names, b.Field)
		}
	}
	return names
}

// Grouped reports whether the answer has groups by dimensions.
func (m Measure) Grouped() bool { return len(m.By) > 0 }

// String returns the measure as people read it, such as "sum(income) by county, sex". The text is
// not meant to be parsed.
func (m Measure) String() string {
	text := m.Function.String()
	if m.Field != "" {
		text += "(" + m.Field + ")"
	}
	for i, b := range m.By {
		text += []string{" by ", ", "}[min(i, 1)] + b.String()
	}
	return strings.TrimSpace(text)
}
