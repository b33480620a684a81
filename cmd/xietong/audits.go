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
}

// ledgerAudits makes the verb that tells what became of questions to many after they were answered:
// of the one that an entry records, or of all.
func (a *app) ledgerAudits() *cobra.Command {
	return a.verb("audits [ENTRY]", text.CLIShortAudits, func(cmd *cobra.Command, args []string) error {
		asked := ""
		if len(args) > 0 {
			asked = args[0]
		}
		got, err := a.client().Audits(cmd.Context(), asked)
		switch {
		case err != nil:
			return err
		case a.jsonOnly:
			return printJSON(a.stdout, got)
		case len(got.Open)+len(got.Findings) == 0:
			a.say(text.CLIAuditsNone, nil)
			return nil
		}
		var rows [][]string
		for _, p := range got.Open {
			open := a.t(text.CLIAuditsOpen, text.Args{"until": a.localTime(p.Until)})
			rows = append(rows, []string{p.Asked, p.Title, open, a.localTime(p.Since), ""})
		}
		for _, f := range got.Findings {
			rows = append(rows, []string{f.Asked, f.Title, a.found(f), a.localTime(f.At), f.Entry})
		}
		a.list([]text.Code{text.CLIAuditsAsked, text.CLIAuditsHop, text.CLIAuditsFound, text.CLIAuditsAt, text.WordEntry}, rows)
		for _, f := range got.Findings {
			a.printLies(f.Lies)
		}
		return nil
	})
}

func (a *app) found(f client.Finding) string {
	said := a.t(found[f.Outcome], nil)
	if f.Why != "" {
		said += " (" + f.Why + ")"
	}
	return said
}
