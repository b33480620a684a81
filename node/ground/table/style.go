package table

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// styles reads for each style of a cell whether it shows a date.
func (b *book) styles(part string) (dates []bool, err error) {
	in, err := b.part(part, maxPart, sheetSpaces)
	if err != nil {
		return nil, err
	}
	defer in.close()
	formats := map[string]bool{}
	for {
		start, err := in.start()
		if err != nil {
			return dates, unlessEnd(err)
		}
		switch id := attr(start, "numFmtId"); {
		case start.Name.Local == "numFmt" && in.within("numFmts"):
			if len(dates) > 0 {
				return nil, doubt{"an element where it does not belong", "numFmts"}
			}
			date := showsDate(attr(start, "formatCode"))
			before, twice := formats[id]
			if n, err := strconv.Atoi(id); twice && date != before || err == nil && n <= lastBuiltin && date != builtin(id) {
				return nil, doubt{"a number format of two meanings", id}
			}
			formats[id] = date
		case start.Name.Local == "xf" && in.within("cellXfs"):
			custom, known := formats[id]
			dates = append(dates, known && custom || !known && builtin(id))
		}
		if len(dates) > maxStyles || len(formats) > maxStyles {
			return nil, errBomb
		}
	}
}

// lastBuiltin is the last format that every program knows.
const lastBuiltin = 58

// builtin reports whether a format that every program knows shows a date (ECMA-376 §18.8.30; 27-36
// and 50-58 are those of Chinese, Japanese and Korean).
func builtin(id string) bool {
	n, err := strconv.Atoi(id)
	return err == nil && (n >= 14 && n <= 22 || n >= 27 && n <= 36 || n >= 45 && n <= 47 || n >= 50 && n <= 58)
}

// showsDate reports whether a code of a format, such as yyyy"年"m"月", shows a date or a time.
func showsDate(code string) bool {
	code, _, _ = strings.Cut(code, ";")
	for i := 0; i < len(code); i++ {
		switch c := code[i]; c {
		case '"':
			if i = skipTo(code, i+1, '"'); i < 0 {
				return false
			}
		case '[':
			end := skipTo(code, i+1, ']')
			if end < 0 {
				return false
			}
			if inside := strings.ToLower(code[i+1 : end]); strings.Trim(inside, "h") == "" || strings.Trim(inside, "m") == "" || strings.Trim(inside, "s") == "" {
				return true // a duration such as [h]:mm
			}
			i = end
		case '\\', '_', '*':
			i++
		case 'y', 'Y', 'm', 'M', 'd', 'D', 'h', 'H', 's', 'S':
			return true
		case 'G', 'g': // General
			if strings.HasPrefix(strings.ToLower(code[i:]), "general") {
				i += len("general") - 1
			}
		}
	}
	return false
}

func skipTo(s string, from int, end byte) int {
	i := strings.IndexByte(s[from:], end)
	if i < 0 {
		return -1
	}
	return from + i
}

// dateOf returns the date of a serial number. Of the year 1900, spreadsheets count a 29 February
// that was none.
func dateOf(n float64, day0 int) (string, bool) {
	if n < 0 || n >= 2_958_466 { // the year 10000
		return "", false
	}
	seconds := int64(math.Round(n * 86_400))
	days, rest := seconds/86_400, seconds%86_400
	day := time.Date(1904, 1, 1, 0, 0, 0, 0, time.UTC)
	if day0 == 1900 {
		if days == 60 {
			return "", false
		}
		if day = time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC); days < 60 {
			day = day.AddDate(0, 0, 1)
		}
	}
	at := day.AddDate(0, 0, int(days)).Add(time.Duration(rest) * time.Second)
	switch {
	case days == 0 && (day0 == 1900 || rest != 0): // a time of day, not one of the day before all others
		return at.Format("15:04:05"), true
	case rest == 0:
		return at.Format(time.DateOnly), true
	}
	return at.Format("2006-01-02T15:04:05"), true
}

// numberOf returns a number as a spreadsheet shows it: with at most 15 digits, in plain decimals.
// One of more digits has lost its last ones.
func numberOf(n float64) Cell {
	if math.IsInf(n, 0) || math.IsNaN(n) {
		return Cell{Text: "#NUM!", Kind: Failed}
	}
	short, err := strconv.ParseFloat(strconv.FormatFloat(n, 'e', 14, 64), 64)
	if err != nil {
		return Cell{Text: "#NUM!", Kind: Failed}
	}
	c := Cell{Text: strconv.FormatFloat(short, 'f', -1, 64), Kind: Number}
	if c.Text == "-0" {
		c.Text = "0"
	}
	if math.Abs(n) >= 1e15 {
		c.Kind = Lost
	}
	return c
}
