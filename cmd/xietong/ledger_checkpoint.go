package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"xietong/node/faces/client"
	"xietong/node/ground/text"
)

func (a *app) ledgerCheckpoint() *cobra.Command {
	var since uint64
	var raw, witnessed bool
	c := a.verb("checkpoint", text.CLIShortCheckpoint, func(cmd *cobra.Command, _ []string) error {
		cp, err := a.checkpointOf(witnessed)(cmd.Context(), since)
		switch {
		case err != nil:
			return err
		case a.jsonOnly:
			return printJSON(a.stdout, cp)
		case raw && cmd.Flags().Changed("since"):
			a.printLines(cp.Growth())
		case raw:
			a.printLines(cp.Note)
		default:
			a.printCheckpoint(cp)
		}
		return nil
	})
	c.Long = a.t(text.CLILongCheckpoint, nil)
	c.Example = `  xietong ledger checkpoint --raw > kept
  xietong ledger checkpoint --since 4096 --raw > growth`
	c.Flags().Uint64Var(&since, "since", 0, a.t(text.CLIFlagSinceSize, nil))
	c.Flags().BoolVar(&witnessed, "witnessed", false, a.t(text.CLIFlagWitnessed, nil))
	c.Flags().BoolVar(&raw, "raw", false, a.t(text.CLIFlagRaw, nil))
	return c
}

// checkpointOf returns how the newest checkpoint is got or, where that is wanted, the newest that
// was witnessed.
func (a *app) checkpointOf(witnessed bool) func(context.Context, uint64) (client.Checkpoint, error) {
	if witnessed {
		return a.client().CheckpointWitnessed
	}
	return a.client().CheckpointSince
}

func (a *app) printCheckpoint(cp client.Checkpoint) {
	rows := []pair{{a.t(text.CLILog, nil), cp.Log}, {a.t(text.CLISize, nil), number(cp.Size)}, {a.t(text.CLIRoot, nil), cp.Root}}
	for _, k := range cp.Keys {
		rows = append(rows, pair{a.t(text.CLIVerifierKey, text.Args{"replica": k.Replica}), k.Key})
	}
	for _, w := range cp.Witnesses {
		rows = append(rows, pair{a.t(text.CLIWitness, text.Args{"name": w.Name}), w.Key})
	}
	a.pairs(given(rows)) // of a witness whose key is not known there is no row
	if cp.Since > 0 {
		a.say(text.CLIGoesOn, text.Args{"count": fmt.Sprint(len(cp.Consistency)), "since": number(cp.Since)})
	}
	fmt.Fprintln(a.stdout)
	a.printLines(cp.Note)
}

// printLines prints a text of the node as it stands, but for what would move a cursor.
func (a *app) printLines(s string) {
	for line := range strings.Lines(s) {
		fmt.Fprintln(a.stdout, clean(strings.TrimSuffix(line, "\n")))
	}
}
