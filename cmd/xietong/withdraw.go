package main

import (
	"cmp"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"xietong/node/faces/client"
	"xietong/node/ground/text"
)

func (a *app) withdrawCommand() *cobra.Command {
	var w client.Withdrawal
	var yes bool
	c := a.verb("withdraw NAME", text.CLIShortWithdraw, func(cmd *cobra.Command, args []string) error {
		plan, err := a.client().WithdrawalPlan(cmd.Context(), args[0])
		if err != nil {
			return err
		}
		if err := a.agreed(cmd, yes, plan, func() { a.tellCut(plan) }, text.CLIWithdrawAsk); err != nil {
			return err
		}
		w.Plan = plan.Hash
		done, err := a.client().Withdraw(cmd.Context(), args[0], w)
		if err != nil {
			return err
		}
		if a.jsonOnly {
			return printJSON(a.stdout, done)
		}
		a.say(text.CLIWithdrawn, text.Args{"name": plan.DisplayName, "entry": done.Entry})
		then := text.CLIWithdrawnThen
		if a.hostsHere(cmd, plan.Name) {
			then = text.CLIWithdrawnHere
		}
		a.say(then, text.Args{"name": plan.DisplayName})
		return nil
	})
	c.Flags().StringVar(&w.Reason, "reason", "", a.t(text.CLIFlagReason, nil))
	needed(c, "reason")
	c.Flags().BoolVar(&yes, "yes", false, a.t(text.CLIFlagYes, nil))
	return c
}

// hostsHere reports whether the node hosts a jurisdiction by itself, as far as it says so.
func (a *app) hostsHere(cmd *cobra.Command, name string) bool {
	defer func(in string) { a.in = in }(a.in)
	a.in = "" // all that it hosts
	s, err := a.client().Status(cmd.Context())
	return err == nil && slices.ContainsFunc(s.Jurisdictions, func(j client.JurisdictionStatus) bool { return j.Name == name })
}

// shownBelow is how many places the plan of a withdrawal names to a person.
const shownBelow = 20

// tellCut tells who would be cut off.
func (a *app) tellCut(p client.WithdrawalPlan) {
	a.tell(text.CLIWithdrawPlan, text.Args{"name": p.DisplayName, "whole": p.Name})
	if p.Listed > 0 {
		joined := min(p.Joined, uint64(len(p.Below)))
		shown := p.Below[:min(joined, shownBelow)]
		args := text.Args{"count": number(p.Listed), "joined": number(p.Joined), "names": strings.Join(shown, a.t(text.CLINameComma, nil))}
		said := text.CLIWithdrawBelow
		switch {
		case p.Joined == 0:
			said = text.CLIWithdrawNobody
		case uint64(len(shown)) < p.Joined:
			said = text.CLIWithdrawBelowMore
		}
		a.tell(said, args)
	}
	if p.Invitation {
		a.tell(text.CLIWithdrawOpen, nil)
	}
}

func (a *app) inviteCancel() *cobra.Command {
	var n client.Cancellation
	var yes bool
	c := a.verb("cancel NAME", text.CLIShortInviteCancel, func(cmd *cobra.Command, args []string) error {
		plan, err := a.client().CancellationPlan(cmd.Context(), args[0])
		if err != nil {
			return err
		}
		if err := a.agreed(cmd, yes, plan, func() { a.tellCancel(plan) }, text.CLICancelAsk); err != nil {
			return err
		}
		n.Plan = plan.Hash
		done, err := a.client().CancelInvitation(cmd.Context(), plan.Name, n)
		if err != nil {
			return err
		}
		if a.jsonOnly {
			return printJSON(a.stdout, done)
		}
		a.say(text.CLIInviteCancelled, text.Args{"name": plan.DisplayName, "entry": done.Entry})
		return nil
	})
	c.Flags().StringVar(&n.Reason, "reason", "", a.t(text.CLIFlagReason, nil))
	needed(c, "reason")
	c.Flags().BoolVar(&yes, "yes", false, a.t(text.CLIFlagYes, nil))
	return c
}

// tellCancel tells which invitation is taken back, and who could not join any more.
func (a *app) tellCancel(p client.CancellationPlan) {
	said := text.CLICancelPlan
	if p.Expired {
		said = text.CLICancelOver
	}
	a.tell(said, text.Args{
		"title": p.DisplayName, "name": p.Name, "code": cmp.Or(p.Code, a.t(text.CLIInitNone, nil)), "until": a.localTime(p.Until), "entry": p.Entry,
	})
	then := text.CLICancelThen
	if p.Joined {
		then = text.CLICancelJoined
	}
	a.tell(then, text.Args{"title": p.DisplayName})
}
