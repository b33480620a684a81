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

// use returns the wire type. A day alone as the end is sent as it is: it ends in the zone of the
// node, which knows it.
func (a *app) use(f useFlags) (client.Use, error) {
	for _, form := range []string{time.RFC3339, time.DateOnly} {
		if _, err := time.Parse(form, f.Until); f.Until == "" || err == nil {
			return f.Use, nil
		}
	}
	return f.Use, a.badValue("--until", f.Until, a.t(text.FormDay, nil))
}
