package main

import (
	"github.com/spf13/cobra"

	"xietong/node/faces/client"
	"xietong/node/ground/text"
)

func (a *app) agencyCommand() *cobra.Command {
	return a.group("agency", text.CLIShortAgency, a.agencyAdd(), a.agencyList())
}

func (a *app) agencyAdd() *cobra.Command {
	c := a.verb("add CODE TITLE", text.CLIShortAgencyAdd, func(cmd *cobra.Command, args []string) error {
		added, err := a.client().AddAgency(cmd.Context(), client.NewAgency{Code: args[0], Title: args[1]})
		if err != nil {
			return err
		}
		if a.jsonOnly {
			return printJSON(a.stdout, added)
		}
		a.say(text.CLIAgencyAdded, text.Args{"title": added.Title, "agency": added.Code, "entry": added.Entry})
		return nil
	})
	c.Example = "  xietong agency add civil-affairs 民政局"
	return c
}

func (a *app) agencyList() *cobra.Command {
	return a.listing(a.verb("list", text.CLIShortAgencyList, func(cmd *cobra.Command, _ []string) error {
		all, err := a.client().Agencies(cmd.Context())
		if err != nil {
			return err
		}
		return show(a, listed[client.Agency]{
			rows: all, whole: func(rows []client.Agency) any { return client.Agencies{Agencies: rows} },
			heading: []text.Code{text.WordCode, text.WordTitle, text.CLIID, text.WordEntry},
			line:    func(each client.Agency) []string { return []string{each.Code, each.Title, each.ID, each.Entry} },
		})
	}))
}

// list prints a table, or a sentence if there is nothing to list.
func (a *app) list(heading []text.Code, rows [][]string) {
	if len(rows) == 0 {
		a.say(text.CLINothing, nil)
		return
	}
	a.table(a.headings(heading), rows)
}

func (a *app) headings(codes []text.Code) []string {
	var heading []string
	for _, code := range codes {
		heading = append(heading, a.t(code, nil))
	}
	return heading
}
