package main

import (
	"errors"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"xietong/cmd/xietong/demo"
	"xietong/node/faces/client"
	"xietong/node/ground/text"
)

func (a *app) demoCommand() *cobra.Command {
	var o demo.Options
	c := a.verb("demo", text.CLIShortDemo, func(cmd *cobra.Command, _ []string) error {
		o.Out, o.In, o.Lang, o.JSON, o.Version = a.stdout, a.stdin, a.lang, a.jsonOnly, programVersion()
		signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE) // it ends in order where nobody reads it
		return demo.Run(cmd.Context(), o)
	})
	c.Flags().StringVar(&o.Province, "province", "", a.t(text.CLIFlagProvince, nil))
	c.Flags().BoolVar(&o.Slow, "slow", false, a.t(text.CLIFlagSlow, nil))
	c.Flags().BoolVar(&o.Exit, "exit", false, a.t(text.CLIFlagExit, nil))
	c.Flags().BoolVar(&o.Processes, "processes", false, a.t(text.CLIFlagProcesses, nil))
	return c
}

// ofDemo tells how a demo ended that was broken off, or of which a step did not hold.
func (a *app) ofDemo(err error) (client.Problem, bool) {
	failed, ok := errors.AsType[*demo.FailedError](err)
	switch {
	case ok:
		return a.own("demo-failed", text.CLIDemoFailed, text.CLIDemoFailedDo, failed.Folder, failed.Err), true
	case errors.Is(err, demo.ErrBrokenOff):
		return a.own("interrupted", text.CLIInterrupted, text.CLIDemoStoppedDo, "", err), true
	case errors.Is(err, demo.ErrUnread):
		return a.own("demo-unread", text.CLIDemoUnread, text.CLIDemoStoppedDo, "", err), true
	}
	return client.Problem{}, false
}
