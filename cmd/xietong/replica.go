package main

import (
	"cmp"
	"fmt"
	"log/slog"
	"net"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"xietong/node/faces/client"
	"xietong/node/ground/text"
)

func (a *app) replicaCommand() *cobra.Command {
	return a.group("replica", text.CLIShortReplica, a.replicaList(), a.replicaInvite(), a.replicaJoin(), a.replicaPromote(),
		a.replicaReplace(), a.replicaRemove())
}

// replicaHeadings are the headings of the list, with the columns that they show.
var replicaHeadings = []heading{
	{text.CLIReplica, "replica"}, {text.CLIReplicaRole, "role"}, {text.CLIReplicaSigns, "signs"}, {text.CLIReplicaFollows, "follows"},
	{text.CLIReplicaBehind, "behind"}, {text.CLIReplicaAt, "addresses"},
}

func (a *app) replicaList() *cobra.Command {
	return a.listing(replicaHeadings, a.verb("list", text.CLIShortReplicaList, func(cmd *cobra.Command, _ []string) error {
		all, err := a.client().Replicas(cmd.Context())
		if err != nil {
			return err
		}
		err = show(a, listed[client.Replica]{
			rows: all.Replicas, whole: func(rows []client.Replica) any { all.Replicas = rows; return all },
			heading: replicaHeadings, spare: []string{"addresses"}, line: a.replicaLine,
		})
		if err == nil && !a.jsonOnly && !a.asFile() {
			a.tellReplicas(all)
		}
		return err
	}))
}

func (a *app) replicaLine(r client.Replica) []string {
	joined := r.Role != client.ReplicaInvited && r.Role != client.ReplicaExpired
	signs, follows, behind := a.yesNo(r.Signs), "", ""
	if joined {
		follows = a.follows(r)
	}
	switch {
	case r.Behind != nil:
		behind = number(*r.Behind)
	case joined:
		behind = "?"
	}
	role := a.replicaRole(r.Role, r.Until)
	if r.Here {
		role = a.t(text.CLIReplicaHere, text.Args{"role": role})
	}
	return []string{r.Replica, role, signs, follows, behind, strings.Join(r.Addresses, ", ")}
}

// follows tells whether a replica follows, or since when not.
func (a *app) follows(r client.Replica) string {
	since := cmp.Or(r.NotSince, r.LastHeard)
	if r.Follows || since == "" {
		return a.yesNo(r.Follows)
	}
	return a.t(text.CLIReplicaNotSince, text.Args{"since": a.localTime(since)})
}

var replicaRoles = map[string]text.Code{
	client.ReplicaLeader: text.CLIReplicaLeader, client.ReplicaVoter: text.CLIReplicaVoter, client.ReplicaPromoting: text.CLIReplicaPromoting,
	client.ReplicaFollower: text.CLIReplicaFollower, client.ReplicaJoining: text.CLIReplicaJoining, client.ReplicaInvited: text.CLIReplicaInvited,
	client.ReplicaExpired: text.CLIReplicaExpired, client.ReplicaRemoving: text.CLIReplicaRemoving,
}

// replicaRole tells the role; until is the end of an invitation.
func (a *app) replicaRole(role, until string) string {
	return a.t(replicaRoles[role], text.Args{"until": a.localTime(until)})
}

// apart is how far the clocks of two replicas may be apart before a person is told.
const apart = 5 * time.Second

// tellReplicas tells how many may be lost, and what there is to do about single ones.
func (a *app) tellReplicas(all client.Replicas) {
	if all.Voters == 1 && len(all.Replicas) == 1 {
		a.tell(text.CLIReplicaOne, nil)
	} else {
		a.tellStrength(all)
	}
	for _, r := range all.Replicas {
		if told := a.notFollowing(r); told != "" && !r.Ahead {
			a.line(a.stderr, told)
		}
		if r.Role == client.ReplicaFollower && r.Follows {
			a.tell(text.CLIReplicaBehindAll, text.Args{"replica": r.Replica})
		}
		switch args := (text.Args{"replica": r.Replica}); {
		case r.Ahead:
			a.tell(text.CLIReplicaAhead, args)
		case r.InQuestion && r.Role == client.ReplicaLeader:
			a.tell(text.CLIReplicaLeadsMute, args)
		case r.InQuestion:
			a.tell(text.CLIReplicaMute, args)
		}
		if ahead := time.Duration(r.OffsetMS) * time.Millisecond; ahead.Abs() > apart {
			code := map[bool]text.Code{true: text.CLIReplicaClock, false: text.CLIReplicaClockLate}[ahead > 0]
			a.tell(code, text.Args{"replica": r.Replica, "offset": ahead.Abs().Round(time.Second).String()})
		}
	}
}

// notFollowing tells why a replica does not follow, and what to do; "": it does, or all are told.
func (a *app) notFollowing(r client.Replica) string {
	code, known := map[string]text.Code{
		client.ReplicaAway: text.CLIReplicaAway, client.ReplicaUnreachable: text.CLIReplicaOneWay, client.ReplicaStuck: text.CLIReplicaStuck,
	}[r.Why]
	if r.Why == client.ReplicaNoLeader && len(r.UnreachedBy) > 0 {
		code, known = text.CLIReplicaOneWay, r.Reachable
	}
	if !known {
		return ""
	}
	by := []string{}
	for _, u := range r.UnreachedBy {
		by = append(by, u.Replica)
	}
	return a.t(code, text.Args{
		"replica": r.Replica, "by": strings.Join(by, a.t(text.CLINameComma, nil)), "addresses": strings.Join(r.Addresses, ", "),
	})
}

// tellStrength tells how many of the replicas may be lost; first of all, that none leads.
func (a *app) tellStrength(all client.Replicas) {
	s, code, args := all.Strength, text.CLIReplicaSpare, strengthArgs(all.Strength)
	switch {
	case !s.Led && s.Spare < 0 && s.There > 0 && inQuestion(all.Replicas) != "":
		code, args["replicas"] = text.CLIReplicaPutBack, inQuestion(all.Replicas)
	case !s.Led && s.Spare >= 0:
		code = text.CLIReplicaNobody
	case s.Spare < 0:
		code = text.CLIReplicaMostAway
	case s.Voters == 1:
		code = text.CLIReplicaOneVotes
	case s.There == s.Voters && s.Spare == 0:
		code = text.CLIReplicaBothThere
	case s.Spare == 0:
		code = text.CLIReplicaNoSpare
	case s.There < s.Voters:
		code = text.CLIReplicaSomeAway
	}
	a.tell(code, args)
}

// inQuestion names the replicas with a vote that are in question and answer; "": none, or another
// one is the newest.
func inQuestion(all []client.Replica) string {
	var names []string
	for _, r := range all {
		if r.Ahead {
			return ""
		}
		if r.InQuestion && r.Reachable && r.Role == client.ReplicaVoter {
			names = append(names, r.Replica)
		}
	}
	return strings.Join(names, ", ")
}

func strengthArgs(s client.Strength) text.Args {
	return text.Args{
		"voters": strconv.Itoa(s.Voters), "there": strconv.Itoa(s.There), "away": strconv.Itoa(s.Voters - s.There),
		"spare": strconv.Itoa(s.Spare), "missing": strconv.Itoa(-s.Spare),
	}
}

func (a *app) replicaInvite() *cobra.Command {
	var n client.NewReplica
	c := a.verb("invite", text.CLIShortReplicaInvite, func(cmd *cobra.Command, _ []string) error {
		if err := a.within(cmd.Flags(), "hours", 1, 365*24); err != nil {
			return err
		}
		made, err := a.client().InviteReplica(cmd.Context(), n)
		if err != nil {
			return err
		}
		if a.jsonOnly {
			return printJSON(a.stdout, made)
		}
		a.sayInvited(made)
		return nil
	})
	c.Long = a.t(text.CLILongReplicaInvite, nil)
	c.Flags().IntVar(&n.Hours, "hours", 0, a.t(text.CLIFlagReplicaHours, nil))
	return c
}

// sayInvited prints the invitation of a replica, and what is done with it.
func (a *app) sayInvited(made client.ReplicaInvitation) {
	a.say(text.CLIReplicaFor, text.Args{"replica": made.Replica, "title": made.DisplayName, "name": made.Name, "until": a.localTime(made.Until)})
	a.say(text.CLIReplicaThere, nil)
	fmt.Fprintf(a.stdout, "\n  xietong replica join %s --listen 0.0.0.0:%s\n  xietong serve\n\n", clean(made.Token), clean(portOf(made.Addresses)))
	a.say(text.CLIReplicaThen, text.Args{"replica": made.Replica})
}

// portOf returns the port of the first of the addresses, or the usual one.
func portOf(addresses []string) string {
	if len(addresses) > 0 {
		if _, port, err := net.SplitHostPort(addresses[0]); err == nil {
			return port
		}
	}
	return "7400"
}

// replicaJoinSteps are the steps of replica join, as joinSteps are those of join.
var replicaJoinSteps = []joinPhase{
	{text.JoinNetwork, []text.Code{text.ParentSilent, text.ParentNotThere, text.ParentVersion, text.ParentBroken, text.ParentUnreached}},
	{text.JoinClock, []text.Code{text.ClockApart, text.ParentUnproven}},
	{text.JoinDisk, []text.Code{text.DiskNoStart}},
	{text.JoinKeys, nil},
	{text.JoinAdmitted, []text.Code{text.ReplicaNotInvited, text.ReplicaInvitationUsed}},
	{text.JoinReached, []text.Code{text.ReplicaNotReached}},
	{text.JoinSecrets, nil},
	{text.JoinFilled, nil},
}

func (a *app) replicaJoin() *cobra.Command {
	var o joinOptions
	c := a.verb("join TOKEN", text.CLIShortReplicaJoin, func(cmd *cobra.Command, args []string) error {
		a.stopped = text.CLIJoinStoppedDo
		o.Options.Logger = slog.New(slog.DiscardHandler) // the steps and the error tell everything
		if !a.jsonOnly {
			o.Told = func(s joinStep) { a.step(replicaJoinSteps, text.CLIJoinOK, s.Name, a.t(s.What, s.Args)) }
		}
		if err := cmp.Or(a.listens(o.Listen), a.zones(cmd.Flags(), o.TimeZone)); err != nil {
			return err
		}
		line, err := a.token(args[0])
		if err != nil {
			return err
		}
		made, err := a.node.joinReplica(cmd.Context(), a.data, line, o)
		if f := text.AsFailure(err); o.Listen == "" && f != nil && f.Args["where"] == "--listen" {
			return usage(text.CLIFlagNeeded, text.Args{"flag": "--listen"}) // the invitation is one
		}
		if err != nil {
			a.stepFailed(replicaJoinSteps, err)
			return err
		}
		if a.jsonOnly {
			return printJSON(a.stdout, made)
		}
		if made.OnlyHere != "" {
			a.tell(text.CLIJoinOnlyHere, text.Args{"listen": made.OnlyHere, "file": made.Config})
		}
		if made.Again {
			a.say(text.CLIReplicaAgain, text.Args{"replica": made.Replica, "name": made.DisplayName, "dir": a.data})
			if made.Kept != "" {
				a.tell(text.CLIReplicaKept, text.Args{"listen": made.Kept, "file": made.Config})
			}
			return nil
		}
		a.say(text.CLIReplicaJoined, text.Args{"replica": made.Replica, "name": made.DisplayName, "entries": number(made.Entries), "dir": a.data})
		a.say(text.CLIReplicaJoinedThen, text.Args{"replica": made.Replica})
		return nil
	})
	pasted(c)
	c.Long = a.t(text.CLILongReplicaJoin, nil)
	c.Flags().StringVar(&o.TimeZone, "time-zone", "", a.t(text.CLIFlagReplicaZone, nil))
	c.Flags().StringVar(&o.Listen, "listen", "", a.t(text.CLIFlagReplicaListen, nil))
	return c
}

func (a *app) replicaPromote() *cobra.Command {
	c := a.verb("promote REPLICA", text.CLIShortReplicaPromote, func(cmd *cobra.Command, args []string) error {
		if err := a.replicas(args[0]); err != nil {
			return err
		}
		done, err := a.client().PromoteReplica(cmd.Context(), args[0])
		if err != nil {
			return err
		}
		if a.jsonOnly {
			return printJSON(a.stdout, done)
		}
		if !done.Settled {
			a.say(text.CLIReplicaPromotes, text.Args{"replica": done.Replica})
			a.tellWaits(done)
			return nil
		}
		a.say(text.CLIReplicaPromoted, text.Args{"replica": done.Replica})
		a.tellStrength(client.Replicas{Strength: done.Strength})
		return nil
	})
	c.Long = a.t(text.CLILongReplicaPromote, nil)
	return c
}

// tellWaits tells what a change waits for that is only recorded.
func (a *app) tellWaits(c client.ReplicaChanged) {
	code, known := map[string]text.Code{
		client.WaitsParent: text.CLIReplicaWaits, client.WaitsReplica: text.CLIReplicaWaitsReplica, client.WaitsVotes: text.CLIReplicaWaitsVotes,
	}[c.Waits]
	if known {
		a.say(code, text.Args{"replica": c.Replica})
	}
}

// replicaShape is the shape of the name of a replica; the node parses it.
var replicaShape = regexp.MustCompile(`^r[1-9][0-9]{0,9}$`)

// replicas refuses what can be the name of no replica.
func (a *app) replicas(typed string) error {
	if replicaShape.MatchString(typed) {
		return nil
	}
	return usage(text.CLIReplicaBad, text.Args{"value": text.Short(typed)})
}
