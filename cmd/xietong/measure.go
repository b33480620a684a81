package main

import (
	"encoding/json"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"xietong/node/faces/client"
	"xietong/node/faces/export"
	"xietong/node/ground/text"
)

// measureFlags holds the values of the flags that ask for a measure, by their names.
type measureFlags map[string]*[]string

// functions are the functions that have a flag with a field.
var functions = []string{client.MeasureSum, client.MeasureAverage, client.MeasureMinimum, client.MeasureMaximum}

func (a *app) addMeasureFlags(flags *pflag.FlagSet, m measureFlags) {
	flags.Bool("count", false, a.t(text.CLIFlagCount, nil))
	for _, f := range functions {
		flags.String(f, "", a.t(text.CLIFlagMeasure, text.Args{"function": a.t(functionNames[f], nil)}))
	}
	m["by"] = flags.StringSlice("by", nil, a.t(text.CLIFlagByLevel, nil))
}

// measure returns the measure that the flags ask for; nil: none.
func (m measureFlags) measure(flags *pflag.FlagSet) (*client.Measure, error) {
	var asked []client.Measure
	if counted, err := flags.GetBool("count"); err == nil && counted {
		asked = append(asked, client.Measure{Function: client.MeasureCount})
	}
	for _, f := range functions {
		if flags.Changed(f) {
			asked = append(asked, client.Measure{Function: f, Field: flags.Lookup(f).Value.String()})
		}
	}
	switch by := *m["by"]; {
	case len(asked) == 0:
		return nil, needsMeasure(flags, "by", "audit")
	case len(asked) > 1:
		return nil, usage(text.CLINotTogether, text.Args{"flag": "--" + asked[0].Function, "other": "--" + asked[1].Function})
	case asked[0].Field == "" && asked[0].Function != client.MeasureCount:
		return nil, usage(text.CLINoField, text.Args{"flag": "--" + asked[0].Function})
	case len(by) > 2:
		return nil, usage(text.CLITwoAtMost, text.Args{"flag": "--by"})
	default:
		asked[0].By = by
		return &asked[0], notTogether(flags, asked[0].Function, "key", "fields", "limit", "cursor")
	}
}

// needsMeasure refuses flags that say something of a measure, where none is asked for.
func needsMeasure(flags *pflag.FlagSet, names ...string) error {
	if name := firstGiven(flags, names); name != "" {
		return usage(text.CLINeedsMeasure, text.Args{"flag": "--" + name})
	}
	return nil
}

// notTogether refuses flags that do not go together with the given one.
func notTogether(flags *pflag.FlagSet, name string, others ...string) error {
	if other := firstGiven(flags, others); other != "" {
		return usage(text.CLINotTogether, text.Args{"flag": "--" + name, "other": "--" + other})
	}
	return nil
}

// firstGiven returns the first of the flags that is on the command line; "": none is.
func firstGiven(flags *pflag.FlagSet, names []string) string {
	if i := slices.IndexFunc(names, flags.Changed); i >= 0 {
		return names[i]
	}
	return ""
}

// functionNames are the names of the functions for people.
var functionNames = map[string]text.Code{
	client.MeasureCount: text.CLIGatherCount, client.MeasureSum: text.CLISum, client.MeasureAverage: text.CLIAverage,
	client.MeasureMinimum: text.CLIMinimum, client.MeasureMaximum: text.CLIMaximum,
}

// figures are the answer to a measure.
type figures struct {
	of      client.Measure
	groups  []client.Group
	whole   *client.Group           // nil: it cannot be told
	total   uint64                  // records
	covered *client.FederatedAnswer // nil: one jurisdiction was asked
}

// showMeasure gives the groups of a measure or, where none were asked for, the result over all
// records. whole is the answer, for -o json.
func (a *app) showMeasure(f figures, whole any) error {
	places := placed(len(f.of.By), f.groups)
	if err := a.sortGroups(f, places); err != nil {
		return err
	}
	switch {
	case a.jsonOnly:
		return a.answer(whole)
	case a.asFile():
		columns := f.columns(places)
		return a.write(columns, func(write func(export.Row) error) error { return f.each(places, write) })
	case len(f.of.By) > 0:
		a.showGroups(f, places)
		a.tellWhole(f)
	case f.covered != nil: // a total is told with what it covers, and only so
		a.say(f.coverage())
		a.sayWhole(a.stdout, f)
	case f.of.Function == client.MeasureCount:
		a.pairs([]pair{{a.t(text.CLIGatherCount, nil), number(f.total)}})
	default:
		a.sayWhole(a.stdout, f)
	}
	return nil
}

// sortable refuses, before anything is asked, a --sort by what no measure of the kind has.
func (a *app) sortable(m *client.Measure) error {
	switch {
	case m == nil:
		return nil
	case len(m.By) == 0 && a.output.sort != "": // one number has no order
		return usage(text.CLIFlagOnlyWith, text.Args{"flag": "--sort", "other": "--by"})
	case len(m.By) == 0:
		return nil
	}
	_, _, err := a.order(figures{of: *m}.columns([]bool{true, true}))
	return err
}

// sortGroups sorts the groups as the flags say.
func (a *app) sortGroups(f figures, places []bool) error {
	if a.output.sort == "" || len(f.of.By) == 0 {
		return nil
	}
	var rows []export.Row
	_ = f.each(places, func(row export.Row) error { rows = append(rows, row); return nil })
	return sortAs(a, f.groups, rows, f.columns(places))
}

func (a *app) showGroups(f figures, places []bool) {
	var lines [][]string
	mixed := mixed(len(f.of.By), f.groups)
	for _, g := range f.groups {
		lines = append(lines, append(a.groupLine(places, mixed, g), a.amountsOf(f.of, g)...))
	}
	if len(lines) > 0 {
		a.table(a.measureHeadings(f.of, places), lines)
	}
}

// tellWhole tells, beside the groups, the result over all records.
func (a *app) tellWhole(f figures) {
	if f.covered != nil {
		a.tell(f.coverage())
	}
	a.sayWhole(a.stderr, f)
}

// coverage is the sentence of how many records there are, and who was asked for them.
func (f figures) coverage() (text.Code, text.Args) {
	return text.CLIGatherTotal, text.Args{
		"total": number(f.total), "answered": number(f.covered.Answered), "members": number(f.covered.Members),
	}
}

// sayWhole says what all records come to, unless that is their number.
func (a *app) sayWhole(to io.Writer, f figures) {
	switch {
	case f.of.Function == client.MeasureCount || f.whole == nil:
	case f.whole.Amount == "":
		a.line(to, a.t(text.CLIMeasureNone, text.Args{"field": f.of.Field, "count": number(f.whole.Count)}))
	default:
		a.line(to, a.t(text.CLIMeasure, text.Args{
			"function": a.t(functionNames[f.of.Function], nil), "field": f.of.Field, "amount": told(f.of, *f.whole),
			"with": number(f.whole.With), "without": number(f.whole.Count - f.whole.With),
		}))
	}
}

// placed reports, for each dimension, whether its values are places.
func placed(by int, groups []client.Group) []bool {
	places := make([]bool, by)
	for _, g := range groups {
		for i, v := range g.Values[:min(len(g.Values), by)] {
			places[i] = places[i] || v.Title != ""
		}
	}
	return places
}

// measureHeadings returns the headings of the groups: for a place a heading each for its title and
// its name, for a field's value the field.
func (a *app) measureHeadings(m client.Measure, places []bool) (head []string) {
	for i, by := range m.By {
		switch {
		case places[i]:
			head = append(head, a.t(text.CLIGatherPlace, nil), a.t(text.CLIGatherName, nil))
		default:
			head = append(head, by)
		}
	}
	head = append(head, a.t(text.CLIGatherCount, nil))
	if m.Function != client.MeasureCount {
		head = append(head, a.t(text.CLIWith, nil), a.t(functionNames[m.Function], nil))
	}
	return head
}

// groupLine returns what a line of the table says a group is of.
func (a *app) groupLine(places, mixed []bool, g client.Group) (line []string) {
	for i, place := range places {
		value, title := "", ""
		switch {
		case i < len(g.Values):
			value, title = a.shownValue(g.Values[i].Value, mixed[i]), g.Values[i].Title
		case i > 0:
		case g.Others != nil:
			title = a.t(text.CLIGatherOthers, text.Args{"of": clean(g.Others.Title)})
		default:
			title = a.t(text.CLIGatherSmall, nil)
		}
		switch {
		case place:
			line = append(line, title, value)
		default:
			line = append(line, value+title) // one of them is empty
		}
	}
	return line
}

// mixed reports, for each dimension, whether some of its values are texts and others are not.
func mixed(by int, groups []client.Group) []bool {
	texts, others := make([]bool, by), make([]bool, by)
	for _, g := range groups {
		for i, v := range g.Values[:min(len(g.Values), by)] {
			texts[i] = texts[i] || isText(v.Value)
			others[i] = others[i] || !isText(v.Value) && !isNone(v.Value)
		}
	}
	for i := range others {
		others[i] = others[i] && texts[i]
	}
	return others
}

func isText(value json.RawMessage) bool { return strings.HasPrefix(string(value), `"`) }

func isNone(value json.RawMessage) bool { return len(value) == 0 || string(value) == "null" }

// readValue returns a JSON value as people read it: a text without its quotation marks.
func readValue(value json.RawMessage) string {
	var s string
	if isText(value) && json.Unmarshal(value, &s) == nil {
		return s
	}
	return string(value)
}

// shownValue returns the value of a group for the screen, where no two look alike: no value is
// words, and a text that could be taken for them, for nothing or for another value has its
// quotation marks.
func (a *app) shownValue(value json.RawMessage, mixed bool) string {
	none, shown := a.t(text.CLIGroupNone, nil), readValue(value)
	switch {
	case isNone(value):
		return none
	case isText(value) && (mixed || strings.TrimSpace(shown) == "" || shown == none):
		return string(value)
	}
	return shown
}

func (a *app) amountsOf(m client.Measure, g client.Group) []string {
	if m.Function == client.MeasureCount {
		return []string{number(g.Count)}
	}
	return []string{number(g.Count), number(g.With), told(m, g)}
}

// told returns the number that was asked for.
func told(m client.Measure, g client.Group) string {
	if m.Function == client.MeasureAverage {
		return g.Average
	}
	return g.Amount
}

// measuresOf returns the functions that each field allows, such as "income sum/average".
func (a *app) measuresOf(measures map[string][]string) string {
	var fields []string
	for _, field := range slices.Sorted(maps.Keys(measures)) {
		var names []string
		for _, f := range measures[field] {
			names = append(names, a.t(functionNames[f], nil))
		}
		fields = append(fields, field+" "+strings.Join(names, "/"))
	}
	return strings.Join(fields, a.t(text.CLIListComma, nil))
}
