package main

import (
	"github.com/spf13/cobra"

	"xietong/node/faces/client"
	"xietong/node/ground/text"
)

func (a *app) grantCommand() *cobra.Command {
	return a.group("grant", text.CLIShortGrant, a.grantList(), a.grantRevoke())
}

func (a *app) grantList() *cobra.Command {
	return a.listing(a.verb("list", text.CLIShortGrantList, func(cmd *cobra.Command, _ []string) error {
		all, err := a.client().Grants(cmd.Context())
		if err != nil {
			return err
		}
		return show(a, listed[client.Grant]{
			rows: all, whole: func(rows []client.Grant) any { return client.Grants{Grants: rows} },
			heading: []text.Code{
				text.CLIGrant, text.WordDataset, text.WordConsumer, text.WordPurpose, text.WordUntil, text.WordState, text.WordUses,
			},
			line: a.grantLine,
		})
	}))
}

// grantLine returns the line of the table for one grant.
func (a *app) grantLine(g client.Grant) []string {
	consumer, until := g.Consumer, a.localTime(g.Until)
	if g.Endless {
		consumer, until = a.t(text.CLIStandingFor, text.Args{"setter": g.Consumer}), a.t(text.CLINothing, nil)
	}
	return []string{g.Grant, g.Dataset, consumer, g.Purpose, until, a.grantState(g.State), number(g.Uses)}
}

func (a *app) grantState(state string) string {
	switch state {
	case client.GrantLive:
		return a.t(text.GrantLive, nil)
	case client.GrantRevoked:
		return a.t(text.GrantStateRevoked, nil)
	case client.GrantExpired:
		return a.t(text.GrantStateExpired, nil)
	}
	return state
}

func (a *app) grantRevoke() *cobra.Command {
	var reason string
	c := a.verb("revoke GRANT", text.CLIShortGrantRevoke, func(cmd *cobra.Command, args []string) error {
		index, err := a.entryIndex(args[0])
		if err != nil {
			return err
		}
		if reason == "" {
			return usage(text.CLIFlagNeeded, text.Args{"flag": "--reason"})
		}
		done, err := a.client().RevokeGrant(cmd.Context(), index, client.Revocation{Reason: reason})
		if err != nil {
			return err
		}
		if a.jsonOnly {
			return printJSON(a.stdout, done)
		}
		a.say(text.CLIGrantRevoked, text.Args{"grant": args[0], "entry": done.Entry})
		return nil
	})
	c.Long = a.t(text.CLILongGrantRevoke, nil)
	c.Flags().StringVar(&reason, "reason", "", a.t(text.CLIFlagReason, nil))
	return c
}
