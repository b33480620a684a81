package main

import (
	"cmp"
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"xietong/node/faces/client"
	"xietong/node/ground/text"
)

func (a *app) standardCommand() *cobra.Command {
	return a.group("standard", text.CLIShortStandard, a.standardPublish(), a.standardList(), a.standardShow(), a.standardWithdraw())
}

func (a *app) standardPublish() *cobra.Command {
	return a.verb("publish FILE.json", text.CLIShortStandardPublish, func(cmd *cobra.Command, args []string) error {
		var shown client.Standard // as of a dataset
		if err := a.readJSON(args[0], &shown); err != nil {
			return err
		}
		set, err := a.client().PublishStandard(cmd.Context(), shown.NewStandard)
		if err != nil {
			return err
		}
		if a.jsonOnly {
			return printJSON(a.stdout, set)
		}
		a.say(text.CLIStandardDone, text.Args{
			"title": set.Title, "dataset": set.Code, "level": text.Word(a.lang, set.Level), "version": number(set.Version), "entry": set.Entry,
		})
		return nil
	})
}

// standardHeadings are the headings of the list, with the columns that they show.
var standardHeadings = []heading{
	{text.WordCode, "code"}, {text.WordTitle, "title"}, {text.CLITreeLevel, "level"}, {text.WordCategory, "category"}, {text.CLIVersion, "version"}, {text.WordEntry, "entry"},
}

func (a *app) standardList() *cobra.Command {
	var at string
	var above bool
	c := a.verb("list", text.CLIShortStandardList, func(cmd *cobra.Command, _ []string) error {
		all, err := a.client().Standards(cmd.Context(), at, above)
		if err != nil {
			return err
		}
		return show(a, listed[client.Standard]{
			rows: all, whole: func(rows []client.Standard) any { return client.Standards{Standards: rows} },
			heading: standardHeadings,
			line: func(s client.Standard) []string {
				return []string{s.Code, s.Title, text.Word(a.lang, s.Level), a.category(s.Category), number(s.Version), s.Entry}
			},
		})
	})
	c.Flags().StringVar(&at, "at", "", a.t(text.CLIFlagAtOne, nil))
	c.Flags().BoolVar(&above, "above", false, a.t(text.CLIFlagAboveAll, nil))
	return a.listing(standardHeadings, c)
}

func (a *app) standardShow() *cobra.Command {
	var from string
	c := a.verb("show DATASET", text.CLIShortStandardShow, func(cmd *cobra.Command, args []string) error {
		s, err := a.client().StandardOf(cmd.Context(), args[0], from)
		if err != nil {
			return err
		}
		if a.jsonOnly {
			return printJSON(a.stdout, s)
		}
		a.printDataset(client.Dataset{NewDataset: s.NewDataset, Version: s.Version, Entry: s.Entry, Held: s.Held}, pair{a.t(text.CLIForLevel, nil), text.Word(a.lang, s.Level)})
		return nil
	})
	c.Flags().StringVar(&from, "from", "", a.t(text.CLIFlagSetter, nil))
	return c
}

// datasetAdopt makes the verb that publishes a dataset by a standard entry of a jurisdiction above:
// the entry unchanged, or the dataset in a file.
func (a *app) datasetAdopt() *cobra.Command {
	var from, file string
	var to toPublish
	c := a.verb("adopt DATASET", text.CLIShortDatasetAdopt, func(cmd *cobra.Command, args []string) error {
		s, err := a.client().ToAdopt(cmd.Context(), args[0], from)
		if err != nil {
			return err
		}
		d := s.NewDataset
		d.Agency, d.Standard = "", s.Entry
		if file != "" {
			d = client.NewDataset{}
			if err := a.readDataset(file, &d); err != nil {
				return err
			}
			if d.Code != "" && d.Code != s.Code {
				reason := fmt.Sprintf("the file is of the dataset %s, and %s is adopted", text.Short(d.Code), s.Code)
				return text.Fail(text.BadRequest, text.Args{"where": "--file", "reason": reason}, nil)
			}
			d.Standard = cmp.Or(d.Standard, s.Entry)
		}
		d.Agency = cmp.Or(a.as, d.Agency)
		err = a.publishing(cmd, d, to, func(published client.Dataset, _ bool) {
			a.say(text.CLIAdopted, text.Args{
				"title": published.Title, "dataset": published.Code, "standard": s.Entry, "version": number(published.Version), "entry": published.Entry,
			})
		})
		return a.ofAnother(cmd.Context(), err, s.Code, file)
	})
	c.Flags().StringVar(&from, "from", "", a.t(text.CLIFlagFrom, nil))
	c.Flags().StringVar(&file, "file", "", a.t(text.CLIFlagTighter, nil))
	a.addPublishFlags(c, &to)
	aFile(c.Flags(), "file", "json")
	return c
}

// ofAnother tells whoever adopts a standard without a file, for an agency that does not provide the
// dataset, which agency does: no file says another.
func (a *app) ofAnother(ctx context.Context, err error, code, file string) error {
	if file != "" || !isProblem(err, text.AgencyOfEntry) {
		return err
	}
	now, failed := a.client().Dataset(ctx, code)
	if failed != nil {
		return err
	}
	return text.Fail(text.AdoptedByOther, text.Args{"dataset": code, "agency": a.as, "provider": now.Agency}, nil)
}
