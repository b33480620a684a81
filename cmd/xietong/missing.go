package main

import (
	"cmp"
	"fmt"
	"strings"

	"xietong/node/faces/client"
	"xietong/node/ground/text"
)

// states are the texts for the states of the members that did not answer.
var states = map[string]text.Code{
	client.StateNotOffered: text.CLIGatherNotOffered, client.StateUnreachable: text.CLIGatherUnreachable, client.StateLate: text.CLIGatherLate,
}

// hearsay are the texts for what another says of a member.
var hearsay = map[string]text.Code{client.StateRefused: text.CLIGatherNotTaken, client.StateNotOffered: text.CLIGatherNotOffered}

// namedAbsent is how many of those that are missing for one reason are named.
const namedAbsent = 5

// absence is why members are missing, and how those are called that are missing for it.
type absence struct {
	why     string
	members []string
	heard   []string // when each was heard last; "" where that is not known
}

// printMissing prints who did not answer and why, those that refused first, so that they are seen.
// Those that are missing for one reason are one line, and so are those that are missing because one
// above them is not there. Those that have not joined yet, who may be nearly all, come last.
func (a *app) printMissing(missing []client.MissingMember) {
	order := []string{client.StateRefused, client.StateUnreachable, client.StateLate, client.StateNotOffered, client.StateNotJoined}
	var absent []string
	below := map[string]int{} // those that are missing for the same reason as the one above them
	for _, m := range missing {
		if notYet(m) {
			absent = append(absent, m.Title)
		} else if m.Above != "" {
			below[m.Above]++
		}
	}
	for _, state := range order {
		for _, one := range a.absences(missing, state, below) {
			a.line(a.stderr, "   "+a.absenceTold(one))
		}
	}
	if len(absent) == 0 {
		return
	}
	said, args := text.CLIGatherAbsent, text.Args{"count": fmt.Sprint(len(absent)), "names": a.called(nil, absent...)}
	if len(absent) > namedAbsent {
		said, args = text.CLIGatherAbsentMany, text.Args{"count": args["count"]}
	}
	a.line(a.stderr, "   "+a.t(said, args))
}

// absences returns why members of the state are missing, each reason once, in the order of the
// members.
func (a *app) absences(missing []client.MissingMember, state string, below map[string]int) (all []*absence) {
	of := map[string]*absence{}
	for _, m := range missing {
		if m.State != state || notYet(m) {
			continue
		}
		title := a.branch(m, below)
		if title == "" {
			continue
		}
		why := clean(a.why(m))
		one := of[why]
		if one == nil || title != clean(m.Title) { // a branch is a line of its own
			one = &absence{why: why}
			all = append(all, one)
		}
		if title == clean(m.Title) {
			of[why] = one
		}
		one.members, one.heard = append(one.members, title), append(one.heard, a.localTime(m.LastHeard))
	}
	return all
}

// absenceTold tells who is missing for one reason: when one alone was heard last after the reason,
// and when each of several was after its name.
func (a *app) absenceTold(one *absence) string {
	if len(one.members) == 1 {
		why := one.why
		if one.heard[0] != "" {
			why = a.t(text.CLIGatherHeard, text.Args{"why": why, "at": one.heard[0]})
		}
		return one.members[0] + "  " + why
	}
	names := make([]string, min(len(one.members), namedAbsent))
	for i := range names {
		if names[i] = one.members[i]; one.heard[i] != "" {
			names[i] = a.t(text.CLIGatherNamedHeard, text.Args{"name": names[i], "at": one.heard[i]})
		}
	}
	told := strings.Join(names, a.t(text.CLINameComma, nil))
	if more := len(one.members) - len(names); more > 0 {
		told = a.t(text.CLIGatherSeveral, text.Args{"names": told, "more": fmt.Sprint(more)})
	}
	return told + "  " + one.why
}

// notYet reports whether a member was never a part of the tree; others had joined, and are told by
// name.
func notYet(m client.MissingMember) bool {
	code := text.Code(m.Code)
	return m.State == client.StateNotJoined && code != text.PlaceWithdrawn && code != text.PlaceExpired
}

// branch returns how a missing member is called in its line: with those that are missing because of
// it, or by the name of the one above it. It is "" for all of these but the first.
func (a *app) branch(m client.MissingMember, below map[string]int) string {
	top := cmp.Or(m.Above, m.Title)
	count, counted := below[top]
	if !counted {
		return clean(m.Title)
	}
	if count < 0 {
		return ""
	}
	below[top] = -1
	if m.Above == "" {
		count++
	}
	return a.t(text.CLIGatherBranch, text.Args{"name": top, "count": fmt.Sprint(count)})
}

// why tells why a member did not answer.
func (a *app) why(m client.MissingMember) string {
	told := m.State == client.StateRefused || m.State == client.StateNotOffered
	why := a.t(states[m.State], text.Args{"by": m.By})
	switch {
	case told && !m.Itself:
		why = a.t(text.CLIGatherSaid, text.Args{"by": m.By, "why": a.t(hearsay[m.State], nil)})
	case m.State == client.StateRefused:
		why = a.t(text.CLIGatherItself, nil)
	}
	switch code := text.Code(m.Code); {
	case m.Why != "" && (code == text.KeysChanged || code == text.KeysObjected): // others do not believe its keys
		why = a.t(text.CLIGatherUnbelieved, text.Args{"why": text.Explain(a.lang, code, nil).Title}) // the sentence is long
	case m.Why != "" && m.State == client.StateNotJoined:
		why = m.Why
	case m.Why != "" && told:
		why = a.t(text.CLIGatherWhy, text.Args{"state": why, "why": m.Why})
	}
	return why
}
