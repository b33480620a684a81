package main

import (
	"strings"

	"github.com/spf13/cobra"

	"xietong/node/faces/client"
	"xietong/node/ground/text"
)

func (a *app) agencyCommand() *cobra.Command {
	return a.group("agency", text.CLIShortAgency, a.agencyAdd(), a.agencyList(), a.agencyRename(), a.agencyEnd())
}

func (a *app) agencyAdd() *cobra.Command {
	var again bool
	c := a.verb("add CODE TITLE", text.CLIShortAgencyAdd, func(cmd *cobra.Command, args []string) error {
		if err := a.codeFirst(cmd, args[0], args[1]); err != nil {
			return err
		}
		added, err := a.client().AddAgency(cmd.Context(), client.NewAgency{Code: args[0], Title: args[1], Again: again})
		if err != nil {
			return err
		}
		said := text.CLIAgencyAdded
		switch {
		case again:
			said = text.CLIAgencyBack
		case added.Unchanged:
			said = text.CLIAgencyThere
		}
		return a.agencyTold(added, said)
	})
	c.Flags().BoolVar(&again, "again", false, a.t(text.CLIFlagAgain, nil))
	c.Example = "  xietong agency add civil-affairs 民政局"
	return c
}

// agencyHeadings are the headings of the list, with the columns that they show.
var agencyHeadings = []heading{
	{text.WordCode, "code"}, {text.WordTitle, "title"}, {text.WordState, "ended"}, {text.CLIFormerTitles, "former"}, {text.CLIID, "id"}, {text.WordEntry, "entry"},
}

func (a *app) agencyList() *cobra.Command {
	return a.listing(agencyHeadings, a.verb("list", text.CLIShortAgencyList, func(cmd *cobra.Command, _ []string) error {
		all, err := a.client().Agencies(cmd.Context())
		if err != nil {
			return err
		}
		return show(a, listed[client.Agency]{
			rows: all, whole: func(rows []client.Agency) any { return client.Agencies{Agencies: rows} },
			heading: agencyHeadings,
			line: func(each client.Agency) []string {
				former := strings.Join(each.Former, a.t(text.CLIListComma, nil))
				return []string{each.Code, each.Title, a.agencyState(each.Ended), former, each.ID, each.Entry}
			},
		})
	}))
}

// agencyState tells whether an agency lives, or when it ended and into which one it went.
func (a *app) agencyState(e *client.Ended) string {
	switch {
	case e == nil:
		return a.t(text.CLIAgencyStands, nil)
	case e.Into != "":
		return a.t(text.CLIAgencyWentInto, text.Args{"at": a.localTime(e.At), "into": e.Into})
	}
	return a.t(text.CLIAgencyGone, text.Args{"at": a.localTime(e.At)})
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
