package main

import (
	"context"

	"github.com/spf13/cobra"

	"xietong/node/faces/client"
	"xietong/node/faces/export"
	"xietong/node/ground/text"
)

// recordExport makes the verb with which a provider gets all records of a dataset of its own, in a
// form in which they can be imported again.
func (a *app) recordExport() *cobra.Command {
	var use useFlags
	c := a.verb("export DATASET", text.CLIShortExport, func(cmd *cobra.Command, args []string) error {
		u, err := a.use(use)
		if err != nil {
			return err
		}
		return a.export(cmd.Context(), client.Query{Dataset: args[0], Use: u})
	})
	c.Long = a.t(text.CLILongExport, nil)
	c.Example = `  xietong record export villages --purpose residence-check --out villages.xlsx
  xietong record export villages --purpose residence-check -o jsonl | gzip > villages.jsonl.gz`
	a.addUseFlags(c.Flags(), &use)
	return a.listing(nil, c)
}

// export gets all records. The cells that a table cannot hold so that they are imported unchanged
// are counted, and told.
func (a *app) export(ctx context.Context, q client.Query) error {
	d, err := a.client().Dataset(ctx, q.Dataset)
	if err != nil {
		return err
	}
	a.faithful, err = export.NewFaithful(d.Schema, d.Key, export.Format(a.output.format))
	if err != nil {
		return err
	}
	if err := a.queryAll(ctx, q); err != nil {
		return err
	}
	if n := a.faithful.Lost; n > 0 && !a.jsonOnly {
		a.tell(text.CLIExportLost, text.Args{"count": number(n), "column": a.faithful.Column, "format": a.output.format})
	}
	return nil
}
