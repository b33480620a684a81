package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"xietong/node/faces/client"
	"xietong/node/ground/text"
)

func (a *app) recordImport() *cobra.Command {
	im, yes := client.Import{}, false
	c := a.verb("import DATASET FILE", text.CLIShortImport, func(cmd *cobra.Command, args []string) error {
		if err := a.fileLast(cmd, args[0], args[1]); err != nil {
			return err
		}
		im.Dataset = args[0]
		if !yes {
			im.Checked = a.confirmLeaving(im.Replace)
		}
		return a.importFile(cmd, im, args[1])
	})
	c.Long = a.t(text.CLILongImport, nil)
	a.addReadingFlags(c, &im)
	c.Flags().BoolVar(&im.KeepGood, "keep-good", false, a.t(text.CLIFlagKeepGood, nil))
	c.Flags().BoolVar(&yes, "yes", false, a.t(text.CLIFlagYes, nil))
	return c
}

// addReadingFlags adds the flags that say how a file is read, and whether it takes the place of all
// records.
func (a *app) addReadingFlags(c *cobra.Command, im *client.Import) {
	f := c.Flags()
	f.StringVar(&im.Format, "format", "", a.t(text.CLIFlagFormat, nil))
	oneOf(c, "format", client.FormatCSV, client.FormatTSV, client.FormatJSON, client.FormatJSONL, client.FormatXLSX)
	f.StringVar(&im.Encoding, "encoding", "", a.t(text.CLIFlagEncoding, nil))
	oneOf(c, "encoding", "utf-8", "gb18030", "big5", "shift-jis", "utf-16le", "utf-16be")
	f.StringVar(&im.Delimiter, "delimiter", "", a.t(text.CLIFlagDelimiter, nil))
	f.StringVar(&im.Sheet, "sheet", "", a.t(text.CLIFlagSheet, nil))
	f.BoolVar(&im.AsSpreadsheet, "as-spreadsheet", false, a.t(text.CLIFlagAsSpreadsheet, nil))
	f.StringVar(&im.Missing, "missing", "", a.t(text.CLIFlagMissing, nil))
	oneOf(c, "missing", client.MissingKeep, client.MissingClear)
	f.BoolVar(&im.Replace, "replace", false, a.t(text.CLIFlagReplace, nil))
}

// missingWord refuses a word for missing columns that is none.
func (a *app) missingWord(im client.Import) error {
	switch im.Missing {
	case "", client.MissingKeep, client.MissingClear:
		return nil
	}
	return a.badValue("--missing", im.Missing, a.t(text.FormOneOf, text.Args{"list": a.called(nil, client.MissingKeep, client.MissingClear)}))
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

// importFile imports the file at path, and tells what came of it.
func (a *app) importFile(cmd *cobra.Command, im client.Import, path string) error {
	done, left, err := a.loadFile(cmd, im, path)
	switch {
	case err != nil:
		return err
	case a.jsonOnly:
		return printJSON(a.stdout, imported{done, left})
	case done.Unchanged && done.Import == "":
		a.say(text.CLIImportSame, text.Args{"rows": number(done.Rows), "time": a.localTime(done.Time), "entry": done.Published})
		return nil
	case done.Unchanged:
		a.say(text.CLIImportUnchanged, text.Args{"time": a.localTime(done.Time), "entry": done.Published})
		return nil
	}
	a.say(text.CLIImportDone, text.Args{"rows": number(done.Rows), "skipped": number(done.Skipped), "entry": done.Published})
	if done.Left > 0 {
		a.say(text.CLIImportLeft, text.Args{"left": number(done.Left)})
	}
	return nil
}

// loadFile loads the file at path. It is read more than once, so that it must be a file. left is
// the file of the rows that were left out.
func (a *app) loadFile(cmd *cobra.Command, im client.Import, path string) (done client.Imported, left string, err error) {
	if err := a.missingWord(im); err != nil {
		return done, "", err
	}
	err = withRows(path, func(f *os.File) error {
		im.File = f
		done, left, err = a.importRecords(cmd, im, path)
		return named(err, path)
	})
	return done, left, err
}

// withRows calls use with the file at path, which can be read more than once.
func withRows(path string, use func(*os.File) error) error {
	if path == "-" {
		return &notAFile{path}
	}
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	switch info, err := f.Stat(); {
	case err != nil:
		return err
	case info.IsDir():
		return &badFile{path, errors.New("it is a folder")}
	case !info.Mode().IsRegular():
		return &notAFile{path}
	}
	return use(f)
}

const (
	badSuffix = ".bad" // added to the name of the imported file, before what its rows are
	badShown  = 20     // most bad rows that are printed
)

// importRecords loads a file. With --keep-good it writes the rows that are left out to a file
// beside path, so that they can be mended and imported, and returns its name.
func (a *app) importRecords(cmd *cobra.Command, im client.Import, path string) (done client.Imported, left string, err error) {
	m := a.meter()
	loaded := uint64(0)
	im.Progress = func(pass string, done, total uint64) {
		if pass == client.PassLoad {
			loaded = done
		}
		m.tell(a.importStep(im, pass, done, total), pass == client.PassLoad && done == total)
	}
	confirm := im.Checked
	im.Checked = func(check client.ImportCheck) (err error) {
		m.clear()
		switch {
		case !a.jsonOnly:
			a.printCheck(a.stderr, check, im) // it is not yet the answer
		case check.BadCount > 0 && !im.KeepGood:
			return printJSON(a.stdout, check) // the import ends here
		}
		if check.BadCount > 0 && im.KeepGood && !im.Replace {
			left, err = a.writeBad(path, check, text.CLIImportBadSaved, func(w io.Writer) error { return a.client().BadRows(cmd.Context(), im, w) })
		}
		if err == nil && confirm != nil && check.Good > 0 { // else it is refused
			err = confirm(check)
		}
		if errors.Is(err, errNotConfirmed) && a.jsonOnly {
			return errors.Join(printJSON(a.stdout, check), err)
		}
		return err
	}
	done, err = a.client().ImportRecords(cmd.Context(), im)
	m.clear()
	if err != nil && (loaded > 0 || errors.Is(err, context.Canceled)) {
		err = &importStopped{err}
	}
	return done, left, err
}

// imported is what a program is told of an import.
type imported struct {
	client.Imported
	BadFile string `json:"bad_file,omitempty"` // the file of the rows that were left out
}

// importStopped is the error of an import of which rows may be loaded, and no answer came.
type importStopped struct{ err error }

func (e *importStopped) Error() string { return e.err.Error() }
func (e *importStopped) Unwrap() error { return e.err }

func (a *app) importStep(im client.Import, pass string, done, total uint64) string {
	step := text.CLIImportChecking
	switch {
	case pass == client.PassLoad && im.Entry != nil:
		step = text.CLIAlongProgress
	case pass == client.PassLoad:
		step = text.CLIImportProgress
	}
	return a.t(step, text.Args{"percent": number(done * 100 / max(total, 1))})
}

// printCheck prints what a file has.
func (a *app) printCheck(w io.Writer, check client.ImportCheck, im client.Import) {
	a.printTaken(w, check, im)
	shown := check.Bad[:min(len(check.Bad), badShown)]
	for _, bad := range shown {
		for _, fault := range bad.Faults {
			a.line(w, clean(text.RowFault(fault).Tell(a.lang)))
		}
	}
	if more := check.BadCount - min(check.BadCount, uint64(len(shown))); more > 0 {
		a.line(w, a.t(text.CLIImportMoreBad, text.Args{"count": number(more)}))
	}
	a.line(w, a.t(text.CLIImportChecked, text.Args{
		"rows": number(check.Rows), "good": number(check.Good), "bad": number(check.BadCount),
	}))
	if check.Mendable > 0 {
		a.line(w, a.t(text.CLIImportMendable, text.Args{"count": number(check.Mendable)}))
	}
	a.printEffect(w, check, im.Replace)
}

// printTaken tells how the file was read.
func (a *app) printTaken(w io.Writer, check client.ImportCheck, im client.Import) {
	tell := func(code text.Code, args text.Args) { a.line(w, a.t(code, args)) }
	how := []string{check.Taken.Format}
	if check.Taken.Encoding != "" {
		how = append(how, check.Taken.Encoding)
	}
	if check.Taken.Delimiter != "" && check.Taken.Delimiter != "," {
		how = append(how, a.t(text.CLIImportDelimiter, text.Args{"delimiter": strings.ReplaceAll(check.Taken.Delimiter, "\t", a.t(text.CLITab, nil))}))
	}
	if check.Taken.Sheet != "" {
		how = append(how, a.t(text.CLIImportSheet, text.Args{"sheet": check.Taken.Sheet}))
	}
	tell(text.CLIImportTaken, text.Args{"how": strings.Join(how, a.t(text.CLINameComma, nil))})
	if check.Taken.Hidden != "" {
		tell(text.CLIImportHidden, text.Args{"sheets": check.Taken.Hidden})
	}
	if len(check.Titles) > 0 {
		tell(text.CLIImportTitles, text.Args{"lines": a.lines(check.Titles)})
	}
	if len(check.Missing) > 0 {
		code := map[string]text.Code{
			"": text.CLIImportLacks, client.MissingKeep: text.CLIImportKept, client.MissingClear: text.CLIImportCleared,
		}
		tell(code[im.Missing], text.Args{"fields": strings.Join(check.Missing, a.t(text.CLINameComma, nil))})
	}
	for _, r := range check.Readings {
		tell(text.CLIImportReading, text.Args{"line": number(r.Line), "letter": r.Letter, "cell": r.Cell, "read": r.Read})
	}
	alike := text.CLIImportAlike
	if check.Taken.Format == client.FormatJSON {
		alike = text.CLIImportAlikeRecord
	}
	for _, k := range check.Alike {
		tell(alike, text.Args{"line": number(k.Line), "first": number(k.First)})
	}
	if check.ShortCount > 0 {
		lines := a.lines(check.Short)
		if check.ShortCount > uint64(len(check.Short)) {
			lines += a.t(text.CLINameComma, nil) + "…"
		}
		tell(text.CLIImportShort, text.Args{"count": number(check.ShortCount), "lines": lines})
	}
	if len(check.Totals) > 0 {
		tell(text.CLIImportTotals, text.Args{"lines": a.lines(check.Totals)})
	}
}

// lines returns numbers of lines as a list.
func (a *app) lines(all []uint64) string {
	var told []string
	for _, n := range all {
		told = append(told, number(n))
	}
	return strings.Join(told, a.t(text.CLINameComma, nil))
}

// printEffect tells what the file changes, where there are records to compare it with.
func (a *app) printEffect(w io.Writer, check client.ImportCheck, replace bool) {
	if check.Replaced+check.Unchanged+check.Absent == 0 || check.Rows == 0 {
		return
	}
	compared := text.CLIImportEffect
	if check.BadCount > 0 { // what the bad rows are of is not known, so neither is what the file lacks
		compared = text.CLIImportEffectGood
	}
	if check.BadCount > 0 && check.Good == 0 {
		return
	}
	a.line(w, a.t(compared, text.Args{
		"new": number(check.New), "replaced": number(check.Replaced), "unchanged": number(check.Unchanged),
	}))
	told := text.CLIImportStay
	if replace {
		told = text.CLIImportLeave
	}
	if check.Absent > 0 && check.BadCount == 0 {
		a.line(w, a.t(told, text.Args{"absent": number(check.Absent)}))
	}
}

// writeBad writes the bad rows to a file beside path, says so, and returns its name. A file that is
// there stays, since somebody may have mended it: the new one has the next number.
func (a *app) writeBad(path string, check client.ImportCheck, said text.Code, write func(io.Writer) error) (string, error) {
	ending := "." + client.FormatCSV
	if check.Taken.Format == client.FormatJSON || check.Taken.Format == client.FormatJSONL {
		ending = "." + client.FormatJSONL
	}
	f, err := newPending(path + badSuffix + ending)
	if err != nil {
		return "", err
	}
	defer f.discard()
	if err := write(f); err != nil {
		return "", err
	}
	file, err := f.keepBeside(func(n int) string {
		if n == 1 {
			return path + badSuffix + ending
		}
		return fmt.Sprint(path, badSuffix, "-", n, ending)
	})
	if err == nil && !a.jsonOnly {
		a.tell(said, text.Args{"count": number(check.BadCount), "file": file})
	}
	return file, err
}
