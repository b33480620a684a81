package main

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"xietong/node/faces/client"
	"xietong/node/ground/text"
)

// ending is a verb that ends or moves something: it shows its plan, asks, and does what was shown.
type ending struct {
	plan func(context.Context) (client.EndPlan, error)
	tell func(client.EndPlan) // the plan, to a person
	do   func(_ context.Context, hash string) (client.EndDone, error)
	done func(client.EndDone)
}

// endFlags are the flags of every such verb.
type endFlags struct {
	reason string
	yes    bool
}

func (a *app) addEndFlags(c *cobra.Command, f *endFlags) {
	if c.Name() != "move" { // who moves something changes nobody's right
		c.Flags().StringVar(&f.reason, "reason", "", a.t(text.CLIFlagReason, nil))
		needed(c, "reason")
	}
	c.Flags().BoolVar(&f.yes, "yes", false, a.t(text.CLIFlagYes, nil))
}

func (a *app) ends(cmd *cobra.Command, f endFlags, e ending) error {
	plan, err := e.plan(cmd.Context())
	if err != nil {
		return err
	}
	if err := a.agreed(cmd, f.yes, plan, func() { e.tell(plan) }, text.CLIEndAsk); err != nil {
		return err
	}
	done, err := e.do(cmd.Context(), plan.Hash)
	if err != nil {
		return err
	}
	if a.jsonOnly {
		return printJSON(a.stdout, done)
	}
	e.done(done)
	return nil
}

func (a *app) datasetWithdraw() *cobra.Command {
	var f endFlags
	c := a.verb("withdraw DATASET", text.CLIShortDatasetWithdraw, func(cmd *cobra.Command, args []string) error {
		return a.ends(cmd, f, ending{
			plan: func(ctx context.Context) (client.EndPlan, error) { return a.client().PlanWithdrawal(ctx, args[0]) },
			tell: func(p client.EndPlan) {
				a.tellAffected(text.CLIEndWithdraw, p, p.Datasets)
				a.tellEnding(p)
				a.tell(text.CLIEndStays, nil)
			},
			do: func(ctx context.Context, hash string) (client.EndDone, error) {
				return a.client().WithdrawDataset(ctx, args[0], client.Withdrawing{Reason: f.reason, Plan: hash})
			},
			done: func(d client.EndDone) {
				a.say(text.CLIWithdrawnDone, text.Args{"dataset": args[0], "count": strconv.Itoa(d.Ending), "entry": d.Entry})
			},
		})
	})
	c.Long = a.t(text.CLILongDatasetWithdraw, nil)
	c.Example = "  xietong dataset withdraw villages --reason 不再采集"
	a.addEndFlags(c, &f)
	return c
}

func (a *app) standardWithdraw() *cobra.Command {
	var f endFlags
	c := a.verb("withdraw DATASET", text.CLIShortStandardWithdraw, func(cmd *cobra.Command, args []string) error {
		return a.ends(cmd, f, ending{
			plan: func(ctx context.Context) (client.EndPlan, error) {
				return a.client().PlanStandardWithdrawal(ctx, args[0])
			},
			tell: func(p client.EndPlan) {
				a.tellAffected(text.CLIEndStandard, p, p.Standards)
				a.tell(text.CLIEndAdopters, nil)
			},
			do: func(ctx context.Context, hash string) (client.EndDone, error) {
				return a.client().WithdrawStandard(ctx, args[0], client.Withdrawing{Reason: f.reason, Plan: hash})
			},
			done: func(d client.EndDone) {
				a.say(text.CLIStandardWithdrawn, text.Args{"dataset": args[0], "entry": d.Entry})
			},
		})
	})
	c.Long = a.t(text.CLILongStandardWithdraw, nil)
	a.addEndFlags(c, &f)
	return c
}

func (a *app) datasetMove() *cobra.Command {
	var f endFlags
	var into string
	c := a.verb("move DATASET", text.CLIShortDatasetMove, func(cmd *cobra.Command, args []string) error {
		m := client.Moving{Datasets: strings.Split(args[0], ","), Into: into}
		return a.ends(cmd, f, ending{
			plan: func(ctx context.Context) (client.EndPlan, error) { return a.client().PlanMove(ctx, m) },
			tell: func(p client.EndPlan) {
				a.tellMoves(p)
				for _, from := range p.From {
					a.tell(text.CLIEndLoses, text.Args{"agency": a.namedOne(from)})
				}
			},
			do: func(ctx context.Context, hash string) (client.EndDone, error) {
				m.Plan = hash
				return a.client().MoveDatasets(ctx, m)
			},
			done: func(d client.EndDone) {
				a.say(text.CLIMovedDone, text.Args{"dataset": strings.Join(m.Datasets, a.t(text.CLIListComma, nil)), "into": into, "entry": d.Entry})
			},
		})
	})
	c.Long = a.t(text.CLILongDatasetMove, nil)
	c.Example = "  xietong dataset move villages,towns --to water"
	c.Flags().StringVar(&into, "to", "", a.t(text.CLIFlagMoveTo, nil))
	needed(c, "to")
	a.addEndFlags(c, &f)
	return c
}

func (a *app) agencyEnd() *cobra.Command {
	var f endFlags
	var end client.EndOfAgency
	c := a.verb("end CODE", text.CLIShortAgencyEnd, func(cmd *cobra.Command, args []string) error {
		return a.ends(cmd, f, ending{
			plan: func(ctx context.Context) (client.EndPlan, error) { return a.client().PlanAgencyEnd(ctx, args[0], end) },
			tell: func(p client.EndPlan) { a.tellAgencyEnd(p) },
			do: func(ctx context.Context, hash string) (client.EndDone, error) {
				end.Plan, end.Reason = hash, f.reason
				return a.client().EndAgency(ctx, args[0], end)
			},
			done: func(d client.EndDone) {
				said := text.CLIAgencyEndDone
				if end.Into != "" {
					said = text.CLIAgencyMergeDone
				}
				a.say(said, text.Args{"agency": args[0], "into": end.Into, "entry": d.Entry})
			},
		})
	})
	c.Long = a.t(text.CLILongAgencyEnd, nil)
	c.Example = "  xietong agency end grain --into development --reason 机构改革"
	c.Flags().StringVar(&end.Into, "into", "", a.t(text.CLIFlagEndInto, nil))
	c.Flags().BoolVar(&end.DropGrants, "drop-grants", false, a.t(text.CLIFlagDropGrants, nil))
	a.addEndFlags(c, &f)
	return c
}

func (a *app) namedOne(of client.NamedOne) string {
	return a.t(text.CLINamed, text.Args{"title": of.Title, "name": of.Code})
}

// titled returns the agency with the code, as it is called.
func (a *app) titled(all []client.NamedOne, code string) string {
	for _, one := range all {
		if one.Code == code {
			return a.namedOne(one)
		}
	}
	return code
}

func (a *app) tellAgencyEnd(p client.EndPlan) {
	args := text.Args{}
	for _, from := range p.From {
		args["title"], args["code"] = from.Title, from.Code
	}
	if p.Into == nil {
		a.tell(text.CLIEndAgency, args)
		a.tellEnding(p)
		for _, d := range slices.Concat(p.Datasets, p.Standards) {
			a.tell(text.CLIEndLeaves, text.Args{"title": d.Title, "code": d.Code, "records": number(d.Records)})
		}
	} else {
		args["into"] = a.namedOne(*p.Into)
		a.tell(text.CLIEndMerge, args)
		a.tellMoves(p)
		a.tellEnding(p)
		a.tell(text.CLIEndAsksAnew, args)
	}
	a.tell(text.CLIEndElsewhere, nil)
	a.tell(text.CLIEndReadable, args)
	if p.Questions > 0 {
		args["count"] = strconv.Itoa(p.Questions)
		a.tell(text.CLIEndQuestions, args)
	}
}

// tellMoves tells what moves, and which grants go on.
func (a *app) tellMoves(p client.EndPlan) {
	a.tellAffected(text.CLIEndMove, p, p.Datasets)
	a.tellAffected(text.CLIEndMoveStandard, p, p.Standards)
	if p.Lasting > 0 {
		a.tell(text.CLIEndLasting, text.Args{"count": strconv.Itoa(p.Lasting), "into": a.namedOne(*p.Into)})
	}
}

// tellAffected tells a line for each dataset or standard.
func (a *app) tellAffected(code text.Code, p client.EndPlan, all []client.Affected) {
	for _, d := range all {
		args := text.Args{"title": d.Title, "code": d.Code, "agency": a.titled(p.From, d.Agency), "records": number(d.Records)}
		if p.Into != nil {
			args["into"] = a.namedOne(*p.Into)
		}
		a.tell(code, args)
		if d.Withdrawn {
			a.tell(text.CLIEndWasWithdrawn, args)
		}
	}
}

// tellEnding tells which grants end, and who holds them.
func (a *app) tellEnding(p client.EndPlan) {
	if p.Ending == 0 {
		return
	}
	a.tell(text.CLIEndGrants, text.Args{"count": strconv.Itoa(p.Ending)})
	for _, g := range p.Ends {
		consumer := shortID(g.Consumer)
		if consumer == "" {
			consumer = a.t(text.CLIPlanAbove, nil)
		}
		a.tell(text.CLIEndGrant, text.Args{"grant": g.Grant, "consumer": consumer, "dataset": g.Dataset, "purpose": g.Purpose})
	}
	if more := p.Ending - len(p.Ends); more > 0 {
		a.tell(text.CLIEndMore, text.Args{"count": strconv.Itoa(more)})
	}
}

func (a *app) agencyRename() *cobra.Command {
	c := a.verb("rename CODE TITLE", text.CLIShortAgencyRename, func(cmd *cobra.Command, args []string) error {
		if err := a.codeFirst(cmd, args[0], args[1]); err != nil {
			return err
		}
		renamed, err := a.client().RenameAgency(cmd.Context(), args[0], args[1])
		if err != nil {
			return err
		}
		said := text.CLIAgencyRenamed
		if renamed.Unchanged {
			said = text.CLIAgencySame
		}
		return a.agencyTold(renamed, said)
	})
	c.Example = "  xietong agency rename water 水务局"
	return c
}

// agencyTold tells of an agency that was added, renamed or brought back, and of another one of its
// title.
func (a *app) agencyTold(g client.Agency, said text.Code) error {
	if a.jsonOnly {
		return printJSON(a.stdout, g)
	}
	args := text.Args{"title": g.Title, "agency": g.Code, "entry": g.Entry, "twin": g.Twin}
	a.say(said, args)
	if g.Twin != "" {
		a.say(text.CLIAgencyTwin, args)
	}
	return nil
}

// rulesTold are the sentences that say whether grants by rule are given, now that no revocation
// keeps anybody from them.
var rulesTold = map[string]text.Code{
	client.RulesGiven: text.CLIRulesGiven, client.RulesHeld: text.CLIRulesHeld, client.DatasetHeld: text.CLIRulesDatasetHeld, client.RulesWithdrawn: text.CLIRulesWithdrawn,
	client.Conditional: text.CLIRulesConditional, client.NotShared: text.CLIRulesNotShared,
}

// barsTold tells which revocations keep the same side from grants by rule still.
func (a *app) barsTold(done client.GrantEntered) {
	if done.BarsOf == 0 {
		return
	}
	a.say(text.CLIGrantBars, text.Args{"count": number(done.BarsOf)})
	for _, b := range done.Bars {
		a.say(text.CLIGrantBar, text.Args{"grant": b.Grant, "entry": b.Entry, "consumer": shortID(b.Consumer), "purpose": b.Purpose})
	}
	if more := done.BarsOf - uint64(len(done.Bars)); more > 0 {
		a.say(text.CLIEndMore, text.Args{"count": number(more)})
	}
}

func (a *app) grantAllow() *cobra.Command {
	var reason string
	c := a.verb("allow GRANT", text.CLIShortGrantAllow, func(cmd *cobra.Command, args []string) error {
		index, whole, err := a.grantNamed(args[0])
		if err != nil {
			return err
		}
		done, err := a.client().AllowGrants(cmd.Context(), index, client.Revocation{Grant: whole, Reason: reason})
		if err != nil {
			return elsewhere(whole, err)
		}
		if a.jsonOnly {
			return printJSON(a.stdout, done)
		}
		said := text.CLIGrantAllowed
		switch {
		case done.Entry == "":
			said = text.CLIGrantAllowedBefore
		case done.Endless:
			said = text.CLIGrantEndlessAgain
		}
		told := text.Args{"grant": args[0], "entry": done.Entry}
		a.say(said, told)
		again := done.Endless && done.Entry != ""
		if rules, known := rulesTold[done.Rules]; known && (done.Rules == client.DatasetHeld || !again) && (done.Rules != client.RulesGiven || done.BarsOf == 0) {
			a.say(rules, told)
		}
		a.barsTold(done)
		return nil
	})
	c.Long = a.t(text.CLILongGrantAllow, nil)
	c.Flags().StringVar(&reason, "reason", "", a.t(text.CLIFlagReason, nil))
	needed(c, "reason")
	return c
}
