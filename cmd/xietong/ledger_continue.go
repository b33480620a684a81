package main

import (
	"github.com/spf13/cobra"

	"xietong/node/faces/client"
	"xietong/node/ground/text"
)

func (a *app) ledgerContinue() *cobra.Command {
	var body client.Continuation
	c := a.verb("continue", text.CLIShortContinue, func(cmd *cobra.Command, _ []string) error {
		done, err := a.client().ContinueLedger(cmd.Context(), body)
		if err != nil {
			return err
		}
		if a.jsonOnly {
			return printJSON(a.stdout, done)
		}
		a.say(text.CLIContinued, text.Args{"entry": done.Entry})
		return nil
	})
	c.Long = a.t(text.CLILongContinue, nil)
	c.Flags().StringVar(&body.Reason, "reason", "", a.t(text.CLIFlagReason, nil))
	c.Flags().BoolVar(&body.Newest, "newest", false, a.t(text.CLIFlagNewest, nil))
	c.Flags().BoolVar(&body.Checked, "checked", false, a.t(text.CLIFlagChecked, nil))
	needed(c, "reason")
	return c
}
