package main

import (
	"github.com/spf13/cobra"

	"xietong/node/faces/client"
	"xietong/node/ground/text"
)

func (a *app) ledgerContinue() *cobra.Command {
	var body client.Continuation
	yes := false
	c := a.verb("continue", text.CLIShortContinue, func(cmd *cobra.Command, _ []string) error {
		if err := a.givesUp(cmd, body, yes); err != nil {
			return err
		}
		done, err := a.client().ContinueLedger(cmd.Context(), body)
		if err != nil {
			return err
		}
		if a.jsonOnly {
			return printJSON(a.stdout, done)
		}
		a.say(text.CLIContinued, text.Args{"entry": done.Entry})
		a.sayUnsaved(cmd)
		return nil
	})
	c.Long = a.t(text.CLILongContinue, nil)
	c.Flags().StringVar(&body.Reason, "reason", "", a.t(text.CLIFlagReason, nil))
	c.Flags().BoolVar(&body.Newest, "newest", false, a.t(text.CLIFlagNewest, nil))
	c.Flags().BoolVar(&body.Checked, "checked", false, a.t(text.CLIFlagChecked, nil))
	c.Flags().BoolVar(&yes, "yes", false, a.t(text.CLIFlagYes, nil))
	needed(c, "reason")
	return c
}

// sayUnsaved says at a root that no backup has it go on a second time. What was done is done, also
// where that is not learned.
func (a *app) sayUnsaved(cmd *cobra.Command) {
	s, err := a.client().Status(cmd.Context())
	if err != nil {
		return
	}
	for _, j := range s.Jurisdictions {
		for _, t := range j.Alarms {
			if t.Code == string(text.RootUnsaved) {
				a.sayTrouble(t)
			}
		}
	}
}

// givesUp asks before entries are given up: what a newer directory or backup has counts for nothing
// from then on. Who says that this one is the newest, or that everything was looked through, has
// answered.
func (a *app) givesUp(cmd *cobra.Command, body client.Continuation, yes bool) error {
	if body.Newest || body.Checked {
		return nil
	}
	s, err := a.client().Status(cmd.Context())
	if err != nil {
		return err
	}
	wrong := []client.Trouble{}
	for _, j := range s.Jurisdictions {
		if len(s.Jurisdictions) == 1 || a.in == j.Name || a.in == j.DisplayName {
			wrong = append(wrong, j.Alarms...)
		}
	}
	tell := func() {
		for _, t := range wrong {
			a.line(a.stderr, text.Explain(a.lang, text.Code(t.Code), t.Args).What)
		}
	}
	return a.agreed(cmd, yes, givingUp{wrong}, tell, text.CLIContinueSure)
}

// givingUp is what a program is shown before entries are given up.
type givingUp struct {
	Alarms []client.Trouble `json:"alarms"`
}
