package main

import (
	"github.com/spf13/cobra"

	"xietong/cmd/xietong/demo"
	"xietong/node/ground/text"
)

func (a *app) demoCommand() *cobra.Command {
	var o demo.Options
	c := a.verb("demo", text.CLIShortDemo, func(cmd *cobra.Command, _ []string) error {
		o.Out, o.In, o.Lang, o.JSON, o.Version = a.stdout, a.stdin, a.lang, a.jsonOnly, programVersion()
		return demo.Run(cmd.Context(), o)
	})
	c.Flags().StringVar(&o.Province, "province", "", a.t(text.CLIFlagProvince, nil))
	c.Flags().BoolVar(&o.Slow, "slow", false, a.t(text.CLIFlagSlow, nil))
	c.Flags().BoolVar(&o.Exit, "exit", false, a.t(text.CLIFlagExit, nil))
	c.Flags().BoolVar(&o.Processes, "processes", false, a.t(text.CLIFlagProcesses, nil))
	return c
}
