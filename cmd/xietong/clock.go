package main

import (
	"maps"
	"strings"
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
			a.sayOffset(n)
		}
		if c.Wrong != nil {
			a.sayTrouble(*c.Wrong)
		}
		for _, alarm := range c.Alarms {
			a.sayTrouble(alarm)
		}
		return nil
	})
}

// sayOffset says how the clock of a neighbour is beside this one.
func (a *app) sayOffset(n client.ClockOffset) {
	ahead, said := time.Duration(n.Offset*float64(time.Second)).Round(100*time.Millisecond), text.ClockOffset
	switch {
	case ahead == 0:
		said = text.ClockSame
	case ahead < 0:
		ahead, said = -ahead, text.ClockBehind
	}
	a.say(said, text.Args{"name": n.DisplayName, "offset": ahead.String()})
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
	a.say(a.alarmed(e, wrong.Code))
}

// alarmed returns the sentences of an alarm. What is told with the words of its title is told once.
func (a *app) alarmed(e text.Explanation, code string) (text.Code, text.Args) {
	args := text.Args{"title": e.Title, "what": e.What, "where": e.Where, "do": a.capital(e.Do), "code": code}
	if len(e.What) >= len(e.Title) && strings.EqualFold(e.What[:len(e.Title)], e.Title) {
		args["what"] = a.capital(e.What)
		return text.StatusAlarmOnce, args
	}
	return text.StatusAlarm, args
}

// capital begins an English sentence with a capital letter.
func (a *app) capital(s string) string {
	if a.lang != text.En || s == "" || s[0] < 'a' || s[0] > 'z' {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
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
