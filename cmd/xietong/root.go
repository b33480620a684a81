package main

import (
	"cmp"
	"errors"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"xietong/node/faces/client"
	"xietong/node/ground/text"
)

// defaultData is the data directory when neither --data nor $XIETONG_DATA names one.
const defaultData = "./xietong-data"

// rootCommand builds the tree of commands.
func (a *app) rootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:   "xietong",
		Short: a.t(text.CLIShort, nil),
		Example: `  xietong demo
  xietong init guizhou --listen 0.0.0.0:7400
  xietong serve`,
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.SetOut(a.stdout)
	root.SetErr(a.stderr)
	root.SetIn(a.stdin)
	a.data = cmp.Or(a.getenv("XIETONG_DATA"), defaultData)
	flags := root.PersistentFlags()
	flags.SortFlags = false
	flags.StringVar(&a.data, "data", a.data, a.t(text.CLIFlagData, nil))
	flags.StringVar(&a.in, "in", "", a.t(text.CLIFlagIn, nil))
	flags.StringVar(&a.as, "as", "", a.t(text.CLIFlagAs, nil))
	flags.BoolVar(&a.jsonOnly, "json", false, a.t(text.CLIFlagJSON, nil))
	flags.BoolVar(&a.verbose, "verbose", false, a.t(text.CLIFlagVerbose, nil))
	aFolder(flags, "data")

	a.asGroup(root)
	root.Flags().Bool("version", false, a.t(text.CLIShortVersion, nil))
	root.AddCommand(
		a.initCommand(), a.joinCommand(), a.serveCommand(), a.stopCommand(), a.statusCommand(), a.treeCommand(), a.inviteCommand(), a.withdrawCommand(), a.drillCommand(),
		a.hostCommand(), a.replicaCommand(), a.agencyCommand(), a.datasetCommand(), a.recordCommand(), a.queryCommand(), a.grantCommand(), a.questionCommand(), a.useCommand(), a.askedCommand(), a.ledgerCommand(),
		a.rosterCommand(), a.keysCommand(), a.clockCommand(), a.configCommand(), a.demoCommand(), a.benchCommand(), a.versionCommand(),
	)
	root.SetFlagErrorFunc(a.flagError)
	root.SetHelpCommand(a.helpCommand())
	root.InitDefaultCompletionCmd("completion") // an argument makes it appear before Execute
	root.SetHelpFunc(func(c *cobra.Command, _ []string) { a.help(c) })
	root.CompletionOptions.SetDefaultShellCompDirective(cobra.ShellCompDirectiveNoFileComp)
	a.translate(root)
	return root
}

// group makes a command that only holds other commands.
func (a *app) group(use string, short text.Code, children ...*cobra.Command) *cobra.Command {
	c := &cobra.Command{Use: use, Short: a.t(short, nil)}
	a.asGroup(c)
	c.AddCommand(children...)
	return c
}

// asGroup makes c show its help when called alone, and refuse a verb that it does not have.
func (a *app) asGroup(c *cobra.Command) {
	c.Args = func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return nil
		}
		u := usage(text.CLINoSuchVerb, text.Args{"verb": text.Short(args[0]), "command": cmd.CommandPath()})
		if near := nearestVerb(cmd, args[0]); near != "" {
			u.do = a.t(text.CLIDidYouMean, text.Args{"command": cmd.CommandPath() + " " + near})
		}
		if name, dashes := otherDash(args[0]); dashes && nearestFlag(cmd, name) != "" {
			u.do = a.t(text.CLIDidYouMean, text.Args{"command": cmd.CommandPath() + " --" + nearestFlag(cmd, name)})
		}
		u.command = cmd.CommandPath()
		return u
	}
	c.RunE = func(cmd *cobra.Command, _ []string) error {
		if asked, err := cmd.Flags().GetBool("version"); err == nil && asked { // of the root
			return a.printVersion()
		}
		return cmd.Help()
	}
}

// otherDash returns the name of a flag before which an input method or a word processor put dashes
// of its own, such as —data, －－data.
func otherDash(typed string) (name string, dashes bool) {
	name = strings.TrimLeft(typed, "-‐‑‒–—―−－﹣")
	return name, name != typed && name != ""
}

// takes returns the check of the arguments that the use line names; an argument in brackets may be
// left out.
func (a *app) takes(use string) cobra.PositionalArgs {
	names := strings.Fields(use)[1:]
	needed := 0
	for _, name := range names {
		if !strings.HasPrefix(name, "[") {
			needed++
		}
	}
	return func(cmd *cobra.Command, args []string) error {
		var u *usageError
		switch {
		case len(args) < needed:
			u = usage(text.CLIMissingArgument, text.Args{"name": names[len(args)]})
		case len(args) > len(names):
			u = usage(text.CLITooManyArguments, text.Args{"value": text.Short(args[len(names)])})
		case slices.ContainsFunc(args, blank):
			u = usage(text.CLIEmptyArgument, text.Args{"name": strings.Trim(names[slices.IndexFunc(args, blank)], "[]")})
		default:
			if u = cmp.Or(emptyFlag(cmd), a.unreadable(cmd, names, args), missingFlag(cmd), idleFlag(cmd)); u == nil {
				return nil
			}
		}
		u.command = cmd.CommandPath()
		return u
	}
}

// maxPath is how long a path may be on Linux, in bytes (PATH_MAX).
const maxPath = 4096

// paths are the flags that take the name of a file or folder, which may have any bytes.
var paths = []string{"data", "out", "file", "records", "above", "roster"}

// unreadable refuses what is no readable text before anything is opened or asked: whatever of it is
// recorded stays. Names of files may have any bytes.
func (a *app) unreadable(cmd *cobra.Command, names, args []string) (u *usageError) {
	refuse := func(name string) {
		u = usage(text.NotText, text.Args{"name": name})
		u.do = text.Explain(a.lang, text.NotText, text.Args{"name": name}).Do
	}
	cmd.Flags().Visit(func(f *pflag.Flag) {
		if !slices.Contains(paths, f.Name) && !text.Readable(f.Value.String()) {
			refuse("--" + f.Name)
		}
	})
	for i, given := range args {
		if name := strings.Trim(names[i], "[]"); !slices.Contains(fileArguments, name) && !text.Readable(given) {
			refuse(name)
		}
	}
	return u
}

// emptyFlag refuses an option that is given and empty, as by a script that lacks the value: it
// would take a restriction away.
func emptyFlag(cmd *cobra.Command) (u *usageError) {
	cmd.Flags().Visit(func(f *pflag.Flag) {
		given := f.Value.String()
		if strings.HasSuffix(f.Value.Type(), "Slice") || strings.HasSuffix(f.Value.Type(), "Array") {
			given = strings.Trim(given, `[]," `)
		}
		if blank(given) {
			u = usage(text.CLIEmptyFlag, text.Args{"name": "--" + f.Name})
		}
	})
	return u
}

// needed says that a command does nothing without these flags. It is the one way to say so: shells
// offer them, and missingFlag and the tests of hints read it.
func needed(c *cobra.Command, flags ...string) {
	for _, name := range flags {
		if err := c.MarkFlagRequired(name); err != nil {
			panic(err) // as above
		}
	}
}

// missingFlag refuses a command without a flag that it needs.
func missingFlag(cmd *cobra.Command) (u *usageError) {
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if _, always := f.Annotations[cobra.BashCompOneRequiredFlag]; always && !f.Changed && u == nil {
			u = usage(text.CLIFlagNeeded, text.Args{"flag": "--" + f.Name})
		}
	})
	return u
}

// onlyWith is the annotation of a flag that has an effect only beside another one.
const onlyWith = "only with"

// with says that flags have no effect without another one: given alone they are refused, for
// whoever gives one believes that it counts.
func with(c *cobra.Command, other string, flags ...string) {
	for _, name := range flags {
		if err := c.Flags().SetAnnotation(name, onlyWith, []string{other}); err != nil {
			panic(err) // as above
		}
	}
}

// idleFlag refuses a flag that was given without the one beside which it counts.
func idleFlag(cmd *cobra.Command) (u *usageError) {
	cmd.Flags().Visit(func(f *pflag.Flag) {
		for _, other := range f.Annotations[onlyWith] {
			if !cmd.Flags().Changed(other) && u == nil {
				u = usage(text.CLIFlagOnlyWith, text.Args{"flag": "--" + f.Name, "other": "--" + other})
			}
		}
	})
	return u
}

// blank reports whether a text has nothing but spaces.
func blank(s string) bool { return strings.TrimSpace(s) == "" }

// verb makes a command that runs a function.
func (a *app) verb(use string, short text.Code, run func(cmd *cobra.Command, args []string) error) *cobra.Command {
	names := strings.Fields(use)[1:]
	typed := func(cmd *cobra.Command, args []string) error {
		err := cmp.Or(a.runsHere(cmd.CommandPath()), a.onceEach(cmd))
		if err == nil {
			err = run(cmd, arguments(cmd, names, args))
		}
		if u, ok := errors.AsType[*usageError](err); ok {
			u.command = cmp.Or(u.command, cmd.CommandPath())
		}
		return err
	}
	return &cobra.Command{
		Use: use + " " + a.t(text.CLIFlagsWord, nil), Short: a.t(short, nil), Args: a.takes(use), RunE: typed,
		ValidArgsFunction: a.completes(use), DisableFlagsInUseLine: true,
	}
}

// onceEach refuses a flag that was given two values and keeps the last alone: the other would be
// dropped without a word.
func (a *app) onceEach(cmd *cobra.Command) error {
	first := map[string]string{}
	again := pflag.NewFlagSet("", pflag.ContinueOnError)
	again.AddFlagSet(cmd.Flags())
	var twice error
	err := again.ParseAll(a.typed, func(f *pflag.Flag, value string) error {
		before, given := first[f.Name]
		first[f.Name] = value
		list := f.Value.Type() == "stringArray" || f.Value.Type() == "stringSlice"
		if given && before != value && !list && twice == nil {
			twice = usage(text.CLIFlagTwice, text.Args{"flag": dashed(f.Name), "first": text.Short(before), "second": text.Short(value)})
		}
		return nil
	})
	return cmp.Or(twice, err)
}

// fileArguments are the names of the arguments that take a file.
var fileArguments = []string{"FILE", "FILE.json", "RECEIPT", "PAYLOAD", "DIR", datasetOrFile}

// oneOf makes the shell offer the values of a flag.
func oneOf(c *cobra.Command, flag string, values ...cobra.Completion) {
	if err := c.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp)); err != nil {
		panic(err) // there is no such flag: a mistake in this program
	}
}

// aFolder makes the shell offer folders for a flag.
func aFolder(flags *pflag.FlagSet, name string) {
	if err := cobra.MarkFlagDirname(flags, name); err != nil {
		panic(err) // as above
	}
}

// helpCommand makes `xietong help COMMAND`.
func (a *app) helpCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "help [COMMAND…]",
		Short: a.t(text.CLIShortHelp, nil),
		RunE: func(cmd *cobra.Command, args []string) error {
			found, rest, err := cmd.Root().Find(args)
			if err != nil || len(rest) > 0 {
				return usage(text.CLINoSuchVerb, text.Args{"verb": strings.Join(args, " "), "command": cmd.Root().Name()})
			}
			return found.Help()
		},
	}
}

// translate puts cobra's own texts into the person's language.
func (a *app) translate(c *cobra.Command) {
	c.InitDefaultHelpFlag()
	c.Flags().SortFlags = false // flags keep the order of their definition
	c.LocalFlags().VisitAll(func(f *pflag.Flag) {
		if strings.HasPrefix(f.Value.Type(), "string") { // and lists of them
			f.DefValue = "" // the sentence of a flag tells its default
		}
		reads(f)
	})
	a.completesFlags(c)
	c.Flags().Lookup("help").Usage = a.t(text.CLIFlagHelp, nil)
	if c.Name() == "completion" && c.Parent() == c.Root() {
		c.Short = a.t(text.CLIShortCompletion, nil)
		c.Long = a.t(text.CLILongCompletion, nil)
		a.asGroup(c)
		for _, shell := range c.Commands() {
			shell.Short = a.t(text.CLIShortCompletionFor, text.Args{"shell": shell.Name()})
			shell.Long, shell.DisableFlagsInUseLine = "", true
			if f := shell.Flags().Lookup("no-descriptions"); f != nil {
				f.Usage = a.t(text.CLIFlagNoDescriptions, nil)
			}
		}
	}
	for _, child := range c.Commands() {
		a.translate(child)
	}
}

// client returns a client of the node.
func (a *app) client() *client.Client {
	o := client.Options{In: a.in, As: a.as, Language: a.lang.Tag(), CommandLine: true}
	o.Transport = watched{zoneHeard{client.Transport(a.patience().dial), a.hearZone}, a.patient(), a.end}
	return client.Dial(a.data, o)
}

// t returns a sentence with its values made safe to print.
func (a *app) t(code text.Code, args text.Args) string {
	safe := make(text.Args, len(args)+2)
	safe["xietong"], safe["program"] = clean(a.program(true)), clean(a.program(false))
	for name, value := range args {
		safe[name] = clean(value)
	}
	return text.T(a.lang, code, safe)
}

// say prints a sentence as a line of the answer.
func (a *app) say(code text.Code, args text.Args) { a.line(a.stdout, a.t(code, args)) }

// aFile makes the shell offer files with the endings for a flag.
func aFile(flags *pflag.FlagSet, name string, endings ...string) {
	if err := cobra.MarkFlagFilename(flags, name, endings...); err != nil {
		panic(err) // as above
	}
}
