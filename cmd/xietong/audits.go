package main

import (
	"github.com/spf13/cobra"

	"xietong/node/faces/client"
	"xietong/node/ground/text"
)

// found are the texts for what came of asking again.
var found = map[string]text.Code{
	client.FoundAudited: text.CLIAuditsAudited, client.FoundLied: text.CLIAuditsLied, client.FoundWithheld: text.CLIAuditsWithheld,
	client.FoundUnproven: text.CLIAuditsUnproven, client.FoundUnreached: text.CLIAuditsUnreached,
	client.FoundAnswered: text.CLIAuditsAnswered, client.FoundGone: text.CLIAuditsGone, client.FoundNotAsked: text.CLIAuditsNotAsked,
	client.FoundNotUp: text.CLIAuditsNotUp, client.FoundDeclined: text.CLIAuditsDeclined, client.FoundSilent: text.CLIAuditsSilent,
}

// auditHeadings are the headings of the list, with the columns that they show.
var auditHeadings = []heading{
	{text.CLIAuditsAsked, "asked"}, {text.CLIAuditsHop, "title"}, {text.CLIAuditsFound, "outcome"}, {text.CLIAuditsAt, "at"}, {text.WordEntry, "entry"},
}

// ledgerAudits makes the verb that tells what became of questions to many after they were answered:
// of the one that an entry records, or of all.
func (a *app) ledgerAudits() *cobra.Command {
	return a.listing(auditHeadings, a.verb("audits [ENTRY]", text.CLIShortAudits, func(cmd *cobra.Command, args []string) error {
		asked := ""
		if len(args) > 0 {
			asked = args[0]
		}
		got, err := a.client().Audits(cmd.Context(), asked)
		if err != nil {
			return err
		}
		if len(got.Open)+len(got.Findings) == 0 && !a.asFile() && !a.jsonOnly {
			a.tell(text.CLIAuditsNone, nil)
			return nil
		}
		err = show(a, listed[client.Finding]{
			rows: audits(got), whole: func(rows []client.Finding) any { return auditsOf(got, rows) },
			heading: auditHeadings,
			line:    a.auditLine,
		})
		for _, f := range got.Findings {
			if err == nil && !a.jsonOnly {
				a.printLies(got.Titles, f.Lies)
			}
		}
		return err
	}))
}

// audits returns what is open, as findings without an outcome, and what was found.
func audits(got client.Audits) (rows []client.Finding) {
	for _, p := range got.Open {
		rows = append(rows, client.Finding{OpenPoint: p})
	}
	return append(rows, got.Findings...)
}

// auditsOf returns the account with what it lists in the order of the rows.
func auditsOf(got client.Audits, rows []client.Finding) client.Audits {
	got.Open, got.Findings = []client.OpenPoint{}, []client.Finding{}
	for _, f := range rows {
		if f.Outcome == "" {
			got.Open = append(got.Open, f.OpenPoint)
		} else {
			got.Findings = append(got.Findings, f)
		}
	}
	return got
}

func (a *app) auditLine(f client.Finding) []string {
	if f.Outcome == "" {
		return []string{f.Asked, f.Title, a.open(f.OpenPoint), a.localTime(f.Since), ""}
	}
	return []string{f.Asked, f.Title, a.found(f), a.localTime(f.At), f.Entry}
}

func (a *app) open(p client.OpenPoint) string {
	until := text.Args{"until": a.localTime(p.Until)}
	if p.By == "" && p.Said != "" {
		until["why"] = p.Said
		return a.t(text.CLIAuditsUnjudged, until)
	}
	if p.By == "" {
		return a.t(text.CLIAuditsOpen, until)
	}
	return a.said(p, a.t(text.CLIAuditsSaidOpen, until))
}

// said tells what another said, and beside it what is known from the jurisdiction itself.
func (a *app) said(p client.OpenPoint, word string) string {
	state := a.t(saidOf[p.State], text.Args{"by": p.By})
	if p.Said != "" {
		state = a.t(text.CLIGatherWhy, text.Args{"state": state, "why": p.Said})
	}
	if p.Itself {
		return a.t(text.CLIAuditsItself, text.Args{"state": state, "word": word})
	}
	return a.t(text.CLIAuditsSaid, text.Args{"by": p.By, "state": state, "word": word})
}

// saidOf are the texts for what was said of a jurisdiction.
var saidOf = map[string]text.Code{
	client.StateRefused: text.CLIGatherNotTaken, client.StateNotOffered: text.CLIGatherNotOffered, client.StateUnreachable: text.CLIAuditsUnreachable,
	client.StateLate: text.CLIGatherLate, client.StateNotJoined: text.CLIGatherNotJoined,
}

func (a *app) found(f client.Finding) string {
	said := a.t(found[f.Outcome], nil)
	if f.Why != "" {
		said = a.t(text.CLIGatherWhy, text.Args{"state": said, "why": f.Why})
	}
	if f.By != "" {
		return a.said(f.OpenPoint, said)
	}
	return said
}
