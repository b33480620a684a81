package main

import (
	"github.com/spf13/cobra"

	"xietong/node/faces/client"
	"xietong/node/ground/text"
)

func (a *app) ledgerRepair() *cobra.Command {
	c := a.verb("repair", text.CLIShortRepair, func(cmd *cobra.Command, _ []string) error {
		done, err := a.client().RepairLedger(cmd.Context())
		if err != nil {
			return err
		}
		if a.jsonOnly {
			if err = printJSON(a.stdout, done); err == nil && len(done.Left) > 0 {
				err = errAnsweredNo
			}
			return err
		}
		return a.repaired(done)
	})
	c.Long = a.t(text.CLILongRepair, nil)
	return c
}

// repaired tells what was damaged, and what came of it. The error is the first of what is left.
func (a *app) repaired(done client.Repair) error {
	if len(done.Found) == 0 {
		a.say(text.CLIRepairNone, text.Args{"replica": done.Replica})
		return nil
	}
	for _, f := range done.Found {
		a.line(a.stdout, text.Explain(a.lang, text.Code(f.Code), f.Args).What)
	}
	if done.Files > 0 {
		a.say(text.CLIRepairFiles, text.Args{"count": number(uint64(done.Files))})
	}
	if done.From != "" {
		a.say(text.CLIRepairFrom, text.Args{"from": done.From})
	}
	if len(done.Left) == 0 {
		a.say(text.CLIRepairWhole, text.Args{"replica": done.Replica})
		return nil
	}
	for _, l := range done.Left[1:] {
		e := text.Explain(a.lang, text.Code(l.Code), l.Args)
		a.tell(text.CLIRepairLeft, text.Args{"what": e.What, "do": e.Do})
	}
	return text.Fail(text.Code(done.Left[0].Code), done.Left[0].Args, nil)
}
