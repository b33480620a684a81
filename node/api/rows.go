package api

import (
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"xietong/exchange/gather"
	"xietong/node/calls"
	"xietong/node/client"
	"xietong/node/records"
	"xietong/node/text"
)

// registerRows stands beside huma: what each of many answers is told line by line, while others are still asked.
func (s *server) registerRows(mux *http.ServeMux, a huma.API) {
	mux.HandleFunc("POST /v1/federated-rows", s.federatedRows)
	a.OpenAPI().AddOperation(&huma.Operation{
		OperationID: "federated-rows", Method: http.MethodPost, Path: "/v1/federated-rows",
		Summary:     "Ask many jurisdictions for records; the answer is a line for each (application/x-ndjson)",
		RequestBody: &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{"application/json": {Schema: &huma.Schema{Type: huma.TypeObject}}}},
		Responses:   map[string]*huma.Response{"200": {Description: "OK"}, "default": {Description: "A problem (RFC 9457)"}},
	})
}

// rowsQuery reads the request strictly.
func rowsQuery(w http.ResponseWriter, r *http.Request) (q client.RowsQuery, err error) {
	d := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBodyLen))
	d.DisallowUnknownFields()
	if err := d.Decode(&q); err != nil {
		if long, ok := errors.AsType[*http.MaxBytesError](err); ok {
			return q, long
		}
		return q, text.Fail(text.BadRequest, text.Args{"where": "body", "reason": err.Error()}, err)
	}
	if q.Count || q.Cursor != "" || q.Wait < 0 || q.Wait > 100 {
		return q, text.Fail(text.BadRequest, text.Args{"where": "count, cursor, wait", "reason": "false, \"\", 0..100"}, nil)
	}
	return q, nil
}

func (s *server) federatedRows(w http.ResponseWriter, r *http.Request) {
	c := callerOf(r)
	h, u, selector, q, err := s.rowsRequest(w, r, c)
	if err != nil {
		s.fail(w, c, err)
		return
	}
	control := http.NewResponseController(w)
	lines := json.NewEncoder(w)
	w.Header().Set("Content-Type", "application/x-ndjson")
	tell := func(line client.RowsLine) error { return errors.Join(lines.Encode(line), control.Flush()) }
	rows := uint64(0)
	coverage, err := h.Calls.Rows(r.Context(), u.id, u.consumer.Code(), selector, records.Question{
		Dataset: u.dataset, Key: q.Key, Where: q.Where, Filter: q.Filter, Fields: q.Fields, Limit: q.Limit, Purpose: q.Purpose,
		Application: application(q.Use),
	}, time.Duration(q.Wait)*time.Second, func(got calls.RowsFrom) error {
		rows += uint64(len(got.Rows))
		answer := h.answerOf(got.Answer)
		name := got.Member.String()
		return tell(client.RowsLine{From: name, Title: shortName(h.Roster.Current().Roster, name), Answer: &answer})
	})
	last := client.RowsLine{}
	if err != nil {
		last.Error = s.problemOf(c, err)
	} else {
		accounted := h.coverageOf(coverage, text.FromAcceptLanguage(c.Language))
		accounted.Total, last.Coverage = rows, &accounted
	}
	_ = tell(last) // whoever asked may be gone
}

// rowsRequest is what the answer begins with.
func (s *server) rowsRequest(w http.ResponseWriter, r *http.Request, c Caller) (h Hosted, u using, selector gather.Selector, q client.RowsQuery, err error) {
	if h, err = s.at(c); err != nil {
		return h, u, selector, q, err
	}
	if q, err = rowsQuery(w, r); err != nil {
		return h, u, selector, q, err
	}
	if u, err = h.using(r.Context(), c, "", q.Dataset); err != nil {
		return h, u, selector, q, err
	}
	if selector, err = h.selectorOf(q.At, q.Level); err == nil && selector.Level == "" && selector.Deep {
		selector.Level = h.standardLevel(r.Context(), c, selector.Below, u.dataset)
	}
	return h, u, selector, q, err
}
