package main

import (
	"errors"

	"github.com/spf13/cobra"

	"xietong/node/ground/text"
)

func (a *app) initCommand() *cobra.Command {
	var o initOptions
	var asked bool
	var paper shown
	c := a.verb("init NAME", text.CLIShortInit, func(_ *cobra.Command, args []string) error {
		o.Name = args[0]
		if err := a.listens(o.Listen); err != nil {
			return err
		}
		o.Paper = a.paperFor(asked, true, &paper) // who starts by itself has no parent, whatever its name
		made, err := a.node.init(a.data, o)
		if f, ok := errors.AsType[*text.Failure](err); ok && f.Code == text.BadRequest && f.Args["where"] == "NAME" {
			u := usage(text.CLIBadName, text.Args{"value": text.Short(o.Name)})
			u.command, u.do = "xietong init", a.t(text.CLIBadNameDo, nil)
			return u
		}
		if err != nil {
			a.paperFailed(paper)
			return err
		}
		made.Words = paper.words
		if a.jsonOnly {
			a.paperMissed(made.Papered, o.Name)
			return printJSON(a.stdout, made)
		}
		a.say(text.CLIInitDone, text.Args{"name": o.Name, "dir": a.data})
		a.say(text.CLIInitConfig, text.Args{"file": made.Config})
		a.say(text.CLIInitPin, text.Args{"pin": made.Pin})
		a.papered(made.Papered, made.Recovery)
		a.say(text.CLIInitNext, text.Args{"dir": a.data})
		return nil
	})
	c.Long = a.t(text.CLILongInit, nil)
	c.Example = `  xietong init nanming.guiyang.guizhou --code 520102 \
    --display-name 贵阳市南明区 --short-name 南明区 --level county`
	flags := c.Flags()
	flags.StringVar(&o.Code, "code", "", a.t(text.CLIFlagDivision, nil))
	flags.StringVar(&o.DisplayName, "display-name", "", a.t(text.CLIFlagDisplayName, nil))
	flags.StringVar(&o.ShortName, "short-name", "", a.t(text.CLIFlagShortName, nil))
	flags.StringVar(&o.Listen, "listen", "", a.t(text.CLIFlagListen, nil))
	flags.BoolVar(&asked, "recovery-words", false, a.t(text.CLIFlagWords, nil))
	flags.StringVar(&o.Level, "level", "", a.t(text.CLIFlagLevel, nil))
	return c
}
