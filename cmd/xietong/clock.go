package main

import (
	"maps"
	"time"

	"github.com/spf13/cobra"

	"xietong/node/faces/client"
	"xietong/node/ground/text"
)

func (a *app) clockCommand() *cobra.Command {
	return a.group("clock", text.CLIShortClock, a.clockShow(), a.clockAccept())
}

func (a *app) clockShow() *cobra.Command {
	return a.verb("show", text.CLIShortClockShow, func(cmd *cobra.Command, _ []string) error {
		c, err := a.client().Clock(cmd.Context())
		if err != nil {
			return err
		}
		if a.jsonOnly {
			return printJSON(a.stdout, c)
		}
		a.say(text.ClockNow, text.Args{"now": a.localTime(c.Now), "by": a.vouched(c)})
		a.say(text.ClockLedger, text.Args{"ledger": a.localTime(c.Ledger)})
		if c.CorrectedAt != "" {
			a.say(text.ClockCorrectedAt, text.Args{"at": a.localTime(c.CorrectedAt), "ledger": a.localTime(c.Ledger)})
		}
		for _, n := range c.Neighbours {
			ahead := time.Duration(n.Offset * float64(time.Second)).Round(100 * time.Millisecond)
			a.say(text.ClockOffset, text.Args{"name": n.DisplayName, "offset": ahead.String()})
		}
		if c.Wrong != nil {
			a.sayTrouble(*c.Wrong)
		}
		return nil
	})
}

// sayTrouble says what is wrong with the machine, and what to do.
func (a *app) sayTrouble(wrong client.Trouble) {
	args := text.Args(maps.Clone(wrong.Args))
	for _, name := range []string{"clock", "ledger", "since"} {
		if at, known := args[name]; known {
			args[name] = a.localTime(at)
		}
	}
	e := text.Explain(a.lang, text.Code(wrong.Code), args)
	a.say(text.StatusAlarm, text.Args{"title": e.Title, "what": e.What, "where": e.Where, "do": e.Do, "code": wrong.Code})
}

// vouched says who vouches for the clock.
func (a *app) vouched(c client.Clock) string {
	code := map[string]text.Code{
		client.ClockByStart: text.ClockByStart, client.ClockByReplica: text.ClockByReplica, client.ClockByNeighbour: text.ClockByNeighbour, client.ClockBySystem: text.ClockBySystem,
		client.ClockByOperator: text.ClockByOperator,
	}[c.By]
	if code == "" || c.Wrong != nil {
		code = text.ClockByNobody
	}
	return a.t(code, text.Args{"name": c.Neighbour})
}

func (a *app) clockAccept() *cobra.Command {
	var body client.ClockAcceptance
	c := a.verb("accept", text.CLIShortClockAccept, func(cmd *cobra.Command, _ []string) error {
		done, err := a.client().AcceptClock(cmd.Context(), body)
		if err != nil {
			return err
		}
		if a.jsonOnly {
			return printJSON(a.stdout, done)
		}
		a.say(text.ClockAcceptedNow, text.Args{"entry": done.Entry})
		return nil
	})
	c.Long = a.t(text.CLILongClockAccept, nil)
	c.Flags().StringVar(&body.Reason, "reason", "", a.t(text.CLIFlagReason, nil))
	needed(c, "reason")
	return c
}
