// Command xietong is the one binary of Xietong: it makes and runs a node, and is the client of a
// running node over the Unix socket in its data directory.
//
// Every verb is a file. A verb reads its arguments, calls one operation of package client (or,
// where no node needs to run, one function of package node), and prints the answer: a table for
// people, or the wire type with --json. The sentences are in package text.
//
// Standard output carries the answers and nothing else. A verb that lists puts its rows there
// alone, as a table or as -o says, and what else there is to say on standard error. An error goes
// to standard error as three lines: what happened, where, and what to do (with --json, as the wire
// type of a problem). Exit codes:
//
//	0  done; for query --verify: the value is right
//	1  refused, or failed
//	2  the command line is wrong: a word, a flag or the form of a value, whoever found that
//	3  the node cannot be reached
//	4  verification failed: a receipt or a ledger does not verify, the answer to query --verify is
//	   not yes, or query --audit proved a lie
//
// Values come from other agencies, so the program makes the control characters of all text for
// people visible: no record can move the cursor of a clerk's terminal.
package main

import (
	"context"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"xietong/node/faces/export"
	"xietong/node/ground/text"
)

func main() {
	ctx := untilSignal(context.Background())
	a := &app{
		stdin: input{ctx, os.Stdin}, stdout: os.Stdout, stderr: os.Stderr, terminal: isTerminal(os.Stderr), columns: widthOf(os.Stdout),
		getenv: environment, foreign: foreignSystem(), now: time.Now, node: theNode,
	}
	os.Exit(a.run(ctx, os.Args[1:]))
}

// untilSignal returns a context that ends with the first signal to end; a second one ends the
// process at once. A terminal that closes sends one, too, except to what nohup started.
func untilSignal(ctx context.Context) context.Context {
	signals := []os.Signal{syscall.SIGINT, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) {
		signals = append(signals, syscall.SIGHUP)
	}
	ctx, stop := signal.NotifyContext(ctx, signals...)
	context.AfterFunc(ctx, stop)
	return ctx
}

// app is one run of the program, with everything that the run takes from outside.
type app struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	terminal       bool // whether stderr is a terminal
	columns        int  // of the terminal that stdout is; 0: it is none
	getenv         func(string) string
	foreign        string // this system, if no node runs on it
	now            func() time.Time
	typed          []string // the command line
	end            context.CancelCauseFunc
	told           *time.Location // the zone of times, as the node told it; see zone
	node           nodeFloor
	silent         time.Duration // how long a node may be silent; 0: silentWithin
	stopped        text.Code     // what to do where this command is interrupted; "": see whether it took effect

	lang     text.Lang
	data     string // the global flags
	in, as   string
	jsonOnly bool
	verbose  bool             // whether an error is told with the program's own words
	output   output           // of a verb that lists
	faithful *export.Faithful // of an export; nil: of none
}

// run runs one command line and returns the exit code.
func (a *app) run(ctx context.Context, args []string) int {
	a.lang, a.typed = text.FromEnv(a.getenv), args
	out := &heeded{w: a.stdout}
	a.stdout = out
	root := a.rootCommand()
	root.SetArgs(args)
	if len(args) > 0 && strings.HasPrefix(args[0], "__complete") {
		root.SetOut(unquoted{a.stdout})
	}
	ctx, a.end = context.WithCancelCause(ctx)
	defer a.end(nil)
	err := silence(ctx, root.ExecuteContext(ctx))
	a.jsonOnly = a.jsonOnly || wantsJSON(args)
	if err == nil {
		err = out.err
	}
	return a.report(err)
}

// wantsJSON reports whether a command line asks for JSON: an error that ends the reading of the
// flags before --json is told as JSON, too.
func wantsJSON(args []string) bool {
	flags := args
	if i := slices.Index(args, "--"); i >= 0 {
		flags = args[:i]
	}
	return slices.Contains(flags, "--json") || slices.Contains(flags, "--json=true")
}

// heeded is the standard output: what prints a table or a sentence looks at no error, and an output
// that is cut short must not end as a success.
type heeded struct {
	w   io.Writer
	err error // the first
}

func (h *heeded) Write(p []byte) (int, error) {
	n, err := h.w.Write(p)
	if h.err == nil {
		h.err = err
	}
	return n, err
}

// isTerminal reports whether f is a character device, as terminals are.
func isTerminal(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
