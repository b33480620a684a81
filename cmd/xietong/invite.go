package main

import (
	"cmp"
	"fmt"

	"github.com/spf13/cobra"

	"xietong/node/faces/client"
	"xietong/node/ground/text"
)

func (a *app) inviteCommand() *cobra.Command {
	var v client.NewInvitation
	var yes bool
	c := a.verb("invite NAME", text.CLIShortInvite, func(cmd *cobra.Command, args []string) error {
		v.Name = args[0]
		if err := cmp.Or(a.within(cmd.Flags(), "hours", 1, 365*24), a.labels(v.Label)); err != nil {
			return err
		}
		if err := a.unlisted(cmd, v, yes); err != nil {
			return err
		}
		made, err := a.client().Invite(cmd.Context(), v)
		if err != nil {
			return err
		}
		if a.jsonOnly {
			return printJSON(a.stdout, made)
		}
		a.say(text.CLIInviteFor, text.Args{
			"title": made.DisplayName, "name": made.Child, "until": a.localTime(made.Until), "entry": made.Entry,
		})
		if made.Replaced != "" {
			a.say(text.CLIInviteReplaced, text.Args{"title": made.DisplayName, "entry": made.Replaced})
		}
		fmt.Fprintf(a.stdout, "\n%s\n\n", clean(made.Token))
		a.say(text.CLIInviteNext, nil)
		if v.Rekey {
			a.say(text.PaperRekeyed, nil)
		}
		a.say(text.CLIInviteRoot, text.Args{"fingerprint": made.Fingerprint})
		return nil
	})
	c.Long = a.t(text.CLILongInvite, nil)
	c.Example = `  xietong invite 南明区
  xietong invite 高新区 --label gaoxin --code 520171 --level county`
	flags := c.Flags()
	a.addPlaceFlags(c, &v.Label, &v.Code, &v.Level, &v.ShortName)
	flags.IntVar(&v.Hours, "hours", 0, a.t(text.CLIFlagHours, nil))
	flags.BoolVar(&v.Rekey, "rekey", false, a.t(text.CLIFlagRekey, nil))
	flags.BoolVar(&yes, "yes", false, a.t(text.CLIFlagYes, nil))
	c.AddCommand(a.inviteCancel())
	return c
}

// unlisted asks whether a place is meant that the roster does not have: its name is permanent, and
// totals do not count it. A place without a label of its own is one of the roster, or is refused.
func (a *app) unlisted(cmd *cobra.Command, v client.NewInvitation, yes bool) error {
	if v.Label == "" {
		return nil
	}
	p, err := a.client().PlanInvitation(cmd.Context(), v)
	if err != nil || p.Listed {
		return err
	}
	return a.agreed(cmd, yes, p, func() {
		a.tell(text.CLIPlacePlan, text.Args{
			"title": p.DisplayName, "name": p.Name, "parent": p.Parent,
			"level": cmp.Or(text.Word(a.lang, p.Level), a.t(text.CLIInitNone, nil)), "code": cmp.Or(p.Code, a.t(text.CLIInitNone, nil)),
		})
		if len(p.Near) > 0 {
			a.tell(text.CLIPlaceNear, text.Args{"near": a.called(nil, p.Near...)})
		}
	}, text.CLIPlaceAsk)
}

// addPlaceFlags adds the flags that describe a place that the roster does not list.
func (a *app) addPlaceFlags(c *cobra.Command, label, code, level, short *string) {
	flags := c.Flags()
	flags.StringVar(label, "label", "", a.t(text.CLIFlagLabel, nil))
	flags.StringVar(code, "code", "", a.t(text.CLIFlagDivision, nil))
	flags.StringVar(level, "level", "", a.t(text.CLIFlagLevel, nil))
	flags.StringVar(short, "short-name", "", a.t(text.CLIFlagShortName, nil))
}
