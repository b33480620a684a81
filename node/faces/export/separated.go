package export

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"xietong/node/ground/table"
)

// separated writes CSV and TSV. The writer of encoding/csv is not used, since it changes a line
// break within a cell where lines end with CR LF.
type separated struct {
	w     *bufio.Writer
	comma rune
}

const mark = "\uFEFF" // of UTF-8

func newSeparated(to io.Writer, comma rune, columns []string, o Options) (Writer, error) {
	s := &separated{w: bufio.NewWriter(to), comma: comma}
	if o.Mark {
		s.w.WriteString(mark) // an error stays, and Close returns it
	}
	return s, s.line(len(columns), func(i int) string { return s.quoted(columns[i]) })
}

func (s *separated) Write(row Row) error {
	return s.line(len(row), func(i int) string {
		if string(row[i]) == `""` {
			return `""`
		}
		return s.quoted(Spell(row[i]))
	})
}

func (s *separated) line(n int, cell func(int) string) error {
	for i := range n {
		if i > 0 {
			s.w.WriteRune(s.comma)
		}
		text := cell(i)
		if n == 1 && text == "" {
			text = `""` // readers skip an empty line
		}
		s.w.WriteString(text)
	}
	if _, err := s.w.WriteString("\r\n"); err != nil {
		return fmt.Errorf("write row: %w", err)
	}
	return nil
}

// quoted puts a cell in quotation marks where it must be, where a reader might take spaces at its
// ends for none, and where it has the sign of any delimiter: a reader that finds the delimiter from
// the content must not find one within the cells.
func (s *separated) quoted(cell string) string {
	if !strings.ContainsAny(cell, table.Delimiters+"\"\r\n") && strings.TrimSpace(cell) == cell &&
		!strings.HasPrefix(cell, mark) {
		return cell
	}
	return `"` + strings.ReplaceAll(cell, `"`, `""`) + `"`
}

func (s *separated) Discard() {}

func (s *separated) Close() error {
	if err := s.w.Flush(); err != nil {
		return fmt.Errorf("write rows: %w", err)
	}
	return nil
}
