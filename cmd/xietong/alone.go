package main

import (
	"strconv"

	"github.com/spf13/cobra"

	"xietong/node/ground/text"
)

// maxReason is the longest reason that join takes, in bytes: the node does not run that bounds it.
const maxReason = 2000

// aloneFlags are how a jurisdiction goes on with new keys in the directory that it has.
type aloneFlags struct {
	alone, yes bool
	reason     string
}

// addAlone adds the flags to join.
func (a *app) addAlone(c *cobra.Command) *aloneFlags {
	f := &aloneFlags{}
	c.Flags().BoolVar(&f.alone, "alone", false, a.t(text.CLIFlagAlone, nil))
	c.Flags().StringVar(&f.reason, "reason", "", a.t(text.CLIFlagAloneReason, nil))
	c.Flags().BoolVar(&f.yes, "yes", false, a.t(text.CLIFlagYes, nil))
	return f
}

// agreed returns the reason for which the jurisdiction goes on alone; empty: it does not. Whoever
// says so is told first what it ends. Standard input is asked nothing where it is read for more.
func (f *aloneFlags) agreed(a *app, cmd *cobra.Command, piped bool) (reason string, err error) {
	switch {
	case len(f.reason) > maxReason:
		return "", text.Fail(text.TooLarge, text.Args{"where": "--reason", "size": strconv.Itoa(len(f.reason)), "limit": strconv.Itoa(maxReason)}, nil)
	case !f.alone && f.reason != "":
		return "", usage(text.CLIFlagNeeded, text.Args{"flag": "--alone"})
	case !f.alone:
		return "", nil
	case f.reason == "":
		return "", usage(text.CLIFlagNeeded, text.Args{"flag": "--reason"})
	case piped && !f.yes:
		return "", usage(text.CLIFlagNeeded, text.Args{"flag": "--yes"})
	}
	plan := struct {
		Dir    string `json:"dir"`
		Reason string `json:"reason"`
	}{a.data, f.reason}
	return f.reason, a.agreed(cmd, f.yes, plan, func() { a.tell(text.CLIAlonePlan, text.Args{"dir": a.data}) }, text.CLIAloneAsk)
}
