package main

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"xietong/node/faces/client"
	"xietong/node/ground/text"
)

// entryHeadings are the headings of the list, with the columns that they show.
var entryHeadings = []heading{
	{text.WordEntry, "index"}, {text.CLITimeZoned, "time"}, {text.WordKind, "kind"}, {text.WordAgency, "agency"}, {text.WordCode, "code"}, {text.CLIAbout, "about"},
}

// ledgerList lists the heads of the ledger's entries, the newest first.
func (a *app) ledgerList() *cobra.Command {
	var l client.List
	c := a.listing(entryHeadings, a.verb("list", text.CLIShortLedgerList, func(cmd *cobra.Command, _ []string) error {
		var known []client.Known
		err := showPages(a, cmd, l, inPages[client.Entry]{
			name: "entries " + strings.Join([]string{l.Kind, l.Agency, l.Code, l.At}, " "),
			page: func(ctx context.Context, l client.List) (pageOf[client.Entry], error) {
				page, err := a.client().Entries(ctx, l)
				if l.Cursor == "" && page.Known != nil {
					known = append(known, *page.Known)
				}
				known = append(known, page.Below...)
				return pageOf[client.Entry]{page.Entries, page, page.Period, page.Cursor}, err
			},
			heading: entryHeadings,
			line: func(e client.Entry) []string {
				kind := text.Word(a.lang, e.KindName)
				if e.Lost {
					kind = a.t(text.CLIKindLost, text.Args{"kind": kind})
				}
				return []string{e.Entry, a.localTime(e.Time), kind, e.Agency, e.Code, e.About}
			},
		})
		for _, k := range known {
			if err == nil && !a.jsonOnly {
				a.tellKnown(k)
			}
		}
		return err
	}))
	c.Long = a.t(text.CLILongLedgerList, nil)
	c.Example = "  xietong ledger list --kind grant --from 2026-11\n  xietong ledger list --agency civil-affairs --all -o csv\n  xietong ledger list --at 南明区 --kind grant"
	flags := c.Flags()
	flags.StringVar(&l.Kind, "kind", "", a.t(text.CLIFlagKind, nil))
	flags.StringVar(&l.Agency, "agency", "", a.t(text.CLIFlagStatedBy, nil))
	flags.StringVar(&l.Code, "code", "", a.t(text.CLIFlagEntryCode, nil))
	flags.StringVar(&l.At, "at", "", a.t(text.CLIFlagActsOf, nil))
	flags.StringVar(&l.From, "from", "", a.t(text.CLIFlagSince, nil))
	flags.StringVar(&l.To, "to", "", a.t(text.CLIFlagTo, nil))
	a.pageFlags(flags, &l)
	return c
}

// tellKnown says how far the acts of a ledger below are known, and by whose word.
func (a *app) tellKnown(k client.Known) {
	code := text.CLIKnownUpTo
	if !strings.HasPrefix(k.Log, k.By+"/log/") {
		code = text.CLIKnownThrough
	}
	a.tell(code, text.Args{"log": k.Log, "size": number(k.Size), "acts": number(k.Acts), "by": k.By, "at": a.localTime(k.At)})
}
