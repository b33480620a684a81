package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"xietong/node/faces/client"
	"xietong/node/ground/text"
)

func (a *app) rosterCommand() *cobra.Command {
	return a.group("roster", text.CLIShortRoster, a.rosterShow(), a.rosterList(), a.rosterPublish())
}

// rosterShow makes the verb that tells the origin of the roster, its number of places, and its
// hash.
func (a *app) rosterShow() *cobra.Command {
	return a.verb("show", text.CLIShortRosterShow, func(cmd *cobra.Command, _ []string) error {
		r, err := a.client().Roster(cmd.Context())
		if err != nil {
			return err
		}
		if a.jsonOnly {
			return printJSON(a.stdout, r)
		}
		from := a.t(text.CLIRosterShipped, nil)
		if r.Number > 0 {
			from = a.t(text.CLIRosterPublished, text.Args{"number": fmt.Sprint(r.Number), "root": rootOf(r)})
		}
		a.say(text.CLIRosterShown, text.Args{"from": from, "places": number(uint64(len(r.Places))), "levels": a.levelsOf(r.Places), "hash": r.Hash})
		if r.Entry != "" {
			a.say(text.CLIRosterEntry, text.Args{"entry": r.Entry})
		}
		a.tellDamaged(r.Damaged)
		return nil
	})
}

// tellDamaged tells that the list in force is damaged at the node; nil: it is not.
func (a *app) tellDamaged(damaged *client.Trouble) {
	if damaged == nil || a.jsonOnly {
		return
	}
	e := text.Explain(a.lang, text.Code(damaged.Code), damaged.Args)
	a.tell(a.alarmed(e, damaged.Code))
}

// rootOf returns what the roster calls its root.
func rootOf(r client.Roster) string {
	for _, p := range r.Places {
		if p.Name == r.Root {
			return p.DisplayName
		}
	}
	return r.Root
}

// levelsOf counts the places of each level, in the order of the first place of each.
func (a *app) levelsOf(places []client.RosterPlace) string {
	var order, out []string
	counts := map[string]uint64{}
	for _, p := range places {
		if counts[p.Level]++; counts[p.Level] == 1 {
			order = append(order, p.Level)
		}
	}
	for _, level := range order {
		out = append(out, text.Word(a.lang, level)+" "+number(counts[level]))
	}
	return a.called(nil, out...)
}

// rosterHeadings are the headings of the list, with the columns that they show.
var rosterHeadings = []heading{
	{text.WordCode, "code"}, {text.WordCalled, "name_zh"}, {text.CLIRosterEnglish, "name_en"}, {text.CLIName, "label"}, {text.CLITreeLevel, "level"},
}

func (a *app) rosterList() *cobra.Command {
	var f client.RosterFilter
	c := a.verb("list", text.CLIShortRosterList, func(cmd *cobra.Command, _ []string) error {
		r, err := a.client().RosterOf(cmd.Context(), f)
		if err != nil {
			return err
		}
		codes, err := a.codesAbove(cmd, f, r)
		if err != nil {
			return err
		}
		a.tellDamaged(r.Damaged)
		return show(a, listed[rosterRow]{
			rows: rosterRows(r, codes), whole: func(rows []rosterRow) any { return rosterOf(r, rows) },
			heading: rosterHeadings,
			line: func(p rosterRow) []string {
				return []string{p.Code, p.DisplayName, p.EnglishName, p.name, text.Word(a.lang, p.Level)}
			},
		})
	})
	c.Example = `  xietong roster list --below 武汉市 --level county
  xietong roster list --search 江
  xietong roster list -o csv > roster.csv`
	c.Flags().StringVar(&f.Below, "below", "", a.t(text.CLIFlagRosterBelow, nil))
	c.Flags().StringVar(&f.Level, "level", "", a.t(text.CLIFlagRosterLevel, nil))
	c.Flags().StringVar(&f.Search, "search", "", a.t(text.CLIFlagRosterSearch, nil))
	return a.listing(rosterHeadings, c)
}

// codesAbove returns the codes of places by their names, for the column of the parents. A part of
// the list lacks parents, and a file of it needs them.
func (a *app) codesAbove(cmd *cobra.Command, f client.RosterFilter, r client.Roster) (codes map[string]string, err error) {
	if f != (client.RosterFilter{}) && a.asFile() {
		if r, err = a.client().Roster(cmd.Context()); err != nil {
			return nil, err
		}
	}
	codes = make(map[string]string, len(r.Places))
	for _, p := range r.Places {
		codes[p.Name] = p.Code
	}
	return codes, nil
}

// rosterRow is a place in the form that publish takes.
type rosterRow struct {
	Code        string `json:"code"`
	Level       string `json:"level"`
	Label       string `json:"label"`
	DisplayName string `json:"name_zh"`
	ShortName   string `json:"short_zh"`
	EnglishName string `json:"name_en"`
	Parent      string `json:"parent"`
	name        string
	place       client.RosterPlace
}

// rosterOf returns the roster with its places in the order of the rows.
func rosterOf(r client.Roster, rows []rosterRow) client.Roster {
	r.Places = slices.Clone(r.Places)
	for i, row := range rows {
		r.Places[i] = row.place
	}
	return r
}

func rosterRows(r client.Roster, codes map[string]string) (rows []rosterRow) {
	for _, p := range r.Places {
		label, above, _ := strings.Cut(p.Name, ".")
		parent := codes[above]
		if p.Name == r.Root {
			label, parent = p.Name, "000000"
		}
		rows = append(rows, rosterRow{p.Code, p.Level, label, p.DisplayName, p.ShortName, p.EnglishName, parent, p.Name, p})
	}
	return rows
}

func (a *app) rosterPublish() *cobra.Command {
	var yes bool
	c := a.verb("publish FILE", text.CLIShortRosterPublish, func(cmd *cobra.Command, args []string) error {
		data, err := a.readRoster(args[0])
		if err != nil {
			return err
		}
		list := client.NewRoster{CSV: string(data)}
		plan, err := a.client().PlanRoster(cmd.Context(), list)
		if err != nil {
			return named(err, args[0])
		}
		if !plan.Same { // to publish the list in force records nothing, and there is nothing to ask
			if err := a.agreed(cmd, yes, plan, func() { a.tellRosterPlan(plan) }, text.CLIRosterAsk); err != nil {
				return err
			}
		}
		list.Plan = plan.Hash
		published, err := a.client().PublishRoster(cmd.Context(), list)
		switch {
		case err != nil:
			return named(err, args[0])
		case a.jsonOnly && plan.Same:
			return printJSON(a.stdout, plan)
		case a.jsonOnly:
			return printJSON(a.stdout, published)
		}
		said := text.CLIRosterDone
		switch {
		case plan.Damaged != nil && plan.Same:
			said = text.CLIRosterMended
		case plan.Same:
			said = text.CLIRosterSame
		}
		a.say(said, text.Args{"number": number(plan.Number), "entry": published.Entry})
		return nil
	})
	c.Example = `  xietong roster list -o csv > roster.csv
  xietong --as civil-affairs roster publish roster.csv`
	c.Flags().BoolVar(&yes, "yes", false, a.t(text.CLIFlagYes, nil))
	return c
}

// maxPlanLines is how many places of each kind a plan names on the screen.
const maxPlanLines = 20

// tellRosterPlan tells what a new list adds, changes and takes away. Places gone that have joined
// are all named that the plan lists.
func (a *app) tellRosterPlan(p client.RosterPlan) {
	if p.Damaged != nil {
		a.tell(text.CLIRosterAgainst, text.Args{"number": p.Damaged.Args["number"]})
	}
	count := func(n int) string { return number(uint64(n)) }
	a.tell(text.CLIRosterPlan, text.Args{
		"number": number(p.Number), "places": count(p.Places), "added": count(p.Added), "changed": count(p.Changed), "gone": count(p.Gone),
	})
	for i, o := range p.Lost {
		switch {
		case o.Joined:
			a.tell(text.CLIRosterLostJoined, text.Args{"title": o.DisplayName, "name": o.Name})
		case i < maxPlanLines:
			a.tell(text.CLIRosterLost, text.Args{"title": o.DisplayName, "name": o.Name})
		}
	}
	for _, c := range p.Edited[:min(len(p.Edited), maxPlanLines)] {
		a.tell(text.CLIRosterEdited, text.Args{"name": c.After.Name, "before": a.placeWords(c.Before), "after": a.placeWords(c.After)})
	}
	for _, o := range p.New[:min(len(p.New), maxPlanLines)] {
		a.tell(text.CLIRosterNew, text.Args{"title": o.DisplayName, "name": o.Name})
	}
	if max(p.Added, p.Changed, p.Gone) > maxPlanLines {
		a.tell(text.CLIRosterMore, text.Args{"count": count(maxPlanLines)})
	}
}

// placeWords returns what a list says of a place.
func (a *app) placeWords(p client.RosterPlace) string {
	return a.called(nil, slices.DeleteFunc([]string{p.DisplayName, p.ShortName, p.EnglishName, p.Code, text.Word(a.lang, p.Level)}, func(s string) bool { return s == "" })...)
}
