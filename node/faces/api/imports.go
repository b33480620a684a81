package api

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"reflect"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"xietong/certs/identity"
	"xietong/node/business/records"
	"xietong/node/faces/client"
	"xietong/node/ground/failure"
	"xietong/node/ground/rows"
	"xietong/node/ground/table"
	"xietong/node/ground/text"
)

// maxImportLen is the longest file to import, in bytes.
const maxImportLen = 8 << 30

// registerImports serves the imports beside huma: their bodies are files that are read while they
// arrive, and the answer to a load is told line by line while the file is still being read.
func (s *server) registerImports(mux *http.ServeMux, a huma.API) {
	mux.HandleFunc("POST /v1/datasets/{code}/imports/check", s.checkImport)
	mux.HandleFunc("POST /v1/datasets/{code}/imports/bad-rows", s.badRows)
	mux.HandleFunc("POST /v1/datasets/{code}/imports", s.loadImport)
	reading := []string{"[format]", "[encoding]", "[delimiter]", "[sheet]", "[as_spreadsheet]", "[missing]", "[entry_length]"}
	check := fileOperation("check-import", "/v1/datasets/{code}/imports/check",
		"Check a file; no record is written; with missing=keep the reading of the records is a use, and recorded", reading...)
	check.Responses["200"] = &huma.Response{Description: "What is in the file", Content: map[string]*huma.MediaType{
		"application/json": {Schema: a.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[client.ImportCheck](), true, "ImportCheck")},
	}}
	bad := fileOperation("bad-rows-import", "/v1/datasets/{code}/imports/bad-rows",
		"The bad rows of a file as they were, with what is wrong beside each; recorded as a check is, unless that was", reading...)
	bad.Responses["200"] = &huma.Response{Description: "A file of the same format", Content: map[string]*huma.MediaType{
		"application/octet-stream": {Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}},
	}}
	load := fileOperation("load-import", "/v1/datasets/{code}/imports",
		"Load a file that was checked",
		append(reading, "file_hash", "rows", "good", "keep_good", "[replace]", "[plan]")...)
	load.Responses["200"] = ndjson(a, "Lines of progress; the last one has the import, or the error",
		reflect.TypeFor[client.ImportProgress](), reflect.TypeFor[client.Imported](), reflect.TypeFor[client.ImportFailed]())
	for _, o := range []*huma.Operation{check, bad, load} {
		a.OpenAPI().AddOperation(o)
	}
}

// fileOperation describes an operation with a file; a parameter in brackets may be left out.
func fileOperation(id, path, summary string, parameters ...string) *huma.Operation {
	o := &huma.Operation{OperationID: id, Method: http.MethodPost, Path: path, Summary: summary, Responses: map[string]*huma.Response{}}
	text := &huma.Schema{Type: huma.TypeString}
	o.Parameters = append(o.Parameters, &huma.Param{Name: "code", In: "path", Required: true, Schema: text})
	for _, name := range parameters {
		bare := strings.Trim(name, "[]")
		o.Parameters = append(o.Parameters, &huma.Param{Name: bare, In: "query", Required: bare == name, Schema: parameterOf(bare)})
	}
	o.Description = aboutEntry
	file := &huma.MediaType{Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}}
	o.RequestBody = &huma.RequestBody{Required: true, Description: "CSV, TSV, JSON, JSON Lines or xlsx, whatever its media type says", Content: map[string]*huma.MediaType{
		"text/csv": file, "application/json": file, "application/x-ndjson": file, "application/octet-stream": file,
	}}
	return o
}

// parameterOf returns the type of a parameter of an import.
func parameterOf(name string) *huma.Schema {
	switch name {
	case "as_spreadsheet", "keep_good", "replace":
		return &huma.Schema{Type: huma.TypeBoolean}
	case "rows", "good", "entry_length":
		return &huma.Schema{Type: huma.TypeInteger}
	case "missing":
		return &huma.Schema{Type: huma.TypeString, Enum: []any{string(records.MissingKeep), string(records.MissingClear)}}
	}
	return &huma.Schema{Type: huma.TypeString}
}

// callerOf reads the caller from the headers of a request.
func callerOf(r *http.Request) Caller {
	return Caller{
		Jurisdiction: r.Header.Get(client.HeaderJurisdiction), Agency: r.Header.Get(client.HeaderAgency),
		Key: r.Header.Get(client.HeaderIdempotency), Language: r.Header.Get("Accept-Language"), Prefer: r.Header.Get("Prefer"),
	}
}

// fileRequest is a request with a file.
type fileRequest struct {
	Hosted
	on   OfDataset
	code identity.Label
	how  records.Reading
	file io.Reader
}

// fileRequest reads the part of a request that all have that bring a file, and chooses the
// jurisdiction.
func (s *server) fileRequest(w http.ResponseWriter, r *http.Request) (q fileRequest, err error) {
	q.on = OfDataset{Caller: callerOf(r), Code: r.PathValue("code")}
	if q.how, err = readingOf(r); err != nil {
		return q, err
	}
	if r.ContentLength > maxImportLen {
		return q, text.Fail(text.TooLarge, text.Args{
			"where": "file", "size": strconv.FormatInt(r.ContentLength, 10), "limit": strconv.Itoa(maxImportLen),
		}, nil)
	}
	if q.Hosted, err = s.at(q.on.Caller); err == nil {
		q.code, err = q.datasetCode(q.on.Code)
		err = q.nearDataset(r.Context(), err)
	}
	q.file = fileOf(w, r)
	if err == nil && r.URL.Query().Has("entry_length") {
		q.how.For, err = q.coming(r)
	}
	return q, err
}

// fileOf returns the file of a request, bounded; it tells its length where the request does.
func fileOf(w http.ResponseWriter, r *http.Request) io.Reader {
	body := http.MaxBytesReader(w, r.Body, maxImportLen)
	if r.ContentLength < 0 {
		return body
	}
	return sizedFile{body, r.ContentLength}
}

type sizedFile struct {
	io.Reader
	size int64
}

// Size returns the length of the file in bytes.
func (f sizedFile) Size() int64 { return f.size }

// readingOf reads how a file is read. What is no format or encoding is refused with the file.
func readingOf(r *http.Request) (how records.Reading, err error) {
	q := r.URL.Query()
	how.Wish = table.Wish{Format: q.Get("format"), Encoding: q.Get("encoding"), Delimiter: q.Get("delimiter"), Sheet: q.Get("sheet")}
	if q.Has("as_spreadsheet") {
		if how.AsSpreadsheet, err = strconv.ParseBool(q.Get("as_spreadsheet")); err != nil {
			return how, wrongParameter("as_spreadsheet", "true, false")
		}
	}
	switch how.Missing = records.Missing(q.Get("missing")); how.Missing {
	case "", records.MissingKeep, records.MissingClear:
		return how, nil
	}
	return how, wrongParameter("missing", "keep, clear")
}

func badQuery(name, want string) error {
	return text.Fail(text.BadRequest, text.Args{"where": name, "reason": "it may be: " + want}, nil)
}

// wrongParameter is badQuery of a parameter of a request that is served beside huma.
func wrongParameter(name, want string) error { return &ofParameter{name, badQuery(name, want)} }

// ofParameter is an error of one parameter of a request that is served beside huma.
type ofParameter struct {
	name string
	err  error
}

func (e *ofParameter) Error() string { return e.err.Error() }
func (e *ofParameter) Unwrap() error { return e.err }

// fail answers with a problem.
func (s *server) fail(w http.ResponseWriter, c Caller, err error) {
	p := s.problemOf(c, err)
	if of, ok := errors.AsType[*ofParameter](err); ok {
		p.Errors = []client.Fault{{Detail: p.Detail, Parameter: of.name}}
	}
	pointed(p, err, c)
	maps.Copy(w.Header(), retryAfter(err))
	writeProblem(w, p)
}

// failEarly answers with a problem while the body may still be coming. The whole answer is sent at
// once; what is left of the body is dropped by admit.
func (s *server) failEarly(w http.ResponseWriter, r *http.Request, c Caller, err error) {
	control := http.NewResponseController(w)
	if a, ok := r.Body.(*awaited); ok && control.EnableFullDuplex() == nil {
		a.answered = true
		w.Header().Set("Connection", "close")
	}
	s.fail(w, c, err)
	_ = control.Flush() // the client may be gone
}

func writeProblem(w http.ResponseWriter, p *client.Problem) {
	body, _ := json.Marshal(p) // texts and a number
	w.Header().Set("Content-Type", p.ContentType(""))
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(p.Status)
	_, _ = w.Write(body) // the client may be gone
}

func (s *server) checkImport(w http.ResponseWriter, r *http.Request) {
	q, err := s.fileRequest(w, r)
	if err != nil {
		s.failEarly(w, r, q.on.Caller, err)
		return
	}
	check, err := q.Records.Check(r.Context(), q.on.by(), q.code, q.how, q.file)
	if err != nil {
		s.failEarly(w, r, q.on.Caller, err)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(checkOf(check)) // the client may be gone
}

// badRows answers with the bad rows of a file. A failure after the first of them ends the answer
// where it is.
func (s *server) badRows(w http.ResponseWriter, r *http.Request) {
	q, err := s.fileRequest(w, r)
	if err != nil {
		s.failEarly(w, r, q.on.Caller, err)
		return
	}
	out := &begun{w: w}
	err = q.Records.BadRows(r.Context(), q.on.by(), q.code, q.how, text.FromAcceptLanguage(q.on.Language), q.file, out)
	switch {
	case err != nil && !out.any:
		s.failEarly(w, r, q.on.Caller, err)
	case err != nil:
		panic(http.ErrAbortHandler) // so that nobody takes what came for all
	}
}

// begun is an answer of bytes.
type begun struct {
	w   http.ResponseWriter
	any bool
}

func (b *begun) Write(p []byte) (int, error) {
	if !b.any {
		b.w.Header().Set("Content-Type", "application/octet-stream")
		b.any = true
	}
	return b.w.Write(p)
}

// checkOf returns a check as the API tells it.
func checkOf(c records.Check) client.ImportCheck {
	out := client.ImportCheck{
		FileHash: hex.EncodeToString(c.Hash[:]), Rows: c.Rows, Good: c.Good, Bad: []client.BadRow{}, BadCount: c.BadCount,
		Taken: client.FileTaken{
			Format: string(c.Taken.Format), Encoding: c.Taken.Encoding, Delimiter: c.Taken.Delimiter, Sheet: c.Taken.Sheet, Hidden: c.Taken.Hidden,
		},
		Titles: append([]uint64{}, c.Header.Titles...), Missing: append([]string{}, c.Missing...),
		Readings: []client.CellReading{}, Alike: []client.KeysAlike{}, AlikeCount: c.AlikeCount,
		Mendable: c.Mendable, Totals: append([]uint64{}, c.Totals...),
		Short: append([]uint64{}, c.Short...), ShortCount: c.ShortCount,
		New: c.Effect.New, Replaced: c.Effect.Replaced, Unchanged: c.Effect.Unchanged, Absent: absentIn(c), Plan: c.Plan,
	}
	for _, b := range c.Bad {
		row := client.BadRow{Row: b.Row, Line: b.Line, Column: b.Column, Reason: b.Reason, Faults: []client.RowFault{}}
		for _, f := range b.Faults {
			row.Faults = append(row.Faults, client.RowFault(f))
		}
		out.Bad = append(out.Bad, row)
	}
	for _, r := range c.Readings {
		out.Readings = append(out.Readings, client.CellReading(r))
	}
	for _, a := range c.Alike {
		out.Alike = append(out.Alike, client.KeysAlike(a))
	}
	return out
}

// checkedFile reads the result of the check, which the request for a load repeats.
func checkedFile(r *http.Request, how records.Reading) (f records.File, err error) {
	q := r.URL.Query()
	f.Reading = how
	hash, err := hex.DecodeString(q.Get("file_hash"))
	if err != nil || len(hash) != len(f.Hash) {
		return f, hashOrMissing(q.Get("file_hash"))
	}
	f.Hash = [32]byte(hash)
	if f.Rows, err = strconv.ParseUint(q.Get("rows"), 10, 64); err != nil || f.Rows > rows.MaxRows {
		return f, wrongParameter("rows", fmt.Sprintf("0..%d", rows.MaxRows))
	}
	if f.Good, err = strconv.ParseUint(q.Get("good"), 10, 64); err != nil {
		return f, wrongParameter("good", "0..rows")
	}
	if f.KeepGood, err = strconv.ParseBool(q.Get("keep_good")); err != nil {
		return f, wrongParameter("keep_good", "true, false")
	}
	if q.Has("replace") {
		if f.Replace, err = strconv.ParseBool(q.Get("replace")); err != nil {
			return f, wrongParameter("replace", "true, false")
		}
	}
	f.Plan = q.Get("plan")
	return f, nil
}

// hashOrMissing says what is wrong with the hash of a file.
func hashOrMissing(given string) error {
	why := "64 hex digits"
	if given == "" {
		why = "it is missing"
	}
	return &ofParameter{"file_hash", text.Fail(text.BadRequest, text.Args{"where": "file_hash", "reason": why}, nil)}
}

// loadImport answers line by line. A failure before the first line is answered as a problem with
// its status; a later failure is told in the last line.
func (s *server) loadImport(w http.ResponseWriter, r *http.Request) {
	q, err := s.fileRequest(w, r)
	if err != nil {
		s.failEarly(w, r, q.on.Caller, err)
		return
	}
	on := q.on
	file, err := checkedFile(r, q.how)
	if err != nil {
		s.failEarly(w, r, on.Caller, err)
		return
	}
	id, err := on.key()
	if err != nil {
		s.failEarly(w, r, on.Caller, err)
		return
	}
	control := http.NewResponseController(w)
	if err := control.EnableFullDuplex(); err != nil {
		s.failEarly(w, r, on.Caller, err)
		return
	}
	begun := false
	lines := json.NewEncoder(w)
	tell := func(line any) {
		if !begun {
			w.Header().Set("Content-Type", "application/x-ndjson")
			begun = true
		}
		if err := errors.Join(lines.Encode(line), control.Flush()); err != nil {
			return // the client is gone; the end of the request's context ends the load
		}
	}
	done, err := q.Records.Load(r.Context(), id, on.by(), q.code, file, q.file,
		func(done, total uint64) { tell(client.ImportProgress{Done: done, Total: total}) })
	if failure.Is(err, text.PlanNeeded) {
		err = &ofParameter{"plan", err}
	}
	switch {
	case err != nil && !begun:
		s.failEarly(w, r, on.Caller, err)
	case err != nil:
		tell(client.ImportFailed{Error: s.problemOf(on.Caller, err)})
	default:
		tell(client.Imported{
			Import: done.Opened.String(), Published: done.Published.String(), Time: stamp(done.Time), Unchanged: done.Unchanged,
			Rows: done.Rows, Skipped: done.Skipped, Left: done.Left,
		})
	}
}

// absentIn returns how many records the file does not have. While there are bad rows, nobody knows
// which records those are, and none is told as absent.
func absentIn(c records.Check) uint64 {
	if c.BadCount > 0 {
		return 0
	}
	return c.Effect.Absent
}
