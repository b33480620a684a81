package main

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"xietong/node/client"
	"xietong/node/text"
)

// isSelector reports whether --at names many.
func isSelector(at string) bool { return strings.HasPrefix(at, "*") }

// federated asks many how many records they have, and prints the number with whom it covers.
func (a *app) federated(ctx context.Context, q client.FederatedQuery) error {
	answer, err := a.client().QueryFederated(ctx, q)
	if err != nil {
		return err
	}
	if a.jsonOnly {
		return printJSON(a.stdout, answer)
	}
	a.printGroups(answer.Groups)
	a.say(text.CLIGatherTotal, text.Args{
		"total": number(answer.Total), "answered": number(answer.Answered), "members": number(answer.Members),
	})
	a.printMissing(answer.Missing)
	a.sayAsked(answer.Asked)
	if len(answer.Audited) > 0 {
		a.say(text.CLIGatherAudited, text.Args{"hops": strings.Join(answer.Audited, ", ")})
	}
	if len(answer.Unseen) > 0 {
		a.say(text.CLIGatherUnseen, text.Args{"hops": strings.Join(answer.Unseen, ", ")})
	}
	for _, lie := range answer.Lies {
		a.say(text.CLIGatherLie, text.Args{"by": lie.By, "kind": lie.Kind, "about": lie.About})
	}
	if slices.ContainsFunc(answer.Lies, func(l client.Lie) bool { return l.Proven }) {
		return errAnsweredNo
	}
	return nil
}

func (a *app) printGroups(groups []client.FederatedGroup) {
	var lines [][]string
	head := []text.Code{text.CLIGatherPlace, text.CLIGatherName, text.CLIGatherCount}
	for _, g := range groups {
		line := []string{g.Title, g.Place, number(g.Count)}
		if g.Place == "" {
			head, line = []text.Code{text.CLIGatherValue, text.CLIGatherCount}, a.valueRow(g.Value, g.Count, g.Suppressed)
		}
		lines = append(lines, line)
	}
	if len(lines) > 0 {
		printTable(a.stdout, a.headings(head), lines)
	}
}

// rowsOfMany asks many for records, and prints what each answers as it comes.
func (a *app) rowsOfMany(ctx context.Context, q client.RowsQuery) error {
	got, err := a.client().QueryRows(ctx, q, func(line client.RowsLine) error {
		if a.jsonOnly {
			return json.NewEncoder(a.stdout).Encode(line)
		}
		if len(line.Answer.Rows) == 0 {
			return nil
		}
		fmt.Fprintf(a.stdout, "%s  %s\n", clean(line.Title), line.Answer.Access)
		if err := printRecords(a.stdout, line.Answer.Rows, q.Fields, q.Key != ""); err != nil {
			return err
		}
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

// valueRow is a line of a count by value.
func (a *app) valueRow(value string, count uint64, suppressed bool) []string {
	if suppressed {
		value = a.t(text.CLIGatherSmall, nil)
	}
	return []string{value, number(count)}
}

// states are what people read for the states of those who did not answer.
var states = map[string]text.Code{
	client.StateRefused: text.CLIGatherRefused, client.StateNotOffered: text.CLIGatherNotOffered, client.StateUnreachable: text.CLIGatherUnreachable,
	client.StateLate: text.CLIGatherLate, client.StateNotJoined: text.CLIGatherNotJoined,
}

func (a *app) printMissing(missing []client.MissingMember) {
	for _, m := range missing {
		why := a.t(states[m.State], text.Args{"by": m.By})
		if m.Why != "" && (m.State == client.StateRefused || m.State == client.StateNotOffered) {
			why = fmt.Sprintf("%s: %s", why, m.Why)
		}
		if heard, err := time.Parse(time.RFC3339, m.LastHeard); err == nil {
			why = a.t(text.CLIGatherHeard, text.Args{"why": why, "at": heard.In(a.zone).Format("2006-01-02 15:04:05")})
		}
		fmt.Fprintf(a.stdout, "   %s  %s\n", clean(m.Title), clean(why))
	}
}
