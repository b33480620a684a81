package main

import (
	"context"

	"github.com/spf13/cobra"

	"xietong/node/faces/client"
	"xietong/node/ground/text"
)

func (a *app) askedCommand() *cobra.Command {
	return a.group("asked", text.CLIShortAsked, a.askedList(), a.askedCount())
}

// askedHeadings are the headings of the list, with the columns that they show.
var askedHeadings = []heading{
	{text.CLITimeZoned, "time"}, {text.WordAgency, "agency"}, {text.CLIAskedAt, "called"}, {text.WordDataset, "dataset"}, {text.WordPurpose, "purpose"}, {text.CLIOperation, "operation"}, {text.CLIOutcomeWord, "outcome"}, {text.CLIRowsTold, "rows"}, {text.WordEntry, "entry"}, {text.CLIAskedThere, "there"},
}

func (a *app) askedList() *cobra.Command {
	var l client.List
	c := a.listing(askedHeadings, a.verb("list", text.CLIShortAskedList, func(cmd *cobra.Command, _ []string) error {
		return showPages(a, cmd, l, inPages[client.AskedElsewhere]{
			name: "asked", orders: []string{"time"},
			page: func(ctx context.Context, l client.List) (pageOf[client.AskedElsewhere], error) {
				page, err := a.client().Asked(ctx, l)
				return pageOf[client.AskedElsewhere]{page.Asked, page, page.Period, page.Cursor}, err
			},
			heading: askedHeadings, spare: []string{"operation", "entry", "purpose", "rows", "agency", "time"},
			line: a.askedLine,
		})
	}))
	c.Long = a.t(text.CLILongAskedList, nil)
	c.Example = "  xietong asked list --as water --at 云岩区 --from 2026-11"
	flags := c.Flags()
	flags.StringVar(&l.At, "at", "", a.t(text.CLIFlagAskedAt, nil))
	flags.StringVar(&l.Agency, "agency", "", a.t(text.CLIFlagAskedBy, nil))
	a.listFlags(flags, &l)
	return c
}

// askedLine returns the line of the table for one question.
func (a *app) askedLine(q client.AskedElsewhere) []string {
	outcome, rows := a.t(text.CLIOutcomeAnswered, nil), number(q.Rows)
	if q.Sealed != "" || q.Operation == "verify" { // yes or no is told, and no record
		rows = ""
	}
	switch {
	case q.Sealed == client.SealedErased:
		outcome = a.t(text.CLIUseErased, nil)
	case q.Sealed == client.SealedUnreadable:
		outcome = a.t(text.CLIUseUnreadable, nil)
	case q.Outcome == client.OutcomeUnfinished:
		outcome, rows = a.t(text.CLIUseUnfinished, nil), ""
	case q.Outcome != client.OutcomeAnswered:
		outcome = a.t(text.CLIUseRefused, text.Args{"why": text.Explain(a.lang, text.Code(q.Outcome), nil).Title})
	}
	return []string{a.localTime(q.Time), a.marked(q.Agency, q.Ended), q.Called, q.Dataset, q.Purpose, a.operation(q.Operation), outcome, rows, q.Entry, q.There}
}

func (a *app) askedCount() *cobra.Command {
	var l client.List
	c := a.listing(countHeadings(text.WordAgency), a.verb("count", text.CLIShortAskedCount, func(cmd *cobra.Command, _ []string) error {
		return a.counted(cmd, l, text.WordAgency, (*client.Client).CountAsked)
	}))
	c.Example = "  xietong asked count --by agency --from 2026-01 --to 2026-12"
	flags := c.Flags()
	flags.StringVar(&l.Dataset, "dataset", "", a.t(text.CLIFlagOfDataset, nil))
	flags.StringVar(&l.Agency, "agency", "", a.t(text.CLIFlagAskedBy, nil))
	a.countFlags(flags, &l)
	return c
}
