package main

import (
	"regexp"
	"slices"
	"strings"

	"xietong/node/ground/text"
)

// grid is the table of a list. Where it is wider than the terminal, first what all cells of a
// column share is told once: the zone of its times, the ledger of its entries. Then columns are
// left out. Nothing is lost silently: what was done is told beside the table, and -o and --json
// have it all.
type grid struct {
	of      []string // the columns
	names   []string // their headings
	cells   [][]string
	ledgers []sharedLedger
	left    []string // headings of the columns that were left out
}

// sharedLedger is the ledger of all entries of a column, of which the cells have the index alone.
type sharedLedger struct{ heading, ledger, index string }

// showGrid prints the rows of a list under its headings, without the columns in which no row has
// anything. spare are the columns that are left out where there is no room, the first one first.
func (a *app) showGrid(headings []heading, spare []string, rows [][]string) {
	var of []string
	for _, h := range headings {
		of = append(of, h.of)
	}
	var whole grid
	whole.of, _ = filled(of, rows)
	whole.names, whole.cells = filled(a.headingsOf(headings), rows)
	if a.fits(whole) {
		a.table(whole.names, whole.cells)
		return
	}
	g := whole.shortened(a)
	for _, name := range spare {
		if i := slices.Index(g.of, name); i >= 0 && !a.fits(g) {
			g.left = append(g.left, whole.names[slices.Index(whole.of, name)])
			g = g.without(i)
		}
	}
	if !a.fits(g) { // a description of each row
		a.table(whole.names, whole.cells)
		return
	}
	a.table(g.names, g.cells)
	a.tellShortened(g)
}

// fits reports whether the table is no wider than the terminal.
func (a *app) fits(g grid) bool {
	wide := 2 * (len(g.names) - 1)
	for i, name := range g.names {
		most := columns(clean(name))
		for _, row := range g.cells {
			most = max(most, columns(clean(row[i])))
		}
		wide += most
	}
	return a.width() == 0 || wide <= a.width()
}

// without returns the table without a column.
func (g grid) without(i int) grid {
	drop := func(all []string) []string { return slices.Delete(slices.Clone(all), i, i+1) }
	cells := make([][]string, len(g.cells))
	for n, row := range g.cells {
		cells[n] = drop(row)
	}
	g.ledgers = slices.DeleteFunc(slices.Clone(g.ledgers), func(l sharedLedger) bool { return l.heading == g.names[i] })
	g.of, g.names, g.cells = drop(g.of), drop(g.names), cells
	return g
}

var (
	zoned     = regexp.MustCompile(`^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d ([+-]\d\d:\d\d)$`) // a time, as people read it
	entryName = regexp.MustCompile(`^(\S+/log/\d+/)\d+$`)
	agencyID  = regexp.MustCompile(`^spiffe://(\S+)/agency/(\S+)$`)
)

// shortID returns the form CODE@JURISDICTION of an agency's ID, which every command takes as well.
func shortID(id string) string { return agencyID.ReplaceAllString(id, "$2@$1") }

// shortened returns the table with what the cells of a column share told once.
func (g grid) shortened(a *app) grid {
	names := slices.Clone(g.names)
	cells := make([][]string, len(g.cells))
	for n, row := range g.cells {
		cells[n] = slices.Clone(row)
	}
	for i := range names {
		if zone, ok := shared(cells, i, zoneOf); ok {
			names[i] = a.t(text.CLIHeadingZone, text.Args{"heading": names[i], "zone": zone})
			eachCell(cells, i, func(cell string) string { return strings.TrimSuffix(cell, " "+zone) })
		}
		if ledger, ok := shared(cells, i, ledgerOf); ok {
			example := cells[slices.IndexFunc(cells, func(row []string) bool { return strings.HasPrefix(row[i], ledger) })][i]
			g.ledgers = append(g.ledgers, sharedLedger{names[i], ledger, strings.TrimPrefix(example, ledger)})
			eachCell(cells, i, func(cell string) string { return strings.TrimPrefix(cell, ledger) })
		}
	}
	g.names, g.cells = names, cells
	return g
}

func zoneOf(cell string) string {
	if found := zoned.FindStringSubmatch(cell); found != nil {
		return found[1]
	}
	return ""
}

// ledgerOf returns what the names of all entries of a ledger begin with.
func ledgerOf(cell string) string {
	if found := entryName.FindStringSubmatch(cell); found != nil {
		return found[1]
	}
	return ""
}

// shared returns what is the same of all cells of a column that have it.
func shared(cells [][]string, i int, part func(cell string) string) (same string, ok bool) {
	for _, row := range cells {
		switch now := part(row[i]); {
		case now == "" || now == same:
		case same != "":
			return "", false
		default:
			same = now
		}
	}
	return same, same != ""
}

// eachCell changes every cell of a column.
func eachCell(cells [][]string, i int, change func(cell string) string) {
	for _, row := range cells {
		row[i] = change(row[i])
	}
}

// tellShortened tells what the table does not.
func (a *app) tellShortened(g grid) {
	for i, l := range g.ledgers {
		of := func(o sharedLedger) bool { return o.ledger == l.ledger }
		if slices.IndexFunc(g.ledgers, of) < i { // told with the first
			continue
		}
		var headings []string
		for _, o := range g.ledgers {
			if of(o) {
				headings = append(headings, a.t(text.CLIQuoted, text.Args{"word": o.heading}))
			}
		}
		a.tell(text.CLIGridLedger, text.Args{"list": strings.Join(headings, a.t(text.CLINameComma, nil)), "index": l.index, "entry": l.ledger + l.index})
	}
	if len(g.left) > 0 {
		a.tell(text.CLIGridLeft, text.Args{"list": strings.Join(g.left, a.t(text.CLINameComma, nil))})
	}
}
