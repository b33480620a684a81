package main

import (
	"os"
	"strings"

	"github.com/spf13/cobra"

	"xietong/node/ground/text"
)

// This file finds arguments that stand in the wrong order, before anything is asked: of two that
// cannot be what they must be, but could be each other's, that is told with the command as it is
// meant. An argument that is at fault by itself is named.

// codeFirst refuses a code, which stands before a title, that is none.
func (a *app) codeFirst(cmd *cobra.Command, code, title string) error {
	if labelShape.MatchString(code) {
		return nil
	}
	u := usage(text.CLIArgumentForm, text.Args{"argument": "CODE", "value": text.Short(code), "form": a.t(text.FormLabel, nil)})
	if labelShape.MatchString(title) {
		u.do = a.meant(cmd, title, code)
	}
	u.command = cmd.CommandPath()
	return u
}

// fileLast refuses a dataset and a file in the wrong order.
func (a *app) fileLast(cmd *cobra.Command, dataset, file string) error {
	is := func(path string) bool { info, err := os.Stat(path); return err == nil && info.Mode().IsRegular() }
	if !labelShape.MatchString(file) || labelShape.MatchString(dataset) || is(file) || !is(dataset) {
		return nil
	}
	u := usage(text.CLIArgumentsSwapped, text.Args{"first": "DATASET", "value": dataset, "second": "FILE"})
	u.do, u.command = a.meant(cmd, file, dataset), cmd.CommandPath()
	return u
}

// consumerForm refuses a consumer that is none of CODE, CODE@JURISDICTION and an agency's ID.
func (a *app) consumerForm(cmd *cobra.Command, dataset, consumer string) error {
	if strings.ContainsAny(dataset, "@/") && labelShape.MatchString(consumer) {
		u := usage(text.CLIArgumentForm, text.Args{"argument": "DATASET", "value": text.Short(dataset), "form": a.t(text.FormLabel, nil)})
		u.do, u.command = a.meant(cmd, consumer, dataset), cmd.CommandPath()
		return u
	}
	code, place, elsewhere := strings.Cut(consumer, "@")
	if labelShape.MatchString(code) || strings.Contains(consumer, "/") {
		return nil
	}
	u := usage(text.CLIArgumentForm, text.Args{"argument": "CONSUMER", "value": text.Short(consumer), "form": a.t(text.FormConsumer, nil)})
	if elsewhere && labelShape.MatchString(place) {
		u.do = a.meant(cmd, dataset, place+"@"+code)
	}
	u.command = cmd.CommandPath()
	return u
}

// meant asks whether the command with these arguments was meant.
func (a *app) meant(cmd *cobra.Command, args ...string) string {
	return a.t(text.CLIDidYouMean, text.Args{"command": cmd.CommandPath() + " " + strings.Join(args, " ")})
}
