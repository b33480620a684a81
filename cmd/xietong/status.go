package main

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"xietong/node/faces/client"
	"xietong/node/ground/text"
)

func (a *app) statusCommand() *cobra.Command {
	return a.verb("status", text.CLIShortStatus, func(cmd *cobra.Command, _ []string) error {
		s, err := soon(cmd.Context(), a, a.client().Status)
		if err != nil {
			return err
		}
		if a.jsonOnly {
			return printJSON(a.stdout, s)
		}
		a.printProcess(s)
		for _, j := range s.Jurisdictions {
			a.printJurisdiction(j, s.Now)
		}
		for _, e := range s.Ended {
			a.say(text.StatusEnded, text.Args{"title": e.DisplayName, "name": e.Name})
			a.sayTrouble(e.Why)
		}
		return nil
	})
}

// printProcess tells of the process that serves the node, and of its disk.
func (a *app) printProcess(s client.Status) {
	a.say(text.StatusVersion, text.Args{"version": s.Version})
	a.say(text.StatusProcess, text.Args{"pid": strconv.Itoa(s.PID), "since": a.localTime(s.Since), "up": a.between(s.Since, s.Now)})
	a.say(text.StatusZone, text.Args{"zone": s.Settings.TimeZone})
	a.say(text.StatusDisk, text.Args{"dir": s.Data, "used": size(s.Disk.Used), "free": size(s.Disk.Free), "reserve": size(s.Disk.Reserve)})
	if s.Listen == "" {
		a.say(text.CLITreeNoListen, nil)
		return
	}
	a.say(text.StatusListen, text.Args{"address": s.Listen})
}

func (a *app) printJurisdiction(j client.JurisdictionStatus, now string) {
	role := text.StatusFollower
	if j.Leader {
		role = text.StatusLeader
	}
	a.say(text.StatusJurisdiction, text.Args{"title": j.DisplayName, "name": j.Name, "replica": j.Replica})
	line := func(code text.Code, args text.Args) { a.line(a.stdout, "  "+a.t(code, args)) }
	line(role, nil)
	for _, told := range a.membersTold(j) {
		a.line(a.stdout, "  "+told)
	}
	line(text.StatusLog, text.Args{"log": j.Log, "size": number(j.TreeSize), "root": j.Root})
	for _, told := range append(a.lostTold(j.Lost), a.epochsTold(j.Parent, j.Children)...) {
		a.line(a.stdout, "  "+told)
	}
	if j.LastEntry != "" {
		line(text.StatusLastEntry, text.Args{"at": a.localTime(j.LastEntry)})
	}
	if j.Uncovered == "" {
		line(text.StatusCheckpoint, text.Args{"size": number(j.CheckpointSize)})
	} else {
		line(text.StatusCheckpointOld, text.Args{"size": number(j.CheckpointSize), "age": a.between(j.Uncovered, now)})
	}
	for _, told := range a.witnessesTold(j.Parent, j.Children) {
		a.line(a.stdout, "  "+told)
	}
	line(text.StatusAgencies, text.Args{"count": strconv.Itoa(j.Agencies)})
	line(text.StatusDatasets, text.Args{"count": strconv.Itoa(j.Datasets)})
	for _, told := range append(a.linksTold(j), a.endsTold(j.Ends)...) {
		a.line(a.stdout, "  "+told)
	}
	line(text.StatusPin, text.Args{"pin": j.Pin})
	for _, told := range a.summary(j.Name, j.Check) {
		a.line(a.stdout, "  "+told)
	}
	for _, wrong := range j.Alarms {
		a.sayTrouble(wrong)
	}
	a.alarms(j.Check)
}

// membersTold tells of the replicas, where there are several: how many follow, and each.
func (a *app) membersTold(j client.JurisdictionStatus) (lines []string) {
	if s := j.Replicas; s != nil {
		code := text.StatusReplicas
		if !s.Led {
			code = text.StatusNoLeader
		}
		lines = append(lines, a.t(code, strengthArgs(*s)))
	}
	there := slices.DeleteFunc(slices.Clone(j.Members), func(r client.Replica) bool {
		return r.Role == client.ReplicaInvited || r.Role == client.ReplicaExpired
	})
	if j.Replicas == nil && len(there) < 2 { // an open invitation makes no second one
		return nil
	}
	for _, r := range there {
		lines = append(lines, "  "+a.memberTold(r))
	}
	return lines
}

// memberTold tells whether a replica follows and, if not, why.
func (a *app) memberTold(r client.Replica) string {
	cells := a.replicaLine(r) // replica, role, signs, follows, behind, addresses
	if r.Follows {
		return a.t(text.StatusMember, text.Args{"replica": r.Replica, "role": cells[1], "behind": cells[4]})
	}
	told := a.t(text.StatusMemberNot, text.Args{"replica": r.Replica, "role": cells[1], "follows": cells[3]})
	if why := a.notFollowing(r); why != "" {
		told += a.t(text.CLIListComma, nil) + why
	}
	return told
}

// mostNamed is how many children without a link are named.
const mostNamed = 5

// linksTold tells of the link to the parent, and of those of the children.
func (a *app) linksTold(j client.JurisdictionStatus) (lines []string) {
	if p := j.Parent; p != nil {
		lines = append(lines, a.parentTold(*p, strings.Join(j.ParentAddresses, ", ")))
	}
	joined, linked, invited := 0, 0, 0
	var without []string
	for _, c := range j.Children {
		switch {
		case c.State == client.ChildInvited:
			invited++
		case c.State != client.ChildJoined && !isLinked(c):
		case isLinked(c):
			joined, linked = joined+1, linked+1
		default:
			joined++
			without = append(without, a.childGone(c))
		}
	}
	if joined+invited > 0 {
		lines = append(lines, a.t(text.StatusChildren, text.Args{
			"joined": strconv.Itoa(joined), "linked": strconv.Itoa(linked), "invited": strconv.Itoa(invited),
		}))
	}
	if more := len(without) - mostNamed; more > 0 {
		without = append(without[:mostNamed], a.t(text.StatusMore, text.Args{"count": strconv.Itoa(more)}))
	}
	if len(without) > 0 {
		lines = append(lines, a.t(text.StatusWithout, text.Args{"names": strings.Join(without, a.t(text.CLINameComma, nil))}))
	}
	return lines
}

// isLinked reports whether a replica of this jurisdiction has a link to a neighbour.
func isLinked(n client.Neighbour) bool { return n.Linked || n.LinkedBy != "" }

func (a *app) childGone(c client.Neighbour) string {
	if c.LastHeard == "" {
		return a.t(text.StatusChildNever, text.Args{"name": c.DisplayName})
	}
	return a.t(text.StatusChildHeard, text.Args{"name": c.DisplayName, "heard": a.localTime(c.LastHeard)})
}

func (a *app) parentTold(p client.Neighbour, addresses string) string {
	args := text.Args{"name": p.DisplayName, "link": a.linkTold(p), "addresses": addresses}
	if p.Linked || addresses == "" {
		return a.t(text.StatusParent, args)
	}
	line := a.t(text.StatusParentDown, args)
	if p.Why != "" {
		line += a.t(text.CLIListComma, nil) + text.Cause(a.lang, p.Why)
	}
	return line
}

// linkTold tells since when a link is up, or when its other end was heard last.
func (a *app) linkTold(n client.Neighbour) string {
	switch {
	case n.Silent:
		return a.t(text.CLITreeSilent, text.Args{"heard": a.localTime(n.LastHeard)})
	case n.Linked && n.LinkedSince != "":
		return a.t(text.CLITreeUpSince, text.Args{"since": a.localTime(n.LinkedSince)})
	case n.Linked:
		return a.t(text.CLITreeUp, nil)
	case n.LinkedBy != "":
		return a.t(text.CLITreeUpBy, text.Args{"replica": n.LinkedBy})
	case n.LastHeard != "":
		return a.t(text.CLITreeDown, text.Args{"heard": a.localTime(n.LastHeard)})
	}
	return a.t(text.CLITreeNever, nil)
}

// endsTold tells what ends when. What the parent says is asked for every few minutes, and is told
// only where it has grown old.
func (a *app) endsTold(ends []client.Ending) (lines []string) {
	for _, e := range ends {
		code := map[string]text.Code{client.EndsSigning: text.StatusEndsSigning, client.EndsEndorsement: text.StatusEndsEndorsement}[e.What]
		if code != "" {
			lines = append(lines, a.t(code, text.Args{"at": a.localTime(e.At), "renews": a.localTime(e.Renews)}))
		}
	}
	return lines
}

// between tells how much time lies between two times, in the two largest units.
func (a *app) between(from, to string) string {
	began, err := time.Parse(time.RFC3339, from)
	ended, failed := time.Parse(time.RFC3339, to)
	if err != nil || failed != nil {
		return "?"
	}
	all := int64(max(0, ended.Sub(began)) / time.Second)
	units := []struct {
		code    text.Code
		seconds int64
	}{{text.StatusDays, 24 * 60 * 60}, {text.StatusHours, 60 * 60}, {text.StatusMinutes, 60}, {text.StatusSeconds, 1}}
	told := ""
	for i, u := range units {
		if all < u.seconds && i < len(units)-1 {
			continue
		}
		told = a.t(u.code, text.Args{"n": strconv.FormatInt(all/u.seconds, 10)})
		if i+1 < len(units) {
			next := units[i+1]
			told += " " + a.t(next.code, text.Args{"n": strconv.FormatInt(all%u.seconds/next.seconds, 10)})
		}
		break
	}
	return told
}

// size tells bytes in MiB, or in GiB from 10 of them on.
func size(bytes uint64) string {
	if bytes >= 10<<30 {
		return strconv.FormatUint(bytes>>30, 10) + " GiB"
	}
	return text.Mebibytes(bytes)
}

func number(n uint64) string { return strconv.FormatUint(n, 10) }
