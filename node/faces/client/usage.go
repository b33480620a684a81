package client

import (
	"context"
	"fmt"
	"net/url"
	"strconv"
)

// List says which rows of a list of uses are wanted. The zero value of a member stands for all.
type List struct {
	Dataset      string // code
	Jurisdiction string // of the agency that uses data: what people call it, or its name
	Agency       string // the code of the agency that uses data
	Purpose      string // code
	At           string // of questions: the jurisdiction that was asked; of entries: the one below whose acts they are
	From, To     string // a month, a day (both of the node's zone, the last one included), or a time with its own
	Kind, Code   string // of entries: the name or number of the kind; the dataset or matter
	By           string // of counts: CountByMonth, CountByDataset or CountByAgency
	Sort         string // member of the rows, with :desc for the other direction; "": the list's own order
	Limit        int    // rows; 0 leaves it to the node
	Cursor       string // where the page before ended
}

// Entries is a page of the heads of a ledger's entries.
type Entries struct {
	Entries []Entry `json:"entries"`
	Known   *Known  `json:"known,omitempty" doc:"Of a ledger below: how far it is known here"`
	Below   []Known `json:"below,omitempty" doc:"Where a jurisdiction was named: how far all ledgers below it are known here; on the first page"`
	Period
	Cursor string `json:"cursor,omitempty" doc:"Where the next page begins; absent at the end. A page may be short, or empty, and the list go on"`
}

// Known is how far the acts of a ledger below are known, which came up with their proofs.
type Known struct {
	Log  string `json:"log" doc:"Origin of the ledger: NAME/log/EPOCH"`
	Size uint64 `json:"size" doc:"Entries up to which all its acts are known"`
	Acts uint64 `json:"acts" doc:"How many acts those are"`
	By   string `json:"by" doc:"Who sent them: the jurisdiction whose ledger it is, whose keys signed them, or one between that passed them on, by whose word these are all"`
	At   string `json:"at" doc:"RFC 3339: when the last of these entries became known here"`
}

// Entries lists the heads of the ledger's entries, the newest first.
func (c *Client) Entries(ctx context.Context, l List) (Entries, error) {
	return get[Entries](ctx, c, "/v1/ledger/entries"+l.query())
}

// MaxListed is how many rows a page has at most.
const MaxListed = 200

// The ways to count.
const (
	CountByMonth   = "month"
	CountByDataset = "dataset"
	CountByAgency  = "agency"
)

// query returns the parameters of a request.
func (l List) query() string {
	v := url.Values{}
	for name, value := range map[string]string{
		"dataset": l.Dataset, "jurisdiction": l.Jurisdiction, "agency": l.Agency, "purpose": l.Purpose, "at": l.At, "from": l.From, "to": l.To,
		"kind": l.Kind, "code": l.Code, "by": l.By, "sort": l.Sort, "cursor": l.Cursor,
	} {
		if value != "" {
			v.Set(name, value)
		}
	}
	if l.Limit != 0 {
		v.Set("limit", strconv.Itoa(l.Limit))
	}
	if len(v) == 0 {
		return ""
	}
	return "?" + v.Encode()
}

// Whether the sealed part of a row can be told.
const (
	SealedErased     = "erased"
	SealedUnreadable = "unreadable"
)

// Used is one use of a dataset, as its provider lists it. It tells neither what was asked nor what
// was answered.
type Used struct {
	Entry     string `json:"entry" doc:"Name of the entry that records it"`
	Time      string `json:"time" doc:"RFC 3339"`
	Provider  string `json:"provider" doc:"Code of the agency that provides the dataset"`
	Dataset   string `json:"dataset" doc:"Code of the dataset"`
	Consumer  string `json:"consumer" doc:"SPIFFE ID of the agency that used it"`
	Called    string `json:"called" doc:"What people call that agency: its jurisdiction, and its code"`
	Ended     bool   `json:"ended,omitempty" doc:"Whether it is an agency of this jurisdiction that has ended"`
	Purpose   string `json:"purpose,omitempty" doc:"Code of the purpose"`
	Grant     string `json:"grant,omitempty" doc:"Name of the grant it ran under; absent: the provider's own use"`
	Operation string `json:"operation,omitempty" doc:"lookup, search, verify, receipt, plan (of a publication), check (of a file), or the function of a measure"`
	Rows      uint64 `json:"rows" doc:"Records that were answered, or measured"`
	Refused   bool   `json:"refused,omitempty" doc:"Whether a refusal was told after records had been read"`
	Why       string `json:"why,omitempty" doc:"Code of that refusal"`
	// Unfinished is a page of a measure, but for the last.
	Unfinished bool   `json:"unfinished,omitempty" doc:"Whether it is a page of a measure that did not end in its time: it was told how far it came, and nothing of the records"`
	Sealed     string `json:"sealed,omitempty" enum:"erased,unreadable" doc:"Why operation and rows are not told"`
}

// Period is the time of which a list is.
type Period struct {
	From string `json:"from,omitempty" doc:"When it begins, RFC 3339; absent: at the beginning"`
	To   string `json:"to,omitempty" doc:"Before when it ends, RFC 3339; absent: it has no end"`
}

// Uses is a page of uses, the newest first.
type Uses struct {
	Uses []Used `json:"uses"`
	Period
	Cursor string `json:"cursor,omitempty" doc:"Where the next page begins; absent at the end"`
}

// MonthlyCount is how often something happened in one month.
type MonthlyCount struct {
	Month   string `json:"month" doc:"Such as 2026-10, in UTC+8"`
	Dataset string `json:"dataset,omitempty" doc:"Code of the dataset, where months are counted by dataset"`
	Agency  string `json:"agency,omitempty" doc:"SPIFFE ID of the agency, where months are counted by agency"`
	Called  string `json:"called,omitempty" doc:"What people call that agency: its jurisdiction, and its code"`
	Count   uint64 `json:"count" doc:"How often it was answered"`
	Refused uint64 `json:"refused" doc:"How often it was refused"`
}

// MonthlyCounts is a page of counts, the newest month first.
type MonthlyCounts struct {
	Counts []MonthlyCount `json:"counts"`
	Cursor string         `json:"cursor,omitempty" doc:"Where the next page begins; absent at the end"`
}

// Uses lists the uses of the datasets that the acting agency provides, or of all datasets for an
// administrator.
func (c *Client) Uses(ctx context.Context, l List) (Uses, error) {
	return get[Uses](ctx, c, "/v1/uses"+l.query())
}

// CountUses counts the uses of the datasets that the acting agency provides, or of all datasets for
// an administrator, by month.
func (c *Client) CountUses(ctx context.Context, l List) (MonthlyCounts, error) {
	return get[MonthlyCounts](ctx, c, "/v1/uses/counts"+l.query())
}

// AskedElsewhere is one question to another jurisdiction.
type AskedElsewhere struct {
	Entry     string `json:"entry" doc:"Name of the entry that records it here"`
	Time      string `json:"time" doc:"RFC 3339"`
	Agency    string `json:"agency" doc:"Code of the agency that asked"`
	Ended     bool   `json:"ended,omitempty" doc:"Whether that agency has ended"`
	At        string `json:"at,omitempty" doc:"Name of the jurisdiction that was asked"`
	Called    string `json:"called,omitempty" doc:"What people call that jurisdiction"`
	Dataset   string `json:"dataset,omitempty" doc:"Code of the dataset"`
	Purpose   string `json:"purpose,omitempty" doc:"Code of the purpose"`
	Operation string `json:"operation,omitempty" doc:"query, verify, or gather for a question to many"`
	Outcome   string `json:"outcome" doc:"answered, unfinished (a page of a measure that did not end in its time), or the code of the refusal"`
	Rows      uint64 `json:"rows" doc:"Records that were answered, or measured"`
	There     string `json:"there,omitempty" doc:"Name of the entry in which the jurisdiction that was asked recorded the use"`
	Grant     string `json:"grant,omitempty" doc:"Name of the grant that was told"`
	Sealed    string `json:"sealed,omitempty" enum:"erased,unreadable" doc:"Why no more than the time and the agency is told"`
}

// The outcomes of a question that was not refused.
const (
	OutcomeAnswered   = "answered"
	OutcomeUnfinished = "unfinished" // a page of a measure, but for the last
)

// AskedList is a page of questions, the newest first.
type AskedList struct {
	Asked []AskedElsewhere `json:"asked"`
	Period
	Cursor string `json:"cursor,omitempty" doc:"Where the next page begins; absent at the end"`
}

// HeldGrants is a page of the grants that are held at other jurisdictions.
type HeldGrants struct {
	Grants []Grant `json:"grants"`
	Cursor string  `json:"cursor,omitempty" doc:"Where the next page begins; absent at the end"`
}

// Asked lists what the acting agency asked of other jurisdictions, or what all asked for an
// administrator.
func (c *Client) Asked(ctx context.Context, l List) (AskedList, error) {
	return get[AskedList](ctx, c, "/v1/asked"+l.query())
}

// CountAsked counts what Asked lists, by month.
func (c *Client) CountAsked(ctx context.Context, l List) (MonthlyCounts, error) {
	return get[MonthlyCounts](ctx, c, "/v1/asked/counts"+l.query())
}

// HeldGrants lists the grants that the acting agency holds at other jurisdictions, or that all hold
// for an administrator, as far as they are known here: those that end soon first.
func (c *Client) HeldGrants(ctx context.Context, l List) (HeldGrants, error) {
	return get[HeldGrants](ctx, c, "/v1/grants/held"+l.query())
}

// pages reads a list to its end, page by page.
func pages[P, R any](ctx context.Context, c *Client, path string, query url.Values, of func(P) ([]R, string)) ([]R, error) {
	query.Set("limit", strconv.Itoa(MaxListed))
	all := []R{}
	for cursor := ""; ; query.Set("cursor", cursor) {
		page, err := get[P](ctx, c, path+"?"+query.Encode())
		if err != nil {
			return all, err
		}
		rows, next := of(page)
		if all = append(all, rows...); next == "" {
			return all, nil
		}
		if len(rows) == 0 || next == cursor { // a list that is read so has rows on every page
			return all, fmt.Errorf("GET %s: %w: a page leads nowhere", path, ErrNotUnderstood)
		}
		cursor = next
	}
}

// values returns a parameter of a request; none where it is empty.
func values(name, value string) url.Values {
	v := url.Values{}
	if value != "" {
		v.Set(name, value)
	}
	return v
}
