package main

import (
	"log/slog"

	"github.com/spf13/cobra"

	"xietong/node/ground/text"
)

func (a *app) serveCommand() *cobra.Command {
	var level, format string
	c := a.verb("serve", text.CLIShortServe, func(cmd *cobra.Command, _ []string) error {
		logger, err := a.logger(level, format)
		if err != nil {
			return err
		}
		ready := func() { a.say(text.CLIServing, text.Args{"dir": a.data}) }
		return a.keeper().while(cmd.Context(), a.hosted, func() error {
			return a.node.serve(cmd.Context(), a.data, serveOptions{Logger: logger, Version: programVersion(), Ready: ready})
		})
	})
	c.Long = a.t(text.CLILongServe, nil)
	c.Flags().StringVar(&level, "log-level", "info", a.t(text.CLIFlagLogLevel, nil))
	c.Flags().StringVar(&format, "log-format", "text", a.t(text.CLIFlagLogFormat, nil))
	oneOf(c, "log-level", "debug", "info", "warn", "error")
	oneOf(c, "log-format", "text", "json")
	return c
}

// logger makes the logger of a running node, which writes to standard error.
func (a *app) logger(level, format string) (*slog.Logger, error) {
	var o slog.HandlerOptions
	var l slog.Level
	if err := l.UnmarshalText([]byte(level)); err != nil {
		return nil, a.badValue("--log-level", level, a.t(text.FormOneOf, text.Args{"list": a.called(nil, "debug", "info", "warn", "error")}))
	}
	o.Level = l
	switch format {
	case "text":
		return slog.New(slog.NewTextHandler(a.stderr, &o)), nil
	case "json":
		return slog.New(slog.NewJSONHandler(a.stderr, &o)), nil
	}
	return nil, a.badValue("--log-format", format, a.t(text.FormOneOf, text.Args{"list": a.called(nil, "text", "json")}))
}
