package main

import (
	"strconv"

	"github.com/spf13/cobra"

	"xietong/node/faces/client"
	"xietong/node/ground/text"
)

func (a *app) treeAcknowledge() *cobra.Command {
	var n client.NewForkAcknowledgment
	c := a.verb("acknowledge NAME", text.CLIShortTreeAcknowledge, func(cmd *cobra.Command, args []string) error {
		done, err := a.client().AcknowledgeFork(cmd.Context(), args[0], n)
		if err != nil {
			return err
		}
		if a.jsonOnly {
			return printJSON(a.stdout, done)
		}
		a.say(text.CLITreeAcknowledged, text.Args{"entry": done.Entry})
		return nil
	})
	c.Long = a.t(text.CLILongTreeAcknowledge, nil)
	c.Flags().StringVar(&n.Reason, "reason", "", a.t(text.CLIFlagReason, nil))
	needed(c, "reason")
	return c
}

// witnessesTold tells up to where the own ledger was witnessed, by the parent and by the child that
// witnessed most. What is logged and not witnessed is told as that.
func (a *app) witnessesTold(parent *client.Neighbour, children []client.Neighbour) (lines []string) {
	var most client.Neighbour
	for _, c := range children {
		if c.Cosigned > most.Cosigned {
			most = c
		}
	}
	if parent != nil && parent.Cosigned > 0 {
		lines = append(lines, a.witnessedBy(*parent))
	}
	if most.Cosigned > 0 {
		lines = append(lines, a.witnessedBy(most))
	}
	if len(lines) == 0 {
		lines = append(lines, a.t(text.CLITreeUnwitnessed, nil))
	}
	return lines
}

func (a *app) witnessedBy(n client.Neighbour) string {
	return a.t(text.CLITreeWitnessed, text.Args{"name": n.DisplayName, "at": a.localTime(n.CosignedAt), "size": strconv.FormatUint(n.Cosigned, 10)})
}
