package main

import (
	"context"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"xietong/node"
	"xietong/node/faces/client"
	"xietong/node/ground/text"
)

func (a *app) hostCommand() *cobra.Command {
	return a.group("host", text.CLIShortHost, a.hostAdd(), a.hostEnd(), a.hostList())
}

func (a *app) hostAdd() *cobra.Command {
	var h client.NewHosted
	var yes, recover bool
	c := a.verb("add NAME", text.CLIShortHostAdd, func(cmd *cobra.Command, args []string) error {
		h.Name = args[0]
		if err := a.labels(h.Label); err != nil {
			return err
		}
		asked := client.NewInvitation{Name: h.Name, Label: h.Label, Code: h.Code, Level: h.Level, ShortName: h.ShortName}
		if err := a.unlisted(cmd, asked, yes); err != nil {
			return err
		}
		if err := a.anewAgreed(cmd, h, yes, recover); err != nil {
			return err
		}
		if recover {
			if err := a.standBehind(cmd, &h); err != nil {
				return err
			}
		}
		added, err := a.client().AddHosted(cmd.Context(), h)
		if err != nil {
			return err
		}
		if a.jsonOnly {
			return printJSON(a.stdout, added)
		}
		told := text.Args{"title": added.DisplayName, "name": added.Name}
		a.say(text.CLIHosted, told)
		a.say(text.StatusPin, text.Args{"pin": added.Pin})
		if h.Reason != "" && !added.Again {
			a.toldAnew(added)
		}
		if added.HeadsAt != "" {
			a.say(text.CLIHostedHeads, text.Args{"name": added.HeadsAt})
		} else {
			a.say(text.CLIHostedAlone, told)
		}
		switch {
		case added.Recovered:
			a.say(text.PaperHostedBelieved, told)
		case added.Epoch > 1 && !added.Again:
			a.say(text.PaperHostedMissing, told)
		}
		return a.toldPaper(cmd, added)
	})
	c.Long = a.t(text.CLILongHostAdd, nil)
	a.addPlaceFlags(c, &h.Label, &h.Code, &h.Level, &h.ShortName)
	c.Flags().BoolVar(&recover, "recovery", false, a.t(text.CLIFlagRecover, nil))
	c.Flags().BoolVar(&h.Rekey, "rekey", false, a.t(text.CLIFlagHostRekey, nil))
	c.Flags().StringVar(&h.Reason, "reason", "", a.t(text.CLIFlagHostReason, nil))
	c.Flags().BoolVar(&yes, "yes", false, a.t(text.CLIFlagYes, nil))
	return c
}

// anewAgreed tells, of a place whose ledger is here and is to go on with other keys, what that
// ends, and asks. Standard input is asked nothing where it is read for more.
func (a *app) anewAgreed(cmd *cobra.Command, h client.NewHosted, yes, piped bool) error {
	switch {
	case h.Reason == "":
		return nil
	case !h.Rekey:
		return usage(text.CLIFlagNeeded, text.Args{"flag": "--rekey"})
	case piped && !yes:
		return usage(text.CLIFlagNeeded, text.Args{"flag": "--yes"})
	}
	plan := struct {
		Name   string `json:"name"`
		Reason string `json:"reason"`
	}{h.Name, h.Reason}
	return a.agreed(cmd, yes, plan, func() { a.tell(text.CLIHostAnewPlan, text.Args{"name": h.Name}) }, text.CLIHostAnewAsk)
}

// toldAnew tells in which epoch a place goes on, and what is left to do, there.
func (a *app) toldAnew(added client.HostedPlace) {
	defer func(in string) { a.in = in }(a.in)
	a.in = added.Name
	a.say(text.CLIHostAnewDone, text.Args{"epoch": number(added.Epoch)})
}

// standBehind has the node make the keys of the place, and signs them with the paper of the earlier
// ones, which the node is never given.
func (a *app) standBehind(cmd *cobra.Command, h *client.NewHosted) error {
	p, err := a.readPaper()
	if err != nil {
		return err
	}
	defer p.Wipe()
	made := *h
	made.KeysOnly = true
	keys, err := a.client().AddHosted(cmd.Context(), made)
	if err == nil {
		h.Recovery, err = node.SignRecovery(keys.Pin, p)
	}
	return err
}

// toldPaper tells which paper counts for a place that is hosted now: of one that was hosted before
// it may have been made since.
func (a *app) toldPaper(cmd *cobra.Command, added client.HostedPlace) error {
	defer func(in string) { a.in = in }(a.in)
	a.in = added.Name
	keys, err := a.client().Keys(cmd.Context())
	switch {
	case err != nil:
		return err
	case keys.Recovery.Number > 1:
		a.say(text.PaperKept, text.Args{"name": added.DisplayName, "fingerprint": keys.Recovery.Fingerprint})
	default:
		a.say(text.PaperNone, text.Args{"title": added.DisplayName, "name": added.Name})
	}
	return nil
}

func (a *app) hostEnd() *cobra.Command {
	var e client.HostingEnd
	var yes bool
	c := a.verb("end NAME", text.CLIShortHostEnd, func(cmd *cobra.Command, args []string) error {
		in := a.in
		defer func() { a.in = in }()
		a.in = args[0]
		plan, err := a.client().HostingPlan(cmd.Context())
		if isProblem(err, text.NotHosted) {
			return a.notHosted(cmd.Context(), in, args[0])
		}
		if err != nil {
			return err
		}
		err = a.agreed(cmd, yes, plan, func() {
			a.tell(text.CLIHostEndPlan, text.Args{
				"title": plan.DisplayName, "name": plan.Name, "parent": plan.Parent, "agencies": strconv.Itoa(plan.Agencies), "datasets": strconv.Itoa(plan.Datasets),
			})
			if plan.Invitation {
				a.tell(text.CLIWithdrawOpen, nil)
			}
		}, text.CLIHostEndAsk)
		if err != nil {
			return err
		}
		e.Plan = plan.Hash
		done, err := a.client().EndHosting(cmd.Context(), e)
		if err != nil {
			return err
		}
		if a.jsonOnly {
			return printJSON(a.stdout, done)
		}
		a.say(text.CLIHostEnded, text.Args{
			"title": plan.DisplayName, "entry": done.Entry, "folder": filepath.Join(a.data, "j", plan.Name), "name": plan.Name, "parent": plan.Parent,
		})
		return nil
	})
	c.Flags().StringVar(&e.Reason, "reason", "", a.t(text.CLIFlagReason, nil))
	needed(c, "reason")
	c.Flags().BoolVar(&yes, "yes", false, a.t(text.CLIFlagYes, nil))
	return c
}

// notHosted returns why the hosting of a place that is not hosted cannot end, as its parent knows
// it: in, or else whoever is hosted here.
func (a *app) notHosted(ctx context.Context, in, name string) error {
	a.in = ""
	s, err := a.client().Status(ctx)
	if err != nil {
		return err
	}
	var hosted []string
	for _, j := range s.Jurisdictions {
		hosted = append(hosted, j.Name)
	}
	parents := hosted
	if in != "" {
		parents = []string{in}
	}
	for _, a.in = range parents {
		plan, err := a.client().WithdrawalPlan(ctx, name)
		switch {
		case err == nil:
			return text.Fail(text.HostedElsewhere, text.Args{"name": plan.DisplayName}, nil)
		case isProblem(err, text.CutAlready), isProblem(err, text.InvitedOnly):
			return err
		}
	}
	return text.Fail(text.NoSuchHosted, text.Args{"name": text.Short(name), "where": "argument NAME", "jurisdictions": strings.Join(hosted, ", ")}, nil)
}

// hostHeadings are the headings of the list, with the columns that they show.
var hostHeadings = []heading{
	{text.WordCalled, "display_name"}, {text.CLIName, "name"}, {text.WordCode, "code"}, {text.CLITreeLevel, "level"},
}

func (a *app) hostList() *cobra.Command {
	return a.listing(hostHeadings, a.verb("list", text.CLIShortHostList, func(cmd *cobra.Command, _ []string) error {
		defer func(in string) { a.in = in }(a.in)
		a.in = "" // the list is of the node, whichever place --in names
		s, err := a.client().Status(cmd.Context())
		if err != nil {
			return err
		}
		return show(a, listed[client.JurisdictionStatus]{
			rows: s.Jurisdictions, whole: func(rows []client.JurisdictionStatus) any { return rows },
			heading: hostHeadings,
			line: func(j client.JurisdictionStatus) []string {
				return []string{j.DisplayName, j.Name, j.Code, text.Word(a.lang, j.Level)}
			},
		})
	}))
}
