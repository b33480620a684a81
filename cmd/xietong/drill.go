package main

import (
	"github.com/spf13/cobra"

	"xietong/node/faces/client"
	"xietong/node/ground/text"
)

func (a *app) drillCommand() *cobra.Command {
	c := a.verb("drill NAME", text.CLIShortDrill, func(cmd *cobra.Command, args []string) error {
		var all []client.Drill
		for _, d := range []struct {
			fault string
			told  text.Code
		}{
			{client.FaultAltered, text.CLIDrillAltered}, {client.FaultStranger, text.CLIDrillStranger},
		} {
			done, err := a.client().Drill(cmd.Context(), client.NewDrill{At: args[0], Fault: d.fault})
			if err != nil {
				return err
			}
			if all = append(all, done); a.jsonOnly {
				continue
			}
			a.say(d.told, nil)
			a.say(text.CLIRefusedBy, text.Args{"by": done.By, "what": done.Says})
		}
		if a.jsonOnly {
			return printJSON(a.stdout, client.Drills{Drills: all})
		}
		return nil
	})
	c.Long = a.t(text.CLILongDrill, nil)
	return c
}
