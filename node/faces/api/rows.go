package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"reflect"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"xietong/certs/identity"
	"xietong/exchange/gather"
	"xietong/node/faces/client"
	"xietong/node/flows/federated"
	"xietong/node/ground/text"
)

// registerRows serves the questions for records of many beside huma: the answer of each member is
// told in a line of its own while other members are still asked.
func (s *server) registerRows(mux *http.ServeMux, a huma.API) {
	s.described = a.OpenAPI().Components.Schemas
	s.rowsBody = s.described.Schema(reflect.TypeFor[client.RowsQuery](), true, "RowsQuery")
	mux.HandleFunc("POST /v1/federated-rows", s.federatedRows)
	a.OpenAPI().AddOperation(&huma.Operation{
		OperationID: "federated-rows", Method: http.MethodPost, Path: "/v1/federated-rows",
		Summary:     "Ask many jurisdictions for records",
		RequestBody: &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{"application/json": {Schema: s.rowsBody}}},
		Responses:   map[string]*huma.Response{"200": ndjson(a, "A line for each that answers, and a last one", reflect.TypeFor[client.RowsLine]())},
	})
}

// rowsQuery reads the body of the request, strictly: it refuses an unknown member, whatever follows
// the JSON value, and what its description does not allow.
func (s *server) rowsQuery(w http.ResponseWriter, r *http.Request) (q client.RowsQuery, err error) {
	if err := jsonBody(r); err != nil {
		return q, err
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBodyLen))
	if long, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return q, long
	}
	to := callerOf(r).reader()
	body = bytes.TrimPrefix(body, []byte("\uFEFF"))
	var members any
	if err == nil {
		err = unmarshal(body, &members)
	}
	if err != nil {
		return q, malformed(to, http.StatusBadRequest, "", []error{&huma.ErrorDetail{Location: "body", Message: err.Error()}})
	}
	broken := &huma.ValidateResult{}
	huma.Validate(s.described, s.rowsBody, huma.NewPathBuffer([]byte("body"), 4), huma.ModeWriteToServer, members, broken)
	if len(broken.Errors) > 0 {
		return q, malformed(to, http.StatusUnprocessableEntity, "", broken.Errors)
	}
	if err := typed(body, &q); err != nil { // its description lets no other member through
		return q, malformed(to, http.StatusUnprocessableEntity, "", []error{&huma.ErrorDetail{Location: "body", Message: err.Error()}})
	}
	if q.Measure != nil || q.Cursor != "" {
		return q, badQuery("measure, cursor", "none")
	}
	return q, nil
}

func (s *server) federatedRows(w http.ResponseWriter, r *http.Request) {
	c := callerOf(r)
	h, wide, err := s.rowsRequest(w, r, c)
	if err != nil {
		s.fail(w, c, err)
		return
	}
	control := http.NewResponseController(w)
	lines := json.NewEncoder(w)
	lines.SetEscapeHTML(false) // records go out as they are, within the bound of a line
	w.Header().Set("Content-Type", "application/x-ndjson")
	tell := func(line client.RowsLine) error { return errors.Join(lines.Encode(line), control.Flush()) }
	rows := uint64(0)
	coverage, err := h.Federated.Rows(r.Context(), wide.id, c.by(), wide.Selector, wide.Question, wide.Wait, func(got federated.RowsFrom) error {
		rows += uint64(len(got.Rows))
		answer := answerShown(h.Standing, got.Answer, gather.Measure{})
		answer.StatusAsOf = statusAsOf(h.Standing, got.Member)
		return tell(client.RowsLine{From: got.Member.String(), Title: h.Standing.CalledShort(got.Member), Answer: &answer})
	})
	last := client.RowsLine{}
	if err != nil {
		last.Error = s.problemOf(c, err)
		failed(r.Context())
	} else {
		l := text.FromAcceptLanguage(c.Language)
		accounted := coverageShown(h.Standing, coverage, l)
		if accounted.Total, last.Coverage = rows, &accounted; accounted.Answered == 0 {
			last = client.RowsLine{Error: h.nobodyAnswered(r.Context(), c.reader(), wide.Selector, wide.Question.Dataset.String(), &accounted)}
		}
	}
	_ = tell(last) // the client may be gone
}

// rowsOfMany is a question for the records of many jurisdictions, with its idempotency key.
type rowsOfMany struct {
	federated.Wide
	id identity.Message
}

// rowsRequest reads and checks the whole request, before the answer begins.
func (s *server) rowsRequest(w http.ResponseWriter, r *http.Request, c Caller) (h Hosted, wide rowsOfMany, err error) {
	if h, err = s.at(c); err != nil {
		return h, wide, err
	}
	q, err := s.rowsQuery(w, r)
	if err != nil {
		return h, wide, err
	}
	if wide.id, err = c.key(); err != nil {
		return h, wide, err
	}
	wide.Wait = time.Duration(q.Wait) * time.Second
	if wide.Question, err = h.question(q.Query); err == nil {
		wide.Selector, err = h.Standing.Selector(q.At, q.Level)
	}
	if err == nil { // or every member would be told of as missing for it
		_, err = h.actingAgency(r.Context(), c)
	}
	if err != nil {
		err = s.pointedIn(c, err, struct{ Body any }{q})
	}
	return h, wide, err
}
