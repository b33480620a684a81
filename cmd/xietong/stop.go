package main

import (
	"context"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"xietong/node/ground/text"
)

// stopWithin is how long `stop` waits for the process to let go of its data directory. Requests
// that are under way have some seconds to end by themselves.
const stopWithin = 30 * time.Second

func (a *app) stopCommand() *cobra.Command {
	c := a.verb("stop", text.CLIShortStop, func(cmd *cobra.Command, _ []string) error {
		s, err := soon(cmd.Context(), a, a.client().Stop)
		if err != nil {
			return err
		}
		if err := a.gone(cmd.Context(), s.PID); err != nil {
			return err
		}
		if a.jsonOnly {
			return printJSON(a.stdout, s)
		}
		a.say(text.CLIStopDone, text.Args{"dir": a.data, "pid": strconv.Itoa(s.PID)})
		return nil
	})
	c.Long = a.t(text.CLILongStop, nil)
	return c
}

// gone waits until no process holds the data directory.
func (a *app) gone(ctx context.Context, pid int) error {
	for began := time.Now(); a.node.held(a.data); {
		if time.Since(began) >= stopWithin {
			return text.Fail(text.StillStopping, text.Args{"pid": strconv.Itoa(pid), "dir": a.data}, nil)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(startLook):
		}
	}
	return nil
}
