package main

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"xietong/node/faces/client"
	"xietong/node/ground/text"
)

// isSelector reports whether --at names many jurisdictions.
func isSelector(at string) bool { return strings.HasPrefix(at, "*") }

// federated asks many jurisdictions for a measure of their records, and prints the result with the
// members that it covers and lacks.
func (a *app) federated(ctx context.Context, q client.FederatedQuery) error {
	answer, err := a.client().QueryFederated(ctx, q)
	if err != nil {
		return err
	}
	if a.jsonOnly {
		return printJSON(a.stdout, answer)
	}
	if answer.Answered > 0 { // or nothing is known of the records
		a.printMeasure(&q.Measure, answer.Groups, answer.Whole)
	}
	a.say(text.CLIGatherTotal, text.Args{
		"total": number(answer.Total), "answered": number(answer.Answered), "members": number(answer.Members),
	})
	a.printMissing(answer.Missing)
	a.printBeside(q.Measure, answer.Beside)
	a.sayAsked(answer.Asked)
	a.sayStatus(answer.StatusAsOf)
	a.printAudit(answer)
	if slices.ContainsFunc(answer.Lies, func(l client.Lie) bool { return l.Proven }) {
		return errAnsweredNo
	}
	return nil
}

// printAudit prints of whom the audit compared what, and what it found.
func (a *app) printAudit(answer client.FederatedAnswer) {
	if len(answer.Audited) > 0 {
		a.say(text.CLIGatherAudited, text.Args{"hops": strings.Join(answer.Audited, ", ")})
	}
	if len(answer.Leaves) > 0 {
		a.say(text.CLIGatherLeaves, text.Args{"count": fmt.Sprint(len(answer.Leaves))})
	}
	if len(answer.Unseen) > 0 {
		a.say(text.CLIGatherUnseen, text.Args{"hops": strings.Join(answer.Unseen, ", ")})
	}
	for _, n := range answer.Nobodys {
		a.say(text.CLIGatherNobodys, text.Args{"by": n.By, "about": n.About})
	}
	if len(answer.Again) > 0 {
		a.say(text.CLIGatherAgain, text.Args{"hops": strings.Join(answer.Again, ", "), "entry": answer.Asked})
	}
	if len(answer.Themselves) > 0 {
		a.say(text.CLIGatherThemselves, text.Args{"who": strings.Join(answer.Themselves, ", "), "entry": answer.Asked})
	}
	a.printLies(answer.Lies)
}

func (a *app) printLies(lies []client.Lie) {
	for _, lie := range lies {
		a.say(text.CLIGatherLie, text.Args{"by": lie.By, "kind": lie.Kind, "about": lie.About})
	}
}

// printBeside prints those that are not in the roster, with what their records come to.
func (a *app) printBeside(m client.Measure, beside []client.Beside) {
	for _, b := range beside {
		said := text.CLIGatherBeside
		if !b.Proven {
			said = text.CLIGatherUnproven
		}
		a.say(said, text.Args{"name": clean(b.Title), "records": strings.Join(a.amountsOf(m, b.Records), " ")})
	}
}

// rowsOfMany asks many jurisdictions for records, and prints each answer as it comes.
func (a *app) rowsOfMany(ctx context.Context, q client.RowsQuery) error {
	got, err := a.client().QueryRows(ctx, q, func(line client.RowsLine) error {
		if a.jsonOnly {
			return json.NewEncoder(a.stdout).Encode(line)
		}
		if len(line.Answer.Rows) == 0 && line.Answer.Incomparable == 0 {
			return nil
		}
		fmt.Fprintf(a.stdout, "%s  %s\n", clean(line.Title), line.Answer.Access)
		if err := printRecords(a.stdout, line.Answer.Rows, q.Fields, q.Key != ""); err != nil {
			return err
		}
		a.sayIncomparable(line.Answer.Incomparable)
		a.sayStatus(line.Answer.StatusAsOf)
		if line.Answer.Cursor != "" {
			a.say(text.CLIQueryMore, text.Args{"cursor": line.Answer.Cursor})
		}
		return nil
	})
	if err != nil {
		return err
	}
	if a.jsonOnly {
		return json.NewEncoder(a.stdout).Encode(client.RowsLine{Coverage: &got})
	}
	a.say(text.CLIRowsTotal, text.Args{"rows": number(got.Total), "answered": number(got.Answered), "members": number(got.Members)})
	a.printMissing(got.Missing)
	return nil
}

// states are the texts for the states of the members that did not answer.
var states = map[string]text.Code{
	client.StateRefused: text.CLIGatherRefused, client.StateNotOffered: text.CLIGatherNotOffered, client.StateUnreachable: text.CLIGatherUnreachable,
	client.StateLate: text.CLIGatherLate, client.StateNotJoined: text.CLIGatherNotJoined,
}

// hearsay are the texts for what another says of a member.
var hearsay = map[string]text.Code{client.StateRefused: text.CLIGatherNotTaken, client.StateNotOffered: text.CLIGatherNotOffered}

func (a *app) printMissing(missing []client.MissingMember) {
	for _, m := range missing {
		why := a.t(states[m.State], text.Args{"by": m.By})
		if !m.Itself && (m.State == client.StateRefused || m.State == client.StateNotOffered) {
			why = a.t(text.CLIGatherSaid, text.Args{"by": m.By, "why": a.t(hearsay[m.State], nil)})
		}
		if m.Why != "" && (m.State == client.StateRefused || m.State == client.StateNotOffered) {
			why = fmt.Sprintf("%s: %s", why, m.Why)
		}
		if heard, err := time.Parse(time.RFC3339, m.LastHeard); err == nil {
			why = a.t(text.CLIGatherHeard, text.Args{"why": why, "at": heard.In(a.zone).Format("2006-01-02 15:04:05")})
		}
		fmt.Fprintf(a.stdout, "   %s  %s\n", clean(m.Title), clean(why))
	}
}
