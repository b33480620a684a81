package roster

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"xietong/certs/identity"
	"xietong/node/ground/text"
)

// Limits of a file, in bytes where nothing else is said. Those of the texts are the limits of an
// endorsement (see trust).
const (
	maxShort  = 32       // of a code and of a level
	maxLong   = 200      // of a name
	maxFile   = 16 << 20 // of the file: twice what MaxPlaces usually take
	maxFaults = 10       // that are told
)

// columns are the columns of a file; those that may be absent stand last.
var columns = []string{"code", "level", "label", "name_zh", "parent", "short_zh", "name_en"}

const neededColumns = 5

// noParent is the code that stands for no place in the column parent, where no place has it.
const noParent = "000000"

// Faulty is returned by Parse. It tells the first faults of a file, in the order of its lines.
type Faulty struct {
	Faults []text.RosterFault
	More   int // faults beside them
}

func (f *Faulty) Error() string {
	var told []string
	for _, fault := range f.Faults {
		told = append(told, fault.Tell(text.En))
	}
	return "read roster: " + strings.Join(told, "; ")
}

// Failure returns the error as a person is told it.
func (f *Faulty) Failure() error {
	faults := f.Faults
	if f.More > 0 {
		faults = append(slices.Clone(faults), text.RosterFault{Kind: "more", Value: strconv.Itoa(f.More)})
	}
	return text.Fail(text.RosterFaulty, text.Args{"mistakes": text.RosterFaults(faults)}, f)
}

// row is one place of a file, with its line, before it is known where it stands.
type row struct {
	Place
	line          int
	label, parent string
	placed        bool
}

// reading is a file that is being read.
type reading struct {
	rows   []*row
	byCode map[string]*row // by the code as it is written, of which parents are
	codes  map[string]*row // by asCode
	faulty Faulty
}

func (r *reading) fault(line int, kind, value, other string) {
	if len(r.faulty.Faults) == maxFaults {
		r.faulty.More++
		return
	}
	r.faulty.Faults = append(r.faulty.Faults, text.RosterFault{Line: line, Kind: kind, Value: value, Other: other})
}

func (r *reading) failed() bool { return len(r.faulty.Faults) > 0 }

// Parse reads a list as CSV in UTF-8, with or without a mark, and gives it number 0. In the list
// all places below one stand directly after it; the places below one parent keep the order of the
// file. The error is a *Faulty.
func Parse(data string) (*Roster, error) {
	r := &reading{byCode: map[string]*row{}, codes: map[string]*row{}}
	r.read(strings.TrimPrefix(data, "\ufeff"))
	if r.failed() {
		return nil, &r.faulty
	}
	root := r.root()
	if r.failed() {
		return nil, &r.faulty
	}
	list := r.order(root)
	if r.failed() {
		slices.SortStableFunc(r.faulty.Faults, func(a, b text.RosterFault) int { return a.Line - b.Line })
		return nil, &r.faulty
	}
	return list, nil
}

// read reads the rows and checks each by itself.
func (r *reading) read(data string) {
	if len(data) > maxFile {
		r.fault(0, "too long", strconv.Itoa(len(data)), strconv.Itoa(maxFile))
		return
	}
	lines := csv.NewReader(strings.NewReader(data))
	lines.ReuseRecord, lines.FieldsPerRecord = true, -1
	header, err := lines.Read()
	if err != nil {
		r.fault(1, "no header", strings.Join(columns[:neededColumns], ","), "")
		return
	}
	at, width := r.header(header), len(header)
	if at == nil {
		return
	}
	for {
		cells, err := lines.Read()
		line, _ := lines.FieldPos(0)
		switch broken, is := errors.AsType[*csv.ParseError](err); {
		case errors.Is(err, io.EOF):
			if len(r.rows) == 0 && !r.failed() {
				r.fault(0, "no place", "", "")
			}
			return
		case is:
			r.fault(broken.StartLine, "quote", "", "")
			return
		case len(cells) != width:
			r.fault(line, "cells", strconv.Itoa(len(cells)), strconv.Itoa(width))
			continue
		}
		if len(r.rows) == MaxPlaces {
			r.fault(line, "too many", strconv.Itoa(MaxPlaces), "")
			return
		}
		r.row(line, cells, at)
	}
}

// header returns where each column stands; none, where the header is faulty.
func (r *reading) header(cells []string) (at map[string]int) {
	at = map[string]int{}
	for i, cell := range cells {
		name := strings.ToLower(strings.TrimSpace(cell))
		switch _, twice := at[name]; {
		case !slices.Contains(columns, name):
			r.fault(1, "unknown column", cell, strings.Join(columns, ","))
		case twice:
			r.fault(1, "column twice", name, "")
		}
		at[name] = i
	}
	for _, name := range columns[:neededColumns] {
		if _, there := at[name]; !there {
			r.fault(1, "missing column", name, "")
		}
	}
	if r.failed() {
		return nil
	}
	return at
}

// row reads one place, and checks what can be checked of it alone, or with those before it.
func (r *reading) row(line int, cells []string, at map[string]int) {
	get := func(column string, most int) string {
		i, there := at[column]
		if !there {
			return ""
		}
		cell := norm.NFC.String(strings.TrimSpace(cells[i]))
		switch {
		case cell == "" && slices.Contains(columns[:4], column):
			r.fault(line, "empty", column, "")
		case len(cell) > most:
			r.fault(line, "long", column, strconv.Itoa(most))
		case !text.Nameable(cell):
			r.fault(line, "unreadable", column, "")
		}
		return cell
	}
	w := &row{line: line, label: get("label", maxLong), parent: get("parent", maxShort), Place: Place{
		Code: get("code", maxShort), DisplayName: get("name_zh", maxLong), ShortName: get("short_zh", maxLong), EnglishName: get("name_en", maxLong),
	}}
	level, known := LevelOf(get("level", maxShort))
	if w.Level = level; !known && level != "" {
		r.fault(line, "level", level, "")
	}
	switch _, err := identity.ParseJurisdiction(w.label); { // a root may have a name of several labels
	case len(w.label) > identity.MaxLabelLen && !strings.Contains(w.label, "."):
		r.fault(line, "long", "label", strconv.Itoa(identity.MaxLabelLen))
	case err != nil && w.label != "":
		r.fault(line, "label", w.label, "")
	}
	if before, twice := r.codes[asCode(w.Code)]; twice && w.Code != "" {
		r.fault(line, "code twice", w.Code, strconv.Itoa(before.line))
		return
	}
	r.byCode[w.Code], r.codes[asCode(w.Code)] = w, w
	r.rows = append(r.rows, w)
}

// noLevelRune reports whether a rune cannot stand in a level.
func noLevelRune(c rune) bool {
	return !unicode.In(c, unicode.L, unicode.M, unicode.Nd) && c != '-'
}

// root returns the one place that has no parent.
func (r *reading) root() (root *row) {
	if _, place := r.byCode[noParent]; !place {
		for _, w := range r.rows {
			if w.parent == noParent {
				w.parent = ""
			}
		}
	}
	for _, w := range r.rows {
		switch _, known := r.byCode[w.parent]; {
		case w.parent == "" && root != nil:
			r.fault(w.line, "two roots", w.DisplayName, strconv.Itoa(root.line))
		case w.parent == "":
			root = w
		case !known:
			r.fault(w.line, "orphan", w.parent, "")
		}
	}
	if root == nil && !r.failed() {
		r.fault(0, "no root", "", "")
	}
	return root
}

// order makes the list from the root down: after each place come those below it, as the file has
// them. What is left then leads back to itself.
func (r *reading) order(root *row) *Roster {
	list, lines := empty(0, nil), map[identity.Jurisdiction]int{}
	below := map[string][]*row{} // by the code of the parent
	for _, w := range r.rows {
		if w != root {
			below[w.parent] = append(below[w.parent], w)
		}
	}
	for next := []*row{root}; len(next) > 0; {
		w := next[len(next)-1]
		w.placed, next = true, next[:len(next)-1]
		r.place(list, lines, w, root)
		for _, child := range slices.Backward(below[w.Code]) {
			next = append(next, child)
		}
	}
	for _, w := range r.rows {
		if !w.placed {
			r.fault(w.line, "cycle", w.DisplayName, w.parent)
		}
		for _, called := range w.called() {
			if of := r.codes[asCode(called)]; called != "" && of != nil && of != w {
				r.fault(w.line, "code as name", called, strconv.Itoa(of.line))
			}
		}
	}
	if _, err := list.Manifest(); err != nil && !r.failed() {
		r.fault(0, "too much", strconv.Itoa(MaxLen), "")
	}
	return list
}

// place puts a row into the list, below its parent.
func (r *reading) place(list *Roster, lines map[identity.Jurisdiction]int, w, root *row) {
	name, kind := r.nameOf(w, root)
	if kind != "" {
		r.fault(w.line, kind, w.label, strconv.Itoa(identity.MaxDepth))
		return
	}
	if name.IsZero() {
		return // the fault of the place above is told
	}
	if before, twice := lines[name]; twice {
		r.fault(w.line, "label twice", w.label, strconv.Itoa(before))
		return
	}
	w.Name, lines[name] = name, w.line
	switch err := list.add(w.Place); {
	case errors.Is(err, errManyLevels):
		r.fault(w.line, "many levels", w.Level, strconv.Itoa(maxLevels))
	case err != nil:
		r.fault(w.line, "unreadable", "name_zh", "") // add checks nothing else that was not checked before
	}
}

// nameOf returns the name of a row, or the kind of fault for which it has none. Below a place
// without a name it returns neither.
func (r *reading) nameOf(w, root *row) (name identity.Jurisdiction, fault string) {
	if w == root {
		name, err := identity.ParseJurisdiction(w.label)
		if err != nil {
			return name, "label"
		}
		return name, ""
	}
	label, err := identity.ParseLabel(w.label)
	above := r.byCode[w.parent].Name
	switch {
	case err != nil:
		return name, "label"
	case above.IsZero():
		return name, ""
	}
	if name, err = above.Child(label); err != nil {
		return identity.Jurisdiction{}, "deep"
	}
	return name, ""
}

// CSV returns the list as a file that Parse reads.
func (r *Roster) CSV() string {
	var b strings.Builder
	w := csv.NewWriter(&b)
	rows := [][]string{{"code", "level", "label", "name_zh", "short_zh", "name_en", "parent"}}
	for i, p := range r.places {
		label, parent := p.Name.Label().String(), ""
		if above, below := p.Name.Parent(); below && i > 0 {
			parent = r.places[r.at[above]].Code
		} else {
			label = p.Name.String()
		}
		rows = append(rows, []string{p.Code, p.Level, label, p.DisplayName, p.ShortName, p.EnglishName, parent})
	}
	if err := w.WriteAll(rows); err != nil {
		panic(fmt.Sprintf("write CSV in memory: %v", err))
	}
	return b.String()
}
