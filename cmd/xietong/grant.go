package main

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"xietong/node/faces/client"
	"xietong/node/ground/text"
)

func (a *app) grantCommand() *cobra.Command {
	return a.group("grant", text.CLIShortGrant, a.grantList(), a.grantGive(), a.grantRenew(), a.grantRevoke(), a.grantAllow())
}

// grantStates are the states of a grant, with what people read.
var grantStates = map[string]text.Code{
	client.GrantLive: text.GrantLive, client.GrantRevoked: text.GrantStateRevoked, client.GrantExpired: text.GrantStateExpired,
	client.GrantReplaced: text.GrantStateReplaced, client.GrantStopped: text.GrantStateStopped,
	client.GrantClosed: text.GrantStateClosed,
}

// grantHeadings are the headings of the list, with the columns that they show.
var grantHeadings = []heading{
	{text.CLIGrant, "grant"}, {text.WordDataset, "dataset"}, {text.WordConsumer, "consumer"}, {text.WordPurpose, "purpose"}, {text.WordUntil, "until"}, {text.WordState, "state"}, {text.CLIGrantHow, "by_hand"}, {text.WordUses, "uses"}, {text.CLIGrantHeard, "heard"}, {text.CLIGrantPaper, "paper"}, {text.WordBasis, "basis"}, {text.CLIReason, "reason"},
}

// grantSpare are the columns of the list that are left out first. Who holds a grant is never left
// out: by that people pick the one to revoke.
var grantSpare = []string{"basis", "reason", "paper", "heard", "uses", "by_hand", "until", "purpose", "state"}

func (a *app) grantList() *cobra.Command {
	var wanted client.WantedGrants
	var l client.List
	c := a.verb("list", text.CLIShortGrantList, func(cmd *cobra.Command, _ []string) error {
		if _, known := grantStates[wanted.State]; !known && wanted.State != "" {
			return a.badValue("--state", wanted.State, a.t(text.FormOneOf, text.Args{"list": a.called(nil, "live", "expired", "revoked", "replaced", "stopped", "closed")}))
		}
		heard := false
		err := showPages(a, cmd, l, inPages[client.Grant]{
			name:   "grants " + wanted.Dataset + " " + wanted.Consumer + " " + wanted.State,
			orders: []string{"grant", "dataset", "consumer", "purpose", "until", "state", "by_hand", "uses"},
			page: func(ctx context.Context, l client.List) (pageOf[client.Grant], error) {
				page, err := a.grantPage(ctx, wanted, l)
				heard = heard || slices.ContainsFunc(page.rows, func(g client.Grant) bool { return g.At != "" })
				return page, err
			},
			heading: grantHeadings, spare: grantSpare,
			line: a.grantLine,
		})
		if heard && err == nil && !a.jsonOnly {
			a.tell(text.CLIGrantElsewhere, text.Args{"word": a.t(text.CLIGrantHeard, nil)})
		}
		return err
	})
	c.Long = a.t(text.CLILongGrantList, nil)
	flags := c.Flags()
	flags.StringVar(&wanted.Dataset, "dataset", "", a.t(text.CLIFlagGrantDataset, nil))
	flags.StringVar(&wanted.Consumer, "consumer", "", a.t(text.CLIFlagGrantConsumer, nil))
	flags.StringVar(&wanted.State, "state", "", a.t(text.CLIFlagGrantState, nil))
	oneOf(c, "state", client.GrantLive, client.GrantExpired, client.GrantRevoked, client.GrantReplaced, client.GrantStopped, client.GrantClosed)
	a.pageFlags(flags, &l)
	return a.listing(grantHeadings, c)
}

// heldMark begins the cursor of a page of grants that are held elsewhere.
const heldMark = "held."

// grantPage returns a page of grants: first those that this jurisdiction knows, and after the last
// of them those that the acting agency holds at others. Where a consumer is named, those that an
// agency of this jurisdiction gave are wanted.
func (a *app) grantPage(ctx context.Context, w client.WantedGrants, l client.List) (page pageOf[client.Grant], err error) {
	cursor, held := strings.CutPrefix(l.Cursor, heldMark)
	w.Limit, w.Cursor, w.Sort = l.Limit, l.Cursor, l.Sort
	if held { // only how many there are is of interest
		w.Limit, w.Cursor = 1, ""
	}
	own, err := a.client().Grants(ctx, w)
	if err != nil {
		return page, err
	}
	page.rows = []client.Grant{}
	if !held {
		page.rows, page.cursor, cursor = append(page.rows, own.Grants...), own.Cursor, ""
	}
	if page.cursor == "" && w.Consumer == "" {
		if err := a.heldElsewhere(ctx, w, client.List{Limit: l.Limit, Cursor: cursor, Sort: l.Sort}, &page); err != nil {
			return page, err
		}
	}
	page.whole = client.Grants{Grants: page.rows, Total: own.Total, Cursor: page.cursor}
	return page, nil
}

// heldElsewhere fills a page with grants that the acting agency holds at other jurisdictions, of
// those that are wanted.
func (a *app) heldElsewhere(ctx context.Context, w client.WantedGrants, l client.List, page *pageOf[client.Grant]) error {
	l.Limit = cmp.Or(l.Limit, usualPage) - len(page.rows)
	if l.Limit <= 0 {
		page.cursor = heldMark
		return nil
	}
	got, err := a.client().HeldGrants(ctx, l)
	if err != nil {
		return err
	}
	for _, g := range got.Grants {
		if (w.Dataset == "" || g.Dataset == w.Dataset) && (w.State == "" || g.State == w.State) {
			page.rows = append(page.rows, g)
		}
	}
	if got.Cursor != "" {
		page.cursor = heldMark + got.Cursor
	}
	return nil
}

// usualPage is how many grants a page has where no number is given.
const usualPage = 50

// grantLine returns the line of the table for one grant.
func (a *app) grantLine(g client.Grant) []string {
	consumer, until, how, uses := shortID(g.Consumer), a.localTime(g.Until), a.t(text.CLIGrantByRule, nil), number(g.Uses)
	switch {
	case g.At != "": // how it was given, and how often it was used, only the provider knows
		how, uses = "", ""
	case g.Endless:
		consumer, until, how = a.t(text.CLIStandingFor, text.Args{"setter": shortID(g.Consumer)}), a.t(text.CLINothing, nil), a.t(text.CLIGrantStanding, nil)
	case g.ByHand:
		how = a.t(text.CLIGrantByHand, nil)
	}
	state := grantStates[g.State]
	if g.Bars {
		state = text.GrantStateBars
	}
	return []string{g.Grant, g.Dataset, consumer, g.Purpose, until, a.t(state, nil), how, uses, a.localTime(g.Heard), text.Short(g.Paper), text.Short(g.Basis), text.Short(g.Reason)}
}

// addGroundFlags adds the flags that say when a grant by hand ends, and on what it rests.
func (a *app) addGroundFlags(flags *pflag.FlagSet, g *useFlags, paper *string) {
	flags.StringVar(&g.Until, "until", "", a.t(text.CLIFlagUntil, nil))
	flags.StringVar(&g.Basis, "basis", "", a.t(text.CLIFlagGrantBasis, nil))
	flags.StringVar(paper, "paper", "", a.t(text.CLIFlagGrantPaper, nil))
}

func (a *app) grantGive() *cobra.Command {
	var g client.NewGrant
	var measures []string
	var ground useFlags
	c := a.verb("give DATASET CONSUMER", text.CLIShortGrantGive, func(cmd *cobra.Command, args []string) error {
		if err := a.consumerForm(cmd, args[0], args[1]); err != nil {
			return err
		}
		g.Dataset, g.Consumer = args[0], args[1]
		use, err := a.use(ground)
		if err != nil {
			return err
		}
		g.Until, g.Basis = use.Until, use.Basis
		for _, each := range measures {
			field, functions, ok := strings.Cut(each, "=")
			if !ok || field == "" || functions == "" {
				return usage(text.CLIFieldValue, text.Args{"flag": "--measures", "value": text.Short(each)})
			}
			if g.Measures == nil {
				g.Measures = map[string][]string{}
			}
			g.Measures[field] = slices.Concat(g.Measures[field], strings.Split(functions, ","))
		}
		given, err := a.client().GiveGrant(cmd.Context(), g)
		return a.grantGiven(given, err)
	})
	c.Long = a.t(text.CLILongGrantGive, nil)
	c.Example = `  xietong grant give loans water@云岩区 --purpose statistics --until 2027-12-31 --basis 《统计法》第十七条 --paper 黔数〔2026〕12号`
	flags := c.Flags()
	flags.StringVar(&g.Purpose, "purpose", "", a.t(text.CLIFlagPurpose, nil))
	flags.StringSliceVar(&g.Fields, "fields", nil, a.t(text.CLIFlagGrantFields, nil))
	flags.StringArrayVar(&measures, "measures", nil, a.t(text.CLIFlagMeasures, nil))
	a.addGroundFlags(flags, &ground, &g.Paper)
	needed(c, "purpose")
	return c
}

func (a *app) grantRenew() *cobra.Command {
	var r client.Renewal
	var ground useFlags
	c := a.verb("renew GRANT", text.CLIShortGrantRenew, func(cmd *cobra.Command, args []string) error {
		index, whole, err := a.grantNamed(args[0])
		if err != nil {
			return err
		}
		use, err := a.use(ground)
		if err != nil {
			return err
		}
		r.Grant, r.Until, r.Basis = whole, use.Until, use.Basis
		given, err := a.client().RenewGrant(cmd.Context(), index, r)
		return a.grantGiven(given, elsewhere(whole, err))
	})
	c.Long = a.t(text.CLILongGrantRenew, nil)
	a.addGroundFlags(c.Flags(), &ground, &r.Paper)
	return c
}

// grantGiven prints a grant that was given by hand.
func (a *app) grantGiven(g client.GivenGrant, err error) error {
	switch {
	case err != nil:
		return err
	case a.jsonOnly:
		return printJSON(a.stdout, g)
	}
	said := text.CLIGrantGiven
	if g.Unchanged {
		said = text.CLIGrantSame
	}
	a.say(said, text.Args{"consumer": shortID(g.Consumer), "grant": g.Grant, "until": a.localTime(g.Until)})
	if g.Renews != "" {
		a.say(text.CLIGrantRenewed, text.Args{"renews": g.Renews})
	}
	if g.Unchecked != "" {
		a.say(text.CLIGrantUnchecked, text.Args{"why": g.Unchecked})
	}
	return nil
}

// grantNamed reads the index or the whole name of a grant; whole is "" where it is the index.
func (a *app) grantNamed(named string) (index uint64, whole string, err error) {
	if index, err = a.entryIndex(named); err == nil && named != number(index) {
		whole = named
	}
	return index, whole, err
}

// elsewhere returns the error of an act on a grant of a jurisdiction that this node does not host,
// and that nobody named with --in: only there it can be done.
func elsewhere(whole string, err error) error {
	if of, _, named := strings.Cut(whole, "/"); named && isProblem(err, text.NotHosted) {
		return text.Fail(text.GrantElsewhere, text.Args{"grant": whole, "name": of}, nil)
	}
	return err
}

func (a *app) grantRevoke() *cobra.Command {
	var reason string
	c := a.verb("revoke GRANT", text.CLIShortGrantRevoke, func(cmd *cobra.Command, args []string) error {
		index, whole, err := a.grantNamed(args[0])
		if err != nil {
			return err
		}
		done, err := a.client().RevokeGrant(cmd.Context(), index, client.Revocation{Grant: whole, Reason: reason})
		if err != nil {
			return elsewhere(whole, err)
		}
		if a.jsonOnly {
			return printJSON(a.stdout, done)
		}
		told := text.Args{"grant": args[0], "entry": done.Entry, "reason": text.Short(done.Reason)}
		if done.Before {
			a.say(text.CLIGrantRevokedBefore, told)
			return nil
		}
		a.say(text.CLIGrantRevoked, told)
		if done.Endless {
			a.say(text.CLIGrantEndlessOver, told)
		}
		return nil
	})
	c.Long = a.t(text.CLILongGrantRevoke, nil)
	c.Flags().StringVar(&reason, "reason", "", a.t(text.CLIFlagReason, nil))
	needed(c, "reason")
	return c
}
