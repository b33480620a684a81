package main

import (
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"xietong/cmd/xietong/demo"
	"xietong/node/text"
)

func (a *app) demoCommand() *cobra.Command {
	var tree string
	o := demo.Options{Folder: filepath.Join(os.TempDir(), "xietong-demo")}
	c := a.verb("demo", text.CLIShortDemo, func(cmd *cobra.Command, _ []string) error {
		if !slices.Contains(demo.Trees, tree) {
			return usage(text.CLIFlagBadValue, text.Args{"flag": "--tree", "value": tree})
		}
		o.Out, o.In, o.Lang, o.JSON = a.stdout, a.stdin, a.lang, a.jsonOnly
		return demo.Run(cmd.Context(), o)
	})
	c.Flags().StringVar(&tree, "tree", demo.Trees[0], a.t(text.CLIFlagTree, nil))
	oneOf(c, "tree", demo.Trees...)
	c.Flags().BoolVar(&o.Slow, "slow", false, a.t(text.CLIFlagSlow, nil))
	c.Flags().BoolVar(&o.Exit, "exit", false, a.t(text.CLIFlagExit, nil))
	return c
}
