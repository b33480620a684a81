package main

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"xietong/node/faces/client"
	"xietong/node/ground/text"
)

func (a *app) datasetCommand() *cobra.Command {
	return a.group("dataset", text.CLIShortDataset, a.datasetPublish(), a.datasetAdopt(), a.datasetList(), a.datasetShow(),
		a.datasetWithdraw(), a.datasetMove(), a.standardCommand())
}

func (a *app) datasetPublish() *cobra.Command {
	var to toPublish
	c := a.verb("publish FILE.json", text.CLIShortDatasetPublish, func(cmd *cobra.Command, args []string) error {
		var shown client.Dataset // what show --json prints is taken, too: its version and entry say nothing here
		if err := a.readDataset(args[0], &shown); err != nil {
			return err
		}
		return a.publishing(cmd, shown.NewDataset, to, func(published client.Dataset, unchanged bool) {
			done := text.CLIDatasetDone
			if unchanged {
				done = text.CLIDatasetUnchanged
			}
			a.say(done, text.Args{
				"title": published.Title, "dataset": published.Code, "version": number(published.Version), "entry": published.Entry,
			})
		})
	})
	c.Long = a.t(text.CLILongDatasetPublish, nil)
	c.Example = `  {"code": "households", "title": "农户台账", "agency": "civil-affairs", "category": "unconditional",
   "purposes": [{"code": "statistics", "title": "统计"}], "key": "id", "not_secret": true,
   "schema": {"type": "object", "required": ["id"], "properties": {
     "id": {"type": "string"}, "kind": {"type": "string"}, "income": {"type": ["number", "null"]}}},
   "group_by": ["kind"], "measures": {"income": ["sum", "average"]}, "smallest_cell": 5}`
	a.addPublishFlags(c, &to)
	return c
}

// datasetHeadings are the headings of the list, with the columns that they show.
var datasetHeadings = []heading{
	{text.WordCode, "code"}, {text.WordTitle, "title"}, {text.WordAgency, "agency"}, {text.WordCategory, "category"}, {text.CLIVersion, "version"}, {text.CLIWithdrawnAt, "withdrawn"},
}

func (a *app) datasetList() *cobra.Command {
	var at string
	var withdrawn bool
	c := a.verb("list", text.CLIShortDatasetList, func(cmd *cobra.Command, _ []string) error {
		all, err := a.datasets(cmd.Context(), at, withdrawn)
		if err != nil {
			return err
		}
		err = show(a, listed[client.Dataset]{
			rows: all, whole: func(rows []client.Dataset) any { return client.Datasets{Datasets: rows} },
			heading: datasetHeadings,
			line: func(d client.Dataset) []string {
				return []string{d.Code, d.Title, d.Agency, a.category(d.Category), number(d.Version), a.withdrawnAt(d)}
			},
		})
		if err == nil && at == "" {
			a.tellNewer(cmd.Context(), all...)
		}
		return err
	})
	c.Flags().StringVar(&at, "at", "", a.t(text.CLIFlagAtOne, nil))
	c.Flags().BoolVar(&withdrawn, "withdrawn", false, a.t(text.CLIFlagWithdrawn, nil))
	return a.listing(datasetHeadings, c)
}

// withdrawnAt tells when something was withdrawn, or that it is held; "": neither.
func (a *app) withdrawnAt(d client.Dataset) string {
	switch {
	case d.Held != "":
		return a.t(text.CLIHeld, text.Args{"entry": d.Held})
	case d.Withdrawn == nil:
		return ""
	}
	return a.localTime(d.Withdrawn.At)
}

// datasets returns the catalogue of the jurisdiction at; "": of this jurisdiction.
func (a *app) datasets(ctx context.Context, at string, withdrawn bool) ([]client.Dataset, error) {
	if withdrawn {
		return a.client().KnownDatasets(ctx, at)
	}
	if at != "" {
		return a.client().DatasetsAt(ctx, at)
	}
	return a.client().Datasets(ctx)
}

func (a *app) datasetShow() *cobra.Command {
	var at string
	c := a.verb("show DATASET", text.CLIShortDatasetShow, func(cmd *cobra.Command, args []string) error {
		d, err := a.dataset(cmd.Context(), at, args[0])
		if err != nil {
			return err
		}
		if a.jsonOnly {
			return printJSON(a.stdout, d)
		}
		a.printDataset(d)
		if at == "" {
			a.tellNewer(cmd.Context(), d)
		}
		return nil
	})
	c.Flags().StringVar(&at, "at", "", a.t(text.CLIFlagAtOne, nil))
	return c
}

// dataset returns one entry of the catalogue of the jurisdiction at; "": of this jurisdiction.
func (a *app) dataset(ctx context.Context, at, code string) (client.Dataset, error) {
	if at == "" {
		return a.client().Dataset(ctx, code)
	}
	all, err := a.client().KnownDatasets(ctx, at)
	for _, d := range all {
		if d.Code == code {
			return d, err
		}
	}
	if err == nil {
		err = text.Fail(text.UnknownDataset, text.Args{"dataset": code, "jurisdiction": at, "near": nearDataset(code, all)}, nil)
	}
	return client.Dataset{}, err
}

// nearDataset returns the code of the dataset that is called so, or else the nearest codes.
func nearDataset(typed string, all []client.Dataset) string {
	var codes []string
	for _, d := range all {
		if d.Title == typed {
			return d.Code
		}
		codes = append(codes, d.Code)
	}
	return text.Nearest(typed, codes)
}

// printDataset prints an entry, with what more there is to say of it.
func (a *app) printDataset(d client.Dataset, more ...pair) {
	var purposes []string
	for _, p := range d.Purposes {
		purposes = append(purposes, p.Code+" "+p.Title)
	}
	cell := "" // 0: any group is told
	if d.SmallestCell > 0 {
		cell = strconv.Itoa(d.SmallestCell)
	}
	var when, why string
	if d.Withdrawn != nil {
		when, why = a.localTime(d.Withdrawn.At), d.Withdrawn.Reason
	}
	a.pairs(given(slices.Concat([]pair{
		{a.t(text.CLIHeldOf, nil), d.Held},
		{a.t(text.CLIWithdrawnAt, nil), when},
		{a.t(text.CLIWithdrawnWhy, nil), why},
		{a.t(text.WordCode, nil), d.Code},
		{a.t(text.WordTitle, nil), d.Title},
		{a.t(text.WordAgency, nil), d.Agency},
		{a.t(text.WordCategory, nil), a.category(d.Category)},
		{a.t(text.CLICitation, nil), d.Citation},
		{a.t(text.WordPurpose, nil), strings.Join(purposes, a.t(text.CLIListComma, nil))},
		{a.t(text.CLIKey, nil), d.Key},
		{a.t(text.CLIIndexed, nil), strings.Join(d.Indexed, " ")},
		{a.t(text.CLIUpdateCycle, nil), d.UpdateCycle},
		{a.t(text.CLIStandardOf, nil), d.Standard},
		{a.t(text.CLICounts, nil), strings.Join(d.Counts, a.t(text.CLIListComma, nil))},
		{a.t(text.CLIGroupBy, nil), strings.Join(d.GroupBy, " ")},
		{a.t(text.CLIMeasures, nil), a.measuresOf(d.Measures)},
		{a.t(text.CLISmallestCell, nil), cell},
		{a.t(text.CLIVersion, nil), number(d.Version)},
		{a.t(text.WordEntry, nil), d.Entry},
	}, more)))
	a.printFields(d)
}

// category returns the name of a sharing category.
func (a *app) category(c string) string {
	switch c {
	case client.Unconditional:
		return a.t(text.CategoryUnconditional, nil)
	case client.Conditional:
		return a.t(text.CategoryConditional, nil)
	case client.NotShared:
		return a.t(text.CategoryNotShared, nil)
	}
	return c
}
