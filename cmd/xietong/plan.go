package main

import (
	"bufio"
	"cmp"
	"errors"
	"io"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"xietong/node/faces/client"
	"xietong/node/ground/text"
)

// toPublish says how the entries of a verb are published.
type toPublish struct{ yes, leaveOut bool }

func (a *app) addPublishFlags(flags *pflag.FlagSet, to *toPublish) {
	flags.BoolVar(&to.yes, "yes", false, a.t(text.CLIFlagYes, nil))
	flags.BoolVar(&to.leaveOut, "leave-out", false, a.t(text.CLIFlagLeaveOut, nil))
}

// publish publishes a catalogue entry. Of a later version it first shows what that would do, and
// asks, unless it was told yes; with --json it prints the plan, and asks nobody. unchanged is true
// where the entry was in force already.
func (a *app) publish(cmd *cobra.Command, d client.NewDataset, to toPublish) (_ client.Dataset, unchanged bool, err error) {
	plan, err := a.client().PlanDataset(cmd.Context(), d)
	if err != nil {
		return client.Dataset{}, false, err
	}
	agreed := client.Agreed{Plan: plan.Hash, LeaveOut: to.leaveOut}
	if plan.Hash != "" {
		fits := plan.Unfit == 0 || to.leaveOut // otherwise the node refuses, and says what does not fit
		agrees := a.agrees
		if a.jsonOnly {
			agrees = func() bool { err = printJSON(a.stdout, plan); return false }
		} else {
			a.tellPlan(plan)
		}
		if fits && !to.yes && !agrees() {
			return client.Dataset{}, false, cmp.Or(err, text.Fail(text.EntryPlanNeeded, text.Args{"dataset": d.Code}, nil))
		}
	}
	published, err := a.client().PublishAgreed(cmd.Context(), d, agreed)
	return published, plan.Unchanged, err
}

// agrees asks whether to publish, and reads a line.
func (a *app) agrees() bool {
	a.tell(text.CLIPlanAsk, nil)
	line, err := bufio.NewReader(io.LimitReader(a.stdin, 100)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return false
	}
	return slices.Contains([]string{"y", "yes", "是", "好"}, strings.ToLower(strings.TrimSpace(line)))
}

// tellPlan tells what publishing would do, a line for each thing; the records come first.
func (a *app) tellPlan(p client.DatasetPlan) {
	a.tell(text.CLIPlan, text.Args{"version": number(p.Version), "records": number(p.Records)})
	for _, h := range p.Vanish {
		a.tell(text.CLIPlanVanish, text.Args{"field": h.Field, "count": number(h.Records)})
	}
	for _, h := range p.Return {
		a.tell(text.CLIPlanReturn, text.Args{"field": h.Field, "count": number(h.Records)})
	}
	if p.Unfit > 0 {
		a.tell(text.CLIPlanUnfit, text.Args{"count": number(p.Unfit)})
	}
	for _, f := range p.Faults {
		a.tell(text.CLIPlanFault, text.Args{"key": f.Key, "field": f.Field, "rule": text.Word(a.lang, f.Rule)})
	}
	if p.Unreadable > 0 {
		a.tell(text.CLIPlanUnreadable, text.Args{"count": number(p.Unreadable)})
	}
	if p.Ending > 0 {
		a.tell(text.CLIPlanEnding, text.Args{"count": number(p.Ending)})
	}
	for _, g := range p.Ends {
		a.tell(text.CLIPlanEnds, text.Args{"consumer": g.Consumer, "purpose": g.Purpose, "grant": g.Grant})
	}
	if p.Beginning > 0 {
		a.tell(text.CLIPlanBeginning, text.Args{"count": number(p.Beginning)})
	}
	for _, g := range p.Begins {
		consumer, grant := cmp.Or(g.Consumer, a.t(text.CLIPlanAbove, nil)), cmp.Or(g.Grant, a.t(text.CLIPlanGiven, nil))
		a.tell(text.CLIPlanBegins, text.Args{"consumer": consumer, "purpose": g.Purpose, "grant": grant})
	}
	a.tellDifferences(p)
	a.tellRest(p)
	if reflect.DeepEqual(p, client.DatasetPlan{Hash: p.Hash, Version: p.Version, Records: p.Records}) {
		a.tell(text.CLIPlanSpelling, nil)
	}
}

// tellRest tells the differences that have no sentence of their own.
func (a *app) tellRest(p client.DatasetPlan) {
	if len(p.Rest) > 0 {
		a.tell(text.CLIPlanRest, text.Args{"count": strconv.Itoa(len(p.Rest))})
	}
	for _, d := range p.Rest {
		code := text.CLIPlanOtherwise
		switch {
		case d.Before == "":
			code = text.CLIPlanAdded
		case d.After == "":
			code = text.CLIPlanGone
		}
		a.tell(code, text.Args{"at": d.At, "before": d.Before, "after": d.After})
	}
}

// tellDifferences tells what else the entry has otherwise.
func (a *app) tellDifferences(p client.DatasetPlan) {
	if len(p.Category) == 2 {
		a.tell(text.CLIPlanCategory, text.Args{"before": a.category(p.Category[0]), "after": a.category(p.Category[1])})
	}
	if len(p.Cell) == 2 {
		a.tell(text.CLIPlanCell, text.Args{"before": strconv.Itoa(p.Cell[0]), "after": strconv.Itoa(p.Cell[1])})
	}
	for _, row := range []struct {
		code  text.Code
		names []string
	}{
		{text.CLIPlanFields, p.Fields}, {text.CLIPlanNewFields, p.NewFields}, {text.CLIPlanOtherFields, p.OtherFields},
		{text.CLIPlanPurposes, p.Purposes}, {text.CLIPlanNewPurposes, p.NewPurposes}, {text.CLIPlanOpen, p.Open}, {text.CLIPlanDropped, p.Dropped}, {text.CLIPlanIndexed, p.Indexed},
		{text.CLIPlanGroups, p.Groups}, {text.CLIPlanNewGroups, p.NewGroups},
		{text.CLIPlanMeasures, p.Measures}, {text.CLIPlanNewMeasures, p.NewMeasures},
	} {
		if len(row.names) > 0 {
			a.tell(row.code, text.Args{"names": strings.Join(row.names, a.t(text.CLIListComma, nil))})
		}
	}
}
