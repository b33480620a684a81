package main

import (
	"cmp"
	"context"
	"errors"
	"io"
	"os"

	"github.com/spf13/cobra"

	"xietong/node/faces/client"
	"xietong/node/ground/text"
)

// datasetOrFile is the argument that names a dataset, for whose records the node is asked, or the
// file of its entry, by which this process checks: what is no code is a file.
const datasetOrFile = "DATASET|FILE.json"

func (a *app) recordCheck() *cobra.Command {
	im, save := client.Import{}, false
	c := a.verb("check "+datasetOrFile+" FILE", text.CLIShortRecordCheck, func(cmd *cobra.Command, args []string) error {
		if err := cmp.Or(a.fileLast(cmd, args[0], args[1]), a.missingWord(im)); err != nil {
			return err
		}
		if !labelShape.MatchString(args[0]) {
			return a.checkAlone(cmd, im, args[0], args[1], save)
		}
		if a.foreign != "" {
			return &foreignError{a.foreign}
		}
		im.Dataset = args[0]
		return named(a.askedOfNode(args[0], a.checkAtNode(cmd.Context(), im, args[1], save)), args[1])
	})
	c.Long = a.t(text.CLILongRecordCheck, nil)
	c.Example = `  xietong record check villages.json villages.xlsx
  xietong record check villages villages.csv --missing keep`
	a.addReadingFlags(c, &im)
	c.Flags().BoolVar(&save, "save-bad", false, a.t(text.CLIFlagSaveBad, nil))
	return c
}

// askedOfNode turns the error of a check where there is no data directory: whoever has no node is
// to name the file of the entry, and not to make a node.
func (a *app) askedOfNode(dataset string, err error) error {
	if p, away := a.unreached(err); away && p.Code == string(text.DirAbsent) {
		return text.Fail(text.EntryByFile, text.Args{"dir": a.data, "dataset": dataset}, err)
	}
	return err
}

// checkAtNode has the node check the file at path by the entry in force, and compare it with the
// records.
func (a *app) checkAtNode(ctx context.Context, im client.Import, path string, save bool) error {
	return withRows(path, func(f *os.File) error {
		m := a.meter()
		im.File, im.Progress = f, a.checking(m, im)
		check, err := a.client().CheckRecords(ctx, im)
		m.clear()
		if err != nil {
			return err
		}
		c := checkedFile{ImportCheck: check, path: path, how: im}
		return a.showChecked(c, save, func(w io.Writer) error { return a.client().BadRows(ctx, im, w) })
	})
}

// checking returns what tells how far a check is.
func (a *app) checking(m *meter, im client.Import) func(pass string, done, total uint64) {
	return func(pass string, done, total uint64) { m.tell(a.importStep(im, pass, done, total), false) }
}

// checkAlone checks the file at path by the entry in a file. No node needs to run.
func (a *app) checkAlone(cmd *cobra.Command, im client.Import, entry, path string, save bool) error {
	switch {
	case im.Missing == client.MissingKeep:
		return a.needsRecords("--missing " + im.Missing)
	case im.Replace:
		return a.needsRecords("--replace")
	}
	var d client.Standard // whose members are those of a dataset, and more
	if err := a.readJSON(entry, &d); err != nil {
		if a.readJSON(path, &d) == nil && d.Code != "" {
			u := usage(text.CLIArgumentsSwapped, text.Args{"first": "FILE.json", "value": entry, "second": "FILE"})
			u.do = a.meant(cmd, path, entry)
			return u
		}
		return err
	}
	im.Dataset, im.Entry = d.Code, &d.NewDataset
	return withRows(path, func(f *os.File) error {
		m := a.meter()
		im.File, im.Progress = f, a.checking(m, im)
		err := a.node.checkRecords(cmd.Context(), a.lang, im, func(check client.ImportCheck, bad func(io.Writer) error) error {
			m.clear()
			return a.showChecked(checkedFile{ImportCheck: check, path: path, how: im, by: &d, entry: entry}, save, bad)
		})
		m.clear()
		return named(ofEntryFile(err, entry), path)
	})
}

// ofEntryFile tells the fault of an entry as one of its file, which nobody publishes here.
func ofEntryFile(err error, file string) error {
	if f, ok := errors.AsType[*text.Failure](err); ok && f.Code == text.EntryInvalid {
		return text.Fail(text.EntryFileFault, text.Args{"file": file, "reason": f.Args["reason"]}, err)
	}
	return err
}

// needsRecords refuses a flag that says nothing where the records are not known.
func (a *app) needsRecords(flag string) error {
	u := usage(text.CLICheckNeedsRecords, text.Args{"flag": flag})
	u.do = a.t(text.CLICheckNeedsRecordsDo, text.Args{"flag": flag})
	return u
}

// checkedFile is the outcome of a check.
type checkedFile struct {
	client.ImportCheck
	path string
	how  client.Import

	by    *client.Standard // the entry by which this process checked; nil: a node did
	entry string           // its file
}

// showChecked prints what a file has, and saves its bad rows where that is asked for. Bad rows, or
// none at all, are an error, as they are of an import.
func (a *app) showChecked(c checkedFile, save bool, bad func(io.Writer) error) (err error) {
	saved := ""
	if save && c.BadCount > 0 {
		if saved, err = a.writeBad(c.path, c.ImportCheck, text.CLICheckBadSaved, bad); err != nil {
			return err
		}
	}
	if a.jsonOnly {
		err = printJSON(a.stdout, c.asJSON(saved))
	} else {
		a.printCheck(a.stdout, c.ImportCheck, c.how)
		a.tellAlone(c)
		if c.BadCount > 0 && !save {
			a.tell(text.CLICheckBadHint, nil)
		}
	}
	args := text.Args{"bad": number(c.BadCount), "rows": number(c.Rows), "file": c.path}
	switch {
	case err != nil:
		return err
	case c.Rows == 0:
		return text.Fail(text.RowsNone, args, nil)
	case c.BadCount > 0:
		return text.Fail(text.RowsNotGood, args, nil)
	}
	return nil
}

// tellAlone tells by what a file was checked where no node was asked, and what is not known there.
func (a *app) tellAlone(c checkedFile) {
	if c.by == nil {
		return
	}
	args := text.Args{"file": c.entry, "title": c.by.Title, "version": number(c.by.Version)}
	by := text.CLICheckBy
	if c.by.Version > 0 {
		by = text.CLICheckByVersion
	}
	a.tell(by, args)
	a.tell(text.CLICheckOffline, nil)
	if len(c.Missing) > 0 && c.how.Missing == "" {
		a.tell(text.CLICheckOfflineLacks, nil)
	}
}

// checkedJSON is a check for a program. Where no node was asked, what needs the records is not
// known, and left out.
type checkedJSON struct {
	client.ImportCheck
	New       *uint64 `json:"new,omitempty"`
	Replaced  *uint64 `json:"replaced,omitempty"`
	Unchanged *uint64 `json:"unchanged,omitempty"`
	Absent    *uint64 `json:"absent,omitempty"`
	Plan      string  `json:"plan,omitempty"`
	BadFile   string  `json:"bad_file,omitempty"` // the file of the bad rows, where they were saved
	Offline   bool    `json:"offline"`            // no node was asked
}

func (c checkedFile) asJSON(saved string) checkedJSON {
	out := checkedJSON{ImportCheck: c.ImportCheck, Plan: c.Plan, BadFile: saved, Offline: c.by != nil}
	if c.by == nil {
		out.New, out.Replaced, out.Unchanged, out.Absent = &c.New, &c.Replaced, &c.Unchanged, &c.Absent
	}
	return out
}
