package client

import (
	"context"
	"net/url"
)

// NewStandard is a standard entry to set: a catalogue entry that the jurisdictions of a level below
// are to offer.
type NewStandard struct {
	NewDataset
	Level string `json:"level" maxLength:"40" doc:"Level of those who are to offer it, such as county"`
}

// Standard is a standard entry as it was set.
type Standard struct {
	NewStandard
	Version   uint64 `json:"version" doc:"Counted from 1"`
	Entry     string `json:"entry" doc:"Name of the entry that set this version"`
	Setter    string `json:"setter" doc:"The jurisdiction that set it"`
	Withdrawn *Ended `json:"withdrawn,omitempty" doc:"How it was taken back; absent: it was not"`
	Held      string `json:"held,omitempty" doc:"Name of an entry that is lost, in which it was changed: nobody adopts it until its agency sets it again"`
}

// Standards lists standard entries.
type Standards struct {
	Standards []Standard `json:"standards"`
	Cursor    string     `json:"cursor,omitempty" doc:"Where the next page begins; absent at the end"`
}

// PublishStandard sets a standard entry, or its next version.
func (c *Client) PublishStandard(ctx context.Context, s NewStandard) (Standard, error) {
	return post[Standard](ctx, c, "/v1/standards", s)
}

// Standards lists the standard entries that the jurisdiction at has set; "": this one. With above
// it lists those that the jurisdictions above it have set.
func (c *Client) Standards(ctx context.Context, at string, above bool) ([]Standard, error) {
	q := values("at", at)
	if above {
		q.Set("above", "true")
	}
	return pages(ctx, c, "/v1/standards", q, func(p Standards) ([]Standard, string) { return p.Standards, p.Cursor })
}

// StandardOf returns the standard entry with the code that the jurisdiction from has set; "": this
// one or, if it has set none, the nearest jurisdiction above that has.
func (c *Client) StandardOf(ctx context.Context, code, from string) (Standard, error) {
	return get[Standard](ctx, c, "/v1/standards/"+url.PathEscape(code)+given("from", from))
}

// ToAdopt returns the standard entry with the code that this jurisdiction can adopt: as StandardOf,
// and without from of those above alone.
func (c *Client) ToAdopt(ctx context.Context, code, from string) (Standard, error) {
	q := values("from", from)
	q.Set("above", "true")
	return get[Standard](ctx, c, "/v1/standards/"+url.PathEscape(code)+"?"+q.Encode())
}
