package client

import (
	"context"
	"net/url"
	"strconv"
	"strings"
)

// Ended says when and why something ended.
type Ended struct {
	At     string `json:"at" doc:"When, RFC 3339"`
	Reason string `json:"reason" doc:"Why"`
	Into   string `json:"into,omitempty" doc:"Code of the agency that took over; absent: none did"`
	Entry  string `json:"entry" doc:"Name of the entry that records it"`
}

// EndPlan is what ending or moving something would do.
type EndPlan struct {
	Hash      string     `json:"hash" doc:"Of the plan; who does it sends this as plan"`
	From      []NamedOne `json:"from" doc:"The agencies whose it is"`
	Into      *NamedOne  `json:"into,omitempty" doc:"The agency that takes over; absent: none does"`
	Datasets  []Affected `json:"datasets" doc:"Datasets that are withdrawn, or move; those that were withdrawn before and stay with an agency that ends"`
	Standards []Affected `json:"standards" doc:"Standard entries, likewise"`
	Ending    int        `json:"ending" doc:"Live grants that end"`
	Ends      []HeldEnd  `json:"ends" doc:"The first 100 of them"`
	Lasting   int        `json:"lasting" doc:"Live grants of datasets that move, which go on under the new provider"`
	Questions int        `json:"questions,omitempty" doc:"Saved questions of the agency that ends, which stay readable under its code with the results of the months"`
}

// NamedOne is an agency with its title.
type NamedOne struct {
	Code  string `json:"code"`
	Title string `json:"title"`
}

// Affected is a dataset or a standard entry of a plan.
type Affected struct {
	Code      string `json:"code"`
	Title     string `json:"title"`
	Agency    string `json:"agency" doc:"Code of the agency whose it is, one of from"`
	Version   uint64 `json:"version"`
	Records   uint64 `json:"records" doc:"Records of the dataset, all of which stay as they are"`
	Withdrawn bool   `json:"withdrawn,omitempty" doc:"It was withdrawn before, and moves as such"`
}

// HeldEnd is a grant that would end.
type HeldEnd struct {
	Grant    string `json:"grant" doc:"Name of the entry that gave it"`
	Dataset  string `json:"dataset"`
	Consumer string `json:"consumer,omitempty" doc:"SPIFFE ID of the agency that holds it; absent: the agencies of all jurisdictions above, by an adopted standard"`
	Purpose  string `json:"purpose"`
}

// EndDone is what was done.
type EndDone struct {
	EndPlan
	Entry string `json:"entry" doc:"Name of the first entry that records it"`
}

// Withdrawing takes a dataset or a standard entry back.
type Withdrawing struct {
	Reason string `json:"reason" doc:"Why, at most 1000 bytes; everybody who asks for it is told"`
	Plan   string `json:"plan,omitempty" maxLength:"64" doc:"Hash of the plan that was seen: GET of the same path; needed"`
}

// Moving moves datasets to another agency of the jurisdiction.
type Moving struct {
	Datasets []string `json:"datasets" maxItems:"1000" doc:"Their codes"`
	Into     string   `json:"into" maxLength:"63" doc:"Code of the agency that takes over"`
	Plan     string   `json:"plan,omitempty" maxLength:"64" doc:"Hash of the plan that was seen: GET of the same path; needed"`
}

// EndOfAgency ends an agency.
type EndOfAgency struct {
	Into       string `json:"into,omitempty" maxLength:"63" doc:"Code of the agency that takes over; absent: none does"`
	DropGrants bool   `json:"drop_grants,omitempty" doc:"Whether grants that it holds end with it, although nobody takes over"`
	Reason     string `json:"reason" doc:"Why, at most 1000 bytes"`
	Plan       string `json:"plan,omitempty" maxLength:"64" doc:"Hash of the plan that was seen: GET of the same path; needed"`
}

// Renaming gives an agency another title.
type Renaming struct {
	Title string `json:"title" doc:"Name for people, at most 200 bytes"`
}

func agencyPath(code, rest string) string { return "/v1/agencies/" + url.PathEscape(code) + rest }

func standardPath(code string) string { return "/v1/standards/" + url.PathEscape(code) + "/withdrawal" }

// PlanWithdrawal tells what withdrawing a dataset would do.
func (c *Client) PlanWithdrawal(ctx context.Context, code string) (EndPlan, error) {
	return get[EndPlan](ctx, c, datasetPath(code, "/withdrawal"))
}

// WithdrawDataset takes a dataset out of the catalogue.
func (c *Client) WithdrawDataset(ctx context.Context, code string, w Withdrawing) (EndDone, error) {
	return post[EndDone](ctx, c, datasetPath(code, "/withdrawal"), w)
}

// PlanStandardWithdrawal tells what withdrawing a standard entry would do.
func (c *Client) PlanStandardWithdrawal(ctx context.Context, code string) (EndPlan, error) {
	return get[EndPlan](ctx, c, standardPath(code))
}

// WithdrawStandard takes a standard entry back.
func (c *Client) WithdrawStandard(ctx context.Context, code string, w Withdrawing) (EndDone, error) {
	return post[EndDone](ctx, c, standardPath(code), w)
}

// PlanMove tells what moving datasets to another agency would do.
func (c *Client) PlanMove(ctx context.Context, m Moving) (EndPlan, error) {
	q := url.Values{"datasets": {strings.Join(m.Datasets, ",")}, "into": {m.Into}}
	return get[EndPlan](ctx, c, "/v1/moves?"+q.Encode())
}

// MoveDatasets moves datasets to another agency, all of them or none.
func (c *Client) MoveDatasets(ctx context.Context, m Moving) (EndDone, error) {
	return post[EndDone](ctx, c, "/v1/moves", m)
}

// PlanAgencyEnd tells what ending an agency would do.
func (c *Client) PlanAgencyEnd(ctx context.Context, code string, e EndOfAgency) (EndPlan, error) {
	q := url.Values{"drop_grants": {strconv.FormatBool(e.DropGrants)}}
	if e.Into != "" {
		q.Set("into", e.Into)
	}
	return get[EndPlan](ctx, c, agencyPath(code, "/end")+"?"+q.Encode())
}

// EndAgency ends an agency, or merges it into another one.
func (c *Client) EndAgency(ctx context.Context, code string, e EndOfAgency) (EndDone, error) {
	return post[EndDone](ctx, c, agencyPath(code, "/end"), e)
}

// RenameAgency gives an agency another title.
func (c *Client) RenameAgency(ctx context.Context, code, title string) (Agency, error) {
	return post[Agency](ctx, c, agencyPath(code, "/title"), Renaming{Title: title})
}

// AllowGrants lets the jurisdiction of a revoked grant get grants by rule again.
func (c *Client) AllowGrants(ctx context.Context, index uint64, r Revocation) (GrantEntered, error) {
	return post[GrantEntered](ctx, c, "/v1/grants/"+strconv.FormatUint(index, 10)+"/allowance", r)
}
