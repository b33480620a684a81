package main

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"os/signal"
	"sync"
	"syscall"

	"github.com/spf13/cobra"

	"xietong/node"
	"xietong/node/ground/text"
)

func (a *app) serveCommand() *cobra.Command {
	var level, format string
	var detach bool
	c := a.verb("serve", text.CLIShortServe, func(cmd *cobra.Command, _ []string) error {
		logs, err := a.logForm(level, format)
		if err != nil {
			return err
		}
		if detach {
			return a.detach(cmd.Context(), "--log-level", level, "--log-format", format)
		}
		return a.serve(cmd.Context(), logs)
	})
	c.Long = a.t(text.CLILongServe, nil)
	c.Flags().BoolVar(&detach, "detach", false, a.t(text.CLIFlagDetach, nil))
	c.Flags().StringVar(&level, "log-level", "info", a.t(text.CLIFlagLogLevel, nil))
	c.Flags().StringVar(&format, "log-format", "text", a.t(text.CLIFlagLogFormat, nil))
	oneOf(c, "log-level", "debug", "info", "warn", "error")
	oneOf(c, "log-format", "text", "json")
	return c
}

// serve runs the node until ctx ends, and tells whoever waits for it: a person, systemd or, where
// this process was detached, the one that started it.
func (a *app) serve(ctx context.Context, form logForm) error {
	parent, err := a.parent()
	if err != nil {
		return err
	}
	logger, log := a.logger(form)
	defer log.Close()
	signal.Ignore(syscall.SIGPIPE) // the node goes on where nobody reads its log any more
	super, err := a.supervisor()
	if err != nil {
		logger.Warn("systemd is not told", "error", err) // and says itself what that costs
	}
	defer super.close()
	var watching sync.WaitGroup
	defer watching.Wait()
	watched, unwatch := context.WithCancel(ctx)
	defer unwatch()
	ready := func() {
		if parent == nil {
			a.say(text.CLIServing, text.Args{"dir": a.data})
		} else {
			a.tellParent(parent, nil)
		}
		super.tell("READY=1\nSTATUS=" + a.t(text.CLIServing, text.Args{"dir": a.data}))
		watching.Go(func() { super.watch(watched, a.answers) })
	}
	err = a.keeper().while(ctx, a.hosted, func() error {
		return a.node.serve(ctx, a.data, serveOptions{Logger: logger, Version: programVersion(), Signed: a.getenv("XIETONG_SIGNED_SIZES"), Ready: ready})
	})
	if parent != nil && err != nil { // too late after the node was ready: nobody listens
		a.tellParent(parent, err)
	}
	return err
}

// logForm makes the handler of the lines of a log.
type logForm func(to io.Writer) slog.Handler

func (a *app) logForm(level, format string) (logForm, error) {
	var o slog.HandlerOptions
	var l slog.Level
	if err := l.UnmarshalText([]byte(level)); err != nil {
		return nil, a.badValue("--log-level", level, a.t(text.FormOneOf, text.Args{"list": a.called(nil, "debug", "info", "warn", "error")}))
	}
	o.Level = l
	switch format {
	case "text":
		return func(to io.Writer) slog.Handler { return slog.NewTextHandler(to, &o) }, nil
	case "json":
		return func(to io.Writer) slog.Handler { return slog.NewJSONHandler(to, &o) }, nil
	}
	return nil, a.badValue("--log-format", format, a.t(text.FormOneOf, text.Args{"list": a.called(nil, "text", "json")}))
}

// logger makes the logger of a running node, which writes to standard error and waits for nobody
// who reads it. The caller closes the log.
func (a *app) logger(form logForm) (*slog.Logger, io.Closer) {
	queue := node.NewLogQueue(a.stderr, func(left int) []byte {
		var line bytes.Buffer
		slog.New(form(&line)).Error("lines left out: nobody reads the log", "number", left)
		return line.Bytes()
	})
	return slog.New(form(queue)), queue
}
