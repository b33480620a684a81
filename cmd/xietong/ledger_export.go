package main

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"xietong/node"
	"xietong/node/faces/client"
	"xietong/node/ground/text"
)

func (a *app) ledgerExport() *cobra.Command {
	var witnessed bool
	c := a.verb("export DIR", text.CLIShortLedgerExport, func(cmd *cobra.Command, args []string) error {
		m := a.meter()
		report, err := a.exportTo(cmd.Context(), args[0], witnessed, func(done, total uint64) {
			m.tell(a.t(text.CLIExporting, text.Args{"done": number(done), "total": number(total)}), done == total)
		})
		m.clear()
		if err != nil {
			return err
		}
		if a.jsonOnly {
			return printJSON(a.stdout, report)
		}
		a.say(text.CLIExported, text.Args{
			"entries": number(report.Size), "log": report.Log, "dir": args[0], "since": number(report.Since), "files": number(report.Files), "root": report.Root,
		})
		a.tell(text.CLIExportedKeys, text.Args{"dir": args[0]})
		return nil
	})
	c.Long = a.t(text.CLILongLedgerExport, nil)
	c.Example = `  xietong ledger export ./ledger
  xietong ledger export ./ledger --data ./copy-of-xietong-data`
	c.Flags().BoolVar(&witnessed, "witnessed", false, a.t(text.CLIFlagWitnessed, nil))
	return c
}

// exportTo exports from the node or, where none runs, from its data directory: of that there is the
// newest checkpoint alone, and not the newest witnessed.
func (a *app) exportTo(ctx context.Context, dir string, witnessed bool, progress func(done, total uint64)) (node.ExportReport, error) {
	report, err := a.node.exportLedger(ctx, served{a.client(), a.checkpointOf(witnessed)}, dir, progress)
	if witnessed || !errors.Is(err, client.ErrNotRunning) || a.node.held(a.data) {
		return report, err
	}
	stopped, failed := a.node.exportData(ctx, a.data, a.in, dir, progress)
	if failed == nil && !a.jsonOnly {
		a.tell(text.CLIExportStopped, nil)
	}
	return stopped, failed
}

// served is the ledger of a node that runs.
type served struct {
	c          *client.Client
	checkpoint func(context.Context, uint64) (client.Checkpoint, error)
}

// Growth implements node.ExportSource.
func (s served) Growth(ctx context.Context, since uint64) ([]byte, error) {
	cp, err := s.checkpoint(ctx, since)
	return []byte(cp.Growth()), err
}

// Newest is Growth of the ledger itself, whatever of it was witnessed.
func (s served) Newest(ctx context.Context, since uint64) ([]byte, error) {
	cp, err := s.c.Checkpoint(ctx)
	if err == nil && cp.Size >= since {
		cp, err = s.c.CheckpointSince(ctx, since)
	}
	return []byte(cp.Growth()), err
}

// Leaves implements node.ExportSource.
func (s served) Leaves(ctx context.Context, from uint64) ([][]byte, error) {
	got, err := s.c.Leaves(ctx, from)
	return got.Leaves, err
}
