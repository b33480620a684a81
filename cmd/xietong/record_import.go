package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"xietong/node/client"
	"xietong/node/text"
)

func (a *app) recordImport() *cobra.Command {
	im := client.Import{}
	c := a.verb("import DATASET FILE", text.CLIShortImport, func(cmd *cobra.Command, args []string) error {
		im.Dataset = args[0]
		if im.Format == "" {
			im.Format = formatOf(args[1])
		}
		if im.Format != client.FormatCSV && im.Format != client.FormatJSONL {
			return usage(text.CLIFormatNeeded, text.Args{"file": args[1]})
		}
		f, err := os.Open(args[1])
		if err != nil {
			return err
		}
		defer f.Close()
		im.File = f
		return a.importRecords(cmd, im)
	})
	c.Long = a.t(text.CLILongImport, nil)
	c.Flags().StringVar(&im.Format, "format", "", a.t(text.CLIFlagFormat, nil))
	c.Flags().BoolVar(&im.KeepGood, "keep-good", false, a.t(text.CLIFlagKeepGood, nil))
	return c
}

// formatOf tells the format by the name's ending, or "".
func formatOf(path string) string {
	switch strings.ToLower(filepath.Ext(path)) {
	case ".csv":
		return client.FormatCSV
	case ".jsonl", ".ndjson":
		return client.FormatJSONL
	}
	return ""
}

func (a *app) importRecords(cmd *cobra.Command, im client.Import) error {
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
		return nil
	}
	done, err := a.client().ImportRecords(cmd.Context(), im)
	m.clear()
	if err != nil {
		return err
	}
	if a.jsonOnly {
		return printJSON(a.stdout, done)
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

// printCheck tells what the first pass found, on standard error: it is no answer yet.
func (a *app) printCheck(check client.ImportCheck) {
	for _, bad := range check.Bad {
		code, args := text.CLIImportBadRow, text.Args{"row": number(bad.Row), "column": bad.Column, "reason": bad.Reason}
		if bad.Column == "" {
			code = text.CLIImportBadWholeRow
		}
		fmt.Fprintln(a.stderr, a.t(code, args))
	}
	if more := check.BadCount - min(check.BadCount, uint64(len(check.Bad))); more > 0 {
		fmt.Fprintln(a.stderr, a.t(text.CLIImportMoreBad, text.Args{"count": number(more)}))
	}
	fmt.Fprintln(a.stderr, a.t(text.CLIImportChecked, text.Args{
		"rows": number(check.Rows), "good": number(check.Good), "bad": number(check.BadCount),
	}))
}
