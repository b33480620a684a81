package main

import (
	"context"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"xietong/node/faces/client"
	"xietong/node/ground/text"
)

func (a *app) useCommand() *cobra.Command {
	return a.group("use", text.CLIShortUse, a.useList(), a.useCount())
}

// listFlags are the flags of the lists of uses and of questions.
func (a *app) listFlags(flags *pflag.FlagSet, l *client.List) {
	flags.StringVar(&l.Dataset, "dataset", "", a.t(text.CLIFlagOfDataset, nil))
	flags.StringVar(&l.Purpose, "purpose", "", a.t(text.CLIFlagOfPurpose, nil))
	flags.StringVar(&l.From, "from", "", a.t(text.CLIFlagSince, nil))
	flags.StringVar(&l.To, "to", "", a.t(text.CLIFlagTo, nil))
	a.pageFlags(flags, l)
}

// useHeadings are the headings of the list, with the columns that they show.
var useHeadings = []heading{
	{text.CLITimeZoned, "time"}, {text.WordDataset, "dataset"}, {text.WordConsumer, "consumer"}, {text.WordPurpose, "purpose"}, {text.CLIOperation, "operation"}, {text.CLIRowsTold, "rows"}, {text.CLIGrant, "grant"}, {text.WordEntry, "entry"},
}

func (a *app) useList() *cobra.Command {
	var l client.List
	c := a.listing(useHeadings, a.verb("list", text.CLIShortUseList, func(cmd *cobra.Command, _ []string) error {
		return showPages(a, cmd, l, inPages[client.Used]{
			name: "uses", orders: []string{"time"},
			page: func(ctx context.Context, l client.List) (pageOf[client.Used], error) {
				page, err := a.client().Uses(ctx, l)
				return pageOf[client.Used]{page.Uses, page, page.Period, page.Cursor}, err
			},
			heading: useHeadings, spare: []string{"operation", "grant", "purpose", "rows", "time"},
			line: a.useLine,
		})
	}))
	c.Long = a.t(text.CLILongUseList, nil)
	c.Example = "  xietong use list --as civil-affairs --from 2026-11\n  xietong use list --as civil-affairs --dataset villages --jurisdiction 云岩区"
	flags := c.Flags()
	flags.StringVar(&l.Jurisdiction, "jurisdiction", "", a.t(text.CLIFlagOfPlace, nil))
	flags.StringVar(&l.Agency, "agency", "", a.t(text.CLIFlagOfAgency, nil))
	a.listFlags(flags, &l)
	return c
}

// useLine returns the line of the table for one use.
func (a *app) useLine(u client.Used) []string {
	return []string{a.localTime(u.Time), u.Dataset, a.marked(u.Called, u.Ended), u.Purpose, a.operation(u.Operation), a.rowsTold(u), a.underGrant(u), u.Entry}
}

// marked returns an agency with a mark where it ended.
func (a *app) marked(agency string, ended bool) string {
	if !ended {
		return agency
	}
	return a.t(text.CLIAgencyMarked, text.Args{"agency": agency})
}

// operations are the words for the operations of a use, and of a question.
var operations = map[string]text.Code{
	"lookup": text.OperationLookup, "search": text.OperationSearch, "verify": text.OperationVerify, "receipt": text.OperationReceipt,
	"plan": text.OperationPlan, "check": text.OperationCheck,
	"count": text.OperationCount, "sum": text.CLISum, "average": text.CLIAverage, "minimum": text.CLIMinimum, "maximum": text.CLIMaximum,
	"gather": text.OperationFederated, "query": text.OperationQuery,
}

func (a *app) operation(name string) string {
	if code, known := operations[name]; known {
		return a.t(code, nil)
	}
	return name
}

// rowsTold returns how many records were told, or why none were, or why that cannot be told.
func (a *app) rowsTold(u client.Used) string {
	switch {
	case u.Sealed == client.SealedErased:
		return a.t(text.CLIUseErased, nil)
	case u.Sealed == client.SealedUnreadable:
		return a.t(text.CLIUseUnreadable, nil)
	case u.Unfinished:
		return a.t(text.CLIUseUnfinished, nil)
	case u.Operation == "verify" && !u.Refused: // yes or no is told, and no record
		return ""
	case u.Refused:
		return a.t(text.CLIUseRefused, text.Args{"why": text.Explain(a.lang, text.Code(u.Why), nil).Title})
	}
	return number(u.Rows)
}

func (a *app) underGrant(u client.Used) string {
	if u.Grant == "" {
		return a.t(text.CLIUseOwn, nil)
	}
	return u.Grant
}

func (a *app) useCount() *cobra.Command {
	var l client.List
	c := a.listing(countHeadings(text.WordConsumer), a.verb("count", text.CLIShortUseCount, func(cmd *cobra.Command, _ []string) error {
		return a.counted(cmd, l, text.WordConsumer, (*client.Client).CountUses)
	}))
	c.Example = "  xietong use count --as civil-affairs --by agency --from 2026-01 --to 2026-12"
	flags := c.Flags()
	flags.StringVar(&l.Dataset, "dataset", "", a.t(text.CLIFlagOfDataset, nil))
	a.countFlags(flags, &l)
	return c
}

// countFlags are the flags of every list of counts.
func (a *app) countFlags(flags *pflag.FlagSet, l *client.List) {
	flags.StringVar(&l.By, "by", client.CountByMonth, a.t(text.CLIFlagCountBy, nil))
	flags.StringVar(&l.From, "from", "", a.t(text.CLIFlagFromMonth, nil))
	flags.StringVar(&l.To, "to", "", a.t(text.CLIFlagToMonth, nil))
	a.pageFlags(flags, l)
}

// countHeadings are the headings of counts by month; agency is the word for the agencies by which
// they may be.
func countHeadings(agency text.Code) []heading {
	return []heading{{text.CLIMonth, "month"}, {text.WordDataset, "dataset"}, {agency, "called"}, {text.CLITimes, "count"}, {text.CLITimesRefused, "refused"}}
}

// counted shows counts by month. agency is the word for the agencies by which they may be.
func (a *app) counted(cmd *cobra.Command, l client.List, agency text.Code, count func(*client.Client, context.Context, client.List) (client.MonthlyCounts, error)) error {
	all := countHeadings(agency)
	heading, known := map[string][]heading{
		client.CountByMonth: {all[0]}, client.CountByDataset: {all[0], all[1]}, client.CountByAgency: {all[0], all[2]},
	}[l.By]
	if !known {
		ways := a.called(nil, client.CountByMonth, client.CountByDataset, client.CountByAgency)
		return a.badValue("--by", l.By, a.t(text.FormOneOf, text.Args{"list": ways}))
	}
	err := showPages(a, cmd, l, inPages[client.MonthlyCount]{
		name: cmd.CommandPath(),
		page: func(ctx context.Context, l client.List) (pageOf[client.MonthlyCount], error) {
			page, err := count(a.client(), ctx, l)
			return pageOf[client.MonthlyCount]{page.Counts, page, client.Period{}, page.Cursor}, err
		},
		heading: append(heading, all[3:]...),
		line: func(n client.MonthlyCount) []string {
			line := []string{n.Month}
			if len(heading) > 1 {
				line = append(line, n.Dataset+n.Called)
			}
			return append(line, number(n.Count), number(n.Refused))
		},
	})
	if err == nil && !a.jsonOnly {
		a.tell(text.CLIListMonths, nil)
	}
	return err
}
