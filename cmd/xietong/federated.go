package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

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
	called := func(names ...string) string { return a.called(answer.Titles, names...) }
	if len(answer.Audited) > 0 {
		a.say(text.CLIGatherAudited, text.Args{"hops": called(answer.Audited...)})
	}
	if len(answer.Leaves) > 0 {
		a.say(text.CLIGatherLeaves, text.Args{"count": fmt.Sprint(len(answer.Leaves))})
	}
	if len(answer.Unseen) > 0 {
		a.say(text.CLIGatherUnseen, text.Args{"hops": called(answer.Unseen...)})
	}
	for _, n := range answer.Nobodys {
		a.say(text.CLIGatherNobodys, text.Args{"by": called(n.By), "about": called(n.About)})
	}
	if len(answer.Again) > 0 {
		a.say(text.CLIGatherAgain, text.Args{"hops": called(answer.Again...), "entry": answer.Asked})
	}
	if len(answer.Themselves) > 0 {
		a.say(text.CLIGatherThemselves, text.Args{"who": called(answer.Themselves...), "entry": answer.Asked})
	}
	a.printLies(answer.Titles, answer.Lies)
}

func (a *app) printLies(titles map[string]string, lies []client.Lie) {
	for _, lie := range lies {
		a.say(text.CLIGatherLie, text.Args{
			"by": a.called(titles, lie.By), "kind": text.Word(a.lang, lie.Kind), "about": a.called(titles, lie.About),
		})
	}
}

// called returns what people call jurisdictions, as a list in the language.
func (a *app) called(titles map[string]string, names ...string) string {
	told := make([]string, len(names))
	for i, name := range names {
		told[i] = cmp.Or(titles[name], name)
	}
	return strings.Join(told, a.t(text.CLINameComma, nil))
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
		if len(line.Answer.Rows) == 0 && line.Answer.Incomparable+line.Answer.Unreadable == 0 {
			return nil
		}
		fmt.Fprintf(a.stdout, "%s  %s\n", clean(line.Title), line.Answer.Access)
		if err := a.printRecords(line.Answer.Rows, q.Fields, q.Key != ""); err != nil {
			return err
		}
		a.sayLeftOut(line.Answer)
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
	client.StateNotOffered: text.CLIGatherNotOffered, client.StateUnreachable: text.CLIGatherUnreachable, client.StateLate: text.CLIGatherLate,
}

// hearsay are the texts for what another says of a member.
var hearsay = map[string]text.Code{client.StateRefused: text.CLIGatherNotTaken, client.StateNotOffered: text.CLIGatherNotOffered}

// namedAbsent is how many of those that have not joined are named.
const namedAbsent = 5

// printMissing prints who did not answer and why, those that refused first, so that they are seen;
// those that have not joined yet, who may be nearly all, are one line.
func (a *app) printMissing(missing []client.MissingMember) {
	order := []string{client.StateRefused, client.StateUnreachable, client.StateLate, client.StateNotOffered}
	var absent []string
	for _, m := range missing {
		if m.State == client.StateNotJoined {
			absent = append(absent, m.Title)
		}
	}
	for _, state := range order {
		for _, m := range missing {
			if m.State == state {
				a.line(a.stdout, "   "+clean(m.Title)+"  "+clean(a.why(m)))
			}
		}
	}
	if len(absent) == 0 {
		return
	}
	said, args := text.CLIGatherAbsent, text.Args{"count": fmt.Sprint(len(absent)), "names": a.called(nil, absent...)}
	if len(absent) > namedAbsent {
		said, args = text.CLIGatherAbsentMany, text.Args{"count": args["count"]}
	}
	a.line(a.stdout, "   "+a.t(said, args))
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
	if m.Why != "" && told {
		why = a.t(text.CLIGatherWhy, text.Args{"state": why, "why": m.Why})
	}
	if heard := a.localTime(m.LastHeard); heard != "" {
		why = a.t(text.CLIGatherHeard, text.Args{"why": why, "at": heard})
	}
	return why
}
