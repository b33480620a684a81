package api

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"xietong/node/business/records"
	"xietong/node/faces/client"
	"xietong/node/ground/rows"
	"xietong/node/ground/text"
)

// maxImportLen is the longest file to import, in bytes.
const maxImportLen = 8 << 30

// registerImports serves the imports beside huma: their bodies are files that are read while they
// arrive, and the answer to a load is told line by line while the file is still being read.
func (s *server) registerImports(mux *http.ServeMux, a huma.API) {
	mux.HandleFunc("POST /v1/datasets/{code}/imports/check", s.checkImport)
	mux.HandleFunc("POST /v1/datasets/{code}/imports", s.loadImport)
	a.OpenAPI().AddOperation(fileOperation("check-import", "/v1/datasets/{code}/imports/check",
		"Check a file; nothing is written", "format"))
	a.OpenAPI().AddOperation(fileOperation("load-import", "/v1/datasets/{code}/imports",
		"Load a file that was checked; the answer is a line of progress at a time (application/x-ndjson)",
		"format", "file_hash", "rows", "good", "keep_good", "[replace]", "[plan]"))
}

// fileOperation describes an operation with a file; a parameter in brackets may be left out.
func fileOperation(id, path, summary string, parameters ...string) *huma.Operation {
	o := &huma.Operation{OperationID: id, Method: http.MethodPost, Path: path, Summary: summary}
	text := &huma.Schema{Type: huma.TypeString}
	o.Parameters = append(o.Parameters, &huma.Param{Name: "code", In: "path", Required: true, Schema: text})
	for _, name := range parameters {
		bare := strings.Trim(name, "[]")
		o.Parameters = append(o.Parameters, &huma.Param{Name: bare, In: "query", Required: bare == name, Schema: text})
	}
	file := &huma.MediaType{Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}}
	o.RequestBody = &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{"text/csv": file, "application/x-ndjson": file}}
	o.Responses = map[string]*huma.Response{"200": {Description: "OK"}, "default": {Description: "A problem (RFC 9457)"}}
	return o
}

// callerOf reads the caller from the headers of a request.
func callerOf(r *http.Request) Caller {
	return Caller{
		Jurisdiction: r.Header.Get(client.HeaderJurisdiction), Agency: r.Header.Get(client.HeaderAgency),
		Key: r.Header.Get(client.HeaderIdempotency), Language: r.Header.Get("Accept-Language"),
	}
}

// fileRequest reads the part of a request that both passes have, and chooses the jurisdiction.
func (s *server) fileRequest(r *http.Request) (h Hosted, on OfDataset, format rows.Format, err error) {
	on = OfDataset{Caller: callerOf(r), Code: r.PathValue("code")}
	format, ok := rows.ParseFormat(r.URL.Query().Get("format"))
	switch {
	case !ok:
		err = badQuery("format", "csv, jsonl")
	case r.ContentLength > maxImportLen:
		err = text.Fail(text.TooLarge, text.Args{
			"where": "file", "size": strconv.FormatInt(r.ContentLength, 10), "limit": strconv.Itoa(maxImportLen),
		}, nil)
	}
	if err == nil {
		h, err = s.at(on.Caller)
	}
	return h, on, format, err
}

func badQuery(name, want string) error {
	return text.Fail(text.BadRequest, text.Args{"where": name, "reason": want}, nil)
}

// fail answers with a problem.
func (s *server) fail(w http.ResponseWriter, c Caller, err error) {
	p := s.problemOf(c, err)
	maps.Copy(w.Header(), retryAfter(err))
	w.Header().Set("Content-Type", p.ContentType(""))
	w.WriteHeader(p.Status)
	json.NewEncoder(w).Encode(p) // the client may be gone
}

func (s *server) checkImport(w http.ResponseWriter, r *http.Request) {
	h, on, format, err := s.fileRequest(r)
	if err != nil {
		s.fail(w, on.Caller, err)
		return
	}
	code, err := h.datasetCode(on.Code)
	if err != nil {
		s.fail(w, on.Caller, err)
		return
	}
	check, err := h.Records.Check(r.Context(), on.by(), code, format, http.MaxBytesReader(w, r.Body, maxImportLen))
	if err != nil {
		s.fail(w, on.Caller, err)
		return
	}
	out := client.ImportCheck{
		FileHash: hex.EncodeToString(check.Hash[:]), Rows: check.Rows, Good: check.Good, Bad: []client.BadRow{}, BadCount: check.BadCount,
		New: check.Effect.New, Replaced: check.Effect.Replaced, Unchanged: check.Effect.Unchanged, Absent: check.Effect.Absent,
		Plan: check.Plan,
	}
	for _, b := range check.Bad {
		out.Bad = append(out.Bad, client.BadRow{Row: b.Row, Column: b.Column, Reason: b.Reason})
	}
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(out) // the client may be gone
}

// checkedFile reads the result of the check, which the request for a load repeats.
func checkedFile(r *http.Request, format rows.Format) (f records.File, err error) {
	q := r.URL.Query()
	f.Format = format
	hash, err := hex.DecodeString(q.Get("file_hash"))
	if err != nil || len(hash) != len(f.Hash) {
		return f, badQuery("file_hash", "64 hex digits")
	}
	f.Hash = [32]byte(hash)
	if f.Rows, err = strconv.ParseUint(q.Get("rows"), 10, 64); err != nil || f.Rows > rows.MaxRows {
		return f, badQuery("rows", fmt.Sprintf("0..%d", rows.MaxRows))
	}
	if f.Good, err = strconv.ParseUint(q.Get("good"), 10, 64); err != nil {
		return f, badQuery("good", "0..rows")
	}
	if f.KeepGood, err = strconv.ParseBool(q.Get("keep_good")); err != nil {
		return f, badQuery("keep_good", "true, false")
	}
	if q.Has("replace") {
		if f.Replace, err = strconv.ParseBool(q.Get("replace")); err != nil {
			return f, badQuery("replace", "true, false")
		}
	}
	f.Plan = q.Get("plan")
	return f, nil
}

// loadImport answers line by line. A failure before the first line is answered as a problem with
// its status; a later failure is told in the last line.
func (s *server) loadImport(w http.ResponseWriter, r *http.Request) {
	h, on, format, err := s.fileRequest(r)
	if err != nil {
		s.fail(w, on.Caller, err)
		return
	}
	file, err := checkedFile(r, format)
	if err != nil {
		s.fail(w, on.Caller, err)
		return
	}
	id, err := on.key()
	if err != nil {
		s.fail(w, on.Caller, err)
		return
	}
	code, err := h.datasetCode(on.Code)
	if err != nil {
		s.fail(w, on.Caller, err)
		return
	}
	control := http.NewResponseController(w)
	if err := control.EnableFullDuplex(); err != nil {
		s.fail(w, on.Caller, err)
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
	done, err := h.Records.Load(r.Context(), id, on.by(), code, file, http.MaxBytesReader(w, r.Body, maxImportLen),
		func(done, total uint64) { tell(client.ImportProgress{Done: done, Total: total}) })
	switch {
	case err != nil && !begun:
		w.Header().Set("Connection", "close") // the rest of the file is still coming
		s.fail(w, on.Caller, err)
	case err != nil:
		tell(client.ImportFailed{Error: s.problemOf(on.Caller, err)})
	default:
		tell(client.Imported{
			Import: done.Opened.String(), Published: done.Published.String(), Time: stamp(done.Time), Unchanged: done.Unchanged,
			Rows: done.Rows, Skipped: done.Skipped, Left: done.Left,
		})
	}
}
