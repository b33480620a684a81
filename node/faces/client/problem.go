package client

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
)

// Problem is an error as the node tells it (RFC 9457): what happened, where, and what to do.
type Problem struct {
	Type   string `json:"type,omitempty" doc:"Where the kind of problem is described: a path on this node, /problems/CODE"`
	Title  string `json:"title" doc:"The kind of problem, for people"`
	Status int    `json:"status" doc:"HTTP status"`
	Detail string `json:"detail,omitempty" doc:"What happened this time"`
	Code   string `json:"code" doc:"Stable code of the error (docs/protocol.md)"`
	Where  string `json:"where,omitempty" doc:"The jurisdiction, dataset, entry or field it happened at"`
	Do     string `json:"do,omitempty" doc:"What the reader should do now"`
	By     string `json:"by,omitempty" doc:"The other jurisdiction that refused; empty: this node"`
	// Instance is in the node's log, where the node met an error of its own.
	Instance string  `json:"instance,omitempty" doc:"URN of this occurrence, to name it by"`
	Errors   []Fault `json:"errors,omitempty" doc:"What is wrong with which part of the request"`
	// Answer is there with the code nobody-answered.
	Answer *FederatedAnswer `json:"answer,omitempty" doc:"Of a question to many that nobody answered: who did not, and why"`
}

// Fault is what is wrong with one part of a request (RFC 9457, 3).
type Fault struct {
	Detail    string `json:"detail" doc:"What is wrong with it"`
	Pointer   string `json:"pointer,omitempty" doc:"Where it is in the body: a JSON Pointer (RFC 6901) as the fragment of a URI, such as #/purposes/0/title"`
	Parameter string `json:"parameter,omitempty" doc:"Name of the parameter that is meant"`
	Header    string `json:"header,omitempty" doc:"Name of the header that is meant"`
	Code      string `json:"code,omitempty" doc:"Code of a cause that is a problem itself"`
}

// What returns what happened: the detail or, where there is none, the title or the code.
func (p *Problem) What() string { return cmp.Or(p.Detail, p.Title, p.Code) }

// Error gives what happened, where, and what to do, on one line.
func (p *Problem) Error() string {
	var b strings.Builder
	b.WriteString(p.What())
	if p.Where != "" {
		fmt.Fprintf(&b, " (%s)", p.Where)
	}
	if p.Do != "" {
		fmt.Fprintf(&b, "; %s", p.Do)
	}
	return b.String()
}

// later reports whether the problem is that the request was not looked at now.
func (p *Problem) later() bool {
	return p.Status == http.StatusServiceUnavailable || p.Status == http.StatusTooManyRequests
}

// GetStatus returns the HTTP status, so that a Problem can be served as it is.
func (p *Problem) GetStatus() int { return p.Status }

// ContentType returns the media type of a problem.
func (p *Problem) ContentType(string) string { return problemType }

const (
	jsonType    = "application/json"
	ndjsonType  = "application/x-ndjson"
	problemType = "application/problem+json"
)

// decodeProblem reads the body of an answer with an error status. For a body that is no problem it
// returns ErrNotUnderstood: the other side is then no node of this version.
func decodeProblem(status int, contentType string, body []byte) error {
	var p Problem
	if !isMedia(contentType, problemType) {
		return fmt.Errorf("%w: status %d with content type %q", ErrNotUnderstood, status, contentType)
	}
	if err := json.Unmarshal(body, &p); err != nil {
		return fmt.Errorf("%w: status %d: decode problem: %w", ErrNotUnderstood, status, err)
	}
	if p.Code == "" || p.What() == "" || p.Status != status {
		return fmt.Errorf("%w: status %d: the problem has no code or another status", ErrNotUnderstood, status)
	}
	return &p
}
