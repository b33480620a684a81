package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"xietong/node/faces/client"
	"xietong/node/faces/export"
	"xietong/node/ground/text"
)

// isSelector reports whether --at names many jurisdictions.
func isSelector(at string) bool { return strings.ContainsAny(at, "*＊") }

// federated asks many jurisdictions for a measure of their records, and prints the result.
func (a *app) federated(ctx context.Context, q client.FederatedQuery) error {
	answer, err := a.client().QueryFederated(ctx, q)
	if err != nil {
		return a.uncovered(q.Measure, err)
	}
	return a.showFederated(q, answer)
}

// uncovered tells, where an answer covers nobody, who did not answer and what the audit found. It
// returns the error, or errAnsweredNo where a lie was proven.
func (a *app) uncovered(m client.Measure, err error) error {
	p, ok := errors.AsType[*client.Problem](err)
	if !ok || p.Answer == nil || a.jsonOnly { // as JSON it is in the problem
		return err
	}
	a.sayAccount(m, *p.Answer)
	return cmp.Or(proven(*p.Answer), err)
}

// showFederated gives the answer of many, with the members that it covers and lacks.
func (a *app) showFederated(q client.FederatedQuery, answer client.FederatedAnswer) error {
	f := figures{of: q.Measure, groups: answer.Groups, whole: answer.Whole, total: answer.Total, covered: &answer}
	if err := a.showMeasure(f, answer); err != nil {
		return err
	}
	if a.jsonOnly {
		return proven(answer)
	}
	if a.asFile() {
		a.tellWhole(f)
	}
	a.sayAccount(q.Measure, answer)
	return proven(answer)
}

// sayAccount tells what there is to say beside the result: who is missing, whose records are left
// out, and what the audit found.
func (a *app) sayAccount(m client.Measure, answer client.FederatedAnswer) {
	a.printMissing(answer.Missing)
	a.printLeftOut(text.CLIGatherLeftOut, answer.LeftOut, func(l client.LeftOut) uint64 { return l.Incomparable })
	a.printLeftOut(text.CLIGatherDamaged, answer.LeftOut, func(l client.LeftOut) uint64 { return l.Unreadable })
	a.printBeside(m, answer.Beside)
	a.sayAsked(answer.Asked)
	a.sayStatus(answer.StatusAsOf)
	a.printAudit(answer)
}

// proven returns errAnsweredNo where a lie was proven.
func proven(answer client.FederatedAnswer) error {
	if slices.ContainsFunc(answer.Lies, func(l client.Lie) bool { return l.Proven }) {
		return errAnsweredNo
	}
	return nil
}

// namedLeftOut is how many places that left records out are named.
const namedLeftOut = 5

// printLeftOut prints how many records are not in the answer for one reason, and whose they are.
func (a *app) printLeftOut(said text.Code, all []client.LeftOut, count func(client.LeftOut) uint64) {
	var left, of uint64
	var places []string
	for _, l := range all {
		if n := count(l); n > 0 {
			left, of = left+n, of+l.Of
			places = append(places, a.t(text.CLIGatherPart, text.Args{"name": clean(l.Title), "count": number(n), "of": number(l.Of)}))
		}
	}
	if left == 0 {
		return
	}
	if more := len(places) - namedLeftOut; more > 0 {
		places = append(places[:namedLeftOut], a.t(text.CLIGatherAndMore, text.Args{"count": fmt.Sprint(more)}))
	}
	a.tell(said, text.Args{"count": number(left), "of": number(of), "places": strings.Join(places, a.t(text.CLINameComma, nil))})
}

// printAudit prints of whom the audit compared what, and what it found.
func (a *app) printAudit(answer client.FederatedAnswer) {
	called := func(names ...string) string { return a.called(answer.Titles, names...) }
	if len(answer.Audited) > 0 {
		a.tell(text.CLIGatherAudited, text.Args{"hops": called(answer.Audited...)})
	}
	if len(answer.Leaves) > 0 {
		a.tell(text.CLIGatherLeaves, text.Args{"count": fmt.Sprint(len(answer.Leaves))})
	}
	if len(answer.Unseen) > 0 {
		a.tell(text.CLIGatherUnseen, text.Args{"hops": called(answer.Unseen...)})
	}
	for _, n := range answer.Nobodys {
		a.tell(text.CLIGatherNobodys, text.Args{"by": called(n.By), "about": called(n.About)})
	}
	if len(answer.Again) > 0 {
		a.tell(text.CLIGatherAgain, text.Args{"hops": called(answer.Again...), "entry": answer.Asked})
	}
	if len(answer.Themselves) > 0 {
		a.tell(text.CLIGatherThemselves, text.Args{"who": called(answer.Themselves...), "entry": answer.Asked})
	}
	a.printLies(answer.Titles, answer.Lies)
}

func (a *app) printLies(titles map[string]string, lies []client.Lie) {
	for _, lie := range lies {
		a.tell(text.CLIGatherLie, text.Args{
			"by": a.called(titles, lie.By), "kind": text.Word(a.lang, lie.Kind), "about": a.called(titles, lie.About),
		})
	}
}

// called returns what people call jurisdictions, as a list in the language.
func (a *app) called(titles map[string]string, names ...string) string {
	told := make([]string, len(names))
	for i, name := range names {
		told[i] = cmp.Or(titles[name], name)
	}
	return strings.Join(told, a.t(text.CLINameComma, nil))
}

// printBeside prints those that are not in the roster, with what their records come to.
func (a *app) printBeside(m client.Measure, beside []client.Beside) {
	for _, b := range beside {
		said := text.CLIGatherBeside
		if !b.Proven {
			said = text.CLIGatherUnproven
		}
		a.tell(said, text.Args{"name": clean(b.Title), "records": strings.Join(a.amountsOf(m, b.Records), " ")})
	}
}

// rowsOfMany asks many jurisdictions for records, and prints each answer as it comes; in a file
// every row has its place before its fields.
func (a *app) rowsOfMany(ctx context.Context, q client.RowsQuery) error {
	switch {
	case a.jsonOnly:
		return a.toOutput(func(to io.Writer) error {
			got, err := a.client().QueryRows(ctx, q, func(line client.RowsLine) error { return json.NewEncoder(visibleJSON{to}).Encode(line) })
			if err != nil {
				return a.uncovered(client.Measure{}, err)
			}
			return json.NewEncoder(to).Encode(client.RowsLine{Coverage: &got})
		})
	case a.asFile():
		return a.fileOfMany(ctx, q)
	}
	more := 0
	got, err := a.client().QueryRows(ctx, q, func(line client.RowsLine) error {
		if line.Answer.Cursor != "" {
			more++
		}
		if len(line.Answer.Rows) == 0 && line.Answer.Incomparable+line.Answer.Unreadable+line.Answer.Unfit == 0 {
			return nil
		}
		fmt.Fprintf(a.stdout, "%s\n", clean(line.Title))
		columns := columnsOf(line.Answer, q.Fields)
		err := a.sortRecords(line.Answer, columns, line.Answer.Cursor == "")
		if err == nil {
			err = a.showRecords(line.Answer.Rows, columns, q.Key != "")
		}
		a.tellPlace(line)
		return err
	})
	if err != nil {
		return a.uncovered(client.Measure{}, err)
	}
	a.tellOfMany(got, more)
	return nil
}

// fileOfMany writes the records of many jurisdictions. The columns are those of all, and so the
// answers are kept until the last has come.
func (a *app) fileOfMany(ctx context.Context, q client.RowsQuery) error {
	var answers []client.RowsLine
	more := 0
	got, err := a.client().QueryRows(ctx, q, func(line client.RowsLine) error {
		if line.Answer.Cursor != "" {
			more++
		}
		answers = append(answers, line)
		return nil
	})
	if err != nil {
		return a.uncovered(client.Measure{}, err)
	}
	if answers, err = a.writeAnswers(answers, q.Fields); err != nil {
		return err
	}
	for _, line := range answers {
		a.tellPlace(line)
	}
	a.tellOfMany(got, more)
	return nil
}

// maxColumns is how many columns a file of many has: what each place answers has at most 256.
const maxColumns = 1024

// together returns the columns of all answers, and those answers for whose columns there is place.
// What places have in common comes first, so that one that names fields of its own puts out none.
func (a *app) together(answers []client.RowsLine, fields []string) (columns []string, taken []client.RowsLine) {
	count := map[string]int{}
	for _, line := range answers {
		for _, name := range columnsOf(line.Answer, fields) {
			count[name]++
		}
	}
	rare := func(line client.RowsLine) (n int) { // columns that nobody else has
		for _, name := range columnsOf(line.Answer, fields) {
			if count[name] == 1 {
				n++
			}
		}
		return n
	}
	answers = slices.Clone(answers)
	slices.SortStableFunc(answers, func(x, y client.RowsLine) int {
		return cmp.Or(cmp.Compare(rare(x), rare(y)), strings.Compare(x.From, y.From))
	})
	for _, line := range answers {
		with := joined(columns, columnsOf(line.Answer, fields))
		if len(with) > maxColumns {
			a.tell(text.CLIRowsColumns, text.Args{"name": line.Title, "limit": fmt.Sprint(maxColumns)})
			continue
		}
		columns, taken = with, append(taken, line)
	}
	return columns, taken
}

// writeAnswers writes the records of many as rows with their places, in bounded memory beside the
// answers: sorted as the flags say, or else by the place, and then column by column. It returns
// the answers that it wrote.
func (a *app) writeAnswers(answers []client.RowsLine, fields []string) ([]client.RowsLine, error) {
	columns, answers := a.together(answers, fields)
	all := append([]string{columnPlace, columnPlaceTitle}, columns...)
	o, asked, err := a.order(all)
	if err != nil {
		return nil, err
	}
	if !asked {
		o = export.Order{Column: export.All}
	}
	s := export.NewSorter(o)
	defer s.Discard()
	for _, line := range answers {
		place := export.Row{jsonText(line.From), jsonText(line.Title)}
		err := eachRow(line.Answer.Rows, columns, func(row export.Row) error { return s.Add(append(place[:2:2], row...)) })
		if err != nil {
			return nil, err
		}
	}
	return answers, a.write(all, s.Each)
}

// The columns of who answered; no field has a point in its name.
const (
	columnPlace      = "place.name"
	columnPlaceTitle = "place.title"
)

// tellPlace tells what there is to say beside the records of one place.
func (a *app) tellPlace(line client.RowsLine) {
	if len(line.Answer.Rows) > 0 {
		a.tell(text.CLIRowsOf, text.Args{"name": line.Title, "count": number(line.Answer.Count), "access": line.Answer.Access})
	}
	a.sayLeftOut(line.Answer)
	a.sayStatus(line.Answer.StatusAsOf)
}

// tellOfMany tells who answered, and how many places have more records than they told.
func (a *app) tellOfMany(got client.FederatedAnswer, more int) {
	a.tell(text.CLIRowsTotal, text.Args{"rows": number(got.Total), "answered": number(got.Answered), "members": number(got.Members)})
	a.printMissing(got.Missing)
	if more > 0 {
		a.tell(text.CLIRowsMore, text.Args{"count": fmt.Sprint(more)})
	}
}
