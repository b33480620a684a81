package export

import (
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf16"

	"github.com/xuri/excelize/v2"
)

// What a sheet can hold.
const (
	MaxSheetRows = excelize.TotalRows - 1  // without the line of the columns
	MaxCell      = excelize.TotalCellChars // UTF-16 units of a cell
	exactDigits  = 15                      // of a number in a cell; more are lost
)

// TooManyRows is the error of a sheet that is full.
type TooManyRows struct{}

func (*TooManyRows) Error() string { return fmt.Sprintf("more than %d rows", MaxSheetRows) }

// Unfit is the error of a value that no cell of a sheet can hold: it is too long, or has a control
// character.
type Unfit struct {
	Row    int // counted from 1; 0: the line of the columns
	Column string
	Units  int // its length; at most MaxCell: it has a control character
}

func (e *Unfit) Error() string {
	if e.Units > MaxCell {
		return fmt.Sprintf("row %d, column %s: %d characters, more than %d", e.Row, e.Column, e.Units, MaxCell)
	}
	return fmt.Sprintf("row %d, column %s: a control character", e.Row, e.Column)
}

// unwritable reports whether XML has no place for the rune.
func unwritable(r rune) bool {
	return r < ' ' && r != '\t' && r != '\n' && r != '\r' || r == 0xFFFE || r == 0xFFFF
}

// sheet writes xlsx.
type sheet struct {
	to      io.Writer
	file    *excelize.File
	stream  *excelize.StreamWriter
	columns []string
	text    int // the style of a text: what is typed over it stays a text
	rows    int
}

const sheetName = "Sheet1"

func newSheet(to io.Writer, columns []string) (_ Writer, err error) {
	s := &sheet{to: to, file: excelize.NewFile(), columns: columns}
	if s.text, err = s.file.NewStyle(&excelize.Style{NumFmt: 49}); err != nil { // 49: @
		return nil, fmt.Errorf("write sheet: %w", err)
	}
	if s.stream, err = s.file.NewStreamWriter(sheetName); err != nil {
		return nil, fmt.Errorf("write sheet: %w", err)
	}
	cells := make([]any, len(columns))
	for i, name := range columns {
		if strings.ContainsFunc(name, unwritable) {
			return nil, &Unfit{0, name, 0}
		}
		cells[i] = s.cellOf(name)
	}
	return s, s.line(cells)
}

func (s *sheet) Write(row Row) error {
	if s.rows++; s.rows > MaxSheetRows {
		return &TooManyRows{}
	}
	cells := make([]any, len(row))
	for i, value := range row {
		if len(value) == 0 || string(value) == "null" {
			continue
		}
		text := Spell(value)
		if n := len(utf16.Encode([]rune(text))); n > MaxCell || strings.ContainsFunc(text, unwritable) {
			return &Unfit{s.rows, s.columns[i], n}
		}
		if cells[i] = s.cellOf(text); isNumber(value) && digits(text) <= exactDigits {
			n, err := strconv.ParseFloat(text, 64)
			if err == nil && strconv.FormatFloat(n, 'f', -1, 64) == text { // or it would be spelled otherwise
				cells[i] = n
			}
		}
	}
	return s.line(cells)
}

func (s *sheet) cellOf(text string) excelize.Cell {
	return excelize.Cell{StyleID: s.text, Value: text}
}

func (s *sheet) line(cells []any) error {
	at, err := excelize.CoordinatesToCellName(1, s.rows+1)
	if err == nil {
		err = s.stream.SetRow(at, cells)
	}
	if err != nil {
		return fmt.Errorf("write row: %w", err)
	}
	return nil
}

func (s *sheet) Close() error {
	err := s.stream.Flush()
	if err == nil {
		_, err = s.file.WriteTo(s.to)
	}
	if err != nil {
		return fmt.Errorf("write sheet: %w", err)
	}
	return nil
}

// Discard removes the temporary file that long sheets have.
func (s *sheet) Discard() { _ = s.file.Close() } // it is of no use to anybody

func isNumber(value json.RawMessage) bool {
	return len(value) > 0 && (value[0] == '-' || value[0] >= '0' && value[0] <= '9')
}

// digits counts the digits of a number without its exponent and the zeros before them.
func digits(number string) int {
	mantissa, _, _ := strings.Cut(strings.ToLower(number), "e")
	return len(strings.TrimLeft(strings.NewReplacer("-", "", ".", "").Replace(mantissa), "0"))
}
