package main

import (
	"cmp"
	"context"
	"encoding/json"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"xietong/node/faces/client"
	"xietong/node/ground/text"
)

// A shell asks this program for what may follow while a person types. It answers from what the
// running node tells without a use of data: its catalogue, agencies, saved questions, neighbours
// and roster. It waits for nobody for long, and where the node does not answer it says nothing.

const (
	completeWithin = 120 * time.Millisecond
	mostCompleted  = 200 // values
)

// completion returns the values that may stand where something is typed.
type completion func(ctx context.Context, a *app, c *client.Client, at beginning) []cobra.Completion

// beginning is what stands on the command line.
type beginning struct {
	command *cobra.Command
	args    []string // before the word that is completed
	word    string   // as far as it is typed
}

// flag returns the value of a flag; "": it is not given.
func (t beginning) flag(name string) string {
	if f := t.command.Flag(name); f != nil && f.Changed {
		return f.Value.String()
	}
	return ""
}

// completedArguments and completedFlags are what is completed of arguments, by their names in the
// use lines, and of flags.
var (
	completedArguments = map[string]completion{
		"DATASET": datasetsOf, datasetOrFile: datasetsOf, "NAME": placesOf, "QUESTION": questionsOf, "REPLICA": replicasOf,
	}
	completedFlags = map[string]completion{
		"at": placesOf, "below": placesOf, "in": hostedOf, "as": actingOf, "agency": agenciesOf, "dataset": datasetsOf, "purpose": purposesOf, "level": levelsOf,
		"fields": fieldsOf, "by": fieldsOf, "sum": fieldsOf, "average": fieldsOf, "minimum": fieldsOf, "maximum": fieldsOf,
		"where": conditionsOf, "verify": conditionsOf,
	}
)

// completes returns the completion of the arguments that the use line names: files for a file
// argument, what the node has, and nothing for any other, since a shell would offer the files of
// the folder otherwise.
func (a *app) completes(use string) cobra.CompletionFunc {
	names := strings.Fields(use)[1:]
	return func(c *cobra.Command, args []string, word string) ([]cobra.Completion, cobra.ShellCompDirective) {
		if len(args) >= len(names) {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		name := strings.Trim(names[len(args)], "[]")
		directive := cobra.ShellCompDirectiveNoFileComp
		if slices.Contains(fileArguments, name) {
			directive = cobra.ShellCompDirectiveDefault
		}
		return a.complete(completedArguments[name], beginning{c, args, word}), directive
	}
}

// completesFlags makes the shell offer the values of the flags of a command, where nothing else
// does.
func (a *app) completesFlags(c *cobra.Command) {
	register := func(f *pflag.Flag) {
		values, known := completedFlags[f.Name]
		if _, done := c.GetFlagCompletionFunc(f.Name); !known || done {
			return
		}
		directive := cobra.ShellCompDirectiveNoFileComp
		if f.Name == "where" || f.Name == "verify" {
			directive |= cobra.ShellCompDirectiveNoSpace
		}
		a.completesFlag(c, f.Name, values, directive)
	}
	c.LocalNonPersistentFlags().VisitAll(register)
	c.PersistentFlags().VisitAll(register)
}

// completesFlag makes the shell offer the values of a flag.
func (a *app) completesFlag(c *cobra.Command, flag string, values completion, directive cobra.ShellCompDirective) {
	err := c.RegisterFlagCompletionFunc(flag, func(c *cobra.Command, args []string, word string) ([]cobra.Completion, cobra.ShellCompDirective) {
		return a.complete(values, beginning{c, args, word}), directive
	})
	if err != nil {
		panic(err) // there is no such flag: a mistake in this program
	}
}

// complete asks for values and returns those that go on as typed.
func (a *app) complete(values completion, t beginning) []cobra.Completion {
	if values == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(cmp.Or(t.command.Context(), context.Background())), completeWithin)
	defer cancel()
	c := client.Dial(a.data, client.Options{In: a.in, As: a.as, Language: a.lang.Tag()})
	defer c.Close()
	all := values(ctx, a, c, t)
	slices.Sort(all)
	all = slices.DeleteFunc(slices.Compact(all), func(v cobra.Completion) bool { return !strings.HasPrefix(v, t.word) })
	return all[:min(len(all), mostCompleted)]
}

// value is a value with what it is.
func value(v, about string) cobra.Completion {
	return cobra.CompletionWithDesc(clean(v), clean(strings.ReplaceAll(about, "\n", " ")))
}

func datasetsOf(ctx context.Context, a *app, c *client.Client, t beginning) (all []cobra.Completion) {
	for _, d := range a.catalogue(ctx, c, t) {
		all = append(all, value(d.Code, d.Title))
	}
	return all
}

// catalogue returns the datasets of the place that --at names, or the own ones. What is asked of
// many is in the own catalogue, if anywhere.
func (a *app) catalogue(ctx context.Context, c *client.Client, t beginning) []client.Dataset {
	at := t.flag("at")
	if strings.HasPrefix(at, "*") {
		at = ""
	}
	all, err := c.DatasetsAt(ctx, at)
	if err != nil {
		return nil
	}
	return all
}

// entryNamed returns the entry of the dataset that the command line names.
func (a *app) entryNamed(ctx context.Context, c *client.Client, t beginning) (d client.Dataset) {
	code := t.flag("dataset")
	if len(t.args) > 0 {
		code = t.args[0]
	}
	for _, d := range a.catalogue(ctx, c, t) {
		if d.Code == code {
			return d
		}
	}
	return d
}

func purposesOf(ctx context.Context, a *app, c *client.Client, t beginning) (all []cobra.Completion) {
	for _, p := range a.entryNamed(ctx, c, t).Purposes {
		all = append(all, value(p.Code, p.Title))
	}
	return all
}

// fieldsOf returns the fields of the dataset, after those that the list has already.
func fieldsOf(ctx context.Context, a *app, c *client.Client, t beginning) (all []cobra.Completion) {
	before := t.word[:strings.LastIndexByte(t.word, ',')+1]
	for name, title := range fieldTitles(a.entryNamed(ctx, c, t).Schema) {
		all = append(all, value(before+name, title))
	}
	return all
}

func conditionsOf(ctx context.Context, a *app, c *client.Client, t beginning) (all []cobra.Completion) {
	for name, title := range fieldTitles(a.entryNamed(ctx, c, t).Schema) {
		all = append(all, value(name+"=", title))
	}
	return all
}

// fieldTitles returns what the fields of a schema are called.
func fieldTitles(schema json.RawMessage) map[string]string {
	var s struct {
		Properties map[string]struct {
			Title string `json:"title"`
		} `json:"properties"`
	}
	titles := map[string]string{}
	if json.Unmarshal(schema, &s) == nil { // of another form: no field is offered
		for name, p := range s.Properties {
			titles[name] = p.Title
		}
	}
	return titles
}

func agenciesOf(ctx context.Context, _ *app, c *client.Client, _ beginning) []cobra.Completion {
	return agenciesIn(ctx, c, true)
}

// readingVerbs are the verbs that an agency that ended may still be named for.
var readingVerbs = []string{"list", "show", "count", "audits", "entry", "receipt"}

// actingOf returns the agencies that may act. One that ended only reads.
func actingOf(ctx context.Context, _ *app, c *client.Client, t beginning) []cobra.Completion {
	return agenciesIn(ctx, c, slices.Contains(readingVerbs, t.command.Name()))
}

func agenciesIn(ctx context.Context, c *client.Client, ended bool) (all []cobra.Completion) {
	agencies, err := c.Agencies(ctx)
	if err != nil {
		return nil
	}
	for _, g := range agencies {
		if g.Ended == nil || ended {
			all = append(all, value(g.Code, g.Title))
		}
	}
	return all
}

func questionsOf(ctx context.Context, _ *app, c *client.Client, _ beginning) (all []cobra.Completion) {
	saved, err := c.Questions(ctx)
	if err != nil {
		return nil
	}
	for _, q := range saved.Questions {
		all = append(all, value(q.Name, q.Dataset))
	}
	return all
}

func replicasOf(ctx context.Context, a *app, c *client.Client, _ beginning) (all []cobra.Completion) {
	known, err := c.Replicas(ctx)
	if err != nil {
		return nil
	}
	for _, r := range known.Replicas {
		all = append(all, value(r.Replica, a.replicaRole(r.Role, r.Until)))
	}
	return all
}

func levelsOf(_ context.Context, a *app, _ *client.Client, _ beginning) (all []cobra.Completion) {
	for _, level := range text.Levels {
		all = append(all, value(level, text.Word(a.lang, level)))
	}
	return all
}

func hostedOf(ctx context.Context, _ *app, c *client.Client, _ beginning) (all []cobra.Completion) {
	s, err := c.Status(ctx)
	if err != nil {
		return nil
	}
	for _, j := range s.Jurisdictions {
		all = append(all, value(j.Name, j.DisplayName), value(j.DisplayName, j.Name))
	}
	return all
}

// placesOf returns the neighbours, and once something is typed the first places of the roster that
// have it in them, by what they are called and by their names. What stands before a place (*. and
// **.) stays.
func placesOf(ctx context.Context, _ *app, c *client.Client, t beginning) (all []cobra.Completion) {
	before := t.word[:len(t.word)-len(strings.TrimLeft(t.word, "*."))]
	titles := map[string]string{}
	if tree, err := c.Tree(ctx); err == nil {
		for _, n := range neighboursOf(tree) {
			titles[n.Name] = n.DisplayName
		}
	}
	if t.word != before {
		if places, err := c.PlacesLike(ctx, t.word[len(before):]); err == nil {
			for _, p := range places {
				titles[p.Name] = p.DisplayName
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(titles)) {
		all = append(all, value(before+name, titles[name]), value(before+titles[name], name))
	}
	return all
}

// unquoted is the output of a completion: the sentence of a flag has marks around the name of its
// value, which no shell understands.
type unquoted struct{ w io.Writer }

func (u unquoted) Write(p []byte) (int, error) {
	_, err := io.WriteString(u.w, strings.ReplaceAll(string(p), "`", ""))
	return len(p), err
}
