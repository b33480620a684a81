package main

import (
	"bytes"
	"encoding/csv"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"xietong/node/faces/client"
	"xietong/node/ground/text"
)

func (a *app) recordImport() *cobra.Command {
	im := client.Import{}
	c := a.verb("import DATASET FILE", text.CLIShortImport, func(cmd *cobra.Command, args []string) error {
		im.Dataset = args[0]
		return a.importFile(cmd, im, args[1])
	})
	c.Long = a.t(text.CLILongImport, nil)
	c.Flags().StringVar(&im.Format, "format", "", a.t(text.CLIFlagFormat, nil))
	oneOf(c, "format", client.FormatCSV, client.FormatJSONL)
	c.Flags().BoolVar(&im.KeepGood, "keep-good", false, a.t(text.CLIFlagKeepGood, nil))
	return c
}

// importFile imports the file at path. If no format is given, the name of the file decides it.
func (a *app) importFile(cmd *cobra.Command, im client.Import, path string) error {
	if im.Format == "" {
		im.Format = formatOf(path)
	}
	if im.Format != client.FormatCSV && im.Format != client.FormatJSONL {
		return usage(text.CLIFormatNeeded, text.Args{"file": path})
	}
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	im.File = f
	return a.importRecords(cmd, im, path+badSuffix)
}

// formatOf returns the format by the ending of the name; "" for an unknown ending.
func formatOf(path string) string {
	switch strings.ToLower(filepath.Ext(path)) {
	case ".csv":
		return client.FormatCSV
	case ".jsonl", ".ndjson":
		return client.FormatJSONL
	}
	return ""
}

const (
	badSuffix = ".bad.csv" // added to the name of the imported file
	badShown  = 20         // most bad rows that are printed
)

// importRecords imports a file. With --keep-good it writes a list of the rows that are left out to
// the file named bad.
func (a *app) importRecords(cmd *cobra.Command, im client.Import, bad string) error {
	m := a.meter()
	im.Progress = func(pass string, done, total uint64) {
		m.tell(a.importStep(pass, done, total), pass == client.PassLoad && done == total)
	}
	im.Checked = func(check client.ImportCheck) error {
		m.clear()
		switch {
		case !a.jsonOnly:
			a.printCheck(check)
		case check.BadCount > 0 && !im.KeepGood:
			return printJSON(a.stdout, check) // the import ends here
		}
		if check.BadCount == 0 || !im.KeepGood {
			return nil
		}
		return a.writeBad(bad, check)
	}
	done, err := a.client().ImportRecords(cmd.Context(), im)
	m.clear()
	if err != nil {
		return err
	}
	if a.jsonOnly {
		return printJSON(a.stdout, done)
	}
	if done.Unchanged {
		a.say(text.CLIImportUnchanged, text.Args{"time": a.localTime(done.Time), "entry": done.Published})
		return nil
	}
	a.say(text.CLIImportDone, text.Args{"rows": number(done.Rows), "skipped": number(done.Skipped), "entry": done.Published})
	return nil
}

func (a *app) importStep(pass string, done, total uint64) string {
	if pass == client.PassLoad {
		return a.t(text.CLIImportProgress, text.Args{"done": number(done), "total": number(total)})
	}
	return a.t(text.CLIImportChecking, text.Args{"percent": number(done * 100 / max(total, 1))})
}

// printCheck prints the result of the first pass to standard error, because it is not yet the
// answer.
func (a *app) printCheck(check client.ImportCheck) {
	shown := check.Bad[:min(len(check.Bad), badShown)]
	for _, bad := range shown {
		code, args := text.CLIImportBadRow, text.Args{"row": number(bad.Row), "column": bad.Column, "reason": text.Cause(a.lang, bad.Reason)}
		if bad.Column == "" {
			code = text.CLIImportBadWholeRow
		}
		a.line(a.stderr, a.t(code, args))
	}
	if more := check.BadCount - min(check.BadCount, uint64(len(shown))); more > 0 {
		a.line(a.stderr, a.t(text.CLIImportMoreBad, text.Args{"count": number(more)}))
	}
	a.line(a.stderr, a.t(text.CLIImportChecked, text.Args{
		"rows": number(check.Rows), "good": number(check.Good), "bad": number(check.BadCount),
	}))
}

// writeBad lists the rows that are left out, as a CSV of row, column and reason. The node tells at
// most the first 10,000.
func (a *app) writeBad(path string, check client.ImportCheck) error {
	file := bytes.NewBufferString("\uFEFF") // spreadsheets need this mark to see UTF-8
	w := csv.NewWriter(file)
	if err := w.Write([]string{"row", "column", "reason"}); err != nil {
		return err
	}
	for _, bad := range check.Bad {
		if err := w.Write([]string{number(bad.Row), clean(bad.Column), clean(text.Cause(a.lang, bad.Reason))}); err != nil {
			return err
		}
	}
	w.Flush()
	if err := writeFile(path, file.Bytes()); err != nil || a.jsonOnly {
		return err
	}
	a.line(a.stderr, a.t(text.CLIImportBadSaved, text.Args{"count": number(uint64(len(check.Bad))), "file": path}))
	return nil
}
