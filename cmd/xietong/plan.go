package main

import (
	"cmp"
	"errors"
	"io"
	"os"
	"reflect"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"xietong/node/faces/client"
	"xietong/node/ground/text"
)

// toPublish says how the entries of a verb are published, and which records come along.
type toPublish struct {
	yes, leaveOut bool
	records       string // path of the file; "": none come along
	how           client.Import
}

func (a *app) addPublishFlags(c *cobra.Command, to *toPublish) {
	c.Flags().BoolVar(&to.yes, "yes", false, a.t(text.CLIFlagYes, nil))
	c.Flags().BoolVar(&to.leaveOut, "leave-out", false, a.t(text.CLIFlagLeaveOut, nil))
	c.Flags().StringVar(&to.records, "records", "", a.t(text.CLIFlagRecords, nil))
	aFile(c.Flags(), "records", "csv", "jsonl")
	a.addReadingFlags(c, &to.how)
	with(c, "records", "format", "encoding", "delimiter", "sheet", "as-spreadsheet", "missing", "replace")
}

// publishing publishes a catalogue entry, and tells it; told says it to a person. A later version
// and the records of a file come at one position; records of a first version, and of one that is in
// force, are imported after it.
func (a *app) publishing(cmd *cobra.Command, d client.NewDataset, to toPublish, told func(_ client.Dataset, unchanged bool)) error {
	var rows *client.Imported
	if to.records != "" {
		done, err := a.stageFor(cmd, d, to)
		if err != nil {
			return err
		}
		rows = done
	}
	published, unchanged, err := a.publish(cmd, d, to, rows)
	switch {
	case err != nil:
		return err
	case a.jsonOnly && rows != nil:
		return printJSON(a.stdout, published)
	case a.jsonOnly:
		err = printJSON(a.stdout, published)
	default:
		told(published, unchanged)
	}
	switch {
	case err != nil || to.records == "":
		return err
	case rows != nil:
		a.say(text.CLIAlongDone, text.Args{"rows": number(rows.Rows)})
		return nil
	}
	im := to.how
	im.Dataset = d.Code
	return a.importFile(cmd, im, to.records)
}

// stageFor stages the records of the file that are to come along with the entry; nil: there is
// nothing that they could come along with, because the entry is the first version or in force. They
// are checked then, and imported after it.
func (a *app) stageFor(cmd *cobra.Command, d client.NewDataset, to toPublish) (*client.Imported, error) {
	im := to.how
	im.Dataset, im.Entry = d.Code, &d
	done, _, err := a.loadFile(cmd, im, to.records)
	p, ok := errors.AsType[*client.Problem](err)
	switch {
	case ok && p.Code == string(text.EntryInForce):
		return nil, nil
	case ok && (p.Code == string(text.UnknownDataset) || p.Code == string(text.DatasetWithdrawn)):
		return nil, a.checkBefore(cmd, d, to, p.Code == string(text.DatasetWithdrawn))
	}
	return &done, err
}

// checkBefore checks the file of the records by an entry that is published before they are
// imported, so that a bad file leaves no dataset without them. What is wrong with the entry the
// node says, which then publishes nothing. Of a dataset that comes back there may be records, of
// which a file that lacks columns must say what becomes of their fields.
func (a *app) checkBefore(cmd *cobra.Command, d client.NewDataset, to toPublish, back bool) error {
	im := to.how
	im.Dataset, im.Entry, im.Replace, im.Missing = d.Code, &d, false, ""
	return withRows(to.records, func(f *os.File) error {
		m := a.meter()
		im.File, im.Progress = f, a.checking(m, im)
		err := a.node.checkRecords(cmd.Context(), a.lang, im, func(check client.ImportCheck, _ func(io.Writer) error) error {
			m.clear()
			lacks := back && len(check.Missing) > 0
			switch {
			case lacks && to.how.Missing == "":
				return text.Fail(text.ColumnsMissing, text.Args{"dataset": d.Code, "fields": strings.Join(check.Missing, ", ")}, nil)
			case check.Rows > 0 && (check.BadCount == 0 || lacks && to.how.Missing == client.MissingKeep): // what it lacks is filled from the records
				return nil
			case !a.jsonOnly:
				a.printCheck(a.stderr, check, im)
			case check.BadCount > 0:
				if err := printJSON(a.stdout, check); err != nil {
					return err
				}
			}
			if check.Rows == 0 {
				return text.Fail(text.RowsNone, text.Args{"file": to.records}, nil)
			}
			return text.Fail(text.AlongNotGood, text.Args{"bad": number(check.BadCount), "rows": number(check.Rows), "dataset": d.Code}, nil)
		})
		m.clear()
		if f, ok := errors.AsType[*text.Failure](err); ok && f.Code == text.EntryInvalid {
			return nil
		}
		return named(err, to.records)
	})
}

// publish publishes a catalogue entry, with rows that were staged for it or, nil, none. Of a later
// version it first shows what that would do, and asks, unless it was told yes; with --json it
// prints the plan, and asks nobody. unchanged is true where the entry was in force already.
func (a *app) publish(cmd *cobra.Command, d client.NewDataset, to toPublish, rows *client.Imported) (_ client.Dataset, unchanged bool, err error) {
	var plan client.DatasetPlan
	agreed := client.Agreed{LeaveOut: to.leaveOut}
	if rows == nil {
		plan, err = a.client().PlanDataset(cmd.Context(), d)
	} else {
		agreed.Import = rows.Import
		plan, err = a.client().PlanAlong(cmd.Context(), d, rows.Import)
	}
	if err != nil {
		return client.Dataset{}, false, err
	}
	if agreed.Plan = plan.Hash; plan.Hash != "" {
		fits := plan.Unfit == 0 || to.leaveOut // otherwise the node refuses, and says what does not fit
		agrees := func() bool { return a.agrees(text.CLIPlanAsk) }
		if a.jsonOnly {
			agrees = func() bool { err = printJSON(a.stdout, plan); return false }
		} else {
			a.tellPlan(plan)
		}
		if fits && !to.yes && !agrees() {
			if a.jsonOnly { // nobody was asked
				return client.Dataset{}, false, cmp.Or(err, text.Fail(text.EntryPlanNeeded, text.Args{"dataset": d.Code}, nil))
			}
			return client.Dataset{}, false, errNotConfirmed
		}
	}
	published, err := a.client().PublishAgreed(cmd.Context(), d, agreed)
	return published, plan.Unchanged, err
}

// tellPlan tells what publishing would do, a line for each thing; the records come first.
func (a *app) tellPlan(p client.DatasetPlan) {
	switch {
	case p.Withdrawn != nil:
		a.tell(text.CLIPlanBack, text.Args{"at": a.localTime(p.Withdrawn.At), "records": number(p.Records)})
		a.tell(text.CLIPlanBackGrants, nil)
	case p.Held != "":
		a.tell(text.CLIPlanHeld, text.Args{"entry": p.Held, "records": number(p.Records)})
		a.tell(text.CLIPlanHeldBack, nil)
	default:
		a.tell(text.CLIPlan, text.Args{"version": number(p.Version), "records": number(p.Records)})
	}
	a.tellRows(p.Rows)
	for _, h := range p.Vanish {
		a.tell(text.CLIPlanVanish, text.Args{"field": h.Field, "count": number(h.Records)})
	}
	for _, h := range p.Return {
		a.tell(text.CLIPlanReturn, text.Args{"field": h.Field, "count": number(h.Records)})
	}
	if p.Unfit > 0 {
		a.tell(text.CLIPlanUnfit, text.Args{"count": number(p.Unfit)})
	}
	for _, f := range p.Faults {
		a.tell(text.CLIPlanFault, text.Args{"key": f.Key, "field": f.Field, "rule": text.Word(a.lang, f.Rule)})
	}
	if p.Unreadable > 0 {
		a.tell(text.CLIPlanUnreadable, text.Args{"count": number(p.Unreadable)})
	}
	if p.Ending > 0 {
		a.tell(text.CLIPlanEnding, text.Args{"count": number(p.Ending)})
	}
	for _, g := range p.Ends {
		a.tell(text.CLIPlanEnds, text.Args{"consumer": shortID(g.Consumer), "purpose": g.Purpose, "grant": g.Grant})
	}
	if p.Beginning > 0 {
		a.tell(text.CLIPlanBeginning, text.Args{"count": number(p.Beginning)})
	}
	for _, g := range p.Begins {
		consumer, grant := cmp.Or(shortID(g.Consumer), a.t(text.CLIPlanAbove, nil)), cmp.Or(g.Grant, a.t(text.CLIPlanGiven, nil))
		a.tell(text.CLIPlanBegins, text.Args{"consumer": consumer, "purpose": g.Purpose, "grant": grant})
	}
	a.tellDifferences(p)
	a.tellRest(p)
	if reflect.DeepEqual(p, client.DatasetPlan{Hash: p.Hash, Version: p.Version, Records: p.Records}) {
		a.tell(text.CLIPlanSpelling, nil)
	}
}

// tellRows tells what comes of the records with the rows that come along; nil: none do.
func (a *app) tellRows(w *client.RowsPlan) {
	if w == nil {
		return
	}
	a.tell(text.CLIPlanRows, text.Args{
		"rows": number(w.Rows), "new": number(w.New), "replaced": number(w.Replaced), "unchanged": number(w.Unchanged),
	})
	if w.Stay > 0 {
		a.tell(text.CLIPlanStay, text.Args{"count": number(w.Stay)})
	}
	if w.Left > 0 {
		a.tell(text.CLIPlanLeave, text.Args{"count": number(w.Left)})
	}
}

// tellRest tells the differences that have no sentence of their own.
func (a *app) tellRest(p client.DatasetPlan) {
	if len(p.Rest) > 0 {
		a.tell(text.CLIPlanRest, text.Args{"count": strconv.Itoa(len(p.Rest))})
	}
	for _, d := range p.Rest {
		code := text.CLIPlanOtherwise
		switch {
		case d.Before == "":
			code = text.CLIPlanAdded
		case d.After == "":
			code = text.CLIPlanGone
		}
		a.tell(code, text.Args{"at": d.At, "before": d.Before, "after": d.After})
	}
}

// tellDifferences tells what else the entry has otherwise.
func (a *app) tellDifferences(p client.DatasetPlan) {
	if len(p.Category) == 2 {
		a.tell(text.CLIPlanCategory, text.Args{"before": a.category(p.Category[0]), "after": a.category(p.Category[1])})
	}
	if len(p.Cell) == 2 {
		a.tell(text.CLIPlanCell, text.Args{"before": strconv.Itoa(p.Cell[0]), "after": strconv.Itoa(p.Cell[1])})
	}
	for _, row := range []struct {
		code  text.Code
		names []string
	}{
		{text.CLIPlanFields, p.Fields}, {text.CLIPlanNewFields, p.NewFields}, {text.CLIPlanOtherFields, p.OtherFields},
		{text.CLIPlanPurposes, p.Purposes}, {text.CLIPlanNewPurposes, p.NewPurposes}, {text.CLIPlanOpen, p.Open}, {text.CLIPlanDropped, p.Dropped}, {text.CLIPlanIndexed, p.Indexed},
		{text.CLIPlanGroups, p.Groups}, {text.CLIPlanNewGroups, p.NewGroups},
		{text.CLIPlanMeasures, p.Measures}, {text.CLIPlanNewMeasures, p.NewMeasures},
	} {
		if len(row.names) > 0 {
			a.tell(row.code, text.Args{"names": strings.Join(row.names, a.t(text.CLIListComma, nil))})
		}
	}
}
