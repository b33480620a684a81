package main

import (
	"bytes"
	"io"
	"log/slog"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"xietong/node"
	"xietong/node/ground/text"
)

func (a *app) serveCommand() *cobra.Command {
	var level, format string
	c := a.verb("serve", text.CLIShortServe, func(cmd *cobra.Command, _ []string) error {
		logger, log, err := a.logger(level, format)
		if err != nil {
			return err
		}
		defer log.Close()
		signal.Ignore(syscall.SIGPIPE) // the node goes on where nobody reads its log any more
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

// logger makes the logger of a running node, which writes to standard error and waits for nobody
// who reads it. The caller closes the log.
func (a *app) logger(level, format string) (*slog.Logger, io.Closer, error) {
	var o slog.HandlerOptions
	var l slog.Level
	if err := l.UnmarshalText([]byte(level)); err != nil {
		return nil, nil, a.badValue("--log-level", level, a.t(text.FormOneOf, text.Args{"list": a.called(nil, "debug", "info", "warn", "error")}))
	}
	o.Level = l
	handler := func(to io.Writer) slog.Handler { return slog.NewTextHandler(to, &o) }
	switch format {
	case "text":
	case "json":
		handler = func(to io.Writer) slog.Handler { return slog.NewJSONHandler(to, &o) }
	default:
		return nil, nil, a.badValue("--log-format", format, a.t(text.FormOneOf, text.Args{"list": a.called(nil, "text", "json")}))
	}
	queue := node.NewLogQueue(a.stderr, func(left int) []byte {
		var line bytes.Buffer
		slog.New(handler(&line)).Error("lines left out: nobody reads the log", "number", left)
		return line.Bytes()
	})
	return slog.New(handler(queue)), queue, nil
}
