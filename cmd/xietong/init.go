package main

import (
	"cmp"
	"errors"
	"strings"

	"github.com/spf13/cobra"

	"xietong/node/ground/text"
)

func (a *app) initCommand() *cobra.Command {
	var o initOptions
	var asked, yes bool
	var paper shown
	var file string
	c := a.verb("init [NAME]", text.CLIShortInit, func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 && file == "" {
			u := usage(text.CLIMissingArgument, text.Args{"name": "NAME"})
			u.command = cmd.CommandPath()
			return u
		}
		o.Name = strings.Join(args, "")
		if err := a.listens(o.Listen); err != nil {
			return err
		}
		if err := a.zones(cmd.Flags(), o.TimeZone); err != nil {
			return err
		}
		if len(file) > maxPath {
			return a.badValue("--roster", file, a.t(text.FormFile, nil))
		}
		if file != "" {
			data, err := a.readRoster(file)
			if err != nil {
				return err
			}
			o.Roster = string(data)
		}
		if err := a.planInit(cmd, &o, yes); err != nil {
			return named(err, file)
		}
		o.Paper = a.paperFor(asked, true, &paper) // who starts by itself has no parent, whatever its name
		made, err := a.node.init(a.data, o)
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
	c.Example = `  xietong init guizhou --listen 0.0.0.0:7400
  xietong init 广东省
  xietong init --roster places.csv
  xietong init gaoxin.guiyang.guizhou --code 520171 --display-name 贵阳高新区 --level county`
	flags := c.Flags()
	flags.StringVar(&o.Code, "code", "", a.t(text.CLIFlagDivision, nil))
	flags.StringVar(&o.DisplayName, "display-name", "", a.t(text.CLIFlagDisplayName, nil))
	flags.StringVar(&o.ShortName, "short-name", "", a.t(text.CLIFlagShortName, nil))
	flags.StringVar(&o.Listen, "listen", "", a.t(text.CLIFlagListen, nil))
	flags.BoolVar(&asked, "recovery-words", false, a.t(text.CLIFlagWords, nil))
	a.zoneFlag(c, &o.TimeZone)
	flags.StringVar(&o.Level, "level", "", a.t(text.CLIFlagLevel, nil))
	flags.StringVar(&file, "roster", "", a.t(text.CLIFlagRoster, nil))
	aFile(flags, "roster", "csv")
	flags.BoolVar(&yes, "yes", false, a.t(text.CLIFlagYes, nil))
	return c
}

// planInit shows what init would make, and asks, where the name is one that nobody would expect to
// be a root, or a list comes along. From then on the options have the whole name.
func (a *app) planInit(cmd *cobra.Command, o *initOptions, yes bool) error {
	p, err := a.node.planInit(*o)
	if f, ok := errors.AsType[*text.Failure](err); ok && f.Code == text.BadRequest && f.Args["where"] == "NAME" {
		u := usage(text.CLIBadName, text.Args{"value": text.Short(o.Name)})
		u.command, u.do = cmd.CommandPath(), a.t(text.CLIBadNameDo, nil)
		return u
	}
	if err != nil {
		return err
	}
	o.Name = p.Name
	if err := a.node.vacant(a.data, p.Name); err != nil { // before anybody is asked
		return err
	}
	if !p.Asks() {
		return nil
	}
	return a.agreed(cmd, yes, p, func() { a.tellInit(p) }, text.CLIInitAsk)
}

// tellInit tells what init would make, and what speaks against it.
func (a *app) tellInit(p initPlan) {
	level := text.Word(a.lang, p.Level)
	a.tell(text.CLIInitPlan, text.Args{"title": p.DisplayName, "name": p.Name, "level": cmp.Or(level, a.t(text.CLIInitNone, nil)), "code": cmp.Or(p.Code, a.t(text.CLIInitNone, nil))})
	if len(p.Listed) > 0 {
		a.tellRoster(p)
		return
	}
	if p.Above != "" {
		a.tell(text.CLIInitAbove, text.Args{"title": p.DisplayName, "parent": p.Above})
	}
	if p.Unlisted {
		a.tell(text.CLIInitUnlisted, text.Args{"name": p.Name})
	}
	if len(p.Near) > 0 {
		a.tell(text.CLIInitNear, text.Args{"near": strings.Join(p.Near, ", ")})
	}
	if p.CodeOf != "" {
		a.tell(text.CLIInitCodeOf, text.Args{"code": p.Code, "place": p.CodeOf})
	}
}

// maxTree is how many lines of a list are shown as a tree.
const maxTree = 40

// tellRoster shows a list as a tree: whole where it is short, and otherwise its upper levels, each
// place with how many lie below it.
func (a *app) tellRoster(p initPlan) {
	var levels []string
	for _, o := range p.Listed {
		if n := p.Levels[o.Level]; n > 0 {
			levels = append(levels, text.Word(a.lang, o.Level)+" "+number(uint64(n)))
			p.Levels[o.Level] = 0
		}
	}
	a.tell(text.CLIInitRoster, text.Args{"places": number(uint64(len(p.Listed))), "levels": a.called(nil, levels...)})
	lines := a.treeOf(p.Listed)
	for _, line := range lines[:min(len(lines), maxTree)] {
		a.line(a.stderr, line)
	}
	if rest := len(lines) - maxTree; rest > 0 {
		a.tell(text.CLIInitMore, text.Args{"count": number(uint64(rest))})
	}
}

// treeOf returns a line for each place, indented below its parent, as deep as fits in maxTree
// lines.
func (a *app) treeOf(places []listedPlace) (lines []string) {
	below := map[string]int{}              // how many places lie below a name
	children := map[string][]listedPlace{} // by the name of the parent
	depths := map[int]int{}
	for _, p := range places {
		depths[strings.Count(p.Name, ".")]++
		_, above, _ := strings.Cut(p.Name, ".")
		children[above] = append(children[above], p)
		for ; above != ""; _, above, _ = strings.Cut(above, ".") {
			below[above]++
		}
	}
	root := places[0]
	deepest, shown := strings.Count(root.Name, "."), 1
	for depths[deepest+1] > 0 && shown+depths[deepest+1] <= maxTree {
		deepest++
		shown += depths[deepest]
	}
	deepest = max(deepest, strings.Count(root.Name, ".")+1)
	var grow func(p listedPlace, indent string)
	grow = func(p listedPlace, indent string) {
		label, _, _ := strings.Cut(p.Name, ".")
		line := indent + p.DisplayName + "  " + label + "  " + p.Code + "  " + text.Word(a.lang, p.Level)
		depth := strings.Count(p.Name, ".")
		if depth == deepest && below[p.Name] > 0 {
			line += "  " + a.t(text.CLIInitBelow, text.Args{"count": number(uint64(below[p.Name]))})
		}
		lines = append(lines, line)
		for _, child := range children[p.Name] {
			if depth < deepest {
				grow(child, indent+"  ")
			}
		}
	}
	grow(root, "  ")
	return lines
}
