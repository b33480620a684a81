package main

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"xietong/node/faces/client"
	"xietong/node/ground/text"
)

func (a *app) recordImport() *cobra.Command {
	im, yes := client.Import{}, false
	c := a.verb("import DATASET FILE", text.CLIShortImport, func(cmd *cobra.Command, args []string) error {
		im.Dataset = args[0]
		if !yes {
			im.Checked = a.confirmLeaving(im.Replace)
		}
		return a.importFile(cmd, im, args[1])
	})
	c.Long = a.t(text.CLILongImport, nil)
	c.Flags().StringVar(&im.Format, "format", "", a.t(text.CLIFlagFormat, nil))
	oneOf(c, "format", client.FormatCSV, client.FormatJSONL)
	c.Flags().BoolVar(&im.KeepGood, "keep-good", false, a.t(text.CLIFlagKeepGood, nil))
	c.Flags().BoolVar(&im.Replace, "replace", false, a.t(text.CLIFlagReplace, nil))
	c.Flags().BoolVar(&yes, "yes", false, a.t(text.CLIFlagYes, nil))
	return c
}

// errNotConfirmed is returned where a person was asked, and did not say yes.
var errNotConfirmed = errors.New("not confirmed")

// confirmed asks the question on standard error, and reads the answer from standard input. With
// --json nobody is asked, and the answer is no.
func (a *app) confirmed(question string) error {
	if a.jsonOnly {
		return errNotConfirmed
	}
	fmt.Fprint(a.stderr, question+" ")
	answer, err := bufio.NewReader(io.LimitReader(a.stdin, maxAnswer)).ReadString('\n')
	if err != nil && answer == "" {
		fmt.Fprintln(a.stderr) // nobody ended the line
	}
	switch strings.ToLower(strings.TrimSpace(answer)) {
	case "y", "yes", "是":
		return nil
	}
	return errNotConfirmed
}

// maxAnswer bounds the answer to a question, in bytes.
const maxAnswer = 100

// confirmLeaving asks before records are taken out.
func (a *app) confirmLeaving(replace bool) func(client.ImportCheck) error {
	return func(check client.ImportCheck) error {
		if !replace || check.Absent == 0 || check.BadCount > 0 {
			return nil
		}
		return a.confirmed(a.t(text.CLIImportLeaveSure, text.Args{"absent": number(check.Absent)}))
	}
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
	confirm := im.Checked
	im.Checked = func(check client.ImportCheck) (err error) {
		m.clear()
		switch {
		case !a.jsonOnly:
			a.printCheck(check, im.Replace)
		case check.BadCount > 0 && !im.KeepGood:
			return printJSON(a.stdout, check) // the import ends here
		}
		if check.BadCount > 0 && im.KeepGood {
			err = a.writeBad(bad, check)
		}
		if err == nil && confirm != nil {
			err = confirm(check)
		}
		if errors.Is(err, errNotConfirmed) && a.jsonOnly {
			return errors.Join(printJSON(a.stdout, check), err)
		}
		return err
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
	if done.Left > 0 {
		a.say(text.CLIImportLeft, text.Args{"left": number(done.Left)})
	}
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
func (a *app) printCheck(check client.ImportCheck, replace bool) {
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
	a.printEffect(check, replace)
}

// printEffect tells what the file changes, where there are records to compare it with.
func (a *app) printEffect(check client.ImportCheck, replace bool) {
	if check.Replaced+check.Unchanged+check.Absent == 0 {
		return
	}
	a.line(a.stderr, a.t(text.CLIImportEffect, text.Args{
		"new": number(check.New), "replaced": number(check.Replaced), "unchanged": number(check.Unchanged),
	}))
	told := text.CLIImportStay
	if replace {
		told = text.CLIImportLeave
	}
	if check.Absent > 0 {
		a.line(a.stderr, a.t(told, text.Args{"absent": number(check.Absent)}))
	}
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
