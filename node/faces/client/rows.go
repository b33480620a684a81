package client

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"

	"xietong/certs/identity"
)

// RowsQuery asks many jurisdictions for records.
type RowsQuery struct {
	Level string `json:"level,omitempty" maxLength:"40" doc:"Level of those who are asked; empty: that of the standard entry, or any"`
	Wait  int    `json:"wait,omitempty" minimum:"0" maximum:"100" doc:"Seconds to wait for answers; 0: ten"`
	Query
}

// RowsLine is one line of the answer: the answer of one member or, in the last line, which members
// answered and which did not, or why no member was asked.
type RowsLine struct {
	From     string           `json:"from,omitempty" doc:"Who answered"`
	Title    string           `json:"title,omitempty" doc:"What people call it"`
	Answer   *Answer          `json:"answer,omitempty"`
	Coverage *FederatedAnswer `json:"coverage,omitempty" doc:"The last line: the members and who is missing; its total is the number of rows"`
	Error    *Problem         `json:"error,omitempty"`
}

// QueryRows asks many jurisdictions for records, and calls each with every answer as it arrives. It
// returns the coverage: the members, and which of them did not answer. An error of each ends it.
// The question is not tried again.
func (c *Client) QueryRows(ctx context.Context, q RowsQuery, each func(RowsLine) error) (FederatedAnswer, error) {
	body, err := json.Marshal(q)
	if err != nil {
		return FederatedAnswer{}, fmt.Errorf("encode request: %w", err)
	}
	key, err := identity.NewMessage()
	if err != nil {
		return FederatedAnswer{}, err
	}
	req, err := c.request(ctx, http.MethodPost, "/v1/federated-rows", key, bytes.NewReader(body))
	if err != nil {
		return FederatedAnswer{}, err
	}
	req.Header.Set("Content-Type", jsonType)
	resp, err := c.http.Do(req)
	if err != nil {
		return FederatedAnswer{}, outcome(unanswered(err), broken(err))
	}
	defer resp.Body.Close()
	if err := failure(resp); err != nil {
		return FederatedAnswer{}, err
	}
	if got := resp.Header.Get("Content-Type"); !isMedia(got, ndjsonType) {
		return FederatedAnswer{}, fmt.Errorf("%w: content type %q", ErrNotUnderstood, got)
	}
	coverage, ended, err := followRows(resp.Body, each)
	return coverage, outcome(!ended, err)
}

// followRows reads the lines of the answer. An answer that ends without its last line is an error,
// with ended false: which members are missing is then not known.
func followRows(r io.Reader, each func(RowsLine) error) (coverage FederatedAnswer, ended bool, err error) {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxRowsLine)
	for lines.Scan() {
		var line RowsLine
		if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
			return coverage, true, fmt.Errorf("%w: %w", ErrNotUnderstood, err)
		}
		switch {
		case line.Error != nil:
			return coverage, true, line.Error
		case line.Coverage != nil:
			return *line.Coverage, true, nil
		}
		if err := each(line); err != nil {
			return coverage, true, err
		}
	}
	return coverage, false, fmt.Errorf("read answer: %w", broken(errors.Join(lines.Err(), io.ErrUnexpectedEOF)))
}

const maxRowsLine = 8 << 20 // bytes: the rows of one answer
