package main

import (
	"github.com/spf13/cobra"

	"xietong/node/faces/client"
	"xietong/node/ground/text"
)

func (a *app) replicaRemove() *cobra.Command {
	var yes bool
	c := a.verb("remove REPLICA", text.CLIShortReplicaRemove, func(cmd *cobra.Command, args []string) error {
		plan, done, err := a.takeOut(cmd, args[0], yes, text.CLIReplicaRemoveAsk)
		if err != nil {
			return err
		}
		if a.jsonOnly {
			return printJSON(a.stdout, done)
		}
		a.sayTakenOut(plan, done)
		return nil
	})
	c.Long = a.t(text.CLILongReplicaRemove, nil)
	c.Flags().BoolVar(&yes, "yes", false, a.t(text.CLIFlagYes, nil))
	return c
}

// replacement is what `replica replace --json` prints.
type replacement struct {
	Removed    client.ReplicaChanged    `json:"removed"`
	Invitation client.ReplicaInvitation `json:"invitation"`
}

// replicaReplace takes a replica out, and invites a machine in its stead.
func (a *app) replicaReplace() *cobra.Command {
	var n client.NewReplica
	var yes bool
	c := a.verb("replace REPLICA", text.CLIShortReplicaReplace, func(cmd *cobra.Command, args []string) error {
		if err := a.within(cmd.Flags(), "hours", 1, 365*24); err != nil {
			return err
		}
		plan, done, err := a.takeOut(cmd, args[0], yes, text.CLIReplicaReplaceAsk)
		if err != nil {
			return err
		}
		if !a.jsonOnly {
			a.sayTakenOut(plan, done)
		}
		made, err := a.client().InviteReplica(cmd.Context(), n)
		if err != nil {
			a.tell(text.CLIReplicaUninvited, nil)
			return err
		}
		if a.jsonOnly {
			return printJSON(a.stdout, replacement{done, made})
		}
		a.sayInvited(made)
		return nil
	})
	c.Long = a.t(text.CLILongReplicaReplace, nil)
	c.Flags().BoolVar(&yes, "yes", false, a.t(text.CLIFlagYes, nil))
	c.Flags().IntVar(&n.Hours, "hours", 0, a.t(text.CLIFlagReplicaHours, nil))
	return c
}

// takeOut has a replica taken out, if a person agrees to the plan.
func (a *app) takeOut(cmd *cobra.Command, replica string, yes bool, ask text.Code) (plan client.ReplicaRemovalPlan, done client.ReplicaChanged, err error) {
	if err := a.replicas(replica); err != nil {
		return plan, done, err
	}
	if plan, err = a.client().ReplicaRemovalPlan(cmd.Context(), replica); err != nil {
		return plan, done, err
	}
	if err := a.agreed(cmd, yes, plan, func() { a.tellRemoval(plan) }, ask); err != nil {
		return plan, done, err
	}
	done, err = a.client().RemoveReplica(cmd.Context(), replica, client.ReplicaRemoval{Plan: plan.Hash})
	return plan, done, err
}

// sayTakenOut tells that a replica is taken out, or what that waits for.
func (a *app) sayTakenOut(plan client.ReplicaRemovalPlan, done client.ReplicaChanged) {
	if !done.Settled {
		a.say(text.CLIReplicaRemoves, text.Args{"replica": done.Replica})
		a.tellWaits(done)
		return
	}
	a.say(text.CLIReplicaRemoved, text.Args{"replica": done.Replica})
	if plan.Role != client.ReplicaInvited && plan.Role != client.ReplicaExpired {
		a.say(text.CLIReplicaGone, nil)
	}
}

// tellRemoval tells what the removal of a replica would do.
func (a *app) tellRemoval(p client.ReplicaRemovalPlan) {
	a.tell(text.CLIReplicaPlan, text.Args{"replica": p.Replica, "role": a.replicaRole(p.Role, p.Until)})
	if p.Here {
		a.tell(text.CLIReplicaPlanHere, nil)
	}
	code := text.CLIReplicaPlanThen
	switch {
	case p.Spare < 0:
		code = text.CLIReplicaPlanAway
	case p.Voters == 1:
		code = text.CLIReplicaPlanOnly
	case p.Spare == 0:
		code = text.CLIReplicaPlanLast
		if p.There < p.Voters {
			code = text.CLIReplicaPlanLess
		}
	}
	a.tell(code, strengthArgs(p.Strength))
}
