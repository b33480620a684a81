package main

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"xietong/node/client"
	"xietong/node/text"
)

func (a *app) datasetCommand() *cobra.Command {
	return a.group("dataset", text.CLIShortDataset, a.datasetPublish(), a.datasetAdopt(), a.datasetList(), a.datasetShow(),
		a.standardCommand())
}

func (a *app) datasetPublish() *cobra.Command {
	var records string
	c := a.verb("publish FILE.json", text.CLIShortDatasetPublish, func(cmd *cobra.Command, args []string) error {
		var d client.NewDataset
		if err := a.readJSON(args[0], &d); err != nil {
			return err
		}
		published, err := a.client().PublishDataset(cmd.Context(), d)
		if err != nil {
			return err
		}
		if a.jsonOnly {
			err = printJSON(a.stdout, published)
		} else {
			a.say(text.CLIDatasetDone, text.Args{
				"title": published.Title, "dataset": published.Code, "version": number(published.Version), "entry": published.Entry,
			})
		}
		if err != nil || records == "" {
			return err
		}
		return a.importFile(cmd, client.Import{Dataset: d.Code}, records)
	})
	c.Long = a.t(text.CLILongDatasetPublish, nil)
	c.Flags().StringVar(&records, "records", "", a.t(text.CLIFlagRecords, nil))
	aFile(c.Flags(), "records", "csv", "jsonl")
	return c
}

func (a *app) datasetList() *cobra.Command {
	var at string
	c := a.verb("list", text.CLIShortDatasetList, func(cmd *cobra.Command, _ []string) error {
		all, err := a.datasets(cmd.Context(), at)
		if err != nil {
			return err
		}
		if a.jsonOnly {
			return printJSON(a.stdout, client.Datasets{Datasets: all})
		}
		var rows [][]string
		for _, d := range all {
			rows = append(rows, []string{d.Code, d.Title, d.Agency, a.category(d.Category), number(d.Version)})
		}
		a.list([]text.Code{text.WordCode, text.WordTitle, text.WordAgency, text.WordCategory, text.CLIVersion}, rows)
		return nil
	})
	c.Flags().StringVar(&at, "at", "", a.t(text.CLIFlagAt, nil))
	return c
}

// datasets returns the catalogue, of another jurisdiction where one is named.
func (a *app) datasets(ctx context.Context, at string) ([]client.Dataset, error) {
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
		return nil
	})
	c.Flags().StringVar(&at, "at", "", a.t(text.CLIFlagAt, nil))
	return c
}

// dataset returns one catalogue entry, of another jurisdiction where one is named.
func (a *app) dataset(ctx context.Context, at, code string) (client.Dataset, error) {
	if at == "" {
		return a.client().Dataset(ctx, code)
	}
	all, err := a.client().DatasetsAt(ctx, at)
	for _, d := range all {
		if d.Code == code {
			return d, err
		}
	}
	if err == nil {
		err = text.Fail(text.UnknownDataset, text.Args{"dataset": code, "jurisdiction": at}, nil)
	}
	return client.Dataset{}, err
}

func (a *app) printDataset(d client.Dataset) {
	var purposes []string
	for _, p := range d.Purposes {
		purposes = append(purposes, p.Code+" "+p.Title)
	}
	printPairs(a.stdout, given([]pair{
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
		{a.t(text.CLIVersion, nil), number(d.Version)},
		{a.t(text.WordEntry, nil), d.Entry},
	}))
	if fields := schemaFields(d.Schema); len(fields) > 0 {
		a.say(text.CLIFields, nil)
		var rows [][]string
		for _, f := range fields {
			rows = append(rows, []string{f.name, f.title, f.kind})
		}
		printTable(a.stdout, a.headings([]text.Code{text.WordCode, text.WordTitle, text.WordKind}), rows)
	}
}

// category names a sharing category.
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

// schemaField is a property of a JSON Schema.
type schemaField struct{ name, title, kind string }

// schemaFields returns the properties of a record, as far as the schema tells them, by name.
func schemaFields(schema json.RawMessage) []schemaField {
	var s struct {
		Properties map[string]struct {
			Title string          `json:"title"`
			Type  json.RawMessage `json:"type"`
		} `json:"properties"`
	}
	if json.Unmarshal(schema, &s) != nil {
		return nil // the node checked it; what has no properties has none to show
	}
	var fields []schemaField
	for name, p := range s.Properties {
		fields = append(fields, schemaField{name, p.Title, showType(p.Type)})
	}
	slices.SortFunc(fields, func(a, b schemaField) int { return strings.Compare(a.name, b.name) })
	return fields
}

// showType shows the type of a property: a name, or a list of them.
func showType(raw json.RawMessage) string {
	var names []string
	if json.Unmarshal(raw, &names) == nil {
		return strings.Join(names, ", ")
	}
	return showValue(raw)
}
