package main

import (
	"maps"

	"github.com/spf13/cobra"

	"xietong/node/faces/client"
	"xietong/node/ground/text"
)

func (a *app) keysAcknowledge() *cobra.Command {
	c := a.verb("acknowledge", text.CLIShortKeysAcknowledge, func(cmd *cobra.Command, _ []string) error {
		done, err := a.client().AcknowledgeKeys(cmd.Context())
		switch {
		case err != nil:
			return err
		case a.jsonOnly:
			return printJSON(a.stdout, done)
		case done.Ended == 0:
			a.say(text.CLIKeysNoAlarm, nil)
		default:
			a.say(text.CLIKeysAcknowledged, text.Args{"count": number(uint64(done.Ended))})
		}
		return nil
	})
	c.Long = a.t(text.CLILongKeysAcknowledge, nil)
	return c
}

// alarms says what a person must look at, about the jurisdiction's own keys.
func (a *app) alarms(c client.Check) {
	for _, alarm := range c.Alarms {
		args := text.Args(maps.Clone(alarm.Args))
		if args == nil {
			args = text.Args{}
		}
		args["since"] = a.localTime(args["since"])
		code := text.CLICheckAlarm
		if alarm.Lead {
			code = text.CLICheckLead
		}
		e := text.Explain(a.lang, text.Code(alarm.Code), args)
		a.say(code, text.Args{"title": e.Title, "what": e.What, "do": a.capital(e.Do), "code": alarm.Code})
	}
}

// summary returns a line for the last answer of the one above the parent, and one for that of
// another; where nobody was asked, or nobody else can be, it says so.
func (a *app) summary(name string, c client.Check) (lines []string) {
	told := map[string]bool{}
	for _, asked := range c.Asked {
		if !told[asked.Relation] {
			told[asked.Relation] = true
			lines = append(lines, a.t(text.CLICheckSummary, text.Args{
				"name": asked.DisplayName, "relation": a.relation(asked), "at": a.localTime(asked.At), "answer": a.answered(asked),
			}))
		}
	}
	if c.Alone {
		lines = append(lines, a.t(text.CLICheckAlone, nil))
	}
	if c.Unvouched != "" {
		lines = append(lines, a.unvouched(name, c))
	}
	return lines
}

// checked prints what everybody who was asked believes of the own keys.
func (a *app) checked(name string, c client.Check) {
	a.say(text.CLICheckHeading, nil)
	var rows [][]string
	for _, asked := range c.Asked {
		rows = append(rows, []string{
			asked.DisplayName, a.relation(asked), a.localTime(asked.At), a.answered(asked), asked.Fingerprint,
		})
	}
	if len(rows) == 0 {
		a.say(text.CLICheckNever, nil)
	} else {
		a.list([]text.Code{text.WordCalled, text.CLITreeRelation, text.CLICheckAsked, text.CLICheckAnswer, text.CLIKeysFingerprint}, rows)
	}
	if c.Alone {
		a.say(text.CLICheckAlone, nil)
	}
	if c.Unvouched != "" {
		a.line(a.stdout, a.unvouched(name, c))
	}
	a.alarms(c)
}

func (a *app) unvouched(name string, c client.Check) string {
	told := text.Args{"until": a.localTime(c.Unvouched), "parent": c.HostedBy, "name": name}
	if c.HostedBy != "" {
		return a.t(text.CLICheckUnvouchedHosted, told)
	}
	return a.t(text.CLICheckUnvouched, told)
}

func (a *app) relation(asked client.Asked) string {
	return a.t(map[string]text.Code{
		client.AskedGrandparent: text.CheckGrandparent, client.AskedParent: text.CheckParent, client.AskedOther: text.CheckOther,
	}[asked.Relation], nil)
}

func (a *app) answered(asked client.Asked) string {
	code := map[string]text.Code{
		client.BelievesOurs: text.CheckOurs, client.BelievesOthers: text.CheckOthers, client.UnknownSigner: text.CheckUnknownSigner,
		client.OtherRecipient: text.CheckOtherRecipient, client.SaysNothing: text.CheckNothing,
	}[asked.Outcome]
	return a.t(code, text.Args{"number": number(asked.Number), "problem": text.Explain(a.lang, text.Code(asked.Why), nil).Title})
}
