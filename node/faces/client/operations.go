package client

import (
	"context"
	"net/url"
	"strconv"
	"strings"

	"xietong/certs/identity"
)

// Status returns what the node says of itself.
func (c *Client) Status(ctx context.Context) (Status, error) {
	return get[Status](ctx, c, "/v1/status")
}

// Checkpoint returns the newest signed tree head.
func (c *Client) Checkpoint(ctx context.Context) (Checkpoint, error) {
	return get[Checkpoint](ctx, c, "/v1/ledger/checkpoint")
}

// CheckpointSince returns the newest signed tree head, with the proof that the ledger goes on from
// its first since entries.
func (c *Client) CheckpointSince(ctx context.Context, since uint64) (Checkpoint, error) {
	return get[Checkpoint](ctx, c, "/v1/ledger/checkpoint?since="+strconv.FormatUint(since, 10))
}

// CheckpointWitnessed is CheckpointSince for the newest one that a neighbour on another node
// cosigned, with the cosignatures.
func (c *Client) CheckpointWitnessed(ctx context.Context, since uint64) (Checkpoint, error) {
	return get[Checkpoint](ctx, c, "/v1/ledger/checkpoint?witnessed=true&since="+strconv.FormatUint(since, 10))
}

// Leaves returns leaves of the ledger from an index on, as many as fit into one answer.
func (c *Client) Leaves(ctx context.Context, from uint64) (Leaves, error) {
	return get[Leaves](ctx, c, "/v1/ledger/leaves?from="+strconv.FormatUint(from, 10))
}

// Entry returns the entry at index, counted from 0.
func (c *Client) Entry(ctx context.Context, index uint64) (Entry, error) {
	return get[Entry](ctx, c, "/v1/ledger/entries/"+strconv.FormatUint(index, 10))
}

// EntryOf returns the entry with the whole name, NAME/log/EPOCH/INDEX. Another jurisdiction tells
// of an entry only the jurisdiction whose use the entry records.
func (c *Client) EntryOf(ctx context.Context, entry string) (Entry, error) {
	return get[Entry](ctx, c, "/v1/entry?entry="+url.QueryEscape(entry))
}

// Receipt returns the receipt of the entry at index, counted from 0.
func (c *Client) Receipt(ctx context.Context, index uint64) (Receipt, error) {
	return get[Receipt](ctx, c, "/v1/ledger/entries/"+strconv.FormatUint(index, 10)+"/receipt")
}

// ReceiptOf returns the receipt of the entry with the whole name, NAME/log/EPOCH/INDEX. Another
// jurisdiction is asked for the receipts of its own entries; it gives one only to the jurisdiction
// whose use the entry records.
func (c *Client) ReceiptOf(ctx context.Context, entry string) (Receipt, error) {
	return get[Receipt](ctx, c, "/v1/receipt?entry="+url.QueryEscape(entry))
}

// given returns a parameter as the query of a path; "" where it is empty: what is not meant is left
// out, because the API refuses what is given and empty.
func given(name, value string) string {
	if value == "" {
		return ""
	}
	return "?" + name + "=" + url.QueryEscape(value)
}

// AddAgency enters an agency in the ledger.
func (c *Client) AddAgency(ctx context.Context, a NewAgency) (Agency, error) {
	return post[Agency](ctx, c, "/v1/agencies", a)
}

// Agencies lists the agencies.
func (c *Client) Agencies(ctx context.Context) ([]Agency, error) {
	return pages(ctx, c, "/v1/agencies", url.Values{}, func(p Agencies) ([]Agency, string) { return p.Agencies, p.Cursor })
}

// PublishDataset publishes the first catalogue entry of its code. A later version, of which nobody
// saw the plan, is refused as entry-plan-needed.
func (c *Client) PublishDataset(ctx context.Context, d NewDataset) (Dataset, error) {
	return c.PublishAgreed(ctx, d, Agreed{})
}

// Datasets lists the catalogue.
func (c *Client) Datasets(ctx context.Context) ([]Dataset, error) {
	return c.DatasetsAt(ctx, "")
}

// KnownDatasets lists the catalogue of the jurisdiction at, with what was withdrawn; "": of this
// one.
func (c *Client) KnownDatasets(ctx context.Context, at string) ([]Dataset, error) {
	q := values("at", at)
	q.Set("withdrawn", "true")
	return pages(ctx, c, "/v1/datasets", q, func(p Datasets) ([]Dataset, string) { return p.Datasets, p.Cursor })
}

// DatasetsAt lists the catalogue of another jurisdiction.
func (c *Client) DatasetsAt(ctx context.Context, at string) ([]Dataset, error) {
	return pages(ctx, c, "/v1/datasets", values("at", at), func(p Datasets) ([]Dataset, string) { return p.Datasets, p.Cursor })
}

// Dataset returns the catalogue entry of the given code.
func (c *Client) Dataset(ctx context.Context, code string) (Dataset, error) {
	return get[Dataset](ctx, c, datasetPath(code, ""))
}

// PutRecord keeps a record of a dataset, in place of the one with the same key.
func (c *Client) PutRecord(ctx context.Context, dataset string, r PutRecord) (RecordPut, error) {
	return post[RecordPut](ctx, c, datasetPath(dataset, "/records"), r)
}

// RetractRecord takes a record out of use.
func (c *Client) RetractRecord(ctx context.Context, dataset string, r Retraction) (Entered, error) {
	return post[Entered](ctx, c, datasetPath(dataset, "/retractions"), r)
}

// RecordHistory lists the newest versions of a record, for the providing agency.
func (c *Client) RecordHistory(ctx context.Context, dataset, key string) (History, error) {
	return post[History](ctx, c, datasetPath(dataset, "/history"), HistoryOf{Key: key})
}

// Query asks for records.
func (c *Client) Query(ctx context.Context, q Query) (Answer, error) {
	return post[Answer](ctx, c, "/v1/query", q)
}

// QueryUnder is Query under an idempotency key that the caller keeps, of NewKey: the same question
// under the same key is one use, however often it is asked, and its answer is given again for ten
// minutes.
func (c *Client) QueryUnder(ctx context.Context, key string, q Query) (Answer, error) {
	id, err := identity.ParseMessage(key)
	if err != nil {
		return Answer{}, err
	}
	return postUnder[Answer](ctx, c, id, "/v1/query", q)
}

// NewKey returns a new idempotency key.
func NewKey() (string, error) {
	id, err := identity.NewMessage()
	return id.String(), err
}

// Verify asks whether a field of a record has a value.
func (c *Client) Verify(ctx context.Context, v Verification) (Verdict, error) {
	return post[Verdict](ctx, c, "/v1/verify", v)
}

// Grants returns a page of the wanted grants that the acting agency gave or holds.
func (c *Client) Grants(ctx context.Context, w WantedGrants) (Grants, error) {
	query := url.Values{}
	for name, value := range map[string]string{"dataset": w.Dataset, "consumer": w.Consumer, "state": w.State, "sort": w.Sort, "cursor": w.Cursor} {
		if value != "" {
			query.Set(name, value)
		}
	}
	if w.Limit != 0 {
		query.Set("limit", strconv.Itoa(w.Limit))
	}
	return get[Grants](ctx, c, strings.TrimSuffix("/v1/grants?"+query.Encode(), "?"))
}

// GiveGrant gives a grant by hand.
func (c *Client) GiveGrant(ctx context.Context, g NewGrant) (GivenGrant, error) {
	return post[GivenGrant](ctx, c, "/v1/grants", g)
}

// RenewGrant gives the grant made by the entry at index a later end.
func (c *Client) RenewGrant(ctx context.Context, index uint64, r Renewal) (GivenGrant, error) {
	return post[GivenGrant](ctx, c, "/v1/grants/"+strconv.FormatUint(index, 10)+"/renewal", r)
}

// RevokeGrant ends the grant made by the entry at index.
func (c *Client) RevokeGrant(ctx context.Context, index uint64, r Revocation) (GrantEntered, error) {
	return post[GrantEntered](ctx, c, "/v1/grants/"+strconv.FormatUint(index, 10)+"/revocation", r)
}

func datasetPath(code, rest string) string { return "/v1/datasets/" + url.PathEscape(code) + rest }
