package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"reflect"
	"slices"

	"github.com/spf13/cobra"

	"xietong/node/faces/export"
	"xietong/node/ground/text"
)

// Every verb that lists goes through this file: it gives the same rows in each format, alone on
// standard output or in a file. What else there is to say goes to standard error.

// output says how a verb that lists gives its rows.
type output struct {
	format string // of formatNames; "": a table, or by the ending of the file
	file   string // "": standard output
	mark   bool   // the mark of UTF-8 before CSV and TSV
	force  bool   // an existing file is replaced
	sort   string // FIELD or FIELD:desc; "": the verb's own order

	headings []heading // of the verb
}

const formatTable = "table"

// formatNames are the formats that -o takes.
var formatNames = []string{
	formatTable, string(export.CSV), string(export.TSV), string(export.JSONL), string(export.JSON), string(export.XLSX),
}

// lists is the annotation of a verb that lists.
const lists = "lists"

// listing makes a verb one that lists: it takes -o, --out, --sort, --bom and --force. Its rows have
// the headings for people, by which they can be sorted; nil: those of the fields of a dataset.
func (a *app) listing(headings []heading, c *cobra.Command) *cobra.Command {
	flags := c.Flags()
	flags.StringVarP(&a.output.format, "format", "o", "", a.t(text.CLIFlagOutput, text.Args{"list": a.called(nil, formatNames...)}))
	flags.StringVar(&a.output.file, "out", "", a.t(text.CLIFlagOutFile, nil))
	flags.BoolVar(&a.output.mark, "bom", false, a.t(text.CLIFlagMark, nil))
	flags.StringVar(&a.output.sort, "sort", "", a.t(text.CLIFlagSort, nil))
	flags.BoolVar(&a.output.force, "force", false, a.t(text.CLIFlagForce, nil))
	with(c, "out", "force")
	oneOf(c, "format", formatNames...)
	c.Annotations = map[string]string{lists: "rows"}
	a.completesSort(c, headings)
	run := c.RunE
	c.RunE = func(cmd *cobra.Command, args []string) error {
		a.output.headings = headings
		if err := a.chooseOutput(); err != nil {
			err.command = cmd.CommandPath()
			return err
		}
		if err := a.tryOutput(); err != nil {
			return err
		}
		return run(cmd, args)
	}
	return c
}

// chooseOutput completes what the flags say, and refuses what does not go together.
func (a *app) chooseOutput() *usageError {
	o := &a.output
	if o.format == "" {
		o.format = cmp.Or(map[bool]string{true: string(export.JSON)}[a.jsonOnly], string(export.FormatOf(o.file)))
	}
	switch {
	case o.format == "" && o.file != "":
		return usage(text.CLIOutputNeeded, text.Args{"file": o.file})
	case o.format == "":
		o.format = formatTable
	case !slices.Contains(formatNames, o.format):
		return a.badValue("-o", o.format, a.t(text.FormOneOf, text.Args{"list": a.called(nil, formatNames...)}))
	case a.jsonOnly && o.format != string(export.JSON):
		return usage(text.CLINotTogether, text.Args{"flag": "--json", "other": "-o " + o.format})
	case o.format == formatTable && o.file != "":
		return usage(text.CLINotTogether, text.Args{"flag": "-o " + formatTable, "other": "--out"})
	case o.mark && o.format != string(export.CSV) && o.format != string(export.TSV):
		return usage(text.CLINotTogether, text.Args{"flag": "--bom", "other": "-o " + o.format})
	case o.format == string(export.XLSX) && o.file == "" && a.columns > 0:
		return usage(text.CLINoSheetHere, nil)
	}
	a.jsonOnly = o.format == string(export.JSON)
	return nil
}

// tryOutput looks whether the file can be written, before anything is asked: a question is recorded
// at both sides, and of no use to whoever does not get the answer.
func (a *app) tryOutput() error {
	if a.output.file == "" {
		return nil
	}
	f, err := a.newFile(a.output.file)
	if err != nil {
		return asOutput(err, a.output.file)
	}
	f.discard()
	return nil
}

// asFile reports whether the rows go to a file or a program, and not to a person.
func (a *app) asFile() bool { return a.output.format != formatTable && !a.jsonOnly }

// tell prints a sentence beside the rows of a verb that lists.
func (a *app) tell(code text.Code, args text.Args) { a.line(a.stderr, a.t(code, args)) }

// listed is what a verb lists: rows of a wire type.
type listed[T any] struct {
	rows    []T
	whole   func([]T) any // the wire type that holds the rows, for -o json
	heading []heading
	spare   []string         // the columns that are left out where there is no room, the first one first
	line    func(T) []string // a row for people
}

// heading is what people read above a column.
type heading struct {
	code text.Code
	of   string // the column
}

// headingsOf returns the headings as they are read.
func (a *app) headingsOf(all []heading) []string {
	var told []string
	for _, h := range all {
		told = append(told, a.t(h.code, nil))
	}
	return told
}

// show gives the rows as the flags say.
func show[T any](a *app, l listed[T]) error {
	columns := export.Columns(reflect.TypeFor[T]())
	rows, err := rowsOf(l.rows, columns)
	if err != nil {
		return err
	}
	if err := sortAs(a, l.rows, rows, columns); err != nil {
		return err
	}
	switch {
	case a.jsonOnly:
		return a.answer(l.whole(l.rows))
	case !a.asFile() && len(l.rows) == 0:
		a.tell(text.CLINothing, nil)
		return nil
	case !a.asFile():
		var lines [][]string
		for _, row := range l.rows {
			lines = append(lines, l.line(row))
		}
		a.showGrid(l.heading, l.spare, lines)
		return nil
	}
	return a.writeAll(columns, a.escapes(true), func(write func(export.Row) error) error {
		for _, row := range rows {
			if err := write(row); err != nil {
				return err
			}
		}
		return nil
	})
}

// rowsOf returns values of a wire type as rows.
func rowsOf[T any](all []T, columns []string) ([]export.Row, error) {
	rows := make([]export.Row, len(all))
	for i, each := range all {
		object, err := encoded(each)
		if err == nil {
			rows[i], err = export.RowOf(object, columns)
		}
		if err != nil {
			return nil, err
		}
	}
	return rows, nil
}

// encoded returns a wire type as JSON, in which texts are escaped only where they must be.
func encoded(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, fmt.Errorf("encode row: %w", err)
	}
	return b.Bytes(), nil
}

// answer prints a wire type, or writes it to the file.
func (a *app) answer(v any) error {
	return a.toOutput(func(to io.Writer) error { return printJSON(to, v) })
}

// write writes the records that each gives in the format.
func (a *app) write(columns []string, each func(write func(export.Row) error) error) error {
	return a.writeAll(columns, a.escapes(false), each)
}

// writeAll writes the rows that each gives in the format.
func (a *app) writeAll(columns []string, e *escaping, each func(write func(export.Row) error) error) error {
	count := uint64(0)
	err := a.toOutput(func(to io.Writer) error {
		o := export.Options{Mark: a.output.mark || a.output.file != ""}
		w, err := a.writer(to, columns, o)
		if err != nil {
			return err
		}
		defer w.Discard()
		if err := each(func(row export.Row) error { count++; return w.Write(e.row(row)) }); err != nil {
			return err
		}
		return w.Close()
	})
	if err == nil {
		a.tellEscaped(e)
	}
	if err == nil && a.output.file != "" {
		a.tell(text.CLIWritten, text.Args{"count": number(count), "file": a.output.file})
	}
	return err
}

// writer returns the writer of the format; for people it prints tables.
func (a *app) writer(to io.Writer, columns []string, o export.Options) (export.Writer, error) {
	if a.output.format == formatTable {
		return &tables{a, func(lines [][]string) { a.table(columns, lines) }, nil, 0}, nil
	}
	return export.NewWriter(to, export.Format(a.output.format), columns, o)
}

// toOutput has something written to standard output, or to the file: that is written whole or not
// at all.
func (a *app) toOutput(write func(io.Writer) error) error {
	if a.output.file == "" {
		return asOutput(write(a.stdout), "")
	}
	f, err := a.newFile(a.output.file)
	if err != nil {
		return asOutput(err, a.output.file)
	}
	defer f.discard()
	if err = write(f); err == nil {
		err = f.keep()
	}
	return asOutput(err, a.output.file)
}

// asOutput returns an error of writing rows as a problem for a person.
func asOutput(err error, file string) error {
	if unfit, ok := errors.AsType[*export.Unfit](err); ok && unfit.Units <= export.MaxCell {
		return text.Fail(text.CellControl, text.Args{"row": fmt.Sprint(unfit.Row), "column": unfit.Column}, nil)
	} else if ok {
		return text.Fail(text.CellTooLong, text.Args{
			"row": fmt.Sprint(unfit.Row), "column": unfit.Column, "size": fmt.Sprint(unfit.Units), "limit": fmt.Sprint(export.MaxCell),
		}, nil)
	}
	if _, ok := errors.AsType[*export.TooManyRows](err); ok {
		return text.Fail(text.SheetFull, text.Args{"limit": fmt.Sprint(export.MaxSheetRows)}, nil)
	}
	if at, ok := errors.AsType[*fs.PathError](err); ok && isPending(at.Path, file) {
		at.Path = file
	}
	return err
}

// newFile begins a file that is written whole or not at all.
func (a *app) newFile(path string) (*pending, error) {
	if _, err := os.Lstat(path); err == nil && !a.output.force {
		return nil, text.Fail(text.FileExists, text.Args{"file": path}, nil)
	}
	return newPending(path)
}
