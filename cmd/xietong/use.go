package main

import (
	"time"

	"github.com/spf13/pflag"

	"xietong/node/faces/client"
	"xietong/node/ground/text"
)

// useFlags hold the flags in which a person states the use of the data.
type useFlags struct{ client.Use }

func (a *app) addUseFlags(flags *pflag.FlagSet, u *useFlags) {
	flags.StringVar(&u.Purpose, "purpose", "", a.t(text.CLIFlagPurpose, nil))
	flags.StringVar(&u.Basis, "basis", "", a.t(text.CLIFlagBasis, nil))
	flags.StringVar(&u.Scenario, "scenario", "", a.t(text.CLIFlagScenario, nil))
	flags.StringVar(&u.Scope, "scope", "", a.t(text.CLIFlagScope, nil))
	flags.StringVar(&u.Method, "method", "", a.t(text.CLIFlagMethod, nil))
	flags.StringVar(&u.Until, "until", "", a.t(text.CLIFlagUntil, nil))
}

// use returns the wire type. A date alone as the end means the end of that day in the local time
// zone.
func (a *app) use(f useFlags) (client.Use, error) {
	u := f.Use
	if u.Until == "" {
		return u, nil
	}
	if _, err := time.Parse(time.RFC3339, u.Until); err == nil {
		return u, nil
	}
	day, err := time.ParseInLocation(time.DateOnly, u.Until, a.zone)
	if err != nil {
		return u, a.badValue("--until", u.Until, a.t(text.FormDay, nil))
	}
	u.Until = day.AddDate(0, 0, 1).Add(-time.Second).Format(time.RFC3339)
	return u, nil
}

// localTime shows a time of the wire, with its zone. What is not a time is returned unchanged.
func (a *app) localTime(s string) string {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return s
	}
	return text.At(t)
}
