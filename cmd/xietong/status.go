package main

import (
	"strconv"

	"github.com/spf13/cobra"

	"xietong/node/faces/client"
	"xietong/node/ground/text"
)

func (a *app) statusCommand() *cobra.Command {
	return a.verb("status", text.CLIShortStatus, func(cmd *cobra.Command, _ []string) error {
		s, err := a.client().Status(cmd.Context())
		if err != nil {
			return err
		}
		if a.jsonOnly {
			return printJSON(a.stdout, s)
		}
		a.say(text.StatusVersion, text.Args{"version": s.Version})
		for _, j := range s.Jurisdictions {
			a.printJurisdiction(j)
		}
		return nil
	})
}

func (a *app) printJurisdiction(j client.JurisdictionStatus) {
	role := text.StatusFollower
	if j.Leader {
		role = text.StatusLeader
	}
	a.say(text.StatusJurisdiction, text.Args{"title": j.DisplayName, "name": j.Name, "replica": j.Replica})
	line := func(code text.Code, args text.Args) { a.line(a.stdout, "  "+a.t(code, args)) }
	line(role, nil)
	line(text.StatusLog, text.Args{"log": j.Log, "size": number(j.TreeSize), "root": j.Root})
	line(text.StatusCheckpoint, text.Args{"size": number(j.CheckpointSize)})
	line(text.StatusAgencies, text.Args{"count": strconv.Itoa(j.Agencies)})
	line(text.StatusDatasets, text.Args{"count": strconv.Itoa(j.Datasets)})
	line(text.StatusPin, text.Args{"pin": j.Pin})
	for _, told := range a.summary(j.Check) {
		a.line(a.stdout, "  "+told)
	}
	for _, wrong := range j.Alarms {
		e := text.Explain(a.lang, text.Code(wrong.Code), wrong.Args)
		a.say(text.StatusAlarm, text.Args{"title": e.Title, "what": e.What, "where": e.Where, "do": e.Do, "code": wrong.Code})
	}
	a.alarms(j.Check)
}

func number(n uint64) string { return strconv.FormatUint(n, 10) }
